//! Tests `doctor`: every finding and its command, and that examining writes nothing.

use std::fs;
use std::path::PathBuf;

use duo_provision::error::Error;
use duo_provision::keys::{PARTICLE_SERVER_KEY_PEM, PrivateKey};
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::simulator::{Board, DuoOptions, Generation};
use duo_provision::workflow::{
    BackupOptions, BackupsOptions, DctBackupOptions, Diagnosis, DoctorOptions, Finding, FixOperation,
    ListedState, RestoreOptions, Severity, Target, TargetOptions, Verdict, backup_dct, backups, doctor, list,
};

use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};

use crate::virtual_duo::device_keys;
use crate::workflow::bench::{
    Asker, Bench, NEW, OLD, id, key, names, reset_image, two, without_backup, writing_to,
};
use crate::workflow::typed;

impl Bench {
    fn examined(&self, target: Target) -> Result<Diagnosis, Error> {
        let archive = Some(self.archive().to_str().unwrap().to_owned());
        let options = DoctorOptions { target, archive, timeout: Some(5), ..DoctorOptions::default() };
        let writes = || if self.paths.is_empty() { 0 } else { self.writes() };
        let before = writes();
        let diagnosis = self.run(&Asker::new(), |context| doctor(context, &options));
        assert_eq!(writes(), before, "it writes nothing");
        diagnosis
    }

    /// All findings about the only Duo, and the general ones.
    fn findings(&self) -> Vec<Finding> {
        let Diagnosis { general, duos, .. } = self.examined(Target::default()).unwrap();
        duos.into_iter().flat_map(|duo| duo.findings).chain(general).collect()
    }

    fn finding(&self, code: &str) -> Finding {
        let all = self.findings();
        all.iter().find(|finding| finding.code == code).cloned().unwrap_or_else(|| panic!("{code}: {all:?}"))
    }

    /// The verdict on the only Duo.
    fn verdict(&self) -> Verdict {
        let found = self.examined(Target::default()).unwrap();
        let [duo] = &found.duos[..] else { panic!("one Duo") };
        assert_eq!(duo.problems > 0, matches!(duo.verdict, Verdict::Problems | Verdict::Unreadable));
        assert_eq!(duo.next.is_some(), duo.verdict == Verdict::CloudNotChecked);
        duo.verdict
    }

    /// Fills the server key's slot: a key, and an address after it, if there is one.
    fn put_server(&self, key: &[u8], address: Option<&[u8]>) {
        let mut slot = vec![0xff; 768];
        slot[..key.len()].copy_from_slice(key);
        if let Some(address) = address {
            slot[384..384 + address.len()].copy_from_slice(address);
        }
        self.duo(|duo| duo.set_dct(2082, &slot));
    }
}

fn codes(findings: &[Finding], severity: Severity) -> Vec<&str> {
    findings.iter().filter(|finding| finding.severity == severity).map(|finding| finding.code).collect()
}

#[test]
fn a_sound_duo_has_no_problem_and_only_lacks_a_backup_until_it_has_one() {
    let bench = Bench::new(Generation::R6);
    let findings = bench.findings();
    assert_eq!(codes(&findings, Severity::Problem), [""; 0], "{findings:?}");
    // A virtual Duo does not use Particle's cloud.
    assert_eq!(
        codes(&findings, Severity::Note),
        ["SERVER_KEY", "BACKUP_MISSING", "CLOUD_NOT_ASKED"],
        "{findings:?}"
    );
    assert_eq!(
        codes(&findings, Severity::Ok),
        ["BOOTLOADER", "KEY", "PUBLIC_KEY", "DEVICE_ID"],
        "{findings:?}"
    );
    let missing = bench.finding("BACKUP_MISSING");
    assert!(
        missing
            .command
            .unwrap()
            .starts_with("duo-provision backup --device 30001b000c4735333030ab01 --archive ")
    );
    assert_eq!(missing.fix.unwrap().operation, FixOperation::Backup);
    bench.backup(&BackupOptions::default()).unwrap();
    assert_eq!(bench.finding("BACKUP").severity, Severity::Ok);
}

