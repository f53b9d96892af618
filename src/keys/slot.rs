//! Says what a device's private key slot holds, and makes the images that may be written to it.

use std::fmt;

use zeroize::Zeroizing;

use super::error::KeyError;
use super::firmware::{self, Misread};
use super::private::PrivateKey;
use super::read::{Form, ReadKey};
use crate::dct;

/// Size of the slot in bytes.
pub const SLOT_LEN: usize = dct::DEVICE_PRIVATE_KEY.size;

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A key that the firmware reads correctly.
    Key(ReadKey),
    /// It begins with four bytes of 0xFF, as erased flash does. The firmware makes a new key at its next boot.
    Blank,
    /// The reset image, `ff ff ff ff` and zeros, not used yet. As [`Slot::Blank`], but it was written on purpose.
    ResetImage,
    /// Only zeros. The firmware takes that for a key and never makes a new one, so a reset fixes it. But check the
    /// other fields first: if they are zeros too, the DCT could not be read ([`dct::DctImage::is_unreadable`]).
    Zeros,
    /// A valid PKCS#8 key. The firmware does not know that form: it takes the algorithm's identifier for the modulus.
    Pkcs8(ReadKey),
    /// A PEM text, which the firmware cannot read.
    Pem(ReadKey),
    /// A valid PKCS#1 key that the firmware misreads, because a number does not have its full width.
    Misread(ReadKey, Misread),
    /// An elliptic-curve key.
    Ec,
    /// An RSA key of another size. With the bits of its modulus.
    WrongSize(usize),
    /// Not a key, and why.
    Garbage(KeyError),
}

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
    /// Says what is in a slot.
    pub fn classify(slot: &[u8; SLOT_LEN]) -> Self {
        if *slot == reset_image() {
            return Self::ResetImage;
        }
        if slot.starts_with(&[0xFF; 4]) {
            return Self::Blank;
        }
        // Even if it begins a UTF-16 text: the firmware looks only at this byte.
        if slot[0] == 0xFF {
            return Self::Garbage(KeyError::BeginsErased);
        }
        match PrivateKey::read(slot) {
            Ok(read) => match read.form {
                Form::Pkcs8 => Self::Pkcs8(read),
                Form::Pkcs1Pem | Form::Pkcs8Pem | Form::Encrypted => Self::Pem(read),
                Form::Device | Form::Pkcs1 | Form::Pkcs1Loose => match firmware::gate(slot, &read.key) {
                    Ok(()) => Self::Key(read),
                    Err(misread) => Self::Misread(read, misread),
                },
            },
            Err(KeyError::Zeros) => Self::Zeros,
            Err(KeyError::Ec) => Self::Ec,
            Err(KeyError::WrongSize(bits)) => Self::WrongSize(bits),
            Err(error) => Self::Garbage(error),
        }
    }

    /// The key in it, if it holds a valid one, even if the firmware cannot read it.
    pub const fn key(&self) -> Option<&ReadKey> {
        match self {
            Self::Key(read) | Self::Pkcs8(read) | Self::Pem(read) | Self::Misread(read, _) => Some(read),
            _ => None,
        }
    }

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
            Self::WrongSize(_) => SlotKind::WrongSize,
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
            Self::WrongSize(bits) => write!(f, "an RSA key of {bits} bits"),
            Self::Garbage(KeyError::BeginsErased) => {
                f.write_str("no key, but begins with 0xFF: the Duo makes a key when it starts")
            }
            Self::Garbage(error) => write!(f, "no key ({error})"),
        }
    }
}

/// The image that makes a Duo replace its key: `ff ff ff ff`, then zeros. It is `reset_device_private_key.bin` of the
/// Duo's provisioning guide.
pub fn reset_image() -> [u8; SLOT_LEN] {
    let mut image = [0; SLOT_LEN];
    image[..4].fill(0xFF);
    image
}

/// All bytes of a slot, safe to write to a device: a key that has passed the model of the firmware's reader, or the
/// reset image. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotImage(Zeroizing<Vec<u8>>);

impl SlotImage {
    /// A key in the device's form, padded with 0xFF to the end of the slot, so that nothing of an older key is left
    /// after it.
    pub fn of_key(key: &PrivateKey) -> Result<Self, Misread> {
        let mut image = Zeroizing::new(vec![0xFF; SLOT_LEN]);
        let form = key.to_device_form();
        image[..form.len()].copy_from_slice(form.as_slice());
        firmware::gate(&image, key)?;
        Ok(Self(image))
    }

    /// The reset image.
    pub fn reset() -> Self {
        Self(Zeroizing::new(reset_image().to_vec()))
    }

    /// The 1,216 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SlotImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotImage({} bytes, redacted)", self.0.len())
    }
}
