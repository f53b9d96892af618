//! Keeps the journal: what was in flight when a process or a machine stopped, and what was done before.
//!
//! Knows files and locks; [`record`] knows what a record means, [`operation`] what the records of an operation mean.
//! The journal is beside the folder of the backups in the user's data directory, every file of mode 0600. Open and
//! settled operations are kept apart, so that many of one kind do not slow down the other:
//!
//! - `open/` has a file for each operation. Only its process writes to it: a record with one write, synced before the
//!   next step. Readers leave out what a crash tore.
//! - `open/<operation>.lock` is locked while that process lives. The operating system releases the lock however the
//!   process ends. So a free lock tells an interrupted operation from a running one. A process id could belong to
//!   another process by now, and means nothing in another container.
//! - `history/` has a file for each Duo. When an operation ends, it and what it supersedes go there ([`history`]).
//! - `lock` is held while an operation begins and while it goes to the history, and shared by readers of what is open.
//!
//! A crash may leave a settled operation in `open/`. It counts as settled there, too, and goes to the history with the
//! next operation on this Duo that is done.

mod history;
mod operation;
mod record;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use history::Past;
pub use operation::{BadLine, End, Operation, Reached, may_be_taken, open, operation_in, settled_line};
pub use record::{
    DeviceMark, Failure, FleetRequest, FleetTerms, MAX_BYTES, MAX_LINE, OperationId, OperationKind, Record,
    RecordError, Request, Started, Step, VERSION, whole,
};

use crate::dct::DeviceId;
use crate::disk::{
    self, FileError, Folder, Links, Lock, Owner, Pause, Syncable, check_name, check_writable, create_folder,
    ensure_folder, own_folder, plain_path,
};

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// This user has no data directory.
    #[error("this user has no home folder to keep the journal in")]
    NoPlace,
    /// A line that is not a valid record, and not a torn last one.
    #[error("the journal {path}, {bad}", path = plain_path(path))]
    Invalid {
        /// The file of an operation.
        path: PathBuf,
        /// The line, and why.
        bad: BadLine,
    },
    /// The file is too large for an operation.
    #[error("the journal {path} is larger than {MAX_BYTES} bytes", path = plain_path(.0))]
    TooLarge(PathBuf),
    /// A link, a folder, a pipe or a device.
    #[error("the journal {path} is not a regular file", path = plain_path(.0))]
    NotAFile(PathBuf),
    /// Another process holds the lock for too long.
    #[error("the journal {path} is locked by another process", path = plain_path(.0))]
    Locked(PathBuf),
    /// The operating system does not let it be read.
    #[error("the journal {path} cannot be read: {source}", path = plain_path(path))]
    Unreadable {
        /// A file or folder of the journal.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The operating system does not let it be written.
    #[error("the journal {path} cannot be written: {source}", path = plain_path(path))]
    Unwritable {
        /// A file or folder of the journal.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Its folder cannot be made, or nothing can be written in it.
    #[error("the journal cannot be kept: {0}")]
    Folder(#[from] FileError),
}

impl JournalError {
    fn unwritable(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Unwritable { path: path.to_owned(), source }
    }

    fn unreadable(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Unreadable { path: path.to_owned(), source }
    }
}

/// The result of dismissing a doubt.
#[derive(Debug)]
pub enum Dismissal {
    /// It is now in the history.
    Done(Box<Operation>),
    /// It left more open than what a cloud knows, or its process is still running.
    Refused(Box<Operation>),
    /// No open operation has this name.
    NotOpen,
}

/// The journal of one user.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
    owner: Owner,
}

/// The name of an operation's file in `open/`. The name has the Duo in it, so that a search for one Duo's operations
/// need not read those of all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// Higher than that of every earlier operation in the folder.
    nth: u64,
    id: OperationId,
    /// See [`duo`].
    duo: String,
}

