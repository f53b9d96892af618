//! Tests `restore`: which keys are written, what the Duo holds afterwards, and what is reported.

use std::fs;
use std::path::Path;

use duo_provision::error::{Code, Error, KeyState, exit};
use duo_provision::keys::PrivateKey;
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind, Moment};
use duo_provision::workflow::{BackupOptions, Event, Evidence, Phase, RestoreOptions, Target, WriteOptions};

use crate::virtual_duo::device_keys;
use crate::workflow::bench::{
    Asker, Bench, NEW, OLD, PROGRAMS, dry_run, id, is_data, key, names, restore_of, two, within,
    without_backup, writing_to,
};
use crate::workflow::typed;

fn unchanged(bench: &Bench, error: &Error, code: Code) {
    assert_eq!(error.code(), code, "{error}");
    assert!(error.hint_text().is_some(), "{error}");
    assert_eq!(bench.writes(), 0, "{error}");
    assert!(bench.slot() == key(OLD), "{error}");
}

#[test]
fn all_1216_bytes_are_written() {
    let bench = Bench::new(Generation::R6);
    bench.set_slot(&[0xaa; 1216]);
    let done = bench.restore(&bench.new_key()).unwrap();
    assert!(bench.slot() == key(NEW), "the tail too");
    assert!(done.written && !done.left);
    assert_eq!(bench.writes(), 1, "one block");
}

#[test]
fn other_forms_are_written_in_the_devices_own() {
    let sound = PrivateKey::read(key(NEW)).unwrap().key;
    let mut dump = key(NEW).to_vec();
    dump.resize(16_350, 0x5a);
    let forms: [(&str, Vec<u8>); 4] = [
        ("minimal.der", sound.to_pkcs1_der().unwrap().to_vec()),
        ("pkcs8.der", sound.to_pkcs8_der().unwrap().to_vec()),
        ("pkcs8.pem", sound.to_pkcs8_pem().unwrap().as_bytes().to_vec()),
        ("dump.bin", dump),
    ];
    for (name, bytes) in forms {
        let bench = Bench::new(Generation::R6);
        let around = |bench: &Bench| bench.duo(|duo| (duo.dct(0, 34), duo.dct(1250, 3000)));
        let before = around(&bench);
        bench.restore(&restore_of(&bench.file(name, &bytes))).unwrap();
        assert!(bench.slot() == key(NEW), "{name}");
        assert!(around(&bench) == before, "{name}: no other field is touched");
    }
}

#[test]
fn the_backup_is_there_before_the_first_byte_is_written() {
    let bench = Bench::new(Generation::R6);
    let (archive, hub, path) = (bench.archive(), bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Write) {
            let kept = names(&archive).remove(0);
            assert!(fs::read(archive.join(kept)).unwrap() == key(OLD));
            let data = hub.with_duo(&path, |duo, _| duo.log().filter(|transfer| is_data(transfer)).count());
            assert_eq!(data, Some(0));
        }
    });
    let done = bench.restore_asking(&asker, &bench.new_key()).unwrap();
    assert!(asker.phases().contains(&Phase::Write));
    assert!(fs::read(done.backup.unwrap()).unwrap() == key(OLD));
    assert_eq!(asker.plan().backup.unwrap().parent(), Some(bench.archive().as_path()));
}

#[test]
fn without_a_writable_archive_nothing_is_written() {
    let bench = Bench::new(Generation::R6);
    let blocked = bench.file("taken", b"").join("archive").to_str().unwrap().to_owned();
    let options = RestoreOptions {
        write: WriteOptions { archive: Some(blocked), ..WriteOptions::default() },
        ..bench.new_key()
    };
    let error = bench.restore(&options).unwrap_err();
    assert_eq!(error.code().exit_code(), exit::SYSTEM);
    unchanged(&bench, &error, error.code());
    assert_eq!(bench.duo(|duo| duo.class_requests()), 0);
}

#[test]
fn no_backup_has_to_be_typed_and_is_said() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::new();
    let options = RestoreOptions { write: without_backup(), ..bench.new_key() };
    assert_eq!(bench.restore_asking(&asker, &options).unwrap().backup, None);
    assert!(asker.notes().contains("--no-backup"));
    assert!(!bench.archive().exists());
    let failing = Bench::new(Generation::R6);
    failing.arm(Fault::once(Kind::WriteHalf(600), 1));
    let error =
        failing.restore(&RestoreOptions { write: without_backup(), ..failing.new_key() }).unwrap_err();
    assert_eq!(error.code(), Code::KeyWrong);
    assert!(error.hint_text().unwrap().contains("no backup"), "{:?}", error.hint_text());
}

