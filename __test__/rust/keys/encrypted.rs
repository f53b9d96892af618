//! Tests keys that are encrypted with a passphrase: we open what OpenSSL wrote, OpenSSL and we open what we wrote, and
//! the work that a file asks for is limited.

use std::io::Write;
use std::process::{Command, Stdio};

use duo_provision::keys::{
    EncryptedKey, Form, KeyError, KeyFile, MAX_PASSPHRASE, Passphrase, PassphraseError, PrivateKey, Work,
};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use proptest::prelude::*;

use super::support::{Seeded, VECTORS, key_file};

const PASSPHRASE: &str = "duo vier fünf";

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE).unwrap()
}

fn wrong() -> Passphrase {
    Passphrase::new("duo vier").unwrap()
}

fn open(encrypted: &EncryptedKey, passphrase: &Passphrase) -> Result<PrivateKey, KeyError> {
    encrypted.open(passphrase).map(|read| {
        assert_eq!((read.form, read.behind), (Form::Encrypted, 0));
        read.key
    })
}

fn plain() -> PrivateKey {
    PrivateKey::read(&key_file("rsa1024-pkcs8.pem")).unwrap().key
}

#[test]
fn what_openssl_encrypted_is_opened() {
    for (name, words) in [
        ("encrypted-pbkdf2.pem", "PBES2: PBKDF2 with 2048 rounds, AES-256-CBC"),
        ("encrypted-scrypt.pem", "PBES2: scrypt with 16384 KiB, AES-256-CBC"),
        ("encrypted-sha512.der", "PBES2: PBKDF2 with 2048 rounds, AES-128-CBC"),
    ] {
        let file = key_file(name);
        assert_eq!(KeyFile::read(&file).map(|_| ()), Err(KeyError::Encrypted), "{name}");
        let encrypted = EncryptedKey::read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(encrypted.to_string(), words, "{name}");
        assert_eq!(open(&encrypted, &passphrase()), Ok(plain()), "{name}");
        assert_eq!(open(&encrypted, &wrong()), Err(KeyError::WrongPassphrase), "{name}");
    }
}

#[test]
fn what_is_written_is_opened_again_and_is_different_every_time() {
    let mut random = Seeded::new(3);
    let key = &VECTORS[1].key;
    let [one, two] = [(); 2].map(|()| key.to_encrypted_pem(&passphrase(), &mut random).unwrap());
    assert_ne!(one, two);
    for pem in [one, two] {
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let encrypted = EncryptedKey::read(pem.as_bytes()).unwrap();
        assert_eq!(encrypted.work(), Work::Pbkdf2(600_000));
        assert_eq!(open(&encrypted, &passphrase()).as_ref(), Ok(key));
        assert_eq!(open(&encrypted, &wrong()), Err(KeyError::WrongPassphrase));
    }
}

proptest! {
    // Each case is two times 600,000 rounds.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_passphrase_opens_what_it_encrypted(text in "\\PC{1,40}", nth in 0..120_usize, seed: u64) {
        let key = &VECTORS[nth].key;
        let passphrase = Passphrase::new(&text);
        prop_assume!(passphrase != Err(PassphraseError::Character));
        let passphrase = passphrase.unwrap();
        let pem = key.to_encrypted_pem(&passphrase, &mut Seeded::new(seed)).unwrap();
        let opened = open(&EncryptedKey::read(pem.as_bytes()).unwrap(), &passphrase);
        prop_assert_eq!(opened.as_ref(), Ok(key));
    }
}

/// The output of OpenSSL's command line for `input`, with a passphrase in its environment; `None` if this machine has
/// no `openssl`.
fn openssl(arguments: &[&str], passphrase: &str, input: &[u8]) -> Option<Vec<u8>> {
    let spawned = Command::new("openssl")
        .args(arguments)
        .env("KEY_PASSPHRASE", passphrase)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        eprintln!("openssl is not on this machine: it is no witness");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    Some(output.stdout)
}

#[test]
fn openssl_opens_what_is_written() {
    let longest = "ü".repeat(MAX_PASSPHRASE / 2 - 1);
    for (nth, text) in [(0, PASSPHRASE), (7, " spaces at both ends "), (60, longest.as_str())] {
        let key = &VECTORS[nth].key;
        let passphrase = Passphrase::new(text).unwrap();
        let pem = key.to_encrypted_pem(&passphrase, &mut Seeded::new(9)).unwrap();
        let arguments = ["pkey", "-passin", "env:KEY_PASSPHRASE", "-outform", "DER"];
        let Some(opened) = openssl(&arguments, text, pem.as_bytes()) else { return };
        assert_eq!(PrivateKey::read(&opened).unwrap().key, *key, "{text:?}");
    }
}

