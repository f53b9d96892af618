//! Makes completion scripts from the grammar.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

use crate::dct::{FIELDS, Field};

pub(super) fn completions(program: &Command, shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut commands_first(program), "duo-provision", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    // clap's script for bash joins the parts of a name with a dash in two ways, so that it finds no command
    // (clap-rs/clap#6421). Once clap fixes that, this changes nothing.
    if shell == Shell::Bash {
        script.replace("duo__subcmd__provision__subcmd__", "duo__provision__subcmd__")
    } else {
        script
    }
}

/// The program for completion: its first word is a command. If that could be a device id, too, zsh's script would
/// expect a command only after it; and nobody can complete an id.
fn commands_first(program: &Command) -> Command {
    let options = program.get_arguments().filter(|argument| !argument.is_positional());
    let commands = program.get_subcommands().cloned();
    let command = Command::new("duo-provision").args(options.cloned()).subcommands(commands);
    concise(command.version(env!("CARGO_PKG_VERSION")))
}

/// Shortens every explanation to one line: up to its first full stop.
fn concise(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_args(completed).mut_subcommands(concise)
}

fn completed(argument: Arg) -> Arg {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let end = help.find(". ").unwrap_or(help.len());
    with_values(argument.help(help[..end].to_owned()))
}

/// An argument with the values that a shell may offer: fields of the DCT, files, folders; else none.
fn with_values(argument: Arg) -> Arg {
    let has_values = argument.get_action().takes_values() && argument.get_possible_values().is_empty();
    let named = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    match named.as_deref().filter(|_| has_values) {
        Some("FIELD" | "FIELDS") => {
            argument.value_parser(PossibleValuesParser::new(FIELDS.iter().map(Field::kebab_name)))
        }
        Some(name) if name.ends_with("FILE") => argument.value_hint(ValueHint::FilePath),
        Some("DIR") => argument.value_hint(ValueHint::DirPath),
        Some(_) => argument.value_hint(ValueHint::Other),
        None => argument,
    }
}
