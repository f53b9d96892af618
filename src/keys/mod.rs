//! Reads, checks and writes a Duo's RSA-1024 keys: reads every form in use, checks all eight numbers, writes the one
//! form that the firmware reads, and says what a key slot holds.
//!
//! This room knows encodings and arithmetic. It does no I/O, takes its randomness as a parameter, and knows neither
//! files nor devices. Private numbers are wiped when dropped. `Debug`, `Display` and errors never show them.
//!
//! - [`PrivateKey::read`], [`PublicKey::read`] and [`KeyFile::read`] take bytes from outside: a slot, a dump, a file.
//!   Their size and work are limited, whatever the bytes say.
//! - [`EncryptedKey::read`] takes an encrypted private key, and refuses one that asks for too much work.
//! - [`SlotImage`] is the only source of bytes that may be written to a device. It is made only from bytes that
//!   [`firmware`], an independent model of the device's reader, reads back as the same key.
//! - [`Slot::classify`] says what is in a device's key slot.

mod encode;
mod encrypted;
mod error;
pub mod firmware;
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

pub use encode::DEVICE_FORM_LEN;
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
pub use slot::{SLOT_LEN, Slot, SlotImage, SlotKind};
pub use text::to_utf8;
