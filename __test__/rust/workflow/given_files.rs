//! Tests files as people have them: they are read for what they are, and an error names what a wrong file really is.

use std::fs;
use std::path::{Path, PathBuf};

use duo_provision::dct;
use duo_provision::error::{Code, Error};
use duo_provision::keys::PrivateKey;
use duo_provision::simulator::Generation;
use duo_provision::workflow::{
    BackupOptions, DctBackupOptions, DctRestoreOptions, FileKind, InspectOptions, Inspection, ShowOptions,
    backup_dct, inspect, show_dct,
};

use crate::workflow::bench::{Asker, Bench, NEW, OLD, key, restore_of, writing_to};

fn case(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("__test__/fixtures/cases").join(name)).unwrap()
}

fn look(bench: &Bench, file: &Path) -> Result<Inspection, Error> {
    look_telling(bench, &Asker::new(), file)
}

fn look_telling(bench: &Bench, asker: &Asker, file: &Path) -> Result<Inspection, Error> {
    let options = InspectOptions { file: file.to_owned(), ..InspectOptions::default() };
    bench.run(asker, |context| inspect(context, &options))
}

fn whole(bench: &Bench) -> PathBuf {
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    let options = DctBackupOptions { whole: true, archive, ..DctBackupOptions::default() };
    bench.run(&Asker::new(), |context| backup_dct(context, &options)).unwrap().path
}

/// The image of a flash that holds `dct` at `at`, and code around it.
fn flash(dct: &[u8], at: usize) -> Vec<u8> {
    let mut image = vec![0xA5; dct::FLASH_SIZE];
    image[at..at + dct.len()].copy_from_slice(dct);
    image
}

#[test]
fn a_key_in_any_text_is_restored_in_the_devices_form() {
    let form = PrivateKey::read(&case("30001a000347343432313031.der")).unwrap().key.to_device_form();
    for name in ["30001a000347343432313031.der", "key.utf16le.pem", "key.escaped.pem"] {
        let bench = Bench::new(Generation::R6);
        let file = bench.file(name, &case(name));
        bench.restore(&restore_of(&file)).unwrap();
        assert_eq!(bench.slot()[..611], form[..], "{name}");
    }
}

#[test]
fn another_programs_json_beside_a_key_does_not_stop_it() {
    let bench = Bench::new(Generation::R6);
    let file = bench.file("30001a000347343432313031.der", &case("30001a000347343432313031.der"));
    for json in [
        String::from_utf8(case("30001a000347343432313031.json")).unwrap(),
        "[1, 2]".to_owned(),
        "{\"format\": \"of another\", \"version\": 1}".to_owned(),
        format!("{{\"padding\": \"{}\"}}", "x".repeat(20_000)),
    ] {
        fs::write(file.with_extension("json"), json).unwrap();
        bench.restore(&restore_of(&file)).unwrap();
    }
}

#[test]
fn inspect_says_what_another_programs_json_is_and_shows_a_public_key_in_it() {
    let bench = Bench::new(Generation::R6);
    let error = look(&bench, &bench.file("a.json", &case("30001a000347343432313031.json"))).unwrap_err();
    assert!(error.to_string().contains("another program's JSON"), "{error}");
    let public = PrivateKey::read(key(OLD)).unwrap().key.public_key();
    let json = format!("{{\"deviceID\": 1, \"key\": {:?}}}", public.to_pem());
    let seen = look(&bench, &bench.file("b.json", json.as_bytes())).unwrap();
    assert_eq!((seen.kind, seen.fingerprint), (FileKind::PublicKey, Some(public.fingerprint())));
    assert!(seen.form.contains("JSON"), "{}", seen.form);
}

