//! Reads what a person gave: key files, dumps, tokens, passphrases.

pub mod dump_file;
pub mod given_file;
pub mod key_bytes;
pub mod key_file;
pub mod listed_key;
pub mod passphrase;
pub mod secret;
pub mod token;
pub mod whole_dct;
