//! Fuzzes the readers of a file that a person named: its text, its suffix, and the DCT in it.

use duo_provision::archive::Manifest;
use duo_provision::dct::{COPY_SIZE, Dump, FLASH_SIZE, InFlash, WHOLE_SIZE, find_in_flash};
use duo_provision::dfuse::suffix::{SUFFIX_SIZE, before_suffix};
use duo_provision::keys::{KeyFile, to_utf8};

/// Reads `bytes` as they are, as text in UTF-16, and as the start of the sectors of a flash.
pub fn run(bytes: &[u8]) {
    text(bytes);
    suffix(bytes);
    let _ = Manifest::is_foreign(bytes);
    if let Ok(ascii) = std::str::from_utf8(bytes)
        && ascii.is_ascii()
    {
        in_utf16(ascii);
    }
    // A megabyte each time, so only for short inputs.
    if (16..=96).contains(&bytes.len()) {
        flash(bytes);
    }
}

fn text(bytes: &[u8]) {
    let Some(text) = to_utf8(bytes) else { return };
    assert!(text.len() <= bytes.len() / 2 * 3 || bytes.starts_with(b"\xEF\xBB\xBF"));
    // At most one mark is removed.
    if !text.starts_with(b"\xEF\xBB\xBF") && to_utf8(&text).is_none() {
        assert_eq!(KeyFile::read(bytes), KeyFile::read(&text));
    }
}

/// A text in UTF-16 is read like the same text in ASCII.
fn in_utf16(ascii: &str) {
    let plain = KeyFile::read(ascii.as_bytes());
    let marked = format!("\u{feff}{ascii}");
    let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
    // A text that starts like UTF-16 without a mark is another text.
    if to_utf8(ascii.as_bytes()).is_none() {
        assert_eq!(KeyFile::read(&little), plain);
        assert_eq!(KeyFile::read(&big), plain);
    }
}

fn suffix(bytes: &[u8]) {
    if let Some(contents) = before_suffix(bytes) {
        assert_eq!(contents.len() + SUFFIX_SIZE, bytes.len());
        assert!(bytes.starts_with(contents));
    }
}

/// The starts of the three sectors that a DCT can lie in.
fn flash(bytes: &[u8]) {
    let mut image = vec![bytes[0]; FLASH_SIZE];
    for (nth, start) in bytes.chunks(32).take(3).enumerate() {
        let at = (nth + 1) * COPY_SIZE;
        image[at..at + start.len()].copy_from_slice(start);
    }
    let found = find_in_flash(&image).expect("as long as a flash");
    let dump = Dump::recognise(&image);
    assert_eq!(matches!(found, InFlash::At(_)), dump.is_some());
    if let Some(dump) = dump {
        assert_eq!(dump.bytes().len(), WHOLE_SIZE);
        assert!(dump.whole().is_some() && matches!(dump.address(), Some(0x0800_4000 | 0x0800_8000)));
    }
}