/// A Duo in a file name: its device id, else its port.
fn duo(id: Option<DeviceId>, path: Option<&str>) -> String {
    match (id, path) {
        (Some(id), _) => id.to_string(),
        (None, Some(path)) if record::is_port(path) => format!("port-{path}"),
        _ => "unknown".to_owned(),
    }
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".jsonl")?.splitn(3, '.');
        let nth = parts.next()?.parse().ok()?;
        let id = OperationId::try_from(parts.next()?.to_owned()).ok()?;
        Some(Self { nth, id, duo: parts.next()?.to_owned() })
    }

    /// Whether it may be about this device; different ids are different devices.
    fn may_be_of(&self, device: &DeviceMark) -> bool {
        let other = |id: DeviceId| self.duo.parse::<DeviceId>().is_ok_and(|its| its != id);
        !device.id.is_some_and(other)
    }
}

impl Journal {
    /// The journal in the user's data directory; under sudo, in that of the user who called it. Touches nothing.
    pub fn locate(env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, JournalError> {
        let owner = Owner::detect(env);
        let folder = own_folder(env, &owner).ok_or(JournalError::NoPlace)?.join("journal");
        check_name(&folder)?;
        Ok(Self { folder, owner })
    }

    /// The absolute path of its folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Checks, before a device is touched, that an operation can be recorded.
    pub fn prepare(&self, pause: Pause<'_>) -> Result<(), JournalError> {
        ensure_folder(&self.open_folder(), &self.owner)?;
        create_folder(&self.history(), &self.owner)?;
        check_writable(&self.open_folder())?;
        check_writable(&self.history())?;
        self.lock_if_there(Access::Write, pause).map(drop)
    }

    /// The operations that are not in the history yet, in the order in which they began; with a device, only those that
    /// may be about it.
    pub fn operations(
        &self,
        device: Option<&DeviceMark>,
        pause: Pause<'_>,
    ) -> Result<Vec<Operation>, JournalError> {
        // Nobody may look while an operation and what it supersedes move to the history.
        let _lock = self.lock_if_there(Access::Read, pause)?;
        let names = self.names(device).map_err(JournalError::unreadable(&self.open_folder()))?;
        names.iter().filter_map(|name| self.read(name).transpose()).collect()
    }

    /// The settled operations on a device, the newest first.
    pub fn past(&self, device: DeviceId) -> Result<Past, JournalError> {
        past_in(&self.history().join(format!("{device}.jsonl")))
    }

    /// The settled operations, one Duo after the other.
    pub fn pasts(&self) -> Result<impl Iterator<Item = Result<Past, JournalError>> + '_, JournalError> {
        let names = names_in(&self.history()).map_err(JournalError::unreadable(&self.history()))?;
        let files = names.into_iter().filter(|name| name.strip_suffix(".jsonl").is_some());
        Ok(files.map(|name| past_in(&self.history().join(name))))
    }

    /// Records that an operation begins.
    pub fn begin(&self, started: Started, at: String, pause: Pause<'_>) -> Result<Entry, JournalError> {
        let _lock = self.lock(pause)?;
        let open_folder = self.open_folder();
        let folder = Folder::open_or_make(&open_folder, &self.owner)?;
        let unwritable = JournalError::unwritable(&open_folder);
        let last = self.sweep().map_err(&unwritable)?;
        let random = getrandom::u64().map_err(io::Error::other).map_err(&unwritable)?;
        let device = started.device.clone();
        let duo = duo(device.id, device.path.as_deref());
        let name = Name { nth: last.saturating_add(1), id: OperationId::new(random), duo };
        let path = self.file(&name);
        let made = || -> io::Result<(Syncable, Syncable)> {
            let marker = self.create(&folder, &self.marker(&name))?;
            marker.try_lock()?;
            Ok((self.create(&folder, &path)?, marker))
        };
        let begun = made().map_err(JournalError::unwritable(&path)).and_then(|(file, marker)| {
            let journal = self.clone();
            let mut entry =
                Entry { name: name.clone(), path: path.clone(), device, file, length: 0, marker, journal };
            entry.append(Step::Started(Box::new(started)), at)?;
            folder.sync().map_err(JournalError::unwritable(&path))?;
            Ok(entry)
        });
        // An operation that never began must not look as if it had.
        begun.inspect_err(|_| self.remove(&name))
    }

