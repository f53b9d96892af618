//! Writes to a ledger, on one thread. Lines that wait go out together, with one write and one sync.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::error::LedgerError;
use super::record::Record;
use crate::disk::Syncable;

/// The most bytes that are written at once.
pub(super) const MAX_BATCH: usize = 128 * 1024;

/// No line is added to a batch that has this many bytes; a line has at most 64 KiB.
const FULL: usize = 64 * 1024;

/// How many lines may wait.
const WAITING: usize = 1024;

/// Called when the line is on the disk, or with the reason why it is not.
pub type Ack = Box<dyn FnOnce(Result<(), String>) + Send>;

struct Job {
    line: Vec<u8>,
    ack: Ack,
}

/// Passes lines to the thread.
pub struct Writer {
    path: PathBuf,
    /// `None` once it ends.
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn start(path: PathBuf, file: Syncable, length: u64) -> io::Result<Self> {
        let (jobs, queue) = sync_channel(WAITING);
        let writing = Writing { file, length, broken: None };
        let thread =
            std::thread::Builder::new().name("ledger".to_owned()).spawn(move || writing.run(&queue))?;
        Ok(Self { path, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Writes a line; `ack` is called, on the writer's thread, when it is on the disk.
    pub fn append(&self, record: &Record, ack: Ack) {
        let job = Job { line: record.to_line(), ack };
        let Some(jobs) = &self.jobs else { return };
        if let Err(gone) = jobs.send(job) {
            (gone.0.ack)(Err("its writer has ended".to_owned()));
        }
    }

    /// Writes a line, and waits until it is on the disk.
    pub fn append_now(&self, record: &Record) -> Result<(), LedgerError> {
        let (told, outcome) = sync_channel(1);
        self.append(record, Box::new(move |written| _ = told.send(written)));
        let written = outcome.recv().unwrap_or_else(|_| Err("its writer has ended".to_owned()));
        written.map_err(|what| self.error(&what))
    }

    /// The error that an [`Ack`] got, as a [`LedgerError`].
    pub fn error(&self, what: &str) -> LedgerError {
        LedgerError::Unwritable { path: self.path.clone(), source: io::Error::other(what.to_owned()) }
    }

    /// Waits until all lines are on the disk, and closes the ledger; dropping it does the same.
    pub fn end(self) {}
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Writing {
    file: Syncable,
    /// The number of bytes that are whole and synced.
    length: u64,
    /// Why nothing can be written any more. A later line would hide that one is missing.
    broken: Option<String>,
}

impl Writing {
    fn run(mut self, waiting: &Receiver<Job>) {
        let (mut bytes, mut acks) = (Vec::new(), Vec::new());
        while let Ok(first) = waiting.recv() {
            bytes.clear();
            let mut next = Some(first);
            while let Some(Job { line, ack }) = next {
                bytes.extend(line);
                acks.push(ack);
                next = if bytes.len() < FULL { waiting.try_recv().ok() } else { None };
            }
            let written = self.write(&bytes);
            for ack in acks.drain(..) {
                ack(written.clone());
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let written = (&*self.file).write_all(bytes).and_then(|()| self.file.sync());
        if let Err(error) = &written {
            // What is there of the line is torn.
            let _ = self.file.set_len(self.length);
            self.broken = Some(error.to_string());
        } else {
            self.length += bytes.len() as u64;
        }
        written.map_err(|error| error.to_string())
    }
}