#[test]
fn a_manifest_in_place_of_its_file_names_the_file() {
    let bench = Bench::new(Generation::R6);
    let done = bench.backup(&BackupOptions::default()).unwrap();
    let (manifest, path) = (done.manifest.unwrap(), done.path);
    let error = bench.restore(&restore_of(&manifest)).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::KeyUnrecognized, 0));
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert!(error.hint_text().unwrap().contains(path.to_str().unwrap()));

    let dump = whole(&bench);
    let manifest = dump.with_extension("json");
    let fields = DctRestoreOptions {
        file: manifest.clone(),
        fields: vec!["claim-code".to_owned()],
        ..DctRestoreOptions::default()
    };
    let all = DctRestoreOptions { file: manifest.clone(), whole: true, ..DctRestoreOptions::default() };
    let show = ShowOptions { file: Some(manifest), ..ShowOptions::default() };
    for error in [
        bench.restore_dct(&fields).unwrap_err(),
        bench.restore_dct(&all).unwrap_err(),
        bench.run(&Asker::new(), |context| show_dct(context, &show)).unwrap_err(),
    ] {
        assert!(error.to_string().contains(dump.to_str().unwrap()), "{error}");
    }
    fs::remove_file(&path).unwrap();
}

#[test]
fn the_reset_image_and_misread_keys_are_named() {
    let bench = Bench::new(Generation::R6);
    let reset = [&[0xFF; 4][..], &[0; 1212]].concat();
    for (name, bytes, code, words) in [
        ("reset.bin", reset, Code::KeyUnrecognized, "the image that `reset` writes"),
        (
            "ec.der",
            case("ec-as-rsa.pub.der"),
            Code::KeyEc,
            "elliptic-curve key, which a firmware has misread",
        ),
        ("pkcs8.pem", case("pkcs8-as-rsa.pub.pem"), Code::KeyMisreadByFirmware, "PKCS#8 private key, which"),
        ("blank.bin", vec![0xFF; 1216], Code::KeyUnrecognized, "blank"),
    ] {
        let error = look(&bench, &bench.file(name, &bytes)).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.to_string().contains("blank"), name == "blank.bin", "{error}");
    }
}

#[test]
fn the_suffix_of_a_dfu_file_is_taken_off_and_said() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::new();
    let seen = look_telling(&bench, &asker, &bench.file("dct.bin", &case("dct.dfu-suffix.bin"))).unwrap();
    assert_eq!((seen.kind, seen.trailing), (FileKind::Dct, 0));
    assert!(asker.notes().contains("the suffix of a DFU file"), "{}", asker.notes());
    let strange = look(&bench, &bench.file("strange.bin", &case("dct.strange-half.bin"))).unwrap();
    assert_eq!(strange.dct.unwrap().copies[0].half, dct::Half::Other);
    let all = DctRestoreOptions {
        file: bench.file("strange.bin", &case("dct.strange-half.bin")),
        whole: true,
        ..DctRestoreOptions::default()
    };
    assert_eq!(bench.restore_dct(&all).unwrap_err().code(), Code::DumpUnusable);
}

#[test]
fn the_dct_in_an_image_of_the_whole_flash_is_shown_and_written() {
    for (generation, at) in [(Generation::R4, 0x4000), (Generation::R6, 0x8000)] {
        let bench = Bench::new(generation);
        let dump = fs::read(whole(&bench)).unwrap();
        bench.set_slot(key(NEW));
        let image = bench.file("flash.bin", &flash(&dump, at));
        let seen = look(&bench, &image).unwrap();
        let old = PrivateKey::read(key(OLD)).unwrap().key.public_key();
        assert_eq!((seen.kind, seen.fingerprint), (FileKind::Dct, Some(old.fingerprint())));
        assert!(seen.form.contains(&format!("{:#010x}", 0x0800_0000 + at)), "{}", seen.form);
        let all = DctRestoreOptions { file: image, whole: true, ..DctRestoreOptions::default() };
        let done = bench.restore_dct(&all).unwrap();
        assert!(done.written && bench.slot() == key(OLD), "{generation:?}");
    }
}

