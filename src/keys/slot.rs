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
    /// An RSA key of another size.
    WrongSize {
        /// Bits of the modulus.
        bits: usize,
    },
    /// Not a key, and why.
    Garbage(KeyError),
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
            Ok(read) => Self::of_key(slot, read),
            Err(KeyError::Zeros) => Self::Zeros,
            Err(KeyError::Ec) => Self::Ec,
            Err(KeyError::WrongSize { bits }) => Self::WrongSize { bits },
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

    /// True if the firmware will make a new key at its next boot.
    pub const fn makes_new_key(&self) -> bool {
        matches!(self, Self::Blank | Self::ResetImage | Self::Garbage(KeyError::BeginsErased))
    }

    fn of_key(slot: &[u8], read: ReadKey) -> Self {
        match read.form {
            Form::Pkcs8 => Self::Pkcs8(read),
            Form::Pkcs1Pem | Form::Pkcs8Pem | Form::Encrypted => Self::Pem(read),
            Form::Device | Form::Pkcs1 | Form::Pkcs1Loose => match firmware::gate(slot, &read.key) {
                Ok(()) => Self::Key(read),
                Err(misread) => Self::Misread(read, misread),
            },
        }
    }
}

/// The image that makes a Duo replace its key: `ff ff ff ff`, then zeros. It is `reset_device_private_key.bin` of the
/// Duo's provisioning guide.
pub const fn reset_image() -> [u8; SLOT_LEN] {
    let mut image = [0; SLOT_LEN];
    let mut at = 0;
    while at < 4 {
        image[at] = 0xFF;
        at += 1;
    }
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
