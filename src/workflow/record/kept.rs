//! Finds the backups that the journal knows, in the archive or elsewhere. A backup counts as long as its file exists
//! with the bytes that were written to it.

use std::collections::HashSet;
use std::path::Path;

use crate::archive::{Entry, read_entry};
use crate::journal::{Operation, Started};

/// The backup that an operation made, if it is unchanged.
pub fn kept(operation: &Operation) -> Option<Entry> {
    let (path, sha256) = (operation.backup.as_deref()?, operation.backup_sha256.as_deref()?);
    let entry = read_entry(path).ok().filter(|entry| entry.sha256 == sha256)?;
    let Started { device, request, before, .. } = &operation.started;
    Some(Entry {
        device_id: device.id.or(request.owner).or(entry.device_id),
        fingerprint: entry.fingerprint.or(before.filter(|_| entry.encrypted)),
        created_at: entry.created_at.clone().or_else(|| Some(operation.updated_at.clone())),
        simulated: device.simulated,
        ..entry
    })
}

/// The backups that operations made, without those in the archive.
pub fn kept_elsewhere(operations: &[Operation], archive: &[Entry]) -> Vec<Entry> {
    let mut seen: HashSet<&Path> = archive.iter().map(|entry| entry.path.as_path()).collect();
    let mut found = Vec::new();
    for operation in operations {
        let Some(path) = operation.backup.as_deref().filter(|path| !seen.contains(path)) else { continue };
        if let Some(entry) = kept(operation) {
            seen.insert(path);
            found.push(entry);
        }
    }
    found
}

/// The operation, with a backup of the key that was there before: its own if it is unchanged, otherwise the newest in
/// `others` (the last one first), since an earlier operation may have made it. If there is none: its own if the file is
/// missing, since the user may put it back; no backup if the file has other bytes now.
pub fn with_backup<'o>(operation: &Operation, others: impl Iterator<Item = Operation> + 'o) -> Operation {
    let unknown = operation.backup.is_some() && operation.backup_sha256.is_none();
    if unknown || kept(operation).is_some() {
        return operation.clone();
    }
    let before = operation.started.before;
    let of_key =
        |entry: &Entry| before.is_some() && entry.fingerprint == before && entry.contents.is_key_alone();
    let simulated = operation.started.device.simulated;
    let mut others = others.filter(|other| other.started.device.simulated == simulated);
    let found = others.find_map(|other| kept(&other).filter(of_key));
    let gone = operation.backup.clone().filter(|path| !path.exists());
    Operation { backup: found.map(|entry| entry.path).or(gone), ..operation.clone() }
}
