//! `fleet report`: reports the outcomes of the devices of a list, from all its ledgers.

use std::path::{Path, PathBuf};

use super::counts::{FleetCounts, rows};
use super::list::List;
use crate::archive::create_new;
use crate::dct::DeviceId;
use crate::disk::Owner;
use crate::error::Error;
use crate::fleet::ledger;
use crate::fleet::manifest::{Row, device};
use crate::fleet::report::{Format, Ledgers, Line, Lines, Outcome, Whole};
use crate::workflow::context::Context;

/// The options of `fleet report`.
#[derive(Clone, Debug, Default)]
pub struct FleetReportOptions {
    /// The ledgers; if the list was sent in shards, all of them.
    pub ledgers: Vec<PathBuf>,
    /// The list; by default, at the path that the ledgers name.
    pub manifest: Option<PathBuf>,
    /// `text`, `csv`, `jsonl` or `manifest`.
    pub format: Option<String>,
    /// Only devices with these outcomes, separated by commas.
    pub only: Option<String>,
    /// A new file for the report.
    pub output: Option<PathBuf>,
}

/// The outcomes of the devices of a list.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetReportResult", rename_all = "camelCase")]
pub struct FleetReport {
    /// How many devices have which outcome, by the ledgers; devices that earlier runs finished count as `done`.
    pub counts: FleetCounts,
    /// True if no ledger is missing, and they belong together.
    pub complete: bool,
    /// What is missing or does not fit together, in sentences.
    pub problems: Vec<String>,
    /// The list, as the ledgers name it.
    pub manifest: String,
    /// The cloud's API.
    pub api_url: String,
    /// Devices of the ledgers that are no longer in the list.
    pub dropped: u32,
    /// The report, unless it was written to a file.
    pub report: Option<String>,
    /// The file that the report was written to; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub output: Option<PathBuf>,
}

/// Combines the ledgers of a list.
pub fn fleet_report(context: Context<'_>, options: &FleetReportOptions) -> Result<FleetReport, Error> {
    let refused = |message: String, hint: &str| Error::invalid(message).hint(hint);
    let format = match options.format.as_deref().unwrap_or("text") {
        "text" => Format::Text,
        "csv" => Format::Csv,
        "jsonl" => Format::JsonLines,
        "manifest" => Format::Manifest,
        other => {
            return Err(refused(
                format!("{:?} is no format of a report", crate::disk::shown(other)),
                "the formats are text, csv, jsonl and manifest",
            ));
        }
    };
    let only =
        options.only.iter().flat_map(|only| only.split(',')).map(|name| name.trim().parse::<Outcome>());
    let only: Vec<Outcome> = only
        .collect::<Result<_, _>>()
        .map_err(|error| refused(error.to_string(), "leave --only out for all devices"))?;
    if options.ledgers.is_empty() {
        return Err(refused("a report is made of ledgers".to_owned(), "name the ledgers of all shards"));
    }
    let parts = options.ledgers.iter().map(|path| {
        Ok((
            crate::disk::plain_path(path),
            ledger::read(path).map_err(|error| Error::from(error).hint(READ_HINT))?,
        ))
    });
    let ledgers = Ledgers::new(parts.collect::<Result<_, Error>>()?);
    let mut whole = ledgers.whole();
    let list = list_of(options, &mut whole)?;
    if list.is_none() && format == Format::Manifest {
        return Err(refused(
            format!("the list {} is not there any more", crate::disk::plain(&whole.manifest)),
            "name it with --manifest FILE",
        ));
    }
    let wanted = |outcome: Outcome| {
        if !only.is_empty() {
            return only.contains(&outcome);
        }
        format != Format::Text || outcome != Outcome::Done
    };
    let mut made = Made::new(format, &ledgers, &whole);
    match &list {
        Some(list) => made.by_list(list, &wanted)?,
        None => made.by_ledgers(&wanted)?,
    }
    let Made { counts, dropped, lines, .. } = made;
    let text = String::from_utf8(lines.end()).unwrap_or_default();
    let output = options.output.as_deref().map(|path| written(context, path, &text)).transpose()?;
    Ok(FleetReport {
        counts,
        complete: whole.problems.is_empty(),
        problems: whole.problems,
        manifest: whole.manifest,
        api_url: whole.api,
        dropped,
        report: output.is_none().then_some(text),
        output,
    })
}

const READ_HINT: &str = "name the ledgers that `fleet provision` has written: LIST.provision.jsonl";

