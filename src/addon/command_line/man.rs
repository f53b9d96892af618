//! Makes man pages from the grammar: one for the program, and one for each of its commands.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::usage::meant;
use crate::error::{Code, Error};

/// The first lines of parts of a command's after-help, and the sections that they become.
const SECTIONS: [(&str, &str); 2] = [("Examples:", "EXAMPLES"), ("Exit codes:", "EXIT STATUS")];

/// The man page of the command with these words, in roff.
pub(super) fn page_of(program: Command, words: &[String]) -> Result<String, Error> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let mut command = &program;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| unknown(command, word))?;
    }
    Ok(page(command.clone()))
}

fn unknown(group: &Command, word: &str) -> Error {
    Error::new(Code::InvalidArgument, format!("there is no command '{word}' to print a man page of"))
        .hint(format!("{}see: duo-provision --help", meant(group, word)))
}

fn page(command: Command) -> String {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let has_commands = command.has_subcommands();
    let man = Man::new(command);
    // Without a date, so that the same grammar gives the same page. clap_mangen would leave out the field of the date.
    let title = name.to_uppercase();
    let version = env!("CARGO_PKG_VERSION");
    let mut text =
        format!(".TH \"{title}\" \"1\" \"\" \"duo-provision {version}\" \"duo-provision\"\n").into_bytes();
    // Writing to memory does not fail.
    let _ = man.render_name_section(&mut text);
    let _ = man.render_synopsis_section(&mut text);
    let _ = man.render_description_section(&mut text);
    let _ = man.render_options_section(&mut text);
    if has_commands {
        let _ = man.render_subcommands_section(&mut text);
    }
    let _ = after_help(&after).to_writer(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The text below the options in `--help`: prose, and parts whose lines keep their layout.
fn after_help(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut laid_out = false;
    for (index, part) in text.split("\n\n").enumerate() {
        let section = SECTIONS.iter().find_map(|(begins, title)| Some((title, part.strip_prefix(begins)?)));
        let (title, part) =
            section.map_or((None, part), |(title, rest)| (Some(*title), rest.trim_start_matches('\n')));
        match title {
            Some(title) => {
                if laid_out {
                    roff.control("fi", []);
                }
                roff.control("SH", [title]).control("nf", []);
                laid_out = true;
            }
            None if index == 0 => drop(roff.control("SH", ["NOTES"])),
            None => drop(roff.control("PP", [])),
        }
        for line in part.lines() {
            roff.text([roman(line)]);
        }
    }
    if laid_out {
        roff.control("fi", []);
    }
    roff
}
