//! Tests `dct backup`, `dct show`, `server-key show`: what is saved, what is shown, and what is never shown.

use std::fs;
use std::path::PathBuf;

use duo_provision::archive::Contents;
use duo_provision::dct::DumpKind;
use duo_provision::error::{Code, Error};
use duo_provision::journal::OperationKind;
use duo_provision::keys::{PrivateKey, SlotKind};
use duo_provision::simulator::duo::SystemFirmware;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::simulator::{DuoOptions, Generation};
use duo_provision::workflow::{
    BackupsOptions, DctBackupDone, DctBackupOptions, DctShown, Outcome, ServerReport, ShowOptions, Target,
    backup_dct, backups, show_dct, show_server_key,
};

use crate::virtual_duo::{device_id, options};
use crate::workflow::bench::{Asker, Bench, OLD, id, key};

/// The whole DCT in the virtual Duo's flash: after one sector of 16 KiB up to r4, after two from r5 on.
fn area(bench: &Bench) -> Vec<u8> {
    let base = bench.duo(|duo| if duo.options().generation < Generation::R5 { 0x4000 } else { 0x8000 });
    bench.duo(|duo| duo.internal_flash()[base..base + 0x8000].to_vec())
}

fn backup_asking(bench: &Bench, asker: &Asker, whole: bool) -> Result<DctBackupDone, Error> {
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    let options = DctBackupOptions { whole, archive, ..DctBackupOptions::default() };
    bench.run(asker, |context| backup_dct(context, &options))
}

fn backup(bench: &Bench, whole: bool) -> Result<DctBackupDone, Error> {
    backup_asking(bench, &Asker::new(), whole)
}

fn show(bench: &Bench, file: Option<PathBuf>) -> Result<DctShown, Error> {
    let options = ShowOptions { file, ..ShowOptions::default() };
    bench.run(&Asker::new(), |context| show_dct(context, &options))
}

fn show_server(bench: &Bench, file: Option<PathBuf>) -> Result<ServerReport, Error> {
    let options = ShowOptions { file, ..ShowOptions::default() };
    bench.run(&Asker::new(), |context| show_server_key(context, &options)).map(|shown| shown.server)
}

fn holds(shown: &DctShown, name: &str) -> String {
    shown.dct.fields.iter().find(|field| field.name == name).unwrap().holds.clone()
}

#[test]
fn the_application_section_is_saved_and_nothing_behind_it() {
    for generation in Generation::ALL {
        let bench = Bench::new(generation);
        // The second copy is current, so the bytes after the first one's end belong to another copy.
        bench.duo(|duo| duo.set_dct(1858, b"0.9.9"));
        let done = backup(&bench, false).unwrap();
        let bytes = fs::read(&done.path).unwrap();
        assert_eq!(bytes, bench.duo(|duo| duo.dct(0, 8423)), "{generation}");
        assert_eq!((done.length, done.whole, done.slot), (8423, false, SlotKind::Key));
        assert!(!bytes.windows(7).any(|window| window == b"letmein"), "the Wi-Fi password stays in the Duo");
        assert_eq!(bench.writes(), 0);
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(done.manifest.unwrap()).unwrap()).unwrap();
        assert_eq!((&manifest["contents"], &manifest["offset"]), (&"dct".into(), &0.into()));
        assert_eq!(manifest["length"], 8423);
        assert_eq!(manifest["fingerprint"], done.fingerprint.unwrap().to_string());
    }
}

#[test]
fn the_whole_dct_is_what_lies_in_the_flash_whichever_copy_is_current() {
    for generation in Generation::ALL {
        for writes in 0..3 {
            let bench = Bench::new(generation);
            for round in 0..writes {
                bench.duo(|duo| duo.set_dct(1858, &[b'a' + round; 8]));
            }
            let done = backup(&bench, true).unwrap();
            assert_eq!(fs::read(&done.path).unwrap(), area(&bench), "{generation} after {writes} writes");
            assert_eq!((done.length, done.whole), (32_768, true));
            let of_old = PrivateKey::read(key(OLD)).unwrap().key.public_key().fingerprint();
            assert_eq!(done.fingerprint, Some(of_old));
            let manifest = fs::read_to_string(done.manifest.unwrap()).unwrap();
            let offset = if generation < Generation::R5 { 0x0800_4000 } else { 0x0800_8000 };
            assert!(
                manifest.contains("\"whole-dct\"") && manifest.contains(&format!("\"offset\": {offset}"))
            );
        }
    }
}

