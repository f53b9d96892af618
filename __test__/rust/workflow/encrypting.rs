//! Tests backups that are encrypted with a passphrase: what is kept, what counts as kept already, what is refused, and
//! who is asked when.

use std::fs;
use std::path::{Path, PathBuf};

use duo_provision::archive::{Archive, Contents, sha256_hex};
use duo_provision::error::{Code, Error, KeyState};
use duo_provision::keys::{EncryptedKey, Passphrase, PrivateKey, SlotImage};
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::workflow::{
    BackupOptions, CloudOptions, Evidence, InspectOptions, PassphraseOptions, PassphrasePurpose,
    PassphraseRequest, ProvisionOptions, ResetOptions, RestoreOptions, VerifyOptions, WriteOptions, backup,
    inspect, provision, verify,
};
use zeroize::Zeroizing;

use crate::workflow::bench::{Asker, Bench, NEW, OLD, id, key, restore_of, writing_to};

pub const PASSPHRASE: &str = "duo vier fünf";

/// This passphrase, as the API takes it.
pub fn given(text: &str) -> PassphraseOptions {
    PassphraseOptions { passphrase: Some(Zeroizing::new(text.to_owned())), file: None }
}

fn encrypted_with(text: &str) -> BackupOptions {
    BackupOptions { encrypt: true, passphrase: given(text), ..BackupOptions::default() }
}

fn encrypted() -> BackupOptions {
    encrypted_with(PASSPHRASE)
}

/// Restores an encrypted file.
fn restore_with(file: &Path, text: &str) -> RestoreOptions {
    RestoreOptions { passphrase: given(text), ..restore_of(file) }
}

/// The key that the test's passphrase opens.
pub fn opened(path: &Path) -> PrivateKey {
    let passphrase = Passphrase::new(PASSPHRASE).unwrap();
    EncryptedKey::read(&fs::read(path).unwrap()).unwrap().open(&passphrase).unwrap().key
}

fn key_of(nth: usize) -> PrivateKey {
    PrivateKey::read(key(nth)).unwrap().key
}

/// An error that came before any request to the Duo.
fn untouched<T: std::fmt::Debug>(bench: &Bench, result: Result<T, Error>, code: Code) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.code().exit_code(), 2, "{error}");
    assert_eq!(bench.duo(|duo| duo.class_requests()), 0, "{error}");
    error
}

/// Nothing is in the archive, and nothing was written to the Duo.
fn refused<T: std::fmt::Debug>(bench: &Bench, result: Result<T, Error>, code: Code) -> Error {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.key_state()), (code, Some(KeyState::Unchanged)), "{error}");
    assert!(error.hint_text().unwrap().contains("--encrypt"), "{error}");
    assert_eq!((bench.archived(), bench.writes()), (Vec::new(), 0));
    error
}

#[test]
fn an_encrypted_backup_holds_the_key_and_the_slot_can_be_rebuilt_from_it() {
    let bench = Bench::new(Generation::R6);
    let done = bench.backup(&encrypted()).unwrap();
    let fingerprint = key_of(OLD).public_key().fingerprint();
    let stem = format!("{}-{}-20260131T120000Z", id(1), fingerprint.short());
    assert_eq!(bench.archived(), ["json", "pem", "pub.pem"].map(|end| format!("{stem}.{end}")));
    assert!(done.encrypted && !done.already_there);
    assert_eq!(SlotImage::of_key(&opened(&done.path)).unwrap().as_bytes(), key(OLD));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(done.manifest.unwrap()).unwrap()).unwrap();
    assert_eq!(manifest["contents"], "encrypted-private-key");
    assert_eq!(manifest["device_id"], id(1));
    assert_eq!(manifest["fingerprint"], fingerprint.to_string());
    assert_eq!(manifest["sha256"], sha256_hex(&fs::read(&done.path).unwrap()));
    assert_eq!(bench.writes(), 0);
}

