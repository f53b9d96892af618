//! The new key of a rotation: made now, or taken from an earlier attempt.

use std::path::{Path, PathBuf};

use getrandom::SysRng;
use rand_core::UnwrapErr;

use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::journal::{Operation, OperationKind, Started, open};
use crate::keys::{Fingerprint, KeyError, KeyFile, PrivateKey, SlotImage};
use crate::workflow::context::{DeviceRef, Snapshot};
use crate::workflow::input::key_file::load;
use crate::workflow::next::{command_line, tell_key};

/// A function that makes a private key, as [`make_key`] does.
pub type KeyMaker<'a> = &'a (dyn Fn() -> Result<PrivateKey, KeyError> + Sync);

/// Makes a key from the system's random numbers.
pub fn make_key() -> Result<PrivateKey, KeyError> {
    PrivateKey::generate(&mut UnwrapErr(SysRng))
}

/// The key that the rotation writes to the Duo.
pub struct NewKey {
    pub key: PrivateKey,
    pub image: SlotImage,
    pub fingerprint: Fingerprint,
    /// Its file, if an earlier attempt saved it.
    pub kept: Option<PathBuf>,
    /// True if an earlier attempt made it.
    pub taken_up: bool,
    /// True if the cloud may know it since that attempt.
    pub known: bool,
}

impl NewKey {
    pub fn fresh(make_key: KeyMaker<'_>) -> Result<Self, Error> {
        let made = make_key().map_err(Error::internal)?;
        Ok(Self { taken_up: false, ..Self::new(made, None, false)? })
    }

    /// The key of an earlier attempt: from the Duo if it is there, else from its file.
    pub fn of(earlier: &Operation, held: &Snapshot, started: &Started) -> Result<Self, Error> {
        let known = earlier.may_be_known();
        if let Some(read) = held.slot.key().filter(|_| held.fingerprint() == earlier.started.after) {
            return Self::new(read.key.clone(), earlier.new_key.clone(), known);
        }
        let path = earlier.new_key.as_deref().unwrap_or(Path::new(""));
        let lost = |error: Error| {
            error
                .during("taking up the new key of an earlier attempt")
                .adding(if known {
                    "the cloud may know that key, so no other is made"
                } else {
                    "it was not used yet"
                })
                .hint(if_lost(path, started))
        };
        // This program wrote the file; it is never encrypted.
        let kept =
            load(path).and_then(|bytes| KeyFile::read(&bytes).map_err(|error| Error::key_file(&error, path)));
        let KeyFile::Private(read) = kept.map_err(lost)? else {
            return Err(lost(Error::new(
                Code::KeyIsPublic,
                format!("{}: it is a public key", plain_path(path)),
            )));
        };
        if Some(read.key.public_key().fingerprint()) != earlier.started.after {
            let message = format!("{} holds another key than was kept there", plain_path(path));
            return Err(lost(Error::new(Code::ManifestMismatch, message)));
        }
        Self::new(read.key, Some(path.to_owned()), known)
    }

    fn new(key: PrivateKey, kept: Option<PathBuf>, known: bool) -> Result<Self, Error> {
        let image = SlotImage::of_key(&key)?;
        Ok(Self { image, fingerprint: key.public_key().fingerprint(), key, kept, taken_up: true, known })
    }

    /// The note when the key of an earlier attempt is used; `is_there`: the Duo has it.
    pub fn taken_up_words(&self, is_there: bool) -> String {
        let key = self.fingerprint.short();
        let cloud =
            if self.known { "the cloud may have it already" } else { "the cloud does not have it yet" };
        let duo = if is_there { "the Duo has it" } else { "the Duo does not" };
        format!("taking up the new key {key} of an earlier attempt: {cloud}, {duo}")
    }
}

/// What to type if the file of the new key is lost.
fn if_lost(path: &Path, started: &Started) -> String {
    let back = match tell_key(started).filter(|_| started.before.is_some()) {
        Some(tell) => format!("tell the cloud the key that is in the Duo: {tell}"),
        None => "erase the slot: duo-provision reset".to_owned(),
    };
    format!("put the file back to {}; or, to start anew, first {back}", command_line::file(path))
}

/// The earlier rotation of this Duo whose key is used again: an open one, else the last one if its key was never used.
/// An open one for another cloud does not count once its key is in the Duo. `known` holds the operations that are not
/// in the history yet; `past` is the history, newest first.
pub fn earlier(
    known: &[Operation],
    past: impl Iterator<Item = Operation>,
    device: &DeviceRef,
    current: Option<Fingerprint>,
    api_url: &str,
) -> Option<Operation> {
    let of_this = |operation: &&Operation| {
        operation.kind() == OperationKind::Rotate
            && operation.started.device.id == device.device_id
            && operation.started.device.simulated == device.simulated
            && operation.new_key.is_some()
    };
    let unused = |last: &Operation| !last.is_done() && !last.may_be_known() && last.started.after != current;
    let useful = |operation: &&Operation| {
        operation.started.after != current || operation.started.request.api_url.as_deref() == Some(api_url)
    };
    let open = open(known).into_iter().rfind(|operation| of_this(operation) && useful(operation));
    let mut last = known.iter().rev().cloned().chain(past).filter(|operation| of_this(&operation));
    open.cloned().or_else(|| last.next().filter(unused))
}
