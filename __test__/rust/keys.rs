//! The promises of the `keys` room, one module each.

#[path = "keys/encrypted.rs"]
mod encrypted;
#[path = "keys/firmware.rs"]
mod firmware;
#[path = "keys/forms.rs"]
mod forms;
#[path = "keys/hostile.rs"]
mod hostile;
#[path = "keys/numbers.rs"]
mod numbers;
#[path = "keys/secrets.rs"]
mod secrets;
#[path = "keys/server.rs"]
mod server;
#[path = "keys/slots.rs"]
mod slots;
#[path = "keys/support.rs"]
mod support;
#[path = "keys/vectors.rs"]
mod vectors;
