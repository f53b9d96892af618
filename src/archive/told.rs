//! Recognises bytes that have no manifest, and remembers the results while the process lives.
//!
//! It takes some milliseconds to prove a key's primes. An archive may hold thousands of keys without manifests, and one
//! command searches it several times. Results are stored by the SHA-256 of the bytes, so that changed bytes never get
//! an old result.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::manifest::Contents;
use crate::dct::{Dump, DumpKind};
use crate::keys::{Fingerprint, KeyError, PrivateKey};

/// What bytes are, and the fingerprint of the device's key in them, if that is not encrypted.
pub(super) type Told = (Contents, Option<Fingerprint>);

/// The most results that are remembered: some megabytes, and more than any archive should have.
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
