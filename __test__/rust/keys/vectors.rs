//! Tests all 120 vectors: they are read in both forms, written back byte for byte, and `rsa` agrees.

use duo_provision::keys::{DEVICE_FORM_LEN, Form, PrivateKey, PublicKey};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};

use super::support::VECTORS;

#[test]
fn there_are_120_of_which_3_are_canonical_and_20_misread() {
    assert_eq!(VECTORS.len(), 120);
    assert_eq!(VECTORS.iter().filter(|vector| vector.canonical).count(), 3);
    assert_eq!(VECTORS.iter().filter(|vector| vector.minimal_misread).count(), 20);
}

#[test]
fn both_forms_are_read_as_the_same_key() {
    for vector in VECTORS.iter() {
        let device = PrivateKey::read(&vector.device).expect("the device's form");
        let minimal = PrivateKey::read(&vector.minimal).expect("canonical DER");
        assert_eq!((device.form, device.behind), (Form::Device, 0));
        let form = if vector.canonical { Form::Device } else { Form::Pkcs1 };
        assert_eq!((minimal.form, minimal.behind), (form, 0));
        assert_eq!(device.key, minimal.key);
    }
}

#[test]
fn both_forms_are_written_byte_for_byte() {
    for vector in VECTORS.iter() {
        let key = &vector.key;
        assert_eq!(key.to_device_form().as_slice(), vector.device);
        assert_eq!(key.to_device_form().len(), DEVICE_FORM_LEN);
        assert_eq!(*key.to_pkcs1_der().expect("encodable"), vector.minimal);
    }
}

#[test]
fn public_keys_and_fingerprints_match() {
    for vector in VECTORS.iter() {
        let public = vector.key.public_key();
        assert_eq!(public.spki_der().as_slice(), vector.spki);
        assert_eq!(public.fingerprint().to_string(), vector.fingerprint);
        assert_eq!(public.fingerprint().short(), vector.fingerprint[..8]);
        assert_eq!(vector.fingerprint.to_uppercase().parse(), Ok(public.fingerprint()));
        assert_eq!(PublicKey::read(&vector.spki), Ok(public));
    }
}

#[test]
fn rsa_reads_what_we_write_and_writes_the_same() {
    for vector in VECTORS.iter().step_by(8) {
        let key = &vector.key;
        let pkcs1 = key.to_pkcs1_der().expect("encodable");
        let pkcs8 = key.to_pkcs8_der().expect("encodable");
        let pem = key.to_pkcs8_pem().expect("encodable");
        let theirs = rsa::PrivateKey::from_pkcs1_der(&pkcs1).expect("rsa reads our PKCS#1");
        assert_eq!(rsa::PrivateKey::from_pkcs8_der(&pkcs8).as_ref(), Ok(&theirs));
        assert_eq!(rsa::PrivateKey::from_pkcs8_pem(&pem).as_ref(), Ok(&theirs));
        assert_eq!(theirs.to_pkcs1_der().expect("encodable").as_bytes(), pkcs1.as_slice());
        assert_eq!(theirs.to_pkcs8_der().expect("encodable").as_bytes(), pkcs8.as_slice());

        let public = key.public_key();
        let their_public = rsa::PublicKey::from_public_key_der(&public.spki_der()).expect("rsa reads ours");
        assert_eq!(their_public, theirs.to_public_key());
        let ending = rsa::pkcs8::LineEnding::LF;
        assert_eq!(their_public.to_public_key_pem(ending).expect("encodable"), public.to_pem());
        assert_eq!(their_public.to_public_key_der().expect("encodable").as_bytes(), public.spki_der());
    }
}
