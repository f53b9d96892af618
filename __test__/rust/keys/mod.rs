//! Tests the promises of the `keys` room, one module each.

mod encrypted;
mod firmware;
mod forms;
mod hostile;
mod numbers;
mod secrets;
mod server;
mod slots;
mod support;
mod texts;
mod vectors;
