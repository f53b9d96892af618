//! Tests that dumps are recognised by size and content, and that the current copy is found in either place.

use duo_provision::dct::{
    self, COPY_SIZE, CopyRule, DctCopy, DeviceId, Dump, DumpKind, FIELDS, Field, SECTION_SIZES, WHOLE_SIZE,
    WholeDct,
};
use proptest::prelude::*;

/// The offset of the version record in a copy, and its numbers, typed here a second time.
const RECORD: usize = 16_368;
const CRC: usize = 16_376;
const INITIAL_WRITE: usize = 16_380;
const SEQUENCE: usize = 16_381;

const ID: &str = "30001b000c4735333030ab01";

/// An application section that can be identified: the server key starts with `mark` after its frame.
fn section(length: usize, mark: u8) -> Vec<u8> {
    let mut bytes = vec![0xFF; length];
    bytes[34..38].copy_from_slice(&[0x30, 0x82, 0x02, 0x5F]);
    bytes[2082..2086].copy_from_slice(&[0x30, 0x82, 0x01, 0x22]);
    bytes[2086] = mark;
    let id: DeviceId = ID.parse().unwrap();
    bytes[3618..3630].copy_from_slice(id.as_bytes());
    bytes
}

/// A copy as firmware up to 0.3.1 writes it.
pub fn copy(mark: u8) -> Vec<u8> {
    let mut copy = vec![0xFF; COPY_SIZE];
    copy[8..10].copy_from_slice(&[0, 1]);
    copy[12..16].copy_from_slice(b"BRCM");
    let section = section(8423, mark);
    copy[7548..7548 + section.len()].copy_from_slice(&section);
    copy
}

/// The same with a version record, as from 0.3.2 on.
pub fn sealed(mark: u8, sequence: u8) -> Vec<u8> {
    let mut copy = copy(mark);
    copy[RECORD..RECORD + 8].copy_from_slice(&[0xCD, 0x00, 0x02, 0xDC, 0, 0, 0x70, 3]);
    copy[RECORD + 8..].copy_from_slice(&[0, 0, 0, 0, 0, sequence, 0, 0]);
    let sum = checksum(&copy);
    copy[CRC..CRC + 4].copy_from_slice(&sum.to_le_bytes());
    copy
}

/// A copy that was made from nothing, before any firmware has written another.
pub fn factory(mark: u8) -> Vec<u8> {
    let mut copy = sealed(mark, 1);
    copy[CRC..CRC + 4].fill(0);
    copy[INITIAL_WRITE] = 1;
    copy
}

/// A copy whose record has a wrong checksum.
pub fn torn(mark: u8, sequence: u8) -> Vec<u8> {
    let mut copy = sealed(mark, sequence);
    copy[CRC] ^= 1;
    copy
}

/// The checksum of a copy whose own checksum counts as zero. It is taken in pieces: 388 bytes, then 32 bytes each up to
/// the record, then the record.
fn checksum(copy: &[u8]) -> u32 {
    let mut starts = vec![0];
    starts.extend((388..RECORD).step_by(32));
    starts.push(RECORD);
    let ends = starts[1..].iter().copied().chain([COPY_SIZE]);
    let sums = starts.iter().zip(ends).map(|(start, end)| crc32(&copy[*start..end]) ^ 0xFFFF_FFFF);
    sums.fold(0, |sum, piece| sum ^ piece) ^ 0xFFFF_FFFF
}

/// CRC-32 of IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

pub fn whole(first: &[u8], second: &[u8]) -> Vec<u8> {
    [first, second].concat()
}

pub fn old(mut copy: Vec<u8>) -> Vec<u8> {
    copy[9] = 0;
    copy
}

/// The mark of the copy that the firmware with this rule reads.
pub fn mark(bytes: &[u8], rule: CopyRule) -> Option<u8> {
    Some(Dump::recognise(bytes)?.by(rule).field(&dct::SERVER_PUBLIC_KEY)?[4])
}

#[test]
fn the_checksum_is_the_published_one() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
}

