//! Defines an access token: what is one, and the type that keeps it out of sight.
//!
//! Knows nothing of where a token comes from, or in which order the sources are read.

use std::fmt;

use zeroize::Zeroizing;

/// The longest token accepted, in bytes. Particle's have 40; JSON web tokens stay well below this.
pub const MAX_LEN: usize = 4096;

/// An access token: visible ASCII, one word. Wiped when dropped; its `Debug` shows nothing, and it has no `Display`.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

/// Why a text is not a token. None of the messages quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing, or only white space.
    #[error("the access token is empty")]
    Empty,
    /// A line break inside.
    #[error("the access token has a line break in it")]
    LineBreak,
    /// A space or tab.
    #[error("the access token has white space in it")]
    WhiteSpace,
    /// A control character, or anything that is not ASCII.
    #[error("the access token has a character in it that no token has (a control character or not ASCII)")]
    Character,
    /// A placeholder from instructions.
    #[error("the access token is still the placeholder of the instructions")]
    Placeholder,
    /// More than [`MAX_LEN`] bytes.
    #[error("the access token is longer than {MAX_LEN} bytes")]
    TooLong,
}

impl Token {
    /// Takes a token exactly as it is.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        check(text.as_bytes())?;
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Takes the contents of a token file or of standard input: one token, and at most one line ending after it, as
    /// editors and `echo` leave it.
    pub fn from_input(bytes: &[u8]) -> Result<Self, TokenError> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        check(bytes)?;
        std::str::from_utf8(bytes).map_err(|_| TokenError::Character).and_then(Self::new)
    }

    /// The token itself. Called only to send it and to keep it out of a text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

fn check(bytes: &[u8]) -> Result<(), TokenError> {
    if bytes.len() > MAX_LEN {
        return Err(TokenError::TooLong);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(TokenError::Empty);
    }
    for byte in bytes {
        match byte {
            b'\n' | b'\r' => return Err(TokenError::LineBreak),
            b' ' | b'\t' => return Err(TokenError::WhiteSpace),
            0x21..=0x7e => {}
            _ => return Err(TokenError::Character),
        }
    }
    if is_placeholder(bytes) { Err(TokenError::Placeholder) } else { Ok(()) }
}

/// The helper script's `YOUR_ACCESS_TOKEN`, and how documentation writes the same.
fn is_placeholder(bytes: &[u8]) -> bool {
    let word: Vec<u8> =
        bytes.iter().filter(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_uppercase).collect();
    let digits = bytes.iter().any(u8::is_ascii_digit);
    let word = word.strip_suffix(b"HERE").filter(|word| word.starts_with(b"YOUR")).unwrap_or(&word);
    !digits && matches!(word, b"YOURACCESSTOKEN" | b"YOURTOKEN" | b"ACCESSTOKEN" | b"TOKEN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_visible_word() {
        for (text, error) in [
            ("", TokenError::Empty),
            (" \n\t", TokenError::Empty),
            ("abc\ndef", TokenError::LineBreak),
            ("abc\n", TokenError::LineBreak),
            ("abc def", TokenError::WhiteSpace),
            ("abc\u{7f}", TokenError::Character),
            ("abc\0", TokenError::Character),
            ("abcé", TokenError::Character),
            ("YOUR_ACCESS_TOKEN", TokenError::Placeholder),
            ("<your-access-token>", TokenError::Placeholder),
        ] {
            assert_eq!(Token::new(text).unwrap_err(), error, "{text:?}");
        }
        assert_eq!(Token::new(&"a".repeat(MAX_LEN + 1)).unwrap_err(), TokenError::TooLong);
        assert_eq!(Token::new("0123abcd.~+/=-_").unwrap().expose(), "0123abcd.~+/=-_");
    }

    #[test]
    fn input_may_end_in_one_line_ending() {
        for input in ["0123abcd", "0123abcd\n", "0123abcd\r\n"] {
            assert_eq!(Token::from_input(input.as_bytes()).unwrap().expose(), "0123abcd");
        }
        assert_eq!(Token::from_input(b"0123abcd\n\n").unwrap_err(), TokenError::LineBreak);
        assert_eq!(Token::from_input(b"one\ntwo\n").unwrap_err(), TokenError::LineBreak);
        assert_eq!(Token::from_input(b"\xff\xfe0").unwrap_err(), TokenError::Character);
        assert_eq!(Token::from_input(b"\n").unwrap_err(), TokenError::Empty);
    }

    #[test]
    fn debug_shows_nothing() {
        assert!(!format!("{:?}", Token::new("0123abcd").unwrap()).contains("0123abcd"));
    }
}
