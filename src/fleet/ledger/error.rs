//! Says why a ledger cannot be read or written.

use std::io;
use std::path::PathBuf;

use crate::disk::{FileError, plain_path};

/// Why a ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process writes to it.
    #[error("another process is at work with the ledger {}", plain_path(.0))]
    Running(PathBuf),
    /// It is no ledger, or a line of it cannot be read.
    #[error("{}, line {line}: {what}", plain_path(path))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The operating system does not let it be written.
    #[error("the ledger {} cannot be written: {source}", plain_path(path))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// It cannot be opened.
    #[error("the ledger cannot be used: {0}")]
    File(#[from] FileError),
}