#[test]
fn a_slot_that_cannot_be_rebuilt_is_said_to_be_one() {
    let canonical = key_of(NEW).to_pkcs1_der().unwrap();
    assert_ne!(
        canonical.as_slice(),
        &key(NEW)[..canonical.len()],
        "few keys are canonical in the Duo's form"
    );
    let mut followed = key(NEW).to_vec();
    followed[700] = 0;
    let pkcs8 = key_of(NEW).to_pkcs8_der().unwrap();
    for (slot, differs) in [(key(NEW), false), (&canonical[..], true), (&followed, true), (&pkcs8, true)] {
        let bench = Bench::new(Generation::R6);
        bench.set_slot(slot);
        let asker = Asker::new();
        let file = Some(bench.folder.path().join("duo.pem"));
        let options = BackupOptions { file, raw: true, ..encrypted() };
        let done = bench.run(&asker, |context| backup(context, &options)).unwrap();
        assert_eq!(opened(&done.path), key_of(NEW));
        assert_eq!(asker.notes().contains("rebuilt from this backup differs"), differs, "{}", asker.notes());
    }
}

#[test]
fn the_same_key_behind_the_same_passphrase_is_kept_once() {
    let bench = Bench::new(Generation::R6);
    let first = bench.backup(&encrypted()).unwrap();
    let second = bench.backup(&encrypted()).unwrap();
    assert!(second.already_there);
    assert_eq!((second.path, bench.archived().len()), (first.path, 3));
    assert!(!bench.backup(&encrypted_with("another")).unwrap().already_there);
    // An encrypted backup does not count as an unencrypted one, and the other way round.
    assert!(!bench.backup(&BackupOptions::default()).unwrap().already_there);
    assert!(bench.backup(&encrypted()).unwrap().already_there);
}

#[test]
fn no_manifest_is_believed_that_a_file_holds_the_key() {
    let bench = Bench::new(Generation::R6);
    let first = bench.backup(&encrypted()).unwrap();
    let other = key_of(NEW)
        .to_encrypted_pem(&Passphrase::new(PASSPHRASE).unwrap(), &mut rand_core::UnwrapErr(getrandom::SysRng))
        .unwrap();
    let manifest = first.manifest.unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    let before = sha256_hex(&fs::read(&first.path).unwrap());
    fs::write(&first.path, other.as_bytes()).unwrap();
    fs::write(&manifest, text.replace(&before, &sha256_hex(other.as_bytes()))).unwrap();
    let second = bench.backup(&encrypted()).unwrap();
    assert!(!second.already_there);
    assert_eq!(opened(&second.path), key_of(OLD));
}

#[test]
fn what_nothing_sound_describes_is_not_held() {
    for damage in [None, Some("{")] {
        let bench = Bench::new(Generation::R6);
        let manifest = bench.backup(&encrypted()).unwrap().manifest.unwrap();
        match damage {
            Some(text) => fs::write(manifest, text).unwrap(),
            None => fs::remove_file(manifest).unwrap(),
        }
        assert!(!bench.backup(&encrypted()).unwrap().already_there, "{damage:?}");
    }
}

#[test]
fn without_a_passphrase_nothing_is_touched() {
    let bench = Bench::new(Generation::R6);
    let nobody = BackupOptions { passphrase: PassphraseOptions::default(), ..encrypted() };
    let error = untouched(&bench, bench.backup(&nobody), Code::PassphraseMissing);
    assert!(error.hint_text().unwrap().contains("--passphrase-file"));
    untouched(&bench, bench.backup(&encrypted_with("")), Code::PassphraseInvalid);
    untouched(&bench, bench.backup(&encrypted_with("a\nb")), Code::PassphraseInvalid);
    let reset = ResetOptions { encrypt: true, ..ResetOptions::default() };
    untouched(&bench, bench.reset(&reset), Code::PassphraseMissing);
    let restore = RestoreOptions { encrypt: true, ..bench.new_key() };
    untouched(&bench, bench.restore(&restore), Code::PassphraseMissing);
    assert_eq!(bench.archived(), Vec::<String>::new());
}

#[test]
fn a_passphrase_for_nothing_is_a_contradiction() {
    let bench = Bench::new(Generation::R6);
    let backup = BackupOptions { encrypt: false, ..encrypted() };
    untouched(&bench, bench.backup(&backup), Code::InvalidArgument);
    let reset = ResetOptions { passphrase: given(PASSPHRASE), ..ResetOptions::default() };
    untouched(&bench, bench.reset(&reset), Code::InvalidArgument);
    let no_backup =
        ResetOptions { write: WriteOptions { no_backup: true, ..reset.write }, encrypt: true, ..reset };
    untouched(&bench, bench.reset(&no_backup), Code::InvalidArgument);
    let verifying = VerifyOptions { passphrase: given(PASSPHRASE), ..VerifyOptions::default() };
    let result = bench.run(&Asker::new(), |context| verify(context, &verifying));
    untouched(&bench, result, Code::InvalidArgument);
    let asker = Asker::new();
    bench.restore_asking(&asker, &RestoreOptions { passphrase: given("x"), ..bench.new_key() }).unwrap();
    assert!(asker.notes().contains("the passphrase is not used"), "{}", asker.notes());
}

