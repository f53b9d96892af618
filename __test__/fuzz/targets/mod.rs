//! The fuzz targets: plain functions of arbitrary bytes. Each gives the bytes to one reader of outside data and asserts
//! what that reader promises, not just that it does not panic.
//!
//! Two programs call them: cargo-fuzz (`npm run fuzz`), which looks for new inputs, and `replay.rs`, which runs the
//! inputs in `corpus/` and mutations of them with every `npm test`.

pub mod dct_dump;
pub mod descriptors;
pub mod given_file;
pub mod http_reply;
pub mod journal;
pub mod key_reader;
pub mod machines;
pub mod manifest;
pub mod memory_map;
pub mod session;
mod tape;
pub mod usbip_client;
pub mod usbip_server;
