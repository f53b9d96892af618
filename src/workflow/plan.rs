//! What a workflow is about to write, as it is shown before the question.

use std::path::PathBuf;

use super::device::{DeviceRef, Snapshot};
use crate::keys::Fingerprint;

/// What will be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A private key.
    Restore,
    /// The reset image.
    Reset,
    /// A cloud's public key and its address.
    SetServerKey,
    /// Fields out of a dump.
    RestoreDct,
    /// A whole DCT, both copies.
    RestoreWholeDct,
    /// A new private key, of which the cloud is told first.
    Rotate,
}

impl Action {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Reset => "reset",
            Self::SetServerKey => "set-server-key",
            Self::RestoreDct => "restore-dct",
            Self::RestoreWholeDct => "restore-whole-dct",
            Self::Rotate => "rotate",
        }
    }
}

/// Why the key is taken to be this device's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The manifest beside the file names this device.
    Manifest,
    /// The archive knows the key as this device's.
    Archive,
    /// The dump that the key comes from holds this device's id.
    Dump,
    /// The public key in the device's DCT is the one of this key.
    PublicKeySlot,
    /// The manifest or the archive names another device, and that was allowed by name.
    AllowedOtherDevice,
    /// Nothing says whose key it is.
    None,
}

impl Evidence {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Archive => "archive",
            Self::Dump => "dump",
            Self::PublicKeySlot => "public-key-slot",
            Self::AllowedOtherDevice => "allowed-other-device",
            Self::None => "none",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Manifest => "the manifest beside the file names this Duo",
            Self::Archive => "the archive knows the key as this Duo's",
            Self::Dump => "the device id in the dump is this Duo's",
            Self::PublicKeySlot => "it pairs with the public key in this Duo",
            Self::AllowedOtherDevice => "it is known to be ANOTHER device's key, and you allowed that",
            Self::None => "nothing says whether the key is this Duo's",
        }
    }
}

/// What changes beside the key, in words that tell no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field, or the part of it.
    pub what: String,
    /// What is there now.
    pub now: String,
    /// What will be there.
    pub then: String,
}

/// What is about to be written, and what is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What will be written.
    pub action: Action,
    /// The Duo.
    pub device: DeviceRef,
    /// The key in the Duo now; `None` where the slot holds none.
    pub current: Option<Fingerprint>,
    /// What is in the slot now, in words.
    pub current_words: String,
    /// The key to be written; `None` for a reset, and where the key stays as it is.
    pub new: Option<Fingerprint>,
    /// Why the key is taken to be this Duo's; `None` where none is written, and for a key that was made for it.
    pub evidence: Option<Evidence>,
    /// The public key in the Duo's DCT, where the key and it differ. It may be stale.
    pub public_slot: Option<Fingerprint>,
    /// What changes beside the key.
    pub changes: Vec<Change>,
    /// What has to be known before: what is lost, and what is not known.
    pub cautions: Vec<String>,
    /// The cloud that is told of the key first, by its API; `None` where none is.
    pub cloud: Option<String>,
    /// Where the backup of what is there now lies; `None` where none was made.
    pub backup: Option<PathBuf>,
}

impl Plan {
    /// With what is in the Duo now, and nothing that is to be there.
    pub(super) fn of(action: Action, device: &DeviceRef, held: &Snapshot) -> Self {
        Self {
            action,
            device: device.clone(),
            current: held.fingerprint(),
            current_words: held.slot.to_string(),
            new: None,
            evidence: None,
            public_slot: None,
            changes: Vec::new(),
            cautions: Vec::new(),
            cloud: None,
            backup: None,
        }
    }
}
