//! Checks the image of a whole DCT: whether it may be written back, and to which Duo.
//!
//! The image is written as it was read, so errors in it cannot be corrected on the way. It is only written if the
//! firmware finds a current copy in it, with a key that the firmware reads.

use std::path::Path;

use crate::archive::{Archive, Contents, Manifest};
use crate::bootloader::BootloaderGeneration;
use crate::bootloader::session::whole_dct_address;
use crate::dct::{CopyRule, DctCopy, DeviceId, Dump, FLASH_MODULES, FLASH_SIZE, Half, WHOLE_SIZE, WhichCopy};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::keys::Slot;
use crate::workflow::context::{DeviceRef, Evidence, Snapshot};
use crate::workflow::input::dump_file::DumpFile;
use crate::workflow::input::key_file::{WritableKey, checked_manifest};
use crate::workflow::next::command_line as command;
use crate::workflow::next::command_line::inspect;

/// The hint if an image cannot be used.
const ANOTHER: &str = "look for another backup with: duo-provision backups";

/// An image that may be written, as far as this is known without the Duo.
pub struct WholeImage<'a> {
    pub dump: Dump<'a>,
    /// The key in its current copy.
    pub key: WritableKey,
    manifest: Option<Manifest>,
}

impl<'a> WholeImage<'a> {
    /// Checks a file before the search for the Duo: some Duo must be able to use it.
    pub fn for_any(file: &'a DumpFile, path: &Path) -> Result<Self, Error> {
        let [r3_to_r5, r6] = CopyRule::ALL.map(|rule| Self::of(file, path, rule));
        r6.or_else(|refused| r3_to_r5.map_err(|_| refused))
    }

    /// Checks a file for a Duo whose firmware has this rule: it will read the image by that rule.
    pub fn of(file: &'a DumpFile, path: &Path, rule: CopyRule) -> Result<Self, Error> {
        let dump = recognised(file, path, rule)?;
        let slot = dump.private_key_slot().map(Slot::classify);
        let Some(Slot::Key(read)) = &slot else { return Err(without_key(slot.as_ref(), path)) };
        let manifest = checked_manifest(path, &file.given)?;
        let key = WritableKey::of_key_in(path, read, &dump, manifest.clone())?;
        Ok(Self { dump, key, manifest })
    }

    /// Refuses an image of the other bootloader generation, whose firmware has another DCT layout.
    pub fn check_generation(&self, here: BootloaderGeneration) -> Result<(), Error> {
        let there = self.generation();
        let manifest = self.manifest.as_ref().filter(|manifest| manifest.contents == Contents::WholeDct);
        let lay = manifest.map(|manifest| manifest.offset).or(self.dump.address());
        let elsewhere = lay.is_some_and(|offset| offset != whole_dct_address(here));
        match there {
            Some(there) if there != here.to_string() => {
                Err(format!("the image is of a Duo with bootloader {there}, and this one has {here}"))
            }
            _ if elsewhere => {
                Err("the image was read from another place in the flash than this Duo has its DCT in"
                    .to_owned())
            }
            _ => Ok(()),
        }
        .map_err(|message| {
            Error::new(Code::DumpUnusable, message).hint(format!(
                "its key alone can be taken out and restored: {} --extract device-private-key",
                inspect(&self.key.path)
            ))
        })
    }

    /// As the manifest says. Without one: from where the DCT lies in an image of the whole flash, or from data that
    /// only firmware of r5 and r6 writes: a version record (from 0.3.2), or the device id, whose bytes are reserved up
    /// to 0.2.4 (redbear/firmware `dct.h`).
    fn generation(&self) -> Option<String> {
        let told = self.manifest.as_ref().map(|manifest| manifest.bootloader.clone());
        let placed = || {
            let lies = |here: &BootloaderGeneration| self.dump.address() == Some(whole_dct_address(*here));
            let generations = [BootloaderGeneration::R3R4, BootloaderGeneration::R5R6];
            generations.into_iter().find(lies).map(|generation| generation.to_string())
        };
        let written = || {
            let whole = self.dump.whole()?;
            let versioned = whole.copies().iter().any(DctCopy::has_record);
            (versioned || self.dump.device_id().is_some()).then(|| BootloaderGeneration::R5R6.to_string())
        };
        told.or_else(placed).or_else(written)
    }

    /// Why it may be written to this Duo; an error if it is known to be another's.
    pub fn evidence(
        &self,
        device: &DeviceRef,
        held: &Snapshot,
        archive: Option<&Archive>,
        allowed: bool,
    ) -> Result<Evidence, Error> {
        let evidence = self.key.evidence(device, held, archive, allowed)?;
        match (self.dump.device_id(), device.device_id) {
            (Some(other), Some(here)) if other != here && !allowed => Err(Error::new(
                Code::KeyOfOtherDevice,
                format!("the device id in the image is {other}, not {here}"),
            )
            .hint(format!("choose a backup of {here}; if you really mean it, add --allow-other-device"))),
            (Some(other), Some(here)) if other != here => Ok(Evidence::AllowedOtherDevice),
            _ => Ok(evidence),
        }
    }