#[test]
fn every_dump_in_use_is_recognised_and_has_its_fields_in_their_places() {
    let section = section(16_384, 7);
    let dumps = [
        (section[..4290].to_vec(), DumpKind::Section),
        (section[..8423].to_vec(), DumpKind::Section),
        (section.clone(), DumpKind::FromStart),
        (section[34..].to_vec(), DumpKind::FromPrivateKey),
        (copy(7), DumpKind::OneCopy),
        (whole(&vec![0xFF; COPY_SIZE], &copy(7)), DumpKind::Whole),
    ];
    for (bytes, kind) in dumps {
        let dump = Dump::recognise(&bytes).unwrap();
        assert_eq!((dump.kind(), dump.bytes().len()), (kind, bytes.len()));
        assert_eq!(dump.server_key_slot().unwrap()[4], 7, "{kind}");
        assert_eq!(dump.private_key_slot().unwrap()[..4], [0x30, 0x82, 0x02, 0x5F], "{kind}");
        assert_eq!(dump.device_id().unwrap().to_string(), ID, "{kind}");
        assert_eq!(dump.field(&dct::VERSION).is_some(), kind != DumpKind::FromPrivateKey, "{kind}");
        assert_eq!(dump.whole().is_some(), kind == DumpKind::Whole);
        assert!(!dump.is_unreadable());
        assert!(!format!("{dump:?}").contains("48"), "Debug is redacted: {dump:?}");
    }
}

#[test]
fn other_sizes_and_bytes_without_a_key_are_no_dump() {
    let section = section(32_768, 7);
    for length in [0, 1216, 4096, 4289, 4291, 8422, 8836, 16_349, 16_383, 32_767, 32_768] {
        assert!(Dump::recognise(&section[..length]).is_none(), "{length}");
    }
    for length in SECTION_SIZES.into_iter().chain([16_350, 16_384, 32_768]) {
        assert!(Dump::recognise(&vec![0x41; length]).is_none(), "{length}");
    }
}

#[test]
fn what_an_unreadable_dct_answers_is_recognised_as_that() {
    for byte in [0x00, 0xFF] {
        for length in SECTION_SIZES.into_iter().chain([16_350, 16_384]) {
            assert!(Dump::recognise(&vec![byte; length]).unwrap().is_unreadable(), "{length}");
        }
        assert!(Dump::recognise(&vec![byte; WHOLE_SIZE]).is_none(), "no copy is there at all");
    }
}

/// The copy that each rule chooses: r3 to r5, then r6.
#[test]
fn the_current_copy_is_the_one_that_the_firmware_uses() {
    let erased = vec![0xFF; COPY_SIZE];
    let mut incomplete = copy(9);
    incomplete[8] = 1;
    let cases = [
        ("the first of all", copy(1), erased.clone(), [Some(0), Some(0)]),
        ("r3-r5 after a write", erased.clone(), copy(2), [Some(1), Some(1)]),
        ("a fresh one", old(copy(1)), old(copy(2)), [None, Some(0)]),
        ("one that is not marked", erased.clone(), old(copy(2)), [None, Some(1)]),
        ("power lost in the middle of the new one", copy(1), incomplete.clone(), [Some(0), Some(0)]),
        ("the same the other way round", incomplete.clone(), copy(2), [Some(1), Some(1)]),
        ("neither is whole", incomplete.clone(), incomplete, [None, None]),
        ("both are marked", copy(1), copy(2), [Some(0), Some(0)]),
        ("the new one whole, the old one still marked", sealed(1, 6), sealed(2, 7), [Some(0), Some(1)]),
        ("the same the other way round", sealed(1, 7), sealed(2, 6), [Some(0), Some(0)]),
        ("bytes are compared as they are", sealed(1, 0), sealed(2, 255), [Some(0), Some(1)]),
        ("the same number", sealed(1, 4), sealed(2, 4), [Some(0), Some(0)]),
        ("after a write of r6", old(sealed(1, 9)), sealed(2, 8), [Some(1), Some(1)]),
        ("a record goes before none", copy(1), sealed(2, 1), [Some(0), Some(1)]),
        ("and before a bad one", torn(1, 200), sealed(2, 1), [Some(0), Some(1)]),
        ("a bad one before none", copy(1), torn(2, 1), [Some(0), Some(1)]),
        ("and the same the other way round", torn(1, 1), copy(2), [Some(0), Some(0)]),
        ("both bad, the first marked", torn(1, 1), torn(2, 9), [Some(0), Some(0)]),
        ("both bad, the first not marked", old(torn(1, 9)), torn(2, 1), [Some(1), Some(1)]),
        ("the second made from nothing", sealed(1, 9), factory(2), [Some(0), Some(1)]),
        ("the first made from nothing", factory(1), sealed(2, 9), [Some(0), Some(0)]),
    ];
    for (name, first, second, expected) in cases {
        let bytes = whole(&first, &second);
        let marks = [first[7548 + 2086], second[7548 + 2086]];
        for (rule, expected) in CopyRule::ALL.into_iter().zip(expected) {
            assert_eq!(WholeDct::new(&bytes).unwrap().current(rule), expected, "{name}, {rule:?}");
            assert_eq!(mark(&bytes, rule), expected.map(|current| marks[current]), "{name}, {rule:?}");
        }
        let agreed = expected[0].filter(|_| expected[0] == expected[1]);
        assert_eq!(Dump::recognise(&bytes).unwrap().copy(), agreed, "{name}");
        assert_eq!(Dump::recognise(&bytes).unwrap().is_disputed(), expected[0] != expected[1], "{name}");
    }
    assert!(WholeDct::new(&whole(&erased, &erased)).is_none());
}

