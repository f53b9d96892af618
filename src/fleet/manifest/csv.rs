//! Reads a manifest that is a CSV.

use std::io::{BufRead, Cursor, Read};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, Terminator};

use super::bounded::{Bounded, Shared, too_long_at};
use super::row::{Mistake, Row};
use super::{ManifestError, nearly};

/// The delimiters that are understood.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads all rows after the header.
pub(super) fn read<E: From<ManifestError>>(
    mut input: Bounded<impl BufRead>,
    each: &mut dyn FnMut(Result<Row, Mistake>) -> Result<(), E>,
) -> Result<(), E> {
    let before = input.line() - 1;
    let mut header = Vec::new();
    input.next_line(&mut header).map_err(failed)?;
    let text = String::from_utf8_lossy(&header).into_owned();
    let delimiter = delimiter(&text)?;
    header.push(b'\n');
    // The CSV reader gets the header once more, and then the rows through the bound.
    let shared = std::cell::RefCell::new(input);
    let reader = Cursor::new(header).chain(Shared(&shared));
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        // By default the reader takes both CR and LF for line ends, and counts the line of the next row too late.
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity(BUFFER)
        .from_reader(reader);
    let names = names(&mut reader, before)?;
    let mut record = ByteRecord::new();
    while more(&mut reader, &mut record)? {
        shared.borrow_mut().row_ends();
        let line = record.position().map_or(0, csv::Position::line) + before;
        if record.iter().any(|field| !field.trim_ascii().is_empty()) {
            each(row(&names, &record, line))?;
        }
    }
    Ok(())
}

/// Small compared with the bound of a row, since bytes that are read ahead count for the previous row.
const BUFFER: usize = 8 * 1024;

/// The delimiter with which the header has a column `device_id`.
fn delimiter(header: &str) -> Result<u8, ManifestError> {
    let plain = |name: &str| name.trim().trim_matches('"').to_owned();
    let has = |delimiter: &u8| {
        header
            .split(char::from(*delimiter))
            .any(|name| plain(name) == "device_id" || nearly(&plain(name)).is_some())
    };
    DELIMITERS.into_iter().find(has).ok_or(ManifestError::NoDeviceId)
}

fn names(reader: &mut Reader<impl Read>, before: u64) -> Result<Vec<String>, ManifestError> {
    let mut record = ByteRecord::new();
    more(reader, &mut record)?;
    let names: Vec<String> =
        record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    for (nth, name) in names.iter().enumerate() {
        if let Some(meant) = nearly(name) {
            return Err(ManifestError::NearlyNamed { line: before + 1, found: name.clone(), meant });
        }
        if !name.is_empty() && names[..nth].contains(name) {
            return Err(ManifestError::TwiceNamed(name.clone()));
        }
    }
    if names.iter().any(|name| name == "device_id") { Ok(names) } else { Err(ManifestError::NoDeviceId) }
}

fn more(reader: &mut Reader<impl Read>, record: &mut ByteRecord) -> Result<bool, ManifestError> {
    reader.read_byte_record(record).map_err(|error| match error.into_kind() {
        ErrorKind::Io(error) => failed(error),
        // Rows of any length are accepted, and the reader checks nothing else.
        other => ManifestError::Unreadable(std::io::Error::other(format!("{other:?}"))),
    })
}

fn failed(error: std::io::Error) -> ManifestError {
    match too_long_at(&error) {
        Some(line) => ManifestError::TooLong(line),
        None => ManifestError::Unreadable(error),
    }
}

fn row(names: &[String], record: &ByteRecord, line: u64) -> Result<Row, Mistake> {
    if record.len() != names.len() {
        let (found, expected) = (record.len(), names.len());
        return Err(Mistake::new(line, format!("{found} values, where the first line names {expected}")));
    }
    let mut row = Row { line, ..Row::default() };
    for (nth, (name, value)) in names.iter().zip(record).enumerate() {
        let last = nth + 1 == names.len();
        let value = if last { value.strip_suffix(b"\r").unwrap_or(value) } else { value };
        let value = std::str::from_utf8(value);
        let value = value.map_err(|_| Mistake::new(line, "not UTF-8 text; save it as CSV UTF-8"))?;
        if !name.is_empty() || !value.trim().is_empty() {
            row.set(name, value.to_owned());
        }
    }
    Ok(row)
}
