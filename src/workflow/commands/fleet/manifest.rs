//! `fleet manifest`: makes a list of what would be sent, from an archive or from ids, for a person to check first.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::counts::rows;
use crate::archive::{Archive, Contents, Description, Entry, Origin};
use crate::dct::DeviceId;
use crate::disk::{self, Links, plain_path, shown};
use crate::error::{Code, Error};
use crate::fleet::choice::{Held, Made, Seen, choose};
use crate::fleet::manifest::{MAX_ROWS, device};
use crate::journal::{Operation, OperationKind};
use crate::keys::Fingerprint;
use crate::outcome::KeyState;
use crate::workflow::context::Context;
use crate::workflow::describe::operation::is_of;
use crate::workflow::record::journal::{operations, past};

/// How many mistakes an error lists at most.
const TOLD: usize = 20;

/// The options of `fleet manifest`.
#[derive(Clone, Debug, Default)]
pub struct FleetManifestOptions {
    /// The archive.
    pub archive: Option<PathBuf>,
    /// A file with an id on each line.
    pub ids: Option<PathBuf>,
}

/// A list of devices, as CSV.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetManifestResult", rename_all = "camelCase")]
pub struct FleetManifest {
    /// The list: CSV with the columns device_id, key_file, fingerprint, note and problem.
    pub manifest: String,
    /// How many devices are in it.
    pub devices: u32,
    /// How many of them have a problem, and would not be sent.
    pub problems: u32,
    /// The archive that was looked through; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub archive: Option<PathBuf>,
    /// What in the archive could not be read, and why.
    pub unreadable: Vec<String>,
}

/// One row.
#[derive(Default)]
struct Device {
    key_file: String,
    fingerprint: String,
    note: &'static str,
    problem: String,
}

/// Makes a list, and sends nothing.
pub fn fleet_manifest(context: Context<'_>, options: &FleetManifestOptions) -> Result<FleetManifest, Error> {
    match (&options.archive, &options.ids) {
        (Some(_), Some(_)) => Err(Error::invalid("a list is made of an archive or of ids, not of both")
            .hint("give one of --archive and --ids")),
        (None, Some(ids)) => of_ids(ids),
        (archive, None) => of_archive(context, archive.as_deref()),
    }
}

fn of_ids(path: &Path) -> Result<FleetManifest, Error> {
    let during = |error: Error| error.during("reading the ids");
    let file: File = disk::open(path, Links::Follow).map_err(|error| during(error.into()))?;
    let mut devices: BTreeMap<DeviceId, Device> = BTreeMap::new();
    let mut wrong = Vec::new();
    let unreadable = |error: std::io::Error| {
        during(Error::new(Code::FileUnreadable, format!("{} cannot be read: {error}", plain_path(path))))
    };
    for (nth, line) in BufReader::new(file).lines().take(rows(MAX_ROWS) as usize).enumerate() {
        let line = line.map_err(unreadable)?;
        let text = line.trim_start_matches('\u{feff}').trim();
        match device(text) {
            _ if text.is_empty() => {}
            Err(what) => wrong.push(format!("line {}: {what}", nth + 1)),
            Ok(id) if devices.contains_key(&id) => {
                wrong.push(format!("line {}: {id} is there twice", nth + 1));
            }
            Ok(id) => drop(devices.insert(id, Device::default())),
        }
    }
    if wrong.is_empty() {
        return Ok(written(&devices, None, &[]));
    }
    let found = wrong.len();
    wrong.truncate(TOLD);
    let message = format!("{}: {found} ids are wrong:\n  {}", plain_path(path), wrong.join("\n  "));
    Err(during(Error::new(Code::FleetManifestInvalid, message).hint("a file of ids has one on each line")))
}

fn of_archive(context: Context<'_>, folder: Option<&Path>) -> Result<FleetManifest, Error> {
    let archive = Archive::locate(folder, &context.env).map_err(|error| {
        Error::new(Code::FileNotFound, error.to_string()).hint("name a folder with --archive DIR")
    })?;
    let survey =
        archive.survey().map_err(|error| Error::from(error).during("looking through the archive"))?;
    let mut of: BTreeMap<DeviceId, Vec<Entry>> = BTreeMap::new();
    for entry in survey.entries {
        if let Some(device) = entry.device_id.filter(|_| entry.fingerprint.is_some()) {
            of.entry(device).or_default().push(entry);
        }
    }
    let open = operations(context, None).unwrap_or_else(|error| {
        context.note(format!("what is in the journal is not known: {error}"));
        Vec::new()
    });
    let devices = of.into_iter().map(|(id, entries)| {
        let past: Vec<Operation> = past(context, id).collect();
        let mine = |operation: &&Operation| is_of(operation, Some(id));
        let operations: Vec<&Operation> = past.iter().chain(open.iter().filter(mine)).collect();
        (id, row(&entries, &operations))
    });
    let devices = devices.collect();
    let unreadable: Vec<String> = survey.unreadable.iter().map(ToString::to_string).collect();
    Ok(written(&devices, Some(archive.folder().to_owned()), &unreadable))
}

