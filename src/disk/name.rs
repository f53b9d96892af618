//! Refuses names that a file cannot have, or that cannot be written down, printed and typed again.

use std::path::{Component, Path};

use super::error::FileError;

/// Refuses a path that is not UTF-8, or is relative to a current folder that is not: an operation that began with it
/// could not be finished. On Windows, also refuses a path that does not name a file, or names another file than it
/// seems to.
pub fn check_name(path: &Path) -> Result<(), FileError> {
    if let Some(whole) = std::path::absolute(path).ok().filter(|whole| whole.to_str().is_none()) {
        return Err(FileError::NotUtf8(whole));
    }
    // The path as given: an absolute one turns `nul` into a device's path and drops dots at the end.
    let refused = path.components().find_map(|component| match component {
        Component::Normal(name) if cfg!(windows) => not_on_windows(&name.to_string_lossy()),
        _ => None,
    });
    refused.map_or(Ok(()), |why| Err(FileError::NotOnWindows { path: path.to_owned(), why }))
}

/// Whether the name is too long for Windows: more than 255 UTF-16 units. Other systems report that themselves.
pub fn is_too_long(path: &Path) -> bool {
    let units = |name: &std::ffi::OsStr| name.to_string_lossy().encode_utf16().count();
    cfg!(windows) && path.file_name().is_some_and(|name| units(name) > 255)
}

/// Why Windows has no file of that name; `None` if it can have one (Microsoft, "Naming Files, Paths, and Namespaces").
fn not_on_windows(name: &str) -> Option<&'static str> {
    if name.contains(':') {
        return Some("what is behind a colon would be a hidden stream of another file");
    }
    if name.contains(|c: char| "<>\"|?*".contains(c) || c < ' ') {
        return Some("it has a character that no name may have: < > \" | ? *");
    }
    if name.ends_with(['.', ' ']) {
        return Some("Windows leaves out dots and spaces at the end of a name");
    }
    is_device(name).then_some("it is a device, whatever its extension is")
}

/// `CON`, `nul.der`, `COM1.tar.gz`; superscript digits count, too.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = ["COM", "LPT"].iter().find_map(|port| stem.strip_prefix(port));
    let numbered = numbered.is_some_and(|number| {
        let mut signs = number.chars();
        matches!(signs.next(), Some('0'..='9' | '¹' | '²' | '³')) && signs.next().is_none()
    });
    numbered || ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    use super::{check_name, not_on_windows};

    #[test]
    fn what_is_no_file_on_windows_is_told_by_its_name() {
        for (name, why) in [
            ("a:b.der", "stream"),
            ("duo.der::$DATA", "stream"),
            ("CON", "device"),
            ("nul", "device"),
            ("nul.der", "device"),
            ("Aux .tar.gz", "device"),
            ("com1", "device"),
            ("LPT³.txt", "device"),
            ("conout$", "device"),
            ("duo.", "dots and spaces"),
            ("duo ", "dots and spaces"),
            ("duo?.der", "character"),
            ("duo\t.der", "character"),
        ] {
            assert!(not_on_windows(name).is_some_and(|said| said.contains(why)), "{name}");
        }
        for name in ["duo.der", ".duo", "console", "com10.der", "common", "a b.der", "nulls", "käse.der"] {
            assert_eq!(not_on_windows(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_is_refused_only_where_it_is_none() {
        let folder = tempfile::tempdir().unwrap();
        // A single letter before a colon would be a drive, and `join` would drop the folder.
        for name in ["duo:b.der", "nul", "duo.", "x/con.d/y"] {
            let whole = format!("{}/{name}", folder.path().to_str().unwrap());
            for path in [whole.as_str(), name] {
                assert_eq!(check_name(path.as_ref()).is_err(), cfg!(windows), "{path}");
            }
        }
        for path in ["..", ".", "./duo.der"] {
            assert!(check_name(path.as_ref()).is_ok(), "{path}");
        }
        assert!(check_name(&folder.path().join("duo.der")).is_ok());
    }
}
