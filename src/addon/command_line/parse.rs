//! Parses the command line: what to run, what to print, or what is wrong.

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use napi_derive::napi;
use serde_json::Value;

use super::completions::completions;
use super::man::page_of;
use super::{help, shell_init, usage};
use crate::addon::grammar::{Command, CommandLine};
use crate::error::{Error, exit};
use crate::usb::libusb::libusb_release;
use crate::workflow::Shell;

const PROGRAM: &str = concat!("duo-provision ", env!("CARGO_PKG_VERSION"));

/// The default and the largest width of a text, in columns.
const COLUMNS: u32 = 100;

/// Arguments that say how to do something, and not what.
const MANNERS: [&str; 9] = ["--json", "--yes", "-y", "--verbose", "-v", "--quiet", "-q", "--full", "--"];

/// The layout of a text to print.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct TextLayout {
    /// The available columns; at most 100; 100 unless given.
    pub columns: Option<u32>,
    /// True for headings in colour.
    pub color: Option<bool>,
}

/// The meaning of a command line.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct ParsedCommand {
    /// `run` a command, `print` a text to standard output, or report an `error`.
    #[napi(ts_type = "'run' | 'print' | 'error'")]
    pub kind: String,
    /// The command to run; for one in a group, its words with a space between: `key new`.
    pub command: Option<String>,
    /// Its options, as the API takes them; with an error, those of the menu to show instead, if nothing was asked for.
    #[napi(ts_type = "any")]
    pub options: Option<Value>,
    /// True if `--json` was typed, even on a command line that cannot be used.
    pub json: bool,
    /// True if `--yes` was typed.
    pub yes: bool,
    /// How many times `-v` was typed.
    pub verbose: u32,
    /// True if `--quiet` was typed.
    pub quiet: bool,
    /// True if `--full` was typed.
    pub full: bool,
    /// The text to print.
    pub text: Option<String>,
    /// What is wrong with the command line.
    #[napi(ts_type = "import('../../index.js').Problem")]
    pub problem: Option<UsageProblem>,
    /// The exit code for the text.
    pub exit_code: u32,
}

/// What is wrong with a command line: a `Problem`.
#[napi(object, object_from_js = false)]
pub struct UsageProblem {
    /// The stable name.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The next thing to type.
    pub hint: String,
    /// The exit code.
    pub exit_code: u32,
}

/// Parses the arguments of the command line. For the command line itself; scripts call the functions.
#[napi]
pub fn parse_command_line(arguments: Vec<String>, layout: Option<TextLayout>) -> ParsedCommand {
    let layout = layout.unwrap_or_default();
    let columns = layout.columns.unwrap_or(COLUMNS).min(COLUMNS);
    let columns = usize::try_from(columns).unwrap_or_default();
    let program = help::fitted(CommandLine::command(), columns);
    let typed = |name: &str| arguments.iter().take_while(|given| *given != "--").any(|given| given == name);
    let json = typed("--json");
    let words = std::iter::once("duo-provision".to_owned()).chain(arguments.iter().cloned());
    if let Some(options) = nothing_but_a_bus(&arguments) {
        let yes = typed("--yes") || typed("-y");
        return ParsedCommand { options: Some(options), yes, ..unusable(&usage::nothing_asked(), json) };
    }
    if let Some(words) = unknown_command(&arguments) {
        return unusable(&usage::no_command(&program, words), json);
    }
    let matches = program.clone().try_get_matches_from(words);
    let error = match matches.and_then(|matches| CommandLine::from_arg_matches(&matches)) {
        Ok(parsed) => return run(&program, parsed),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => unusable(&usage::nothing_asked(), json),
        ErrorKind::DisplayHelp => {
            let is_short = said(&arguments).eq(["-h"]);
            let text = if is_short { help::short(&program, columns) } else { error.render() };
            script("help", json, help::printed(&text, layout.color.unwrap_or(false)))
        }
        ErrorKind::DisplayVersion if typed("--verbose") || typed("-v") => {
            let text = format!("{PROGRAM}\nlibusb {}\n", libusb_release());
            ParsedCommand { verbose: 1, ..script("version", json, text) }
        }
        ErrorKind::DisplayVersion => script("version", json, format!("{PROGRAM}\n")),
        _ => unusable(&usage::problem(&program, &error, &arguments), json),
    }
}

