//! Reads the key of a Duo, for code that stores keys by itself. Writes nothing anywhere.

use zeroize::Zeroizing;

use crate::error::{Error, KeyState};
use crate::keys::Fingerprint;
use crate::workflow::context::{Context, DeviceRef, TargetOptions};
use crate::workflow::device::opened::Opened;

/// A Duo's key. The key itself is not serialized. No `Debug`.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ReadKeyResult", rename_all = "camelCase")]
pub struct KeyRead {
    /// The Duo.
    pub device: DeviceRef,
    /// The key's fingerprint.
    pub fingerprint: Fingerprint,
    /// The private key, PKCS#1 as minimal DER: every tool reads it, and `restoreKey` accepts it. It is a secret.
    #[serde(serialize_with = "crate::workflow::nothing")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::workflow::bytes"))]
    pub key: Zeroizing<Vec<u8>>,
}

/// Reads the key slot twice, compares, and takes out the key.
pub fn read_key(context: Context<'_>, options: &TargetOptions) -> Result<KeyRead, Error> {
    let context = context.within(options.timeout)?;
    let mut opened = Opened::find_any_board(context, &options.target)?;
    let snapshot = opened.snapshot()?;
    let snapshot = opened.proven(snapshot)?;
    let on = |error: Error| error.during("reading the key slot").on(&opened.device, KeyState::Unchanged);
    let problem = Error::key_slot(&snapshot.slot);
    let internal = |message: String| on(Error::internal(message));
    let Some(read) = snapshot.slot.key() else {
        return Err(problem.map_or_else(|| internal("no key was read".to_owned()), on));
    };
    // A key that the firmware misreads is still a key.
    if let Some(problem) = problem {
        context.note(problem.message().to_owned());
    }
    let key = read.key.to_pkcs1_der().map_err(|error| internal(error.to_string()))?;
    Ok(KeyRead { fingerprint: read.key.public_key().fingerprint(), key, device: opened.device })
}
