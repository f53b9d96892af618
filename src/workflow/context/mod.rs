//! The caller, and the types that pass between: the options that select a Duo, events, plans, cancellation, time
//! limits, boards.

mod board;
mod cancel;
mod event;
mod one_of_all;
mod plan;
mod snapshot;
mod target;
mod timeout;

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

pub use self::board::{BOARDS, Board, BoardName, BootloaderName, DUO, ids};
pub use self::cancel::{Cancel, interrupted};
pub use self::event::{Event, FleetAnswer, FleetAsked, FleetDevice, Phase, Transfer};
pub use self::one_of_all::{DuoEnded, DuoOutcome, PlannedKey, SendPlan};
pub(crate) use self::plan::shown_evidence;
pub use self::plan::{
    Action, Change, Evidence, NamedCloud, PairBefore, PassphrasePurpose, PassphraseRequest, Plan,
    ShownEvidence,
};
pub use self::snapshot::{Snapshot, WholeHeld};
pub use self::target::{
    BUTTONS_HINT, DFU_MODE, DeviceRef, NORMAL_MODE, ShowOptions, Target, TargetOptions, bring_hint,
    passed_through,
};
pub use self::timeout::Timeout;
use crate::error::Error;
use crate::usb::{Bus, Clock};

/// The caller: receives events, is asked before a write, and can stop the workflow.
pub trait Control: Send + Sync {
    /// Receives an event.
    fn event(&self, event: Event);

    /// Asks for consent, after the backup and before the first byte is written, with the device still open. Anything
    /// but true is a refusal.
    fn confirm(&self, plan: &Plan) -> bool;

    /// Asks once for consent before the keys of all Duos are sent. Anything but true is a refusal.
    fn confirm_all(&self, plan: &SendPlan) -> bool;

    /// Whether [`Control::confirm`] asks a person; otherwise the call itself was the consent.
    fn asks(&self) -> bool {
        true
    }

    /// Asks for a passphrase, before any device is touched. `None` if there is none, or nobody can be asked.
    fn passphrase(&self, _request: &PassphraseRequest) -> Option<Zeroizing<String>> {
        None
    }

    /// The request to stop the workflow. It stops between transfers, and never between the first byte of a write and
    /// the read-back of the last.
    fn cancel(&self) -> &Cancel;
}

/// What a workflow works with. A test can replace each part.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The bus with the devices.
    pub bus: &'a dyn Bus,
    /// The clock for deadlines and pauses.
    pub clock: &'a dyn Clock,
    /// The time of day, for the names and manifests of backups.
    pub wall: &'a (dyn Fn() -> SystemTime + Sync),
    /// Environment variables.
    pub env: &'a (dyn Fn(&str) -> Option<OsString> + Sync),
    /// The caller.
    pub control: &'a dyn Control,
    /// Polled between transfers: [`Cancel::stops_now`] of the control's own [`Cancel`].
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// The time limit for each step.
    pub timeout: Timeout,
}

impl Context<'_> {
    /// The same with the time limit that was typed, in seconds.
    pub(in crate::workflow) fn within(self, seconds: Option<u32>) -> Result<Self, Error> {
        Ok(Self { timeout: Timeout::from_seconds(seconds)?, ..self })
    }

    /// The deadline of a step that starts now.
    pub(in crate::workflow) fn deadline(&self) -> Duration {
        self.timeout.deadline(self.clock)
    }

    pub(in crate::workflow) fn phase(&self, phase: Phase) {
        self.control.event(Event::Phase(phase));
    }

    pub(in crate::workflow) fn progress(&self, event: Transfer, bytes: usize) {
        let bytes = (event != Transfer::FailedDownload).then_some(bytes);
        self.control.event(Event::Progress { event, bytes });
    }

    pub(in crate::workflow) fn note(&self, message: impl Into<String>) {
        self.control.event(Event::Note { message: message.into() });
    }

    /// The time of day as RFC 3339 in UTC, to the second.
    pub(in crate::workflow) fn timestamp(&self) -> String {
        let now = time::OffsetDateTime::from((self.wall)());
        let now = now.replace_nanosecond(0).unwrap_or(now);
        now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
    }
}