/// A word, quoted for the shell for which commands are printed. For the command line itself.
#[napi]
pub fn quote_word(word: String) -> String {
    Shell::here().word(&word)
}

/// The arguments that say what to do.
fn said(arguments: &[String]) -> impl Iterator<Item = &str> {
    arguments.iter().map(String::as_str).filter(|given| !MANNERS.contains(given))
}

/// The options, if nothing was typed but, at most, where to look for Duos.
fn nothing_but_a_bus(arguments: &[String]) -> Option<Value> {
    match said(arguments).collect::<Vec<_>>().as_slice() {
        [] => Some(Value::Object(serde_json::Map::new())),
        ["--usbip", address] => Some(serde_json::json!({ "usbip": address })),
        _ => None,
    }
}

/// The arguments from the first word on, if that is neither a command nor meant to be a device id.
fn unknown_command(arguments: &[String]) -> Option<&[String]> {
    let first = arguments.iter().position(|given| !MANNERS.contains(&given.as_str()))?;
    let word = arguments.get(first)?;
    let is_known = word == "help" || CommandLine::command().find_subcommand(word).is_some();
    let words = arguments.get(first..).unwrap_or_default();
    (!word.starts_with('-') && !is_known && !usage::is_meant_as_id(word)).then_some(words)
}

fn run(program: &clap::Command, parsed: CommandLine) -> ParsedCommand {
    // After options: only now is it known that the word is no command.
    if let Some(word) = parsed.provision.0.as_ref().and_then(|given| given.device_id.clone())
        && !usage::is_meant_as_id(&word)
    {
        return unusable(&usage::no_command(program, &[word]), parsed.json);
    }
    if let Some((name, options)) = parsed.operation() {
        return ParsedCommand {
            kind: "run".to_owned(),
            command: Some(name.to_owned()),
            options,
            json: parsed.json,
            yes: parsed.yes,
            verbose: parsed.verbose.into(),
            quiet: parsed.quiet,
            full: parsed.full,
            ..ParsedCommand::default()
        };
    }
    match parsed.command {
        Some(Command::Completions { shell }) => {
            script("completions", parsed.json, completions(&CommandLine::command(), shell))
        }
        Some(Command::ShellInit { shell }) => script("shell-init", parsed.json, shell_init::function(shell)),
        Some(Command::Man { command }) => match page_of(CommandLine::command(), &command) {
            Ok(page) => script("man", parsed.json, page),
            Err(error) => unusable(&error, parsed.json),
        },
        _ => unusable(&usage::nothing_asked(), parsed.json),
    }
}

fn unusable(error: &Error, json: bool) -> ParsedCommand {
    let exit_code = error.code().exit_code();
    let problem = UsageProblem {
        code: error.code().name().to_owned(),
        message: error.to_string(),
        hint: error.hint_text().unwrap_or_default().to_owned(),
        exit_code: exit_code.into(),
    };
    ParsedCommand {
        kind: "error".to_owned(),
        json,
        problem: Some(problem),
        exit_code: exit_code.into(),
        ..ParsedCommand::default()
    }
}

/// A text for a shell to read; `--json` puts it into a result.
fn script(command: &str, json: bool, text: String) -> ParsedCommand {
    let (kind, command, exit_code) = ("print".to_owned(), Some(command.to_owned()), exit::DONE.into());
    ParsedCommand { kind, command, json, text: Some(text), exit_code, ..ParsedCommand::default() }
}
