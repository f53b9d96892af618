//! Keeps the ledger of a manifest: what was sent, and the outcome. A file of JSON lines, mode 0600, beside the
//! manifest.
//!
//! One process writes to it, and holds a lock while it does. A request is recorded before it is sent, and the cloud's
//! answer before it is reported. The writer reports a line as written only after it is synced; lines that wait are
//! synced together.
//!
//! The same command continues from the ledger: a device is done if the last request for it, to this cloud, had the same
//! key and product, and the cloud took it. Line numbers of the manifest mean nothing here.

mod error;
mod read;
mod record;
mod stamp;
mod writer;

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub use error::LedgerError;
pub use read::{Known, Last, State, read};
pub use record::{Record, RowRecord, RunRecord, Trouble, VERSION};
pub use stamp::Stamp;
pub use writer::{Ack, Writer};

use crate::disk::{self, FileError, Folder, Links, Owner, Syncable};

/// A ledger that only this process writes to.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: Syncable,
    known: Known,
}

impl Ledger {
    /// Opens or creates it, locks it, reads it, and cuts off what a crash tore.
    pub fn open(path: &Path, owner: &Owner) -> Result<Self, LedgerError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let unwritable = |source| LedgerError::Unwritable { path: path.clone(), source };
        let file = open_or_create(&path, owner)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(LedgerError::Running(path)),
            Err(std::fs::TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        let known = read::known(&file, &path)?;
        let mut whole: &File = &file;
        whole
            .set_len(known.length)
            .and_then(|()| whole.seek(SeekFrom::Start(known.length)))
            .map_err(unwritable)?;
        Ok(Self { path, file, known })
    }

    /// Its contents.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to write to it, on a thread of its own. Drops the contents that were read.
    pub fn writer(self) -> Result<Writer, LedgerError> {
        let Self { path, file, known } = self;
        let length = known.length;
        drop(known);
        Writer::start(path.clone(), file, length).map_err(|source| LedgerError::Unwritable { path, source })
    }
}

fn open_or_create(path: &Path, owner: &Owner) -> Result<Syncable, LedgerError> {
    match disk::open_to_write(path, Links::Refuse) {
        Err(FileError::NotFound(_)) => {}
        other => return Ok(other?),
    }
    let folder_path = path.parent().unwrap_or(Path::new("."));
    let unwritable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FileError::NotFound(folder_path.to_owned()),
        _ => FileError::NotWritable { path: path.to_owned(), source },
    };
    let folder = Folder::open(folder_path).map_err(unwritable)?;
    match folder.create(path.file_name().unwrap_or_default()) {
        Ok(file) => {
            owner.take(&file).and_then(|()| folder.sync()).map_err(unwritable)?;
            Ok(file)
        }
        // Another process created it in between.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(disk::open_to_write(path, Links::Refuse)?)
        }
        Err(error) => Err(unwritable(error).into()),
    }
}
