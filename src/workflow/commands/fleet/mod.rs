//! `fleet`: handles many devices from a list, without any of them attached. Makes a list from an archive, sends its
//! keys, asks the cloud about its devices, and reports the outcomes.

mod counts;
mod crowd;
mod list;
mod manifest;
mod provision;
mod report;
mod send;
mod verify;

pub use counts::FleetCounts;
pub use manifest::{FleetManifest, FleetManifestOptions, fleet_manifest};
pub use provision::{FleetProvisionOptions, FleetProvisioned, provision_fleet};
pub use report::{FleetReport, FleetReportOptions, fleet_report};
pub use verify::{FleetVerified, FleetVerifyCounts, FleetVerifyOptions, verify_fleet};
