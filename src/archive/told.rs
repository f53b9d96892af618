//! What bytes without a manifest are, told by themselves, and remembered for as long as the process lives.
//!
//! To prove a key's primes takes some milliseconds. An archive may hold thousands of keys without manifests, and one
//! command looks through it several times. The SHA-256 of the bytes is what they are known by, so that nothing is
//! taken for what it was before.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::manifest::Contents;
use crate::dct::{Dump, DumpKind};
use crate::keys::{Fingerprint, KeyError, PrivateKey};

/// What bytes are, and the fingerprint of the device's key in them, where that is not encrypted.
pub(super) type Told = (Contents, Option<Fingerprint>);

/// How many are remembered: some megabytes, and more than any archive should have.
const REMEMBERED: usize = 32 * 1024;

static KNOWN: LazyLock<Mutex<HashMap<String, Told>>> = LazyLock::new(Mutex::default);

/// What bytes with this SHA-256 are.
pub(super) fn by(sha256: &str, bytes: &[u8]) -> Told {
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(told) = known().get(sha256) {
        return *told;
    }
    let told = looked_at(bytes);
    let mut known = known();
    if known.len() < REMEMBERED {
        known.insert(sha256.to_owned(), told);
    }
    told
}

fn looked_at(bytes: &[u8]) -> Told {
    let key = |bytes: &[u8]| PrivateKey::read(bytes).map(|read| read.key.public_key().fingerprint());
    if let Some(dump) = Dump::recognise(bytes) {
        let contents = if dump.kind() == DumpKind::Whole { Contents::WholeDct } else { Contents::Dct };
        return (contents, dump.private_key_slot().and_then(|slot| key(slot).ok()));
    }
    match key(bytes) {
        Ok(key) => (Contents::PrivateKey, Some(key)),
        Err(KeyError::Encrypted) => (Contents::EncryptedPrivateKey, None),
        Err(_) => (Contents::RawSlot, None),
    }
}
