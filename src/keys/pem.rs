//! PEM as people have it: text in front, CRLF, lines of any length, spaces at line ends, line ends that are escaped.
//!
//! `pem-rfc7468` reads the strict grammar only. This module cuts the first key out of a text, brings it
//! into that grammar and lets it decode the base64. What a label promises is not trusted: the contents
//! say what they are.

use der::pem::{BASE64_WRAP_WIDTH, decode_vec};
use zeroize::Zeroizing;

use super::error::KeyError;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// A decoded block.
pub(super) struct Block {
    pub(super) der: Zeroizing<Vec<u8>>,
    /// Bytes behind the block, white space not counted.
    pub(super) behind: usize,
}

/// Whether the bytes are a text with a PEM block in it. DER never is, nor is a dump that begins with DER
/// and has a text behind it: the tags of numbers and object identifiers are control characters.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    find(bytes, BEGIN).is_some_and(|at| {
        bytes[..at].iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
    })
}

/// Decodes the first block of a text if it is a key behind a passphrase.
pub(super) fn decode_encrypted(text: &[u8]) -> Result<Block, KeyError> {
    let frame = frame(text)?;
    match frame.label {
        b"ENCRYPTED PRIVATE KEY" => block(&frame),
        // OpenSSL's own way before PKCS#8: the frame says so in a header (RFC 1421).
        _ if find(frame.body, b"ENCRYPTED").is_some() => Err(KeyError::EncryptionScheme),
        _ => Err(KeyError::NotEncrypted),
    }
}

/// Decodes the first block of a text; a block that holds no key, or none that can be read without a
/// passphrase, is an error that says what it is.
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

/// Refuses the labels (RFC 7468, RFC 1421 and OpenSSL's own) of what is known to be no readable RSA key.
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

/// The body without white space, in lines of 64, between boundaries with a label of our own.
fn rewrap(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    const FIRST: &[u8] = b"-----BEGIN KEY-----\n";
    const LAST: &[u8] = b"-----END KEY-----\n";
    let lines = body.len() / BASE64_WRAP_WIDTH + 1;
    // Reserved whole: a buffer that grows leaves copies of what it held.
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

/// The next character of the base64, past white space. Line ends may be escaped, as in an `.env` or in JSON: the two
/// characters `\n`; more than one backslash where the text was escaped twice. JSON may escape a slash as well.
fn next_character(left: &mut &[u8]) -> Option<u8> {
    loop {
        let (&first, rest) = left.split_first()?;
        *left = rest;
        match escape(first, rest) {
            _ if first.is_ascii_whitespace() => {}
            Some(Escape::LineEnd(rest)) => *left = rest,
            Some(Escape::Slash(rest)) => {
                *left = rest;
                return Some(b'/');
            }
            None => return Some(first),
        }
    }
}

/// What a backslash begins, and what follows it.
enum Escape<'a> {
    LineEnd(&'a [u8]),
    Slash(&'a [u8]),
}

fn escape(first: u8, rest: &[u8]) -> Option<Escape<'_>> {
    if first != b'\\' {
        return None;
    }
    let more = rest.iter().take_while(|&&byte| byte == b'\\').count();
    match rest.get(more)? {
        b'n' | b'r' => Some(Escape::LineEnd(&rest[more + 1..])),
        b'/' => Some(Escape::Slash(&rest[more + 1..])),
        // A text that goes on in the next line, as a shell has it.
        end if end.is_ascii_whitespace() => Some(Escape::LineEnd(&rest[more..])),
        _ => None,
    }
}

/// What stands behind a block, without the line ends and quotes that belong to it.
fn without_quotes(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = rest.trim_ascii();
        match rest {
            [b'"' | b'\'' | b'`', behind @ ..] => rest = behind,
            [first, behind @ ..] => match escape(*first, behind) {
                Some(Escape::LineEnd(behind)) => rest = behind,
                _ => return rest,
            },
            [] => return rest,
        }
    }
}

/// What stands before the first `mark`, and what behind it.
fn cut<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(bytes, mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}
