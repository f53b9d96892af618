//! The Node-API surface: the grammar, conversions and promises. The only user of napi and clap.
//!
//! Without the feature `addon` there is the grammar alone, and, with `schema`, the schema of all types of the API.
//!
//! Nothing is decided here; see `workflow` for that.

// napi calls exported functions with owned arguments and with `&Env`.
#![allow(clippy::needless_pass_by_value, clippy::trivially_copy_pass_by_ref)]
#![cfg_attr(not(feature = "addon"), allow(dead_code, unused_imports))]

#[cfg(feature = "addon")]
mod api;
#[cfg(feature = "addon")]
mod command_line;
#[cfg(feature = "addon")]
mod completions;
#[cfg(feature = "addon")]
mod control;
#[cfg(feature = "addon")]
mod dct;
#[cfg(feature = "addon")]
mod describing;
#[cfg(feature = "addon")]
mod doctoring;
mod error_name;
#[cfg(feature = "addon")]
mod fields;
#[cfg(feature = "addon")]
mod given;
mod grammar;
#[cfg(feature = "addon")]
mod key_files;
#[cfg(feature = "addon")]
mod machine;
#[cfg(feature = "addon")]
mod manual;
#[cfg(feature = "addon")]
mod plain;
#[cfg(feature = "addon")]
mod rotating;
#[cfg(feature = "addon")]
mod run;
#[cfg(feature = "schema")]
mod schema;
mod shell_init;
#[cfg(feature = "addon")]
mod simulation;

#[cfg(feature = "schema")]
pub use schema::schema;
