//! Reads the file that says which Duo is at which port: for Duos that do not tell their id, a line `path,id` for each.
//! The file is not trusted: all of it is checked before any device is touched.

use std::collections::HashMap;
use std::path::Path;

use crate::archive::read_bounded;
use crate::dct::DeviceId;
use crate::disk::plain_path;
use crate::error::Error;
use crate::fleet::manifest::device;
use crate::keys::to_utf8;
use crate::usb::PortPath;
use crate::workflow::context::Target;

/// The most bytes that are read; all ports of many buses take less.
const MAX_FILE: u64 = 64 * 1024;

/// The Duos by their ports.
#[derive(Default)]
pub(super) struct PortList {
    rows: Vec<Row>,
}

/// A Duo and its port.
pub(super) struct Row {
    pub line: usize,
    pub path: PortPath,
    id: DeviceId,
}

impl PortList {
    /// Reads and checks the file.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let bytes = read_bounded(file, MAX_FILE)?;
        let refused = |what: String| {
            Error::invalid(format!("{}{what}", plain_path(file)))
                .hint("it takes a line for each Duo, its port and its id: 1-2,30001a000347343432313031")
        };
        let text = to_utf8(&bytes);
        let text = std::str::from_utf8(text.as_ref().unwrap_or(&bytes))
            .map_err(|_| refused(": it is not UTF-8 text; save it as CSV UTF-8".to_owned()))?;
        let rows = parse(text.trim_start_matches('\u{feff}'));
        let rows = rows.map_err(|(line, what)| refused(format!(", line {line}: {what}")))?;
        if rows.is_empty() {
            return Err(refused(": there is no Duo in it".to_owned()));
        }
        Ok(Self { rows })
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// The id of the Duo at a port.
    pub fn id_at(&self, path: &PortPath) -> Option<DeviceId> {
        self.rows.iter().find(|row| row.path == *path).map(|row| row.id)
    }
}

/// All rows, or the first line that is wrong, and why.
fn parse(text: &str) -> Result<Vec<Row>, (usize, String)> {
    let mut rows = Vec::new();
    let (mut paths, mut ids) = (HashMap::new(), HashMap::new());
    for (line, text) in text.lines().enumerate().map(|(nth, text)| (nth + 1, text.trim())) {
        let is_header = line == 1 && text.to_ascii_lowercase().starts_with("path");
        if text.is_empty() || is_header {
            continue;
        }
        let row = row(line, text).map_err(|what| (line, what))?;
        if let Some(before) = paths.insert(row.path.clone(), line) {
            return Err((line, format!("{} is in line {before}, too", row.path)));
        }
        if let Some(before) = ids.insert(row.id, line) {
            return Err((line, format!("{} is in line {before}, too", row.id)));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// A line that does not begin with a port may come from another file, with a secret in it. So errors never show the
/// line.
fn row(line: usize, text: &str) -> Result<Row, String> {
    let values: Vec<&str> =
        text.split([',', ';', '\t']).map(|value| value.trim().trim_matches('"')).collect();
    let [path, id] = values.as_slice() else {
        return Err("it is not a port and a device id with a comma between them".to_owned());
    };
    let no_port = || "it does not begin with a port, bus and ports, such as 1-2 or 1-1.4".to_owned();
    Target::parse(None, Some(path)).map_err(|_| no_port())?;
    let numbers = path.split(['-', '.']).filter_map(|number| number.parse().ok());
    let numbers: Vec<u8> = numbers.collect();
    let (bus, ports) = numbers.split_first().ok_or_else(no_port)?;
    Ok(Row { line, path: PortPath::new(*bus, ports), id: device(id)? })
}
