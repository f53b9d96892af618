//! Fuzzes the device, configuration and string descriptors, and the text in them.

use duo_provision::dfuse::descriptors::{
    Configuration, DEVICE_LENGTH, DeviceDescriptor, MAX_CONFIGURATION, first_language, parse_string,
    printable, total_length,
};

/// Reads `bytes` as each kind of descriptor.
pub fn run(bytes: &[u8]) {
    configuration(bytes);
    if let Ok(device) = DeviceDescriptor::parse(bytes) {
        assert_eq!((usize::from(bytes[0]) >= DEVICE_LENGTH, bytes[1]), (true, 1));
        assert_eq!(device.vendor_id.to_le_bytes(), bytes[8..10]);
        assert_eq!(device.product_id.to_le_bytes(), bytes[10..12]);
        assert_eq!(device.bcd_device.to_le_bytes(), bytes[12..14]);
        assert_eq!([device.manufacturer, device.product, device.serial], bytes[14..17]);
    }
    if let Ok(text) = parse_string(bytes) {
        assert!(text.encode_utf16().count() <= usize::from(bytes[0] - 2) / 2);
        let language = first_language(bytes).expect("the same frame");
        assert_eq!(language.is_some(), bytes[0] > 2);
        shown_safely(&text);
    }
    shown_safely(&String::from_utf8_lossy(bytes));
}

/// Everything found is in the bytes, within the length that they claim.
fn configuration(bytes: &[u8]) {
    let Ok(found) = Configuration::parse(bytes) else { return };
    let total = total_length(bytes).expect("known to be credible");
    assert!(total <= bytes.len() && total <= MAX_CONFIGURATION);
    let (inside, behind) = bytes.split_at(total);
    assert_eq!(Configuration::parse(inside).as_ref(), Ok(&found), "what stands behind does not matter");
    assert!(Configuration::parse(&inside[..total - 1]).is_err(), "{} bytes behind", behind.len());
    assert!(found.alt_settings.len() * 9 + found.functional.len() * 7 <= total);
    for alt in &found.alt_settings {
        let stands = inside.windows(9).any(|w| {
            w[1] == 4 && [w[2], w[3], w[8]] == [alt.interface, alt.alt, alt.name] && w[5..8] == alt.class
        });
        assert!(stands, "{alt:?}");
        assert_eq!(alt.is_dfu_mode(), alt.class == [0xFE, 1, 2]);
    }
    for functional in &found.functional {
        let mut owners = found.alt_settings.iter().filter(|alt| alt.interface == functional.interface);
        assert!(owners.any(|alt| alt.class[..2] == [0xFE, 1]), "{functional:?}");
        let [t0, t1] = functional.transfer_size.to_le_bytes();
        assert!(inside.windows(7).any(|w| w[1..3] == [0x21, functional.attributes] && w[5..] == [t0, t1]));
        assert!(found.functional_of(functional.interface).is_some());
    }
}

/// The text moves no cursor, and the original can be read back from it.
fn shown_safely(text: &str) {
    let shown = printable(text);
    assert!(!shown.chars().any(char::is_control));
    assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}', '\u{feff}']));
    assert_eq!(read_back(&shown).as_deref(), Some(text));
}

/// Undoes `printable`.
fn read_back(shown: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = shown;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text += plain;
        if let Some(behind) = escaped.strip_prefix('\\') {
            text.push('\\');
            rest = behind;
        } else {
            let (digits, behind) = escaped.strip_prefix("u{")?.split_once('}')?;
            text.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
            rest = behind;
        }
    }
    Some(text + rest)
}
