//! A file that may be a dump of a DCT.

use duo_provision::dct::{DctImage, Dump, DumpKind, FIELDS, WholeDct};

/// The factory's flag, behind the application section (redbear/firmware `platform_dct.h`).
const INITIAL_WRITE: usize = 8472;

/// Recognises `bytes`, as they are and repeated to the sizes that dumps have.
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

/// What is taken for the current copy was written to its end, and says of itself that it is current: by a
/// sequence number with its checksum, or by its mark.
fn current(whole: &WholeDct<'_>) {
    let usable = |copy: usize| {
        let copy = whole.copies()[copy];
        copy.is_complete() && (copy.is_marked_current() || copy.sequence().is_some())
    };
    match whole.current() {
        Some(current) => {
            assert!(usable(current));
            let [this, other] = [current, 1 - current].map(|copy| whole.copies()[copy].sequence());
            assert!(!usable(1 - current) || this.is_some() || other.is_none());
            let initial = whole.copies()[current].section()[INITIAL_WRITE] == 1;
            assert!(
                this.zip(other).is_none_or(|(this, other)| initial || this >= other || !usable(1 - current))
            );
        }
        None => assert!(!usable(0) && !usable(1)),
    }
}
