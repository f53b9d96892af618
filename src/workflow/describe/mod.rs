//! Says in words, without secrets, what is in a Duo or a file.

pub(in crate::workflow) mod dct;
pub(in crate::workflow) mod dct_fields;
pub(in crate::workflow) mod meaning;
pub(in crate::workflow) mod operation;
pub(in crate::workflow) mod restored_field;
pub(in crate::workflow) mod server;
