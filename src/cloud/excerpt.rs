//! Makes text that came from outside fit to be shown to a person.
//!
//! A server's words end up on terminals and in logs, so they are cut to a bounded length, stripped of what a
//! terminal would act on, and cleared of the token, which a server may echo. Nothing here knows what the
//! text means.

use std::fmt::Write as _;

/// The longest excerpt, in characters.
pub const MAX_CHARS: usize = 200;

/// What stands where a secret stood.
const REDACTED: &str = "[token]";

/// The printable part of `bytes`: UTF-8 (anything else becomes U+FFFD), every run of white space, control and
/// invisible formatting characters made one space, `secret` replaced, at most [`MAX_CHARS`] characters.
///
/// `secret` is looked for as it is and percent-encoded, in any letter case; an empty one is not looked for.
pub fn excerpt(bytes: &[u8], secret: &str) -> String {
    // Redacted whole, then cut: a cut first could leave half a secret that is no longer recognised.
    let redacted = redact(&printable(&String::from_utf8_lossy(bytes)), secret);
    if redacted.chars().count() <= MAX_CHARS {
        return redacted;
    }
    let mut cut: String = redacted.chars().take(MAX_CHARS - 1).collect();
    cut.push('…');
    cut
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

fn redact(text: &str, secret: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    let forms = [secret.to_ascii_lowercase(), percent_encoded(secret).to_ascii_lowercase()];
    let mut out = text.to_owned();
    for form in &forms {
        out = replace_ignoring_case(&out, form);
    }
    // What was put in place of a secret can, with its new neighbours, spell a short secret again.
    let lower = out.to_ascii_lowercase();
    if forms.iter().any(|form| lower.contains(form.as_str())) { "(withheld)".to_owned() } else { out }
}

/// `needle` is in lower case. ASCII lower-casing keeps every byte's place, so positions carry over.
fn replace_ignoring_case(text: &str, needle: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in lower.match_indices(needle) {
        out.push_str(&text[from..at]);
        out.push_str(REDACTED);
        from = at + found.len();
    }
    out.push_str(&text[from..]);
    out
}

/// Percent-encoding (RFC 3986 §2.1) of everything but the unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
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
    fn a_secret_that_redaction_would_spell_again_withholds_the_text() {
        assert_eq!(excerpt(b"xx", "x"), "[token][token]");
        assert_eq!(excerpt(b"token", "t"), "(withheld)");
    }

    #[test]
    fn long_text_is_cut_to_the_limit() {
        assert_eq!(excerpt("é".repeat(1000).as_bytes(), "").chars().count(), MAX_CHARS);
    }
}
