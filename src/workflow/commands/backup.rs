//! `backup`: saves the key of a Duo. Writes nothing to the device.

use std::path::PathBuf;

use crate::error::{Error, KeyState};
use crate::journal::{OperationKind, Request};
use crate::keys::{Fingerprint, SlotKind};
use crate::workflow::all::{self, AllDone, AllOptions, OfOne, Wanted, one_or_all};
use crate::workflow::context::{BOARDS, Context, DeviceRef, DuoEnded, Snapshot, Target};
use crate::workflow::device::opened::Opened;
use crate::workflow::input::passphrase::{PassphraseOptions, Passphrases, check_used};
use crate::workflow::record::backup::{
    Destination, Keeper, counts_as_key, not_encryptable, prepare, refuse_pem_name,
};
use crate::workflow::record::journal::{Records, absolute, selection, started};

/// The options of `backup`.
#[derive(Clone, Debug, Default)]
pub struct BackupOptions {
    /// Which Duo.
    pub target: Target,
    /// The file to write, as PEM if its name ends so; the archive by default.
    pub file: Option<PathBuf>,
    /// Save the bytes even if they are no key.
    pub raw: bool,
    /// Encrypt the key with a passphrase.
    pub encrypt: bool,
    /// The passphrase.
    pub passphrase: PassphraseOptions,
    /// The archive's folder.
    pub archive: Option<String>,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

/// A backup that is on the disk, synced and read back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "BackupResult", rename_all = "camelCase")]
pub struct BackupDone {
    /// The Duo.
    pub device: DeviceRef,
    /// The file with the bytes; absolute.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: PathBuf,
    /// The public key's PEM beside it; absolute.
    #[serde(rename = "publicKeyFile", serialize_with = "crate::disk::lossy")]
    pub public_key: Option<PathBuf>,
    /// The manifest beside it; absolute.
    #[serde(rename = "manifestFile", serialize_with = "crate::disk::lossy")]
    pub manifest: Option<PathBuf>,
    /// The key's fingerprint, if the bytes hold a key.
    pub fingerprint: Option<Fingerprint>,
    /// The kind of contents that was saved.
    pub slot: SlotKind,
    /// True if the key is encrypted with a passphrase.
    pub encrypted: bool,
    /// True if the archive already held the same bytes of the same Duo, or the same key encrypted with the same
    /// passphrase, and nothing was written.
    pub already_there: bool,
}

/// Reads the key slot twice, checks it, and saves it in a new file.
pub fn backup(context: Context<'_>, options: &BackupOptions) -> Result<BackupDone, Error> {
    let context = context.within(options.timeout)?;
    let destination = destination(context, options)?;
    back_up(context, options, &destination)
}

/// Does the same with every connected Duo. Each backup goes to the archive.
pub fn backup_all(
    context: Context<'_>,
    options: &BackupOptions,
    all: &AllOptions,
) -> Result<AllDone<BackupDone>, Error> {
    if options.file.is_some() {
        return Err(one_or_all("FILE"));
    }
    let wanted = Wanted::read(&options.target, all)?;
    let context = context.within(options.timeout)?;
    let destination = destination(context, options)?;
    let places = wanted.find(context, &BOARDS)?;
    Ok(all::run(context, &wanted, places, |context, target| {
        back_up(context, &BackupOptions { target, ..options.clone() }, &destination)
    }))
}

impl OfOne for BackupDone {
    fn tell(&self, line: &mut DuoEnded) {
        line.fingerprint = self.fingerprint;
        line.file = Some(self.path.clone());
        line.already_there = self.already_there;
    }
}

fn back_up(
    context: Context<'_>,
    options: &BackupOptions,
    destination: &Destination,
) -> Result<BackupDone, Error> {
    let records = Records::wished(context);
    let mut opened = Opened::find_any_board(context, &options.target)?;
    let snapshot = opened.snapshot()?;
    let snapshot = opened.proven(snapshot)?;
    check_slot(&opened, &snapshot, options)?;
    let fingerprint = snapshot.fingerprint();
    let request = Request {
        file: options.file.as_ref().map(absolute),
        raw: options.raw,
        encrypt: options.encrypt,
        archive: options.archive.as_ref().map(absolute),
        ..selection(context, &options.target)
    };
    let started = started(OperationKind::Backup, (&opened.device).into(), (fingerprint, None), request);
    let stored = records.follow(context, started, |record| {
        Keeper { device: &opened.device, to: destination, record }.slot(&snapshot)
    })?;
    Ok(BackupDone {
        device: opened.device,
        path: stored.path,
        public_key: stored.public_key,
        manifest: stored.manifest,
        fingerprint,
        slot: snapshot.slot.kind(),
        encrypted: options.encrypt,
        already_there: stored.already_there,
    })
}

/// Checks that the backup can be saved, before the device is touched.
fn destination(context: Context<'_>, options: &BackupOptions) -> Result<Destination, Error> {
    check_used(&options.passphrase, options.encrypt)?;
    if options.raw && !options.encrypt {
        refuse_pem_name(options.file.as_deref(), "a slot as it was read")?;
    }
    let place = prepare(context, options.file.as_deref(), options.archive.as_deref())?;
    let mut passphrases = Passphrases::new(context, &options.passphrase);
    let encrypt = options.encrypt.then(|| passphrases.new_or_given()).transpose()?;
    Ok(Destination { place, encrypt })
}

/// Without `--raw`, saves only a key: a backup that is needed later must not turn out to be useless.
fn check_slot(opened: &Opened<'_>, snapshot: &Snapshot, options: &BackupOptions) -> Result<(), Error> {
    let Some(problem) = Error::key_slot(&snapshot.slot) else { return Ok(()) };
    if options.raw && options.encrypt && snapshot.slot.key().is_none() {
        let error = not_encryptable(&snapshot.slot);
        return Err(error.during("backing up").on(&opened.device, KeyState::Unchanged));
    }
    if options.raw || counts_as_key(&snapshot.slot) {
        opened.context.note(problem.message().to_owned());
        return Ok(());
    }
    let remedy = problem.hint_text().unwrap_or_default().to_owned();
    Err(problem
        .hint(format!("{remedy}; to save the bytes all the same, add --raw"))
        .during("backing up")
        .on(&opened.device, KeyState::Unchanged))
}
