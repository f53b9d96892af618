//! Tests `inspect`: how every kind of file is described, and what is extracted from it.

use std::fs;
use std::path::{Path, PathBuf};

use duo_provision::dct::{self, CopyRule, Field, Half, WhichCopy};
use duo_provision::error::{Code, Error};
use duo_provision::keys::{Fingerprint, PARTICLE_SERVER_KEY_PEM, PrivateKey, PublicKey};
use duo_provision::simulator::Generation;
use duo_provision::workflow::{
    BackupOptions, DctBackupOptions, FileKind, InspectOptions, Inspection, backup_dct, inspect,
};

use crate::workflow::bench::{Asker, Bench, NEW, OLD, id, key};

fn look(bench: &Bench, file: &Path) -> Result<Inspection, Error> {
    extract(bench, file, None, None)
}

fn extract(
    bench: &Bench,
    file: &Path,
    extract: Option<Field>,
    out: Option<PathBuf>,
) -> Result<Inspection, Error> {
    let options = InspectOptions { file: file.to_owned(), extract, out, ..InspectOptions::default() };
    bench.run(&Asker::new(), |context| inspect(context, &options))
}

fn old() -> PublicKey {
    PrivateKey::read(key(OLD)).unwrap().key.public_key()
}

fn whole(bench: &Bench) -> PathBuf {
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    let options = DctBackupOptions { whole: true, archive, ..DctBackupOptions::default() };
    bench.run(&Asker::new(), |context| backup_dct(context, &options)).unwrap().path
}

#[test]
fn every_kind_of_file_is_told_with_its_key_and_its_device() {
    let bench = Bench::new(Generation::R6);
    let dump = |offset, length| bench.duo(|duo| duo.dct(offset, length));
    let pkcs8 = PrivateKey::read(key(OLD)).unwrap().key.to_pkcs8_der().unwrap();
    let of_old = Some(old().fingerprint());
    let named = Some(id(1));
    let cases = [
        ("slot.der", key(OLD).to_vec(), FileKind::PrivateKey, true, of_old, Some(true), None),
        ("pkcs8.der", pkcs8.to_vec(), FileKind::PrivateKey, true, of_old, Some(false), None),
        ("public.pem", old().to_pem().into_bytes(), FileKind::PublicKey, false, of_old, None, None),
        ("dump.bin", dump(34, 16_350), FileKind::Dct, true, of_old, Some(true), named.clone()),
        ("section.bin", dump(0, 4290), FileKind::Dct, true, of_old, Some(true), named.clone()),
        ("alt1.bin", dump(0, 16_384), FileKind::Dct, true, of_old, Some(true), named),
    ];
    for (name, bytes, kind, private, fingerprint, reads, device) in cases {
        let seen = look(&bench, &bench.file(name, &bytes)).unwrap();
        assert_eq!((seen.kind, seen.private, seen.fingerprint), (kind, private, fingerprint), "{name}");
        assert_eq!(seen.firmware_reads_as_is, reads, "{name}");
        assert_eq!(seen.device_id.map(|id| id.to_string()), device, "{name}");
        assert_eq!(seen.public_key, Some(old().to_pem()), "{name}");
        assert_eq!(
            (seen.dct.is_some(), seen.server.is_some()),
            (kind == FileKind::Dct, kind == FileKind::Dct)
        );
    }
    let seen = look(&bench, &bench.file("server.pem", PARTICLE_SERVER_KEY_PEM.as_bytes())).unwrap();
    assert_eq!((seen.kind, seen.private), (FileKind::ServerKey, false));
    assert!(seen.server.unwrap().particle);
}

#[test]
fn a_dump_without_a_key_has_none_and_says_so() {
    let bench = Bench::new(Generation::R6);
    bench.set_slot(&[0; 1216]);
    let file = bench.file("zeros.bin", &bench.duo(|duo| duo.dct(0, 8423)));
    let seen = look(&bench, &file).unwrap();
    assert_eq!((seen.private, seen.fingerprint, seen.firmware_reads_as_is), (false, None, None));
    let unreadable = look(&bench, &bench.file("none.bin", &[0; 16_384])).unwrap();
    assert!(unreadable.dct.unwrap().unreadable);
}

#[test]
fn a_manifest_says_what_it_describes_and_whether_that_is_so() {
    let bench = Bench::new(Generation::R6);
    let done = bench.backup(&BackupOptions::default()).unwrap();
    let manifest = done.manifest.unwrap();
    let seen = look(&bench, &manifest).unwrap();
    assert_eq!((seen.kind, seen.fingerprint), (FileKind::Manifest, Some(old().fingerprint())));
    assert_eq!(seen.device_id.unwrap().to_string(), id(1));
    let told = seen.manifest.unwrap();
    assert_eq!((told.file, told.matches, told.simulated), (Some(done.path.clone()), Some(true), true));

    fs::write(&done.path, key(NEW)).unwrap();
    assert_eq!(look(&bench, &manifest).unwrap().manifest.unwrap().matches, Some(false));
    fs::remove_file(&done.path).unwrap();
    let told = look(&bench, &manifest).unwrap().manifest.unwrap();
    assert_eq!((told.file, told.matches), (None, None));

    let other = look(&bench, &bench.file("package.json", b"{\"name\": \"x\"}")).unwrap_err();
    assert_eq!(other.code(), Code::ManifestInvalid, "{other}");
}

