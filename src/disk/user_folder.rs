//! Finds the user's data directory.

use std::ffi::OsString;
use std::path::PathBuf;

use super::owner::Owner;

/// The program's own folder in the user's data directory, absolute; `None` if the user has no home folder.
pub fn own_folder(env: &dyn Fn(&str) -> Option<OsString>, owner: &Owner) -> Option<PathBuf> {
    std::path::absolute(data_directory(env, owner)?.join("duo-provision")).ok()
}

/// The value of an environment variable, if it is set and not empty.
pub(crate) fn set(env: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<OsString> {
    env(name).filter(|value| !value.is_empty())
}

/// `$XDG_DATA_HOME` or `~/.local/share` (XDG Base Directory Specification). Under sudo the variables are
/// root's, so only the caller's home counts.
#[cfg(all(unix, not(target_os = "macos")))]
fn data_directory(env: &dyn Fn(&str) -> Option<OsString>, owner: &Owner) -> Option<PathBuf> {
    if let Some(home) = owner.home() {
        return Some(home.join(".local/share"));
    }
    let xdg = set(env, "XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    xdg.or_else(|| Some(PathBuf::from(set(env, "HOME")?).join(".local/share")))
}

#[cfg(target_os = "macos")]
fn data_directory(env: &dyn Fn(&str) -> Option<OsString>, owner: &Owner) -> Option<PathBuf> {
    let home = owner.home().or_else(|| set(env, "HOME").map(PathBuf::from))?;
    Some(home.join("Library/Application Support"))
}

/// The machine's own folder, not the roaming one: keys should not travel with a profile.
#[cfg(windows)]
fn data_directory(env: &dyn Fn(&str) -> Option<OsString>, _owner: &Owner) -> Option<PathBuf> {
    set(env, "LOCALAPPDATA").map(PathBuf::from)
}
