//! The options and the result of `dct restore`.

use std::path::PathBuf;

use crate::keys::Fingerprint;
use crate::workflow::context::{DUO, DeviceRef, Evidence};
use crate::workflow::describe::restored_field::RestoredField;
use crate::workflow::write::{Outcome, Terms, WriteOptions};

/// The options of `dct restore`.
#[derive(Clone, Debug, Default)]
pub struct DctRestoreOptions {
    /// Which Duo, and the options that every write has.
    pub write: WriteOptions,
    /// The dump.
    pub file: PathBuf,
    /// The names of the fields.
    pub fields: Vec<String>,
    /// Write both copies as they were read, instead of fields.
    pub whole: bool,
    /// Leave DFU mode afterwards.
    pub leave: bool,
    /// Write even what is known to belong to another device.
    pub allow_other_device: bool,
}

/// Fields of a DCT, or all of it, that are in place: each part was read back and compared.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctRestoreResult", rename_all = "camelCase")]
pub struct DctRestored {
    /// The Duo.
    pub device: DeviceRef,
    /// True if the whole DCT, both copies, was requested.
    pub whole: bool,
    /// False in a dry run, and if the Duo already held exactly these bytes.
    pub written: bool,
    /// The fields in the order in which they are written: the private key last. For a whole DCT: the fields that
    /// differed in the Duo.
    pub fields: Vec<RestoredField>,
    /// The key that was there; absent if the slot held none.
    #[serde(rename = "previousFingerprint")]
    pub previous: Option<Fingerprint>,
    /// The key that is there now, if a key was written; in a dry run, the key that would be.
    pub fingerprint: Option<Fingerprint>,
    /// Why the key is taken to be this Duo's.
    #[serde(flatten, serialize_with = "crate::workflow::shown_evidence")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::workflow::ShownEvidence>"))]
    pub evidence: Option<Evidence>,
    /// The backup of the DCT's previous application section, or of the whole DCT; absolute. It is a secret.
    #[serde(rename = "backupFile", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// True if the Duo was sent the request to leave DFU mode.
    pub left: bool,
    /// True in a dry run: nothing was written.
    pub dry_run: bool,
}

/// The message if nothing differs.
pub const ALREADY: &str = "the Duo holds exactly these bytes already; nothing is written";

/// How it writes.
pub fn terms(options: &DctRestoreOptions) -> Terms<'_> {
    Terms { options: &options.write, boards: &[DUO], encrypt: None, leave: options.leave }
}

impl DctRestored {
    /// Adds the outcome of the write; `differed`: whether a field held other bytes before.
    pub(in crate::workflow) fn with(
        mut self,
        outcome: Outcome,
        differed: impl Fn(&RestoredField) -> bool,
    ) -> Self {
        for field in &mut self.fields {
            field.written = outcome.written && differed(field);
        }
        Self { backup: outcome.backup, written: outcome.written, left: outcome.left, ..self }
    }
}
