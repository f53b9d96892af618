//! Reads the whole DCT of a Duo from the internal flash, and finds the copy that counts. The bootloader only copies
//! bytes there; so it is also asked for the DCT, and its answer decides.

use crate::dct::{CopyRule, Dump, FIELDS, Field, SYSTEM_FLAGS};
use crate::error::{Code, Error, KeyState};
use crate::workflow::context::{Snapshot, WholeHeld};
use crate::workflow::device::opened::Opened;

/// Reads the whole DCT, and compares the copy that counts with what the bootloader reads.
pub fn read(opened: &mut Opened<'_>) -> Result<WholeHeld, Error> {
    let bytes = opened.whole_dct()?;
    let counts = |dump: &Dump<'_>| CopyRule::ALL.into_iter().any(|rule| dump.by(rule).section().is_some());
    let Some(dump) = Dump::recognise(&bytes).filter(counts) else {
        // Do not ask the bootloader for the DCT here: if it finds no copy that counts, it makes a new DCT.
        opened.context.note("no copy of the Duo's DCT counts: which key it has cannot be told");
        return Ok(WholeHeld { bytes, rule: opened.device.copy_rule, current: None });
    };
    let section = section(opened)?;
    let judged =
        |error: Error| error.during("looking at the whole DCT").on(&opened.device, KeyState::Unchanged);
    let rule = section.as_ref().map_or(Ok(opened.device.copy_rule), |section| {
        rule_of(&dump, section, opened.device.copy_rule).map_err(judged)
    })?;
    let current = dump.by(rule).section().map(Snapshot::of_section).transpose()?;
    Ok(WholeHeld { bytes, rule, current })
}

/// What the bootloader reads; `None` if it cannot.
fn section(opened: &mut Opened<'_>) -> Result<Option<Snapshot>, Error> {
    match opened.section() {
        Ok(section) => Ok(Some(section)),
        // This is the only way to read the keys of a Duo whose system firmware is broken.
        Err(error) if error.code() == Code::DctUnreadable => {
            let reason = error.message();
            opened.context.note(format!("{reason}; the whole DCT is read from the flash, unconfirmed by it"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The rule by which the copy that the bootloader reads counts. `expected` is tried first: if both rules find the same
/// copy, they cannot be told apart.
fn rule_of(dump: &Dump<'_>, section: &Snapshot, expected: CopyRule) -> Result<CopyRule, Error> {
    let agrees = |rule: &CopyRule| differences(&dump.by(*rule), section).is_empty();
    [expected, expected.other()].into_iter().find(agrees).ok_or_else(|| {
        let message = format!(
            "the whole DCT and its application section, read one after the other, differ in: {}",
            differences(&dump.by(expected), section).join(", ")
        );
        Error::new(Code::ReadUnstable, message)
            .hint("try another cable or USB port, without a hub, and run the command again")
    })
}

/// The names of the fields that differ between the copy that counts and what the bootloader reads.
pub fn differences(dump: &Dump<'_>, section: &Snapshot) -> Vec<String> {
    // From system firmware 0.3.2 on the flags live in the RTC's backup registers.
    let compared = FIELDS.iter().filter(|field| **field != SYSTEM_FLAGS);
    let differs = |field: &&Field| dump.field(field) != section.image().field(field);
    compared.filter(differs).map(Field::kebab_name).collect()
}