#[test]
fn what_is_no_key_is_not_encrypted() {
    let garbage = b"\x30\x82\x02\x5f no key";
    for slot in [&garbage[..], &[0; 1216], &[]] {
        let bench = Bench::new(Generation::R6);
        bench.set_slot(slot);
        let error = bench.backup(&BackupOptions { raw: true, ..encrypted() });
        let code = error.as_ref().unwrap_err().code();
        refused(&bench, error, code);
    }
    let bench = Bench::new(Generation::R6);
    bench.set_slot(garbage);
    let options = RestoreOptions { encrypt: true, passphrase: given(PASSPHRASE), ..bench.new_key() };
    refused(&bench, bench.restore(&options), Code::KeySlotGarbage);
}

/// Otherwise the fix for such a slot would be refused; and the slot holds no secret.
#[test]
fn a_slot_of_zeros_is_kept_as_it_is_before_a_write() {
    let bench = Bench::new(Generation::R6);
    bench.set_slot(&[0; 1216]);
    let asker = Asker::new();
    let options = RestoreOptions { encrypt: true, passphrase: given(PASSPHRASE), ..bench.new_key() };
    let done = bench.restore_asking(&asker, &options).unwrap();
    assert_eq!(fs::read(done.backup.unwrap()).unwrap(), [0; 1216]);
    assert!(asker.notes().contains("no secret"), "{}", asker.notes());
    assert!(bench.slot() == key(NEW));
}

#[test]
fn the_backup_before_a_write_is_encrypted() {
    let bench = Bench::new(Generation::R6);
    let options = RestoreOptions { encrypt: true, passphrase: given(PASSPHRASE), ..bench.new_key() };
    let first = bench.restore(&options).unwrap().backup.unwrap();
    assert_eq!(opened(&first), key_of(OLD));
    let options = ResetOptions { encrypt: true, passphrase: given(PASSPHRASE), ..ResetOptions::default() };
    let second = bench.reset(&options).unwrap().backup.unwrap();
    assert_eq!(opened(&second), key_of(NEW));
    let archived = bench.archived();
    let ends: Vec<&str> = archived.iter().map(|name| name.split_once('.').unwrap().1).collect();
    let mut ends = ends;
    ends.sort_unstable();
    // The slot is blanked in both sections, so both were the same.
    let kept = ["bin", "json", "json", "json", "pem", "pem", "pub.pem", "pub.pem"];
    assert_eq!(ends, kept, "no key is in the clear");
    for section in archived.iter().filter(|name| name.rsplit_once('.').is_some_and(|(_, end)| end == "bin")) {
        let bytes = fs::read(bench.archive().join(section)).unwrap();
        assert_eq!(bytes.len(), 8423);
        assert!(bytes[34..1250].iter().all(|byte| *byte == 0xff), "the slot is blanked");
        assert!(bytes[2082..].starts_with(&[0x30, 0x82]), "and nothing else is");
    }
}

#[test]
fn an_encrypted_backup_is_restored_with_its_passphrase_alone() {
    let bench = Bench::new(Generation::R6);
    let file = bench.backup(&encrypted()).unwrap().path;
    bench.set_slot(key(NEW));
    let asked = bench.duo(|duo| duo.class_requests());
    let error = bench.restore(&restore_of(&file)).unwrap_err();
    assert_eq!((error.code(), error.code().exit_code()), (Code::KeyEncrypted, 2), "{error}");
    let error = bench.restore(&restore_with(&file, "duo vier")).unwrap_err();
    assert_eq!((error.code(), error.code().exit_code()), (Code::PassphraseWrong, 2), "{error}");
    assert_eq!(bench.duo(|duo| duo.class_requests()), asked, "refused before the Duo is asked");
    let done = bench.restore(&restore_with(&file, PASSPHRASE)).unwrap();
    assert_eq!(done.evidence, Evidence::Manifest);
    assert!(bench.slot() == key(OLD));
}

