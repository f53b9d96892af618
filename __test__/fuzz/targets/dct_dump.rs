//! Fuzzes the reader of files that may be a dump of a DCT.

use duo_provision::dct::{CopyRule, DctImage, Dump, DumpKind, FIELDS, WholeDct};

/// Reads `bytes` as they are, and repeated to the sizes that dumps have.
pub fn run(bytes: &[u8]) {
    recognise(bytes);
    if bytes.is_empty() || bytes.len() > 4096 {
        return;
    }
    for size in [4290, 8423, 16_350, 16_384, 32_768] {
        let stretched: Vec<u8> = bytes.iter().copied().cycle().take(size).collect();
        recognise(&stretched);
    }
}

fn recognise(bytes: &[u8]) {
    let Some(dump) = Dump::recognise(bytes) else { return };
    assert!([4290, 8423, 16_350, 16_384, 32_768].contains(&bytes.len()));
    for field in FIELDS {
        let Some(found) = dump.field(&field) else { continue };
        assert_eq!(found.len(), field.size);
        if matches!(dump.kind(), DumpKind::Section | DumpKind::FromStart) {
            assert_eq!(DctImage::new(bytes).field(&field), Some(found));
        }
    }
    if dump.is_unreadable() {
        assert!(bytes.iter().all(|byte| *byte == bytes[0]));
    }
    if let Some(whole) = dump.whole() {
        current(&whole);
    }
    assert_eq!(dump.whole().is_some(), dump.kind() == DumpKind::Whole);
}

/// A copy that counts as current was written to its end; r6 chooses one whenever there is one.
fn current(whole: &WholeDct<'_>) {
    let complete = whole.copies().map(|copy| copy.is_complete());
    for rule in CopyRule::ALL {
        assert!(whole.current(rule).is_none_or(|current| complete[current]));
    }
    assert_eq!(whole.current(CopyRule::R6).is_some(), complete.contains(&true));
}