    /// Dismisses the doubt that an operation left about a cloud, and moves it to the history.
    pub fn dismiss(&self, id: &OperationId, at: String, pause: Pause<'_>) -> Result<Dismissal, JournalError> {
        let names = || self.names(None).map_err(JournalError::unreadable(&self.open_folder()));
        // A request for an operation that does not exist creates no folder.
        if names()?.is_empty() {
            return Ok(Dismissal::NotOpen);
        }
        let _lock = self.lock(pause)?;
        let names = names()?;
        let Some(name) = names.iter().find(|name| name.id == *id) else {
            return Ok(Dismissal::NotOpen);
        };
        let operations: Vec<Operation> =
            names.iter().filter_map(|name| self.read(name).transpose()).collect::<Result<_, _>>()?;
        let found = open(&operations).into_iter().find(|operation| operation.id == *id).cloned();
        let Some(mut operation) = found else { return Ok(Dismissal::NotOpen) };
        if operation.running || !operation.is_doubt_about_cloud() {
            return Ok(Dismissal::Refused(Box::new(operation)));
        }
        self.append_behind_the_end(name, Step::Dismissed, at)?;
        self.to_history(&operation, name)?;
        operation.dismissed = true;
        Ok(Dismissal::Done(Box::new(operation)))
    }

    /// Appends a record to the file of an operation whose process has ended.
    fn append_behind_the_end(&self, name: &Name, step: Step, at: String) -> Result<(), JournalError> {
        let path = self.file(name);
        let unwritable = JournalError::unwritable(&path);
        let line = Record { v: VERSION, id: name.id.clone(), at, step }.to_line();
        let end = whole(&self.bytes(name)?);
        let Some(synced) = open_to_write(&path)? else {
            return Err(unwritable(io::ErrorKind::NotFound.into()));
        };
        let write = || -> io::Result<()> {
            if end + line.len() > MAX_BYTES {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the record is too long"));
            }
            // Cuts off what a crash tore.
            synced.set_len(end as u64)?;
            history::write_at(&synced, end as u64, &line)
        };
        write().map_err(&unwritable)
    }

    fn open_folder(&self) -> PathBuf {
        self.folder.join("open")
    }

    fn history(&self) -> PathBuf {
        self.folder.join("history")
    }

    fn file(&self, name: &Name) -> PathBuf {
        self.open_folder().join(format!("{:08}.{}.{}.jsonl", name.nth, name.id, name.duo))
    }

    fn marker(&self, name: &Name) -> PathBuf {
        self.open_folder().join(format!("{}.lock", name.id))
    }

    fn lock(&self, pause: Pause<'_>) -> Result<Lock, JournalError> {
        let path = self.folder.join("lock");
        let folder = Folder::open_or_make(&self.folder, &self.owner)?;
        lock(self.open_or_create(&folder, &path)?.into(), path, Access::Write, pause)
    }

    /// The same, but creates no file: without one, no operation has begun yet.
    fn lock_if_there(&self, access: Access, pause: Pause<'_>) -> Result<Option<Lock>, JournalError> {
        let path = self.folder.join("lock");
        let file = match access {
            Access::Read => open_to_read(&path)?,
            Access::Write => open_to_write(&path)?.map(File::from),
        };
        file.map(|file| lock(file, path, access, pause)).transpose()
    }

    /// The files of operations, in the order in which the operations began.
    fn names(&self, device: Option<&DeviceMark>) -> io::Result<Vec<Name>> {
        let names = names_in(&self.open_folder())?;
        let mut names: Vec<Name> = names.iter().filter_map(|name| Name::parse(name)).collect();
        names.retain(|name| device.is_none_or(|device| name.may_be_of(device)));
        names.sort_unstable();
        Ok(names)
    }

    /// The state of an operation; `None` if a crash came before its first record was whole.
    fn read(&self, name: &Name) -> Result<Option<Operation>, JournalError> {
        // Before its records: if its process has ended, all of them are written.
        let running = self.is_running(name);
        let path = self.file(name);
        let operation = operation_in(&self.bytes(name)?);
        let operation = operation.map_err(|bad| JournalError::Invalid { path, bad })?;
        Ok(operation.map(|operation| Operation { running, ..operation }))
    }

