//! Makes text from outside fit to be shown: the contents of files, and their names.

use std::path::Path;

use serde_json::error::Category;

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

/// Control characters, and marks that are invisible or change direction: what Rust itself escapes within a text. A
/// combining accent after its letter, as macOS has it in file names, is none of these.
pub fn hidden(c: char) -> bool {
    let within = String::from_iter(['a', c]);
    !matches!(c, '"' | '\'' | '\\') && within.escape_debug().count() > 2
}

/// Why a text is not JSON of the expected shape, in words.
pub fn unfit_json(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let quoted = |before: &str| Some(said.split_once(before)?.1.split_once('`')?.0);
    let what = match error.classify() {
        Category::Syntax => "it is no JSON".to_owned(),
        Category::Eof => "it is JSON that ends too early".to_owned(),
        _ => match (quoted("missing field `"), quoted("unknown variant `")) {
            (Some(member), _) => format!("the member {member} is missing"),
            (_, Some(word)) => format!("the word {word} is not known"),
            _ => "a member is of another kind, or has a value that it cannot have".to_owned(),
        },
    };
    shown(&format!("{what} (line {}, byte {})", error.line(), error.column()))
}

/// [`unfit_json`] for a text of one line.
pub fn unfit_json_line(error: &serde_json::Error) -> String {
    unfit_json(error).replace("(line 1, ", "(")
}

/// A path for a message. A path that is to be typed again is quoted instead, in full.
pub fn plain_path(path: &Path) -> String {
    plain(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::{MAX_SHOWN, plain_path, shown, unfit_json};

    #[test]
    fn nothing_that_a_terminal_acts_on_is_left() {
        let text = "\"é\" isn't C:\\x\u{1b}[2J\u{202e}\u{200b}\n.";
        let expected = "\"é\" isn't C:\\x\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}.";
        assert_eq!(shown(text), expected);
        assert_eq!(plain_path(text.as_ref()), expected);
    }

    #[test]
    fn what_is_wrong_with_json_is_said_in_words() {
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code)]
        struct Shape {
            name: Word,
            count: u32,
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Yes,
        }
        let words = |text: &str| unfit_json(&serde_json::from_str::<Shape>(text).unwrap_err());
        assert_eq!(words("no"), "it is no JSON (line 1, byte 2)");
        assert_eq!(words("{\"name\":"), "it is JSON that ends too early (line 1, byte 8)");
        assert_eq!(words("{\n}"), "the member name is missing (line 2, byte 1)");
        assert_eq!(words("{\"name\":\"n\u{1b}o\"}").chars().filter(|c| c.is_control()).count(), 0);
        assert_eq!(words("{\"name\":\"no\"}"), "the word no is not known (line 1, byte 12)");
        let other = "a member is of another kind, or has a value that it cannot have (line 1, byte 24)";
        assert_eq!(words("{\"name\":\"yes\",\"count\":-1}"), other);
    }

    #[test]
    fn a_long_text_is_cut_and_a_long_path_is_not() {
        assert_eq!(shown(&"é".repeat(1000)), "é".repeat(MAX_SHOWN));
        assert_eq!(plain_path("é".repeat(1000).as_ref()), "é".repeat(1000));
        assert_eq!(plain_path("e\u{301}.der".as_ref()), "e\u{301}.der");
    }
}
