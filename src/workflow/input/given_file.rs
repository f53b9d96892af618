//! Reads a file that a person named: its bytes without a DFU suffix. If it is not what was asked for, says what it is.

use std::path::Path;

use zeroize::Zeroizing;

use crate::archive::{Manifest, described_by, manifest_beside, read_bounded, sha256_hex};
use crate::dct::{FLASH_SIZE, InFlash, find_in_flash};
use crate::dfuse::suffix::{SUFFIX_SIZE, before_suffix};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::workflow::context::Context;
use crate::workflow::next::command_line;

/// The most bytes that are read of any file: an image of the whole flash, with a suffix.
pub const MAX_FILE: u64 = (FLASH_SIZE + SUFFIX_SIZE) as u64;

/// A file that was read.
pub struct GivenFile {
    /// What it holds, without a DFU suffix.
    pub bytes: Zeroizing<Vec<u8>>,
    /// SHA-256 of the bytes, and of the whole file if it has a suffix.
    digests: Vec<String>,
}

impl GivenFile {
    /// Reads a file with any contents.
    pub fn read(context: Context<'_>, path: &Path, phase: &'static str) -> Result<Self, Error> {
        let file = Self::read_quietly(path, phase)?;
        if file.digests.len() > 1 {
            context.note(format!(
                "{}: the last {SUFFIX_SIZE} bytes are the suffix of a DFU file, which is left out",
                plain_path(path)
            ));
        }
        Ok(file)
    }

    /// The same for one of many files: no note about a suffix.
    pub fn read_quietly(path: &Path, phase: &'static str) -> Result<Self, Error> {
        let mut bytes = read_bounded(path, MAX_FILE).map_err(|error| Error::from(error).during(phase))?;
        let mut digests = vec![sha256_hex(&bytes)];
        if let Some(length) = before_suffix(&bytes).map(<[u8]>::len) {
            bytes.truncate(length);
            digests.push(sha256_hex(&bytes));
        }
        Ok(Self { bytes, digests })
    }

    /// Bytes that were not read from a file.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self { bytes: Zeroizing::new(bytes.to_vec()), digests: Vec::new() }
    }

    /// Whether a manifest is about this file.
    pub fn is_described_by(&self, manifest: &Manifest) -> bool {
        self.digests.contains(&manifest.sha256)
    }

    /// The manifest beside the file, if it describes these bytes. An unusable one is ignored.
    pub fn manifest_beside(&self, path: &Path) -> Option<Manifest> {
        let beside = manifest_beside(path).ok().flatten().and_then(|beside| beside.manifest.ok());
        beside.filter(|manifest| self.is_described_by(manifest))
    }

    /// What the file is instead of what was asked for; `None` if that is not known.
    pub fn instead(&self, path: &Path) -> Option<Error> {
        is_manifest(&self.bytes, path).or_else(|| is_flash(&self.bytes, path))
    }
}

/// The error if the file is a manifest instead of the file that it describes.
fn is_manifest(bytes: &[u8], path: &Path) -> Option<Error> {
    let manifest = Manifest::parse(bytes).ok()?;
    let described = described_by(path);
    let (where_it_is, hint) = described.map_or_else(
        || {
            (
                "and that file is not beside it".to_owned(),
                "look for it with: duo-provision backups".to_owned(),
            )
        },
        |file| {
            (
                format!("which is {}", plain_path(&file)),
                format!("give that file in its place: {}", command_line::file(&file)),
            )
        },
    );
    let what = if manifest.contents.is_dump() { "a dump of a DCT" } else { "a key" };
    let message = format!("{}: it is the manifest of the file with {what}, {where_it_is}", plain_path(path));
    Some(Error::new(Code::KeyUnrecognized, message).hint(hint))
}

/// The error if the file is an image of the whole flash in which no DCT is found.
fn is_flash(bytes: &[u8], path: &Path) -> Option<Error> {
    let why = match find_in_flash(bytes)? {
        InFlash::At(_) => return None,
        InFlash::Ambiguous => "the DCT in it may begin at 0x08004000 or at 0x08008000: its bytes do not tell",
        InFlash::Nowhere => "there is no DCT in it, neither at 0x08004000 nor at 0x08008000",
    };
    let from = command_line::file(path);
    let message = format!("{}: it is as long as an image of the whole flash, and {why}", plain_path(path));
    Some(Error::new(Code::DumpUnusable, message).hint(format!(
        "if you know its bootloader, cut the DCT out: dd if={from} of=dct.bin bs=16384 count=2 skip=1 (r3 and r4), or skip=2 \
         (r5 and r6)"
    )))
}
