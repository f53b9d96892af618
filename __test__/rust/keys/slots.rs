//! Tests that each kind of content of a slot has its own name.

use duo_provision::keys::{Form, KeyError, Misread, Number, SLOT_LEN, Slot, SlotImage};

use super::support::{VECTORS, in_slot, key_file};

#[test]
fn a_key_in_the_devices_form() {
    for vector in VECTORS.iter().step_by(10) {
        for fill in [0xFF, 0x00] {
            let Slot::Key(read) = Slot::classify(&in_slot(&vector.device, fill)) else { panic!("no key") };
            assert_eq!((read.form, read.behind, &read.key), (Form::Device, 605, &vector.key));
        }
    }
}

#[test]
fn slots_in_which_the_firmware_makes_a_new_key() {
    assert_eq!(Slot::classify(&[0xFF; SLOT_LEN]), Slot::Blank);
    assert_eq!(Slot::classify(&in_slot(&[0xFF; 4], 0x30)), Slot::Blank);
    let mut reset = [0; SLOT_LEN];
    reset[..4].fill(0xFF);
    assert_eq!(SlotImage::reset().as_bytes(), reset);
    assert_eq!(Slot::classify(&reset), Slot::ResetImage);
}

#[test]
fn zeros_look_like_a_key_for_ever() {
    assert_eq!(Slot::classify(&[0; SLOT_LEN]), Slot::Zeros);
}

#[test]
fn a_pkcs8_key_or_a_pem_text_written_by_mistake() {
    let Slot::Pkcs8(read) = Slot::classify(&in_slot(&key_file("rsa1024-pkcs8.der"), 0xFF)) else {
        panic!("not taken for PKCS#8")
    };
    let Slot::Pem(from_pem) = Slot::classify(&in_slot(&key_file("rsa1024-pkcs8.pem"), 0xFF)) else {
        panic!("not taken for PEM")
    };
    assert_eq!(read.key, from_pem.key, "the key is at hand and can be converted");
}

#[test]
fn a_key_that_the_firmware_misreads_is_at_hand_too() {
    let vector = VECTORS.iter().find(|vector| vector.minimal_misread).expect("one of 20");
    let slot = Slot::classify(&in_slot(&vector.minimal, 0xFF));
    let Slot::Misread(read, Misread::Wrong(number)) = &slot else { panic!("not noticed") };
    assert_eq!(read.key, vector.key);
    assert!(!matches!(number, Number::N), "n has its full width always");
    assert_eq!(slot.key(), Some(read));
}

#[test]
fn keys_of_another_kind_and_no_keys() {
    let classify = |name: &str| Slot::classify(&in_slot(&key_file(name), 0xFF));
    assert_eq!(classify("ec-sec1.der"), Slot::Ec);
    assert_eq!(classify("rsa2048-pkcs1.der"), Slot::WrongSize(2048));
    assert_eq!(classify("rsa1024-spki.pem"), Slot::Garbage(KeyError::PublicKey));
    assert_eq!(classify("encrypted-pkcs8.der"), Slot::Garbage(KeyError::Encrypted));
    assert_eq!(Slot::classify(&[0x5A; SLOT_LEN]), Slot::Garbage(KeyError::NotAKey));
    let mut damaged = in_slot(&VECTORS[0].device, 0xFF);
    damaged[300] ^= 1;
    assert!(matches!(Slot::classify(&damaged), Slot::Garbage(KeyError::Inconsistent(_))));
}

#[test]
fn the_tail_of_an_older_key_does_not_matter_to_reading_and_is_never_written() {
    let mut slot = in_slot(&VECTORS[0].device, 0xFF);
    slot[611..].copy_from_slice(&VECTORS[1].device[6..]);
    assert!(matches!(Slot::classify(&slot), Slot::Key(_)));
    let image = SlotImage::of_key(&VECTORS[0].key).expect("passes the gate");
    assert_eq!(image.as_bytes().len(), SLOT_LEN);
    assert!(image.as_bytes()[611..].iter().all(|&byte| byte == 0xFF));
}

#[test]
fn a_slot_in_words_and_in_json() {
    let vector = VECTORS.iter().find(|vector| vector.minimal_misread).expect("one of 20");
    let file = |name: &str| in_slot(&key_file(name), 0xFF);
    let mut reset = [0; SLOT_LEN];
    reset[..4].fill(0xFF);
    for (slot, kind, words) in [
        (in_slot(&vector.device, 0xFF), "key", "an RSA-1024 key"),
        ([0xFF; SLOT_LEN], "blank", "nothing (blank): the Duo makes a key when it starts"),
        (reset, "reset", "the reset image: the Duo makes a key when it starts"),
        ([0; SLOT_LEN], "zeros", "zeros, which the firmware takes for a key"),
        (file("rsa1024-pkcs8.der"), "pkcs8", "a PKCS#8 key, which the firmware misreads"),
        (file("rsa1024-pkcs8.pem"), "pem", "PEM text, of which the firmware reads nothing"),
        (file("ec-sec1.der"), "ec", "an elliptic-curve key"),
        (file("rsa2048-pkcs1.der"), "wrong-size", "an RSA key of 2048 bits"),
        ([0x5A; SLOT_LEN], "garbage", "no key ("),
        (in_slot(&vector.minimal, 0xFF), "misread", "a key from which the firmware would read a wrong "),
    ] {
        let found = Slot::classify(&slot);
        assert_eq!(serde_json::json!(found.kind()), kind);
        assert!(found.to_string().starts_with(words), "{found}");
    }
}

#[test]
fn numbers_have_their_usual_names() {
    assert_eq!(Number::ALL.map(|number| number.to_string()), ["n", "d", "p", "q", "dP", "dQ", "qInv"]);
}