/// This holds whatever the names are: a dump of the DCT that was kept with it comes second.
#[test]
fn the_backup_that_is_named_is_the_file_of_the_key_alone() {
    let prefix = |nth: usize| PrivateKey::read(key(nth)).unwrap().key.public_key().fingerprint().short();
    let behind = (0..device_keys().len())
        .find(|nth| *nth != NEW && *prefix(*nth) > *"dct")
        .expect("a key whose file's name is sorted after `dct`");
    let bench = Bench::new(Generation::R6);
    bench.set_slot(key(behind));
    bench.restore(&bench.new_key()).unwrap();
    bench.set_slot(key(behind));
    let found = bench.finding("BACKUP");
    assert!(found.severity == Severity::Ok && !found.message.contains("-dct-"), "{}", found.message);
}

#[test]
fn looking_leaves_no_trace() {
    let bench = Bench::new(Generation::R6);
    bench.findings();
    assert!(!bench.archive().exists() && !bench.journal().exists());
    assert!(names(bench.folder.path()).is_empty());
}

/// The printed command fixes it.
#[test]
fn a_slot_without_a_key_is_restored_from_its_backup_or_reset() {
    for slot in [vec![0; 1216], vec![0x30; 1216]] {
        let bench = Bench::new(Generation::R6);
        let broken = |bench: &Bench| {
            bench.duo(|duo| duo.set_dct(34, &slot));
            let code = if slot[0] == 0 { "KEY_SLOT_ZEROED" } else { "KEY_SLOT_GARBAGE" };
            let found = bench.finding(code);
            assert_eq!(found.severity, Severity::Problem);
            found
        };
        let found = broken(&bench);
        assert!(found.command.unwrap().starts_with("duo-provision reset --device 30001b000c4735333030ab01"));
        assert_eq!(found.fix.unwrap().operation, FixOperation::Reset);

        bench.duo(|duo| duo.set_dct(34, key(OLD)));
        bench.backup(&BackupOptions::default()).unwrap();
        // A later dump is no key file.
        let options = DctBackupOptions::default();
        bench.run(&Asker::new(), |context| backup_dct(context, &options)).unwrap();
        let found = broken(&bench);
        let fix = found.fix.unwrap();
        assert_eq!(
            (fix.operation, fix.options.device_id.map(|id| id.to_string())),
            (FixOperation::Restore, Some(id(1)))
        );
        bench.restore(&typed::restore(&found.command.unwrap())).unwrap();
        assert!(bench.slot() == key(OLD));
    }
}

/// Without an id no backup can be found, and the key of another board cannot be reset here.
#[test]
fn where_a_backup_cannot_be_looked_for_or_the_board_is_no_duo_no_reset_is_offered() {
    let r4 = Bench::new(Generation::R4);
    r4.set_slot(&key(OLD)[..300]);
    let found = r4.finding("KEY_SLOT_GARBAGE");
    assert!(found.command.unwrap().starts_with("duo-provision doctor --device ID --path 1-1"));
    assert!(found.fix.is_none());

    let options = DuoOptions { board: Board::Photon, ..crate::virtual_duo::options(Generation::R6) };
    let photon = Bench::with([options]);
    photon.set_slot(&key(OLD)[..300]);
    let found = photon.finding("KEY_SLOT_GARBAGE");
    assert!(found.command.is_none() && found.fix.is_none(), "{found:?}");
    assert!(photon.findings().iter().all(|finding| !finding.code.starts_with("SERVER")));
}

/// The cloud does not know the key that the Duo makes from a blank slot. If the old key is in the archive, it is
/// restored.
#[test]
fn a_blank_slot_whose_key_is_in_the_archive_gets_it_back() {
    let bench = Bench::new(Generation::R6);
    bench.backup(&BackupOptions::default()).unwrap();
    bench.duo(|duo| duo.set_dct(34, &reset_image()));
    let found = bench.finding("KEY_SLOT_BLANK");
    assert_eq!((found.severity, found.fix.unwrap().operation), (Severity::Problem, FixOperation::Restore));
}

