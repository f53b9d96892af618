//! What a person asks for: list, dfu, backup, restore, reset, rotate, provision, verify, dct, server-key, inspect,
//! key files, backups, status, doctor, udev.
//!
//! Every workflow is one synchronous function of a [`Context`] and its options. It decides; it does not
//! render, and it does not know who listens: what it has to say goes out as an [`Event`], what it has to ask
//! as a [`Plan`], and both through [`Control`]. The promises that a key is never lost and that nothing is
//! called done that isn't are kept here.

mod backup;
mod backups;
mod board;
mod cancel;
mod credentials;
mod dct_backup;
mod dct_fields;
mod dct_restore;
mod dct_restore_whole;
mod dct_show;
mod device;
mod doctor;
mod dump_file;
mod enter;
mod event;
mod extract;
mod inspect;
mod journaled;
mod keep;
mod key_files;
mod leave;
mod list;
mod located;
mod next;
mod pairing;
mod passphrase;
mod plan;
mod provision;
mod reconcile;
mod reset;
mod restore;
mod rotate;
mod runtime;
mod secret_input;
mod server_key;
mod server_key_set;
mod source;
mod status;
mod telling;
mod timeout;
mod udev;
mod verify;
mod whole_held;
mod whole_image;
mod write;

use std::ffi::OsString;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::usb::{Bus, Clock};

pub use backup::{BackupDone, BackupOptions, backup};
pub use backups::{BackupsFound, BackupsOptions, backups};
pub use board::Board;
pub use cancel::Cancel;
pub use dct_backup::{DctBackupDone, DctBackupOptions, backup_dct};
pub use dct_fields::FieldReport;
pub use dct_restore::{DctRestoreOptions, DctRestored, RestoredField, restore_dct};
pub use dct_show::{CopyReport, DctReport, DctShowOptions, DctShown, show_dct};
pub use device::{DeviceRef, Target};
pub use doctor::{AskOptions, Diagnosis, DoctorOptions, Examined, Finding, Fix, Severity, doctor};
pub use enter::{EnterDone, EnterOptions, enter_dfu};
pub use event::{Event, Phase, Transfer};
pub use inspect::{FileKind, InspectOptions, Inspection, ManifestReport, inspect};
pub use key_files::{NewKeyDone, NewKeyOptions, PublicKeyDone, PublicKeyOptions, new_key, public_key};
pub use list::{KeyReport, ListOptions, Listed, list};
pub use next::Advice;
pub use passphrase::{PassphraseOptions, PassphraseRequest};
pub use plan::{Action, Change, Evidence, Plan};
pub use provision::{ProvisionDone, ProvisionOptions, PublicKeySource, provision};
pub use reset::{ResetDone, ResetOptions, reset};
pub use restore::{RestoreDone, RestoreOptions, restore};
pub use rotate::{KeyMaker, RotateDone, RotateOptions, make_key, rotate};
pub use server_key::{ServerKeyShowOptions, ServerKeyShown, ServerReport, show_server_key};
pub use server_key_set::{AddressSource, ServerKeySetOptions, ServerKeyWritten, set_server_key};
pub use status::{History, HistoryOptions, OperationReport, Status, StatusOptions, history, status};
pub use timeout::Timeout;
pub use udev::{Machine, UdevInstalled, UdevRule, install_udev_rule, udev_rule};
pub use verify::{VerifyDone, VerifyOptions, verify};

/// Who asked: told what happens, asked before a write, able to stop it.
pub trait Control: Send + Sync {
    /// Something happened.
    fn event(&self, event: Event);

    /// Asked after the backup and before the first byte is written, with the device still open. Anything but
    /// true is a refusal.
    fn confirm(&self, plan: &Plan) -> bool;

    /// Whether [`Control::confirm`] puts a question to anybody; otherwise the call was the consent.
    fn asks(&self) -> bool {
        true
    }

    /// Asked for a passphrase, before any device is touched. `None` where nobody has one, or nobody is there.
    fn passphrase(&self, _request: &PassphraseRequest) -> Option<Zeroizing<String>> {
        None
    }

    /// Set when the workflow should stop. It stops between transfers, and never between the first byte of a
    /// write and the read-back of the last.
    fn cancel(&self) -> &Cancel;
}

/// What a workflow works with, so that a test can put its own in each place.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where devices are found.
    pub bus: &'a dyn Bus,
    /// Deadlines and pauses.
    pub clock: &'a dyn Clock,
    /// The time of day, for the names and manifests of backups.
    pub wall: &'a (dyn Fn() -> SystemTime + Sync),
    /// Environment variables.
    pub env: &'a (dyn Fn(&str) -> Option<OsString> + Sync),
    /// Who asked.
    pub control: &'a dyn Control,
    /// Polled between transfers: [`Cancel::stops_now`] of the control's own.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl Context<'_> {
    fn phase(&self, phase: Phase) {
        self.control.event(Event::Phase(phase));
    }

    fn progress(&self, event: Transfer, bytes: usize) {
        let bytes = (event != Transfer::FailedDownload).then_some(bytes);
        self.control.event(Event::Progress { event, bytes });
    }

    fn note(&self, message: impl Into<String>) {
        self.control.event(Event::Note { message: message.into() });
    }

    /// The time of day as RFC 3339 in UTC, to the second.
    fn timestamp(&self) -> String {
        let now = time::OffsetDateTime::from((self.wall)());
        let now = now.replace_nanosecond(0).unwrap_or(now);
        now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
    }
}
