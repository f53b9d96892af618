//! Tests addresses: data from a wrong place is not believed, and writes go to the right place or nowhere.

use std::fs;

use duo_provision::dct::DEVICE_PRIVATE_KEY;
use duo_provision::error::{Code, Error, KeyState, exit};
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind, Stuck};
use duo_provision::workflow::{
    BackupOptions, Event, Phase, ResetOptions, RestoreOptions, ServerKeySetOptions, Target, TargetOptions,
    WriteOptions, list,
};

use crate::workflow::bench::{Asker, Bench, NEW, OLD, PROGRAMS, is_data, key, writing_to};
use crate::workflow::dct_bench::fields;
use crate::workflow::typed;

const SERVER: usize = 2082;

fn allowing() -> Target {
    Target { allow_unproven_address: true, ..Target::default() }
}

fn refused(bench: &Bench, error: &Error) {
    assert_eq!(
        (error.code(), error.key_state()),
        (Code::AddressUnproven, Some(KeyState::Unchanged)),
        "{error}"
    );
    assert_eq!((bench.writes(), bench.archived().len()), (0, 0), "{error}");
}

/// On r4 neither a device id nor a cloud's key shows the place if the slot of the cloud's key is blank or holds
/// something else.
#[test]
fn where_nothing_shows_the_place_it_has_to_be_typed_that_it_will_do() {
    for slot in [[0xff; 768], [0x55; 768]] {
        let bench = Bench::new(Generation::R4);
        bench.duo(|duo| duo.set_dct(SERVER, &slot));
        for error in [
            bench.backup(&BackupOptions::default()).unwrap_err(),
            bench.restore(&bench.new_key()).unwrap_err(),
            bench.set_server(&ServerKeySetOptions::default()).unwrap_err(),
        ] {
            refused(&bench, &error);
            assert!(error.hint_text().unwrap().contains("--allow-unproven-address"), "{error}");
        }
        let listed =
            bench.run(&Asker::new(), |context| list(context, &TargetOptions::default())).unwrap().devices;
        assert_eq!(listed.len(), 1, "to look is no harm");
        let asker = Asker::new();
        let options = RestoreOptions { write: writing_to(allowing()), ..bench.new_key() };
        assert!(bench.restore_asking(&asker, &options).unwrap().written);
        assert!(asker.notes().contains("nothing shows"), "{}", asker.notes());
        bench
            .set_server(&ServerKeySetOptions { write: writing_to(allowing()), ..Default::default() })
            .unwrap();
        bench.backup(&BackupOptions::default()).unwrap();
        assert!(bench.slot() == key(NEW), "and with a cloud's key the place is shown again");
    }
}

#[test]
fn the_device_id_shows_the_place_where_no_cloud_is_known() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct(SERVER, &[0xff; 768]));
    assert!(bench.restore(&bench.new_key()).unwrap().written);
}

/// A key slot without a key looks like many other places in the flash; the bytes before it do not.
#[test]
fn a_key_is_written_to_a_slot_that_is_blank_with_what_lies_in_front_of_it() {
    for generation in Generation::ALL {
        for write in [
            |bench: &Bench| bench.restore(&bench.new_key()).map(|done| done.written),
            |bench: &Bench| bench.reset(&ResetOptions::default()).map(|done| done.written),
        ] {
            let bench = Bench::new(generation);
            bench.duo(|duo| duo.set_dct(DEVICE_PRIVATE_KEY.offset, &[0xff; 1216]));
            let before = bench.duo(|duo| duo.dct(0, 34));
            assert!(write(&bench).unwrap(), "{generation}");
            assert!(bench.duo(|duo| duo.dct(0, 34)) == before, "{generation}");
        }
    }
}

/// At each command of the write, an address is acknowledged but taken wrong, or not taken at all.
#[test]
fn a_key_for_a_blank_slot_goes_to_its_place_or_nowhere() {
    let wrong = (0..32).map(Kind::AddressOnceWrong).chain([Kind::AddressSilent]);
    for (generation, kind) in
        Generation::ALL.into_iter().flat_map(|one| wrong.clone().map(move |kind| (one, kind)))
    {
        for nth in [1, 2, 3, 10] {
            let bench = Bench::new(generation);
            bench.duo(|duo| duo.set_dct(DEVICE_PRIVATE_KEY.offset, &[0xff; 1216]));
            let others = || {
                bench.duo(|duo| {
                    let mut dct = duo.dct(0, 8423);
                    dct[DEVICE_PRIVATE_KEY.offset..DEVICE_PRIVATE_KEY.end()].fill(0);
                    (dct, duo.internal_flash()[0x1_0000..].to_vec(), duo.serial_flash().to_vec())
                })
            };
            let before = others();
            let (hub, path, fault) =
                (bench.hub.clone(), bench.paths[0].clone(), Fault::once(kind.clone(), nth));
            let asker = Asker::listening(move |event, _| {
                if matches!(event, Event::Phase(Phase::Write)) {
                    hub.with_duo(&path, |duo, _| duo.faults().arm(fault.clone()));
                }
            });
            let written = bench.restore_asking(&asker, &bench.new_key());
            assert!(others() == before, "{generation} {kind:?} {nth}: something else has changed");
            let slot = bench.slot();
            let (new, blank) = (slot == key(NEW), slot.iter().all(|byte| *byte == 0xff));
            assert!(
                if written.is_ok() { new } else { new || blank },
                "{generation} {kind:?} {nth}: {written:?}"
            );
        }
    }
}