#[test]
fn a_key_in_a_form_that_the_firmware_misreads_is_put_right_by_its_backup() {
    let bench = Bench::new(Generation::R6);
    let pkcs8 = PrivateKey::read(key(OLD)).unwrap().key.to_pkcs8_der().unwrap();
    bench.set_slot(&pkcs8);
    let found = bench.finding("KEY_SLOT_PKCS8");
    assert!(
        found.fix.is_none()
            && found
                .command
                .unwrap()
                .starts_with("duo-provision backup --raw --device 30001b000c4735333030ab01")
    );
    bench.duo(|duo| duo.set_dct(34, key(OLD)));
    bench.backup(&BackupOptions::default()).unwrap();
    bench.set_slot(&pkcs8);
    bench.restore(&typed::restore(&bench.finding("KEY_SLOT_PKCS8").command.unwrap())).unwrap();
    assert!(bench.slot() == key(OLD));
}

/// The public key does not match, because another program has written the private key.
#[test]
fn one_cause_is_one_problem() {
    let bench = Bench::new(Generation::R6);
    bench.backup(&BackupOptions::default()).unwrap();
    bench.set_slot(key(NEW));
    let duo = bench.examined(Target::default()).unwrap().duos.remove(0);
    let of = |code| duo.findings.iter().find(|finding| finding.code == code).map(|finding| finding.severity);
    assert_eq!(
        (of("NEWER_KEY_KNOWN"), of("PUBLIC_KEY_STALE")),
        (Some(Severity::Problem), Some(Severity::Note))
    );
    assert_eq!(duo.problems, 1);
}

#[test]
fn a_reset_slot_and_a_foreign_public_key_are_problems_and_none_is_a_note() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct(34, &reset_image()));
    assert_eq!(bench.finding("KEY_SLOT_BLANK").severity, Severity::Problem);
    assert_eq!(bench.examined(Target::default()).unwrap().problems, 1);
    bench.duo(|duo| duo.set_dct(34, key(NEW)));
    assert_eq!(bench.finding("PUBLIC_KEY_STALE").severity, Severity::Problem);
    assert_eq!(bench.verdict(), Verdict::Problems);
    for empty in [0, 0xff] {
        bench.duo(|duo| duo.set_dct(1250, &[empty; 384]));
        assert_eq!(bench.finding("PUBLIC_KEY_MISSING").severity, Severity::Note);
    }
}

/// `list` reports the same as the verdict.
#[test]
fn what_a_key_is_worth_is_told_by_the_verdict_and_by_the_list() {
    let key_of = |nth: usize| PrivateKey::read(key(nth)).unwrap().key;
    let mut zeros = reset_image();
    zeros.fill(0);
    let blank = vec![0xff; 1216];
    let cases: [(Vec<u8>, ListedState, Verdict); 6] = [
        (key(OLD).to_vec(), ListedState::Sound, Verdict::CloudNotChecked),
        (key(NEW).to_vec(), ListedState::ForeignPublicKey, Verdict::Problems),
        (key_of(OLD).to_pkcs8_der().unwrap().to_vec(), ListedState::Misread, Verdict::Problems),
        (blank, ListedState::Blank, Verdict::Problems),
        (reset_image(), ListedState::Blank, Verdict::Problems),
        (zeros, ListedState::NoKey, Verdict::Problems),
    ];
    for (slot, state, verdict) in cases {
        let bench = Bench::new(Generation::R6);
        bench.set_slot(&slot);
        let listed = bench.run(&Asker::new(), |context| list(context, &TargetOptions::default())).unwrap();
        assert_eq!((listed.devices[0].state, bench.verdict()), (state, verdict));
    }
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::from(Kind::ReadZeros, 1));
    let listed = bench.run(&Asker::new(), |context| list(context, &TargetOptions::default())).unwrap();
    assert_eq!((listed.devices[0].state, bench.verdict()), (ListedState::Unreadable, Verdict::Unreadable));
    let none = Bench::with([]).examined(Target::default()).unwrap();
    assert_eq!(none.verdict, Verdict::NoDuo);
}

