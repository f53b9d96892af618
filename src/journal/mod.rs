//! The journal: an append-only file that says what was in flight when a process or a machine stopped.
//!
//! Knows files and locks; what a line means is [`record`], what the lines together mean is [`operation`]. It lies
//! beside the folder of the backups in the user's data directory, mode 0600. A record is appended with one write
//! under a lock and synced before anything else is done. What a crash tore is left out by readers and cut off by
//! the next append.
//!
//! Beside it, in `running`, every operation holds a lock on a file of its own name for as long as its process
//! lives. The operating system lets go of it whatever ends the process, so a lock that is free tells an operation
//! that was cut short from one that is still at work: a process id could mean another process by then, and means
//! nothing in another container.

mod operation;
mod record;

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use operation::{BadLine, End, Operation, Reached, may_be_taken, open, operations_in};
pub use record::{
    DeviceMark, Failure, KeyLeft, MAX_LINE, OperationId, OperationKind, Record, RecordError, Request,
    Started, Step, VERSION, whole,
};

use crate::disk::{
    self, FileError, Folder, Links, Owner, check_utf8, check_writable, ensure_folder, own_folder, plain_path,
};

/// The most bytes of a journal that are read: some ten thousand operations.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// How often a lock that another process holds is tried for, and how long is waited in between: 5 seconds.
/// It is held for one append at a time.
const TRIES: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// The most left-over lock files that are looked at when an operation begins.
const MAX_SWEPT: usize = 1000;

/// Why the journal cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// This user has no data directory.
    #[error("this user has no home folder to keep the journal in")]
    NoPlace,
    /// A line that is no record, and is not the last one torn.
    #[error("the journal {path}, {bad}", path = plain_path(path))]
    Invalid {
        /// The journal.
        path: PathBuf,
        /// The line, and why.
        bad: BadLine,
    },
    /// More bytes than are read.
    #[error("the journal {path} is larger than {MAX_BYTES} bytes", path = plain_path(.0))]
    TooLarge(PathBuf),
    /// A link, a folder, a pipe or a device.
    #[error("the journal {path} is not a regular file", path = plain_path(.0))]
    NotAFile(PathBuf),
    /// Another process holds the lock and does not let go.
    #[error("the journal {path} is locked by another process", path = plain_path(.0))]
    Locked(PathBuf),
    /// The operating system does not let it be read.
    #[error("the journal {path} cannot be read: {source}", path = plain_path(path))]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The operating system does not let it be written.
    #[error("the journal {path} cannot be written: {source}", path = plain_path(path))]
    Unwritable {
        /// The journal, or a file or folder beside it.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Its folder cannot be made, or nothing be written in it.
    #[error("the journal cannot be kept: {0}")]
    Folder(#[from] FileError),
}

/// What is waited with for a lock.
pub type Pause<'a> = &'a dyn Fn(Duration);

/// The journal of one user.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
    running: PathBuf,
    owner: Owner,
}

