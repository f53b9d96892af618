//! Exports the functions of the API, by subject. Each converts its options to those of a workflow, and decides nothing.

// Whatever converts options has the type that `go` takes.
#![allow(clippy::unnecessary_wraps)]

mod cloud;
mod dct;
mod devices;
mod files;
mod fleet;
mod keys;
mod records;
mod server_key;
mod simulation;
mod udev;

use napi_derive::napi;

/// The version of this package.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
