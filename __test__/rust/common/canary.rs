//! Searches texts for any piece of the secrets that must not appear anywhere.
//!
//! A piece is eight bytes in a row: as they are, as a list of numbers, in hexadecimal, in base64 or percent-encoded.
//! Shorter pieces are found by chance. This searches strings inside a test process; `__test__/secrets/scanner.mjs`
//! searches what processes leave behind.

use std::collections::HashMap;
use std::fmt::Write as _;

/// Bytes per piece of a secret.
const PIECE: usize = 8;

/// The ten base64 characters that depend on these eight bytes only, and not on their neighbours.
const BASE64_PIECE: usize = 10;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// All secrets to look for.
pub struct Canaries {
    /// Encoded pieces, with the secret's name and the encoding's, by their first eight bytes.
    pieces: HashMap<[u8; PIECE], Vec<(Vec<u8>, String)>>,
    /// Which pairs of bytes start a piece: most places of a text need only one look.
    begins: Vec<bool>,
}

impl Default for Canaries {
    fn default() -> Self {
        Self { pieces: HashMap::new(), begins: vec![false; 1 << 16] }
    }
}

impl Canaries {
    /// Adds a secret text or number. One that is shorter than a piece is a defect of the test.
    pub fn add(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= PIECE, "{name} is too short to be looked for");
        for (at, piece) in secret.windows(PIECE).enumerate().filter(|(_, piece)| is_telling(piece)) {
            let mut note = |encoding: &str, encoded: Vec<u8>| {
                self.begins[pair(&encoded)] = true;
                let alike = self.pieces.entry(beginning(&encoded)).or_default();
                if alike.iter().all(|(other, _)| *other != encoded) {
                    alike.push((encoded, format!("{name} from byte {at}, {encoding}")));
                }
            };
            note("as it is", piece.to_vec());
            note("in lower case", piece.to_ascii_lowercase());
            note("in upper case", piece.to_ascii_uppercase());
            let hex = hexadecimal(piece, "");
            note("hexadecimal", hex.to_ascii_uppercase().into_bytes());
            note("hexadecimal", hex.into_bytes());
            for escaped in [percent_encoded(piece), hexadecimal(piece, "%")] {
                note("percent-encoded", escaped.to_ascii_lowercase().into_bytes());
                note("percent-encoded", escaped.into_bytes());
            }
            // A list as Rust prints bytes.
            note("as a list", piece.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes());
            for (encoding, alphabet) in [("base64", STANDARD), ("base64url", URL_SAFE)] {
                for before in 0..3 {
                    note(encoding, base64_piece(piece, before, alphabet));
                }
            }
        }
    }

    /// The first piece of a secret that is found, and where; `None` for a clean text.
    pub fn find(&self, text: &[u8]) -> Option<String> {
        let mut places =
            (0..text.len()).filter(|at| text.len() - at >= PIECE && self.begins[pair(&text[*at..])]);
        places.find_map(|at| {
            let alike = self.pieces.get(&beginning(&text[at..]))?;
            let (_, found) = alike.iter().find(|(piece, _)| text[at..].starts_with(piece))?;
            Some(format!("{found}, at byte {at}"))
        })
    }
}

/// The first two bytes, as an index.
fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// The first eight bytes; every encoded piece has at least eight.
fn beginning(bytes: &[u8]) -> [u8; PIECE] {
    bytes[..PIECE].try_into().unwrap()
}

/// False for runs of almost one value, which occur everywhere.
fn is_telling(piece: &[u8]) -> bool {
    let first = piece[0];
    piece.iter().filter(|byte| **byte != first).count() >= 3
}

/// Two digits per byte, in lower case, with `before_each` before each pair.
pub fn hexadecimal(bytes: &[u8], before_each: &str) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{before_each}{byte:02x}");
        out
    })
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(*byte));
            }
            _ => _ = write!(out, "%{byte:02X}"),
        }
        out
    })
}

/// The characters that `piece` alone decides in the base64 (RFC 4648 §4, §5) of a text with `before` more bytes, modulo
/// three, before it.
fn base64_piece(piece: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bit = |at: usize| piece[at / 8] >> (7 - at % 8) & 1;
    // The first character that starts inside the piece.
    let skipped = (6 - before * 8 % 6) % 6;
    let starts = (0..BASE64_PIECE).map(|nth| skipped + nth * 6);
    let value = |start: usize| (start..start + 6).fold(0, |value, at| value << 1 | bit(at));
    starts.filter(|start| start + 6 <= PIECE * 8).map(|start| alphabet[usize::from(value(start))]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"5ec4e7a1\xff/+b2c3d4";

    fn canaries() -> Canaries {
        let mut canaries = Canaries::default();
        canaries.add("the secret", SECRET);
        canaries
    }

    fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
        let bits: String = bytes.iter().fold(String::new(), |bits, byte| format!("{bits}{byte:08b}"));
        let sixes = bits.as_bytes().chunks(6).map(|six| format!("{:0<6}", String::from_utf8_lossy(six)));
        sixes.map(|six| char::from(alphabet[usize::from_str_radix(&six, 2).unwrap()])).collect()
    }

    #[test]
    fn every_piece_is_found_in_every_encoding() {
        assert_eq!(base64(b"light wor", STANDARD), "bGlnaHQgd29y");
        for piece in SECRET.windows(PIECE) {
            let lower = hexadecimal(piece, "");
            let mut plants = vec![
                piece.to_vec(),
                piece.to_ascii_uppercase(),
                lower.to_uppercase().into_bytes(),
                lower.into_bytes(),
                percent_encoded(piece).into_bytes(),
                format!("{piece:?}").into_bytes(),
                hexadecimal(piece, "%").into_bytes(),
            ];
            for before in 0..3 {
                for alphabet in [STANDARD, URL_SAFE] {
                    let text = [&b"xyz"[..before], piece, b"!?"].concat();
                    plants.push(base64(&text, alphabet).into_bytes());
                }
            }
            for plant in plants {
                let text = [b"before ", plant.as_slice(), b" after"].concat();
                assert!(canaries().find(&text).is_some(), "{}", String::from_utf8_lossy(&text));
            }
        }
    }

    #[test]
    fn a_clean_text_is_clean() {
        assert_eq!(canaries().find("5ec4e7a 1b2c3d NWVjNGU3 %35%65%63".repeat(9).as_bytes()), None);
    }
}
