//! `restore`: writes a saved key to a Duo, and verifies that it is there.

use std::path::PathBuf;

use crate::dct::SERVER_PUBLIC_KEY;
use crate::error::{Error, KeyState};
use crate::journal::{OperationKind, Request};
use crate::keys::{Fingerprint, Form};
use crate::workflow::context::{Action, BOARDS, Context, DeviceRef, Evidence, Plan};
use crate::workflow::describe::server::is_for_particle;
use crate::workflow::input::key_bytes::KeyBytes;
use crate::workflow::input::key_file::{WritableKey, public_slot};
use crate::workflow::input::passphrase::{PassphraseOptions, Passphrases};
use crate::workflow::network::other_key;
use crate::workflow::record::journal::absolute;
use crate::workflow::write::{Fields, Patch, Proposal, Terms, Transaction, WriteOptions};

/// The options of `restore`.
#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// Which Duo, and the options that every write has.
    pub write: WriteOptions,
    /// The key file; ignored if there is a `key`.
    pub file: PathBuf,
    /// The key itself, instead of a file.
    pub key: Option<KeyBytes>,
    /// Leave DFU mode afterwards.
    pub leave: bool,
    /// Write a key even if it is known to belong to another device.
    pub allow_other_device: bool,
    /// Encrypt the backup of what is there with a passphrase.
    pub encrypt: bool,
    /// The passphrase of the key file and of the backup.
    pub passphrase: PassphraseOptions,
}

/// A key that is in place: read back and compared.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "RestoreResult", rename_all = "camelCase")]
pub struct RestoreDone {
    /// The Duo.
    pub device: DeviceRef,
    /// The key that was there, if there was one.
    #[serde(rename = "previousFingerprint")]
    pub previous: Option<Fingerprint>,
    /// The key that is there now (in a dry run: the key that would be).
    pub fingerprint: Fingerprint,
    /// Why the key is taken to be this Duo's.
    #[serde(flatten, serialize_with = "crate::workflow::shown_evidence")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::workflow::ShownEvidence"))]
    pub evidence: Evidence,
    /// The backup of what was there; absolute.
    #[serde(rename = "backupFile", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// False in a dry run, and if the Duo already held exactly these bytes.
    pub written: bool,
    /// True if the Duo was sent the request to leave DFU mode, and left it.
    pub left: bool,
    /// True in a dry run: nothing was written.
    pub dry_run: bool,
}

/// Checks the file, backs up what is there, asks, writes, reads back, compares.
pub fn restore(context: Context<'_>, options: &RestoreOptions) -> Result<RestoreDone, Error> {
    let write = &options.write;
    let context = context.within(write.timeout)?;
    let mut passphrases = Passphrases::new(context, &options.passphrase);
    let source = match &options.key {
        Some(KeyBytes(bytes)) => WritableKey::of_bytes(bytes, &mut passphrases)?,
        None => WritableKey::read(&options.file, &mut passphrases)?,
    };
    source.note(context);
    if source.form != Form::Encrypted && options.passphrase.is_given() && !options.encrypt {
        context.note("the key file is not encrypted, and without --encrypt the backup is not: the passphrase is not used");
    }
    let encrypt = passphrases.for_backup(options.encrypt, write.no_backup, write.dry_run)?;
    let terms = Terms { options: write, boards: &BOARDS, encrypt, leave: options.leave };
    let mut transaction = Transaction::open(context, terms)?;
    let held = transaction.opened.section_before_write()?;
    let (device, archive) = (transaction.opened.device.clone(), transaction.archive.as_ref());
    let evidence = source
        .evidence(&device, &held, archive, options.allow_other_device)
        .map_err(|error| error.on(&device, KeyState::Unchanged))?;
    let owner = source.owner(&device, &held, archive)?;
    let previous = held.fingerprint();
    let request = Request {
        file: options.key.is_none().then(|| absolute(&source.path)),
        allow_other_device: options.allow_other_device,
        owner,
        ..Request::default()
    };
    let keys = (previous, Some(source.fingerprint));
    let started = transaction.started(OperationKind::Restore, keys, request);
    let particle = is_for_particle(SERVER_PUBLIC_KEY.of(held.image().bytes()));
    let plan = Plan {
        new: Some(source.fingerprint),
        evidence: Some(evidence),
        public_slot: public_slot(&held).filter(|public| *public != source.fingerprint),
        cautions: other_key::caution(context, &started, particle).into_iter().collect(),
        ..Plan::of(Action::Restore, &device, Some(&held))
    };
    let writing = Fields::key(held, Patch::key(&source.image));
    let already = "the Duo holds exactly this key already; nothing is written";
    let outcome = transaction.commit(Proposal::new(started, writing, plan, already))?;
    Ok(RestoreDone {
        device,
        previous,
        fingerprint: source.fingerprint,
        evidence,
        backup: outcome.backup,
        written: outcome.written,
        left: outcome.left,
        dry_run: write.dry_run,
    })
}
