//! Tests names that are long or cannot be typed: they are used whole, or refused before a Duo is touched.

#[cfg(target_os = "linux")]
use std::fs;
use std::path::{Path, PathBuf};

use duo_provision::error::{Code, Error};
use duo_provision::simulator::Generation;
use duo_provision::workflow::BackupOptions;
#[cfg(target_os = "linux")]
use duo_provision::workflow::ResetOptions;

use super::bench::{Bench, NEW, key, restore_of};

fn backup_to(bench: &Bench, file: &Path) -> Result<PathBuf, Error> {
    let options = BackupOptions { file: Some(file.to_owned()), ..BackupOptions::default() };
    bench.backup(&options).map(|done| done.path)
}

/// How many requests the Duo has got.
fn asked(bench: &Bench) -> usize {
    bench.duo(|duo| duo.log().count())
}

/// A name of this many bytes, as file systems count them; most allow 255.
fn name_of(length: usize, extension: &str) -> String {
    "x".repeat(length - extension.len()) + extension
}

#[test]
fn a_name_that_backup_takes_is_one_that_restore_reads() {
    let mut taken = Vec::new();
    for extension in [".der", ".key"] {
        for length in 240..=256 {
            let bench = Bench::new(Generation::R6);
            let file = bench.folder.path().join(name_of(length, extension));
            let before = asked(&bench);
            match backup_to(&bench, &file) {
                Ok(path) => {
                    bench.set_slot(key(NEW));
                    bench.restore(&restore_of(&path)).unwrap();
                    taken.push((extension, length));
                }
                Err(error) => {
                    assert_eq!(error.code(), Code::InvalidArgument, "{length}: {error}");
                    assert_eq!(asked(&bench), before, "{length}: the Duo was asked");
                    assert!(!file.exists(), "{length}");
                }
            }
        }
    }
    // key.der has key.pub.pem beside it, and key.key has key.key.pub.pem.
    let last =
        |extension| taken.iter().filter(|(with, _)| *with == extension).map(|(_, length)| *length).max();
    assert_eq!((last(".der"), last(".key")), (Some(251), Some(247)));
}

#[test]
fn a_key_file_with_the_longest_name_is_restored() {
    let bench = Bench::new(Generation::R6);
    for name in [name_of(255, ".der"), name_of(255, ".key")] {
        let file = bench.file(&name, &key(NEW)[..611]);
        bench.restore(&restore_of(&file)).unwrap();
        assert_eq!(bench.slot()[..611], key(NEW)[..611]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_not_utf_8_is_refused_before_the_duo_is_touched() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let bench = Bench::new(Generation::R6);
    let name = OsStr::from_bytes(b"k\xff.der");
    let folder = bench.folder.path().join(OsStr::from_bytes(b"f\xff"));
    fs::create_dir(&folder).unwrap();
    let named = bench.folder.path().join(name);
    let within = folder.join("key.der");
    for file in [&named, &within] {
        fs::write(file, key(NEW)).unwrap();
    }
    let refused = |error: Error| {
        assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        assert!(error.message().contains("is not UTF-8"), "{error}");
    };
    let before = asked(&bench);
    for file in [&named, &within] {
        refused(bench.restore(&restore_of(file)).unwrap_err());
        refused(backup_to(&bench, &file.with_extension("new")).unwrap_err());
    }
    assert_eq!(asked(&bench), before, "the Duo was asked");

    // The environment can name any archive; a typed name is always UTF-8.
    let env = |archive: &Path| {
        let archive = archive.as_os_str().to_owned();
        move |name: &str| (name == "DUO_PROVISION_ARCHIVE").then(|| archive.clone())
    };
    let located = duo_provision::archive::Archive::locate(None, &env(&folder)).unwrap_err();
    assert!(located.to_string().contains("is not UTF-8"), "{located}");
}

/// A backup that another program has put into the archive.
#[cfg(target_os = "linux")]
#[test]
fn in_the_archive_a_name_that_is_not_utf_8_is_named_and_not_used() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let bench = Bench::new(Generation::R6);
    bench.reset(&ResetOptions::default()).unwrap();
    fs::write(bench.archive().join(OsStr::from_bytes(b"k\xff.der")), key(NEW)).unwrap();
    let archive = duo_provision::archive::Archive::locate(Some(&bench.archive()), &|_| None).unwrap();
    let survey = archive.survey().unwrap();
    assert!(survey.entries.iter().all(|entry| entry.path.to_str().is_some()), "{survey:?}");
    assert_eq!((survey.entries.is_empty(), survey.unreadable.len()), (false, 1));
    assert!(survey.unreadable[0].to_string().contains("is not UTF-8"));
}

/// An alternate stream, a device, and names that Windows shortens.
#[cfg(windows)]
#[test]
fn a_name_that_is_no_file_on_windows_is_refused_before_the_duo_is_touched() {
    let bench = Bench::new(Generation::R6);
    let before = asked(&bench);
    for (name, why) in [
        ("a:b.der", "hidden stream"),
        ("nul", "a device"),
        ("con.der", "a device"),
        ("duo.", "dots and spaces"),
        ("what?.der", "a character"),
    ] {
        let error =
            backup_to(&bench, format!("{}/{name}", bench.folder.path().display()).as_ref()).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{name}: {error}");
        assert!(error.message().contains(why), "{name}: {error}");
    }
    assert_eq!(asked(&bench), before);
    let left: Vec<_> =
        std::fs::read_dir(bench.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}
