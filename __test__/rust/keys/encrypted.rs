//! Keys behind a passphrase: what OpenSSL wrote is opened, what is written is opened again, and nothing that a
//! file asks for is done without a limit.

use duo_provision::keys::{KeyError, KeyFile, PrivateKey, decrypt_key_file};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};

use super::support::{Seeded, VECTORS, key_file};

const PASSPHRASE: &[u8] = "duo vier fünf".as_bytes();

fn plain() -> PrivateKey {
    PrivateKey::read(&key_file("rsa1024-pkcs8.pem")).unwrap().key
}

#[test]
fn what_openssl_encrypted_is_opened() {
    for name in ["encrypted-pbkdf2.pem", "encrypted-scrypt.pem", "encrypted-sha512.der"] {
        let file = key_file(name);
        assert_eq!(KeyFile::read(&file).map(|_| ()), Err(KeyError::Encrypted), "{name}");
        let opened = decrypt_key_file(&file, PASSPHRASE).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(PrivateKey::read(&opened).unwrap().key, plain(), "{name}");
        assert_eq!(decrypt_key_file(&file, b"duo vier"), Err(KeyError::WrongPassphrase), "{name}");
    }
}

#[test]
fn what_is_written_is_opened_again_and_is_different_every_time() {
    let mut random = Seeded::new(3);
    let key = &VECTORS[1].key;
    let [one, two] = [(); 2].map(|()| key.to_encrypted_pem(PASSPHRASE, &mut random).unwrap());
    assert_ne!(one, two);
    for pem in [one, two] {
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let opened = decrypt_key_file(pem.as_bytes(), PASSPHRASE).unwrap();
        assert_eq!(PrivateKey::read(&opened).unwrap().key, *key);
        assert_eq!(decrypt_key_file(pem.as_bytes(), b""), Err(KeyError::WrongPassphrase));
    }
}

#[test]
fn old_ways_of_encrypting_and_plain_keys_are_named() {
    for name in ["encrypted-pkcs1.pem", "encrypted-pbes1.pem"] {
        assert_eq!(decrypt_key_file(&key_file(name), PASSPHRASE), Err(KeyError::EncryptionScheme), "{name}");
    }
    for name in ["rsa1024-pkcs8.pem", "rsa1024-pkcs8.der", "rsa1024-spki.pem"] {
        assert_eq!(decrypt_key_file(&key_file(name), PASSPHRASE), Err(KeyError::NotEncrypted), "{name}");
    }
}

/// A file that is well-formed, with the work it asks for changed.
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
        assert_eq!(decrypt_key_file(&file, PASSPHRASE), Err(KeyError::TooMuchWork));
    }
}

#[test]
fn a_damaged_file_is_no_key_and_no_panic() {
    let file = key_file("encrypted-sha512.der");
    for length in 0..file.len() {
        assert!(decrypt_key_file(&file[..length], PASSPHRASE).is_err());
    }
    for at in (0..file.len()).step_by(7) {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        // A flipped bit in the first block of AES-CBC's plaintext may leave the padding whole.
        if let Ok(opened) = decrypt_key_file(&damaged, PASSPHRASE) {
            assert!(PrivateKey::read(&opened).map_or(true, |read| read.key == plain()));
        }
    }
}