#[test]
fn names_tell_what_it_is_and_the_same_bytes_are_kept_once() {
    let bench = Bench::new(Generation::R6);
    let section = backup(&bench, false).unwrap();
    let whole = backup(&bench, true).unwrap();
    let name = |done: &DctBackupDone| done.path.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(name(&section), format!("{}-dct-20260131T120000Z.bin", id(1)));
    assert_eq!(name(&whole), format!("{}-dct32-20260131T120000Z.bin", id(1)));
    assert!(backup(&bench, false).unwrap().already_there && backup(&bench, true).unwrap().already_there);
    assert_eq!(bench.archived().len(), 6);

    let options = BackupsOptions { archive: Some(bench.archive().to_str().unwrap().into()), device: None };
    let told = |bench: &Bench| {
        let found = bench.run(&Asker::new(), |context| backups(context, &options)).unwrap();
        let told = found.survey.entries.iter().map(|entry| {
            (entry.contents, entry.device_id.unwrap().to_string(), entry.fingerprint == section.fingerprint)
        });
        told.collect::<Vec<_>>()
    };
    let expected = [(Contents::Dct, id(1), true), (Contents::WholeDct, id(1), true)];
    assert_eq!(told(&bench), expected);
    // Without its manifest, the dump itself tells the same.
    fs::remove_file(section.manifest.unwrap()).unwrap();
    fs::remove_file(whole.manifest.unwrap()).unwrap();
    assert_eq!(told(&bench), expected);
}

