//! Reads a file that may be a dump of a DCT, and the manifest beside it.

use std::path::{Path, PathBuf};

use crate::archive::Manifest;
use crate::bootloader::BootloaderGeneration;
use crate::bootloader::session::whole_dct_address;
use crate::dct::{CopyRule, DeviceId, Dump, WhichCopy};
use crate::error::Error;
use crate::workflow::context::{Context, Target};
use crate::workflow::input::given_file::GivenFile;

/// A file that was read.
pub struct DumpFile {
    pub given: GivenFile,
    /// The manifest beside it, if it describes these bytes.
    pub manifest: Option<Manifest>,
}

impl DumpFile {
    /// Reads a file with any contents.
    pub fn read(context: Context<'_>, path: &Path) -> Result<Self, Error> {
        let given = GivenFile::read(context, path, "reading the file")?;
        Ok(Self { manifest: given.manifest_beside(path), given })
    }

    /// The dump in the file. A whole DCT is read by the rule that the manifest names or its place implies.
    pub fn dump(&self) -> Option<Dump<'_>> {
        let dump = Dump::recognise(&self.given.bytes)?;
        Some(self.copy_rule(&dump).map_or(dump, |rule| dump.by(rule)))
    }

    /// The rule that determines which copy counts, if the manifest or the place in the flash tells it.
    fn copy_rule(&self, dump: &Dump<'_>) -> Option<CopyRule> {
        let old = match &self.manifest {
            Some(manifest) if manifest.copy_rule.is_some() => return manifest.copy_rule,
            Some(manifest) => manifest.bootloader == BootloaderGeneration::R3R4.to_string(),
            None => dump.address() == Some(whole_dct_address(BootloaderGeneration::R3R4)),
        };
        old.then_some(CopyRule::R3ToR5)
    }

    /// The device that it is from: from the manifest, otherwise from the DCT.
    pub fn device_id(&self) -> Option<DeviceId> {
        let told = self.manifest.as_ref().and_then(|manifest| manifest.device_id);
        told.or_else(|| {
            let dump = self.dump()?;
            dump.device_id().or_else(|| in_both_copies(&dump))
        })
    }
}

/// The device id in both copies of a whole DCT, if they do not differ. For when it is not known which copy counts.
fn in_both_copies(dump: &Dump<'_>) -> Option<DeviceId> {
    dump.whole()?;
    let mut told = WhichCopy::BOTH.into_iter().filter_map(|copy| dump.of_copy(copy.index()).device_id());
    let first = told.next()?;
    told.all(|other| other == first).then_some(first)
}

/// Refuses options that select a Duo: a file is given already.
pub fn no_device(target: &Target) -> Result<(), Error> {
    if *target == Target::default() {
        return Ok(());
    }
    Err(Error::invalid("a file is given, and an attached Duo is chosen; give one of them")
        .hint("leave out what chooses a Duo to look at the file, or the file to look at the Duo"))
}

/// The absolute path of what was typed.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
