//! Tests `backup`: what is saved, where, and what is refused.

use std::fs;

use duo_provision::error::{Code, Error, KeyState};
use duo_provision::keys::{PrivateKey, SlotKind};
use duo_provision::simulator::duo::SystemFirmware;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::simulator::{DuoOptions, Generation};
use duo_provision::workflow::{BackupOptions, Evidence, backup};

use crate::virtual_duo::options;
use crate::workflow::bench::{Asker, Bench, OLD, id, key, names};

fn usual() -> BackupOptions {
    BackupOptions::default()
}

fn raw() -> BackupOptions {
    BackupOptions { raw: true, ..usual() }
}

/// Nothing was saved or written, and the error says that the Duo is unchanged.
fn refused(bench: &Bench, result: Result<impl std::fmt::Debug, Error>, code: Code) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.key_state(), Some(KeyState::Unchanged), "{error}");
    assert!(error.hint_text().is_some(), "{error}");
    assert_eq!((bench.archived(), bench.writes()), (Vec::new(), 0));
    error
}

#[test]
fn a_backup_is_key_public_key_and_manifest_under_the_archives_own_names() {
    let bench = Bench::new(Generation::R6);
    let done = bench.backup(&usual()).unwrap();
    let fingerprint = PrivateKey::read(key(OLD)).unwrap().key.public_key().fingerprint();
    let stem = format!("{}-{}-20260131T120000Z", id(1), fingerprint.short());
    assert_eq!(bench.archived(), ["der", "json", "pub.pem"].map(|end| format!("{stem}.{end}")));
    assert_eq!(fs::read(&done.path).unwrap(), key(OLD));
    assert_eq!((done.fingerprint, done.slot, done.already_there), (Some(fingerprint), SlotKind::Key, false));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(done.manifest.unwrap()).unwrap()).unwrap();
    assert_eq!(manifest["device_id"], id(1));
    assert_eq!(manifest["device_id_source"], "usb-serial");
    assert_eq!(manifest["fingerprint"], fingerprint.to_string());
    assert_eq!(manifest["bootloader"], "r5-r6");
    assert_eq!((&manifest["offset"], &manifest["length"]), (&34.into(), &1216.into()));
    assert_eq!(manifest["created_at"], "2026-01-31T12:00:00Z");
    assert_eq!(manifest["simulated"], true);
    assert_eq!(bench.writes(), 0);
}