/// The list itself, if it still exists. A change since the last run is reported as a problem.
fn list_of(options: &FleetReportOptions, whole: &mut Whole) -> Result<Option<List>, Error> {
    let named = options.manifest.as_deref();
    let path = named.unwrap_or(Path::new(&whole.manifest));
    if named.is_none() && (whole.manifest == "-" || !path.is_file()) {
        return Ok(None);
    }
    let list = List::open(&path.to_string_lossy())?;
    if list.sha256 != whole.sha256 {
        whole.problems.push(format!(
            "{} has changed since the last run: run `fleet provision` again",
            crate::disk::plain(&list.name)
        ));
    }
    Ok(Some(list))
}

fn written(context: Context<'_>, path: &Path, text: &str) -> Result<PathBuf, Error> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    create_new(&path, text.as_bytes(), &Owner::detect(&context.env))
        .map_err(|error| Error::from(error).during("writing the report"))?;
    Ok(path)
}

/// A report that is being made.
struct Made<'m> {
    counts: FleetCounts,
    dropped: u32,
    lines: Lines<Vec<u8>>,
    format: Format,
    ledgers: &'m Ledgers,
    whole: &'m Whole,
}

impl<'m> Made<'m> {
    fn new(format: Format, ledgers: &'m Ledgers, whole: &'m Whole) -> Self {
        let lines = Lines::new(format, Vec::new(), Vec::new());
        Self { counts: FleetCounts::default(), dropped: 0, lines, format, ledgers, whole }
    }

    /// Reports in the order of the list, with the list's other columns.
    fn by_list(&mut self, list: &List, wanted: &dyn Fn(Outcome) -> bool) -> Result<(), Error> {
        self.lines = Lines::new(self.format, others(list)?, Vec::new());
        self.begin()?;
        let mut named = std::collections::HashSet::new();
        list.rows(&mut |row| {
            let row = row.unwrap_or_else(|mistake| Row {
                line: mistake.line,
                problem: mistake.what,
                ..Row::default()
            });
            let id = device(&row.device_id).ok();
            let first = id.is_none_or(|id| named.insert(id));
            self.row(id.filter(|_| first), &absolute(row, list, self.format), wanted)
        })?;
        let left = self.ledgers.devices(&self.whole.api);
        for (id, _) in left.into_iter().filter(|(id, _)| !named.contains(id)) {
            self.dropped += 1;
            let row = Row { device_id: id.to_string(), ..Row::default() };
            if self.format != Format::Manifest {
                self.write(Some(id), &row, wanted)?;
            }
        }
        Ok(())
    }

    /// Reports by the ids alone. Only the list says which devices were not reached.
    fn by_ledgers(&mut self, wanted: &dyn Fn(Outcome) -> bool) -> Result<(), Error> {
        self.begin()?;
        for (id, _) in self.ledgers.devices(&self.whole.api) {
            let row = Row { device_id: id.to_string(), ..Row::default() };
            self.row(Some(id), &row, wanted)?;
        }
        let found = self.counts.total;
        self.counts.total = rows(self.whole.rows).max(found);
        self.counts.not_reached += self.counts.total - found;
        Ok(())
    }

    fn row(
        &mut self,
        id: Option<DeviceId>,
        row: &Row,
        wanted: &dyn Fn(Outcome) -> bool,
    ) -> Result<(), Error> {
        let outcome = self.write(id, row, wanted)?;
        self.counts.total += 1;
        let left_out = outcome == Outcome::NotReached && !row.problem.trim().is_empty();
        *(if left_out { &mut self.counts.left_out } else { self.counts.of(outcome) }) += 1;
        Ok(())
    }

    fn write(
        &mut self,
        id: Option<DeviceId>,
        row: &Row,
        wanted: &dyn Fn(Outcome) -> bool,
    ) -> Result<Outcome, Error> {
        let last = id.and_then(|id| self.ledgers.last(id, &self.whole.api));
        let text = id.map_or_else(|| row.device_id.clone(), |id| id.to_string());
        let line = Line { device: &text, last, problem: &row.problem, row: Some(row) };
        if wanted(line.outcome()) {
            self.lines.line(&line).map_err(Error::internal)?;
        }
        Ok(line.outcome())
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.lines.begin().map_err(Error::internal)
    }
}

/// The names of the list's other columns.
fn others(list: &List) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = Vec::new();
    list.rows(&mut |row| {
        for (name, _) in row.into_iter().flat_map(|row| row.others) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(())
    })?;
    Ok(names)
}

/// A new list may be in any folder, so it names key files by their full path.
fn absolute(mut row: Row, list: &List, format: Format) -> Row {
    if format == Format::Manifest && !row.key_file.trim().is_empty() {
        row.key_file = list.key_file(row.key_file.trim()).to_string_lossy().into_owned();
    }
    row
}
