//! A command that was printed, as the grammar of the command line reads it.

use clap::Parser;
use duo_provision::addon::CommandLine;
use serde_json::Value;

/// The commands that a hint names, each as it is typed.
pub fn commands(hint: &str) -> impl Iterator<Item = &str> {
    let ends =
        |text: &str| ["; ", " && ", " | ", " (", "`", ", or "].iter().filter_map(|end| text.find(end)).min();
    hint.match_indices("duo-provision ").map(move |(at, _)| {
        let command = &hint[at..];
        &command[..ends(command).unwrap_or(command.len())]
    })
}

/// The command's name and its options, as the grammar reads them; those that select the Duo are left out.
pub fn operation(command: &str) -> Result<(&'static str, Value), String> {
    // No path of a bench has a blank in it, so that nothing is quoted.
    let parsed =
        CommandLine::try_parse_from(command.split(' ')).map_err(|error| format!("{command}: {error}"))?;
    let (name, options) = parsed.operation().ok_or_else(|| format!("{command}: nothing is run"))?;
    let mut options = options.unwrap_or_default();
    if let Some(members) = options.as_object_mut() {
        for selects in ["deviceId", "path", "usbip"] {
            members.remove(selects);
        }
    }
    Ok((name, options))
}