#[test]
fn a_passphrase_file_is_its_first_line_and_the_environment_comes_after_it() {
    let mut bench = Bench::new(Generation::R6);
    let file = bench.backup(&encrypted()).unwrap().path;
    let named = |path: &Path| RestoreOptions {
        passphrase: PassphraseOptions { passphrase: None, file: Some(path.display().to_string()) },
        ..restore_of(&file)
    };
    let sound = bench.file("passphrase", format!("{PASSPHRASE}\r\nnot this\n").as_bytes());
    let wrong = bench.file("wrong", b"wrong\n");
    bench.restore(&named(&sound)).unwrap();
    bench.env.push(("DUO_PROVISION_PASSPHRASE", PASSPHRASE.to_owned()));
    bench.restore(&restore_of(&file)).unwrap();
    assert_eq!(bench.restore(&named(&wrong)).unwrap_err().code(), Code::PassphraseWrong);
    let empty = bench.file("empty", b"\nsecond line\n");
    assert_eq!(bench.restore(&named(&empty)).unwrap_err().code(), Code::PassphraseInvalid);
    let error = bench.restore(&named(Path::new(PASSPHRASE))).unwrap_err();
    assert_eq!(error.code(), Code::FileNotFound);
    assert!(!format!("{error} {error:?} {:?}", error.hint_text()).contains(PASSPHRASE), "{error:?}");
}

fn request(purpose: PassphrasePurpose, path: Option<String>, again: bool) -> PassphraseRequest {
    PassphraseRequest { purpose, path, again }
}

#[test]
fn who_can_be_asked_is_asked_before_the_duo_and_three_times_at_most() {
    let bench = Bench::new(Generation::R6);
    let file = bench.backup(&encrypted()).unwrap().path;
    bench.set_slot(key(NEW));
    let open = |again| request(PassphrasePurpose::Open, Some(file.display().to_string()), again);
    let asker = Asker::knowing(&["one", PASSPHRASE]);
    bench.restore_asking(&asker, &RestoreOptions { encrypt: true, ..restore_of(&file) }).unwrap();
    // One passphrase is enough for the whole command.
    assert_eq!(asker.requests(), [open(false), open(true)]);
    assert!(bench.slot() == key(OLD));

    let asker = Asker::knowing(&["one", "two", "three", PASSPHRASE]);
    let error = bench.restore_asking(&asker, &restore_of(&file)).unwrap_err();
    assert_eq!((error.code(), asker.requests().len()), (Code::PassphraseWrong, 3));

    let asker = Asker::knowing(&["new"]);
    let options = ResetOptions { encrypt: true, ..ResetOptions::default() };
    bench.reset_asking(&asker, &options).unwrap();
    assert_eq!(asker.requests(), [request(PassphrasePurpose::Encrypt, None, false)]);
}

#[test]
fn a_key_behind_a_passphrase_is_not_given_to_another_duo() {
    for with_manifest in [true, false] {
        let bench = Bench::with(crate::workflow::bench::two(Generation::R6));
        let target = duo_provision::workflow::Target::parse(None, Some("1-1")).unwrap();
        let done = bench.backup(&BackupOptions { target, ..encrypted() }).unwrap();
        if !with_manifest {
            // The public key and the name still say whose it is.
            fs::remove_file(done.manifest.unwrap()).unwrap();
        }
        let target = duo_provision::workflow::Target::parse(None, Some("1-2")).unwrap();
        let options = RestoreOptions { write: writing_to(target), ..restore_with(&done.path, PASSPHRASE) };
        assert_eq!(bench.restore(&options).unwrap_err().code(), Code::KeyOfOtherDevice, "{with_manifest}");
    }
}

#[test]
fn a_pem_of_another_programs_is_not_measured_by_the_manifest_of_the_backup_beside_it() {
    let bench = Bench::new(Generation::R6);
    let file = Some(bench.folder.path().join("duo.der"));
    bench.backup(&BackupOptions { file, ..BackupOptions::default() }).unwrap();
    let pem = bench.file("duo.pem", key_of(OLD).to_pkcs8_pem().unwrap().as_bytes());
    bench.set_slot(key(NEW));
    bench.restore(&restore_of(&pem)).unwrap();
}

