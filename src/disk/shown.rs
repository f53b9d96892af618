//! Text from outside, in a form that can be shown: what a file holds, and what it is called.

use std::path::Path;

/// The longest text that is shown, in characters.
const MAX_SHOWN: usize = 160;

/// The beginning of `text`, [`plain`].
pub fn shown(text: &str) -> String {
    plain(text).chars().take(MAX_SHOWN).collect()
}

/// `text` with U+FFFD for every character that is [`hidden`].
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Controls, and marks that are invisible or change direction: what Rust itself would escape within a text. An accent
/// that stands behind its letter, as macOS has it in file names, is none.
pub fn hidden(c: char) -> bool {
    let within = String::from_iter(['a', c]);
    !matches!(c, '"' | '\'' | '\\') && within.escape_debug().count() > 2
}

/// A path for a message. What is typed again is quoted instead, with nothing left out.
pub fn plain_path(path: &Path) -> String {
    plain(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::{MAX_SHOWN, plain_path, shown};

    #[test]
    fn nothing_that_a_terminal_acts_on_is_left() {
        let text = "\"é\" isn't C:\\x\u{1b}[2J\u{202e}\u{200b}\n.";
        let expected = "\"é\" isn't C:\\x\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}.";
        assert_eq!(shown(text), expected);
        assert_eq!(plain_path(text.as_ref()), expected);
    }

    #[test]
    fn a_long_text_is_cut_and_a_long_path_is_not() {
        assert_eq!(shown(&"é".repeat(1000)), "é".repeat(MAX_SHOWN));
        assert_eq!(plain_path("é".repeat(1000).as_ref()), "é".repeat(1000));
        assert_eq!(plain_path("e\u{301}.der".as_ref()), "e\u{301}.der");
    }
}
