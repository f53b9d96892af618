//! Combines the ledgers of one manifest: the outcome of each device, and whether a part is missing.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use crate::dct::DeviceId;
use crate::fleet::ledger::{Known, Last, State};
use crate::fleet::manifest::Row;
use crate::fleet::shard::Shard;

/// The outcome of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetOutcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The cloud said that it took the key.
    Done,
    /// The cloud did not take the key.
    Failed,
    /// The cloud may have taken the key or not. It is safe to send it again.
    Unknown,
    /// Nothing was sent.
    NotReached,
}

impl Outcome {
    /// The outcome, from the last record of a device.
    pub const fn of(state: State) -> Self {
        match state {
            State::Done => Self::Done,
            State::Failed => Self::Failed,
            State::Unknown | State::Sending => Self::Unknown,
        }
    }
}

impl std::str::FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        let all = [Self::Done, Self::Failed, Self::Unknown, Self::NotReached];
        all.into_iter().find(|outcome| outcome.to_string() == text).ok_or(UnknownOutcome)
    }
}

/// The name that is typed and printed.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A text that names no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an outcome is done, failed, unknown or not-reached")]
pub struct UnknownOutcome;

/// The ledgers of one manifest.
#[derive(Debug)]
pub struct Ledgers {
    /// Each with its name as it was given.
    parts: Vec<(String, Known)>,
}

/// Whether the ledgers are complete.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// The manifest, as the last run names it.
    pub manifest: String,
    /// Its SHA-256.
    pub sha256: String,
    /// How many rows it has.
    pub rows: u64,
    /// The cloud's API.
    pub api: String,
    /// The shards without a ledger.
    pub missing: Vec<Shard>,
    /// How many devices those shards have.
    pub missing_devices: u64,
    /// What does not fit together.
    pub problems: Vec<String>,
}

impl Ledgers {
    /// From ledgers that were read; each has a run in it.
    pub fn new(parts: Vec<(String, Known)>) -> Self {
        Self { parts }
    }

    /// Checks whether they belong together and are complete.
    pub fn whole(&self) -> Whole {
        let runs: Vec<_> =
            self.parts.iter().filter_map(|(name, known)| Some((name, known.last_run.as_ref()?))).collect();
        let Some((_, first)) = runs.first() else { return Whole::default() };
        let mut problems = Vec::new();
        let mut there: BTreeMap<u32, &String> = BTreeMap::new();
        let count = first.shard.map_or(1, |shard| shard.count);
        let mut mine = 0;
        for (name, run) in &runs {
            let shard = run.shard.unwrap_or(Shard { index: 1, count: 1 });
            if run.sha256 != first.sha256 {
                problems.push(format!("{name} is of another manifest than {}", runs[0].0));
            }
            if run.api != first.api {
                problems.push(format!("{name} is of another cloud: {} and {}", run.api, first.api));
            }
            if shard.count != count {
                problems.push(format!("{name} is shard {shard}, where the first is of {count}"));
            } else if let Some(other) = there.insert(shard.index, name) {
                problems.push(format!("{name} and {other} are both shard {shard}"));
            } else {
                mine += run.mine;
            }
        }
        let missing: Vec<Shard> = (1..=count)
            .filter(|index| !there.contains_key(index))
            .map(|index| Shard { index, count })
            .collect();
        let rows = first.rows;
        let missing_devices = rows.saturating_sub(mine);
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(|shard| shard.index.to_string()).collect();
            let (s, are) = if names.len() == 1 { ("", "is") } else { ("s", "are") };
            problems.push(format!(
                "shard{s} {} of {count} {are} missing: {} device{}",
                names.join(", "),
                grouped(missing_devices),
                if missing_devices == 1 { "" } else { "s" }
            ));
        } else if mine != rows && problems.is_empty() {
            problems.push(format!(
                "the ledgers are of {} devices, and the manifest has {}",
                grouped(mine),
                grouped(rows)
            ));
        }
        let twice = self.twice(&first.api);
        if twice > 0 {
            problems.push(format!("{} devices are in more than one ledger", grouped(twice)));
        }
        let (manifest, sha256, api) = (first.manifest.clone(), first.sha256.clone(), first.api.clone());
        Whole { manifest, sha256, rows, api, missing, missing_devices, problems }
    }

    fn twice(&self, api: &str) -> u64 {
        let mut twice = 0;
        for (nth, (_, known)) in self.parts.iter().enumerate() {
            let before = &self.parts[..nth];
            let again = |device| before.iter().any(|(_, other)| other.last(device, api).is_some());
            twice += known.devices(api).filter(|(device, _)| again(*device)).count() as u64;
        }
        twice
    }

    /// The last record of a device.
    pub fn last(&self, device: DeviceId, api: &str) -> Option<&Last> {
        self.parts.iter().find_map(|(_, known)| known.last(device, api))
    }

    /// All devices with a record, by id.
    pub fn devices(&self, api: &str) -> Vec<(DeviceId, &Last)> {
        let mut all: Vec<_> = self.parts.iter().flat_map(|(_, known)| known.devices(api)).collect();
        all.sort_unstable_by_key(|(device, _)| *device);
        all.dedup_by_key(|(device, _)| *device);
        all
    }
}

/// One device in a report.
#[derive(Debug)]
pub struct Line<'a> {
    /// The device id, or the text in its place.
    pub device: &'a str,
    /// Its last record.
    pub last: Option<&'a Last>,
    /// Why it was not sent, if the manifest says so.
    pub problem: &'a str,
    /// Its row in the manifest.
    pub row: Option<&'a Row>,
}