    fn bytes(&self, name: &Name) -> Result<Vec<u8>, JournalError> {
        let path = self.file(name);
        let mut bytes = Vec::new();
        let Some(file) = open_to_read(&path)? else { return Ok(bytes) };
        let read = file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
        read.map_err(JournalError::unreadable(&path))?;
        if bytes.len() > MAX_BYTES { Err(JournalError::TooLarge(path)) } else { Ok(bytes) }
    }

    fn is_running(&self, name: &Name) -> bool {
        let Ok(marker) = disk::open(&self.marker(name), Links::Refuse) else { return false };
        matches!(marker.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Removes the lock files that a crash left without an operation; returns the highest number of the files that are
    /// left.
    fn sweep(&self) -> io::Result<u64> {
        let names = names_in(&self.open_folder())?;
        let operations: Vec<Name> = names.iter().filter_map(|name| Name::parse(name)).collect();
        let there: HashSet<&str> = operations.iter().map(|name| name.id.as_str()).collect();
        let lost = names.iter().filter_map(|name| name.strip_suffix(".lock"));
        for id in lost.filter(|id| OperationId::try_from((*id).to_owned()).is_ok()) {
            let path = self.open_folder().join(format!("{id}.lock"));
            let marker = || disk::open(&path, Links::Refuse);
            if !there.contains(id) && marker().is_ok_and(|marker| marker.try_lock().is_ok()) {
                let _ = fs::remove_file(path);
            }
        }
        Ok(operations.iter().map(|name| name.nth).max().unwrap_or_default())
    }

    /// Moves an operation that has ended to the history if nothing is left to learn, with everything that it
    /// supersedes.
    fn settle(&self, own: &Name, device: &DeviceMark) -> Result<(), JournalError> {
        let Some(mine) = self.read(own)? else { return Ok(()) };
        let mut names = vec![own.clone()];
        // A doubt replaces an earlier doubt like it.
        if mine.is_done() || !mine.is_finished() || mine.kind() == OperationKind::FleetProvision {
            names = self.names(Some(device)).map_err(JournalError::unreadable(&self.open_folder()))?;
        }
        let known = names.into_iter().filter_map(|name| match self.read(&name) {
            Ok(Some(operation)) => Some((operation, name)),
            // A crash came before it had begun.
            Ok(None) => {
                self.remove(&name);
                None
            }
            // A query for open operations reports it.
            Err(_) => None,
        });
        let (operations, names): (Vec<Operation>, Vec<Name>) = known.unzip();
        let open = open(&operations);
        // In their order: the superseded operation first, since the later one may be the only evidence that it is
        // settled.
        for (operation, name) in operations.iter().zip(names) {
            if !operation.running && open.iter().all(|open| open.id != operation.id) {
                self.to_history(operation, &name)?;
            }
        }
        Ok(())
    }

    fn to_history(&self, operation: &Operation, name: &Name) -> Result<(), JournalError> {
        let Started { device, request, .. } = &operation.started;
        let folder = Folder::open_or_make(&self.history(), &self.owner)?;
        let path = self.history().join(duo(device.id.or(request.owner), device.path.as_deref()) + ".jsonl");
        let file = self.open_or_create(&folder, &path)?;
        let line = settled_line(&self.bytes(name)?);
        history::append(&file, &operation.id, &line).map_err(JournalError::unwritable(&path))?;
        self.remove(name);
        Ok(())
    }

    fn remove(&self, name: &Name) {
        for path in [self.file(name), self.marker(name)] {
            let _ = fs::remove_file(path);
        }
    }

    fn open_or_create(&self, folder: &Folder, path: &Path) -> Result<Syncable, JournalError> {
        loop {
            if let Some(file) = open_to_write(path)? {
                return Ok(file);
            }
            let made = self.create(folder, path).and_then(|file| folder.sync().map(|()| file));
            match made {
                // Another process created it in between.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map_err(JournalError::unwritable(path)),
            }
        }
    }

    fn create(&self, folder: &Folder, path: &Path) -> io::Result<Syncable> {
        let file = folder.create(path.file_name().unwrap_or_default())?;
        self.owner.take(&file)?;
        Ok(file)
    }
}

/// The UTF-8 names in a folder; none if there is no such folder.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let listing = match fs::read_dir(folder) {
        // Windows gives the same error if a file is in place of a folder above it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let above = folder.ancestors().find_map(|above| fs::metadata(above).ok());
            let cut_off = above.is_some_and(|above| !above.is_dir());
            return if cut_off { Err(io::ErrorKind::NotADirectory.into()) } else { Ok(Vec::new()) };
        }
        other => other?,
    };
    let names = listing.map(|entry| Ok(entry?.file_name().into_string().ok()));
    names.filter_map(io::Result::transpose).collect()
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
}