#[test]
fn a_key_is_taken_out_in_the_form_that_the_firmware_reads_and_can_be_restored() {
    for generation in [Generation::R4, Generation::R6] {
        let bench = Bench::new(generation);
        let dump = whole(&bench);
        bench.set_slot(key(NEW));
        let seen = extract(&bench, &dump, Some(dct::DEVICE_PRIVATE_KEY), None).unwrap();
        let taken = seen.extracted.unwrap();
        assert_eq!(fs::read(&taken).unwrap(), key(OLD));
        let name = dump.file_stem().unwrap().to_str().unwrap().to_owned() + ".device-private-key.der";
        assert_eq!(taken, dump.with_file_name(name));
        bench.restore(&crate::workflow::bench::restore_of(&taken)).unwrap();
        assert_eq!(bench.slot(), key(OLD));
    }
}

/// A dump is no key file, and the error prints how to get the key out of it.
#[test]
fn a_dump_is_not_restored_as_a_key() {
    let bench = Bench::new(Generation::R6);
    let dump = whole(&bench);
    let refused = bench.restore(&crate::workflow::bench::restore_of(&dump)).unwrap_err();
    assert_eq!(refused.code(), Code::KeyUnrecognized, "{refused}");
    let hint = refused.hint_text().unwrap();
    assert!(
        hint.ends_with(&format!("duo-provision inspect {} --extract device-private-key", dump.display()))
    );
}