#[test]
fn what_is_printed_after_a_failed_write_encrypts_again() {
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let options = RestoreOptions { encrypt: true, passphrase: given(PASSPHRASE), ..bench.new_key() };
    let error = bench.restore(&options).unwrap_err();
    assert_eq!(error.code(), Code::KeyWrong, "{error}");
    let (finish, back) = error.hint_text().unwrap().split_once("; ").unwrap();
    assert!(finish.contains(" --encrypt"), "{finish}");
    let report = bench.status().unwrap().in_flight.remove(0);
    assert!(
        report.next.iter().any(|next| next.command.contains("restore") && next.command.contains("--encrypt"))
    );
    assert!(!format!("{report:?} {error:?}").contains(PASSPHRASE));
    bench.clear_faults();
    let back = crate::workflow::typed::restore(back);
    bench.restore(&RestoreOptions { passphrase: given(PASSPHRASE), ..back }).unwrap();
    assert!(bench.slot() == key(OLD));
}

#[test]
fn a_survey_knows_encrypted_backups_and_whose_they_are() {
    let bench = Bench::new(Generation::R6);
    let done = bench.backup(&encrypted()).unwrap();
    let survey = || {
        let archive = Archive::locate(Some(&bench.archive()), &|_| None).unwrap();
        let mut survey = archive.survey().unwrap();
        assert_eq!((survey.entries.len(), survey.unreadable.len()), (1, 0));
        survey.entries.remove(0)
    };
    let fingerprint = Some(key_of(OLD).public_key().fingerprint());
    let sound = survey();
    assert_eq!(sound.contents, Contents::EncryptedPrivateKey);
    assert_eq!((sound.fingerprint, sound.device_id.unwrap().to_string()), (fingerprint, id(1)));
    fs::remove_file(done.manifest.unwrap()).unwrap();
    let bare = survey();
    assert_eq!((bare.fingerprint, bare.device_id), (fingerprint, sound.device_id));
    fs::remove_file(done.public_key.unwrap()).unwrap();
    assert_eq!(survey().fingerprint, None);
}

fn inspected(
    bench: &Bench,
    file: &Path,
    passphrase: PassphraseOptions,
) -> duo_provision::workflow::Inspection {
    let options = InspectOptions { file: file.to_owned(), passphrase, ..InspectOptions::default() };
    let asker = Asker::knowing(&[PASSPHRASE]);
    let seen = bench.run(&asker, |context| inspect(context, &options)).unwrap();
    assert_eq!(asker.requests(), [], "nobody is asked");
    seen
}

#[test]
fn inspect_describes_from_outside_what_it_cannot_open() {
    let bench = Bench::new(Generation::R6);
    let file = bench.backup(&encrypted()).unwrap().path;
    let fingerprint = Some(key_of(OLD).public_key().fingerprint());
    let outside = inspected(&bench, &file, PassphraseOptions::default());
    assert_eq!((outside.fingerprint, &outside.public_key), (None, &None));
    assert_eq!(outside.encryption.as_deref(), Some("PBES2: PBKDF2 with 600000 rounds, AES-256-CBC"));
    assert_eq!((outside.manifest_fingerprint, outside.device_id.unwrap().to_string()), (fingerprint, id(1)));
    let inside = inspected(&bench, &file, given(PASSPHRASE));
    assert_eq!((inside.fingerprint, inside.firmware_reads_as_is), (fingerprint, Some(false)));
}

#[test]
fn provision_reads_the_public_half_behind_a_passphrase() {
    let bench = Bench::new(Generation::R6);
    let file: PathBuf = bench.backup(&encrypted()).unwrap().path;
    let options = ProvisionOptions {
        device_id: id(1),
        key_file: Some(file.display().to_string()),
        passphrase: given(PASSPHRASE),
        cloud: CloudOptions { token: Some("none".into()), ..CloudOptions::default() },
        dry_run: true,
        ..ProvisionOptions::default()
    };
    let run = |options: &ProvisionOptions| bench.run(&Asker::new(), |context| provision(context, options));
    assert_eq!(run(&options).unwrap().fingerprint, key_of(OLD).public_key().fingerprint());
    let input = PassphraseOptions { passphrase: None, file: Some("-".to_owned()) };
    let both = ProvisionOptions {
        cloud: CloudOptions { token_file: Some("-".to_owned()), ..CloudOptions::default() },
        passphrase: input,
        ..options.clone()
    };
    let error = run(&both).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("standard input"), "{error}");
    let nothing = ProvisionOptions { key_file: None, ..options };
    assert_eq!(run(&nothing).unwrap_err().code(), Code::InvalidArgument);
}
