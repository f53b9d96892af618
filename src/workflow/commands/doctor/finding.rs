//! The findings of `doctor`.

use std::path::PathBuf;

use crate::dct::DeviceId;
use crate::error::Error;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "Severity", rename_all = "kebab-case")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// For information.
    Note,
    /// Needs to be fixed.
    Problem,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DoctorFinding", rename_all = "camelCase")]
pub struct Finding {
    /// What it is about: an error's code, or a name, in capitals.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What to do about it, in words.
    pub advice: Option<String>,
    /// What to type.
    pub command: Option<String>,
    /// The same for a program, if it can be done without more input.
    pub fix: Option<Fix>,
}

/// A call that fixes a problem. It asks `confirm`, and backs up the key slot before a write.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DoctorFix", rename_all = "camelCase")]
pub struct Fix {
    /// Which function: `backupKey`, `restoreKey` or `resetKey`.
    pub operation: FixOperation,
    /// Its options.
    pub options: FixOptions,
}

/// A function that fixes a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FixOperation", rename_all = "kebab-case")]
pub enum FixOperation {
    /// `backupKey`.
    Backup,
    /// `restoreKey`.
    Restore,
    /// `resetKey`.
    Reset,
}

/// The options of a function that fixes a problem.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FixOptions", rename_all = "camelCase")]
pub struct FixOptions {
    /// The backup to restore.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub file: Option<PathBuf>,
    /// Bus and ports of the Duo.
    pub path: String,
    /// The Duo's id, if it is known.
    pub device_id: Option<DeviceId>,
    /// The USB/IP server of a virtual Duo.
    pub usbip: Option<String>,
    /// The archive, if it is not the default one.
    pub archive: Option<String>,
}

impl Finding {
    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self { code, severity, message: message.into(), advice: None, command: None, fix: None }
    }

    /// As it should be.
    pub(in crate::workflow) fn ok(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Ok, message)
    }

    /// For information.
    pub(in crate::workflow) fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    /// Needs to be fixed.
    pub(in crate::workflow) fn problem(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Problem, message)
    }

    /// The finding for an error.
    pub(in crate::workflow) fn of(error: &Error) -> Self {
        let found = Self::problem(error.code().name(), error.message());
        Self { advice: error.hint_text().map(str::to_owned), ..found }
    }

    /// What to do, in words.
    pub(in crate::workflow) fn advice(self, words: impl Into<String>) -> Self {
        Self { advice: Some(words.into()), ..self }
    }

    /// What to type.
    pub(in crate::workflow) fn command(self, command: String) -> Self {
        Self { command: Some(command), ..self }
    }

    /// The same for a program.
    pub(in crate::workflow) fn fix(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }
}