/// The row of a device, from its backups and its operations.
fn row(entries: &[Entry], operations: &[&Operation]) -> Device {
    let seen: Vec<Seen> =
        entries.iter().filter_map(seen_by_backup).chain(operations.iter().flat_map(|o| seen_by(o))).collect();
    let unwritten = |key: Fingerprint| {
        operations.iter().any(|operation| {
            operation.kind() == OperationKind::Rotate
                && operation.started.after == Some(key)
                && !operation.running
                && operation.key() == Some(KeyState::Unchanged)
        })
    };
    let made = entries.iter().filter(|entry| entry.origin == Origin::NewKey);
    let made = made
        .filter_map(|entry| Some(Made { at: unix(entry.created_at.as_deref()), key: entry.fingerprint? }));
    let made: Vec<Made> = made.filter(|made| !unwritten(made.key)).collect();
    let note = if entries.iter().any(|entry| entry.simulated) { "virtual" } else { "" };
    let chosen = choose(&seen, &made).and_then(|key| {
        let file = file_with(entries, key);
        file.map(|file| (key, file))
            .ok_or_else(|| format!("its key {} is in no backup here that can be sent", key.short()))
    });
    match chosen {
        Ok((key, file)) => {
            let key_file = file.to_string_lossy().into_owned();
            Device { key_file, fingerprint: key.to_string(), note, problem: String::new() }
        }
        Err(problem) => Device { note, problem, ..Device::default() },
    }
}

/// The best file with a key: preferably not encrypted, and with a valid manifest.
fn file_with(entries: &[Entry], key: Fingerprint) -> Option<PathBuf> {
    let sendable = |entry: &&Entry| {
        let sound = entry.description == Description::Sound;
        entry.fingerprint == Some(key)
            && match entry.contents {
                Contents::PrivateKey => {
                    matches!(entry.description, Description::Sound | Description::Missing)
                }
                Contents::EncryptedPrivateKey => sound,
                _ => false,
            }
    };
    let best = entries.iter().filter(sendable);
    best.min_by_key(|entry| (entry.encrypted, entry.description != Description::Sound))
        .map(|entry| entry.path.clone())
}

/// Shows that a key was read from a device.
fn seen_by_backup(entry: &Entry) -> Option<Seen> {
    let read = entry.origin == Origin::Device;
    let held = Held::Key(entry.fingerprint.filter(|_| read)?);
    Some(Seen { at: unix(entry.created_at.as_deref()), held })
}

/// What an operation shows of a device's key: the key that it read first, and the key that it left.
fn seen_by(operation: &Operation) -> Vec<Seen> {
    let (began, ended) = (unix(Some(&operation.started_at)), unix(Some(&operation.updated_at)));
    let before = operation.started.before.map(|key| Seen { at: began, held: Held::Key(key) });
    let left = match (operation.key(), operation.started.after) {
        (Some(KeyState::Written), Some(key)) => Some(Held::Key(key)),
        (Some(KeyState::Written), None) if operation.kind() == OperationKind::Reset => Some(Held::Unread),
        (Some(KeyState::Unknown | KeyState::Wrong), _) => Some(Held::Unknown),
        _ => None,
    };
    before.into_iter().filter(|_| left.is_none()).chain(left.map(|held| Seen { at: ended, held })).collect()
}

fn unix(text: Option<&str>) -> Option<i64> {
    OffsetDateTime::parse(text?, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}

fn written(
    devices: &BTreeMap<DeviceId, Device>,
    archive: Option<PathBuf>,
    unreadable: &[String],
) -> FleetManifest {
    let mut table = csv::Writer::from_writer(Vec::new());
    let titles = ["device_id", "key_file", "fingerprint", "note", "problem"];
    let cells = devices.iter().map(|(id, device)| {
        let Device { key_file, fingerprint, note, problem } = device;
        [id.to_string(), key_file.clone(), fingerprint.clone(), (*note).to_owned(), problem.clone()]
    });
    for record in std::iter::once(titles.map(str::to_owned)).chain(cells) {
        // This cannot fail: it writes to memory, and all records have the same length.
        let _ = table.write_record(&record);
    }
    let manifest = String::from_utf8(table.into_inner().unwrap_or_default()).unwrap_or_default();
    let problems = devices.values().filter(|device| !device.problem.is_empty()).count();
    let unreadable = unreadable.iter().map(|text| shown(text)).collect();
    FleetManifest {
        manifest,
        devices: rows(devices.len() as u64),
        problems: rows(problems as u64),
        archive,
        unreadable,
    }
}
