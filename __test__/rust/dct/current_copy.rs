//! Tests which copy of a whole DCT is current. The references: the shipped bootloader of r6 with system firmware 0.3.3,
//! three DCTs that real bootloaders wrote, and a second implementation of the rule of r3 to r5.

use duo_provision::dct::{COPY_SIZE, CopyRule, Dump, Half, WholeDct};
use duo_provision::keys::ServerKey;
use proptest::prelude::*;

use super::dump::whole;
use crate::virtual_duo::unhex;

/// The published factory DCT's first copy (redbear/Duo `firmware/dct/fac-dct-r1.bin`).
fn factory() -> Vec<u8> {
    let mut copy = vec![0xFF; COPY_SIZE];
    copy[..388].fill(0);
    copy[10] = 1;
    copy[12..16].copy_from_slice(b"BRCM");
    copy[7548..7554].copy_from_slice(&[0xC0, 0xAC, 0xDE, 0x1A, 3, 0]);
    copy[7566..7572].copy_from_slice(&[0, 0xFF, 0, 0, 0, 0x0E]);
    copy[9630..9924].copy_from_slice(&ServerKey::particle().spki_der());
    copy[10_014..10_032].copy_from_slice(b"\x01\x0fdevice.spark.io\0");
    copy
}

/// A copy as a line of the vectors describes it: bytes 8 and 9, the magic number, the record.
fn described(words: &str, version: [u8; 4]) -> Vec<u8> {
    if words == "erased" {
        return vec![0xFF; COPY_SIZE];
    }
    let parts: Vec<Vec<u8>> = words.split('/').map(unhex).collect();
    let mut copy = factory();
    copy[8..10].copy_from_slice(&parts[0]);
    copy[12..16].copy_from_slice(&parts[1]);
    copy[0x3FF0..].copy_from_slice(&parts[2]);
    copy[7548 + 1858..][..4].copy_from_slice(&version);
    copy
}

#[test]
fn r6_takes_the_copy_that_its_bootloader_takes_in_every_vector() {
    let lines = include_str!("../../fixtures/dct/current-copy.txt");
    let mut agreed = 0;
    for line in lines.lines() {
        let [first, second, chosen] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let bytes = whole(&described(first, *b"AAAA"), &described(second, *b"BBBB"));
        let expected = ["first", "second"].iter().position(|name| *name == chosen);
        let current = WholeDct::new(&bytes).and_then(|whole| whole.current(CopyRule::R6));
        assert_eq!(current, expected, "{line}");
        agreed += 1;
    }
    assert_eq!(agreed, 1200);
}

#[test]
fn dcts_that_bootloaders_wrote_are_read_as_they_read_them() {
    let files: [(&str, &[u8], [usize; 2]); 3] = [
        ("r5", include_bytes!("../../fixtures/dct/r5-0.3.0.bin"), [1, 1]),
        ("r6", include_bytes!("../../fixtures/dct/r6-0.3.3.bin"), [0, 0]),
        ("cut", include_bytes!("../../fixtures/dct/r6-0.3.3-cut.bin"), [0, 1]),
    ];
    for (name, bytes, expected) in files {
        let whole = WholeDct::new(bytes).unwrap();
        let dump = Dump::recognise(bytes).unwrap();
        for (rule, copy) in CopyRule::ALL.into_iter().zip(expected) {
            assert_eq!(whole.current(rule), Some(copy), "{name}");
            assert_eq!(dump.by(rule).section(), Some(whole.copies()[copy].section()));
        }
        let disputed = expected[0] != expected[1];
        assert_eq!((dump.is_disputed(), dump.section().is_none()), (disputed, disputed), "{name}");
    }
}

/// A DCT as 0.3.2 and later make it from nothing.
#[test]
fn of_a_fresh_dct_without_any_mark_the_first_copy_counts() {
    let fresh = factory();
    let bytes = whole(&fresh, &fresh);
    let whole = WholeDct::new(&bytes).unwrap();
    assert_eq!(CopyRule::ALL.map(|rule| whole.current(rule)), [None, Some(0)]);
}

#[test]
fn a_half_is_a_copy_or_erased_or_neither() {
    let mut other = vec![0xFF; COPY_SIZE];
    other[9000] = 0;
    for (half, expected) in
        [(factory(), Half::Copy), (vec![0xFF; COPY_SIZE], Half::Erased), (other, Half::Other)]
    {
        let bytes = whole(&factory(), &half);
        let halves = WholeDct::new(&bytes).unwrap().copies().map(|copy| copy.half());
        assert_eq!(halves, [Half::Copy, expected]);
    }
}

/// r3 to r5: the first copy with `BRCM`, byte 8 = 0 and byte 9 = 1.
fn first_marked(bytes: &[u8]) -> Option<usize> {
    for copy in [0, 1] {
        let at = copy * 16_384;
        if &bytes[at + 12..at + 16] == b"BRCM" && bytes[at + 8] == 0 && bytes[at + 9] == 1 {
            return Some(copy);
        }
    }
    None
}

prop_compose! {
    fn header()(flags in any::<[u8; 2]>(), small in any::<[bool; 2]>(), magic in any::<bool>(), rest in any::<u8>())
        -> Vec<u8>
    {
        let mut copy = vec![rest; COPY_SIZE];
        for (at, byte) in flags.into_iter().enumerate() {
            copy[8 + at] = if small[at] { byte & 1 } else { byte };
        }
        if magic {
            copy[12..16].copy_from_slice(b"BRCM");
        }
        copy
    }
}

proptest! {
    #[test]
    fn r3_to_r5_take_the_first_marked_copy(first in header(), second in header()) {
        let bytes = whole(&first, &second);
        let current = WholeDct::new(&bytes).and_then(|whole| whole.current(CopyRule::R3ToR5));
        prop_assert_eq!(current, first_marked(&bytes));
    }
}
