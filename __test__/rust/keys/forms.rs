//! Tests that every form in use is read, and that an error names anything that is not a Duo's key.

use duo_provision::keys::{
    Fingerprint, Form, GENERIC_PUBLIC_KEY_PEM, KeyError, KeyFile, MAX_KEY_FILE, PrivateKey, PublicKey,
};

use super::support::{VECTORS, element, hex, in_slot, key_file, magnitudes, pkcs1};

/// The forms of one key that OpenSSL 3 writes.
const ONE_KEY: [(&str, Form); 4] = [
    ("rsa1024-pkcs1.der", Form::Pkcs1),
    ("rsa1024-pkcs1.pem", Form::Pkcs1Pem),
    ("rsa1024-pkcs8.der", Form::Pkcs8),
    ("rsa1024-pkcs8.pem", Form::Pkcs8Pem),
];

fn the_one_key() -> PrivateKey {
    PrivateKey::read(&key_file("rsa1024-pkcs1.der")).expect("sound").key
}

fn private_error(bytes: &[u8]) -> KeyError {
    PrivateKey::read(bytes).expect_err("not a private key")
}

#[test]
fn openssls_forms_are_one_and_the_same_key() {
    for (name, form) in ONE_KEY {
        let read = PrivateKey::read(&key_file(name)).expect(name);
        assert_eq!((read.form, read.behind), (form, 0), "{name}");
        assert_eq!(read.key, the_one_key(), "{name}");
        assert_eq!(KeyFile::read(&key_file(name)), Ok(KeyFile::Private(read)), "{name}");
    }
}

#[test]
fn our_pkcs8_is_openssls_byte_for_byte() {
    let key = the_one_key();
    assert_eq!(*key.to_pkcs8_der().expect("encodable"), key_file("rsa1024-pkcs8.der"));
    assert_eq!(key.to_pkcs8_pem().expect("encodable").as_bytes(), key_file("rsa1024-pkcs8.pem"));
    assert_eq!(key.public_key().to_pem().as_bytes(), key_file("rsa1024-spki.pem"));
}

#[test]
fn public_keys_are_read_in_every_form() {
    let public = the_one_key().public_key();
    for name in ["rsa1024-spki.pem", "rsa1024-public-pkcs1.pem"] {
        assert_eq!(PublicKey::read(&key_file(name)).as_ref(), Ok(&public), "{name}");
        assert_eq!(KeyFile::read(&key_file(name)), Ok(KeyFile::Public(public.clone())), "{name}");
    }
    let mut slot = [0; 384];
    slot[..PublicKey::SPKI_LEN].copy_from_slice(&public.spki_der());
    assert_eq!(PublicKey::read(&slot).as_ref(), Ok(&public));
}

#[test]
fn the_generic_key_is_the_old_scripts() {
    assert_eq!(PublicKey::generic().to_pem(), GENERIC_PUBLIC_KEY_PEM);
    // The output of `openssl pkey -pubin -outform DER | sha256sum`.
    let expected = "ab5db8e8046fa8e08b35c28c5aec7d5a77ce31df6d90396e5c925a10ef476f29";
    assert_eq!(PublicKey::generic().fingerprint().to_string(), expected);
}

#[test]
fn what_is_no_key_of_a_duo_is_told_by_name() {
    let expected = [
        ("rsa2048-pkcs8.pem", KeyError::WrongSize(2048)),
        ("rsa2048-pkcs1.der", KeyError::WrongSize(2048)),
        ("rsa1024-e3.pem", KeyError::WrongExponent),
        ("rsa1024-three-primes.pem", KeyError::MultiPrime),
        ("rsa-pss-pkcs8.pem", KeyError::OtherAlgorithm),
        ("ed25519-pkcs8.pem", KeyError::OtherAlgorithm),
        ("ec-with-parameters.pem", KeyError::Ec),
        ("ec-sec1.der", KeyError::Ec),
        ("ec-pkcs8.der", KeyError::Ec),
        ("encrypted-pkcs1.pem", KeyError::Encrypted),
        ("encrypted-pkcs8.pem", KeyError::Encrypted),
        ("encrypted-pkcs8.der", KeyError::Encrypted),
        ("openssh.pem", KeyError::OpenSsh),
        ("certificate.pem", KeyError::Certificate),
        ("certificate.der", KeyError::Certificate),
        ("rsa1024-spki.pem", KeyError::PublicKey),
        ("rsa1024-public-pkcs1.pem", KeyError::PublicKey),
    ];
    for (name, error) in expected {
        assert_eq!(private_error(&key_file(name)), error, "{name}");
    }
}

