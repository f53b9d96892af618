//! What a workflow is about to write, as it is shown before the question.

use std::path::PathBuf;

use super::device::DeviceRef;
use crate::keys::Fingerprint;

/// What will be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A private key.
    Restore,
    /// The reset image.
    Reset,
    /// A new private key, of which the cloud is told first.
    Rotate,
}

impl Action {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Reset => "reset",
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
            Self::PublicKeySlot => "it pairs with the public key in this Duo",
            Self::AllowedOtherDevice => "it is known to be ANOTHER device's key, and you allowed that",
            Self::None => "nothing says whether the key is this Duo's",
        }
    }
}

/// What is about to be written, and what is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Restore, reset or rotate.
    pub action: Action,
    /// The Duo.
    pub device: DeviceRef,
    /// The key in the Duo now; `None` where the slot holds none.
    pub current: Option<Fingerprint>,
    /// What is in the slot now, in words.
    pub current_words: String,
    /// The key to be written; `None` for a reset.
    pub new: Option<Fingerprint>,
    /// Why the key is taken to be this Duo's; `None` for a reset, and for a key that was made for it.
    pub evidence: Option<Evidence>,
    /// The public key in the Duo's DCT, where the key and it differ. It may be stale.
    pub public_slot: Option<Fingerprint>,
    /// The cloud that is told of the key first, by its API; `None` where none is.
    pub cloud: Option<String>,
    /// Where the backup of what is there now lies; `None` where none was made.
    pub backup: Option<PathBuf>,
}
