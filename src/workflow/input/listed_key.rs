//! Reads the key files that a list of devices names. Nobody is asked for a passphrase: for an encrypted backup, the
//! files beside it are used.

use std::path::Path;

use crate::archive::public_key_beside;
use crate::dct::DeviceId;
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::fleet::ledger::Stamp;
use crate::keys::{KeyError, KeyFile, PrivateKey, PublicKey};
use crate::workflow::input::given_file::GivenFile;
use crate::workflow::input::key_file::{READING, no_key};

/// The key in a file that is to be sent for this device, and the file's stamp. An error if there is none, or if the
/// manifest beside it says that it is another device's.
pub fn listed_key(path: &Path, device: DeviceId) -> Result<(PublicKey, Stamp), Error> {
    // Taken before the bytes are read: the next run then notices a change in between.
    let stamp = stamp_of(path)?;
    let file = GivenFile::read_quietly(path, READING)?;
    let manifest = file.manifest_beside(path);
    if let Some(owner) = manifest.as_ref().and_then(|manifest| manifest.device_id).filter(|id| *id != device)
    {
        let message =
            format!("{}: the manifest beside it says that it is the key of {owner}", plain_path(path));
        return Err(Error::new(Code::KeyOfOtherDevice, message));
    }
    let key = match KeyFile::read(&file.bytes) {
        Ok(key) => key.public_key(),
        Err(KeyError::Encrypted) => {
            let told = manifest.and_then(|manifest| manifest.fingerprint);
            let public = public_key_beside(path).filter(|key| Some(key.fingerprint()) == told);
            public.ok_or_else(|| {
                let message = format!(
                    "{}: it is behind a passphrase, and no .pub.pem stands beside it whose fingerprint a sound manifest (.json) \
                     names",
                    plain_path(path)
                );
                Error::new(Code::KeyEncrypted, message)
            })?
        }
        Err(error) => return Err(no_key(&error, path, &file)),
    };
    Ok((key, stamp))
}

/// The stamp of a key file as it is now.
pub fn stamp_of(path: &Path) -> Result<Stamp, Error> {
    // What kind of file it is does not matter here: opening it reports that.
    path.metadata().map(|found| Stamp::of(&found)).map_err(|error| {
        let what =
            if error.kind() == std::io::ErrorKind::NotFound { "does not exist" } else { "cannot be read" };
        Error::new(Code::FileNotFound, format!("{} {what}", plain_path(path)))
    })
}

/// The private key in a file, for the handshake.
pub fn listed_private_key(path: &Path) -> Result<PrivateKey, Error> {
    let file = GivenFile::read_quietly(path, READING)?;
    match KeyFile::read(&file.bytes).map_err(|error| no_key(&error, path, &file))? {
        KeyFile::Private(read) => Ok(read.key),
        KeyFile::Public(_) => {
            Err(Error::new(Code::KeyIsPublic, format!("{}: it is a public key", plain_path(path))))
        }
    }
}
