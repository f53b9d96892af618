//! Keeps the operations that are settled: a file for each Duo, a line for each operation, the newest at the end.
//!
//! The files are only appended to, and read from the end, so that a long past costs nothing. Hostile until parsed; a
//! line that is no operation stops nothing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::de::IgnoredAny;

use super::operation::Operation;
use super::record::{MAX_BYTES, OperationId, RecordError};
use crate::disk::Syncable;

/// The most bytes of a line: those of all records of an operation, with two brackets.
const MAX_LINE: usize = MAX_BYTES + 2;

/// How many bytes are read at once, at least.
const CHUNK: usize = 16 * 1024;

/// How many of the last lines are compared with an operation before it is appended. After a crash it may be there
/// already: as the last one, unless others were settled at the same time.
const COMPARED: usize = 8;

/// The lines of a file, the last one first. Bytes after the last line feed are left out.
struct Backwards {
    file: File,
    /// Where in the file `read` begins.
    at: u64,
    /// Bytes that were read and are no line yet.
    read: Vec<u8>,
    /// Where the last line ends, after its line feed.
    end: u64,
    ended: bool,
}

/// Where a line begins, and its bytes without the line feed; `None` if it is too long.
type Line = (u64, Option<Vec<u8>>);

impl Backwards {
    fn new(mut file: File) -> io::Result<Self> {
        let at = file.seek(SeekFrom::End(0))?;
        let mut lines = Self { file, at, read: Vec::new(), end: 0, ended: at == 0 };
        if !lines.ended {
            // Skips what a crash tore: nothing, if the file ends with a line feed.
            lines.end = lines.line()?.0;
        }
        Ok(lines)
    }

    fn line(&mut self) -> io::Result<Line> {
        let mut too_long = false;
        loop {
            let feed = self.read.iter().rposition(|byte| *byte == b'\n');
            if feed.is_some() || self.at == 0 {
                let begin = feed.map_or(0, |feed| feed + 1);
                let bytes = self.read.split_off(begin);
                self.read.truncate(begin.saturating_sub(1));
                self.ended = feed.is_none();
                let fits = !too_long && bytes.len() <= MAX_LINE;
                return Ok((self.at + begin as u64, fits.then_some(bytes)));
            }
            if self.read.len() > MAX_LINE {
                too_long = true;
                self.read.clear();
            }
            self.read_more()?;
        }
    }

    /// Reads the bytes before it: at least as many as there are, so that a long line is not moved too often.
    fn read_more(&mut self) -> io::Result<()> {
        let wanted = self.at.min(self.read.len().max(CHUNK) as u64);
        self.at -= wanted;
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut before = Vec::with_capacity(self.read.len() + self.read.len().max(CHUNK));
        Read::by_ref(&mut self.file).take(wanted).read_to_end(&mut before)?;
        before.append(&mut self.read);
        self.read = before;
        Ok(())
    }
}

impl Iterator for Backwards {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let line = self.line();
        self.ended |= line.is_err();
        Some(line)
    }
}

/// What was done to a Duo, the newest first. A line that is no operation, or cannot be read, is an error.
pub struct Past(Option<Backwards>);

impl Past {
    /// The past in this file; empty without a file.
    pub(super) fn of(file: Option<File>) -> io::Result<Self> {
        file.map(Backwards::new).transpose().map(Self)
    }
}

impl Iterator for Past {
    type Item = Result<Operation, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.0.as_mut()?.next()? {
            Ok((_, Some(line))) => Operation::of_line(&line),
            Ok((_, None)) => Err(RecordError::TooLong),
            Err(error) => Err(RecordError::Malformed(error.to_string())),
        })
    }
}

/// Appends an operation with one write, and syncs it. Cuts off what a crash tore, and appends nothing if the operation
/// is there already.
pub(super) fn append(synced: &Syncable, id: &OperationId, line: &[u8]) -> io::Result<()> {
    let file: &File = synced;
    let mut lines = Backwards::new(file.try_clone()?)?;
    let mut end = lines.end;
    let torn = end < file.metadata()?.len();
    for nth in 0..COMPARED {
        let Some((start, bytes)) = lines.next().transpose()? else { break };
        let bytes = bytes.unwrap_or_default();
        if Operation::of_line(&bytes).is_ok_and(|there| there.id == *id) {
            return synced.sync();
        }
        // The disk stored the end of the last line before its beginning.
        if nth == 0 && !torn && serde_json::from_slice::<IgnoredAny>(&bytes).is_err() {
            end = start;
        }
    }
    synced.set_len(end)?;
    write_at(synced, end, line)
}

/// Writes at the end of a file with one write, and syncs it. If that fails, what is there of it is torn, and is cut off.
pub(super) fn write_at(synced: &Syncable, end: u64, line: &[u8]) -> io::Result<()> {
    let mut file: &File = synced;
    file.seek(SeekFrom::Start(end))?;
    let written = file.write_all(line).and_then(|()| synced.sync());
    if written.is_err() {
        let _ = file.set_len(end);
    }
    written
}