#[cfg(unix)]
#[test]
fn a_dump_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new(Generation::R6);
    for whole in [false, true] {
        let done = backup(&bench, whole).unwrap();
        assert_eq!(fs::metadata(done.path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_the_bootloader_cannot_read_is_read_from_the_flash_and_said_to_be_unconfirmed() {
    let bench =
        Bench::with([DuoOptions { firmware: Some(SystemFirmware::Missing), ..options(Generation::R6) }]);
    assert_eq!(backup(&bench, false).unwrap_err().code(), Code::DctUnreadable);
    let asker = Asker::new();
    let done = backup_asking(&bench, &asker, true).unwrap();
    assert_eq!(fs::read(done.path).unwrap(), area(&bench));
    assert_eq!(done.slot, SlotKind::Key);
    assert!(asker.notes().contains("unconfirmed"), "{}", asker.notes());
}

#[test]
fn what_is_no_dct_is_not_kept() {
    for (kind, code) in [
        (Kind::ReadZeros, Code::DctUnreadable),
        (Kind::ReadOnes, Code::DctUnreadable),
        (Kind::ReadUnstable, Code::ReadUnstable),
    ] {
        for whole in [false, true] {
            let bench = Bench::new(Generation::R6);
            bench.arm(Fault::from(kind.clone(), 1));
            let error = backup(&bench, whole).unwrap_err();
            // Nothing of the whole DCT is believed before the bootloader is found in front of it.
            let expected = if whole && code == Code::DctUnreadable { Code::AddressUnproven } else { code };
            assert_eq!(error.code(), expected, "{kind:?}: {error}");
            assert!(error.hint_text().is_some());
            assert_eq!(bench.archived(), Vec::<String>::new());
        }
    }
}

/// If the flash has another name, nothing else is taken for it, and the application section can still be saved.
#[test]
fn without_the_internal_flash_there_is_no_whole_dct() {
    for text in ["@Flash   /0x08000000/16*064Kg", "@Internal Flash   /0x08000000/01*032Kg"] {
        let bench = Bench::new(Generation::R6);
        bench.arm(Fault::always(Kind::AltName { alt: 0, text: text.to_owned() }));
        let error = backup(&bench, true).unwrap_err();
        assert_eq!(error.code(), Code::NotADuo, "{error}");
        assert!(error.hint_text().unwrap().contains("duo-provision dct backup"));
        assert!(backup(&bench, false).is_ok());
    }
}

#[test]
fn a_dct_without_a_key_is_saved_all_the_same() {
    let bench = Bench::new(Generation::R6);
    bench.set_slot(&[]);
    let done = backup(&bench, false).unwrap();
    assert_eq!((done.fingerprint, done.slot, done.public_key), (None, SlotKind::Blank, None));
}

#[test]
fn the_journal_knows_it_and_says_how_to_do_it_again() {
    let bench = Bench::new(Generation::R6);
    backup(&bench, true).unwrap();
    let status = bench.status().unwrap();
    assert!(status.in_flight.is_empty());
    assert_eq!((bench.last().operation, bench.last().outcome), (OperationKind::DctBackup, Outcome::Done));
}

#[test]
fn fields_are_told_in_words_and_secrets_not_at_all() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct(1762, b"SECRETCLAIMCODE"));
    let shown = show(&bench, None).unwrap();
    assert_eq!(shown.device_id.unwrap().to_string(), id(1));
    assert_eq!(shown.dct.fields.len(), 23);
    for (name, words) in [
        ("version", "1"),
        ("device-private-key", "an RSA-1024 key"),
        ("device-public-key", "the public half of the private key"),
        ("country-code", "US"),
        ("claim-code", "a claim code, not shown"),
        ("claimed", "yes"),
        ("ssid-prefix", "Duo"),
        ("version-string", "0.3.3"),
        ("dns-resolve", "empty"),
        ("antenna-selection", "never set"),
        ("cloud-transport", "never set: the platform's own, TCP"),
        ("alt-device-private-key", "never set"),
        ("device-id", &id(1)),
    ] {
        assert_eq!(holds(&shown, name), words, "{name}");
    }
    assert!(holds(&shown, "server-public-key").ends_with("address: device.spark.io:5683"));
    let all = format!("{shown:?}");
    assert!(!all.contains("SECRETCLAIMCODE") && !all.contains("letmein"), "{all}");
}

/// The same bytes are described in the same words, whatever form the dump has.
#[test]
fn a_file_shows_what_the_duo_shows() {
    for generation in [Generation::R4, Generation::R6] {
        let bench = Bench::new(generation);
        let of_duo = show(&bench, None).unwrap().dct.fields;
        for (name, bytes, kind) in [
            ("section.bin", bench.duo(|duo| duo.dct(0, 8423)), DumpKind::Section),
            ("alt1.bin", bench.duo(|duo| duo.dct(0, 16_384)), DumpKind::FromStart),
            ("whole.bin", area(&bench), DumpKind::Whole),
            ("copy.bin", area(&bench)[..16_384].to_vec(), DumpKind::OneCopy),
        ] {
            let shown = show(&bench, Some(bench.file(name, &bytes))).unwrap();
            assert_eq!(shown.dct.kind, kind);
            assert_eq!(shown.dct.fields, of_duo, "{generation} {name}");
        }
        let from_key =
            show(&bench, Some(bench.file("key.bin", &bench.duo(|duo| duo.dct(34, 16_350))))).unwrap();
        assert_eq!(from_key.dct.fields, of_duo[2..], "the flags and the version lie before the key");
    }
}

#[test]
fn hostile_texts_in_a_dump_move_no_cursor() {
    let bench = Bench::new(Generation::R6);
    let mut bytes = bench.duo(|duo| duo.dct(0, 8423));
    bytes[1826..1852].copy_from_slice(b"\x19\x1b[2Jabcdefghijklmnopqrstu");
    bytes[1858..1866].copy_from_slice(b"\x1b]0;x\x07ab");
    bytes[1758..1762].copy_from_slice("é\u{9b}".as_bytes());
    let shown = show(&bench, Some(bench.file("hostile.bin", &bytes))).unwrap();
    assert!(shown.dct.fields.iter().all(|field| !field.holds.contains(char::is_control)), "{shown:?}");
    assert_eq!(holds(&shown, "ssid-prefix"), "26 bytes that are no text");
}

#[test]
fn a_file_and_a_duo_cannot_both_be_meant() {
    let bench = Bench::new(Generation::R6);
    let file = Some(bench.file("section.bin", &bench.duo(|duo| duo.dct(0, 8423))));
    let target = Target::parse(None, Some("1-1")).unwrap();
    let options = ShowOptions { file: file.clone(), target: target.clone(), timeout: None };
    let refused = bench.run(&Asker::new(), |context| show_dct(context, &options)).unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let options = ShowOptions { file, target, timeout: None };
    let refused = bench.run(&Asker::new(), |context| show_server_key(context, &options)).unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let no_dump = bench.file("key.der", key(OLD));
    assert_eq!(show(&bench, Some(no_dump)).unwrap_err().code(), Code::KeyUnrecognized);
}

#[test]
fn the_cloud_is_told_with_the_devices_id_in_its_name() {
    let mut address = vec![1, 19];
    address.extend(b"$id.udp.particle.io");
    let duo = DuoOptions { server_address: address, ..options(Generation::R6) };
    let bench = Bench::with([duo]);
    let server = show_server(&bench, None).unwrap();
    assert_eq!(server.host.as_deref(), Some("$id.udp.particle.io"));
    assert_eq!(server.connects_to, Some(format!("{}.udp.particle.io", id(1))));
    assert_eq!((server.port, server.names_address, server.particle), (Some(5683), true, false));
    assert!(server.fingerprint.is_some() && server.key_problem.is_none());
}

#[test]
fn a_duo_without_a_server_key_is_told_as_that() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct(2082, &[0xFF; 768]));
    let server = show_server(&bench, None).unwrap();
    assert!(server.fingerprint.is_none() && server.key_problem.is_some());
    assert_eq!((server.names_address, server.host.as_deref()), (false, Some("device.spark.io")));
}