#[test]
fn public_keys_that_a_duo_cannot_have_are_told_by_name() {
    let read = |name: &str| PublicKey::read(&key_file(name)).expect_err(name);
    assert_eq!(read("rsa2048-spki.pem"), KeyError::WrongSize(2048));
    assert_eq!(read("ec-spki.pem"), KeyError::Ec);
    assert_eq!(read("certificate.der"), KeyError::Certificate);
    for (name, _) in ONE_KEY {
        assert_eq!(read(name), KeyError::PrivateKey, "a private key is never taken for a public one");
    }
}

#[test]
fn nothing_zeros_erased_flash_and_far_too_much() {
    assert_eq!(private_error(&[]), KeyError::Empty);
    assert_eq!(private_error(&[0; 1216]), KeyError::Zeros);
    assert_eq!(private_error(&[0xFF; 1216]), KeyError::Blank);
    assert_eq!(private_error(&in_slot(&[0xFF; 4], 0)), KeyError::ResetImage);
    let mut dump = vec![0; 16_350];
    dump[2048] = 0x30;
    assert_eq!(private_error(&dump), KeyError::Zeros, "other fields do not hide an empty slot");
    let len = MAX_KEY_FILE + 1;
    assert_eq!(private_error(&vec![0x30; len]), KeyError::TooLarge(len));
    assert_eq!(private_error(b"<html>502 Bad Gateway</html>"), KeyError::NotAKey);
}

#[test]
fn what_stands_behind_a_key_is_counted_and_left_alone() {
    for vector in VECTORS.iter().step_by(20) {
        for len in [612, 1216, 16_350] {
            let mut dump = vec![0xA5; len];
            dump[..vector.device.len()].copy_from_slice(&vector.device);
            let read = PrivateKey::read(&dump).expect("the key at the start");
            assert_eq!((read.form, read.behind), (Form::Device, len - 611));
            assert_eq!(read.key, vector.key);
        }
    }
}

#[test]
fn needless_zeros_are_tolerated_and_named() {
    let numbers = magnitudes(&VECTORS[0].key);
    let read = PrivateKey::read(&pkcs1(&numbers)).expect("readable");
    assert_eq!((read.form, &read.key), (Form::Pkcs1Loose, &VECTORS[0].key));
}

/// A PKCS#8 frame that says `rsaEncryption` around these contents.
fn pkcs8_around(contents: &[u8]) -> Vec<u8> {
    let algorithm = [0x30, 13, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 13, 1, 1, 1, 5, 0];
    element(0x30, &[&[2, 1, 0], algorithm.as_slice(), &element(0x04, contents)].concat())
}

#[test]
fn pkcs8_may_hold_the_devices_own_encoding() {
    let read = PrivateKey::read(&pkcs8_around(&VECTORS[0].device)).expect("readable");
    assert_eq!((read.form, &read.key), (Form::Pkcs8, &VECTORS[0].key));
}

#[test]
fn pkcs8_holds_one_whole_private_key_and_nothing_else() {
    let device = &VECTORS[0].device;
    let public = VECTORS[0].key.public_key().spki_der();
    for contents in [&device[..400], &[device.as_slice(), &[0]].concat(), &public] {
        let error = private_error(&pkcs8_around(contents));
        assert!(matches!(error, KeyError::Malformed(_)), "{error:?}");
    }
}

#[test]
fn every_beginning_of_a_key_is_cut_short() {
    for (name, _) in ONE_KEY {
        let whole = key_file(name);
        let der = !name.ends_with("pem");
        // PEM without its last line feed is complete; without its label it is any other text.
        let (from, to) = if der { (1, whole.len()) } else { (40, whole.len() - 1) };
        for len in from..to {
            assert_eq!(private_error(&whole[..len]), KeyError::Truncated, "{name}, {len} bytes");
        }
    }
}

fn pem() -> String {
    String::from_utf8(key_file("rsa1024-pkcs8.pem")).expect("ASCII")
}

#[test]
fn pem_is_read_as_people_have_it() {
    let base64: String = pem().lines().filter(|line| !line.starts_with('-')).collect();
    let variants = [
        pem().replace('\n', "\r\n"),
        pem().replace('\n', " \t\n"),
        pem().trim_end().to_owned(),
        format!("\u{feff}{}", pem()),
        format!("Bag Attributes\n    friendlyName: duo\n{}", pem()),
        format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n"),
        format!("-----BEGIN PRIVATE KEY-----{base64}-----END PRIVATE KEY-----"),
    ];
    for text in variants {
        let read = PrivateKey::read(text.as_bytes()).expect(&text[..30]);
        assert_eq!((read.form, read.behind, read.key), (Form::Pkcs8Pem, 0, the_one_key()));
    }
    let behind = PrivateKey::read(format!("{}\nrest\n", pem()).as_bytes()).expect("the first block").behind;
    assert_eq!(behind, 4);
}

