//! A write to one field of a Duo's DCT: the field and all of its bytes, checked beforehand.
//!
//! A field is written in one block. So it is never half old and half new, and nothing beside it changes.

use zeroize::Zeroizing;

use crate::dct::{DEVICE_PRIVATE_KEY, Field, SERVER_PUBLIC_KEY};
use crate::error::{Code, Error, KeyState};
use crate::keys::SlotImage;
use crate::workflow::context::Snapshot;

/// A field and its new bytes.
pub struct Patch {
    field: Field,
    bytes: Zeroizing<Vec<u8>>,
}

impl Patch {
    /// A key, or the reset image, for the key slot. [`SlotImage`] is the only way to make those.
    pub fn key(image: &SlotImage) -> Self {
        Self { field: DEVICE_PRIVATE_KEY, bytes: Zeroizing::new(image.as_bytes().to_vec()) }
    }

    /// Any other field, with all of its bytes.
    pub fn field_of(field: Field, bytes: &[u8]) -> Result<Self, Error> {
        if field == DEVICE_PRIVATE_KEY || bytes.len() != field.size {
            return Err(Error::internal(format!("these bytes are not for {}", field.kebab_name())));
        }
        Ok(Self { field, bytes: Zeroizing::new(bytes.to_vec()) })
    }

    /// The field.
    pub const fn field(&self) -> &Field {
        &self.field
    }

    /// All of its bytes. Secret if the field is.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The field, in words.
    pub fn words(&self) -> String {
        match self.field {
            DEVICE_PRIVATE_KEY => "the key slot".to_owned(),
            SERVER_PUBLIC_KEY => "the server key's slot".to_owned(),
            field => format!("the field {}", field.kebab_name()),
        }
    }

    /// The phase, for errors.
    pub fn during(&self) -> &'static str {
        match self.field {
            DEVICE_PRIVATE_KEY => "writing the key slot",
            SERVER_PUBLIC_KEY => "writing the server key",
            _ => "writing a field of the DCT",
        }
    }

    /// The error code if the outcome of a write is unknown.
    pub fn code_when_unknown(&self) -> Code {
        if self.is_key() { Code::KeyStateUnknown } else { Code::FieldStateUnknown }
    }

    /// The error code if the field holds neither the old nor the new bytes.
    pub fn code_when_wrong(&self) -> Code {
        if self.is_key() { Code::KeyWrong } else { Code::FieldWrong }
    }

    /// What is known of the device's key once this is written.
    pub fn key_when_written(&self) -> KeyState {
        if self.is_key() { KeyState::Written } else { KeyState::Unchanged }
    }

    /// True if it goes to the key slot.
    pub fn is_key(&self) -> bool {
        self.field == DEVICE_PRIVATE_KEY
    }

    /// True for the image that makes the firmware replace the key.
    pub fn is_reset(&self) -> bool {
        self.is_key() && *self.bytes == *SlotImage::reset().as_bytes()
    }

    /// True if the Duo holds exactly these bytes.
    pub fn is_in(&self, snapshot: &Snapshot) -> bool {
        self.of(snapshot) == self.bytes()
    }

    /// What a Duo holds after this is written, if it held `held` before.
    pub fn applied_to(&self, held: &Snapshot) -> Result<Snapshot, Error> {
        held.with(self.field.offset, &self.bytes)
    }

    /// The field's bytes in a snapshot.
    pub fn of<'s>(&self, snapshot: &'s Snapshot) -> &'s [u8] {
        snapshot.image().field(&self.field).unwrap_or_default()
    }
}
