//! The command line, for the program `duo-provision`: parsed, completed, printed as man pages, and described as data.

mod completions;
mod describe;
mod foreign;
mod help;
mod man;
mod parse;
mod shell_init;
mod similar;
mod usage;
