//! Describes what a slot holds, for people and for JSON.

use std::fmt;

use super::error::KeyError;
use super::slot::Slot;

/// The kind of thing in a key slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "KeySlotKind", rename_all = "kebab-case")]
pub enum SlotKind {
    /// A key that the firmware reads.
    Key,
    /// Nothing: the Duo makes a key when it starts.
    Blank,
    /// The reset image, which does the same.
    Reset,
    /// Zeros, which the firmware takes for a key.
    Zeros,
    /// A PKCS#8 key, which the firmware misreads.
    Pkcs8,
    /// PEM text, which the firmware cannot read.
    Pem,
    /// A sound key in a form that the firmware misreads.
    Misread,
    /// An elliptic-curve key.
    Ec,
    /// An RSA key of another size.
    WrongSize,
    /// Something that is not a key.
    Garbage,
}

impl Slot {
    /// The kind of thing in the slot.
    pub const fn kind(&self) -> SlotKind {
        match self {
            Self::Key(_) => SlotKind::Key,
            Self::Blank => SlotKind::Blank,
            Self::ResetImage => SlotKind::Reset,
            Self::Zeros => SlotKind::Zeros,
            Self::Pkcs8(_) => SlotKind::Pkcs8,
            Self::Pem(_) => SlotKind::Pem,
            Self::Misread(..) => SlotKind::Misread,
            Self::Ec => SlotKind::Ec,
            Self::WrongSize { .. } => SlotKind::WrongSize,
            Self::Garbage(_) => SlotKind::Garbage,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(_) => f.write_str("an RSA-1024 key"),
            Self::Blank => f.write_str("nothing (blank): the Duo makes a key when it starts"),
            Self::ResetImage => f.write_str("the reset image: the Duo makes a key when it starts"),
            Self::Zeros => f.write_str("zeros, which the firmware takes for a key"),
            Self::Pkcs8(_) => f.write_str("a PKCS#8 key, which the firmware misreads"),
            Self::Pem(_) => f.write_str("PEM text, of which the firmware reads nothing"),
            Self::Misread(_, misread) => write!(f, "a key from which {misread}"),
            Self::Ec => f.write_str("an elliptic-curve key"),
            Self::WrongSize { bits } => write!(f, "an RSA key of {bits} bits"),
            Self::Garbage(KeyError::BeginsErased) => {
                f.write_str("no key, but begins with 0xFF: the Duo makes a key when it starts")
            }
            Self::Garbage(error) => write!(f, "no key ({error})"),
        }
    }
}
