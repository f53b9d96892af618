//! Makes particle-cli commands in the syntax of the installed version.

use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;

use crate::disk::read_bounded;

/// The first version in which `particle config` is `particle profile`, as major and minor.
const PROFILE_SINCE: (u64, u64) = (3, 47);

/// The most bytes of a package.json that are read; particle-cli's has 6,000.
const MAX_PACKAGE: u64 = 256 * 1024;

/// `particle profile …` or `particle config …`; both if the version is not known.
pub fn profile_command(env: impl Fn(&str) -> Option<OsString>, arguments: &str) -> String {
    match version(&env("PATH").unwrap_or_default()) {
        Some(version) if version < PROFILE_SINCE => format!("particle config {arguments}"),
        Some(_) => format!("particle profile {arguments}"),
        None => {
            format!("particle profile {arguments} (before particle-cli 3.47: particle config {arguments})")
        }
    }
}

/// The version of the particle-cli that `particle` starts. It is read from a package.json in a folder above the target
/// of the link or, for an npm script on Windows, from the folder beside the script.
fn version(path: &OsString) -> Option<(u64, u64)> {
    let program = std::env::split_paths(path)
        .map(|folder| folder.join("particle"))
        .find(|program| program.is_file())?;
    let beside = program.with_file_name("node_modules").join("particle-cli");
    let leads_to = program.canonicalize().ok()?;
    let above = leads_to.ancestors().skip(1).take(3).map(Path::to_owned);
    above.chain([beside]).find_map(|folder| version_in(&folder.join("package.json")))
}

fn version_in(package: &Path) -> Option<(u64, u64)> {
    let json: Value = serde_json::from_slice(&read_bounded(package, MAX_PACKAGE).ok()?).ok()?;
    if json.get("name")?.as_str()? != "particle-cli" {
        return None;
    }
    let mut numbers = json.get("version")?.as_str()?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::profile_command;

    #[test]
    fn the_words_are_those_of_the_version_that_is_there_else_both() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("lib/node_modules/particle-cli");
        let bin = folder.path().join("bin");
        std::fs::create_dir_all(package.join("bin")).unwrap();
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(package.join("bin/particle.js"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(package.join("bin/particle.js"), bin.join("particle")).unwrap();
        let said = || profile_command(|_| Some(bin.clone().into_os_string()), "lab apiUrl x");
        for (version, words) in [
            ("3.46.1", "particle config lab apiUrl x"),
            ("3.47.0", "particle profile lab apiUrl x"),
            ("4.0.0", "particle profile lab apiUrl x"),
        ] {
            let json = format!("{{\"name\": \"particle-cli\", \"version\": \"{version}\"}}");
            std::fs::write(package.join("package.json"), json).unwrap();
            if cfg!(unix) {
                assert_eq!(said(), words, "{version}");
            }
        }
        let both = profile_command(|_| None, "lab apiUrl x");
        assert!(both.contains("particle profile lab") && both.contains("particle config lab"), "{both}");
    }
}
