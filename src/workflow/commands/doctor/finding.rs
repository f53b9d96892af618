//! The findings of `doctor`, and the verdict on the Duo that they are about.

use std::path::PathBuf;

use crate::dct::DeviceId;
use crate::error::Error;
use crate::workflow::context::DeviceRef;

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

/// The verdict. Only the first says that a Duo and its cloud are a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DoctorVerdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// No problem, and this run proved that the Duo's key and its cloud's are a pair.
    Paired,
    /// No problem with the Duo; whether its cloud knows its key was not checked.
    CloudNotChecked,
    /// There is something to fix.
    Problems,
    /// The Duo could not be opened or read.
    Unreadable,
    /// There is no Duo to examine.
    NoDuo,
}

/// A Duo in DFU mode that was examined.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ExaminedDuo", rename_all = "camelCase")]
pub struct Examined {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// What it reports about itself, if it could be opened.
    pub device: Option<DeviceRef>,
    /// The verdict.
    pub verdict: Verdict,
    /// How many of the findings are problems.
    pub problems: usize,
    /// What to type to check the cloud's half, if nothing else is wrong.
    pub next: Option<String>,
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// Whether it is meant for Particle's cloud, if its server key shows that.
    #[serde(skip)]
    pub(super) particle: Option<bool>,
    /// The outcome of reading it.
    #[serde(skip)]
    pub(super) read: Read,
}

/// The outcome of reading a Duo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// It could not be read.
    Failed,
    /// It was read. `verify`: the command that proves its key, if this board connects as a Duo does.
    Done { verify: Option<String> },
    /// It was read, and its key was proven to be a pair with its cloud's.
    Proven,
}

impl Examined {
    pub(super) fn new(
        path: String,
        device: Option<DeviceRef>,
        read: Read,
        findings: Vec<Finding>,
        particle: Option<bool>,
    ) -> Self {
        Self { path, device, verdict: Verdict::Unreadable, problems: 0, next: None, findings, particle, read }
    }

    /// Sets the verdict, once all findings are there.
    pub(super) fn judge(&mut self) {
        let is_problem = |finding: &&Finding| finding.severity == Severity::Problem;
        self.problems = self.findings.iter().filter(is_problem).count();
        self.verdict = match &self.read {
            Read::Failed => Verdict::Unreadable,
            _ if self.problems > 0 => Verdict::Problems,
            Read::Proven => Verdict::Paired,
            Read::Done { verify } => {
                self.next.clone_from(verify);
                Verdict::CloudNotChecked
            }
        };
    }
}
