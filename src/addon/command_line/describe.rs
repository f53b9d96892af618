//! Describes the grammar as data, for programs that show its commands in their own way.

use clap::{Arg, ArgAction, CommandFactory};
use napi_derive::napi;

use crate::addon::grammar::CommandLine;

/// How an example's line begins, after its indent.
const PROGRAM: &str = "duo-provision ";

/// One option of a command.
#[napi(object, object_from_js = false)]
pub struct OptionDescription {
    /// Its name, as it is typed after two dashes.
    pub name: String,
    /// What it does.
    pub help: String,
    /// Its one letter, if it has one.
    pub short: Option<String>,
    /// The name of its value; an option without one is a switch.
    pub value: Option<String>,
    /// Its possible values, if these are all.
    pub choices: Vec<String>,
}

/// One line of examples.
#[napi(object, object_from_js = false)]
pub struct ExampleDescription {
    /// The words after `duo-provision`.
    pub arguments: String,
    /// What it does; empty if that is clear.
    pub text: String,
}

/// A command, or a group of them.
#[napi(object, object_from_js = false)]
pub struct CommandDescription {
    /// Its own word, without that of its group.
    pub name: String,
    /// What it does.
    pub about: String,
    /// Its positional arguments: `<FILE>` is required, `[FILE]` is optional.
    pub arguments: String,
    /// Its options, without those that every command has.
    pub options: Vec<OptionDescription>,
    /// Examples.
    pub examples: Vec<ExampleDescription>,
    /// More to know; empty if there is nothing.
    pub notes: String,
    /// The commands of a group.
    pub commands: Vec<CommandDescription>,
}

/// The grammar that `parseCommandLine` follows. For programs that show the commands under a name of their own, such as
/// `particle duo`.
#[napi]
pub fn describe_command_line() -> CommandDescription {
    let mut command = CommandLine::command();
    command.build();
    describe(&command)
}

fn describe(command: &clap::Command) -> CommandDescription {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let shown = |argument: &&Arg| !argument.is_global_set() && !argument.is_hide_set() && !is_help(argument);
    let options = command.get_arguments().filter(|argument| !argument.is_positional());
    // A group's commands stand under it, not beside its arguments.
    let subcommands = command.get_subcommands().filter(|known| known.get_name() != "help");
    CommandDescription {
        name: command.get_name().to_owned(),
        about: command.get_about().map(ToString::to_string).unwrap_or_default(),
        arguments: arguments(command),
        options: options.filter(shown).map(option).collect(),
        examples: after.lines().filter_map(example).collect(),
        notes: notes(&after),
        commands: subcommands.map(describe).collect(),
    }
}

fn is_help(argument: &Arg) -> bool {
    matches!(
        argument.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    )
}

fn arguments(command: &clap::Command) -> String {
    let shown = command.get_positionals().map(|argument| {
        let name = value_name(argument).unwrap_or_else(|| argument.get_id().to_string());
        if argument.is_required_set() { format!("<{name}>") } else { format!("[{name}]") }
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn option(argument: &Arg) -> OptionDescription {
    let takes_value = argument.get_num_args().is_some_and(|count| count.takes_values());
    OptionDescription {
        name: argument.get_long().unwrap_or_default().to_owned(),
        help: argument.get_help().map(ToString::to_string).unwrap_or_default(),
        short: argument.get_short().map(String::from),
        value: value_name(argument).filter(|_| takes_value),
        choices: argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect(),
    }
}

fn value_name(argument: &Arg) -> Option<String> {
    argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string)
}

fn example(line: &str) -> Option<ExampleDescription> {
    let typed = line.strip_prefix("  ")?.strip_prefix(PROGRAM)?;
    let (arguments, text) = typed.split_once("  ").unwrap_or((typed, ""));
    Some(ExampleDescription { arguments: arguments.to_owned(), text: text.trim().to_owned() })
}

/// The text around the examples.
fn notes(after: &str) -> String {
    let is_example = |line: &str| line == "Examples:" || line.contains(PROGRAM) && line.starts_with("  ");
    let rest: Vec<&str> = after.lines().filter(|line| !is_example(line)).collect();
    rest.join("\n").trim().to_owned()
}
