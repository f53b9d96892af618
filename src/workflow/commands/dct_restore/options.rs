//! What `dct restore` is asked for, and what comes of it.

use std::path::PathBuf;

use crate::keys::Fingerprint;
use crate::workflow::context::{DUO, DeviceRef, Evidence, Target, Timeout};
use crate::workflow::describe::restored_field::RestoredField;
use crate::workflow::write::{Outcome, Terms};

/// What `dct restore` is asked for.
// One a word that can be typed; they are independent of each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, Default)]
pub struct DctRestoreOptions {
    /// Which Duo.
    pub target: Target,
    /// The dump.
    pub file: PathBuf,
    /// The names of the fields.
    pub fields: Vec<String>,
    /// Both copies, as they were read, in place of fields.
    pub whole: bool,
    /// Leave DFU mode afterwards.
    pub leave: bool,
    /// Write what is known to be another device's.
    pub allow_other_device: bool,
    /// The archive's folder.
    pub archive: Option<String>,
    /// Make no backup of what is there.
    pub no_backup: bool,
    /// Accept, with `no_backup`, that a power cut can leave no key at all.
    pub accepts_key_loss: bool,
    /// Write nothing anywhere.
    pub dry_run: bool,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// Fields of a DCT, or all of it, in place: each part read back and compared.
// One a thing that may be so; they are independent of each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctRestoreResult", rename_all = "camelCase")]
pub struct DctRestored {
    /// The Duo.
    pub device: DeviceRef,
    /// True if all of the DCT was asked for, both copies.
    pub whole: bool,
    /// False if the Duo held exactly these bytes already, and in a dry run.
    pub written: bool,
    /// The fields, in the order in which they are written: the private key last. Of a whole DCT, those in which the one
    /// in the Duo differed.
    pub fields: Vec<RestoredField>,
    /// The key that was there; absent if the slot held none.
    #[serde(rename = "previousFingerprint")]
    pub previous: Option<Fingerprint>,
    /// The key that is there now, where it was written, too; in a dry run, that would be.
    pub fingerprint: Option<Fingerprint>,
    /// Why that key is taken to be this Duo's.
    #[serde(flatten, serialize_with = "crate::workflow::shown_evidence")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::workflow::ShownEvidence>"))]
    pub evidence: Option<Evidence>,
    /// The backup of the DCT's application section as it was, or of all of the DCT; absolute. It is a secret.
    #[serde(rename = "backupFile", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// True if the Duo was told to leave DFU mode.
    pub left: bool,
    /// True if nothing was to be written.
    pub dry_run: bool,
}

/// Said if nothing differs.
pub(in crate::workflow) const ALREADY: &str = "the Duo holds exactly these bytes already; nothing is written";

/// The options that every write has.
pub(in crate::workflow) fn terms(options: &DctRestoreOptions, timeout: Timeout) -> Terms<'_> {
    Terms {
        target: &options.target,
        boards: &[DUO],
        timeout,
        archive: options.archive.as_deref(),
        no_backup: options.no_backup,
        accepts_key_loss: options.accepts_key_loss,
        encrypt: None,
        leave: options.leave,
        dry_run: options.dry_run,
    }
}

impl DctRestored {
    /// What came of it; `differed`: whether a field held other bytes before.
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
