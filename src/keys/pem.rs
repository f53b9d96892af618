//! Decodes PEM as it occurs in practice: text in front, CRLF, lines of any length, spaces at line ends, escaped line
//! ends.
//!
//! `pem-rfc7468` reads the strict grammar only. This module cuts the first key out of a text, rewrites it in that
//! grammar and lets `pem-rfc7468` decode the base64. It does not trust what a label promises: the contents decide.

use der::pem::{BASE64_WRAP_WIDTH, decode_vec};
use zeroize::Zeroizing;

use super::error::KeyError;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

pub(super) struct Block {
    pub(super) der: Zeroizing<Vec<u8>>,
    /// Bytes after the block, without white space.
    pub(super) behind: usize,
}

/// Whether the bytes are a text with a PEM block in it. DER is not, and neither is a dump that begins with DER and has
/// text after it: the tags of numbers and object identifiers are control characters.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    find(bytes, BEGIN).is_some_and(|at| {
        bytes[..at].iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
    })
}

/// Decodes the first block of a text if it is an encrypted key.
pub(super) fn decode_encrypted(text: &[u8]) -> Result<Block, KeyError> {
    let frame = frame(text)?;
    match frame.label {
        b"ENCRYPTED PRIVATE KEY" => block(&frame),
        // OpenSSL's own format before PKCS#8: a header says that the key is encrypted (RFC 1421).
        _ if find(frame.body, b"ENCRYPTED").is_some() => Err(KeyError::EncryptionScheme),
        _ => Err(KeyError::NotEncrypted),
    }
}

/// Decodes the first block of a text. A block without a key, or with an encrypted key, gives an error that says what it
/// is.
pub(super) fn decode(text: &[u8]) -> Result<Block, KeyError> {
    let label = label(text)?.0;
    check_label(label)?;
    let frame = frame(text)?;
    if find(frame.body, b"ENCRYPTED").is_some() {
        return Err(KeyError::Encrypted);
    }
    block(&frame)
}

/// A block, not decoded yet.
struct Frame<'a> {
    label: &'a [u8],
    body: &'a [u8],
    rest: &'a [u8],
}

/// The label of the first block, and what follows its first line's dashes.
fn label(text: &[u8]) -> Result<(&[u8], &[u8]), KeyError> {
    let begin = find(text, BEGIN).ok_or(KeyError::NotAKey)? + BEGIN.len();
    cut(&text[begin..], DASHES).ok_or(KeyError::BadPem("its first line is cut short"))
}

fn frame(text: &[u8]) -> Result<Frame<'_>, KeyError> {
    let (label, rest) = label(text)?;
    let (body, rest) = cut(rest, END).ok_or(KeyError::Truncated)?;
    let (end_label, rest) = cut(rest, DASHES).ok_or(KeyError::Truncated)?;
    if end_label != label {
        return Err(KeyError::BadPem("its first and last lines differ"));
    }
    Ok(Frame { label, body, rest })
}

fn block(frame: &Frame<'_>) -> Result<Block, KeyError> {
    let strict = rewrap(frame.body)?;
    let (_, der) = decode_vec(&strict).map_err(|_| KeyError::BadPem("it is not base64"))?;
    Ok(Block { der: Zeroizing::new(der), behind: without_quotes(frame.rest).len() })
}

/// Refuses the labels (RFC 7468, RFC 1421 and OpenSSL's own) that cannot be a readable RSA key.
fn check_label(label: &[u8]) -> Result<(), KeyError> {
    match label {
        b"PRIVATE KEY" | b"RSA PRIVATE KEY" | b"PUBLIC KEY" | b"RSA PUBLIC KEY" => Ok(()),
        b"ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
        b"EC PRIVATE KEY" | b"EC PARAMETERS" => Err(KeyError::Ec),
        b"DSA PRIVATE KEY" | b"DSA PARAMETERS" => Err(KeyError::OtherAlgorithm),
        b"OPENSSH PRIVATE KEY" => Err(KeyError::OpenSsh),
        b"CERTIFICATE"
        | b"TRUSTED CERTIFICATE"
        | b"X509 CERTIFICATE"
        | b"CERTIFICATE REQUEST"
        | b"NEW CERTIFICATE REQUEST" => Err(KeyError::Certificate),
        _ => Err(KeyError::OtherPem),
    }
}

/// The body without white space, in lines of 64, between boundary lines with the label `KEY`.
fn rewrap(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    const FIRST: &[u8] = b"-----BEGIN KEY-----\n";
    const LAST: &[u8] = b"-----END KEY-----\n";
    let lines = body.len() / BASE64_WRAP_WIDTH + 1;
    // Allocated in full at once: a buffer that grows leaves copies of its contents.
    let mut out = Zeroizing::new(Vec::with_capacity(FIRST.len() + body.len() + lines + LAST.len() + 1));
    out.extend_from_slice(FIRST);
    let mut column = 0;
    let mut left = body;
    while let Some(byte) = next_character(&mut left) {
        if column == BASE64_WRAP_WIDTH {
            out.push(b'\n');
            column = 0;
        }
        out.push(byte);
        column += 1;
    }
    if out.len() == FIRST.len() {
        return Err(KeyError::BadPem("there is nothing between its first and last lines"));
    }
    out.push(b'\n');
    out.extend_from_slice(LAST);
    Ok(out)
}

/// The next character of the base64, after white space. Line ends may be escaped, as in an `.env` file or in JSON: the
/// two characters `\n`, with more than one backslash if the text was escaped twice. JSON may also escape a slash.
fn next_character(left: &mut &[u8]) -> Option<u8> {
    loop {
        let (&first, rest) = left.split_first()?;
        *left = rest;
        match escape(first, rest) {
            _ if first.is_ascii_whitespace() => {}
            Some((character, rest)) => {
                *left = rest;
                if character.is_some() {
                    return character;
                }
            }
            None => return Some(first),
        }
    }
}

/// What an escape sequence stands for, `None` for a line end, and the bytes after it.
fn escape(first: u8, rest: &[u8]) -> Option<(Option<u8>, &[u8])> {
    if first != b'\\' {
        return None;
    }
    let more = rest.iter().take_while(|&&byte| byte == b'\\').count();
    match rest.get(more)? {
        b'n' | b'r' => Some((None, &rest[more + 1..])),
        b'/' => Some((Some(b'/'), &rest[more + 1..])),
        // A text that continues on the next line, as in a shell.
        end if end.is_ascii_whitespace() => Some((None, &rest[more..])),
        _ => None,
    }
}

/// The bytes after a block, without the line ends and quotes that belong to it.
fn without_quotes(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = rest.trim_ascii();
        match rest {
            [b'"' | b'\'' | b'`', behind @ ..] => rest = behind,
            [first, behind @ ..] => match escape(*first, behind) {
                Some((None, behind)) => rest = behind,
                _ => return rest,
            },
            [] => return rest,
        }
    }
}

/// The bytes before the first `mark`, and the bytes after it.
fn cut<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(bytes, mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}
