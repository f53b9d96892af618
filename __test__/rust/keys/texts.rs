//! Tests keys in texts as programs keep them: UTF-16, marks, escaped line ends; and texts that only look like a key.

use duo_provision::keys::{
    Form, KeyError, KeyFile, PrivateKey, PublicKey, SLOT_LEN, ServerKey, Slot, to_utf8,
};
use proptest::prelude::*;

use super::support::{VECTORS, fixture, in_slot, key_file};

fn case(name: &str) -> Vec<u8> {
    fixture(&format!("cases/{name}"))
}

/// The text in UTF-16: little-endian or not, with or without a mark.
fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some('\u{feff}');
    let text: String = mark.into_iter().chain(text.chars()).collect();
    text.encode_utf16()
        .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
        .collect()
}

fn forms(text: &str) -> [Vec<u8>; 4] {
    [(true, true), (true, false), (false, true), (false, false)]
        .map(|(little, mark)| utf16(text, little, mark))
}

#[test]
fn one_key_is_read_in_every_text_that_people_have_of_it() {
    let plain = PrivateKey::read(&case("30001a000347343432313031.der")).expect("sound");
    for name in ["key.utf16le.pem", "key.escaped.pem"] {
        let read = PrivateKey::read(&case(name)).expect(name);
        assert_eq!((&read.key, read.form, read.behind), (&plain.key, Form::Pkcs1Pem, 0), "{name}");
    }
    assert_eq!(PublicKey::read(&case("key.pub.utf16le.pem")), Ok(plain.key.public_key()));
}

#[test]
fn every_pem_is_read_in_utf_16_of_either_order_with_and_without_a_mark() {
    for name in
        ["rsa1024-pkcs1.pem", "rsa1024-pkcs8.pem", "rsa1024-spki.pem", "encrypted-pkcs8.pem", "ec-spki.pem"]
    {
        let text = String::from_utf8(key_file(name)).expect("ASCII");
        let plain = KeyFile::read(text.as_bytes());
        for bytes in forms(&text.replace('\n', "\r\n")) {
            assert_eq!(KeyFile::read(&bytes), plain, "{name}");
        }
    }
    let server = String::from_utf8(key_file("rsa2048-spki.pem")).expect("ASCII");
    for bytes in forms(&server) {
        assert_eq!(ServerKey::read(&bytes), ServerKey::read(server.as_bytes()));
    }
}

#[test]
fn escaped_line_ends_are_line_ends() {
    let text = String::from_utf8(key_file("rsa1024-pkcs8.pem")).expect("ASCII");
    let plain = PrivateKey::read(text.as_bytes()).expect("sound");
    let escaped = text.replace('\n', "\\n");
    for told in [
        escaped.clone(),
        format!("DEVICE_KEY=\"{escaped}\"\n"),
        format!("DEVICE_KEY='{}'\nOTHER=1", text.replace('\n', "\\r\\n")),
        format!("{{\"key\": \"{}\"}}", escaped.replace('/', "\\/")),
        text.replace('\n', "\\\\n"),
        text.replace('\n', " \\\n"),
        text.replace('\n', " "),
        text.replace('\n', ""),
    ] {
        let read = PrivateKey::read(told.as_bytes()).expect(&told);
        assert_eq!((&read.key, read.form), (&plain.key, Form::Pkcs8Pem));
    }
    assert_eq!(PrivateKey::read(format!("A=\"{escaped}\"\n").as_bytes()).expect("sound").behind, 0);
    let broken = text.replace('\n', "\\q");
    assert!(matches!(PrivateKey::read(broken.as_bytes()), Err(KeyError::BadPem(_))));
}

#[test]
fn a_number_that_is_another_key_misread_is_named_as_that() {
    let pem = |der: &[u8]| der::pem::encode_string("PUBLIC KEY", der::pem::LineEnding::LF, der).unwrap();
    let ec = case("ec-as-rsa.pub.der");
    let pkcs8 = case("pkcs8-as-rsa.pub.pem");
    let pkcs8_der = der::pem::decode_vec(&pkcs8).unwrap().1;
    for (bytes, error) in [
        (pem(&ec).into_bytes(), KeyError::MisreadEc),
        (ec, KeyError::MisreadEc),
        (pkcs8, KeyError::MisreadPkcs8),
        (pkcs8_der, KeyError::MisreadPkcs8),
    ] {
        assert_eq!(PublicKey::read(&bytes), Err(error.clone()));
        assert_eq!(KeyFile::read(&bytes), Err(error));
    }
}

/// The modulus that a firmware loads from a PKCS#8 key in its slot is recognised as such.
#[test]
fn whatever_pkcs8_key_a_firmware_misreads_is_told() {
    for vector in VECTORS.iter().step_by(10) {
        let slot = in_slot(&vector.key.to_pkcs8_der().expect("encodable"), 0xFF);
        let loaded = duo_provision::keys::firmware::load(&slot).expect("it loads something");
        let mut spki = vector.spki.clone();
        spki[29..157].copy_from_slice(&loaded[0]);
        assert_eq!(PublicKey::read(&spki), Err(KeyError::MisreadPkcs8));
    }
}

#[test]
fn blank_is_said_of_nothing_but_0xff_throughout() {
    let read = |bytes: &[u8]| PrivateKey::read(bytes).expect_err("no key");
    assert_eq!(read(&[0xFF; 7]), KeyError::Blank);
    assert_eq!(read(&in_slot(&[0xFF; 4], 0)), KeyError::ResetImage);
    assert_eq!(read(&[&[0xFF; 4][..], &[0; 1300]].concat()), KeyError::ResetImage);
    assert_eq!(read(&in_slot(&[0xFF; 4], 1)), KeyError::BeginsErased);
    assert_eq!(read(&in_slot(&[0xFF], 0x30)), KeyError::BeginsErased);
    assert_eq!(read(b" {\"deviceID\": 1}"), KeyError::Json);

    assert_eq!(Slot::classify(&in_slot(&[0xFF; 4], 1)), Slot::Blank);
    let begun = Slot::classify(&in_slot(&[0xFF, 0xFE, 0x2D, 0x00], 0x30));
    assert_eq!(begun, Slot::Garbage(KeyError::BeginsErased));
    assert!(!begun.to_string().contains("blank"), "{begun}");
}

proptest! {
    /// No key in DER is taken for a text, whatever bytes follow it.
    #[test]
    fn der_is_no_utf_16(nth in 0..VECTORS.len(), behind in prop::collection::vec(any::<u8>(), 0..64)) {
        let bytes = [VECTORS[nth].device.clone(), behind].concat();
        prop_assert!(to_utf8(&bytes).is_none());
    }

    /// Any text can be read back, and no bytes make it fail.
    #[test]
    fn texts_come_back(text in "[ -~\r\n]{8,200}", little: bool, mark: bool, noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let read = to_utf8(&utf16(&text, little, mark)).expect("UTF-16");
        prop_assert_eq!(read.as_slice(), text.as_bytes());
        let _ = to_utf8(&noise);
        let _ = to_utf8(&[&[0xFF, 0xFE][..], &noise].concat());
        let _ = KeyFile::read(&noise);
    }

    /// A mark before any bytes gives at most three bytes for two.
    #[test]
    fn a_text_grows_within_bounds(noise in prop::collection::vec(any::<u8>(), 0..SLOT_LEN)) {
        let marked = [&[0xFE, 0xFF][..], &noise].concat();
        if let Some(text) = to_utf8(&marked) {
            prop_assert!(text.len() <= noise.len() / 2 * 3);
        }
    }
}