/// The finding that a newer key than the Duo's is known, if there is one.
fn newer(bench: &Bench) -> Option<Finding> {
    bench.findings().into_iter().find(|finding| finding.code == "NEWER_KEY_KNOWN")
}

/// Another program changes the Duo's key and its public half.
fn changed(bench: &Bench, nth: usize) {
    bench.set_slot(key(nth));
    let spki = PrivateKey::read(key(nth)).unwrap().key.public_key().spki_der().to_vec();
    bench.duo(|duo| duo.set_dct(1250, &[&spki[..], &[0; 222]].concat()));
}

#[test]
fn a_duo_that_somebody_else_gave_another_key_is_not_fine() {
    let bench = Bench::new(Generation::R6);
    let kept = bench.backup(&BackupOptions::default()).unwrap().path;
    assert!(newer(&bench).is_none());
    changed(&bench, NEW);
    let found = newer(&bench).unwrap();
    assert_eq!((found.severity, bench.verdict()), (Severity::Problem, Verdict::Problems));
    assert!(found.message.contains(kept.to_str().unwrap()), "{found:?}");
    assert!(found.message.contains("2026-01-31T12:00:00Z"), "{found:?}");
    assert!(found.command.unwrap().starts_with("duo-provision doctor --verify"), "a proof comes first");
    let (give, _) = found.advice.as_ref().unwrap().split_once("; or ").unwrap();
    bench.restore(&typed::restore(give)).unwrap();
    assert!(bench.slot() == key(OLD) && newer(&bench).is_none());
}

#[test]
fn a_backup_counts_by_its_date_and_what_was_written_later_counts_more() {
    let bench = Bench::new(Generation::R6);
    let dated = |bench: &Bench, nth: usize, at: &str| {
        changed(bench, nth);
        let manifest = bench.backup(&BackupOptions::default()).unwrap().manifest.unwrap();
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(manifest, text.replace("2026-01-31T12:00:00Z", at)).unwrap();
    };
    dated(&bench, NEW, "2025-01-01T00:00:00Z");
    dated(&bench, OLD, "2025-06-01T00:00:00Z");
    assert!(newer(&bench).is_none(), "the newer one is the Duo's");
    changed(&bench, NEW);
    assert!(newer(&bench).unwrap().message.contains("2025-06-01T00:00:00Z"));
    changed(&bench, OLD);
    // The backup of the earlier content is made in the same second.
    bench.restore(&bench.new_key()).unwrap();
    assert!(newer(&bench).is_none(), "{:?}", newer(&bench));
    changed(&bench, OLD);
    assert!(newer(&bench).unwrap().message.contains("written to the Duo"));
    // A backup of the key does not show that a cloud knows it.
    bench.backup(&BackupOptions::default()).unwrap();
    assert!(newer(&bench).is_some());
}

