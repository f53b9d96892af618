//! What a workflow says while it runs.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::dct::DeviceId;
use crate::fleet::report::Outcome;
use crate::keys::Fingerprint;
use crate::outcome::Code;

use crate::workflow::context::one_of_all::DuoEnded;
use crate::workflow::context::target::DeviceRef;

/// A step of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PhaseName", rename_all = "kebab-case")]
pub enum Phase {
    /// Looking for the Duo.
    Find,
    /// Waiting for a person to plug a Duo in, or to put it into DFU mode.
    Wait,
    /// Putting a Duo that runs its firmware into DFU mode.
    #[serde(rename = "enter-dfu")]
    Enter,
    /// Reading the DCT, twice.
    Read,
    /// Reading the DCT at greater length, twice.
    ReadDct,
    /// Keeping a backup.
    Backup,
    /// Asking for consent.
    Confirm,
    /// Writing a field, the key slot as a rule.
    Write,
    /// Reading it back.
    Verify,
    /// Waiting for a Duo that went away in the middle of a write.
    Reconcile,
    /// Leaving DFU mode.
    Leave,
    /// Telling the cloud a key.
    Send,
    /// Asking the cloud what it knows of the Duo.
    Ask,
    /// Seeing that a cloud listens where the Duo would connect to.
    Greet,
    /// Performing the Duo's handshake with its cloud.
    Handshake,
    /// The same with the key that is in the Duo, before another takes its place.
    ProveOld,
    /// The same with the key that the Duo is to get.
    ProveNew,
    /// Looking at a whole list of devices, before anything is sent.
    CheckList,
    /// Telling the cloud the keys of a list.
    SendList,
    /// Asking the cloud about the devices of a list.
    AskList,
}

impl Phase {
    /// What is being done, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Find => "looking for the Duo",
            Self::Wait => "waiting for a Duo in DFU mode",
            Self::Enter => "putting the Duo into DFU mode",
            Self::Read => "reading the Duo twice",
            Self::ReadDct => "reading the DCT twice",
            Self::Backup => "keeping a backup",
            Self::Confirm => "asking before the write",
            Self::Write => "writing to the Duo",
            Self::Verify => "comparing what was written",
            Self::Reconcile => "waiting for the Duo, to see what it holds",
            Self::Leave => "leaving DFU mode",
            Self::Send => "sending the public key",
            Self::Ask => "asking the cloud about the Duo",
            Self::Greet => "looking for the cloud's device port",
            Self::Handshake => "proving the keys to the cloud",
            Self::ProveOld => "proving the old key to the cloud",
            Self::ProveNew => "proving the new key to the cloud",
            Self::CheckList => "checking the list and its keys",
            Self::SendList => "sending the public keys of the list",
            Self::AskList => "asking the cloud about the devices of the list",
        }
    }
}

/// How far a transfer is; particle-usb's names (`progress` in its `src/dfu.js`). An upload comes from the Duo, a download
/// goes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "TransferEvent", rename_all = "kebab-case")]
pub enum Transfer {
    /// So many bytes are about to be read.
    StartUpload,
    /// So many have been read, by now.
    Uploaded,
    /// That was all; two reads agree.
    CompleteUpload,
    /// So many bytes are about to be written.
    StartDownload,
    /// So many more have been written.
    Downloaded,
    /// That was all; it was read back and compared.
    CompleteDownload,
    /// They were not written, or it is not known that they were.
    FailedDownload,
}

/// A [`Phase`] as an event shows it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
struct ShownPhase {
    /// Its name.
    phase: Phase,
    /// The same in words.
    description: &'static str,
}

// serde hands over references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn shown_phase<S: Serializer>(phase: &Phase, serializer: S) -> Result<S::Ok, S::Error> {
    ShownPhase { phase: *phase, description: phase.words() }.serialize(serializer)
}

fn milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((time.as_secs_f64() * 1000.0).round())
}

/// What became of one device of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename = "FleetDevice", rename_all = "camelCase")]
pub struct FleetDevice {
    /// Its line in the list.
    pub line: u32,
    /// The device id.
    pub device_id: DeviceId,
    /// What became of it.
    pub outcome: Outcome,
    /// The key's fingerprint, where one was sent.
    pub fingerprint: Option<Fingerprint>,
    /// Why it is not done: the stable name.
    pub code: Option<Code>,
    /// Why it is not done, in words.
    pub message: Option<String>,
}