#[test]
fn an_image_of_the_other_generations_flash_is_refused_and_so_is_one_that_does_not_tell() {
    for (generation, other, at) in
        [(Generation::R4, Generation::R6, 0x8000), (Generation::R6, Generation::R4, 0x4000)]
    {
        let dump = fs::read(whole(&Bench::new(other))).unwrap();
        let bench = Bench::new(generation);
        let all = DctRestoreOptions {
            file: bench.file("flash.bin", &flash(&dump, at)),
            whole: true,
            ..DctRestoreOptions::default()
        };
        let error = bench.restore_dct(&all).unwrap_err();
        assert_eq!((error.code(), bench.writes()), (Code::DumpUnusable, 0), "{error}");

        // One copy in the sector that both generations use, and code in the two sectors beside it.
        let one = dump.chunks(dct::COPY_SIZE).find(|half| half[12..16] == *b"BRCM").unwrap();
        let shared = bench.file("shared.bin", &flash(one, 0x8000));
        let error = look(&bench, &shared).unwrap_err();
        assert!(error.to_string().contains("0x08004000 or at 0x08008000"), "{error}");
        let all = DctRestoreOptions { file: shared, whole: true, ..DctRestoreOptions::default() };
        assert_eq!(bench.restore_dct(&all).unwrap_err().code(), Code::DumpUnusable);
    }
}

#[test]
fn a_file_called_pem_gets_pem_which_is_a_backup_like_any_other() {
    let bench = Bench::new(Generation::R6);
    let file = bench.folder.path().join("duo.pem");
    let done = bench.backup(&BackupOptions { file: Some(file.clone()), ..BackupOptions::default() }).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----"), "it is text");
    assert_eq!((done.path, done.encrypted), (file.clone(), false));
    let seen = look(&bench, &done.manifest.unwrap()).unwrap();
    assert_eq!(seen.manifest.unwrap().matches, Some(true));

    // Its manifest names its device, so another Duo does not get it.
    let other = Bench::with(crate::workflow::bench::two(Generation::R6));
    let options = duo_provision::workflow::Target::parse(None, Some(&other.paths[1].to_string())).unwrap();
    let error = other
        .restore(&duo_provision::workflow::RestoreOptions { write: writing_to(options), ..restore_of(&file) })
        .unwrap_err();
    assert_eq!(error.code(), Code::KeyOfOtherDevice, "{error}");
    bench.set_slot(key(NEW));
    bench.restore(&restore_of(&file)).unwrap();
    assert!(bench.slot() == key(OLD));

    // Another form of the same key beside it changes nothing.
    fs::write(file.with_extension("der"), key(OLD)).unwrap();
    let error = other
        .restore(&duo_provision::workflow::RestoreOptions {
            write: writing_to(
                duo_provision::workflow::Target::parse(None, Some(&other.paths[1].to_string())).unwrap(),
            ),
            ..restore_of(&file)
        })
        .unwrap_err();
    assert_eq!(error.code(), Code::KeyOfOtherDevice, "{error}");
}

#[test]
fn bytes_that_are_no_pem_do_not_go_into_a_file_called_so() {
    let bench = Bench::new(Generation::R6);
    let file = bench.folder.path().join("x.pem");
    let raw = BackupOptions { file: Some(file.clone()), raw: true, ..BackupOptions::default() };
    assert_eq!(bench.backup(&raw).unwrap_err().code(), Code::InvalidArgument);
    let dump = DctBackupOptions { file: Some(file.clone()), ..DctBackupOptions::default() };
    let error = bench.run(&Asker::new(), |context| backup_dct(context, &dump)).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    let dump = bench.saved("dct.bin", false).path;
    let extract = |field, out: &str| {
        let out = Some(bench.folder.path().join(out));
        let options =
            InspectOptions { file: dump.clone(), extract: Some(field), out, ..InspectOptions::default() };
        bench.run(&Asker::new(), |context| inspect(context, &options))
    };
    assert_eq!(extract(dct::SERVER_PUBLIC_KEY, "x.pem").unwrap_err().code(), Code::InvalidArgument);
    assert!(!file.exists());
    extract(dct::DEVICE_PRIVATE_KEY, "key.pem").unwrap();
    let text = fs::read_to_string(bench.folder.path().join("key.pem")).unwrap();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----"));
}