/// It is not in the archive, and counts as long as the file still has the bytes that were written.
#[test]
fn a_backup_elsewhere_counts_while_its_file_is_there_with_the_same_bytes() {
    let bench = Bench::new(Generation::R6);
    let file = bench.folder.path().join("duo.der");
    bench.backup(&BackupOptions { file: Some(file.clone()), ..BackupOptions::default() }).unwrap();
    let found = bench.finding("BACKUP");
    assert!(found.severity == Severity::Ok && found.message.contains(file.to_str().unwrap()), "{found:?}");
    // The manifest beside it is not needed.
    fs::remove_file(file.with_extension("json")).unwrap();
    assert_eq!(bench.finding("BACKUP").severity, Severity::Ok);
    let listed = |device: Option<&str>, archive: Option<String>| -> Vec<PathBuf> {
        let options = BackupsOptions { archive, device: device.map(|id| id.parse().unwrap()) };
        let found = bench.run(&Asker::new(), |context| backups(context, &options)).unwrap();
        assert!(found.survey.entries.is_empty());
        found.elsewhere.into_iter().map(|entry| entry.path).collect()
    };
    let here = std::slice::from_ref(&file);
    assert_eq!(listed(None, None), here);
    assert_eq!(listed(Some(&id(1)), None), here);
    assert!(listed(Some(&id(2)), None).is_empty());
    let typed = bench.folder.path().join("other");
    fs::create_dir(&typed).unwrap();
    assert!(listed(None, Some(typed.to_str().unwrap().to_owned())).is_empty());
    changed(&bench, NEW);
    assert!(newer(&bench).unwrap().message.contains(file.to_str().unwrap()));
    changed(&bench, OLD);
    let bytes = fs::read(&file).unwrap();
    for other in [Some([&bytes[..], b"x"].concat()), Some(key(NEW).to_vec()), None] {
        match other {
            Some(other) => fs::write(&file, other).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        assert!(listed(None, None).is_empty());
        let missing = bench.finding("BACKUP_MISSING");
        assert!(missing.message.contains(file.to_str().unwrap()), "{missing:?}");
    }
    fs::write(&file, bytes).unwrap();
    assert_eq!(bench.finding("BACKUP").severity, Severity::Ok);
}

/// With `--no-backup`, and an earlier backup elsewhere.
#[test]
fn status_goes_back_to_a_backup_elsewhere_while_it_is_there() {
    let bench = Bench::new(Generation::R6);
    let file = bench.folder.path().join("duo.der");
    bench.backup(&BackupOptions { file: Some(file.clone()), ..BackupOptions::default() }).unwrap();
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    bench.restore(&RestoreOptions { write: without_backup(), ..bench.new_key() }).unwrap_err();
    bench.clear_faults();
    let back = || {
        let report = bench.status().unwrap().in_flight.remove(0);
        report.next.into_iter().find(|next| next.purpose.starts_with("to go back"))
    };
    let command = back().unwrap().command;
    assert!(command.contains(file.to_str().unwrap()), "{command}");
    fs::rename(&file, file.with_extension("away")).unwrap();
    assert!(back().is_none());
    fs::rename(file.with_extension("away"), &file).unwrap();
    bench.restore(&typed::restore(&command)).unwrap();
    assert!(bench.slot() == key(OLD) && bench.status().unwrap().in_flight.is_empty());
}

#[test]
fn of_one_port_only_that_duos_operations_count() {
    let bench = Bench::with(two(Generation::R6));
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let first = Target::parse(Some(&id(1)), None).unwrap();
    bench.restore(&RestoreOptions { write: writing_to(first), ..bench.new_key() }).unwrap_err();
    bench.clear_faults();
    let counted = |path: Option<&str>| {
        let found = bench.examined(Target::parse(None, path).unwrap()).unwrap();
        let all = found.duos.iter().flat_map(|duo| &duo.findings).chain(&found.general);
        let open = all.filter(|finding| finding.code == "OPERATION_IN_FLIGHT").count();
        let of_duos: Vec<usize> = found.duos.iter().map(|duo| duo.problems).collect();
        (open, of_duos.iter().filter(|problems| **problems > 0).count())
    };
    assert_eq!(counted(None), (1, 1));
    assert_eq!(counted(Some("1-1")), (1, 1));
    assert_eq!(counted(Some("1-2")), (0, 0));
}

#[test]
fn the_cloud_that_the_duo_is_meant_for() {
    let bench = Bench::new(Generation::R6);
    let particle = rsa::PublicKey::from_public_key_pem(PARTICLE_SERVER_KEY_PEM.trim()).unwrap();
    let particle = particle.to_public_key_der().unwrap().as_bytes().to_vec();
    let other = bench.duo(|duo| duo.dct(2082, 294));
    assert!(bench.finding("SERVER_KEY").advice.unwrap().contains("Particle's"));
    let address = [&[1, 9][..], b"cloud.lan", &[0]].concat();
    for (key, address, code, severity) in [
        (&particle, None, "SERVER_KEY", Severity::Ok),
        (&particle, Some(&address[..]), "SERVER_KEY", Severity::Note),
        (&other, Some(&address[..]), "SERVER_KEY", Severity::Note),
        (&other, None, "SERVER_ADDRESS_MISSING", Severity::Problem),
        (&other, Some(&[7, 9][..]), "SERVER_ADDRESS_INVALID", Severity::Problem),
        (&vec![0x55; 294], None, "SERVER_KEY_SLOT_INVALID", Severity::Problem),
    ] {
        bench.put_server(key, address);
        let found = bench.finding(code);
        assert_eq!(found.severity, severity, "{found:?}");
        let command = found.command.unwrap_or_default();
        assert_eq!(command.contains("duo-provision server-key restore"), severity == Severity::Problem);
    }
}

#[test]
fn a_dct_of_another_duo_is_told() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct(3618, &crate::virtual_duo::device_id(2)));
    assert_eq!(bench.finding("DEVICE_ID_MISMATCH").severity, Severity::Problem);
    bench.duo(|duo| duo.set_dct(3618, &[0xff; 12]));
    assert_eq!(bench.finding("DEVICE_ID").severity, Severity::Note);
}

