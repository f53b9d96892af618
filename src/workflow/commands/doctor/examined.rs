//! A Duo that was looked at, and what was found.

use crate::workflow::commands::doctor::finding::Finding;
use crate::workflow::context::DeviceRef;

/// A Duo in DFU mode, looked at.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ExaminedDuo", rename_all = "camelCase")]
pub struct Examined {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// What it tells of itself, where it could be opened.
    pub device: Option<DeviceRef>,
    /// What was found, in the order in which it was looked at.
    pub findings: Vec<Finding>,
    /// Whether it is meant for Particle's cloud, where its server key tells.
    #[serde(skip)]
    pub(super) particle: Option<bool>,
}