#[test]
fn what_openssl_writes_now_is_opened() {
    let key = &VECTORS[3].key;
    let pem = key.to_pkcs8_pem().unwrap();
    for way in [
        &["-v2", "aes-256-cbc", "-iter", "5000"][..],
        &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"],
        &["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA1"],
        &["-scrypt", "-scrypt_N", "1024"],
    ] {
        let arguments = [&["pkcs8", "-topk8", "-passout", "env:KEY_PASSPHRASE"], way].concat();
        let Some(encrypted) = openssl(&arguments, PASSPHRASE, pem.as_bytes()) else { return };
        let encrypted = EncryptedKey::read(&encrypted).unwrap_or_else(|error| panic!("{way:?}: {error}"));
        assert_eq!(open(&encrypted, &passphrase()).as_ref(), Ok(key), "{way:?}");
    }
}

#[test]
fn old_ways_of_encrypting_and_plain_keys_are_named() {
    let read = |name: &str| EncryptedKey::read(&key_file(name)).map(|_| ());
    for name in ["encrypted-pkcs1.pem", "encrypted-pbes1.pem"] {
        assert_eq!(read(name), Err(KeyError::EncryptionScheme), "{name}");
    }
    for name in ["rsa1024-pkcs8.pem", "rsa1024-pkcs8.der", "rsa1024-spki.pem"] {
        assert_eq!(read(name), Err(KeyError::NotEncrypted), "{name}");
    }
}

#[test]
fn what_is_no_key_of_a_duo_is_named_behind_its_passphrase_too() {
    let larger = key_file("rsa2048-pkcs8.pem");
    let arguments = ["pkcs8", "-topk8", "-passout", "env:KEY_PASSPHRASE"];
    let Some(encrypted) = openssl(&arguments, PASSPHRASE, &larger) else { return };
    let encrypted = EncryptedKey::read(&encrypted).unwrap();
    assert_eq!(open(&encrypted, &passphrase()), Err(KeyError::WrongSize(2048)));
}

/// A well-formed file that asks for a changed amount of work.
fn asking_for(change: impl FnOnce(&mut Parameters), file: &str) -> Vec<u8> {
    let pem = key_file(file);
    let (_, der) = pkcs8::der::pem::decode_vec(&pem).unwrap();
    let info = EncryptedPrivateKeyInfoRef::try_from(der.as_slice()).unwrap();
    let EncryptionScheme::Pbes2(mut parameters) = info.encryption_algorithm.clone() else { panic!() };
    change(&mut parameters);
    let data = OctetStringRef::new(info.encrypted_data.as_bytes()).unwrap();
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: EncryptionScheme::Pbes2(parameters),
        encrypted_data: data,
    };
    info.to_der().unwrap()
}

#[test]
fn absurd_work_is_refused_before_it_is_begun() {
    let rounds = asking_for(
        |parameters| match &mut parameters.kdf {
            Kdf::Pbkdf2(kdf) => kdf.iteration_count = 90_000_000,
            _ => panic!(),
        },
        "encrypted-pbkdf2.pem",
    );
    let memory = asking_for(
        |parameters| match &mut parameters.kdf {
            Kdf::Scrypt(kdf) => kdf.cost_parameter = 1 << 40,
            _ => panic!(),
        },
        "encrypted-scrypt.pem",
    );
    let passes = asking_for(
        |parameters| match &mut parameters.kdf {
            Kdf::Scrypt(kdf) => kdf.parallelization = 1000,
            _ => panic!(),
        },
        "encrypted-scrypt.pem",
    );
    for file in [rounds, memory, passes] {
        assert_eq!(EncryptedKey::read(&file).map(|_| ()), Err(KeyError::TooMuchWork));
    }
}

#[test]
fn a_damaged_file_is_no_key_and_no_panic() {
    let file = key_file("encrypted-sha512.der");
    for length in 0..file.len() {
        assert!(EncryptedKey::read(&file[..length]).is_err());
    }
    for at in (0..file.len()).step_by(7) {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        let Ok(encrypted) = EncryptedKey::read(&damaged) else { continue };
        // A flipped bit in the first block of AES-CBC's plaintext may leave the padding valid.
        if let Ok(opened) = open(&encrypted, &passphrase()) {
            assert_eq!(opened, plain());
        }
    }
}
