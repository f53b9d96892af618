//! Converts texts to plain UTF-8: from UTF-16, which `>` of Windows PowerShell writes, and from UTF-8 with a byte order
//! mark.

use zeroize::Zeroizing;

/// How many bytes are checked to see whether a text without a mark is UTF-16.
const LOOKED_AT: usize = 64;

/// Makes a UTF-16 unit from its two bytes.
type Order = fn([u8; 2]) -> u16;

/// The text as UTF-8 without a byte order mark; `None` if the bytes are that already, or are not text.
///
/// A text counts as UTF-16 if it begins with a mark, or if every second one of its first bytes is zero and the others
/// are ASCII. No DER key and no dump of a device's key does that.
pub fn to_utf8(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(text) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return Some(Zeroizing::new(text.to_vec()));
    }
    let (text, order): (&[u8], Order) = match bytes {
        [0xFF, 0xFE, text @ ..] => (text, u16::from_le_bytes),
        [0xFE, 0xFF, text @ ..] => (text, u16::from_be_bytes),
        text if looks_like(text, 0) => (text, u16::from_le_bytes),
        text if looks_like(text, 1) => (text, u16::from_be_bytes),
        _ => return None,
    };
    let units = text.chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
    // Allocated in full at once (a unit becomes at most three bytes): a buffer that grows leaves copies of its
    // contents.
    let mut utf8 = Zeroizing::new(Vec::with_capacity(text.len() / 2 * 3));
    for character in char::decode_utf16(units) {
        utf8.extend_from_slice(character.ok()?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(utf8)
}

/// Whether the bytes begin like ASCII in UTF-16. `ascii` is the index, 0 or 1, of the byte of a pair that is not zero.
fn looks_like(text: &[u8], ascii: usize) -> bool {
    let start = &text[..text.len().min(LOOKED_AT)];
    let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    start.len() >= 8 && start.chunks_exact(2).all(|pair| is_text(pair[ascii]) && pair[1 - ascii] == 0)
}
