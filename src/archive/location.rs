//! Finds the archive: `--archive`, `DUO_PROVISION_ARCHIVE`, or the user's data directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::disk::{Owner, own_folder, set};

/// The environment variable that names the archive.
pub const ARCHIVE_VARIABLE: &str = "DUO_PROVISION_ARCHIVE";

/// The archive's absolute path; `None` if the user has no home folder.
pub fn locate(
    option: Option<&Path>,
    env: &dyn Fn(&str) -> Option<OsString>,
    owner: &Owner,
) -> Option<PathBuf> {
    let path = match named(option, env) {
        Some(path) => path,
        None => own_folder(env, owner)?.join("backups"),
    };
    std::path::absolute(path).ok()
}

/// The folder that the option or the variable names.
pub fn named(option: Option<&Path>, env: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    option.map(Path::to_owned).or_else(|| set(env, ARCHIVE_VARIABLE).map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::{Owner, locate};
    use std::ffi::OsString;
    use std::path::Path;

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    }

    #[test]
    fn the_option_goes_before_the_variable() {
        let env = env(&[("DUO_PROVISION_ARCHIVE", "/var"), ("HOME", "/home/a")]);
        let absolute = |path: &str| std::path::absolute(path).unwrap();
        let option = Path::new("/opt");
        assert_eq!(locate(Some(option), &env, &Owner::caller()).unwrap(), absolute("/opt"));
        assert_eq!(locate(None, &env, &Owner::caller()).unwrap(), absolute("/var"));
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn the_data_directory_is_that_of_xdg() {
        let home = [("HOME", "/home/a")];
        let expected = Path::new("/home/a/.local/share/duo-provision/backups");
        assert_eq!(locate(None, &env(&home), &Owner::caller()).unwrap(), expected);
        let xdg = [("HOME", "/home/a"), ("XDG_DATA_HOME", "/data")];
        assert_eq!(
            locate(None, &env(&xdg), &Owner::caller()).unwrap(),
            Path::new("/data/duo-provision/backups")
        );
        let relative = [("HOME", "/home/a"), ("XDG_DATA_HOME", "data")];
        assert_eq!(locate(None, &env(&relative), &Owner::caller()).unwrap(), expected);
    }

    #[test]
    fn without_a_home_there_is_no_archive() {
        assert_eq!(locate(None, &|_| None, &Owner::caller()), None);
    }
}
