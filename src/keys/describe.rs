//! Slots in words, for people and for JSON.

use std::fmt;

use super::slot::Slot;

impl Slot {
    /// A stable name for the kind of thing in the slot.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Blank => "blank",
            Self::ResetImage => "reset",
            Self::Zeros => "zeros",
            Self::Pkcs8(_) => "pkcs8",
            Self::Pem(_) => "pem",
            Self::Misread(..) => "misread",
            Self::Ec => "ec",
            Self::WrongSize { .. } => "wrong-size",
            Self::Garbage(_) => "garbage",
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
            Self::Garbage(error) => write!(f, "no key ({error})"),
        }
    }
}