    /// The device that the image is from, if that is known.
    pub fn device_id(&self) -> Option<DeviceId> {
        let told = self.manifest.as_ref().and_then(|manifest| manifest.device_id);
        told.or_else(|| self.dump.device_id())
    }

    /// Warnings shown before all of it is written. `had_one`: the Duo has a current copy now.
    pub fn cautions(&self, evidence: Evidence, had_one: bool) -> Vec<String> {
        let mut cautions = vec![
            "everything that was written to the Duo since the image was read is lost: keys, the claim code, Wi-Fi \
             networks, the cloud that it connects to"
                .to_owned(),
        ];
        cautions.push(
            if had_one {
                "where the power is cut in the middle, the Duo has the DCT of before or the image's, and the rest is \
                 done by the same command again"
            } else {
                "the Duo has no DCT that counts now; where the power is cut in the middle, it has none until the same \
                 command is run again"
            }
            .to_owned(),
        );
        if self.generation().is_none() {
            cautions.push(
                "nothing says of which bootloader the image is: one of the other generation (r3 and r4, r5 and r6) does \
                 not fit this Duo's firmware"
                    .to_owned(),
            );
        }
        if self.dump.is_disputed() {
            cautions.push(format!(
                "the firmware of bootloaders r3 to r5 and that of r6 read different copies in the image: this Duo's reads \
                 the {} one",
                WhichCopy::BOTH[self.dump.copy().unwrap_or_default()].name()
            ));
        }
        if evidence == Evidence::AllowedOtherDevice {
            cautions
                .push("the image is another device's: its device id and its keys come with it".to_owned());
        }
        let modules = self.dump.field(&FLASH_MODULES).unwrap_or_default();
        if !modules.iter().all(|byte| matches!(byte, 0 | 0xFF)) {
            cautions.push(
                "the image names modules that the bootloader installs out of the external flash at the next start, \
                 which holds something else by now"
                    .to_owned(),
            );
        }
        cautions
    }
}

fn recognised<'a>(file: &'a DumpFile, path: &Path, rule: CopyRule) -> Result<Dump<'a>, Error> {
    let unusable = |why: String| Error::new(Code::DumpUnusable, format!("{}: {why}", plain_path(path)));
    if let Some(instead) = file.given.instead(path) {
        return Err(instead);
    }
    let length = file.given.bytes.len();
    if length != WHOLE_SIZE && length != FLASH_SIZE {
        return Err(unusable(format!("it has {length} bytes, and a whole DCT has {WHOLE_SIZE}")).hint(format!(
            "a whole one is made with: duo-provision dct backup --whole; single fields of any dump are written with: \
             duo-provision dct restore {} --fields NAMES",
            command::file(path)
        )));
    }
    let dump = file.dump().filter(|dump| !dump.is_unreadable()).map(|dump| dump.by(rule));
    let dump = dump.ok_or_else(|| unusable("neither half of it is a copy of a DCT".into()).hint(ANOTHER))?;
    if let Some(other) = strange_half(&dump) {
        let why = format!(
            "its {} half is neither a copy of a DCT nor erased: it may have been read from another place in the flash",
            other.name()
        );
        return Err(unusable(why).hint(ANOTHER));
    }
    if dump.section().is_none() {
        let why = "neither of the two copies in it is one that the firmware would use";
        return Err(unusable(why.into()).hint(ANOTHER));
    }
    Ok(dump)
}

/// The half of a whole DCT that is neither a copy nor erased. A dump from the address of the other generation's DCT has
/// one.
fn strange_half(dump: &Dump<'_>) -> Option<WhichCopy> {
    let whole = dump.whole()?;
    WhichCopy::BOTH.into_iter().find(|copy| whole.copies()[copy.index()].half() == Half::Other)
}

/// The error for an image without a key: writing it would destroy the Duo's key.
fn without_key(slot: Option<&Slot>, path: &Path) -> Error {
    let holds = slot.map_or_else(String::new, |slot| format!("holds {slot}"));
    let why = match slot {
        Some(Slot::Blank | Slot::ResetImage) => "writing it would destroy the Duo's key and bring none",
        _ => "writing it would leave the Duo without a key that its firmware reads",
    };
    let message = format!("{}: the key slot in it {holds}: {why}", plain_path(path));
    Error::new(Code::DumpUnusable, message).during("reading the key in the dump").hint(format!(
        "to have the Duo make a new key: duo-provision reset; to set it up for Particle's cloud: duo-provision server-key \
         restore; for what else is in the image: duo-provision dct restore {} --fields NAMES",
        command::file(path)
    ))
}
