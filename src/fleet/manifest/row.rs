//! Defines a row of a manifest, as it is in the file and after its texts were checked.

use crate::dct::{DeviceId, DeviceIdError};
use crate::disk::shown;
use crate::keys::Fingerprint;

/// The longest path of a key file, in bytes; `PATH_MAX` on Linux.
const MAX_PATH: usize = 4096;

/// A row, as it is in the manifest. An empty text means: not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its line, from 1.
    pub line: u64,
    /// `device_id`.
    pub device_id: String,
    /// `key_file`.
    pub key_file: String,
    /// `fingerprint`.
    pub fingerprint: String,
    /// `product_id`.
    pub product_id: String,
    /// `problem`.
    pub problem: String,
    /// All other columns, with their names.
    pub others: Vec<(String, String)>,
}

/// What is wrong with a row, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its line, from 1.
    pub line: u64,
    /// What.
    pub what: String,
}

/// A row whose texts are valid. Its key was not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Its line, from 1.
    pub line: u64,
    /// The device.
    pub device: DeviceId,
    /// The key file; none for the generic key.
    pub key_file: Option<String>,
    /// The fingerprint that the key must have.
    pub fingerprint: Option<Fingerprint>,
    /// The product, if it is given.
    pub product_id: Option<u32>,
}

impl Mistake {
    /// A sentence about the row in a line.
    pub fn new(line: u64, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Row {
    /// Sets the value of the column with this name.
    pub(super) fn set(&mut self, name: &str, value: String) {
        match name {
            "device_id" => self.device_id = value,
            "key_file" => self.key_file = value,
            "fingerprint" => self.fingerprint = value,
            "product_id" => self.product_id = value,
            "problem" => self.problem = value,
            _ => self.others.push((name.to_owned(), value)),
        }
    }

    /// Checks every text of the row.
    pub fn sound(&self, allow_generic: bool) -> Result<Sound, Mistake> {
        let wrong = |what: String| Mistake::new(self.line, what);
        let device = device(&self.device_id).map_err(wrong)?;
        let key_file = self.key_file.trim();
        // Not quoted: it may be a private key.
        if key_file.contains("-----BEGIN") || key_file.contains('\n') {
            return Err(wrong(format!("{device}: key_file holds a key itself, and not the name of a file")));
        }
        if key_file.len() > MAX_PATH || key_file.contains('\0') {
            return Err(wrong("the name of the key file cannot be one".to_owned()));
        }
        if key_file.is_empty() && !allow_generic {
            return Err(wrong(format!("{device} has no key_file; --allow-generic sends the generic key")));
        }
        let fingerprint = match self.fingerprint.trim() {
            "" => None,
            text => Some(text.parse().map_err(|error| wrong(format!("{error}; this is {:?}", shown(text))))?),
        };
        Ok(Sound {
            line: self.line,
            device,
            key_file: (!key_file.is_empty()).then(|| key_file.to_owned()),
            fingerprint,
            product_id: product(self.product_id.trim()).map_err(wrong)?,
        })
    }
}

/// Reads a device id. The error says what is wrong with the text.
pub fn device(text: &str) -> Result<DeviceId, String> {
    let text = text.trim();
    if is_eaten(text) {
        return Err(format!(
            "{:?} is a device id that a spreadsheet has taken for a number, and its digits are lost: write the column \
             anew, as text",
            shown(text)
        ));
    }
    text.parse().map_err(|error: DeviceIdError| format!("{error}; this is {:?}", shown(text)))
}

/// True if a spreadsheet or a JSON number damaged an id that has only digits, or digits and an `e`: `3.0001E+23`, or 15
/// correct digits with zeros after them.
fn is_eaten(text: &str) -> bool {
    if text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_digit()) && text.ends_with("000000000") {
        return !text.bytes().all(|byte| byte == b'0');
    }
    let decimal = text.contains(['.', ',']) || text.to_ascii_lowercase().contains("e+");
    let number = text.replace(',', ".").parse::<f64>();
    (decimal && number.is_ok_and(|number| number.is_finite() && number.abs() >= 1e3)) || text.starts_with('#')
}

fn product(text: &str) -> Result<Option<u32>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<u32>() {
        Ok(number) if number != 0 && !text.starts_with('+') => Ok(Some(number)),
        _ => Err(format!("{:?} is no product id; a Duo's is 88", shown(text))),
    }
}
