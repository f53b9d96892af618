//! Tests the promises of the archive, without a device: what it keeps, what it finds again, and what it refuses.

use std::fs;
use std::path::{Path, PathBuf};

use duo_provision::archive::{
    Archive, Backup, Contents, Description, Entry, FORMAT, FileError, Manifest, ManifestError, Origin, Owner,
    Stored, check_writable, create_folder, create_new, read_bounded, sha256_hex,
};
use duo_provision::dct::DeviceId;
use duo_provision::keys::{Fingerprint, PublicKey};
use tempfile::TempDir;

const ID: &str = "30001b000c4735333030ab01";
const OTHER_ID: &str = "30001b000c4735333030ab02";

struct Bench {
    folder: TempDir,
    archive: Archive,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::locate(Some(&folder.path().join("archive")), &|_| None).unwrap();
        Self { folder, archive }
    }

    fn store(&self, bytes: &[u8], change: impl FnOnce(&mut Manifest)) -> Stored {
        let mut manifest = Manifest { sha256: sha256_hex(bytes), ..manifest() };
        change(&mut manifest);
        self.archive.store(&Backup { bytes, opens: None, public_pem: None, manifest }).unwrap()
    }

    /// A file that another program has put into the archive.
    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        self.archive.prepare().unwrap();
        let path = self.archive.folder().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn only_entry(&self) -> Entry {
        let mut survey = self.archive.survey().unwrap();
        assert_eq!((survey.entries.len(), survey.unreadable.len()), (1, 0));
        survey.entries.remove(0)
    }
}

fn manifest() -> Manifest {
    Manifest {
        format: FORMAT.to_owned(),
        version: 1,
        contents: Contents::RawSlot,
        origin: Origin::Device,
        device_id: Some(ID.parse::<DeviceId>().unwrap()),
        device_id_source: None,
        fingerprint: None,
        bootloader: "r5-r6".to_owned(),
        copy_rule: None,
        simulated: false,
        offset: 34,
        length: 4,
        sha256: String::new(),
        created_at: "2026-01-31T12:00:00Z".to_owned(),
        tool: "test".to_owned(),
    }
}

fn fingerprint() -> Fingerprint {
    PublicKey::generic().fingerprint()
}

fn as_key(manifest: &mut Manifest) {
    manifest.contents = Contents::PrivateKey;
    manifest.fingerprint = Some(fingerprint());
}

mod keeping {
    use super::*;

    #[test]
    fn the_same_bytes_are_kept_once_for_each_device_and_kind() {
        let bench = Bench::new();
        let first = bench.store(b"slot", |_| {});
        assert!(!first.already_there);
        let again = bench.store(b"slot", |_| {});
        assert!(again.already_there && again.path == first.path && again.manifest == first.manifest);
        let other = bench.store(b"slot", |manifest| manifest.device_id = OTHER_ID.parse().ok());
        assert!(!other.already_there, "another device");
        assert!(!bench.store(b"tols", |_| {}).already_there, "other bytes");
        assert!(!bench.store(b"slot", as_key).already_there, "a key, not raw bytes");
        assert!(!bench.store(b"slot", |manifest| manifest.simulated = true).already_there);
    }

    #[test]
    fn two_backups_of_one_second_have_two_names() {
        let bench = Bench::new();
        let names = [b"one!", b"two!", b"more"]
            .map(|bytes| bench.store(bytes, |_| {}).path.file_name().unwrap().to_str().unwrap().to_owned());
        let stem = format!("{ID}-raw-20260131T120000Z");
        assert_eq!(names, [format!("{stem}.bin"), format!("{stem}-2.bin"), format!("{stem}-3.bin")]);
    }
}

mod finding {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_holds_nothing_and_a_file_is_no_archive() {
        let bench = Bench::new();
        assert!(bench.archive.entries().unwrap().is_empty());
        fs::write(bench.archive.folder(), b"").unwrap();
        assert!(matches!(bench.archive.survey(), Err(FileError::Unreadable { .. })));
    }

    #[test]
    fn what_does_not_have_a_backups_name_is_left_aside() {
        let bench = Bench::new();
        for name in [".hidden.der", ".duo-provision-x.tmp", "notes.txt", "key.der.json", "der"] {
            bench.put(name, b"slot");
        }
        let survey = bench.archive.survey().unwrap();
        assert!(survey.entries.is_empty() && survey.unreadable.is_empty(), "{survey:?}");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let bench = Bench::new();
        fs::create_dir_all(bench.archive.folder().join("folder.der")).unwrap();
        let large = bench.put("large.bin", &vec![0; 64 * 1024 + 1]);
        bench.put("largest.bin", &vec![0; 64 * 1024]);
        let survey = bench.archive.survey().unwrap();
        assert_eq!(survey.entries.len(), 1);
        let [FileError::IsFolder(folder), FileError::TooLarge { path, .. }] = &survey.unreadable[..] else {
            panic!("{:?}", survey.unreadable);
        };
        assert_eq!((folder, path), (&bench.archive.folder().join("folder.der"), &large));
    }