/// The user is not asked about a write that cannot be made, and a dry run does not promise it.
#[test]
fn a_write_whose_place_nothing_would_show_is_refused_before_the_question() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct(0, &[0xff; 34 + 1216]));
    let asker = Asker::new();
    for dry_run in [true, false] {
        let options =
            RestoreOptions { write: WriteOptions { dry_run, ..WriteOptions::default() }, ..bench.new_key() };
        refused(&bench, &bench.restore_asking(&asker, &options).unwrap_err());
    }
    assert!(!asker.phases().contains(&Phase::Confirm), "it is not asked");
    let options = RestoreOptions { write: writing_to(allowing()), ..bench.new_key() };
    assert!(bench.restore(&options).unwrap().written);
}

/// Both passes are off by the same distance, and agree.
#[test]
fn what_lies_elsewhere_than_it_should_is_no_backup() {
    for generation in Generation::ALL {
        for bit in 1..12 {
            let bench = Bench::new(generation);
            bench.arm(Fault::from(Kind::AddressStuck(Stuck::Bit(bit)), 1));
            let error = bench.backup(&BackupOptions::default()).unwrap_err();
            refused(&bench, &error);
        }
    }
}

#[test]
fn what_has_to_be_typed_is_printed_again() {
    let bench = Bench::new(Generation::R4);
    bench.duo(|duo| duo.set_dct(SERVER, &[0xff; 768]));
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let error =
        bench.restore(&RestoreOptions { write: writing_to(allowing()), ..bench.new_key() }).unwrap_err();
    assert_eq!(error.code().exit_code(), exit::KEY, "{error}");
    let (finish, back) = error.hint_text().unwrap().split_once("; ").unwrap();
    for command in [finish, back] {
        assert!(command.contains("--allow-unproven-address"), "{command}");
    }
    let next = bench.status().unwrap().in_flight.remove(0).next;
    let writing: Vec<&str> =
        next.iter().map(|next| next.command.as_str()).filter(|c| c.contains(" restore ")).collect();
    assert_eq!(writing.len(), 2);
    assert!(writing.iter().all(|command| command.contains("--allow-unproven-address")), "{writing:?}");
}

/// On r4 everything after the server key may be 0xFF: a read there does not show the place.
#[test]
fn a_field_among_erased_bytes_is_written_with_the_server_key_in_front_of_it() {
    let bench = Bench::new(Generation::R4);
    let before = bench.duo(|duo| duo.dct(0, 4290));
    assert!(before[2952..4096].iter().all(|byte| *byte == 0xff), "nothing there tells its place");
    let mut dump = before.clone();
    dump[2952..2976].fill(0x42);
    let file = bench.file("dump.bin", &dump);
    assert!(bench.restore_dct(&fields(&file, "product-store")).unwrap().written);
    assert!(bench.duo(|duo| duo.dct(0, 4290)) == dump, "the field, and nothing else");
    let blocks: Vec<u16> = bench.duo(|duo| duo.log().filter(|t| is_data(t)).map(|t| t.length).collect());
    assert_eq!(blocks, [2976 - 2082], "one block, from the server key on");
    let kept = |name: &String| fs::read(bench.archive().join(name)).unwrap().starts_with(&before);
    assert!(bench.archived().iter().any(kept), "what was there is kept");
}

#[test]
fn what_no_duo_uses_is_not_restored() {
    let bench = Bench::new(Generation::R6);
    let file = bench.file("dump.bin", &bench.duo(|duo| duo.dct(0, 8423)));
    for field in
        ["alt-device-public-key", "alt-device-private-key", "alt-server-public-key", "alt-server-address"]
    {
        let error = bench.restore_dct(&fields(&file, field)).unwrap_err();
        assert!(
            error.code() == Code::InvalidArgument && error.message().contains("no Duo uses it"),
            "{error}"
        );
    }
}

/// Another part of the DCT has changed before the read-back: the error names it and prints the command that puts it
/// back.
#[test]
fn a_write_beside_which_something_else_has_changed_is_not_done() {
    for (now, state, holds) in [(NEW, KeyState::Written, NEW), (OLD, KeyState::Unchanged, OLD)] {
        let bench = Bench::new(Generation::R6);
        let version = bench.duo(|duo| duo.dct(1858, 32));
        let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
        let asker = Asker::listening(move |event, _| {
            hub.with_duo(&path, |duo, _| match event {
                Event::Phase(Phase::Write) => duo.faults().arm(Fault::once(Kind::ReadUnstable, PROGRAMS)),
                Event::Phase(Phase::Reconcile) => {
                    duo.set_dct(1858, b"something else");
                    duo.set_dct(34, key(now));
                }
                _ => {}
            });
        });
        let error = bench.restore_asking(&asker, &bench.new_key()).unwrap_err();
        assert_eq!((error.code(), error.key_state()), (Code::DctWrong, Some(state)), "{error}");
        assert!(error.message().contains("version-string"), "{error}");
        assert!(bench.slot() == key(holds));
        let (finish, back) = error.hint_text().unwrap().split_once("; ").unwrap();
        for (commands, key_then) in [(finish, NEW), (back, OLD)] {
            let (others, key_too) = commands.split_once(" && ").unwrap();
            bench.restore_dct(&typed::dct_restore_fields(others)).unwrap();
            bench.restore(&typed::restore(key_too)).unwrap();
            assert!(
                bench.slot() == key(key_then) && bench.duo(|duo| duo.dct(1858, 32)) == version,
                "{commands}"
            );
        }
    }
}
