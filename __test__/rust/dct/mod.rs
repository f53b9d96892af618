//! Tests the promises of the `dct` room: the table, the view of an image of any length, device ids.

mod current_copy;
mod dump;
mod flash;
mod rewrite;
mod server_address;

use duo_provision::dct::{self, Dct, DctImage, DeviceId, DeviceIdError, FIELDS, Layouts};
use proptest::prelude::*;

fn parse(text: &str) -> Result<DeviceId, DeviceIdError> {
    text.parse()
}

/// Offsets and sizes from the Duo's provisioning guide and `dct.h`, typed here a second time.
#[test]
fn the_fields_lie_where_the_firmware_has_them() {
    let expected = [
        (dct::SYSTEM_FLAGS, 0, 32),
        (dct::VERSION, 32, 2),
        (dct::DEVICE_PRIVATE_KEY, 34, 1216),
        (dct::DEVICE_PUBLIC_KEY, 1250, 384),
        (dct::CLAIM_CODE, 1762, 63),
        (dct::CLAIMED, 1825, 1),
        (dct::SERVER_PUBLIC_KEY, 2082, 768),
        (dct::ALT_DEVICE_PRIVATE_KEY, 3106, 192),
        (dct::DEVICE_ID, 3618, 12),
    ];
    for (field, offset, size) in expected {
        assert_eq!((field.offset, field.size), (offset, size), "{}", field.name);
    }
    assert_eq!(dct::DEVICE_ID.layouts, Layouts::Since030);
    assert_eq!(dct::SYSTEM_FLAGS.layouts, Layouts::Until031);
}

#[test]
fn fields_are_in_order_do_not_overlap_and_fit_into_one_read() {
    for pair in FIELDS.windows(2) {
        assert!(pair[0].end() <= pair[1].offset, "{} and {}", pair[0].name, pair[1].name);
    }
    assert!(FIELDS.iter().all(|field| field.size > 0 && field.end() <= DctImage::READ_SIZE));
}

fn image() -> Vec<u8> {
    let mut bytes = vec![0xFF; DctImage::READ_SIZE];
    bytes[32..34].copy_from_slice(&[3, 1]);
    bytes[34] = 0xA1;
    bytes[34 + 1215] = 0xA2;
    bytes[1250] = 0xB1;
    bytes[1250 + 383] = 0xB2;
    bytes[1825] = b'1';
    bytes[2082] = 0xC1;
    bytes[2082 + 767] = 0xC2;
    bytes[3618..3630].copy_from_slice(&[0x2B, 0, 0x23, 0, 4, 0x47, 0x34, 0x31, 0x38, 0x33, 0x30, 0x34]);
    bytes
}

#[test]
fn slots_and_values_of_an_image() {
    let bytes = image();
    let image = DctImage::new(&bytes);
    let ends = |slot: &[u8]| (slot[0], slot[slot.len() - 1]);
    assert_eq!(image.private_key_slot().map(|slot| ends(slot)), Some((0xA1, 0xA2)));
    assert_eq!(image.public_key_slot().map(|slot| ends(slot)), Some((0xB1, 0xB2)));
    assert_eq!(image.server_key_slot().map(|slot| ends(slot)), Some((0xC1, 0xC2)));
    assert_eq!(image.version(), Some(0x0103));
    assert_eq!(image.device_id().map(|id| id.to_string()).as_deref(), Some("2b0023000447343138333034"));
    assert!(!image.is_unreadable());
}

#[test]
fn reserved_bytes_are_no_device_id() {
    for filler in [0xFF, 0x00] {
        let mut bytes = image();
        bytes[3618..3630].fill(filler);
        assert_eq!(DctImage::new(&bytes).device_id(), None);
    }
}

#[test]
fn an_image_of_zeros_is_unreadable_and_one_bit_makes_it_readable() {
    let mut bytes = vec![0; DctImage::READ_SIZE];
    assert!(DctImage::new(&bytes).is_unreadable());
    bytes[DctImage::READ_SIZE - 1] = 1;
    assert!(!DctImage::new(&bytes).is_unreadable());
}

#[test]
fn debug_shows_no_bytes() {
    let dct = Dct::new(image().into());
    for text in [format!("{dct:?}"), format!("{:?}", dct.image())] {
        assert!(text.contains("4096 bytes, redacted"), "{text}");
        assert!(!text.contains("161") && !text.contains("a1"), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_length_of_image_is_safe(bytes in proptest::collection::vec(any::<u8>(), 0..4200)) {
        let image = DctImage::new(&bytes);
        for field in &FIELDS {
            prop_assert_eq!(image.field(field).is_some(), bytes.len() >= field.end());
        }
        prop_assert_eq!(image.private_key_slot().is_some(), bytes.len() >= 1250);
        prop_assert_eq!(image.version().is_some(), bytes.len() >= 34);
        let _ = (image.device_id(), image.is_unreadable());
    }

    #[test]
    fn ids_survive_being_written_and_read(bytes in any::<[u8; 12]>()) {
        prop_assume!(bytes != [0; 12] && bytes != [0xFF; 12]);
        let id = DeviceId::from_bytes(bytes).expect("not erased flash");
        prop_assert_eq!(parse(&id.to_string()), Ok(id));
        prop_assert_eq!(parse(&id.to_string().to_uppercase()), Ok(id));
        prop_assert_eq!(id.as_bytes(), &bytes);
        let json = serde_json::to_string(&id).expect("serializable");
        prop_assert_eq!(json.clone(), format!("\"{id}\""));
        prop_assert_eq!(serde_json::from_str::<DeviceId>(&json).expect("deserializable"), id);
    }

    #[test]
    fn any_text_is_an_id_or_an_error(text in any::<String>()) {
        let _ = parse(&text);
    }
}

#[test]
fn ids_are_read_in_any_case_and_shown_in_lower_case() {
    let id = parse(" 2B0023000447343138333034\n").expect("an id");
    assert_eq!(id.to_string(), "2b0023000447343138333034");
    assert_eq!(format!("{id:?}"), "DeviceId(2b0023000447343138333034)");
}

#[test]
fn what_people_type_in_place_of_an_id() {
    use DeviceIdError::{Empty, Length, NotHex, Placeholder, UsbId};
    let expected = [
        ("", Empty),
        (" \t", Empty),
        ("2b00230004473431383330", Length(22)),
        ("2b002300044734313833303400", Length(26)),
        ("bad", Length(3)),
        ("kitchen_duo", NotHex),
        ("bakcup", NotHex),
        ("2b002300044734313833303g", NotHex),
        ("2b-00-23-00-04-47-34-31-38-33-30-34", NotHex),
        ("２b0023000447343138333034", NotHex),
        ("2b04:d058", UsbId),
        ("2B04:D058", UsbId),
        ("YOUR_DEVICE_ID", Placeholder),
        ("your-device-id-here", Placeholder),
        ("<device-id>", Placeholder),
        ("[deviceID]", Placeholder),
        ("DEVICE_ID", Placeholder),
        ("xxxxxxxxxxxxxxxxxxxxxxxx", Placeholder),
        ("XXXX", Placeholder),
        ("000000000000000000000000", Placeholder),
        ("ffffffffffffFFFFFFFFFFFF", Placeholder),
    ];
    for (text, error) in expected {
        assert_eq!(parse(text), Err(error), "{text:?}");
    }
}
