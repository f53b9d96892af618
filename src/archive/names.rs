//! What a backup, and what stands beside it, is called; and what of that a name tells.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::manifest::{Contents, Manifest};

/// `key.der`, `key.pem` and `key.bin` become `key.<extension>`; any other name keeps what it has.
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

/// Whether a file of the archive is called as a backup is, and not as what stands beside one.
pub(super) fn has_backups_name(path: &Path) -> bool {
    // One that is not UTF-8 counts: it is then found to be unreadable, and named.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    matches!(path.extension().and_then(OsStr::to_str), Some("der" | "pem" | "bin"))
        && !name.starts_with('.')
        && !name.ends_with(".pub.pem")
}

/// Whether a file is called as a text is, in which no bytes but PEM's belong.
pub fn is_pem_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pem"))
}

/// Stem and extension of a backup's name in the archive.
pub(super) fn name_of(manifest: &Manifest) -> (String, &'static str) {
    let device = manifest.device_id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    // 2026-01-31T12:00:00Z becomes 20260131T120000Z: colons are not for file names.
    let time: String = manifest.created_at.chars().filter(char::is_ascii_alphanumeric).collect();
    match (manifest.contents, manifest.fingerprint) {
        (Contents::PrivateKey, Some(fingerprint)) => {
            (format!("{device}-{}-{time}", fingerprint.short()), "der")
        }
        (Contents::EncryptedPrivateKey, Some(fingerprint)) => {
            (format!("{device}-{}-{time}", fingerprint.short()), "pem")
        }
        (Contents::PrivateKey | Contents::EncryptedPrivateKey | Contents::RawSlot, _) => {
            (format!("{device}-raw-{time}"), "bin")
        }
        (Contents::Dct, _) => (format!("{device}-dct-{time}"), "bin"),
        (Contents::WholeDct, _) => (format!("{device}-dct32-{time}"), "bin"),
    }
}

/// A time as it may be shown; `None` if it is none.
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
