//! The whole DCT of a Duo, as it is read from the internal flash: what counts in it, and whether the bootloader, which
//! only copies bytes there, sees the same.

use super::device::{Opened, Snapshot};
use crate::dct::{COPY_SIZE, DctCopy, Dump, FIELDS, Field, SYSTEM_FLAGS};
use crate::dfuse::Buffer;
use crate::error::{Code, Error, KeyState};

/// Both copies, read twice and the same.
pub(super) struct WholeHeld {
    pub bytes: Buffer,
    /// The application section of the copy that counts; `None` where none does.
    pub current: Option<Snapshot>,
    /// True where no copy counts, and the bootloader reads a key all the same.
    pub contradicted: bool,
}

impl WholeHeld {
    /// Reads it, and compares what counts in it with what the bootloader reads.
    pub fn read(opened: &mut Opened<'_>) -> Result<Self, Error> {
        let section = match opened.section() {
            Ok(section) => Some(section),
            // The one way to the keys of a Duo whose system firmware is broken.
            Err(error) if error.code() == Code::DctUnreadable => {
                let reason = error.message();
                opened
                    .context
                    .note(format!("{reason}; the whole DCT is read from the flash, unconfirmed by it"));
                None
            }
            Err(error) => return Err(error),
        };
        let bytes = opened.whole_dct()?;
        let judged =
            |error: Error| error.during("looking at the whole DCT").on(&opened.device, KeyState::Unchanged);
        let dump = Dump::recognise(&bytes);
        if let (Some(dump), Some(section)) = (&dump, &section) {
            agree(dump, section).map_err(judged)?;
        }
        let counts = dump.and_then(|dump| dump.section());
        let reads_a_key = section.as_ref().is_some_and(|section| section.fingerprint().is_some());
        let contradicted = counts.is_none() && reads_a_key;
        // Mostly the same bytes, which are judged already.
        let same =
            section.filter(|section| counts.is_some_and(|all| all.starts_with(section.image().bytes())));
        let current = match (same, counts) {
            (None, Some(counts)) => Some(Snapshot::of_section(counts)?),
            (same, _) => same,
        };
        Ok(Self { bytes, current, contradicted })
    }

    /// The application sections in which the key may be where no copy counts: of both.
    pub fn uncounted(&self) -> Vec<Snapshot> {
        let copies = self.bytes.chunks(COPY_SIZE).filter(|_| self.current.is_none()).filter_map(DctCopy::new);
        copies.filter_map(|copy| Snapshot::of_section(copy.section()).ok()).collect()
    }
}

/// The fields, by name, that differ between the copy that is taken for the current one and what the bootloader reads.
pub(super) fn differences(dump: &Dump<'_>, section: &Snapshot) -> Vec<String> {
    // From system firmware 0.3.2 on the flags live in the RTC's backup registers.
    let compared = FIELDS.iter().filter(|field| **field != SYSTEM_FLAGS);
    let differs = |field: &&Field| dump.field(field) != section.image().field(field);
    compared.filter(differs).map(Field::kebab_name).collect()
}

/// Whether the copy that is taken for the current one is the one that the bootloader reads.
fn agree(dump: &Dump<'_>, section: &Snapshot) -> Result<(), Error> {
    let different = differences(dump, section);
    if dump.section().is_none() || different.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the whole DCT and its application section, read one after the other, differ in: {}",
        different.join(", ")
    );
    Err(Error::new(Code::ReadUnstable, message)
        .hint("try another cable or USB port, without a hub, and run the command again"))
}
