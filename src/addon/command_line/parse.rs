//! The command line, parsed: what to run, what to print, or what is wrong.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use napi_derive::napi;
use serde_json::Value;

use super::completions::completions;
use super::man::page_of;
use crate::addon::grammar::{Command, CommandLine};

use super::shell_init;
use super::similar::similar;
use crate::error::exit;
use crate::workflow::Shell;

/// What a command line asks for.
#[napi(object, object_from_js = false)]
pub struct ParsedCommand {
    /// `run` a command, `print` a text to standard output, or report an `error`.
    #[napi(ts_type = "'run' | 'print' | 'error'")]
    pub kind: String,
    /// The command to run; the words of one in a group with a space between: `key new`.
    pub command: Option<String>,
    /// Its options, as the API takes them.
    #[napi(ts_type = "any")]
    pub options: Option<Value>,
    /// True if `--json` was typed, even on a command line that cannot be used.
    pub json: bool,
    /// True if `--yes` was typed.
    pub yes: bool,
    /// How often `-v` was typed.
    pub verbose: u32,
    /// The text to print, or what is wrong.
    pub text: Option<String>,
    /// The exit code that goes with the text.
    pub exit_code: u32,
}

/// Parses the arguments of the command line. For the command line itself; scripts call the functions.
#[napi]
pub fn parse_command_line(arguments: Vec<String>) -> ParsedCommand {
    let json = arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    let program = std::iter::once("duo-provision".to_owned());
    match CommandLine::try_parse_from(program.chain(arguments.iter().cloned())) {
        Ok(parsed) => run(parsed),
        Err(error) => refuse(&with_host(error, &arguments), json),
    }
}

/// particle-cli's `keys server` took the address of a cloud behind its key's file. Here it has an option.
fn with_host(mut error: clap::Error, arguments: &[String]) -> clap::Error {
    let set = arguments.windows(2).any(|words| words == ["server-key", "set"]);
    let unknown = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if error.kind() == ErrorKind::UnknownArgument => word.clone(),
        _ => return error,
    };
    if set && !unknown.starts_with('-') {
        let tip = format!("the address of the cloud has an option: --host {unknown}");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// A word, as the shell reads it that printed commands are typed into. For the command line itself.
#[napi]
pub fn quote_word(word: String) -> String {
    Shell::here().word(&word)
}

fn run(parsed: CommandLine) -> ParsedCommand {
    if let Some(command) =
        parsed.provision.0.as_ref().and_then(|given| similar(&CommandLine::command(), &given.device_id))
    {
        let typed = parsed.provision.0.map(|given| given.device_id).unwrap_or_default();
        let message = format!(
            "'{typed}' is neither a command nor a device id (24 hex digits)\n\n  tip: a similar command exists: '{command}'"
        );
        return refuse(&CommandLine::command().error(ErrorKind::InvalidSubcommand, message), parsed.json);
    }
    if let Some((name, options)) = parsed.operation() {
        return ParsedCommand {
            kind: "run".to_owned(),
            command: Some(name.to_owned()),
            options,
            json: parsed.json,
            yes: parsed.yes,
            verbose: parsed.verbose.into(),
            text: None,
            exit_code: 0,
        };
    }
    match parsed.command {
        Some(Command::Completions { shell }) => {
            script("completions", parsed.json, completions(&CommandLine::command(), shell))
        }
        Some(Command::ShellInit { shell }) => script("shell-init", parsed.json, shell_init::function(shell)),
        Some(Command::Man { command }) => match page_of(CommandLine::command(), &command) {
            Ok(page) => script("man", parsed.json, page),
            Err(error) => refuse(&error, parsed.json),
        },
        _ => nothing_asked(parsed.json),
    }
}

fn nothing_asked(json: bool) -> ParsedCommand {
    let text = "a command or a device id is needed\n\n  tip: the commands are list, dfu, backup, restore, reset, \
                rotate, provision, verify, doctor, dct, server-key, key, inspect, fleet, backups, status, history, \
                udev, simulate and demo\n\nFor more information, try '--help'.";
    ParsedCommand { kind: "error".to_owned(), json, ..print(text.to_owned(), exit::USAGE) }
}

/// A text for a shell to read, which `--json` puts into a result.
fn script(command: &str, json: bool, text: String) -> ParsedCommand {
    ParsedCommand { command: Some(command.to_owned()), json, ..print(text, exit::DONE) }
}

fn print(text: String, exit_code: u8) -> ParsedCommand {
    ParsedCommand {
        kind: "print".to_owned(),
        command: None,
        options: None,
        json: false,
        yes: false,
        verbose: 0,
        text: Some(text),
        exit_code: exit_code.into(),
    }
}

fn refuse(error: &clap::Error, json: bool) -> ParsedCommand {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return nothing_asked(json);
    }
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return print(error.render().to_string(), exit::DONE);
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned();
    ParsedCommand { kind: "error".to_owned(), json, ..print(text, exit::USAGE) }
}
