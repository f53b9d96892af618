//! Tests Photon, P1 and Electron: the key slot has the same place, and nothing else is supported.

use duo_provision::error::Code;
use duo_provision::simulator::{Board, DuoOptions, Generation};
use duo_provision::usb::Clock;
use duo_provision::workflow::{
    BackupOptions, CloudOptions, ProvisionOptions, ResetOptions, RestoreOptions, TargetOptions, list,
    provision,
};

use crate::virtual_duo::options;
use crate::workflow::bench::{Asker, Bench, NEW, OLD, id, key};

const OTHERS: [(Board, &str); 3] =
    [(Board::Photon, "Photon"), (Board::P1, "P1"), (Board::Electron, "Electron")];

fn board(board: Board) -> DuoOptions {
    DuoOptions { board, ..options(Generation::R6) }
}

#[test]
fn their_key_is_listed_kept_and_restored() {
    for (which, name) in OTHERS {
        let bench = Bench::with([board(which)]);
        let listed =
            bench.run(&Asker::new(), |context| list(context, &TargetOptions::default())).unwrap().devices;
        let device = listed[0].device.as_ref().unwrap();
        assert_eq!((device.board.name, device.device_id), (name, Some(id(1).parse().unwrap())));
        assert!(listed[0].key.as_ref().unwrap().fingerprint.is_some(), "{name}");

        let kept = bench.backup(&BackupOptions::default()).unwrap();
        let manifest = std::fs::read_to_string(kept.manifest.unwrap()).unwrap();
        assert!(manifest.contains(&format!(r#""bootloader": "{}""#, name.to_lowercase())), "{manifest}");

        let file = bench.file("new.der", key(NEW));
        let options = RestoreOptions { file, leave: true, ..RestoreOptions::default() };
        assert!(bench.restore(&options).unwrap().left, "{name}");
        assert!(bench.slot() == key(NEW) && bench.keeps(key(OLD)), "{name}");
        bench.clock.sleep(std::time::Duration::from_secs(5));
        assert_eq!(bench.duo(|duo| duo.boots()), 1, "{name}");
    }
}

#[test]
fn what_knows_the_duo_alone_says_so_and_touches_none_of_them() {
    for (which, name) in OTHERS {
        let bench = Bench::with([board(which)]);
        let transfers = bench.duo(|duo| duo.log().count());
        let reset = bench.reset(&ResetOptions::default()).unwrap_err();
        let options = ProvisionOptions {
            device_id: id(1),
            from_device: true,
            cloud: CloudOptions { token: Some("none".into()), ..CloudOptions::default() },
            dry_run: true,
            ..ProvisionOptions::default()
        };
        let sent = bench.run(&Asker::new(), |context| provision(context, &options)).unwrap_err();
        for error in [reset, sent] {
            assert_eq!(error.code(), Code::NoDevice);
            assert!(error.message().contains(&format!("another board, {name}")), "{error}");
            assert!(error.hint_text().unwrap().contains("particle-cli"), "{error}");
        }
        assert_eq!(bench.duo(|duo| duo.log().count()), transfers, "{name} was asked something");
    }
}

#[test]
fn beside_a_duo_they_are_no_choice_for_what_knows_the_duo_alone() {
    let photon = DuoOptions { device_id: crate::virtual_duo::device_id(2), ..board(Board::Photon) };
    let bench = Bench::with([options(Generation::R6), photon]);
    assert!(bench.reset(&ResetOptions::default()).is_ok());

    let bench = Bench::with([board(Board::P1), options(Generation::R4)]);
    let error = bench.backup(&BackupOptions::default()).unwrap_err();
    assert_eq!(error.code(), Code::SeveralDevices);
    assert!(error.message().contains("P1 ") && error.message().contains("at 1-2"), "{error}");
}
