//! Reads a manifest that is a JSON array of objects, or has an object on each line.

use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::bounded::{Bounded, Shared, too_long_at};
use super::row::{Mistake, Row};
use super::{ManifestError, nearly};
use crate::disk::{shown, unfit_json, unfit_json_line};

/// Reads an object on each line; skips empty lines.
pub(super) fn read_lines<E: From<ManifestError>>(
    mut input: Bounded<impl BufRead>,
    each: &mut dyn FnMut(Result<Row, Mistake>) -> Result<(), E>,
) -> Result<(), E> {
    let mut bytes = Vec::new();
    loop {
        let line = input.line();
        let more = input.next_line(&mut bytes).map_err(|error| failed(error, line))?;
        if !more {
            return Ok(());
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let members = Members.deserialize(&mut reader).and_then(|members| reader.end().map(|()| members));
        each(match members {
            Ok(members) => row(members, line)?,
            Err(error) => Err(Mistake::new(
                line,
                format!("no JSON object with plain values: {}", unfit_json_line(&error)),
            )),
        })?;
    }
}

/// Reads one array of objects.
pub(super) fn read_array<E: From<ManifestError>>(
    input: Bounded<impl BufRead>,
    each: &mut dyn FnMut(Result<Row, Mistake>) -> Result<(), E>,
) -> Result<(), E> {
    let shared = std::cell::RefCell::new(input);
    let mut stopped = None;
    let mut reader = serde_json::Deserializer::from_reader(Shared(&shared));
    let rows = Rows {
        line: &|| shared.borrow().line(),
        next: &mut |line, members| {
            shared.borrow_mut().row_ends();
            let told = row(members, line).map_err(E::from).and_then(&mut *each);
            told.map_err(|error| stopped = Some(error)).is_ok()
        },
    };
    let read = reader.deserialize_seq(rows).and_then(|()| reader.end());
    match (stopped, read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) if error.is_io() => {
            let line = shared.borrow().line();
            Err(failed(error.into(), line).into())
        }
        (None, Err(error)) => Err(ManifestError::NotJson(unfit_json(&error)).into()),
    }
}

fn failed(error: std::io::Error, line: u64) -> ManifestError {
    match too_long_at(&error) {
        Some(_) => ManifestError::TooLong(line),
        None => ManifestError::Unreadable(error),
    }
}

/// The members of an object, in their order. If a value is an array or an object, or a name is there twice, an error in
/// words.
type Found = Result<Vec<(String, String)>, String>;

/// Reads [`Found`].
struct Members;

impl<'de> DeserializeSeed<'de> for Members {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object for each device")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut members: Vec<(String, String)> = Vec::new();
        let mut wrong = None;
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            match value {
                _ if members.iter().any(|(known, _)| *known == name) => {
                    wrong = Some(format!("{:?} is there twice", shown(&name)));
                }
                Value::Null => members.push((name, String::new())),
                Value::String(text) => members.push((name, text)),
                Value::Number(number) => members.push((name, number.to_string())),
                Value::Bool(flag) => members.push((name, flag.to_string())),
                Value::Array(_) | Value::Object(_) => {
                    wrong = Some(format!("{:?} is neither a text nor a number", shown(&name)));
                }
            }
        }
        Ok(wrong.map_or(Ok(members), Err))
    }
}

/// Reads [`Found`], and the line in which it begins.
struct Begun<'a>(&'a dyn Fn() -> u64);

impl<'de> DeserializeSeed<'de> for Begun<'_> {
    type Value = (u64, Found);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // The element's first character was only peeked at, and nothing after it was read yet.
        let line = (self.0)();
        Ok((line, Members.deserialize(deserializer)?))
    }
}

/// Passes on each element of an array with its line, until `next` returns false.
struct Rows<'a> {
    line: &'a dyn Fn() -> u64,
    next: &'a mut dyn FnMut(u64, Found) -> bool,
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of devices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some((line, members)) = rows.next_element_seed(Begun(self.line))? {
            if !(self.next)(line, members) {
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// Makes a row of an object. A name that is nearly a column's is an error of the whole manifest.
fn row(members: Found, line: u64) -> Result<Result<Row, Mistake>, ManifestError> {
    let mut row = Row { line, ..Row::default() };
    let members = match members {
        Ok(members) => members,
        Err(what) => return Ok(Err(Mistake::new(line, what))),
    };
    for (name, value) in members {
        if let Some(meant) = nearly(&name) {
            return Err(ManifestError::NearlyNamed { line, found: shown(&name), meant });
        }
        row.set(&name, value);
    }
    Ok(Ok(row))
}