impl Line<'_> {
    /// Its outcome.
    pub fn outcome(&self) -> Outcome {
        self.last.map_or(Outcome::NotReached, |last| Outcome::of(last.state))
    }

    fn code(&self) -> &str {
        self.last.and_then(|last| last.trouble.as_ref()).map_or("", |trouble| &trouble.code)
    }

    /// Why it is not done, in words.
    pub fn message(&self) -> &str {
        match self.last {
            Some(last) if last.state == State::Sending => "the run broke off before the answer",
            Some(last) => last.trouble.as_ref().map_or("", |trouble| &trouble.message),
            None => self.problem,
        }
    }
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Those that are not done, for a person to read.
    Text,
    /// CSV, for a spreadsheet.
    Csv,
    /// A JSON object for each device.
    JsonLines,
    /// A manifest, for the next round.
    Manifest,
}

/// The report's own columns in a CSV.
const CSV: [&str; 7] = ["device_id", "outcome", "fingerprint", "product_id", "at", "code", "message"];

/// The columns of a manifest.
const MANIFEST: [&str; 4] = ["device_id", "key_file", "fingerprint", "product_id"];

/// Writes lines.
#[derive(Debug)]
pub struct Lines<W: Write> {
    format: Format,
    /// The names of the manifest's other columns.
    others: Vec<String>,
    out: W,
}

impl<W: Write> Lines<W> {
    /// Writes in this format; `others` are the names of the manifest's other columns.
    pub fn new(format: Format, others: Vec<String>, out: W) -> Self {
        Self { format, others, out }
    }

    /// Writes the header, if the format has one.
    pub fn begin(&mut self) -> io::Result<()> {
        let titles: &[&str] = match self.format {
            Format::Csv => &CSV,
            Format::Manifest => &MANIFEST,
            Format::Text | Format::JsonLines => return Ok(()),
        };
        let guarded = |name: &String| if self.format == Format::Csv { guard(name) } else { name.clone() };
        let others: Vec<String> = self.others.iter().map(guarded).collect();
        let line = record(titles.iter().copied().chain(others.iter().map(String::as_str)))?;
        self.out.write_all(&line)
    }

    /// Writes one device.
    pub fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        match self.format {
            Format::Csv => self.csv(line),
            Format::Manifest => self.manifest(line),
            Format::JsonLines => self.json(line),
            Format::Text => self.text(line),
        }
    }

    /// Returns the output.
    pub fn end(self) -> W {
        self.out
    }

    fn csv(&mut self, line: &Line<'_>) -> io::Result<()> {
        let (key, product, at) = known(line);
        let outcome = line.outcome().to_string();
        let own = [line.device, &outcome, &key, &product, &at, line.code(), line.message()];
        let cells: Vec<String> = own.into_iter().map(guard).chain(self.others(line).map(guard)).collect();
        self.out.write_all(&record(cells.iter().map(String::as_str))?)
    }

    fn manifest(&mut self, line: &Line<'_>) -> io::Result<()> {
        let Some(row) = line.row else { return Ok(()) };
        let own = [&row.device_id, &row.key_file, &row.fingerprint, &row.product_id].map(String::as_str);
        let cells = record(own.into_iter().chain(self.others(line)))?;
        self.out.write_all(&cells)
    }

    fn others<'l>(&'l self, line: &'l Line<'_>) -> impl Iterator<Item = &'l str> {
        self.others.iter().map(|name| {
            let found = line.row.and_then(|row| row.others.iter().find(|(other, _)| other == name));
            found.map_or("", |(_, value)| value.as_str())
        })
    }

    fn json(&mut self, line: &Line<'_>) -> io::Result<()> {
        let (key, product, at) = known(line);
        let mut members = serde_json::Map::new();
        if let Some(row) = line.row {
            members.extend(row.others.iter().map(|(name, value)| (name.clone(), value.clone().into())));
        }
        let own = [
            ("device_id", line.device),
            ("outcome", &line.outcome().to_string()),
            ("fingerprint", &key),
            ("at", &at),
            ("code", line.code()),
            ("message", line.message()),
        ];
        let given = own.into_iter().filter(|(_, value)| !value.is_empty());
        members.extend(given.map(|(name, value)| (name.to_owned(), value.into())));
        if let Ok(product) = product.parse::<u32>() {
            members.insert("product_id".to_owned(), product.into());
        }
        writeln!(self.out, "{}", serde_json::Value::Object(members))
    }

    fn text(&mut self, line: &Line<'_>) -> io::Result<()> {
        let code = if line.code().is_empty() { String::new() } else { format!(" [{}]", line.code()) };
        let message = crate::disk::plain(line.message());
        let space = if message.is_empty() { "" } else { "  " };
        let device = crate::disk::shown(line.device);
        writeln!(self.out, "{:<11}  {device}{space}{message}{code}", line.outcome())
    }
}

/// One line of CSV.
fn record<'c>(cells: impl Iterator<Item = &'c str>) -> io::Result<Vec<u8>> {
    let mut record = csv::Writer::from_writer(Vec::new());
    record.write_record(cells)?;
    record.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn known(line: &Line<'_>) -> (String, String, String) {
    let Some(last) = line.last else { return Default::default() };
    let at = time::OffsetDateTime::from_unix_timestamp(last.at).ok().filter(|_| last.at != 0);
    let at = at.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok());
    (last.key.to_string(), last.product.to_string(), at.unwrap_or_default())
}

/// A cell that no spreadsheet reads as a formula.
fn guard(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

/// `20113` as `20,113`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
