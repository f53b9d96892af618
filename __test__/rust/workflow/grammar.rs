//! Reads a printed command with the grammar of the command line.

use clap::Parser;
use duo_provision::addon::CommandLine;
use serde_json::Value;

/// The commands in a hint, as they are typed.
pub fn commands(hint: &str) -> impl Iterator<Item = &str> {
    let ends =
        |text: &str| ["; ", " && ", " | ", " (", "`", ", or "].iter().filter_map(|end| text.find(end)).min();
    hint.match_indices("duo-provision ").map(move |(at, _)| {
        let command = &hint[at..];
        &command[..ends(command).unwrap_or(command.len())]
    })
}

/// The command's name and its options as the grammar reads them, without those that select the Duo.
pub fn operation(command: &str) -> Result<(&'static str, Value), String> {
    // No path of a bench contains a space, so nothing is quoted.
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
