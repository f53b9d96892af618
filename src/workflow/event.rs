//! What a workflow says while it runs.

use std::path::PathBuf;
use std::time::Duration;

use super::device::DeviceRef;

/// A step of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking for the Duo.
    Find,
    /// Waiting for a person to plug a Duo in, or to put it into DFU mode.
    Wait,
    /// Putting a Duo that runs its firmware into DFU mode.
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
}

impl Phase {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Wait => "wait",
            Self::Enter => "enter-dfu",
            Self::Read => "read",
            Self::ReadDct => "read-dct",
            Self::Backup => "backup",
            Self::Confirm => "confirm",
            Self::Write => "write",
            Self::Verify => "verify",
            Self::Reconcile => "reconcile",
            Self::Leave => "leave",
            Self::Send => "send",
            Self::Ask => "ask",
            Self::Greet => "greet",
            Self::Handshake => "handshake",
        }
    }

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
        }
    }
}

/// How far the bytes have come between the Duo and this machine, in the words of particle-usb (`progress` in its
/// `src/dfu.js`): an upload comes from the Duo, a download goes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Transfer {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StartUpload => "start-upload",
            Self::Uploaded => "uploaded",
            Self::CompleteUpload => "complete-upload",
            Self::StartDownload => "start-download",
            Self::Downloaded => "downloaded",
            Self::CompleteDownload => "complete-download",
            Self::FailedDownload => "failed-download",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A step begins.
    Phase(Phase),
    /// Bytes go to or come from the Duo.
    Progress {
        /// How far they are.
        event: Transfer,
        /// How many bytes; none of a download that failed.
        bytes: Option<usize>,
    },
    /// This is the Duo that the workflow works on.
    Found(DeviceRef),
    /// A person is waited for, who is to press the buttons of a Duo.
    Waiting {
        /// For how long at most.
        within: Duration,
        /// True where plugging in one that runs its firmware will do.
        enter_dfu: bool,
    },
    /// A backup is on the disk, synced and read back.
    BackedUp {
        /// The absolute path of the bytes.
        path: PathBuf,
        /// True where the archive held the same bytes of the same device already.
        already_there: bool,
    },
    /// A key was made, and is on the disk, synced and read back.
    NewKey {
        /// The absolute path of its bytes.
        path: PathBuf,
        /// True where an earlier attempt had made it.
        already_there: bool,
    },
    /// Something to know, which is no error.
    Note {
        /// One sentence or two.
        message: String,
    },
    /// The public key goes to the cloud now.
    Sending {
        /// The device it is for.
        device_id: String,
        /// True where it is the generic key of device-provisioning-helper.
        generic: bool,
    },
    /// The cloud will be asked again.
    Retry {
        /// Why.
        reason: String,
        /// In how long.
        delay: Duration,
    },
}
