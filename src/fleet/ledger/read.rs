//! Reads a ledger: its runs, and the last record of each device at each cloud. Hostile until parsed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::LedgerError;
use super::record::{Record, RowRecord, RunRecord, Trouble, VERSION};
use super::stamp::Stamp;
use super::writer;
use crate::dct::DeviceId;
use crate::disk::{self, Links, unfit_json_line};
use crate::keys::Fingerprint;

/// The most bytes of a line. A real one has some hundreds.
const MAX_LINE: usize = 64 * 1024;

/// The state of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request was about to go out, and no outcome is recorded.
    Sending,
    /// The cloud took the key.
    Done,
    /// The cloud did not take the key.
    Failed,
    /// The cloud may have taken the key or not.
    Unknown,
}

/// The last request for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// The key.
    pub key: Fingerprint,
    /// The product.
    pub product: u32,
    /// The outcome.
    pub state: State,
    /// The time, in seconds since 1970; 0 if it is not recorded.
    pub at: i64,
    /// The key file's state when it was read.
    pub file: Option<Stamp>,
    /// Why it is not done.
    pub trouble: Option<Box<Trouble>>,
}

/// The contents of a ledger.
#[derive(Debug, Default)]
pub struct Known {
    /// The run that began most recently.
    pub last_run: Option<RunRecord>,
    /// How many bytes of the file are valid; a crash tore the rest.
    pub length: u64,
    apis: Vec<String>,
    devices: HashMap<(DeviceId, u16), Last>,
}

impl Known {
    /// The last request for a device, to the cloud with this API.
    pub fn last(&self, device: DeviceId, api: &str) -> Option<&Last> {
        let nth = self.apis.iter().position(|known| known == api)?;
        self.devices.get(&(device, u16::try_from(nth).ok()?))
    }

    /// All devices with a request to the cloud with this API.
    pub fn devices(&self, api: &str) -> impl Iterator<Item = (DeviceId, &Last)> {
        let nth = self.apis.iter().position(|known| known == api).and_then(|nth| u16::try_from(nth).ok());
        self.devices
            .iter()
            .filter(move |((_, at), _)| Some(*at) == nth)
            .map(|((device, _), last)| (*device, last))
    }

    fn take(&mut self, record: Record) -> Result<(), String> {
        let (row, state) = match record {
            Record::Run(run) if run.v != VERSION => {
                return Err(format!("a later duo-provision has written it (version {})", run.v));
            }
            Record::Run(run) => {
                if !self.apis.contains(&run.api) {
                    self.apis.push(run.api.clone());
                }
                self.last_run = Some(*run);
                return Ok(());
            }
            Record::Sending(row) => (row, State::Sending),
            Record::Done(row) => (row, State::Done),
            Record::Failed(row) => (row, State::Failed),
            Record::Unknown(row) => (row, State::Unknown),
        };
        let api = self.last_run.as_ref().map(|run| run.api.as_str()).ok_or("it does not begin with a run")?;
        let nth = self.apis.iter().position(|known| known == api).and_then(|nth| u16::try_from(nth).ok());
        let nth = nth.ok_or("it has too many clouds")?;
        let RowRecord { id, key, product, at, file, trouble } = row;
        let at = at.and_then(|at| OffsetDateTime::parse(&at, &Rfc3339).ok());
        let at = at.map_or(0, OffsetDateTime::unix_timestamp);
        self.devices
            .insert((id, nth), Last { key, product, state, at, file, trouble: trouble.map(Box::new) });
        Ok(())
    }
}

/// Reads a ledger that another process may be writing to.
pub fn read(path: &Path) -> Result<Known, LedgerError> {
    let file = disk::open(path, Links::Follow)?;
    let known = known(&file, path)?;
    if known.last_run.is_none() {
        let what = "there is no run in it: it is no ledger".to_owned();
        return Err(LedgerError::Invalid { path: path.to_owned(), line: 1, what });
    }
    Ok(known)
}

/// Reads all lines. A line that cannot be read counts as torn if no more than the last batch follows it: the disk may
/// have stored the end of that batch before its beginning, and nothing in it was reported as written.
pub(super) fn known(file: &File, path: &Path) -> Result<Known, LedgerError> {
    let unreadable = |source| disk::FileError::Unreadable { path: path.to_owned(), source };
    let size = file.metadata().map_err(unreadable)?.len();
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let (mut known, mut line, mut number) = (Known::default(), Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        let read = next(&mut reader, &mut line).map_err(unreadable)?;
        if read == 0 {
            return Ok(known);
        }
        let taken = parsed(&line).and_then(|record| known.take(record));
        match taken {
            Ok(()) => known.length += read as u64,
            Err(what) if is_torn(&what, &known, size) => return Ok(known),
            Err(what) => return Err(LedgerError::Invalid { path: path.to_owned(), line: number, what }),
        }
    }
}

/// True only after the record of a run, or if the line breaks off: the file of another program must not be cut.
fn is_torn(what: &str, known: &Known, size: u64) -> bool {
    let at_the_end = size.saturating_sub(known.length) <= writer::MAX_BATCH as u64;
    at_the_end && !what.contains("later duo-provision") && (known.last_run.is_some() || what == NO_END)
}

/// A line without its line feed.
const NO_END: &str = "it breaks off";

fn next(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    Read::take(reader, MAX_LINE as u64 + 1).read_until(b'\n', line)
}

fn parsed(line: &[u8]) -> Result<Record, String> {
    let Some(text) = line.strip_suffix(b"\n") else { return Err(NO_END.to_owned()) };
    let wrong = |error: serde_json::Error| format!("it is no record: {}", unfit_json_line(&error));
    if !text.starts_with(br#"{"record":"run""#) {
        return serde_json::from_slice(text).map_err(wrong);
    }
    // The version first: nothing else is known of a later one.
    let Version { v } = serde_json::from_slice(text).map_err(wrong)?;
    if v != VERSION {
        return Err(format!("a later duo-provision has written it (version {v})"));
    }
    serde_json::from_slice(text).map_err(wrong)
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}
