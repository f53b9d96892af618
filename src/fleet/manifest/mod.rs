//! A manifest: which devices there are, and which key is of which. CSV (RFC 4180), a JSON array, or JSON lines; read
//! row by row, so that its length costs no memory.
//!
//! Hostile until parsed: everything in it is bounded. A row that cannot be read is a [`Mistake`] and stops nothing; what
//! makes the rows after it meaningless is a [`ManifestError`].

mod bounded;
mod csv;
mod json;
mod row;

use std::io::{self, BufRead};

pub use row::{Mistake, Row, Sound, device};

use bounded::Bounded;

/// The most bytes of one row, and of the header.
pub const MAX_ROW: usize = 64 * 1024;

/// The most rows. Each takes some hundred bytes of memory.
pub const MAX_ROWS: u64 = 1_000_000;

/// The columns that mean something.
pub const COLUMNS: [&str; 5] = ["device_id", "key_file", "fingerprint", "product_id", "problem"];

/// The form that a manifest is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values, or with `;` or a tab between them.
    Csv,
    /// One JSON array.
    Json,
    /// A JSON object on each line.
    JsonLines,
}

/// Why nothing of a manifest, or nothing from some line on, can be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is nothing in it.
    #[error("there are no rows in it")]
    Empty,
    /// UTF-16, as some spreadsheets call "Unicode text".
    #[error("it is UTF-16 text; save it as CSV UTF-8")]
    Utf16,
    /// The first line of a CSV names no devices.
    #[error("the first line names no column device_id")]
    NoDeviceId,
    /// A column is there twice.
    #[error("the column {0} is there twice")]
    TwiceNamed(String),
    /// A name that is nearly one that means something.
    #[error("line {line}: {found:?} is nearly {meant}, and would mean nothing")]
    NearlyNamed {
        /// Where.
        line: u64,
        /// The name.
        found: String,
        /// The name that was probably meant.
        meant: &'static str,
    },
    /// From here on it is no JSON.
    #[error("it is no JSON list: {0}")]
    NotJson(String),
    /// More than a row has.
    #[error("line {0}: this row is longer than {MAX_ROW} bytes; is a quotation mark missing?")]
    TooLong(u64),
    /// More rows than are taken.
    #[error("it has more than {MAX_ROWS} rows; divide it")]
    TooMany,
    /// The operating system does not let it be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
}

/// Reads all rows, and hands each over with its line; returns how many there were, and the form.
///
/// `each` ends the reading by an error of its own.
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

/// Drops the mark in front (U+FEFF), and tells the form by the first character.
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

/// The column that a name nearly is, without being it.
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
