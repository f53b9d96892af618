//! Parses device, configuration and string descriptors (USB 2.0 §9.6, DFU 1.1 §4.1.3) from a device that may be
//! malicious.
//!
//! Knows their layout and extracts what a DFU host needs. Lengths are checked against the bytes that really came, and
//! every step forward is at least two bytes.

/// `bDescriptorType` values.
pub mod kind {
    /// DEVICE.
    pub const DEVICE: u8 = 1;
    /// CONFIGURATION.
    pub const CONFIGURATION: u8 = 2;
    /// STRING.
    pub const STRING: u8 = 3;
    /// INTERFACE.
    pub const INTERFACE: u8 = 4;
    /// DFU FUNCTIONAL (DFU 1.1 table 4.2). HID uses the same number on its own interfaces.
    pub const DFU_FUNCTIONAL: u8 = 0x21;
}

/// Length of a device descriptor.
pub const DEVICE_LENGTH: usize = 18;
/// Length of the head of a configuration descriptor, which contains `wTotalLength`.
pub const CONFIGURATION_HEAD: usize = 9;
/// The longest configuration that is read. The Duo's has 45 bytes.
pub const MAX_CONFIGURATION: usize = 4096;
/// How much to ask for when reading a string descriptor. The longest well-formed one has 254 bytes: a head of two bytes
/// and 126 UTF-16 units.
pub const MAX_STRING: usize = 255;

/// Why descriptors cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptorError {
    /// Fewer bytes than the descriptor must have, or says that it has.
    #[error("a descriptor is cut short")]
    Truncated,
    /// `bLength` is too small for this descriptor.
    #[error("a descriptor has the impossible length {0}")]
    Length(u8),
    /// `bDescriptorType` is not the requested one.
    #[error("a descriptor of type {0} came in place of another")]
    Kind(u8),
    /// `wTotalLength` is too large to be credible.
    #[error("the configuration claims to have {0} bytes")]
    TooLong(u16),
}

/// The fields of the device descriptor that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceDescriptor {
    /// `idVendor`.
    pub vendor_id: u16,
    /// `idProduct`.
    pub product_id: u16,
    /// `bcdDevice`.
    pub bcd_device: u16,
    /// `iManufacturer`; 0 if there is none.
    pub manufacturer: u8,
    /// `iProduct`; 0 if there is none.
    pub product: u8,
    /// `iSerialNumber`; 0 if there is none.
    pub serial: u8,
}

impl DeviceDescriptor {
    /// Reads a device descriptor.
    pub fn parse(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let bytes: &[u8; DEVICE_LENGTH] = bytes.first_chunk().ok_or(DescriptorError::Truncated)?;
        expect(bytes[1], kind::DEVICE)?;
        if usize::from(bytes[0]) < DEVICE_LENGTH {
            return Err(DescriptorError::Length(bytes[0]));
        }
        Ok(Self {
            vendor_id: u16::from_le_bytes([bytes[8], bytes[9]]),
            product_id: u16::from_le_bytes([bytes[10], bytes[11]]),
            bcd_device: u16::from_le_bytes([bytes[12], bytes[13]]),
            manufacturer: bytes[14],
            product: bytes[15],
            serial: bytes[16],
        })
    }
}

/// One alternate setting of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AltSetting {
    /// `bInterfaceNumber`.
    pub interface: u8,
    /// `bAlternateSetting`.
    pub alt: u8,
    /// `bInterfaceClass`, `bInterfaceSubClass`, `bInterfaceProtocol`.
    pub class: [u8; 3],
    /// `iInterface`: index of its name; 0 if there is none.
    pub name: u8,
}

impl AltSetting {
    /// Class and subclass of DFU, both in run-time mode and in DFU mode.
    const DFU: [u8; 2] = [0xFE, 0x01];
    /// `bInterfaceProtocol` in DFU mode.
    const DFU_MODE: u8 = 2;

    /// True for an interface of a device in DFU mode.
    pub fn is_dfu_mode(self) -> bool {
        self.is_dfu() && self.class[2] == Self::DFU_MODE
    }

    fn is_dfu(self) -> bool {
        self.class[..2] == Self::DFU
    }
}

/// The DFU functional descriptor (DFU 1.1 table 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DfuFunctional {
    /// The interface that it follows.
    pub interface: u8,
    /// `bmAttributes`.
    pub attributes: u8,
    /// `wDetachTimeOut`, milliseconds.
    pub detach_timeout: u16,
    /// `wTransferSize`, bytes.
    pub transfer_size: u16,
    /// `bcdDFUVersion`: 0x0110 for DFU 1.1, 0x011A for `DfuSe`; 0x0100 if the descriptor ends before it.
    pub dfu_version: u16,
}

