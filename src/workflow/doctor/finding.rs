//! What a look at something has found.

use std::path::PathBuf;

use crate::dct::DeviceId;
use crate::error::Error;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// To be known.
    Note,
    /// To be put right.
    Problem,
}

impl Severity {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: an error's code, or a name of its own.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What to do about it, in words.
    pub advice: Option<String>,
    /// What to type.
    pub command: Option<String>,
    /// The same for a program, where it can be done without asking anything else.
    pub fix: Option<Fix>,
}

/// An operation that would put something right. It is safe: what is in the key slot is backed up before a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// `backup`, `restore` or `reset`.
    pub operation: &'static str,
    /// The file to restore.
    pub file: Option<PathBuf>,
    /// Bus and ports.
    pub path: String,
    /// The device id.
    pub device_id: Option<DeviceId>,
    /// The USB/IP server of a virtual Duo.
    pub usbip: Option<String>,
    /// The archive's folder, where it was named.
    pub archive: Option<String>,
}

impl Finding {
    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self { code, severity, message: message.into(), advice: None, command: None, fix: None }
    }

    /// As it should be.
    pub(super) fn ok(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Ok, message)
    }

    /// To be known.
    pub(super) fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    /// To be put right.
    pub(super) fn problem(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Problem, message)
    }

    /// What stood in the way.
    pub(super) fn of(error: &Error) -> Self {
        let found = Self::problem(error.code().name(), error.message());
        Self { advice: error.hint_text().map(str::to_owned), ..found }
    }

    /// What to do, in words.
    pub(super) fn advice(self, words: impl Into<String>) -> Self {
        Self { advice: Some(words.into()), ..self }
    }

    /// What to type.
    pub(super) fn command(self, command: String) -> Self {
        Self { command: Some(command), ..self }
    }

    /// The same for a program.
    pub(super) fn fix(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }
}
