//! The Node-API surface: the grammar, conversions and promises. The only user of napi and clap.
//!
//! Nothing is decided here; see `workflow` for that.

// napi calls exported functions with owned arguments and with `&Env`.
#![allow(clippy::needless_pass_by_value, clippy::trivially_copy_pass_by_ref)]

mod api;
mod command_line;
mod completions;
mod control;
mod dct;
mod describing;
mod doctoring;
mod fields;
mod given;
mod grammar;
mod kept;
mod key_files;
mod looked_at;
mod machine;
mod manual;
mod results;
mod rotating;
mod run;
mod schema;
mod shell_init;
mod simulation;
