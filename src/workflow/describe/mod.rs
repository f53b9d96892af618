//! Says in words, without secrets, what is in a Duo or a file.

pub mod dct;
pub mod dct_fields;
pub mod meaning;
pub mod operation;
pub mod restored_field;
pub mod server;