#[test]
fn a_write_that_fails_in_silence_is_a_failure() {
    for kind in [Kind::WriteFails, Kind::WriteSilent] {
        let bench = Bench::new(Generation::R6);
        bench.arm(Fault::from(kind, 1));
        let error = bench.restore(&RestoreOptions { leave: true, ..bench.new_key() }).unwrap_err();
        assert_eq!((error.code(), error.code().exit_code()), (Code::WriteFailed, 5));
        assert_eq!(error.key_state(), Some(KeyState::Unchanged));
        assert!(bench.slot() == key(OLD));
        assert_eq!(bench.duo(|duo| duo.boots()), 0, "no leave");
    }
}

#[test]
fn half_a_write_is_exit_6_and_its_recovery_works() {
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let options = bench.new_key();
    let error = bench.restore(&options).unwrap_err();
    assert_eq!((error.code(), error.code().exit_code()), (Code::KeyWrong, 6));
    assert_eq!(error.key_state(), Some(KeyState::Wrong));
    let hint = error.hint_text().unwrap().to_owned();
    let archive = bench.archive();
    let again = format!(
        "duo-provision restore {} --archive {} --device {}",
        options.file.display(),
        archive.display(),
        id(1)
    );
    assert!(hint.contains(&again), "{hint}");
    let (_, back) = hint.rsplit_once("duo-provision restore ").unwrap();
    bench.restore(&restore_of(Path::new(back.split(' ').next().unwrap()))).unwrap();
    assert!(bench.slot() == key(OLD));
}

#[test]
fn recovery_does_not_offer_a_backup_without_a_key_as_one() {
    let bench = Bench::new(Generation::R6);
    bench.set_slot(&[0; 1216]);
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let error = bench.restore(&bench.new_key()).unwrap_err();
    let hint = error.hint_text().unwrap();
    assert!(hint.contains("to finish: duo-provision restore"), "{hint}");
    assert!(!hint.contains("to go back"), "{hint}");
    assert!(hint.contains("-raw-"), "the bytes are named all the same: {hint}");
}

#[test]
fn recovery_repeats_what_was_allowed_by_name() {
    let bench = Bench::new(Generation::R6);
    let file = other_duos_backup(&bench);
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let options = RestoreOptions { allow_other_device: true, ..restore_of(&file) };
    let error = bench.restore(&options).unwrap_err();
    assert!(error.hint_text().unwrap().contains("--allow-other-device --archive"), "{:?}", error.hint_text());
}

/// Two Duos may have the same id: a user who selected by port must be told to select by port again.
#[test]
fn recovery_repeats_the_port_that_was_typed() {
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::once(Kind::Twin, 0));
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let target = Target::parse(None, Some("1-1")).unwrap();
    let error = bench.restore(&RestoreOptions { write: writing_to(target), ..bench.new_key() }).unwrap_err();
    assert_eq!(error.code(), Code::KeyWrong, "{error}");
    let (finish, back) = error.hint_text().unwrap().split_once("; ").unwrap();
    bench.clear_faults();
    bench.restore(&typed::restore(finish)).unwrap();
    assert!(bench.slot() == key(NEW));
    bench.restore(&typed::restore(back)).unwrap();
    assert!(bench.slot() == key(OLD));
}

#[test]
fn an_answer_that_is_lost_is_asked_for() {
    let lost = [
        Kind::Timeout(Moment::After),
        Kind::Disconnect { moment: Moment::After, returns: true },
        Kind::Protocol(Moment::After),
    ];
    for kind in lost {
        let bench = Bench::new(Generation::R6);
        let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
        let armed = kind.clone();
        let asker = Asker::listening(move |event, _| {
            if *event == Event::Phase(Phase::Write) {
                hub.with_duo(&path, |duo, _| duo.faults().arm(Fault::once(armed.clone(), PROGRAMS)));
            }
        });
        let done = bench.restore_asking(&asker, &bench.new_key()).unwrap();
        assert!(done.written && bench.slot() == key(NEW), "{kind:?}");
    }
}

/// A backup of a second Duo's key, NEW, with its manifest.
fn other_duos_backup(bench: &Bench) -> std::path::PathBuf {
    let other = Bench::with([two(Generation::R6)[1].clone()]);
    other.set_slot(key(NEW));
    let file = bench.folder.path().join("other.der");
    other.backup(&BackupOptions { file: Some(file.clone()), ..BackupOptions::default() }).unwrap();
    file
}

