//! Explains a command line that cannot be used: what is wrong with it, and what to type.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::foreign;
use crate::dct::{DeviceId, DeviceIdError};
use crate::error::{Code, Error};

/// How many digits a mistyped device id may have.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 20..=28;

pub(super) fn nothing_asked() -> Error {
    Error::new(Code::InvalidArgument, "a command or a device id is needed")
        .hint("see which commands there are: duo-provision -h")
}

/// Whether a word in the place of a command is meant to be a device id.
pub(super) fn is_meant_as_id(word: &str) -> bool {
    match word.parse::<DeviceId>() {
        Ok(_) | Err(DeviceIdError::Empty | DeviceIdError::UsbId | DeviceIdError::Placeholder) => true,
        Err(DeviceIdError::Length(digits)) => ID_DIGITS.contains(&digits),
        // A letter for a digit; no command has a name as long as that.
        Err(DeviceIdError::NotHex) => word.len() == 24,
    }
}

/// The first of these words is not the name of a command.
pub(super) fn no_command(program: &Command, words: &[String]) -> Error {
    let typed = words.first().map(String::as_str).unwrap_or_default();
    if let Some((name, answer)) = foreign::answer(words) {
        return Error::new(Code::InvalidArgument, format!("no command is called '{name}'")).hint(answer);
    }
    let hint = meant(program, typed)
        + "a Duo is named by the 24 digits of its id, not by its name; they are shown by: duo-provision list";
    Error::new(Code::InvalidArgument, format!("no command is called '{typed}'")).hint(hint)
}

/// Up to three commands of a group that are similar to this word, the most likely first, for the beginning of a hint;
/// empty if there is none.
pub(super) fn meant(group: &Command, word: &str) -> String {
    let word = word.to_lowercase();
    let far = |name: &&str| strsim::osa_distance(&word, name);
    let is_near = |name: &&str| far(name) <= 2 && 2 * far(name) < name.len();
    let is_begun = |name: &&str| word.len() >= 3 && name.starts_with(&word);
    let mut names: Vec<&str> = group.get_subcommands().map(Command::get_name).collect();
    names.retain(|name| is_near(name) || is_begun(name));
    names.sort_by_key(|name| (far(name), *name));
    names.truncate(3);
    if names.is_empty() { String::new() } else { format!("similar: {}; ", names.join(", ")) }
}

/// Explains an error of clap.
pub(super) fn problem(program: &Command, error: &clap::Error, arguments: &[String]) -> Error {
    let (command, path) = command_of(program, arguments);
    let help = format!("duo-provision {path}--help");
    let see =
        |hint: String| if hint.is_empty() { format!("see: {help}") } else { format!("{hint}; see: {help}") };
    let (message, hint) = match error.kind() {
        ErrorKind::UnknownArgument => unknown_argument(error, &path),
        ErrorKind::InvalidSubcommand => {
            let typed = listed(error, ContextKind::InvalidSubcommand);
            let from = arguments.iter().position(|word| *word == typed).unwrap_or_default();
            let answer = foreign::answer(arguments.get(from..).unwrap_or_default());
            let hint = match answer.filter(|_| path == "key ") {
                Some((_, answer)) => answer,
                None => format!("{}see: {help}", meant(command, &typed)),
            };
            let message = format!("no command is called '{path}{typed}'");
            return Error::new(Code::InvalidArgument, message).hint(hint);
        }
        ErrorKind::MissingSubcommand => {
            let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            (
                format!("`{}` needs one of its commands", path.trim_end()),
                format!("they are: {}", names.join(", ")),
            )
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => bad_value(command, error),
        ErrorKind::MissingRequiredArgument => {
            (format!("{} is missing", listed(error, ContextKind::InvalidArg)), String::new())
        }
        ErrorKind::ArgumentConflict => {
            let both = [ContextKind::InvalidArg, ContextKind::PriorArg].map(|kind| listed(error, kind));
            (format!("{} and {} do not go together", both[0], both[1]), String::new())
        }
        _ => (first_paragraph(error), String::new()),
    };
    Error::new(Code::InvalidArgument, message).hint(see(hint))
}

fn unknown_argument(error: &clap::Error, path: &str) -> (String, String) {
    let typed = listed(error, ContextKind::InvalidArg);
    let is_option = typed.starts_with('-');
    let message = if is_option {
        format!("there is no option {typed}")
    } else {
        format!("'{typed}' is one argument too many")
    };
    // particle-cli's `keys server` took the address of a cloud after its key's file.
    if path == "server-key set " && !is_option {
        return (message, format!("the address of the cloud has an option: --host {typed}"));
    }
    let similar = listed(error, ContextKind::SuggestedArg);
    (message, if similar.is_empty() { similar } else { format!("similar: {similar}") })
}

/// An option does not take this value: says what it takes.
fn bad_value(command: &Command, error: &clap::Error) -> (String, String) {
    let named = listed(error, ContextKind::InvalidArg);
    let typed = listed(error, ContextKind::InvalidValue);
    let message = match typed.as_str() {
        "" => format!("{named} has no value"),
        _ => format!("{named} does not take '{typed}'"),
    };
    let choices = listed(error, ContextKind::ValidValue);
    if !choices.is_empty() {
        return (message, format!("it takes one of: {choices}"));
    }
    let long = named.split(' ').next().unwrap_or_default().trim_start_matches('-').to_owned();
    let argument = command.get_arguments().find(|known| known.get_long() == Some(long.as_str()));
    let help = argument.and_then(|known| known.get_help()).map(ToString::to_string).unwrap_or_default();
    (message, if help.is_empty() { help } else { format!("it takes: {}", lower(&help)) })
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What clap names in an error, in words.
fn listed(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}

fn first_paragraph(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let words = text.split("\n\n").next().unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

/// The command that these arguments name, as far as they do, and its words with a space after each.
fn command_of<'c>(program: &'c Command, arguments: &[String]) -> (&'c Command, String) {
    let (mut command, mut path) = (program, String::new());
    for word in arguments {
        let Some(inner) = command.find_subcommand(word) else { continue };
        command = inner;
        path = format!("{path}{word} ");
    }
    (command, path)
}
