//! Tests that `Debug` shows no private number.

use duo_provision::keys::{KeyFile, Number, PrivateKey, Slot, SlotImage};

use super::support::{VECTORS, hex, in_slot};

#[test]
fn debug_shows_the_public_fingerprint_and_nothing_private() {
    let vector = &VECTORS[0];
    let read = PrivateKey::read(&vector.device).expect("sound");
    let key = read.key.clone();
    let shown = [
        format!("{key:?}"),
        format!("{read:?}"),
        format!("{:?}", KeyFile::Private(read.clone())),
        format!("{:?}", Slot::classify(&in_slot(&vector.device, 0xFF))),
        format!("{:?}", SlotImage::of_key(&key)),
    ];
    for text in shown {
        assert!(text.contains("redacted"), "{text}");
        for number in Number::ALL {
            let bytes = key.number(number);
            let decimal = format!("{:?}", &bytes[..4]);
            let decimal = decimal.trim_matches(['[', ']']);
            assert!(!text.to_lowercase().contains(&hex(&bytes[..4])), "{text}");
            assert!(!text.contains(decimal), "{text}");
        }
    }
}

#[test]
fn debug_of_a_public_key_is_its_fingerprint() {
    let vector = &VECTORS[0];
    let key = vector.key.public_key();
    assert_eq!(format!("{key:?}"), format!("PublicKey({})", vector.fingerprint));
    assert_eq!(format!("{:?}", key.fingerprint()), format!("Fingerprint({})", vector.fingerprint));
}