#[test]
fn a_cloud_is_read_from_files_of_every_form() {
    use duo_provision::keys::{PARTICLE_SERVER_KEY_PEM, ServerKey};
    let bench = Bench::new(Generation::R6);
    let spki = ServerKey::particle().spki_der();
    // As redbear/Duo publishes it: the key, 0xFF, the address and nothing after it.
    let mut published = spki.to_vec();
    published.resize(384, 0xFF);
    published.extend(b"\x01\x0fdevice.spark.io\0");
    for (name, bytes, named) in [
        ("bare.der", spki.to_vec(), false),
        ("published.der", published, true),
        ("key.pem", PARTICLE_SERVER_KEY_PEM.as_bytes().to_vec(), false),
    ] {
        let server = show_server(&bench, Some(bench.file(name, &bytes))).unwrap();
        assert!(server.particle, "{name}");
        assert_eq!((server.names_address, server.port), (named, Some(5683)), "{name}");
    }
    let none = show_server(&bench, Some(bench.file("device.der", key(OLD)))).unwrap_err();
    assert_eq!(none.code(), Code::ServerKeyInvalid);
}

/// r5 spells its device id in capitals and r6 in small letters; an id of digits only does not show which one it is.
#[test]
fn which_copy_counts_is_told_by_the_serial_number_and_the_bootloader_has_the_last_word() {
    let digits = [0x30, 0x00, 0x19, 0x00, 0x04, 0x47, 0x35, 0x33, 0x30, 0x30, 0x12, 0x01];
    for (generation, device_id) in [
        (Generation::R4, device_id(1)),
        (Generation::R5, device_id(1)),
        (Generation::R6, device_id(1)),
        (Generation::R5, digits),
        (Generation::R6, digits),
    ] {
        let bench = Bench::with([DuoOptions::new(generation, device_id)]);
        bench.duo(|duo| duo.set_dct_cut_short(34, key(60)));
        let done = backup(&bench, true).unwrap();
        // r3 to r5 program the new key over the old one in place, so at this point what is read is neither.
        let new = PrivateKey::read(key(60)).unwrap().key.public_key().fingerprint();
        assert_eq!(done.fingerprint, (generation == Generation::R6).then_some(new), "{generation}");
        let manifest = fs::read_to_string(done.manifest.unwrap()).unwrap();
        let rule = if generation == Generation::R6 { "\"r6\"" } else { "\"r3-r5\"" };
        assert!(manifest.contains(&format!("\"copy_rule\": {rule}")), "{generation}: {manifest}");
    }
}

/// A DCT that 0.3.2 or later has just made has no mark in either copy.
#[test]
fn of_a_fresh_dct_the_first_copy_is_the_one() {
    let bench = Bench::new(Generation::R6);
    let mut fresh = area(&bench);
    fresh[9] = 0;
    fresh.copy_within(..0x4000, 0x4000);
    bench.duo(|duo| duo.set_dct_area(&fresh));
    let done = backup(&bench, true).unwrap();
    assert_eq!(fs::read(done.path).unwrap(), fresh);
    assert_eq!(done.slot, SlotKind::Key);
}
