//! Fuzzes the manifest beside a backup: a file that anybody may have changed.

use duo_provision::archive::{Contents, FORMAT, Manifest};

/// Reads a manifest and writes it again.
pub fn run(bytes: &[u8]) {
    match Manifest::parse(bytes) {
        Ok(manifest) => {
            assert_eq!((manifest.format.as_str(), manifest.version), (FORMAT, 1));
            assert!(matches!(
                manifest.contents,
                Contents::PrivateKey | Contents::RawSlot | Contents::Dct | Contents::WholeDct
            ));
            let written = manifest.to_json();
            assert!(written.ends_with("}\n"));
            assert_eq!(Manifest::parse(written.as_bytes()).ok(), Some(manifest), "{written}");
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
            assert!(text.chars().count() <= 200, "{} characters", text.chars().count());
        }
    }
}
