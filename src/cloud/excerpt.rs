//! Makes text from outside fit to be shown to a person.
//!
//! A server's words appear on terminals and in logs. So they are cut to a bounded length, cleared of everything that a
//! terminal would act on, and cleared of the token, which a server may echo. Nothing here knows what the text means.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

/// The longest excerpt, in characters.
pub const MAX_CHARS: usize = 200;

/// Replaces a secret.
const REDACTED: &str = "[token]";

/// How many characters are read for each one that can be shown: redaction makes text shorter.
const MOST_REDUCTION: usize = 16;

/// This many bytes in a row are a piece of a secret that is worth hiding; fewer match by chance. (Servers often quote
/// the beginning of a token that they do not know.)
const PIECE: usize = 8;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The printable part of `bytes`, at most [`MAX_CHARS`] characters: UTF-8 (anything else becomes U+FFFD), with one
/// space for every run of white space, control and invisible formatting characters, and `secret` replaced.
///
/// Looks for any eight bytes in a row of `secret` (for all of it, if it is shorter): as they are, percent-encoded and
/// in hexadecimal, in any letter case, and in base64. An empty secret is not looked for.
pub fn excerpt(bytes: &[u8], secret: &str) -> String {
    let text = printable(&String::from_utf8_lossy(bytes));
    let beginning: String = text.chars().take(MAX_CHARS * MOST_REDUCTION).collect();
    // Redacted first: a cut could leave half a piece of a secret, which would not be recognised.
    let traces = Traces::of(secret);
    let mut redacted = traces.replace(&beginning);
    // The replacement and its new neighbours can spell a short secret again.
    if traces.find(&redacted).contains(&true) {
        "(withheld)".clone_into(&mut redacted);
    }
    if beginning.len() == text.len() && redacted.chars().count() <= MAX_CHARS {
        return redacted;
    }
    let mut cut: String = redacted.chars().take(MAX_CHARS - 1).collect();
    cut.push('…');
    cut
}

