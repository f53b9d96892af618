//! Reads a manifest, a list of devices and their keys: CSV (RFC 4180), a JSON array, or JSON lines. It is read row by
//! row, so that its length costs no memory.
//!
//! Hostile until parsed: everything in it is bounded. A row that cannot be read is a [`Mistake`] and stops nothing; an
//! error that makes the later rows meaningless is a [`ManifestError`].

mod bounded;
mod csv;
mod json;
mod row;

use std::io::{self, BufRead};

pub use row::{Mistake, Row, Sound, device};

use bounded::Bounded;

/// The most bytes of a row or of the header.
pub const MAX_ROW: usize = 64 * 1024;

/// The most rows. Each takes some hundred bytes of memory.
pub const MAX_ROWS: u64 = 1_000_000;

/// The known columns.
pub const COLUMNS: [&str; 5] = ["device_id", "key_file", "fingerprint", "product_id", "problem"];

/// The form of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values, or with `;` or a tab as the delimiter.
    Csv,
    /// One JSON array.
    Json,
    /// A JSON object on each line.
    JsonLines,
}

/// Why a manifest cannot be used, or not from some line on.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is empty.
    #[error("there are no rows in it")]
    Empty,
    /// UTF-16, which some spreadsheets call "Unicode text".
    #[error("it is UTF-16 text; save it as CSV UTF-8")]
    Utf16,
    /// The first line of a CSV has no column of device ids.
    #[error("the first line names no column device_id")]
    NoDeviceId,
    /// A column is there twice.
    #[error("the column {0} is there twice")]
    TwiceNamed(String),
    /// A name that is nearly a column's.
    #[error("line {line}: {found:?} is nearly {meant}, and would mean nothing")]
    NearlyNamed {
        /// The line.
        line: u64,
        /// The name.
        found: String,
        /// The column that was probably meant.
        meant: &'static str,
    },
    /// From here on it is no JSON.
    #[error("it is no JSON list: {0}")]
    NotJson(String),
    /// A row is too long.
    #[error("line {0}: this row is longer than {MAX_ROW} bytes; is a quotation mark missing?")]
    TooLong(u64),
    /// Too many rows.
    #[error("it has more than {MAX_ROWS} rows; divide it")]
    TooMany,
    /// The operating system does not let it be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
}

/// Reads all rows, and calls `each` for each of them; returns the number of rows, and the form.
///
/// An error of `each` ends the reading.
pub fn read<E: From<ManifestError>>(
    input: impl BufRead,
    each: &mut dyn FnMut(Result<Row, Mistake>) -> Result<(), E>,
) -> Result<(u64, Form), E> {
    let mut input = Bounded::new(input, MAX_ROW);
    let form = form(&mut input)?;
    let mut rows = 0;
    let mut counted = |row: Result<Row, Mistake>| {
        rows += 1;
        if rows > MAX_ROWS { Err(ManifestError::TooMany.into()) } else { each(row) }
    };
    match form {
        Form::Csv => csv::read(input, &mut counted)?,
        Form::Json => json::read_array(input, &mut counted)?,
        Form::JsonLines => json::read_lines(input, &mut counted)?,
    }
    if rows == 0 { Err(ManifestError::Empty.into()) } else { Ok((rows, form)) }
}

/// Skips a byte order mark (U+FEFF), and finds the form by the first character.
fn form(input: &mut Bounded<impl BufRead>) -> Result<Form, ManifestError> {
    let start = input.peek(3).map_err(ManifestError::Unreadable)?;
    if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
        return Err(ManifestError::Utf16);
    }
    if start.starts_with("\u{feff}".as_bytes()) {
        input.consume(3);
    }
    let first = input.skip_white().map_err(ManifestError::Unreadable)?;
    Ok(match first {
        Some(b'[') => Form::Json,
        Some(b'{') => Form::JsonLines,
        Some(_) => Form::Csv,
        None => return Err(ManifestError::Empty),
    })
}

/// The column that a name resembles; `None` if it is a column, or resembles none.
fn nearly(name: &str) -> Option<&'static str> {
    if COLUMNS.contains(&name) {
        return None;
    }
    let plain: String = name
        .trim()
        .chars()
        .map(|c| if c == ' ' || c == '-' { '_' } else { c.to_ascii_lowercase() })
        .collect();
    COLUMNS.into_iter().find(|known| strsim::levenshtein(&plain, known) <= 1)
}
