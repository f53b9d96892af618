//! Holds the Node-API surface: the grammar, conversions and promises. The only user of napi and clap.
//!
//! Without the feature `addon` there is only the grammar, and, with `schema`, the schema of all types of the API.
//!
//! Nothing is decided here; `workflow` does that.

// napi calls exported functions with owned arguments and with `&Env`.
#![allow(clippy::needless_pass_by_value, clippy::trivially_copy_pass_by_ref)]
#![cfg_attr(not(feature = "addon"), allow(dead_code, unused_imports))]

#[cfg(feature = "addon")]
mod api;
#[cfg(feature = "addon")]
mod call;
#[cfg(feature = "addon")]
mod command_line;
mod error_name;
mod grammar;
#[cfg(feature = "schema")]
mod schema;

pub use grammar::CommandLine;
#[cfg(feature = "schema")]
pub use schema::schema;
