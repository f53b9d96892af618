//! A Duo that was examined, what was found, and its verdict.

use crate::workflow::commands::doctor::finding::{Finding, Severity};
use crate::workflow::context::DeviceRef;

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
