//! Checks passphrases and keeps them secret.
//!
//! This module does not know where a passphrase comes from.

use std::fmt;

use zeroize::Zeroizing;

/// The longest accepted passphrase, in bytes. OpenSSL reads no longer one (`apps/lib/apps.c`, `APP_PASS_LEN`).
pub const MAX_PASSPHRASE: usize = 1024;

/// A passphrase: UTF-8, one line, not empty. Wiped when dropped; its `Debug` shows nothing, and it has no
/// `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

/// Why a text is not a passphrase. No message quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// It is empty.
    #[error("the passphrase is empty")]
    Empty,
    /// More than [`MAX_PASSPHRASE`] bytes.
    #[error("the passphrase is longer than {MAX_PASSPHRASE} bytes")]
    TooLong,
    /// A control character, a byte order mark, or bytes that are not UTF-8: nobody can type these again.
    #[error("the passphrase has a character in it that cannot be typed (a control character, or not UTF-8)")]
    Character,
}

impl Passphrase {
    /// Takes a passphrase exactly as it is.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        if text.len() > MAX_PASSPHRASE {
            return Err(PassphraseError::TooLong);
        }
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.chars().any(|c| c.is_control() || c == '\u{feff}') {
            return Err(PassphraseError::Character);
        }
        Ok(Self(Zeroizing::new(text.as_bytes().to_vec())))
    }

    /// Takes the first line of a file or of standard input, without its line ending, as `openssl -passin file:` does.
    pub fn from_input(bytes: &[u8]) -> Result<Self, PassphraseError> {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > MAX_PASSPHRASE {
            return Err(PassphraseError::TooLong);
        }
        std::str::from_utf8(line).map_err(|_| PassphraseError::Character).and_then(Self::new)
    }

    /// The passphrase itself, for the functions that derive a key from it.
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PASSPHRASE, Passphrase, PassphraseError};

    #[test]
    fn the_first_line_is_the_passphrase() {
        let typed = Passphrase::new("duo vier fünf").unwrap();
        for input in ["duo vier fünf", "duo vier fünf\n", "duo vier fünf\r\n", "duo vier fünf\nmore\n"] {
            assert_eq!(Passphrase::from_input(input.as_bytes()).as_ref(), Ok(&typed), "{input:?}");
        }
        assert_ne!(Passphrase::from_input(" duo vier fünf".as_bytes()).as_ref(), Ok(&typed));
    }

    #[test]
    fn what_cannot_be_typed_again_is_none() {
        let of = |bytes: &[u8]| Passphrase::from_input(bytes).unwrap_err();
        for empty in ["", "\n", "\r\n", "\nsecond line"] {
            assert_eq!(of(empty.as_bytes()), PassphraseError::Empty, "{empty:?}");
        }
        for bytes in [&b"a\0b"[..], b"a\tb", b"\xff\xfea\0", "\u{feff}abc".as_bytes(), b"caf\xe9"] {
            assert_eq!(of(bytes), PassphraseError::Character, "{bytes:?}");
        }
        assert_eq!(of(&[b'a'; MAX_PASSPHRASE + 1]), PassphraseError::TooLong);
        assert!(Passphrase::from_input(&[b'a'; MAX_PASSPHRASE]).is_ok());
    }

    #[test]
    fn debug_shows_nothing() {
        assert!(!format!("{:?}", Passphrase::new("abc").unwrap()).contains("abc"));
    }
}
