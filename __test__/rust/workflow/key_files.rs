//! Tests `key new` and `key public`: key files without a Duo.

use std::fs;

use duo_provision::error::Code;
use duo_provision::keys::{PrivateKey, PublicKey, Slot};
use duo_provision::simulator::Generation;
use duo_provision::workflow::{NewKeyOptions, PassphraseOptions, PublicKeyOptions, new_key, public_key};

use crate::workflow::bench::{Asker, Bench, OLD, key, names};
use crate::workflow::encrypting::{PASSPHRASE, given, opened};

#[test]
fn a_new_key_is_what_a_backup_of_it_would_be() {
    let bench = Bench::new(Generation::R6);
    let file = bench.folder.path().join("new.der");
    let options = NewKeyOptions { file: Some(file.clone()), ..NewKeyOptions::default() };
    let done = bench.run(&Asker::new(), |context| new_key(context, &options)).unwrap();
    assert_eq!(names(bench.folder.path()), ["new.der", "new.pub.pem"], "no manifest: it is no device's");
    let slot: [u8; 1216] = fs::read(&file).unwrap().try_into().unwrap();
    let Slot::Key(read) = Slot::classify(&slot) else { panic!("the firmware does not read it") };
    let public = PublicKey::read(&fs::read(done.public_key_path.unwrap()).unwrap()).unwrap();
    assert_eq!((read.key.public_key(), read.behind), (public.clone(), 605));
    assert_eq!((done.public_key, done.fingerprint), (public.to_pem(), public.fingerprint()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // It is written as it is, and found in the slot byte for byte.
    bench.restore(&crate::workflow::bench::restore_of(&file)).unwrap();
    assert!(bench.slot() == slot);
}

#[test]
fn no_two_new_keys_are_the_same_and_none_overwrites_another() {
    let bench = Bench::new(Generation::R6);
    let make = |name: &str| {
        let file = Some(bench.folder.path().join(name));
        let options = NewKeyOptions { file, ..NewKeyOptions::default() };
        bench.run(&Asker::new(), |context| new_key(context, &options))
    };
    assert_ne!(make("a.der").unwrap().fingerprint, make("b.der").unwrap().fingerprint);
    let before = fs::read(bench.folder.path().join("a.der")).unwrap();
    assert_eq!(make("a.der").unwrap_err().code(), Code::FileExists);
    assert_eq!(make("a.pem").unwrap_err().code(), Code::FileExists, "its public key would be a.pub.pem, too");
    assert_eq!(fs::read(bench.folder.path().join("a.der")).unwrap(), before);
    assert_eq!(make("none/a.der").unwrap_err().code(), Code::FileNotFound);
}

#[test]
fn a_new_key_behind_a_passphrase_opens_with_it() {
    let bench = Bench::new(Generation::R6);
    let file = bench.folder.path().join("new.pem");
    let options = NewKeyOptions { file: Some(file.clone()), encrypt: true, passphrase: given(PASSPHRASE) };
    let done = bench.run(&Asker::new(), |context| new_key(context, &options)).unwrap();
    assert!(done.encrypted);
    assert_eq!(opened(&file).public_key().fingerprint(), done.fingerprint);
    assert_eq!(names(bench.folder.path()), ["new.pem", "new.pub.pem"]);
    let unused = NewKeyOptions { encrypt: false, file: Some(bench.folder.path().join("c.der")), ..options };
    let error = bench.run(&Asker::new(), |context| new_key(context, &unused)).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[test]
fn the_public_key_of_any_key_file_is_one_and_the_same() {
    let bench = Bench::new(Generation::R6);
    let sound = PrivateKey::read(key(OLD)).unwrap().key;
    let expected = sound.public_key().to_pem();
    for (name, bytes) in [
        ("slot.der", key(OLD).to_vec()),
        ("pkcs8.pem", sound.to_pkcs8_pem().unwrap().as_bytes().to_vec()),
        ("public.pem", expected.clone().into_bytes()),
        ("spki.der", sound.public_key().spki_der().to_vec()),
    ] {
        let file = bench.file(name, &bytes);
        let options = PublicKeyOptions { file, ..PublicKeyOptions::default() };
        let done = bench.run(&Asker::new(), |context| public_key(context, &options)).unwrap();
        assert_eq!((done.public_key, done.out), (expected.clone(), None), "{name}");
    }
    let out = bench.folder.path().join("out.pem");
    let options = PublicKeyOptions {
        file: bench.folder.path().join("slot.der"),
        out: Some(out.clone()),
        passphrase: PassphraseOptions::default(),
    };
    let done = bench.run(&Asker::new(), |context| public_key(context, &options)).unwrap();
    assert_eq!((done.out, fs::read_to_string(&out).unwrap()), (Some(out), expected));
    let again = bench.run(&Asker::new(), |context| public_key(context, &options)).unwrap_err();
    assert_eq!(again.code(), Code::FileExists);
}

#[test]
fn a_key_file_is_what_its_name_says() {
    let bench = Bench::new(Generation::R6);
    let at = |name: &str| bench.folder.path().join(name);
    let options = NewKeyOptions { file: Some(at("new.pem")), ..NewKeyOptions::default() };
    let done = bench.run(&Asker::new(), |context| new_key(context, &options)).unwrap();
    let text = fs::read(at("new.pem")).unwrap();
    assert!(text.starts_with(b"-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(PrivateKey::read(&text).unwrap().key.public_key().fingerprint(), done.fingerprint);
    assert_eq!(done.public_key_path, Some(at("new.pub.pem")));
    let options =
        PublicKeyOptions { file: at("new.pem"), out: Some(at("out.der")), ..PublicKeyOptions::default() };
    bench.run(&Asker::new(), |context| public_key(context, &options)).unwrap();
    let der = fs::read(at("out.der")).unwrap();
    assert!(der.len() == 162 && PublicKey::read(&der).unwrap().fingerprint() == done.fingerprint);
}