#[cfg(unix)]
#[test]
fn private_keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new(Generation::R6);
    bench.backup(&usual()).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(bench.archive()), 0o700);
    for name in bench.archived() {
        assert_eq!(mode(bench.archive().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn the_same_bytes_are_not_kept_twice() {
    let bench = Bench::new(Generation::R6);
    let first = bench.backup(&usual()).unwrap();
    let second = bench.backup(&usual()).unwrap();
    assert!(second.already_there);
    assert_eq!((second.path, second.manifest), (first.path, first.manifest));
    assert_eq!(bench.archived().len(), 3);
}

#[test]
fn a_second_run_never_overwrites_the_first_backup() {
    let bench = Bench::new(Generation::R6);
    let file = bench.folder.path().join("device_private_key.der");
    let to_file = BackupOptions { file: Some(file.clone()), ..usual() };
    bench.backup(&to_file).unwrap();
    bench.set_slot(key(7));
    let requests = bench.duo(|duo| duo.class_requests());
    assert_eq!(bench.backup(&to_file).unwrap_err().code(), Code::FileExists);
    assert_eq!(fs::read(&file).unwrap(), key(OLD));
    assert_eq!(bench.duo(|duo| duo.class_requests()), requests, "refused before the Duo is asked");
}

#[test]
fn siblings_of_a_backup_are_not_overwritten_either() {
    for taken in ["a.pub.pem", "a.json"] {
        let bench = Bench::new(Generation::R6);
        bench.file(taken, b"mine");
        let file = Some(bench.folder.path().join("a.der"));
        assert_eq!(bench.backup(&BackupOptions { file, ..usual() }).unwrap_err().code(), Code::FileExists);
        assert_eq!(names(bench.folder.path()), [taken]);
        assert_eq!(fs::read(bench.folder.path().join(taken)).unwrap(), b"mine");
    }
}

#[test]
fn siblings_of_odd_names_are_found_again() {
    for name in ["key", "key.pem", "a.json", "two.dots.der", "raw.bin"] {
        let bench = Bench::new(Generation::R6);
        let file = bench.folder.path().join(name);
        let done = bench.backup(&BackupOptions { file: Some(file.clone()), ..usual() }).unwrap();
        assert_eq!(done.path, file);
        assert_eq!(names(bench.folder.path()).len(), 3, "{name}: {:?}", names(bench.folder.path()));
        let evidence = bench.restore(&crate::workflow::bench::restore_of(&file)).unwrap().evidence;
        assert_eq!(evidence, Evidence::Manifest, "{name}");
    }
}

#[test]
fn a_key_changed_since_is_another_backup() {
    let bench = Bench::new(Generation::R6);
    bench.backup(&usual()).unwrap();
    bench.set_slot(key(7));
    bench.backup(&usual()).unwrap();
    assert!(bench.keeps(key(OLD)) && bench.keeps(key(7)));
}

#[test]
fn two_reads_that_differ_are_refused() {
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::from(Kind::ReadUnstable, 1));
    refused(&bench, bench.backup(&raw()), Code::ReadUnstable);
}

#[test]
fn a_dct_that_reads_as_zeros_is_no_backup_even_raw() {
    let bench =
        Bench::with([DuoOptions { firmware: Some(SystemFirmware::Missing), ..options(Generation::R6) }]);
    refused(&bench, bench.backup(&usual()), Code::DctUnreadable);
    refused(&bench, bench.backup(&raw()), Code::DctUnreadable);
}

#[test]
fn a_dct_of_ones_is_no_backup_even_raw() {
    for generation in [Generation::R4, Generation::R6] {
        let bench = Bench::new(generation);
        bench.arm(Fault::from(Kind::ReadOnes, 1));
        refused(&bench, bench.backup(&raw()), Code::DctUnreadable);
    }
}

#[test]
fn what_is_no_key_is_saved_only_raw() {
    let sound = PrivateKey::read(key(OLD)).unwrap().key;
    let pkcs8 = sound.to_pkcs8_der().unwrap();
    let ec = include_bytes!("../../fixtures/keys/ec-sec1.der");
    let cases: [(&[u8], Code); 5] = [
        (&[0; 1216], Code::KeySlotZeroed),
        (&[], Code::KeySlotBlank),
        (&pkcs8, Code::KeySlotPkcs8),
        (ec, Code::KeySlotEc),
        (b"\x30\x82\x02\x5f no key", Code::KeySlotGarbage),
    ];
    for (slot, code) in cases {
        let bench = Bench::new(Generation::R6);
        bench.set_slot(slot);
        let error = refused(&bench, bench.backup(&usual()), code);
        assert!(error.hint_text().unwrap().contains("--raw"), "{error}");
        let done = bench.backup(&raw()).unwrap();
        assert_eq!(fs::read(&done.path).unwrap(), bench.slot(), "{code:?}");
        assert!(done.path.to_str().unwrap().ends_with("-raw-20260131T120000Z.bin"), "{:?}", done.path);
        let manifest = fs::read_to_string(done.manifest.unwrap()).unwrap();
        assert!(manifest.contains("\"raw-slot\""), "{manifest}");
    }
}

#[test]
fn without_an_archive_or_a_folder_nothing_is_read() {
    let bench = Bench::new(Generation::R6);
    let nowhere = BackupOptions { file: Some(bench.folder.path().join("none/key.der")), ..usual() };
    assert_eq!(bench.backup(&nowhere).unwrap_err().code(), Code::FileNotFound);
    let file = bench.file("taken", b"");
    let blocked = BackupOptions { archive: Some(file.join("archive").to_str().unwrap().into()), ..usual() };
    assert_eq!(bench.backup(&blocked).unwrap_err().code().exit_code(), 9);
    assert_eq!(bench.duo(|duo| duo.class_requests()), 0);
}

#[test]
fn a_backup_that_is_kept_with_its_manifest_needs_no_note() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::new();
    let options = BackupOptions { archive: Some(bench.archive().display().to_string()), ..usual() };
    bench.run(&asker, |context| backup(context, &options)).unwrap();
    assert_eq!(asker.notes(), "");
}

/// A backup with a contradicting manifest cannot be restored as it is.
#[test]
fn a_backup_whose_manifest_is_damaged_is_made_again() {
    let bench = Bench::new(Generation::R6);
    let first = bench.backup(&BackupOptions::default()).unwrap();
    std::fs::write(first.manifest.unwrap(), "{").unwrap();
    let second = bench.backup(&BackupOptions::default()).unwrap();
    assert!(!second.already_there);
    assert_ne!(first.path, second.path);
    bench.restore(&bench.new_key()).unwrap();
    bench.restore(&crate::workflow::bench::restore_of(&second.path)).unwrap();
}