#[test]
fn a_copy_that_is_named_gives_its_fields_whether_it_counts_or_not() {
    let bytes = whole(&copy(1), &old(copy(2)));
    let dump = Dump::recognise(&bytes).unwrap();
    for (copy, expected) in [(0, 1), (1, 2)] {
        let named = dump.of_copy(copy);
        assert_eq!(named.server_key_slot().unwrap()[4], expected);
        assert_eq!(named.copy(), Some(copy));
    }
    assert!(dump.of_copy(2).section().is_none());
}

#[test]
fn a_record_tells_the_firmware_that_wrote_it() {
    assert!(DctCopy::new(&torn(1, 3)).unwrap().has_record());
    assert!(!DctCopy::new(&copy(1)).unwrap().has_record());
}

#[test]
fn names_are_typed_with_hyphens_and_a_mistyped_one_is_named() {
    for field in FIELDS {
        assert_eq!(field.kebab_name().parse::<Field>(), Ok(field));
        assert_eq!(field.name.parse::<Field>(), Ok(field));
    }
    assert_eq!("device-private-key".parse::<Field>(), Ok(dct::DEVICE_PRIVATE_KEY));
    let refused = "device-privat-key".parse::<Field>().unwrap_err();
    assert_eq!(refused.to_string(), "\"device-privat-key\" is no field of the DCT");
}

/// Bytes of a size that a dump may have, some with a header.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let sizes = prop_oneof![Just(4290), Just(8423), Just(16_350), Just(16_384), Just(32_768), 0usize..40_000];
    let spots = [8, 9, 12, RECORD, CRC, SEQUENCE, 34, 7548 + 34, 2082, 7548 + 2082, 3618];
    let pokes = proptest::collection::vec((0..spots.len(), any::<bool>(), any::<[u8; 4]>()), 0..12);
    let brcm = proptest::collection::vec(any::<bool>(), 2);
    (sizes, any::<u8>(), pokes, brcm).prop_map(move |(size, fill, pokes, brcm)| {
        let mut bytes = vec![fill; size];
        for (spot, second, value) in pokes {
            let at = spots[spot] + if second { COPY_SIZE } else { 0 };
            if let Some(place) = bytes.get_mut(at..at + 4) {
                place.copy_from_slice(&value);
            }
        }
        for (copy, wanted) in brcm.into_iter().enumerate() {
            if let Some(place) =
                bytes.get_mut(copy * COPY_SIZE + 12..copy * COPY_SIZE + 16).filter(|_| wanted)
            {
                place.copy_from_slice(b"BRCM");
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_is_recognised_keeps_its_promises(bytes in hostile()) {
        let Some(dump) = Dump::recognise(&bytes) else { return Ok(()) };
        for field in FIELDS {
            if let Some(found) = dump.field(&field) {
                prop_assert_eq!(found.len(), field.size);
                prop_assert!(bytes.as_ptr_range().contains(&found.as_ptr()), "it lies in the dump");
            }
        }
        if let Some(whole) = dump.whole() {
            for rule in CopyRule::ALL {
                let current = whole.current(rule);
                prop_assert_eq!(dump.by(rule).field(&dct::VERSION).is_some(), current.is_some());
                if let Some(current) = current {
                    prop_assert!(whole.copies()[current].is_complete());
                }
            }
        }
    }
}