impl Journal {
    /// The journal in the user's data directory; under sudo, in that of the user who called it. Touches nothing.
    pub fn locate(env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, JournalError> {
        let owner = Owner::detect(env);
        let folder = own_folder(env, &owner).ok_or(JournalError::NoPlace)?;
        check_utf8(&folder)?;
        Ok(Self { path: folder.join("journal.jsonl"), running: folder.join("running"), owner })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Shows, before a device is touched, that it is sound and that an operation can be written down.
    pub fn prepare(&self, pause: Pause<'_>) -> Result<(), JournalError> {
        ensure_folder(&self.running, &self.owner)?;
        check_writable(&self.running)?;
        if let Some(mut file) = self.open(Access::Append)? {
            let locked = Locked::new(&mut file, &self.path, Lock::Shared, pause)?;
            self.read(locked.file)?;
        } else if let Some(folder) = self.path.parent() {
            check_writable(folder)?;
        }
        Ok(())
    }

    /// Every operation in it, in the order in which they began; none where there is no journal.
    pub fn operations(&self, pause: Pause<'_>) -> Result<Vec<Operation>, JournalError> {
        let Some(mut file) = self.open(Access::Read)? else { return Ok(Vec::new()) };
        // An end is written down before its lock is let go of, both under the lock of the journal: whoever holds
        // that sees no operation between the two.
        let locked = Locked::new(&mut file, &self.path, Lock::Shared, pause)?;
        let mut operations = self.read(locked.file)?;
        for operation in operations.iter_mut().filter(|operation| operation.end.is_none()) {
            operation.running = self.is_running(&operation.id);
        }
        Ok(operations)
    }

    /// Writes down that an operation begins.
    pub fn begin(&self, started: Started, at: String, pause: Pause<'_>) -> Result<Entry, JournalError> {
        let running = Folder::open_or_make(&self.running, &self.owner)?;
        let mut file = self.open_or_create()?;
        let random = getrandom::u64().map_err(|error| self.unwritable(io::Error::other(error)))?;
        let id = OperationId::new(random);
        let path = self.path.clone();
        let marker = {
            let mut locked = Locked::new(&mut file, &path, Lock::Exclusive, pause)?;
            self.read(locked.file)?;
            self.sweep();
            let marker = self.mark(&running, &id)?;
            let record = Record { v: VERSION, id: id.clone(), at, step: Step::Started(Box::new(started)) };
            locked.append(&record).inspect_err(|_| {
                // It never began, so nothing is to look as if it ran.
                let _ = fs::remove_file(&marker.path);
            })?;
            marker
        };
        Ok(Entry { id, path, file, marker })
    }

    fn read(&self, file: &mut File) -> Result<Vec<Operation>, JournalError> {
        let unreadable = |source| JournalError::Unreadable { path: self.path.clone(), source };
        let size = file.metadata().map_err(unreadable)?.len();
        let mut bytes = Vec::with_capacity(usize::try_from(size.min(MAX_BYTES)).unwrap_or(0) + 1);
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(JournalError::TooLarge(self.path.clone()));
        }
        operations_in(&bytes).map_err(|bad| JournalError::Invalid { path: self.path.clone(), bad })
    }

    fn open_or_create(&self) -> Result<File, JournalError> {
        let failed = |source| self.unwritable(source);
        let (above, name) = (self.path.parent(), self.path.file_name());
        let folder = Folder::open(above.unwrap_or(Path::new("."))).map_err(failed)?;
        loop {
            if let Some(file) = self.open(Access::Append)? {
                return Ok(file);
            }
            match folder.create(name.unwrap_or_default()) {
                Ok(file) => {
                    self.owner.take(&file).and_then(|()| folder.sync()).map_err(failed)?;
                    return Ok(file);
                }
                // Somebody else made it in between.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Opens it where it is there. Never through a link: under sudo that would let whoever owns the folder choose
    /// a file for root to write to.
    fn open(&self, access: Access) -> Result<Option<File>, JournalError> {
        let write = matches!(access, Access::Append);
        match disk::open(&self.path, Links::Refuse, write) {
            Ok(file) => Ok(Some(file)),
            Err(FileError::NotFound(_)) => Ok(None),
            Err(FileError::Unreadable { source, .. }) if write => Err(self.unwritable(source)),
            Err(FileError::Unreadable { source, .. }) => Err(self.unreadable(source)),
            Err(_) => Err(JournalError::NotAFile(self.path.clone())),
        }
    }

    fn marker_of(&self, id: &OperationId) -> PathBuf {
        self.running.join(format!("{id}.lock"))
    }

    fn mark(&self, running: &Folder, id: &OperationId) -> Result<Marker, JournalError> {
        let path = self.marker_of(id);
        let failed = |source| JournalError::Unwritable { path: path.clone(), source };
        let file = running.create(path.file_name().unwrap_or_default()).map_err(failed)?;
        self.owner.take(&file).map_err(failed)?;
        file.try_lock().map_err(|error| failed(error.into()))?;
        Ok(Marker { file, path })
    }

    fn is_running(&self, id: &OperationId) -> bool {
        let Ok(marker) = disk::open(&self.marker_of(id), Links::Refuse, false) else { return false };
        matches!(marker.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Removes the lock files of operations that are not running any more. They mean nothing, but pile up.
    fn sweep(&self) {
        let Ok(listing) = fs::read_dir(&self.running) else { return };
        for entry in listing.flatten().take(MAX_SWEPT) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let ours =
                name.strip_suffix(".lock").is_some_and(|id| OperationId::try_from(id.to_owned()).is_ok());
            let marker = || disk::open(&entry.path(), Links::Refuse, false);
            if ours && marker().is_ok_and(|marker| marker.try_lock().is_ok()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn unwritable(&self, source: io::Error) -> JournalError {
        JournalError::Unwritable { path: self.path.clone(), source }
    }

    fn unreadable(&self, source: io::Error) -> JournalError {
        JournalError::Unreadable { path: self.path.clone(), source }
    }
}

/// An operation in the journal. Its lock is let go of when it is dropped, and its file stays open, so that its
/// records follow each other even when the journal is moved away meanwhile.
#[derive(Debug)]
pub struct Entry {
    id: OperationId,
    path: PathBuf,
    file: File,
    marker: Marker,
}

#[derive(Debug)]
struct Marker {
    /// Locked for as long as it is open.
    file: File,
    path: PathBuf,
}

impl Entry {
    /// Its name in the journal.
    pub fn id(&self) -> &OperationId {
        &self.id
    }

    /// Appends a record; it is synced when this returns. An end also says that the operation does not run any
    /// more.
    pub fn append(&mut self, step: Step, at: String, pause: Pause<'_>) -> Result<(), JournalError> {
        let ends = matches!(step, Step::Ended { .. });
        let mut locked = Locked::new(&mut self.file, &self.path, Lock::Exclusive, pause)?;
        locked.append(&Record { v: VERSION, id: self.id.clone(), at, step })?;
        if ends {
            let _ = self.marker.file.unlock();
            let _ = fs::remove_file(&self.marker.path);
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    Append,
}

#[derive(Clone, Copy)]
enum Lock {
    Shared,
    Exclusive,
}

/// The journal's file, locked until this is dropped.
struct Locked<'a> {
    file: &'a mut File,
    path: &'a Path,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl<'a> Locked<'a> {
    fn new(file: &'a mut File, path: &'a Path, lock: Lock, pause: Pause<'_>) -> Result<Self, JournalError> {
        for attempt in 0..TRIES {
            if attempt > 0 {
                pause(PAUSE);
            }
            let tried = match lock {
                Lock::Shared => file.try_lock_shared(),
                Lock::Exclusive => file.try_lock(),
            };
            match tried {
                Ok(()) => return Ok(Self { file, path }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => {
                    return Err(JournalError::Unwritable { path: path.to_owned(), source });
                }
            }
        }
        Err(JournalError::Locked(path.to_owned()))
    }

    /// Cuts off what is torn, and appends a line with one write.
    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        let line = record.to_line();
        let write = |file: &mut File| -> io::Result<()> {
            if line.len() > MAX_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the record is too long"));
            }
            let end = whole_length(file)?;
            if end + line.len() as u64 > MAX_BYTES {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is full"));
            }
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
            let written = file.write_all(&line).and_then(|()| file.sync_all());
            if written.is_err() {
                // What is there of the line is torn, and would be cut off by the next append anyway.
                let _ = file.set_len(end);
            }
            written
        };
        write(self.file).map_err(|source| JournalError::Unwritable { path: self.path.to_owned(), source })
    }
}

/// How many bytes of the file are whole lines. Only as many of its last are read as a line can have, since no more
/// than one line can be torn: the rest was read when the operation began.
fn whole_length(file: &mut File) -> io::Result<u64> {
    let from = file.metadata()?.len().saturating_sub(MAX_LINE as u64);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::with_capacity(MAX_LINE);
    file.take(MAX_LINE as u64).read_to_end(&mut tail)?;
    Ok(from + whole(&tail) as u64)
}
