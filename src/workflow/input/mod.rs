//! Reads what a person gave: key files, dumps, tokens, passphrases.

pub(in crate::workflow) mod dump_file;
pub(in crate::workflow) mod given_file;
pub(in crate::workflow) mod key_bytes;
pub(in crate::workflow) mod key_file;
pub(in crate::workflow) mod listed_key;
pub(in crate::workflow) mod passphrase;
pub(in crate::workflow) mod secret;
pub(in crate::workflow) mod token;
pub(in crate::workflow) mod whole_dct;
