//! Serves the command line of the program `duo-provision`: parses it, completes it, prints man pages, and describes it
//! as data.

mod completions;
mod describe;
mod foreign;
mod help;
mod man;
mod parse;
mod shell_init;
mod usage;
