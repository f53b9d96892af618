//! Completion scripts, from the grammar.

use clap::{Arg, Command};
use clap_complete::Shell;

/// The script for a shell.
pub(super) fn completions(program: &Command, shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut commands_first(program), "duo-provision", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    // In bash's script the parts of a name with a dash are joined in two ways, and no command is found again
    // (clap-rs/clap#6421). Once that is mended, this changes nothing.
    if shell == Shell::Bash {
        script.replace("duo__subcmd__provision__subcmd__", "duo__provision__subcmd__")
    } else {
        script
    }
}

/// The program as it is completed: the first word is a command. That it may be a device id, too, leads zsh's script to
/// expect a command only behind it; and nobody can complete an id.
fn commands_first(program: &Command) -> Command {
    let options = program.get_arguments().filter(|argument| !argument.is_positional());
    let commands = program.get_subcommands().cloned();
    let command = Command::new("duo-provision").args(options.cloned()).subcommands(commands);
    concise(command.version(env!("CARGO_PKG_VERSION")))
}

/// Every explanation on one line, as far as its first full stop.
fn concise(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_args(first_sentence).mut_subcommands(concise)
}

fn first_sentence(argument: Arg) -> Arg {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let end = help.find(". ").unwrap_or(help.len());
    argument.help(help[..end].to_owned())
}
