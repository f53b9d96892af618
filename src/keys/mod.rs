//! RSA-1024 keys as a Duo holds them: reading every form in use, checking all eight numbers, writing the
//! one form that the firmware reads, and saying what a key slot holds.
//!
//! This room knows encodings and arithmetic. It does no I/O, takes its randomness as a parameter, and
//! knows neither files nor devices. Private numbers are wiped when dropped and never shown by `Debug`, by
//! an error or by `Display`.
//!
//! - [`PrivateKey::read`], [`PublicKey::read`] and [`KeyFile::read`] take bytes from outside: a slot, a
//!   dump, a file. Every one of them is bounded in size and in work, whatever the bytes say.
//! - [`EncryptedKey::read`] takes a private key behind a passphrase, and refuses one that asks for too much work.
//! - [`SlotImage`] is the only way to bytes that may be written to a device, and is made only of what
//!   [`firmware`], an independent model of the device's reader, reads back as the same key.
//! - [`Slot::classify`] says what is in a device's key slot.

mod decrypt;
mod describe;
mod encode;
mod encrypted;
mod error;
pub mod firmware;
mod generate;
mod passphrase;
mod pem;
mod private;
mod proven;
mod public;
mod read;
mod server;
mod slot;
mod text;
mod tlv;

pub use describe::SlotKind;
pub use encrypted::{EncryptedKey, Work};
pub use error::{KeyError, Number, Relation};
pub use firmware::Misread;
pub use passphrase::{MAX_PASSPHRASE, Passphrase, PassphraseError};
pub use private::PrivateKey;
#[doc(hidden)]
pub use proven::proofs;
pub use public::{Fingerprint, FingerprintError, GENERIC_PUBLIC_KEY_PEM, PublicKey};
pub use read::{Form, KeyFile, MAX_KEY_FILE, ReadKey};
pub use server::{PARTICLE_SERVER_KEY_PEM, ServerKey};
pub use slot::{SLOT_LEN, Slot, SlotImage};
pub use text::to_utf8;

/// Length of a private key in the device's fixed-width encoding.
pub const DEVICE_FORM_LEN: usize = encode::DEVICE_FORM_LEN;
