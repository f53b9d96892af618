//! Tests that reading any bytes ends in a key or an error.

use duo_provision::keys::firmware::load;
use duo_provision::keys::{KeyFile, PrivateKey, PublicKey, SLOT_LEN, Slot};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::support::{VECTORS, element, key_file};

/// Every reader of outside bytes; also a good entry point for a fuzzer. Reading twice must give the same result, and a
/// key must survive being written and read again.
fn take(bytes: &[u8]) {
    let private = PrivateKey::read(bytes);
    let public = PublicKey::read(bytes);
    assert!(private.is_err() || public.is_err(), "one of the two at most");
    if let Ok(read) = &private {
        assert!(read.behind < bytes.len());
        let again = PrivateKey::read(read.key.to_device_form().as_slice());
        assert_eq!(again.map(|again| again.key).as_ref(), Ok(&read.key));
    }
    match KeyFile::read(bytes) {
        Ok(file) => assert!(private.is_ok() || public == Ok(file.public_key())),
        Err(_) => assert!(private.is_err()),
    }
    let _ = load(bytes);
    let mut slot = [0xFF; SLOT_LEN];
    let len = bytes.len().min(SLOT_LEN);
    slot[..len].copy_from_slice(&bytes[..len]);
    let _ = Slot::classify(&slot);
}

fn sound_files() -> impl Strategy<Value = Vec<u8>> {
    let mut files: Vec<_> = VECTORS.iter().take(8).map(|vector| vector.device.clone()).collect();
    files.extend(
        ["rsa1024-pkcs1.der", "rsa1024-pkcs8.der", "rsa1024-pkcs8.pem", "rsa1024-spki.pem", "ec-sec1.der"]
            .map(key_file),
    );
    select(files)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        take(&bytes);
    }

    #[test]
    fn arbitrary_contents_in_a_der_sequence(bytes in proptest::collection::vec(any::<u8>(), 0..1500)) {
        take(&element(0x30, &bytes));
    }

    #[test]
    fn small_der_elements_strung_together(
        elements in proptest::collection::vec(
            (select(vec![0x02_u8, 0x03, 0x04, 0x05, 0x06, 0x30, 0xA0]),
             proptest::collection::vec(any::<u8>(), 0..140)), 0..12)
    ) {
        let contents: Vec<u8> = elements.iter().flat_map(|(tag, value)| element(*tag, value)).collect();
        take(&element(0x30, &contents));
    }

    #[test]
    fn sound_files_with_a_hole(
        mut bytes in sound_files(), at in any::<Index>(),
        patch in proptest::collection::vec(any::<u8>(), 0..8), cut in any::<Index>(),
    ) {
        let at = at.index(bytes.len());
        let end = (at + cut.index(9)).min(bytes.len());
        bytes.splice(at..end, patch);
        take(&bytes);
    }

    #[test]
    fn arbitrary_text_in_pem_frames(label in "[A-Z \u{1b}-]{0,24}", body in "[A-Za-z0-9+/=\r\n :-]{0,400}") {
        take(format!("-----BEGIN {label}-----{body}-----END {label}-----").as_bytes());
    }
}

#[test]
fn lengths_that_promise_gigabytes() {
    for header in [&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF][..], &[0x30, 0x83, 0xFF, 0xFF, 0xFF], &[0x30, 0xFF]]
    {
        take(header);
        take(&[header, &[0x02; 600]].concat());
    }
}