    #[test]
    fn a_manifest_counts_where_it_describes_the_bytes() {
        let bench = Bench::new();
        let stored = bench.store(b"slot", as_key);
        let entry = bench.only_entry();
        assert_eq!((entry.description, entry.fingerprint), (Description::Sound, Some(fingerprint())));
        assert_eq!(entry.created_at.as_deref(), Some("2026-01-31T12:00:00Z"));
        assert_eq!(bench.archive.devices_of(fingerprint()).unwrap(), [ID.parse::<DeviceId>().unwrap()]);

        fs::write(&stored.path, b"tols").unwrap();
        let entry = bench.only_entry();
        assert_eq!((entry.description, entry.fingerprint), (Description::OfOtherBytes, None));
        assert_eq!(entry.device_id, ID.parse().ok(), "out of the name");

        fs::write(stored.manifest.as_ref().unwrap(), b"{\"format\":").unwrap();
        assert_eq!(bench.only_entry().description, Description::Invalid);
        // Valid JSON, but no manifest of ours.
        fs::write(stored.manifest.as_ref().unwrap(), b"{}").unwrap();
        assert_eq!(bench.only_entry().description, Description::Missing);
        fs::remove_file(stored.manifest.unwrap()).unwrap();
        assert_eq!(bench.only_entry().description, Description::Missing);
        assert!(bench.archive.devices_of(fingerprint()).unwrap().is_empty());
    }

    #[test]
    fn without_a_manifest_the_time_is_the_names_if_it_is_one() {
        for (time, expected) in [
            ("20260131T120000Z", Some("2026-01-31T12:00:00Z")),
            ("20260131X120000Z", None),
            ("20260131T120000Q", None),
            ("20260131T120000ZZ", None),
            ("20260131T1200000Z", None),
            ("20261331T120000Z", None),
            ("2026", None),
            ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", None),
        ] {
            let bench = Bench::new();
            bench.put(&format!("{ID}-raw-{time}.bin"), b"slot");
            assert_eq!(bench.only_entry().created_at.as_deref(), expected, "{time}");
        }
        let bench = Bench::new();
        bench.store(b"slot", |manifest| manifest.created_at = "yesterday".to_owned());
        assert_eq!(bench.only_entry().created_at, None, "nor is just any text of a manifest a time");
    }
}

mod files {
    use super::*;

    #[test]
    fn a_folder_is_made_with_those_above_it() {
        let bench = Bench::new();
        let path = bench.folder.path().join("a/b/c");
        create_folder(&path, &Owner::detect(&|_| None)).unwrap();
        assert!(path.is_dir());
        create_folder(&path, &Owner::detect(&|_| None)).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_says_why() {
        let bench = Bench::new();
        let file = bench.put("file", b"");
        let make = |path: &Path| create_folder(path, &Owner::detect(&|_| None)).unwrap_err();
        assert!(matches!(make(&file), FileError::NotAFolder(path) if path == file));
        assert!(matches!(make(&file.join("below")), FileError::NotAFolder(path) if path == file));
        let long = bench.folder.path().join("x".repeat(300));
        assert!(matches!(make(&long), FileError::NotWritable { .. }));
    }

    #[test]
    fn a_folder_that_takes_no_file_is_not_writable() {
        let bench = Bench::new();
        check_writable(bench.folder.path()).unwrap();
        assert!(check_writable(&bench.folder.path().join("none")).is_err());
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let bench = Bench::new();
        let path = bench.folder.path().join("ten");
        create_new(&path, &[7; 10], &Owner::detect(&|_| None)).unwrap();
        assert_eq!(read_bounded(&path, 10).unwrap().as_slice(), [7; 10]);
        assert!(matches!(read_bounded(&path, 9), Err(FileError::TooLarge { limit: 9, .. })));
    }
}

#[test]
fn a_manifest_of_another_format_or_version_is_not_read() {
    for (format, version) in [(FORMAT, 2), (FORMAT, 0), ("another", 1), ("another", 2)] {
        let json = Manifest { format: format.to_owned(), version, ..manifest() }.to_json();
        let Err(ManifestError::Unknown(told, told_version)) = Manifest::parse(json.as_bytes()) else {
            panic!("{format} {version}");
        };
        assert_eq!((told.as_str(), told_version), (format, version));
    }
}

#[test]
fn what_becomes_of_a_manifest_has_words() {
    for (description, words) in [
        (Description::Sound, "it describes the file"),
        (Description::Missing, "missing: the backup is good without it"),
        (Description::Invalid, "it cannot be read: to restore the backup, move the manifest away"),
        (Description::OfOtherBytes, "it describes other bytes than the file has"),
    ] {
        assert!(description.words().starts_with(words), "{}", description.words());
    }
}
