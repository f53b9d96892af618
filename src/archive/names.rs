//! Names a backup and the files beside it, and reads such names.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::manifest::{Contents, Manifest};

/// `key.der`, `key.pem` and `key.bin` become `key.<extension>`; any other name stays whole, with the extension added.
pub(super) fn sibling(path: &Path, extension: &str) -> PathBuf {
    let strip = matches!(path.extension().and_then(OsStr::to_str), Some("der" | "pem" | "bin"));
    if strip {
        return path.with_extension(extension);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    path.with_file_name(name)
}

/// Whether a file has a backup's name, and not that of a file beside one.
pub(super) fn has_backups_name(path: &Path) -> bool {
    // A name that is not UTF-8 counts: the file is then reported as unreadable.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    matches!(path.extension().and_then(OsStr::to_str), Some("der" | "pem" | "bin"))
        && !name.starts_with('.')
        && !name.ends_with(".pub.pem")
}

/// Whether the name is that of a text file, which may hold nothing but PEM.
pub fn is_pem_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pem"))
}

/// Stem and extension of a backup's name in the archive.
pub(super) fn name_of(manifest: &Manifest) -> (String, &'static str) {
    let device = manifest.device_id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    // 2026-01-31T12:00:00Z becomes 20260131T120000Z: file names should have no colons.
    let time: String = manifest.created_at.chars().filter(char::is_ascii_alphanumeric).collect();
    let (what, extension) = match (manifest.contents, manifest.fingerprint) {
        (Contents::PrivateKey, Some(fingerprint)) => (fingerprint.short(), "der"),
        (Contents::EncryptedPrivateKey, Some(fingerprint)) => (fingerprint.short(), "pem"),
        (Contents::PrivateKey | Contents::EncryptedPrivateKey | Contents::RawSlot, _) => {
            ("raw".into(), "bin")
        }
        (Contents::Dct, _) => ("dct".into(), "bin"),
        (Contents::WholeDct, _) => ("dct32".into(), "bin"),
    };
    (format!("{device}-{what}-{time}"), extension)
}

/// A time in a form to be shown; `None` if it is no time.
pub fn rfc3339(text: &str) -> Option<String> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    Some(text.to_owned())
}

/// `20260131T120000Z`, as [`name_of`] writes it, becomes 2026-01-31T12:00:00Z again.
pub(super) fn extended(basic: &str) -> Option<String> {
    let part = |range| basic.get(range);
    let (date, time) = (part(0..8)?, part(9..15)?);
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        date.get(..4)?,
        date.get(4..6)?,
        date.get(6..)?,
        time.get(..2)?,
        time.get(2..4)?,
        time.get(4..)?
    );
    rfc3339(&text).filter(|_| basic.len() == 16 && part(8..9) == Some("T") && basic.ends_with('Z'))
}