#[test]
fn a_key_that_the_manifest_gives_to_another_duo_is_refused() {
    let bench = Bench::new(Generation::R6);
    let file = other_duos_backup(&bench);
    let error = bench.restore(&restore_of(&file)).unwrap_err();
    unchanged(&bench, &error, Code::KeyOfOtherDevice);
    assert!(error.message().contains(&id(2)) && error.message().contains(&id(1)), "{error}");
    let allowed = RestoreOptions { allow_other_device: true, ..restore_of(&file) };
    assert_eq!(bench.restore(&allowed).unwrap().evidence, Evidence::AllowedOtherDevice);
}

#[test]
fn a_key_that_the_archive_gives_to_another_duo_is_refused() {
    for manifest in [true, false] {
        let bench = Bench::with(two(Generation::R6));
        bench.duo_at(1, |duo| duo.set_dct(34, key(NEW)));
        let second = duo_provision::workflow::Target::parse(Some(&id(2)), None).unwrap();
        let kept = bench.backup(&BackupOptions { target: second, ..BackupOptions::default() }).unwrap();
        if !manifest {
            fs::remove_file(kept.manifest.unwrap()).unwrap();
        }
        let first = duo_provision::workflow::Target::parse(Some(&id(1)), None).unwrap();
        let bare = RestoreOptions { write: writing_to(first), ..bench.new_key() };
        let error = bench.restore(&bare).unwrap_err();
        unchanged(&bench, &error, Code::KeyOfOtherDevice);
        assert!(error.message().contains("archive"), "{error}");
        // `--no-backup` does not skip this check.
        let error = bench
            .restore(&RestoreOptions { write: WriteOptions { no_backup: true, ..bare.write }, ..bare })
            .unwrap_err();
        unchanged(&bench, &error, Code::KeyOfOtherDevice);
    }
}

#[test]
fn evidence_says_why_the_key_is_this_duos() {
    let bench = Bench::new(Generation::R6);
    let kept = bench.backup(&BackupOptions::default()).unwrap();
    let bare = bench.file("bare.der", key(OLD));
    bench.set_slot(key(7));
    let evidence = |file: &Path, dry| {
        let options = RestoreOptions {
            write: WriteOptions { dry_run: dry, ..WriteOptions::default() },
            ..restore_of(file)
        };
        bench.restore(&options).unwrap().evidence
    };
    assert_eq!(evidence(&kept.path, true), Evidence::Manifest);
    assert_eq!(evidence(&bare, true), Evidence::Archive);
    for file in fs::read_dir(bench.archive()).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    assert_eq!(evidence(&bare, true), Evidence::PublicKeySlot);
    assert_eq!(evidence(&bench.key_file(NEW), true), Evidence::None);
}

#[test]
fn the_question_shows_both_fingerprints_and_what_is_not_known() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::refusing();
    let error = bench.restore_asking(&asker, &bench.new_key()).unwrap_err();
    unchanged(&bench, &error, Code::ConfirmationRefused);
    let print = |nth| PrivateKey::read(key(nth)).unwrap().key.public_key().fingerprint();
    let plan = asker.plan();
    assert_eq!((plan.current, plan.new), (Some(print(OLD)), Some(print(NEW))));
    assert_eq!((plan.evidence, plan.public_slot), (Some(Evidence::None), Some(print(OLD))));
    assert!(bench.keeps(key(OLD)), "asked after the backup");
}

#[test]
fn a_manifest_that_does_not_fit_is_refused() {
    let bench = Bench::new(Generation::R6);
    let file = other_duos_backup(&bench);
    fs::write(&file, key(9)).unwrap();
    unchanged(&bench, &bench.restore(&restore_of(&file)).unwrap_err(), Code::ManifestMismatch);
    fs::write(file.with_extension("json"), "{").unwrap();
    unchanged(&bench, &bench.restore(&restore_of(&file)).unwrap_err(), Code::ManifestInvalid);
}

#[test]
fn files_without_a_usable_key_are_refused_before_the_duo_is_asked() {
    let bench = Bench::new(Generation::R6);
    let fixture =
        |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("__test__/fixtures/keys").join(name);
    let cases = [
        (bench.file("zeros", &[0; 1216]), Code::KeyUnrecognized),
        (bench.file("ones", &[0xff; 1216]), Code::KeyUnrecognized),
        (bench.file("empty", &[]), Code::KeyEmpty),
        (bench.file("cut", &key(NEW)[..500]), Code::KeyTruncated),
        (bench.file("zeros16k", &[0; 16_350]), Code::KeyUnrecognized),
        (fixture("rsa2048-pkcs1.der"), Code::KeyWrongSize),
        (fixture("ec-pkcs8.der"), Code::KeyEc),
        (fixture("rsa1024-e3.pem"), Code::KeyWrongExponent),
        (fixture("encrypted-pkcs8.pem"), Code::KeyEncrypted),
        (fixture("rsa1024-spki.pem"), Code::KeyIsPublic),
        (bench.folder.path().join("none"), Code::FileNotFound),
        (bench.folder.path().to_owned(), Code::FileUnreadable),
    ];
    for (file, code) in cases {
        unchanged(&bench, &bench.restore(&restore_of(&file)).unwrap_err(), code);
    }
    assert_eq!(bench.duo(|duo| duo.class_requests()), 0);
    assert!(!bench.archive().exists());
}