/// Opens a file of the journal if it exists. Never through a link: under sudo, the owner of the folder could then
/// choose a file for root to write to.
fn open_to_write(path: &Path) -> Result<Option<Syncable>, JournalError> {
    if_there(disk::open_to_write(path, Links::Refuse), path, JournalError::unwritable(path))
}

/// The same, to read it.
fn open_to_read(path: &Path) -> Result<Option<File>, JournalError> {
    if_there(disk::open(path, Links::Refuse), path, JournalError::unreadable(path))
}

fn if_there<F>(
    opened: Result<F, FileError>,
    path: &Path,
    refused: impl Fn(io::Error) -> JournalError,
) -> Result<Option<F>, JournalError> {
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(FileError::NotFound(_)) => Ok(None),
        Err(FileError::Unreadable { source, .. }) => Err(refused(source)),
        Err(_) => Err(JournalError::NotAFile(path.to_owned())),
    }
}

fn past_in(path: &Path) -> Result<Past, JournalError> {
    Past::of(open_to_read(path)?).map_err(JournalError::unreadable(path))
}

/// Locks a file, shared for readers or exclusively for a writer.
fn lock(file: File, path: PathBuf, access: Access, pause: Pause<'_>) -> Result<Lock, JournalError> {
    let lock = Lock::take(file, matches!(access, Access::Read), pause);
    lock.map_err(JournalError::unwritable(&path))?.ok_or(JournalError::Locked(path))
}

/// A recorded operation. If it is dropped without an end, it was interrupted.
#[derive(Debug)]
pub struct Entry {
    name: Name,
    path: PathBuf,
    device: DeviceMark,
    file: Syncable,
    /// How many bytes were written.
    length: u64,
    /// Locked while it is open.
    marker: Syncable,
    journal: Journal,
}

impl Entry {
    /// Its name in the journal.
    pub fn id(&self) -> &OperationId {
        &self.name.id
    }

    /// The file with its records.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a record with one write; it is synced when this returns.
    pub fn append(&mut self, step: Step, at: String) -> Result<(), JournalError> {
        let line = Record { v: VERSION, id: self.name.id.clone(), at, step }.to_line();
        let end = self.length + line.len() as u64;
        let write = |synced: &Syncable| -> io::Result<()> {
            if line.len() > MAX_LINE || end > MAX_BYTES as u64 {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the record is too long"));
            }
            if synced.metadata()?.len() != self.length {
                return Err(io::Error::other("somebody else has written to it"));
            }
            history::write_at(synced, self.length, &line)
        };
        write(&self.file).map_err(JournalError::unwritable(&self.path))?;
        self.length = end;
        Ok(())
    }

    /// Records that it is over, and how it ended. What cannot go to the history now goes there later.
    pub fn end(mut self, error: Option<Failure>, at: String, pause: Pause<'_>) -> Result<(), JournalError> {
        let written = self.append(Step::Ended { error }, at);
        let Self { name, device, file, marker, journal, .. } = self;
        let lock = journal.lock(pause);
        drop((file, marker));
        let _ = fs::remove_file(journal.marker(&name));
        if lock.is_ok() {
            let _ = journal.settle(&name, &device);
        }
        written
    }
}
