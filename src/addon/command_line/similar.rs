//! Finds the command that a mistyped one was meant to be.

/// The commands of a group that are similar to this word, the most likely first.
pub(super) fn similar(group: &clap::Command, word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    let names = group.get_subcommands().map(|known| known.get_name().to_owned());
    let mut near: Vec<_> = names
        .map(|name| (strsim::osa_distance(&word, &name), name))
        .filter(|(far, name)| {
            (*far <= 2 && 2 * far < name.len()) || (word.len() >= 3 && name.starts_with(&word))
        })
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}
