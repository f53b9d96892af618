//! What a mistyped command was meant to be.

/// The command of a group that somebody meant who typed this.
pub(super) fn similar(group: &clap::Command, word: &str) -> Option<String> {
    let names = group.get_subcommands().map(|known| known.get_name().to_owned());
    names
        .map(|name| (strsim::levenshtein(word, &name), name))
        .filter(|(far, _)| *far <= 2)
        .min()
        .map(|(_, name)| name)
}
