//! A Duo that was looked at, what was found, and the one verdict that follows.

use crate::workflow::commands::doctor::finding::{Finding, Severity};
use crate::workflow::context::DeviceRef;

/// What it comes to. Only the first says that a Duo and its cloud are a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DoctorVerdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// No problem, and the Duo's key and its cloud's were proven to be a pair in this run.
    Paired,
    /// No problem with the Duo; whether its cloud knows its key was not checked.
    CloudNotChecked,
    /// Something is to be put right.
    Problems,
    /// The Duo could not be opened or read.
    Unreadable,
    /// There is no Duo to look at.
    NoDuo,
}

/// A Duo in DFU mode, looked at.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ExaminedDuo", rename_all = "camelCase")]
pub struct Examined {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// What it tells of itself, where it could be opened.
    pub device: Option<DeviceRef>,
    /// What it comes to.
    pub verdict: Verdict,
    /// How many of the findings are problems.
    pub problems: usize,
    /// What to type to have the cloud's half checked, where nothing else is wrong.
    pub next: Option<String>,
    /// What was found, in the order in which it was looked at.
    pub findings: Vec<Finding>,
    /// Whether it is meant for Particle's cloud, where its server key tells.
    #[serde(skip)]
    pub(super) particle: Option<bool>,
    /// What the read came to.
    #[serde(skip)]
    pub(super) read: Read,
}

/// What reading a Duo came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// It could not be read.
    Failed,
    /// It was. What is typed to prove its key, if it is a board that connects as a Duo does.
    Done { verify: Option<String> },
    /// And its key was proven to pair with its cloud's.
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

    /// The verdict, once everything is found.
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