/// Words to be shown after others; nothing if there are none.
pub(super) fn told(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !is_invisible(c) {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// White space, C0 and C1 controls, and the characters that reorder or hide their neighbours (Unicode's
/// bidirectional controls, zero-width characters, the byte order mark, tags).
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Every piece of a secret in every encoding, by its encoded length.
#[derive(Default)]
struct Traces {
    /// In lower case; matches any letter case.
    folded: BTreeMap<usize, HashSet<Vec<u8>>>,
    /// Base64, in which upper and lower case differ.
    exact: BTreeMap<usize, HashSet<Vec<u8>>>,
}

impl Traces {
    fn of(secret: &str) -> Self {
        let mut traces = Self::default();
        for piece in secret.as_bytes().windows(PIECE.min(secret.len()).max(1)) {
            let mut fold = |text: String| {
                let text = text.to_ascii_lowercase().into_bytes();
                traces.folded.entry(text.len()).or_default().insert(text);
            };
            fold(String::from_utf8_lossy(piece).into_owned());
            fold(hexadecimal(piece, "%", |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
            // The codes of a few bytes match by chance.
            if piece.len() < PIECE {
                continue;
            }
            fold(hexadecimal(piece, "", |_| false));
            fold(hexadecimal(piece, "%", |_| false));
            for alphabet in [BASE64, BASE64_URL] {
                for before in 0..3 {
                    let text = base64_piece(piece, before, alphabet);
                    traces.exact.entry(text.len()).or_default().insert(text);
                }
            }
        }
        traces
    }

    /// For each byte of `text`, whether it belongs to a piece.
    fn find(&self, text: &str) -> Vec<bool> {
        let mut found = vec![false; text.len()];
        // ASCII lower-casing does not move any byte, so positions stay valid.
        let lower = text.to_ascii_lowercase();
        for (haystack, traces) in [(lower.as_bytes(), &self.folded), (text.as_bytes(), &self.exact)] {
            for (length, pieces) in traces {
                let windows = haystack.windows(*length).enumerate();
                for (at, _) in windows.filter(|(_, window)| pieces.contains(*window)) {
                    found[at..at + length].fill(true);
                }
            }
        }
        found
    }

    /// `text` with [`REDACTED`] for every run of pieces.
    fn replace(&self, text: &str) -> String {
        let found = self.find(text);
        let mut out = String::with_capacity(text.len());
        let mut in_piece = false;
        for (at, c) in text.char_indices() {
            if !found[at] {
                out.push(c);
            } else if !in_piece {
                out.push_str(REDACTED);
            }
            in_piece = found[at];
        }
        out
    }
}

/// The bytes in hexadecimal, each after `before`, except those that stay as they are. Percent-encoding (RFC 3986 §2.1)
/// leaves the unreserved characters.
fn hexadecimal(bytes: &[u8], before: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(bytes.len() * (2 + before.len()));
    for byte in bytes {
        if stays(*byte) {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "{before}{byte:02x}");
        }
    }
    out
}

/// The base64 characters (RFC 4648 §4, §5) that depend on `piece` alone, if `before` bytes (modulo three) come before
/// it in the text. Three bytes make a group of four characters; the piece begins after `before` bytes of its first
/// group.
fn base64_piece(piece: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bits = piece.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let first = (6 - before * 8 % 6) % 6;
    let last = piece.len() * 8;
    let sextets = (first..=last - 6).step_by(6).map(|at| bits >> (last - 6 - at) & 0x3f);
    sextets.map(|sextet| alphabet[usize::try_from(sextet).unwrap_or(0)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_escapes_do_not_reach_the_terminal() {
        assert_eq!(excerpt(b"\x1b[31m<h1>Bad\r\n\t gateway</h1>\x07\n", ""), "[31m<h1>Bad gateway</h1>");
        assert_eq!(excerpt("a\u{202e}b\u{200b}c\u{feff}".as_bytes(), ""), "a b c");
    }

    #[test]
    fn the_secret_is_replaced_before_the_cut() {
        let body = format!("{}deadbeefdeadbeef", "x".repeat(MAX_CHARS - 8));
        let shown = excerpt(body.as_bytes(), "deadbeefdeadbeef");
        assert!(shown.ends_with("x[token]"), "{shown}");
        assert_eq!(shown.chars().count(), MAX_CHARS - 1);
    }

    #[test]
    fn the_secret_is_found_in_any_case_and_percent_encoded() {
        assert_eq!(excerpt(b"got DEADBEEF, deadBEEF", "deadbeef"), "got [token], [token]");
        assert_eq!(excerpt(b"t=a%2fb%3D", "a/b="), "t=[token]");
    }

    #[test]
    fn pieces_of_the_secret_are_found_in_every_encoding() {
        let secret = "5ec4e7a1b2c3/4e5";
        for (text, shown) in [
            ("token 5ec4e7a1... is unknown", "token [token]... is unknown"),
            ("5EC4E7A, B2C3/4E5!", "5EC4E7A, [token]!"),
            // As `xxd -p`, `base64` and `base64 | tr +/ -_` write it: alone, and after one and two bytes.
            ("3565633465376131623263332f346535", "[token]"),
            ("NWVjNGU3YTFiMmMzLzRlNQ==", "[token]Q=="),
            ("IDVlYzRlN2ExYjJjMy80ZTU=", "ID[token]U="),
            ("ICA1ZWM0ZTdhMWIyYzMvNGU1", "ICA[token]"),
            ("%35%65%63%34%65%37%61%31", "[token]"),
            ("e7a1b2c3%2f4", "[token]"),
        ] {
            assert_eq!(excerpt(text.as_bytes(), secret), shown, "{text}");
        }
    }

    #[test]
    fn a_secret_that_redaction_would_spell_again_withholds_the_text() {
        assert_eq!(excerpt(b"xx", "x"), "[token]");
        assert_eq!(excerpt(b"token", "t"), "(withheld)");
    }

    #[test]
    fn long_text_is_cut_to_the_limit() {
        assert_eq!(excerpt("é".repeat(1000).as_bytes(), "").chars().count(), MAX_CHARS);
    }
}
