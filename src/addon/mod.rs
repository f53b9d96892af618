//! The Node-API surface: the grammar, conversions and promises. The only user of napi and clap.
//!
//! Nothing is decided here; see `workflow` for that.

// napi turns exported functions into calls from C, and takes its arguments by value.
#![allow(clippy::needless_pass_by_value)]

mod api;
mod command_line;
mod control;
mod grammar;
mod results;
mod run;
mod simulation;
