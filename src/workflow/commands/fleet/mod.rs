//! `fleet`: many devices from a list, none of them attached. Makes a list of an archive, sends its keys, asks the cloud
//! about its devices, reports what became of them.

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