/// What a cloud told of one device of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetAnswer", rename_all = "kebab-case")]
pub enum FleetAnswer {
    /// It has the device for this account.
    Known,
    /// It knows the device by this key: the device's own handshake proved it.
    Proven,
    /// It did not tell, which is no proof that it does not know the device.
    NotTold,
    /// It turned the device away, or knows it by another key.
    Refused,
    /// It could not be asked.
    Failed,
}

/// What a cloud told of one device of a list, and why not more.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename = "FleetAsked", rename_all = "camelCase")]
pub struct FleetAsked {
    /// Its line in the list.
    pub line: u32,
    /// The device id.
    pub device_id: DeviceId,
    /// What the cloud told.
    pub answer: FleetAnswer,
    /// Why it is not known: the stable name.
    pub code: Option<Code>,
    /// Why it is not known, in words.
    pub message: Option<String>,
}

// serde hands over references.
#[allow(clippy::ref_option)]
fn maybe_milliseconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| (time.as_secs_f64() * 1000.0).round()).serialize(serializer)
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ProgressEvent", tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A step begins.
    Phase(
        #[serde(serialize_with = "shown_phase")]
        #[cfg_attr(feature = "schema", schemars(with = "ShownPhase"))]
        Phase,
    ),
    /// Bytes come from the Duo (an upload) or go to it (a download). Names and numbers are those of particle-usb's
    /// `progress`: how many there will be, how many have been read so far, how many more were written, how many in all.
    /// A download is complete when it was read back and compared.
    Progress {
        /// How far they are.
        event: Transfer,
        /// How many bytes; absent of a download that failed.
        bytes: Option<usize>,
    },
    /// This is the Duo that the operation works on.
    Found {
        /// The Duo.
        device: DeviceRef,
    },
    /// A person is waited for, who is to press the buttons of a Duo.
    Waiting {
        /// For how many milliseconds at most.
        #[serde(rename = "withinMs", serialize_with = "milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        within: Duration,
        /// True if plugging in a Duo that runs its firmware will do.
        enter_dfu: bool,
    },
    /// A backup is on the disk, synced and read back.
    BackedUp {
        /// The file; absolute.
        #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
        path: PathBuf,
        /// True if the archive held the same bytes already.
        already_there: bool,
    },
    /// A key was made, and is on the disk, synced and read back. The Duo does not have it yet.
    NewKey {
        /// The file; absolute.
        #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
        path: PathBuf,
        /// True if an earlier attempt had made it.
        already_there: bool,
    },
    /// Something to know, which is no error.
    Note {
        /// A sentence or two.
        message: String,
    },
    /// The public key goes to the cloud now.
    Sending {
        /// The device it is for.
        device_id: String,
        /// True if it is the generic key of device-provisioning-helper.
        generic: bool,
    },
    /// The cloud will be asked again.
    Retry {
        /// Why.
        reason: String,
        /// In how many milliseconds.
        #[serde(rename = "delayMs", serialize_with = "milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        delay: Duration,
    },
    /// One device of a list has come to its end. One that was done before has no such event: `alreadyDone` counts it. What
    /// the cloud was at fault for is tried once more at the end, and told again.
    Device(FleetDevice),
    /// The cloud was asked about one device of a list.
    DeviceAsked(FleetAsked),
    /// One of several Duos that are worked on at once has come to its end.
    DuoEnded(DuoEnded),
    /// Something that happened to one of several Duos that are worked on at once.
    OfDuo {
        /// Bus and ports of the Duo: `1-2`.
        path: String,
        /// What happened.
        inner: Box<Self>,
    },
    /// How far a list is: when `provisionFleet` has looked at it, and then once a second.
    FleetProgress {
        /// The cloud took the key.
        done: u32,
        /// It had taken it before, and nothing is sent.
        already_done: u32,
        /// It did not.
        failed: u32,
        /// It may have.
        unknown: u32,
        /// These are still to come.
        not_reached: u32,
        /// How many devices a second, since it began.
        rate: f64,
        /// Everybody waits, for so many milliseconds more.
        #[serde(rename = "pausedMs", serialize_with = "maybe_milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
        paused: Option<Duration>,
    },
    /// Everybody waits: the cloud asks for fewer requests, or is in trouble.
    FleetPaused {
        /// Why.
        reason: String,
        /// For how many milliseconds.
        #[serde(rename = "delayMs", serialize_with = "milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        delay: Duration,
    },
}
