//! The events that a workflow reports while it runs.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::dct::DeviceId;
use crate::fleet::report::Outcome;
use crate::keys::Fingerprint;
use crate::outcome::Code;

use crate::workflow::context::one_of_all::DuoEnded;
use crate::workflow::context::target::DeviceRef;

/// Makes the list of phases, each with what is being done in words.
macro_rules! phases {
    ($($name:ident = $words:literal,)*) => {
        /// A step of an operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename = "PhaseName", rename_all = "kebab-case")]
        pub enum Phase { $(#[doc = $words] $name,)* }

        impl Phase {
            /// What is being done, in words.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

phases! {
    Find = "looking for the Duo",
    Wait = "waiting for a Duo in DFU mode",
    EnterDfu = "putting the Duo into DFU mode",
    Read = "reading the Duo twice",
    ReadDct = "reading the DCT twice",
    Backup = "keeping a backup",
    Confirm = "asking before the write",
    Write = "writing to the Duo",
    Verify = "comparing what was written",
    Reconcile = "waiting for the Duo, to see what it holds",
    Leave = "leaving DFU mode",
    Send = "sending the public key",
    Ask = "asking the cloud about the Duo",
    Greet = "looking for the cloud's device port",
    Handshake = "proving the keys to the cloud",
    ProveOld = "proving the old key to the cloud",
    ProveNew = "proving the new key to the cloud",
    CheckList = "checking the list and its keys",
    SendList = "sending the public keys of the list",
    AskList = "asking the cloud about the devices of the list",
}

/// How far a transfer is; the names are particle-usb's (`progress` in its `src/dfu.js`). An upload comes from the Duo,
/// a download goes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "TransferEvent", rename_all = "kebab-case")]
pub enum Transfer {
    /// `bytes` bytes are about to be read.
    StartUpload,
    /// `bytes` bytes have been read so far.
    Uploaded,
    /// All bytes were read; two reads agree.
    CompleteUpload,
    /// `bytes` bytes are about to be written.
    StartDownload,
    /// `bytes` more bytes were written.
    Downloaded,
    /// All bytes were written, read back and compared.
    CompleteDownload,
    /// The bytes were not written, or it is not known whether they were.
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

// serde passes references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn shown_phase<S: Serializer>(phase: &Phase, serializer: S) -> Result<S::Ok, S::Error> {
    ShownPhase { phase: *phase, description: phase.words() }.serialize(serializer)
}

fn milliseconds<S: Serializer>(
    time: &(impl Copy + Into<Option<Duration>>),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let time: Option<Duration> = (*time).into();
    time.map(|time| (time.as_secs_f64() * 1000.0).round()).serialize(serializer)
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
    /// The key's fingerprint, if one was sent.
    pub fingerprint: Option<Fingerprint>,
    /// Why it is not done: the stable name.
    pub code: Option<Code>,
    /// Why it is not done, in words.
    pub message: Option<String>,
}

/// A cloud's answer about one device of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetAnswer", rename_all = "kebab-case")]
pub enum FleetAnswer {
    /// The cloud has the device in this account.
    Known,
    /// The cloud knows the device by this key: the device's handshake proved it.
    Proven,
    /// The cloud did not say. This is no proof that it does not know the device.
    NotTold,
    /// The cloud refused the device, or knows it by another key.
    Refused,
    /// The cloud could not be asked.
    Failed,
}

/// A cloud's answer about one device of a list, and the reason if it is not known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename = "FleetAsked", rename_all = "camelCase")]
pub struct FleetAsked {
    /// Its line in the list.
    pub line: u32,
    /// The device id.
    pub device_id: DeviceId,
    /// The answer.
    pub answer: FleetAnswer,
    /// Why it is not known: the stable name.
    pub code: Option<Code>,
    /// Why it is not known, in words.
    pub message: Option<String>,
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
    /// `progress`: how many bytes there will be, how many were read so far, how many more were written, how many in
    /// all. A download is complete when it was read back and compared.
    Progress {
        /// How far the transfer is.
        event: Transfer,
        /// How many bytes; absent for a download that failed.
        bytes: Option<usize>,
    },
    /// The Duo that the operation works on was found.
    Found {
        /// The Duo.
        device: DeviceRef,
    },
    /// Waiting for a person to press the buttons of a Duo.
    Waiting {
        /// The longest wait, in milliseconds.
        #[serde(rename = "withinMs", serialize_with = "milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        within: Duration,
        /// True if it is enough to plug in a Duo that runs its firmware.
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
    /// A key was made. It is on the disk, synced and read back. The Duo does not have it yet.
    NewKey {
        /// The file; absolute.
        #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
        path: PathBuf,
        /// True if an earlier attempt had made it.
        already_there: bool,
    },
    /// Information that is not an error.
    Note {
        /// A sentence or two.
        message: String,
    },
    /// The public key is sent to the cloud now.
    Sending {
        /// The device that it is for.
        device_id: String,
        /// True if it is the generic key of device-provisioning-helper.
        generic: bool,
    },
    /// The cloud will be asked again.
    Retry {
        /// Why.
        reason: String,
        /// The delay in milliseconds.
        #[serde(rename = "delayMs", serialize_with = "milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        delay: Duration,
    },
    /// One device of a list is finished. Devices that were done before have no such event: `alreadyDone` counts them. A
    /// device that failed because of the cloud is tried once more at the end, and has a second event.
    Device(FleetDevice),
    /// The cloud was asked about one device of a list.
    DeviceAsked(FleetAsked),
    /// One of several Duos that are worked on at once is finished.
    DuoEnded(DuoEnded),
    /// An event of one of several Duos that are worked on at once.
    OfDuo {
        /// Bus and ports of the Duo: `1-2`.
        path: String,
        /// The event.
        inner: Box<Self>,
    },
    /// The progress of a list: once `provisionFleet` has checked it, and then once a second.
    FleetProgress {
        /// Devices whose key the cloud took.
        done: u32,
        /// Devices whose key it took before; nothing is sent for them.
        already_done: u32,
        /// Devices whose key it did not take.
        failed: u32,
        /// Devices whose key it may have taken.
        unknown: u32,
        /// Devices that are still to come.
        not_reached: u32,
        /// Devices per second since the start.
        rate: f64,
        /// All requests pause, for this many milliseconds more.
        #[serde(rename = "pausedMs", serialize_with = "milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
        paused: Option<Duration>,
    },
    /// All requests pause: the cloud asks for fewer requests, or is in trouble.
    FleetPaused {
        /// Why.
        reason: String,
        /// The pause in milliseconds.
        #[serde(rename = "delayMs", serialize_with = "milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        delay: Duration,
    },
}