#[test]
fn an_r4_is_told_by_its_port_and_by_the_users_word() {
    let bench = Bench::new(Generation::R4);
    let found = bench.finding("BOOTLOADER");
    assert!(found.severity == Severity::Note && found.advice.unwrap().contains("--path 1-1"));
    let target = Target::parse(Some(&id(1)), Some("1-1")).unwrap();
    let diagnosis = bench.examined(target).unwrap();
    assert_eq!(diagnosis.duos[0].device.as_ref().unwrap().device_id.unwrap().to_string(), id(1));
    assert!(diagnosis.duos[0].findings.iter().any(|finding| {
        finding.command.as_ref().is_some_and(|command| command.contains(&format!("--device {}", id(1))))
    }));
}

#[test]
fn none_and_several_and_one_that_cannot_be_opened() {
    let bench = Bench::with(two(Generation::R6));
    let both = bench.examined(Target::default()).unwrap();
    assert_eq!((both.duos.len(), both.problems), (2, 0));
    let second = bench.examined(Target::parse(Some(&id(2)), None).unwrap()).unwrap();
    assert_eq!(second.duos.iter().map(|duo| duo.path.as_str()).collect::<Vec<_>>(), ["1-2"]);

    let bench = Bench::with([]);
    let none = bench.finding("NO_DEVICE");
    assert!(none.severity == Severity::Problem && none.advice.unwrap().contains("release SETUP"));

    let bench = Bench::new(Generation::R6);
    bench.arm(Fault { nth: 0, ..Fault::from(Kind::Denied, 1) });
    assert_eq!(bench.finding("USB_ACCESS_DENIED").severity, Severity::Problem);
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::from(Kind::ReadZeros, 1));
    assert!(bench.finding("DCT_UNREADABLE").advice.unwrap().contains("system firmware"));
}

#[test]
fn what_is_in_flight_and_what_is_no_backup_are_told() {
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    bench.restore(&bench.new_key()).unwrap_err();
    bench.clear_faults();
    let found = bench.finding("OPERATION_IN_FLIGHT");
    assert_eq!(found.command.as_deref(), Some("duo-provision status"));
    fs::create_dir(bench.archive().join("odd.der")).unwrap();
    assert_eq!(bench.finding("BACKUP_UNREADABLE").severity, Severity::Note);
    bench.set_journal(b"{}\n");
    assert_eq!(bench.finding("JOURNAL_INVALID").severity, Severity::Problem);
}

#[test]
fn of_a_virtual_duo_and_a_real_one_the_backups_are_kept_apart() {
    let bench = Bench::new(Generation::R6);
    let manifest = bench.backup(&BackupOptions::default()).unwrap().manifest.unwrap();
    let text = fs::read_to_string(&manifest).unwrap().replace("\"simulated\": true,", "");
    fs::write(&manifest, text).unwrap();
    assert_eq!(bench.finding("BACKUP_MISSING").severity, Severity::Note);
}
