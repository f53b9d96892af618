//! Tests what the firmware reads from a slot, and that the gate lets nothing through that the firmware misreads.

use duo_provision::keys::firmware::{gate, load};
use duo_provision::keys::{Misread, Number, PrivateKey, Slot, SlotImage};

use super::support::{Seeded, VECTORS, in_slot};

#[test]
fn no_key_is_misread_in_the_form_we_write() {
    for vector in VECTORS.iter() {
        let key = &vector.key;
        let image = SlotImage::of_key(key).expect("passes the gate");
        assert_eq!(gate(image.as_bytes(), key), Ok(()));
        assert_eq!(image.as_bytes(), in_slot(&vector.device, 0xFF));
    }
}

#[test]
fn canonical_der_is_misread_where_the_vectors_say_so() {
    for vector in VECTORS.iter() {
        let slot = in_slot(&vector.minimal, 0xFF);
        assert_eq!(gate(&slot, &vector.key).is_err(), vector.minimal_misread);
        assert_eq!(matches!(Slot::classify(&slot), Slot::Misread(..)), vector.minimal_misread);
        assert_eq!(matches!(Slot::classify(&slot), Slot::Key(_)), !vector.minimal_misread);
    }
}

/// The rule as arithmetic: DER omits a leading zero byte of a number, and the firmware then reads at wrong offsets.
#[test]
fn canonical_der_is_misread_if_a_number_is_a_byte_short_and_has_no_pad() {
    let short = |key: &PrivateKey, number| {
        let bytes = key.number(number);
        bytes[0] == 0 && bytes[1] < 0x80
    };
    for vector in VECTORS.iter() {
        let key = &vector.key;
        let d = short(key, Number::D);
        let crt = [Number::DP, Number::DQ, Number::QInv].iter().any(|number| short(key, *number));
        assert_eq!(d || crt, vector.minimal_misread);
    }
}

#[test]
fn the_gate_compares_every_number() {
    let key = &VECTORS[0].key;
    let sound = SlotImage::of_key(key).expect("passes the gate");
    // The first byte of each number in the device's form.
    let starts = [11, 148, 279, 346, 413, 480, 547];
    for (number, start) in Number::ALL.into_iter().zip(starts) {
        let mut slot = sound.as_bytes().to_vec();
        slot[start + 5] ^= 0x10;
        assert_eq!(gate(&slot, key), Err(Misread::Wrong(number)));
    }
}

#[test]
fn a_key_of_another_device_does_not_pass() {
    let image = SlotImage::of_key(&VECTORS[0].key).expect("passes the gate");
    assert_eq!(gate(image.as_bytes(), &VECTORS[1].key), Err(Misread::Wrong(Number::N)));
}

#[test]
fn short_and_blank_slots_do_not_pass() {
    let key = &VECTORS[0].key;
    let image = SlotImage::of_key(key).expect("passes the gate");
    assert_eq!(gate(&image.as_bytes()[..611], key), Err(Misread::Short));
    assert_eq!(gate(&image.as_bytes()[..612], key), Ok(()));
    assert_eq!(gate(SlotImage::reset().as_bytes(), key), Err(Misread::Replaced));
    assert_eq!(load(&[]), Err(Misread::Short));
    assert_eq!(load(&[0xFF]), Err(Misread::Replaced));
}

#[test]
fn pkcs8_is_loaded_as_the_algorithm_identifier() {
    let pkcs8 = VECTORS[0].key.to_pkcs8_der().expect("encodable");
    let [n, ..] = load(&in_slot(&pkcs8, 0xFF)).expect("it loads something");
    assert_eq!(n[..9], [0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01]);
}

#[test]
fn made_keys_are_sound_pass_the_gate_and_depend_on_the_seed() {
    for seed in 0..4 {
        let key = PrivateKey::generate(&mut Seeded::new(seed)).expect("made");
        assert_eq!(PrivateKey::read(key.to_device_form().as_slice()).expect("sound").key, key);
        assert!(SlotImage::of_key(&key).is_ok());
        assert_eq!(PrivateKey::generate(&mut Seeded::new(seed)).as_ref(), Ok(&key));
        assert_ne!(PrivateKey::generate(&mut Seeded::new(seed + 100)).as_ref(), Ok(&key));
    }
}
