//! Tests that the suffix of a DFU file is removed if its checksum is right, and that nothing else is.

use duo_provision::dfuse::suffix::{SUFFIX_SIZE, before_suffix};
use proptest::prelude::*;

/// A suffix as dfu-suffix writes it, its CRC computed bit by bit (DFU 1.1, appendix B).
pub fn with_suffix(contents: &[u8]) -> Vec<u8> {
    let head = [0xFF, 0xFF, 0x58, 0xD0, 0x04, 0x2B, 0x00, 0x01, b'U', b'F', b'D', 16];
    let mut file = [contents, &head].concat();
    let sum = file.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 },
        )
    });
    file.extend_from_slice(&sum.to_le_bytes());
    file
}

#[test]
fn the_file_of_another_tool_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/__test__/fixtures/cases/dct.dfu-suffix.bin");
    let file = std::fs::read(path).unwrap();
    assert_eq!(before_suffix(&file), Some(&file[..32_768]));
}

proptest! {
    #[test]
    fn it_is_taken_off_whole_or_not_at_all(contents in prop::collection::vec(any::<u8>(), 0..300), flipped in any::<prop::sample::Index>(), bit in 0..8) {
        let file = with_suffix(&contents);
        prop_assert_eq!(before_suffix(&file), Some(&contents[..]));
        let mut damaged = file.clone();
        damaged[flipped.index(file.len())] ^= 1_u8 << bit;
        prop_assert_eq!(before_suffix(&damaged), None);
        prop_assert_eq!(before_suffix(&contents).map(<[u8]>::len).filter(|length| length + SUFFIX_SIZE != contents.len()), None);
    }
}
