//! Lays out help for the width of a terminal.

use std::fmt::Write;

use clap::Command;
use clap::builder::StyledStr;
use clap::builder::styling::{AnsiColor, Style, Styles};

/// The commands, grouped by their purpose.
pub(super) const GROUPS: [(&str, &[&str]); 6] = [
    ("Everyday", &["list", "backup", "verify", "doctor", "restore"]),
    ("Keys and cloud", &["provision", "rotate", "reset", "key", "server-key", "fleet"]),
    ("Records", &["backups", "status", "history"]),
    ("Advanced", &["dct", "inspect", "dfu"]),
    ("Set up", &["udev", "completions", "man", "shell-init"]),
    ("Try it", &["demo", "simulate"]),
];

/// Stands for a space at which clap must not break a line, so that this layout stays as it is.
const FIRM_SPACE: &str = "\u{a0}";

/// The least room beside the first column of a table; with less, the second column goes below.
const LEAST_ROOM: usize = 24;

const HEADING: Style = AnsiColor::Cyan.on_default().bold();

/// The program, with its commands in the order of the groups, and their help in this many columns.
pub(super) fn fitted(program: Command, columns: usize) -> Command {
    let names: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
    below(program, columns).mut_subcommands(|command| {
        let place = names.iter().position(|name| *name == command.get_name()).unwrap_or(names.len());
        command.display_order(place)
    })
}

fn below(command: Command, columns: usize) -> Command {
    let styles = Styles::styled().header(HEADING).usage(HEADING).literal(Style::new().bold());
    let after = command.get_after_help().map(|text| laid_out(&text.to_string(), columns));
    let command = command.styles(styles).term_width(columns);
    let command = command.mut_subcommands(|inner| below(inner, columns));
    after.map_or(command.clone(), |text| command.after_help(text.replace(' ', FIRM_SPACE)))
}

pub(super) fn printed(text: &StyledStr, colored: bool) -> String {
    let text = if colored { text.ansi().to_string() } else { text.to_string() };
    text.replace(FIRM_SPACE, " ")
}

/// What `-h` alone prints: it fits a small terminal.
pub(super) fn short(command: &Command, columns: usize) -> StyledStr {
    let known = |name: &&&str| command.find_subcommand(name).is_some();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = laid_out(&about, columns) + "\n\n";
    text += "Usage: duo-provision COMMAND [OPTIONS]\n       duo-provision DEVICE_ID [KEY_FILE]\n\n";
    for (title, names) in GROUPS {
        let names: Vec<&str> = names.iter().filter(known).copied().collect();
        let _ = writeln!(text, "{HEADING}{title:<TITLE$}{HEADING:#}{}", listed(&names, columns));
    }
    (text + "\n" + &laid_out(SHORT, columns) + "\n").into()
}

/// The width of the titles of groups.
const TITLE: usize = 16;

/// Names after the title of their group, on several lines if they do not fit on one.
fn listed(names: &[&str], columns: usize) -> String {
    let (mut text, mut at) = (String::new(), TITLE);
    for (nth, name) in names.iter().enumerate() {
        let comma = if nth + 1 < names.len() { ", " } else { "" };
        if at > TITLE && at + name.len() + comma.trim_end().len() > columns {
            text.truncate(text.trim_end().len());
            let _ = write!(text, "\n{:TITLE$}", "");
            at = TITLE;
        }
        text += name;
        text += comma;
        at += name.len() + comma.len();
    }
    text
}

const SHORT: &str = "\
A Duo is worked on in DFU mode: hold both buttons, release RESET, and release
SETUP when the LED blinks yellow. One that runs normally: add --enter-dfu.

  duo-provision doctor           what is wrong with a Duo, and what to type
  duo-provision demo             see it all work, without a Duo
  duo-provision backup --help    all about one command
  duo-provision --help           all about all";

/// Lays out prose and tables in this many columns. An indented line is a row of a table; two or more spaces separate
/// its columns. The line above the first row is the heading.
fn laid_out(text: &str, columns: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_row = |line: &str| line.starts_with("  ");
    let mut blocks: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let rest = lines.get(at..).unwrap_or_default();
        let rows = rest.iter().take_while(|line| is_row(line)).count();
        let is_heading = line.ends_with(':') && rest.get(1).is_some_and(|next| is_row(next));
        let prose = rest.iter().take_while(|line| !line.is_empty() && !is_row(line)).count();
        let taken = if line.is_empty() || is_heading { 1 } else { rows.max(prose).max(1) };
        let block = rest.get(..taken).unwrap_or_default();
        blocks.push(match () {
            () if is_heading => format!("{HEADING}{line}{HEADING:#}"),
            () if rows > 0 => table(block, columns),
            () => wrapped(&block.join(" "), columns).join("\n"),
        });
        at += taken;
    }
    blocks.join("\n")
}

/// Rows of two columns side by side, or below each other if there is no room. Words to type are never broken.
fn table(rows: &[&str], columns: usize) -> String {
    let cells = rows.iter().map(|row| {
        let row = row.trim();
        row.split_once("  ").map_or((row, ""), |(first, second)| (first, second.trim()))
    });
    let cells: Vec<(&str, &str)> = cells.collect();
    let explained = cells.iter().filter(|(_, second)| !second.is_empty());
    let width = explained.map(|(first, _)| first.chars().count()).max().unwrap_or_default() + 4;
    let beside = columns >= width + LEAST_ROOM;
    let (indent, room) = if beside { (width, columns - width) } else { (6, columns.saturating_sub(6)) };
    let mut text = Vec::new();
    for (first, second) in cells {
        let mut lines = wrapped(second, room).into_iter();
        match lines.next().filter(|line| !line.is_empty()) {
            Some(line) if beside => text.push(format!("  {first:<0$}{line}", width - 2)),
            Some(line) => text.extend([format!("  {first}"), " ".repeat(indent) + &line]),
            None => text.push(format!("  {first}")),
        }
        text.extend(lines.map(|line| " ".repeat(indent) + &line));
    }
    text.join("\n")
}

/// Lines of this many columns, broken at spaces, but not between backticks.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut quoted = false;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let Some(line) = lines.last_mut() else { break };
        let fits = line.chars().count() + 1 + word.chars().count() <= columns;
        match (line.is_empty(), fits || quoted) {
            (true, _) => line.push_str(word),
            (false, true) => {
                line.push(' ');
                line.push_str(word);
            }
            (false, false) => lines.push(word.to_owned()),
        }
        quoted ^= word.matches('`').count() % 2 == 1;
    }
    lines
}