#[test]
fn a_label_that_promises_another_kind_of_key_is_believed() {
    for (label, expected) in [
        ("ENCRYPTED PRIVATE KEY", KeyError::Encrypted),
        ("EC PRIVATE KEY", KeyError::Ec),
        ("EC PARAMETERS", KeyError::Ec),
        ("DSA PRIVATE KEY", KeyError::OtherAlgorithm),
        ("DSA PARAMETERS", KeyError::OtherAlgorithm),
        ("OPENSSH PRIVATE KEY", KeyError::OpenSsh),
        ("CERTIFICATE", KeyError::Certificate),
        ("NEW CERTIFICATE REQUEST", KeyError::Certificate),
        ("PGP PRIVATE KEY BLOCK", KeyError::OtherPem),
    ] {
        let text = pem().replace("PRIVATE KEY", label);
        assert_eq!(private_error(text.as_bytes()), expected, "{label}");
    }
}

#[test]
fn damaged_pem_is_refused() {
    let damaged = [
        pem().replace("END PRIVATE", "END PUBLIC"),
        pem().replacen("MII", "M*I", 1),
        pem().replacen("MII", "MI", 1),
        "-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n".to_owned(),
        "-----BEGIN PRIVATE KEY\n".to_owned(),
    ];
    for text in damaged {
        assert!(matches!(private_error(text.as_bytes()), KeyError::BadPem(_)), "{text}");
    }
    let other = pem().replace("PRIVATE KEY", "NICE TRY\u{1b}[31m");
    assert_eq!(private_error(other.as_bytes()), KeyError::OtherPem);
}

#[test]
fn pkcs8_around_a_key_of_three_primes_is_told_as_such() {
    let contents = element(0x30, &[&[0x02, 0x01, 0x01][..], &element(0x02, &[1; 300])].concat());
    assert_eq!(private_error(&pkcs8_around(&contents)), KeyError::MultiPrime);
}

#[test]
fn a_file_is_read_up_to_the_limit_and_not_beyond() {
    let mut dump = VECTORS[0].device.clone();
    dump.resize(MAX_KEY_FILE, 0);
    assert_eq!(PrivateKey::read(&dump).expect("readable").behind, MAX_KEY_FILE - 611);
    dump.push(0);
    assert_eq!(private_error(&dump), KeyError::TooLarge(MAX_KEY_FILE + 1));
}

#[test]
fn every_form_has_its_name() {
    for (form, name) in [
        (Form::Device, "PKCS#1 DER as the device writes it"),
        (Form::Pkcs1, "PKCS#1 DER"),
        (Form::Pkcs1Loose, "PKCS#1 DER with needless zeros"),
        (Form::Pkcs8, "PKCS#8 DER"),
        (Form::Pkcs1Pem, "PKCS#1 PEM"),
        (Form::Pkcs8Pem, "PKCS#8 PEM"),
    ] {
        assert_eq!(form.to_string(), name);
    }
}

#[test]
fn a_fingerprint_is_its_digits_in_json() {
    let fingerprint = PublicKey::generic().fingerprint();
    let json = serde_json::to_string(&fingerprint).expect("writable");
    assert_eq!(json, format!("\"{fingerprint}\""));
    assert_eq!(serde_json::from_str::<Fingerprint>(&json).expect("readable"), fingerprint);
}

#[test]
fn fingerprints_are_64_hex_digits() {
    let fingerprint = PublicKey::generic().fingerprint();
    let text = fingerprint.to_string();
    assert_eq!(text.parse(), Ok(fingerprint));
    for wrong in [&text[1..], &text.replace(&text[..1], "g"), "", &"é".repeat(32)] {
        assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
    }
}

#[test]
fn nothing_stands_behind_the_last_number() {
    let mut numbers = magnitudes(&VECTORS[0].key);
    numbers.push(vec![5]);
    assert!(matches!(private_error(&pkcs1(&numbers)), KeyError::Malformed(_)));
}

#[test]
fn a_public_key_gives_its_modulus_and_a_fingerprint_its_bytes() {
    let vector = &VECTORS[0];
    let key = vector.key.public_key();
    assert_eq!(key.modulus()[..], vector.spki[29..157]);
    assert_eq!(hex(key.fingerprint().as_bytes()), vector.fingerprint);
}
