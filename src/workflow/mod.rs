//! The operations that a person asks for: list, dfu, backup, restore, reset, rotate, provision, verify, dct,
//! server-key, inspect, key files, backups, status, history, doctor, udev.
//!
//! Every workflow is one synchronous function of a [`Context`] and its options. It decides; it does not render, and it
//! does not know who listens. It reports through [`Event`]s and asks with a [`Plan`], both through [`Control`]. Two
//! promises are kept here: a key is never lost, and nothing is reported as done that is not.
//!
//! The rooms, from the top floor down. An import may skip floors on its way down. It never runs up. The rooms are private
//! modules: what is `pub` in them is for the other rooms, and only what is listed here leaves `workflow`.

mod all;
mod commands;
mod context;
mod describe;
mod device;
mod input;
mod network;
mod next;
mod record;
mod write;

pub use crate::journal::FleetTerms;
pub use all::{AllCounts, AllDone, AllOptions, OneDone};
pub use commands::backup::{BackupDone, BackupOptions, backup, backup_all};
pub use commands::backups::{BackupsFound, BackupsOptions, backups};
pub use commands::dct_backup::{DctBackupDone, DctBackupOptions, backup_all_dcts, backup_dct};
pub use commands::dct_restore::{DctRestoreOptions, DctRestored, restore_dct};
pub use commands::dct_show::{DctShown, show_dct};
pub use commands::dfu::{EnterDone, enter_dfu};
pub use commands::doctor::{
    AskOptions, Diagnosis, DoctorOptions, Examined, Finding, Fix, FixOperation, FixOptions, Severity,
    Verdict, doctor,
};
pub use commands::fleet::{
    FleetCounts, FleetManifest, FleetManifestOptions, FleetProvisionOptions, FleetProvisioned, FleetReport,
    FleetReportOptions, FleetVerified, FleetVerifyCounts, FleetVerifyOptions, fleet_manifest, fleet_report,
    provision_fleet, verify_fleet,
};
pub use commands::history::{History, HistoryOptions, history};
pub use commands::inspect::{FileKind, InspectOptions, Inspection, ManifestReport, inspect};
pub use commands::key_files::{
    NewKeyDone, NewKeyOptions, PublicKeyDone, PublicKeyOptions, new_key, public_key,
};
pub use commands::list::{KeyReport, Listed, ListedState, Listing, list};
pub use commands::provision::{ProvisionDone, ProvisionOptions, PublicKeySource, provision, provision_all};
pub use commands::read_key::{KeyRead, read_key};
pub use commands::reset::{ResetDone, ResetOptions, reset};
pub use commands::restore::{RestoreDone, RestoreOptions, restore};
pub use commands::rotate::{KeyMaker, RotateDone, RotateOptions, make_key, rotate};
pub use commands::server_key_set::{AddressSource, ServerKeySetOptions, ServerKeyWritten, set_server_key};
pub use commands::server_key_show::{ServerKeyShown, show_server_key};
pub use commands::status::{Status, StatusOptions, status};
pub use commands::udev::{Machine, UdevInstalled, UdevRule, install_udev_rule, udev_rule};
pub use commands::verify::{VerifyDone, VerifyOptions, verify, verify_all};
pub(crate) use context::shown_evidence;
pub use context::{
    Action, Board, BoardName, BootloaderName, Cancel, Change, Context, Control, DeviceRef, DuoEnded,
    DuoOutcome, Event, Evidence, FleetAnswer, FleetAsked, FleetDevice, NamedCloud, PairBefore,
    PassphrasePurpose, PassphraseRequest, Phase, Plan, PlannedKey, SendPlan, ShowOptions, ShownEvidence,
    Target, TargetOptions, Timeout, Transfer,
};
pub use describe::dct::{CopyReport, DctReport};
pub use describe::dct_fields::FieldReport;
pub use describe::operation::{Advice, OperationReport, Outcome};
pub use describe::restored_field::RestoredField;
pub use describe::server::ServerReport;
pub use input::key_bytes::{KeyBytes, nothing};
#[cfg(feature = "schema")]
pub use input::key_bytes::{bytes, maybe_bytes};
pub use input::passphrase::PassphraseOptions;
pub use input::token::CloudOptions;
pub use network::pairing::ServerOptions;
pub use next::Shell;
pub use write::WriteOptions;
