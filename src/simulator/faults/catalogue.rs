//! Lists one or more faults of every kind, for tests that try them all.

use super::{Kind, Lie, Moment, Stuck};

/// Bytes of a key's slot.
const SLOT: usize = 1216;
const KEY_BITS_AT: usize = 34 * 8;

impl Kind {
    /// One or more of every kind.
    pub fn catalogue() -> Vec<Self> {
        let mut kinds = transfers();
        kinds.extend(reads());
        kinds.extend(writes());
        kinds.extend(addresses());
        kinds.extend((0..=15).map(Self::State));
        kinds.extend([Self::Busy, Self::PollTimeout(0), Self::PollTimeout(0x00ff_ffff)]);
        kinds.extend([Self::LeaveStalls, Self::LeaveHangs, Self::LeaveVanishes]);
        kinds.extend(descriptors());
        kinds.extend(names());
        kinds.extend([Self::Twin, Self::Denied, Self::Taken]);
        kinds
    }
}

/// Transfers that are interrupted.
fn transfers() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for moment in [Moment::Before, Moment::After] {
        kinds.extend([Kind::Stall(moment), Kind::Timeout(moment), Kind::Protocol(moment)]);
        kinds.extend([Kind::Reenumerate(moment), Kind::Swap(moment)]);
    }
    for moment in [Moment::Before, Moment::In, Moment::After] {
        kinds.extend([true, false].map(|returns| Kind::Disconnect { moment, returns }));
    }
    kinds
}

fn reads() -> Vec<Kind> {
    let mut kinds = vec![Kind::ShortBy(1), Kind::Babble, Kind::ReadZeros, Kind::ReadOnes, Kind::ReadUnstable];
    kinds.extend([0, 1, 5, 64].map(Kind::ShortRead));
    // The first bit that is read, a bit of the key if the whole table is read, and a bit of the key if only the key is
    // read.
    kinds.extend([0, KEY_BITS_AT + 4321, 4321].map(Kind::ReadFlipped));
    kinds
}

fn writes() -> Vec<Kind> {
    let mut kinds = vec![Kind::WriteFails, Kind::WriteSilent];
    kinds.extend([1, 600].map(Kind::WriteHalf));
    kinds.extend([0, 600, SLOT].map(Kind::PowerCut));
    kinds
}

/// Each bit, and places that a pointer had before or that hold important data.
fn addresses() -> Vec<Kind> {
    let mut kinds = vec![Kind::AddressSilent];
    kinds.extend((0..32).map(Kind::AddressOnceWrong));
    kinds.extend((0..32).map(Stuck::Bit).map(Kind::AddressStuck));
    kinds.extend([0, 1, 34, 2082, 0x0800_0000].map(Stuck::At).map(Kind::AddressStuck));
    kinds
}

fn descriptors() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = [0, 64, 65535].map(Kind::TransferSize).into();
    // Device, configuration, the languages, the serial number, and the DCT's name.
    for (kind, index) in [(1, 0), (2, 0), (3, 0), (3, 3), (3, 7)] {
        let lies = [Lie::Missing, Lie::Empty, Lie::Looping, Lie::TooLong, Lie::TooShort];
        kinds.extend(lies.map(|lie| Kind::Descriptor { kind, index, lie }));
    }
    // Another maker's device, and an unknown bootloader.
    for device in ["120100020000004083041157000201020301", "1201000200000040042b58d0990901020301"] {
        let bytes = super::text::unhex(device).unwrap_or_default();
        kinds.push(Kind::Descriptor { kind: 1, index: 0, lie: Lie::Bytes(bytes) });
    }
    kinds
}

/// Names, maps and sizes that are not a Duo's, and malicious serial numbers.
fn names() -> Vec<Kind> {
    let maps = [
        "",
        "@",
        "@Option Bytes   /0x1FFFC000/01*016 e",
        "@DCT Flash   /0x00000000/01*008Kg",
        "@DCT Flash   /0x08000000/01*016Kg",
        "@DCT Flash   /0x00000000/01*016Ka",
        "@DCT Flash   /0x00000000/99999999*999Mg",
        "@\u{1b}]0;DCT Flash\u{7}/0x00000000/01*016Kg",
    ];
    let mut kinds: Vec<Kind> = maps.map(|map| Kind::AltName { alt: 1, text: map.to_owned() }).into();
    // The flash with the bootloader, under the DCT's name.
    kinds.push(Kind::AltName { alt: 0, text: "@DCT Flash   /0x00000000/01*016Kg".to_owned() });
    let serials = [
        "",
        "../../../../tmp/key",
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "30001b\0c473533303041ffff",
        "00000000010C",
    ];
    kinds.extend(serials.map(|serial| Kind::Serial(serial.to_owned())));
    kinds.push(Kind::Serial("A".repeat(126)));
    kinds
}

/// The written form of each kind, once: `N`, `TEXT` and the like are placeholders.
pub fn forms() -> Vec<String> {
    let mut forms: Vec<String> = Vec::new();
    for kind in Kind::catalogue() {
        let form = match &kind {
            Kind::Descriptor { .. } => "descriptor-TYPE.INDEX-LIE".to_owned(),
            Kind::AltName { .. } => "alt-name-N=TEXT".to_owned(),
            Kind::Serial(_) => "serial=TEXT".to_owned(),
            Kind::AddressOnceWrong(_) => "address-once-wrong=BIT".to_owned(),
            Kind::AddressStuck(_) => "address-stuck=BIT|0xADDRESS".to_owned(),
            kind => {
                let name = kind.to_string();
                let without = name.trim_end_matches(|c: char| c.is_ascii_digit());
                format!("{without}{}", if without.len() < name.len() { "N" } else { "" })
            }
        };
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}