impl DfuFunctional {
    /// `bitCanDnload`.
    pub fn can_download(&self) -> bool {
        self.attributes & 1 != 0
    }

    /// `bitCanUpload`.
    pub fn can_upload(&self) -> bool {
        self.attributes & 2 != 0
    }
}

/// The parts of a configuration descriptor that a DFU host needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The alternate settings of all interfaces, in their order.
    pub alt_settings: Vec<AltSetting>,
    /// The DFU functional descriptors in their order.
    pub functional: Vec<DfuFunctional>,
}

/// Reads `wTotalLength` from the head of a configuration descriptor and checks that it is credible.
pub fn total_length(head: &[u8]) -> Result<usize, DescriptorError> {
    let head: &[u8; CONFIGURATION_HEAD] = head.first_chunk().ok_or(DescriptorError::Truncated)?;
    expect(head[1], kind::CONFIGURATION)?;
    let total = u16::from_le_bytes([head[2], head[3]]);
    let length = usize::from(total);
    if usize::from(head[0]) < CONFIGURATION_HEAD || length < usize::from(head[0]) {
        return Err(DescriptorError::Length(head[0]));
    }
    if length > MAX_CONFIGURATION { Err(DescriptorError::TooLong(total)) } else { Ok(length) }
}

impl Configuration {
    /// Reads a configuration with all descriptors that follow it. Bytes past `wTotalLength` are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let mut rest = bytes.get(..total_length(bytes)?).ok_or(DescriptorError::Truncated)?;
        let mut found = Self::default();
        while !rest.is_empty() {
            let (descriptor, following) = split_descriptor(rest)?;
            found.take(descriptor)?;
            rest = following;
        }
        Ok(found)
    }

    /// The functional descriptor of an interface: the first one after one of its settings.
    pub fn functional_of(&self, interface: u8) -> Option<&DfuFunctional> {
        self.functional.iter().find(|f| f.interface == interface)
    }

    fn take(&mut self, descriptor: &[u8]) -> Result<(), DescriptorError> {
        match *descriptor {
            [_, kind::INTERFACE, interface, alt, _, class, subclass, protocol, name, ..] => {
                self.alt_settings.push(AltSetting {
                    interface,
                    alt,
                    class: [class, subclass, protocol],
                    name,
                });
            }
            [length, kind::INTERFACE, ..] => return Err(DescriptorError::Length(length)),
            [length, kind::DFU_FUNCTIONAL, ..] => {
                if let Some(owner) = self.alt_settings.last().filter(|alt| alt.is_dfu()) {
                    let functional = parse_functional(owner.interface, descriptor);
                    self.functional.push(functional.ok_or(DescriptorError::Length(length))?);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// In DFU 1.0 the descriptor ends before `bcdDFUVersion`.
fn parse_functional(interface: u8, descriptor: &[u8]) -> Option<DfuFunctional> {
    let &[_, _, attributes, d0, d1, t0, t1, ref version @ ..] = descriptor else { return None };
    Some(DfuFunctional {
        interface,
        attributes,
        detach_timeout: u16::from_le_bytes([d0, d1]),
        transfer_size: u16::from_le_bytes([t0, t1]),
        dfu_version: version.first_chunk().map_or(0x0100, |v| u16::from_le_bytes(*v)),
    })
}

fn split_descriptor(bytes: &[u8]) -> Result<(&[u8], &[u8]), DescriptorError> {
    let &[length, _, ..] = bytes else { return Err(DescriptorError::Truncated) };
    if length < 2 {
        return Err(DescriptorError::Length(length));
    }
    bytes.split_at_checked(usize::from(length)).ok_or(DescriptorError::Truncated)
}

fn expect(kind: u8, wanted: u8) -> Result<(), DescriptorError> {
    if kind == wanted { Ok(()) } else { Err(DescriptorError::Kind(kind)) }
}

/// The first language of string descriptor 0; `None` if it names none.
pub fn first_language(bytes: &[u8]) -> Result<Option<u16>, DescriptorError> {
    Ok(string_units(bytes)?.next())
}

/// The text of a string descriptor, as the device sends it. It may hold characters that must not reach a terminal or a
/// file name (see [`printable`]). Half surrogate pairs become U+FFFD.
pub fn parse_string(bytes: &[u8]) -> Result<String, DescriptorError> {
    Ok(char::decode_utf16(string_units(bytes)?).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

fn string_units(bytes: &[u8]) -> Result<impl Iterator<Item = u16>, DescriptorError> {
    let &[length, kind, ..] = bytes else { return Err(DescriptorError::Truncated) };
    expect(kind, kind::STRING)?;
    if length < 2 || length % 2 != 0 {
        return Err(DescriptorError::Length(length));
    }
    let units = bytes.get(2..usize::from(length)).ok_or(DescriptorError::Truncated)?;
    Ok(units.as_chunks().0.iter().map(|unit: &[u8; 2]| u16::from_le_bytes(*unit)))
}

/// Text from a device in a form that is safe to show. Characters that would move a cursor, change a colour, reverse a
/// line or be invisible are written `\u{…}`. A backslash is doubled, so that the form is unambiguous.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => shown.push_str("\\\\"),
            c if is_deceptive(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// True for control characters, line and paragraph separators, and marks that are invisible or change the direction.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The Duo's configuration, from redbear/firmware `usbd_dfu_core.c`.
    const DUO: [u8; 45] = [
        9, 2, 45, 0, 1, 1, 2, 0xC0, 50, // configuration
        9, 4, 0, 0, 0, 0xFE, 1, 2, 6, 9, 4, 0, 1, 0, 0xFE, 1, 2, 7, 9, 4, 0, 2, 0, 0xFE, 1, 2,
        8, // alts
        9, 0x21, 0x0B, 0xFF, 0, 0, 0x10, 0x1A, 1, // functional
    ];

    fn string(text: &str) -> Vec<u8> {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&[u8::try_from(units.len() + 2).unwrap(), 3], units.as_slice()].concat()
    }

    #[test]
    fn reads_the_duos_configuration() {
        let configuration = Configuration::parse(&DUO).unwrap();
        let names: Vec<u8> = configuration.alt_settings.iter().map(|a| a.name).collect();
        assert_eq!(names, [6, 7, 8]);
        assert!(configuration.alt_settings.iter().all(|alt| alt.is_dfu_mode()));
        let functional = configuration.functional_of(0).unwrap();
        assert_eq!((functional.transfer_size, functional.detach_timeout), (4096, 255));
        assert_eq!(functional.dfu_version, 0x011A);
        assert!(functional.can_download() && functional.can_upload());
        assert_eq!(configuration.functional_of(1), None);
    }

    #[test]
    fn lying_lengths_are_refused() {
        let with = |at: usize, value: u8| {
            let mut bytes = DUO;
            bytes[at] = value;
            Configuration::parse(&bytes)
        };
        assert_eq!(with(9, 0), Err(DescriptorError::Length(0)));
        assert_eq!(with(9, 1), Err(DescriptorError::Length(1)));
        assert_eq!(with(36, 200), Err(DescriptorError::Truncated));
        assert_eq!(with(2, 46), Err(DescriptorError::Truncated));
        assert_eq!(with(3, 0xFF), Err(DescriptorError::TooLong(0xFF2D)));
        assert_eq!(with(2, 3), Err(DescriptorError::Length(9)));
        assert_eq!(with(1, 4), Err(DescriptorError::Kind(4)));
    }

    #[test]
    fn every_truncation_is_refused() {
        for length in 0..DUO.len() {
            assert_eq!(Configuration::parse(&DUO[..length]), Err(DescriptorError::Truncated), "{length}");
        }
    }

    #[test]
    fn a_hid_descriptor_is_not_taken_for_dfus() {
        let hid =
            [9, 2, 27, 0, 1, 1, 0, 0, 0, 9, 4, 0, 0, 0, 3, 1, 1, 0, 9, 0x21, 0x0B, 0xFF, 0, 0, 16, 0x1A, 1];
        assert_eq!(Configuration::parse(&hid).unwrap().functional, []);
    }

    #[test]
    fn reads_a_dfu_1_0_descriptor() {
        let old = [9, 2, 25, 0, 1, 1, 0, 0, 0, 9, 4, 0, 0, 0, 0xFE, 1, 2, 0, 7, 0x21, 3, 0, 0, 64, 0];
        let functional = *Configuration::parse(&old).unwrap().functional_of(0).unwrap();
        assert_eq!((functional.dfu_version, functional.transfer_size), (0x0100, 64));
    }

    #[test]
    fn reads_a_device_descriptor() {
        let duo = [18, 1, 0, 2, 0, 0, 0, 64, 4, 0x2B, 0x58, 0xD0, 0x50, 2, 1, 2, 3, 1];
        let device = DeviceDescriptor::parse(&duo).unwrap();
        assert_eq!((device.vendor_id, device.product_id, device.bcd_device), (0x2B04, 0xD058, 0x0250));
        assert_eq!((device.manufacturer, device.product, device.serial), (1, 2, 3));
        assert_eq!(DeviceDescriptor::parse(&duo[..17]), Err(DescriptorError::Truncated));
    }

    #[test]
    fn a_device_descriptor_is_not_shorter_than_its_fields() {
        let short = [17, 1, 0, 2, 0, 0, 0, 64, 4, 0x2B, 0x58, 0xD0, 0x50, 2, 1, 2, 3, 1];
        assert_eq!(DeviceDescriptor::parse(&short), Err(DescriptorError::Length(17)));
        let longer = [&[20], &short[1..], &[0, 0]].concat();
        assert!(DeviceDescriptor::parse(&longer).is_ok(), "later versions of USB may append to it");
    }

    #[test]
    fn the_length_of_a_configuration_is_credible_up_to_the_limit() {
        let head = |length: u8, total: u16| {
            let [low, high] = total.to_le_bytes();
            total_length(&[length, 2, low, high, 0, 1, 0, 0, 0])
        };
        assert_eq!(head(9, 9), Ok(9));
        assert_eq!(head(9, 8), Err(DescriptorError::Length(9)));
        assert_eq!(head(8, 45), Err(DescriptorError::Length(8)));
        assert_eq!(head(9, 4096), Ok(4096));
        assert_eq!(head(9, 4097), Err(DescriptorError::TooLong(4097)));
    }

    #[test]
    fn only_the_class_of_dfu_mode_is_dfu_mode() {
        let alt = |class| AltSetting { interface: 0, alt: 0, class, name: 0 };
        assert!(alt([0xFE, 1, 2]).is_dfu_mode());
        for class in [[0xFE, 1, 1], [0xFE, 3, 2], [3, 1, 2], [0, 0, 0]] {
            assert!(!alt(class).is_dfu_mode(), "{class:?}");
        }
    }

    #[test]
    fn a_device_can_do_what_its_attributes_say() {
        let functional = |attributes| DfuFunctional {
            interface: 0,
            attributes,
            detach_timeout: 0,
            transfer_size: 4096,
            dfu_version: 0x011A,
        };
        let abilities = |attributes| {
            let functional = functional(attributes);
            (functional.can_download(), functional.can_upload())
        };
        let expected = [(true, true), (false, true), (true, false), (false, false)];
        assert_eq!([0x0B, 0x0A, 0x09, 0x08].map(abilities), expected);
    }

    #[test]
    fn descriptors_of_unknown_kinds_are_passed_over_down_to_two_bytes() {
        let odd = [9, 2, 20, 0, 1, 1, 0, 0, 0, 2, 0x30, 9, 4, 0, 0, 0, 0xFE, 1, 2, 6];
        assert_eq!(Configuration::parse(&odd).unwrap().alt_settings.len(), 1);
    }

    #[test]
    fn an_interface_descriptor_that_ends_before_its_name_is_refused() {
        let cut = [9, 2, 17, 0, 1, 1, 0, 0, 0, 8, 4, 0, 0, 0, 0xFE, 1, 2];
        assert_eq!(Configuration::parse(&cut), Err(DescriptorError::Length(8)));
    }

    #[test]
    fn strings_keep_every_character_and_are_shown_safely() {
        let nasty = "../é\0\u{1b}[2J\u{202e}\\";
        assert_eq!(parse_string(&string(nasty)).unwrap(), nasty);
        assert_eq!(printable(nasty), "../é\\u{0}\\u{1b}[2J\\u{202e}\\\\");
        assert_eq!(parse_string(&[4, 3, 0x00, 0xD8]).unwrap(), "\u{fffd}");
        assert_eq!(parse_string(&string(&"x".repeat(126))).unwrap().len(), 126);
    }

    #[test]
    fn malformed_strings_are_refused() {
        assert_eq!(parse_string(&[]), Err(DescriptorError::Truncated));
        assert_eq!(parse_string(&[5, 3, 65, 0, 66]), Err(DescriptorError::Length(5)));
        assert_eq!(parse_string(&[6, 3, 65, 0]), Err(DescriptorError::Truncated));
        assert_eq!(parse_string(&[4, 2, 65, 0]), Err(DescriptorError::Kind(2)));
        assert_eq!(first_language(&[4, 3, 9, 4]), Ok(Some(0x0409)));
        assert_eq!(first_language(&[2, 3]), Ok(None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Configuration::parse(&bytes);
            let _ = DeviceDescriptor::parse(&bytes);
            if let Ok(text) = parse_string(&bytes) {
                prop_assert!(text.encode_utf16().count() <= 126);
                prop_assert!(!printable(&text).chars().any(char::is_control));
            }
        }

        #[test]
        fn a_changed_configuration_yields_no_more_than_it_has(at in 0usize..45, value: u8) {
            let mut bytes = DUO;
            bytes[at] = value;
            if let Ok(configuration) = Configuration::parse(&bytes) {
                prop_assert!(configuration.alt_settings.len() + configuration.functional.len() <= 22);
            }
        }
    }
}