#[test]
fn what_is_taken_out_overwrites_nothing_and_is_for_its_owner_alone() {
    let bench = Bench::new(Generation::R6);
    let dump = bench.file("dump.bin", &bench.duo(|duo| duo.dct(0, 16_384)));
    let out = bench.folder.path().join("out.der");
    let take = || extract(&bench, &dump, Some(dct::DEVICE_PRIVATE_KEY), Some(out.clone()));
    assert_eq!(take().unwrap().extracted, Some(out.clone()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::write(&out, b"mine").unwrap();
    assert_eq!(take().unwrap_err().code(), Code::FileExists);
    assert_eq!(fs::read(&out).unwrap(), b"mine");
}

#[test]
fn other_fields_come_as_they_stand_and_the_public_key_as_pem() {
    let bench = Bench::new(Generation::R6);
    let dump = bench.file("dump.bin", &bench.duo(|duo| duo.dct(0, 8423)));
    let take =
        |field| fs::read(extract(&bench, &dump, Some(field), None).unwrap().extracted.unwrap()).unwrap();
    assert_eq!(take(dct::DEVICE_PUBLIC_KEY), old().to_pem().into_bytes());
    assert_eq!(take(dct::SERVER_PUBLIC_KEY), bench.duo(|duo| duo.dct(2082, 768)));
    assert_eq!(take(dct::CLAIM_CODE), bench.duo(|duo| duo.dct(1762, 63)));
    assert!(bench.folder.path().join("dump.server-public-key.der").is_file());
    assert!(bench.folder.path().join("dump.claim-code.bin").is_file());
}

#[test]
fn what_is_not_there_is_not_taken_out() {
    let bench = Bench::new(Generation::R6);
    let from_key = bench.file("from-key.bin", &bench.duo(|duo| duo.dct(34, 16_350)));
    bench.set_slot(&[]);
    let blank = bench.file("blank.bin", &bench.duo(|duo| duo.dct(0, 8423)));
    let server = bench.file("server.pem", PARTICLE_SERVER_KEY_PEM.as_bytes());
    let slot = bench.file("slot.der", key(OLD));
    for (file, field) in [
        (&from_key, dct::VERSION),
        (&blank, dct::DEVICE_PRIVATE_KEY),
        (&server, dct::SERVER_PUBLIC_KEY),
        (&slot, dct::CLAIM_CODE),
    ] {
        let before = crate::workflow::bench::names(bench.folder.path());
        let refused = extract(&bench, file, Some(field), None).unwrap_err();
        assert_eq!(refused.code(), Code::KeyUnrecognized, "{refused}");
        assert!(refused.hint_text().is_some());
        assert_eq!(crate::workflow::bench::names(bench.folder.path()), before);
    }
    let out = Some(bench.folder.path().join("out"));
    assert_eq!(extract(&bench, &slot, None, out).unwrap_err().code(), Code::InvalidArgument);
}

/// A key in a form that the firmware misreads is converted to the form that it reads.
#[test]
fn a_key_file_gives_its_key_in_the_devices_form() {
    let bench = Bench::new(Generation::R6);
    let pkcs8 = PrivateKey::read(key(OLD)).unwrap().key.to_pkcs8_pem().unwrap();
    let file = bench.file("key.pem", pkcs8.as_bytes());
    let taken = extract(&bench, &file, Some(dct::DEVICE_PRIVATE_KEY), None).unwrap().extracted.unwrap();
    assert_eq!(fs::read(taken).unwrap(), key(OLD));
}

/// Both copies have the mark, each with its own key, and nothing names the firmware.
fn disputed(bench: &Bench) -> (PathBuf, Vec<u8>) {
    bench.duo(|duo| duo.set_dct_cut_short(34, key(NEW)));
    let area = bench.duo(|duo| duo.first_dct_area().to_vec());
    (bench.file("cut.bin", &area), area)
}

fn fingerprint(nth: usize) -> Fingerprint {
    PrivateKey::read(key(nth)).unwrap().key.public_key().fingerprint()
}

#[test]
fn of_a_whole_dct_both_copies_are_told_with_who_reads_them() {
    let bench = Bench::new(Generation::R6);
    let (cut, _) = disputed(&bench);
    let seen = look(&bench, &cut).unwrap();
    let dct = seen.dct.unwrap();
    assert_eq!((seen.fingerprint, dct.current_copy, dct.fields.len()), (None, None, 0));
    assert_eq!((seen.private, seen.device_id.unwrap().to_string()), (true, id(1)));
    let told: Vec<_> =
        dct.copies.iter().map(|copy| (copy.half, copy.read_by.clone(), copy.fingerprint)).collect();
    let expected = [
        (Half::Copy, vec![CopyRule::R3ToR5], Some(fingerprint(OLD))),
        (Half::Copy, vec![CopyRule::R6], Some(fingerprint(NEW))),
    ];
    assert_eq!(told, expected);
    let shipped = bench.file("shipped.bin", include_bytes!("../../fixtures/dct/r6-0.3.3.bin"));
    let dct = look(&bench, &shipped).unwrap().dct.unwrap();
    let readers: Vec<usize> = dct.copies.iter().map(|copy| copy.read_by.len()).collect();
    assert_eq!((dct.current_copy, readers), (Some(0), vec![2, 0]));
}

#[test]
fn which_copy_counts_is_told_by_the_manifest_of_a_backup() {
    let bench = Bench::new(Generation::R6);
    disputed(&bench);
    let saved = whole(&bench);
    let manifest = fs::read_to_string(saved.with_extension("json")).unwrap();
    assert!(manifest.contains("\"copy_rule\": \"r6\""), "{manifest}");
    assert_eq!(look(&bench, &saved).unwrap().fingerprint, Some(fingerprint(NEW)));
    let old = Bench::new(Generation::R4);
    let manifest = fs::read_to_string(whole(&old).with_extension("json")).unwrap();
    assert!(manifest.contains("\"copy_rule\": \"r3-r5\""), "{manifest}");
}

#[test]
fn a_field_of_a_dct_that_is_read_both_ways_is_taken_out_of_the_copy_that_is_named() {
    let bench = Bench::new(Generation::R6);
    let (cut, area) = disputed(&bench);
    let mut torn = area;
    (torn[8], torn[0x4000 + 8]) = (1, 1);
    let none_counts = bench.file("torn.bin", &torn);
    for file in [&cut, &none_counts] {
        let refused = extract(&bench, file, Some(dct::DEVICE_PRIVATE_KEY), None).unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.hint_text().unwrap().contains("--copy first"), "{refused}");
        for (copy, nth) in [(WhichCopy::First, OLD), (WhichCopy::Second, NEW)] {
            let out = bench.folder.path().join(format!("{}-{}.der", copy.name(), nth));
            let options = InspectOptions {
                file: file.clone(),
                copy: Some(copy),
                extract: Some(dct::DEVICE_PRIVATE_KEY),
                out: Some(out.clone()),
                ..InspectOptions::default()
            };
            let seen = bench.run(&Asker::new(), |context| inspect(context, &options)).unwrap();
            assert_eq!(seen.fingerprint, Some(fingerprint(nth)));
            assert_eq!(fs::read(&out).unwrap(), key(nth));
            fs::remove_file(out).unwrap();
        }
    }
    let options = InspectOptions {
        file: bench.file("slot.der", key(OLD)),
        copy: Some(WhichCopy::First),
        ..InspectOptions::default()
    };
    let refused = bench.run(&Asker::new(), |context| inspect(context, &options)).unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[test]
fn a_half_that_is_neither_a_copy_nor_erased_is_said_to_be_that() {
    let bench = Bench::new(Generation::R6);
    let mut area = bench.duo(|duo| duo.internal_flash()[0x4000..0xC000].to_vec());
    area[..0x4000].fill(0x11);
    let dct = look(&bench, &bench.file("other.bin", &area)).unwrap().dct.unwrap();
    assert_eq!(dct.copies.iter().map(|copy| copy.half).collect::<Vec<_>>(), [Half::Other, Half::Copy]);
    assert_eq!(dct.copies[0].fingerprint, None);
}