#[test]
fn a_dry_run_touches_nothing() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::new();
    let options = RestoreOptions { write: dry_run(), leave: true, ..bench.new_key() };
    let done = bench.restore_asking(&asker, &options).unwrap();
    assert!(done.dry_run && !done.written && !done.left && !asker.was_asked());
    assert!(bench.slot() == key(OLD) && bench.writes() == 0);
    assert!(!bench.archive().exists());
}

#[test]
fn a_duo_that_holds_the_key_is_not_written() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::new();
    let done = bench.restore_asking(&asker, &restore_of(&bench.key_file(OLD))).unwrap();
    assert!(!done.written && !asker.was_asked());
    assert_eq!(bench.writes(), 0);
}

#[test]
fn another_duo_in_the_same_port_is_not_taken_for_the_one_that_went_away() {
    // The hub's ports are fixed, so the Duo gets another serial number while it is away.
    let bench = Bench::new(Generation::R6);
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        hub.with_duo(&path, |duo, _| match event {
            Event::Phase(Phase::Write) => {
                let gone = Kind::Disconnect { moment: Moment::After, returns: true };
                duo.faults().arm(Fault::once(gone, PROGRAMS));
            }
            Event::Phase(Phase::Reconcile) => {
                duo.faults().arm(Fault::always(Kind::Serial("00000000010C".into())));
            }
            _ => {}
        });
    });
    let error = bench.restore_asking(&asker, &bench.new_key()).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::KeyStateUnknown, Some(KeyState::Unknown)));
}

#[test]
fn a_duo_that_stays_away_is_given_up_in_time() {
    let bench = Bench::new(Generation::R6);
    let options = RestoreOptions { write: within(5), ..bench.new_key() };
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Write) {
            let gone = Kind::Disconnect { moment: Moment::After, returns: false };
            hub.with_duo(&path, |duo, _| duo.faults().arm(Fault::once(gone, PROGRAMS)));
        }
    });
    let error = bench.restore_asking(&asker, &options).unwrap_err();
    assert_eq!((error.code(), error.code().exit_code()), (Code::KeyStateUnknown, 6));
    assert!(duo_provision::usb::Clock::now(&*bench.clock).as_secs() < 20);
}

#[test]
fn where_nothing_can_have_been_written_there_is_nothing_to_reconcile() {
    let bench = Bench::new(Generation::R6);
    // Sixteen requests read the DCT twice; the next sets the address to write to.
    bench.arm(Fault::once(Kind::Stall(Moment::Before), 17));
    let asker = Asker::new();
    let error = bench.restore_asking(&asker, &bench.new_key()).unwrap_err();
    assert_eq!(error.key_state(), Some(KeyState::Unchanged), "{error}");
    assert!(!asker.phases().contains(&Phase::Reconcile), "{:?}", asker.phases());
    assert_eq!((bench.writes(), bench.slot() == key(OLD)), (0, true));
}

/// Keys that somebody has put into the archive without manifests; checking each one takes milliseconds.
#[test]
fn an_archive_is_looked_through_before_the_duo_is_opened() {
    use duo_provision::keys::proofs;
    use std::cell::Cell;
    thread_local! {
        static BEFORE_THE_READ: Cell<Option<u64>> = const { Cell::new(None) };
    }
    let bench = Bench::new(Generation::R6);
    fs::create_dir_all(bench.archive()).unwrap();
    let others: Vec<usize> = (0..device_keys().len()).filter(|nth| ![OLD, NEW].contains(nth)).collect();
    assert!(others.len() > 64, "more than the keys' own memory holds");
    for nth in &others {
        fs::write(bench.archive().join(format!("{nth}.der")), key(*nth)).unwrap();
    }
    let asker = Asker::listening(|event, _| {
        if *event == Event::Phase(Phase::Find) {
            BEFORE_THE_READ.set(Some(proofs()));
        }
    });
    bench.restore_asking(&asker, &bench.new_key()).unwrap();
    let while_it_was_open = proofs() - BEFORE_THE_READ.get().expect("the Duo was looked for");
    assert!(while_it_was_open < 10, "{while_it_was_open} keys were checked while the Duo was open");
}
