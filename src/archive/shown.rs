//! Text out of files that anybody may have changed, in a form that can be shown.

/// The longest text that is shown, in characters.
const MAX_SHOWN: usize = 160;

/// The beginning of `text`, with U+FFFD for what Rust itself would escape: controls, and marks that are
/// invisible or change direction.
pub(super) fn shown(text: &str) -> String {
    let is_plain = |c: char| matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1;
    let plain = text.chars().map(|c| if is_plain(c) { c } else { char::REPLACEMENT_CHARACTER });
    plain.take(MAX_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::{MAX_SHOWN, shown};

    #[test]
    fn nothing_that_a_terminal_acts_on_is_left() {
        assert_eq!(
            shown("\"é\" isn't C:\\x\u{1b}[2J\u{202e}\u{200b}\n."),
            "\"é\" isn't C:\\x\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}."
        );
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(&"é".repeat(1000)), "é".repeat(MAX_SHOWN));
    }
}
