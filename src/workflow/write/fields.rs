//! Writes fields of the DCT one after another, each in one block, and reads each back and compares it.
//!
//! The private key comes last: if something goes wrong before it, the old key is still there.

use crate::dct::Field;
use crate::error::{Error, exit};
use crate::journal::Step;
use crate::workflow::context::Snapshot;
use crate::workflow::device::opened::Opened;
use crate::workflow::next::Recovery;
use crate::workflow::record::backup::{Backups, Keeper};
use crate::workflow::record::journal::OperationRecord;
use crate::workflow::write::field::{AFTER_THE_WRITE, block_to_write, write_verified};
use crate::workflow::write::patch::Patch;
use crate::workflow::write::transaction::Writing;

/// The fields to write, and the Duo's DCT.
pub struct Fields {
    /// What the Duo holds, as it was last read.
    pub held: Snapshot,
    patches: Vec<Patch>,
    /// True if the key is backed up in a file of its own.
    key_alone: bool,
}

impl Fields {
    /// A key, or the reset image.
    pub fn key(held: Snapshot, patch: Patch) -> Self {
        Self { held, patches: vec![patch], key_alone: true }
    }

    /// Fields in the order in which they are written.
    pub const fn of_dct(held: Snapshot, patches: Vec<Patch>) -> Self {
        Self { held, patches, key_alone: false }
    }

    /// The fields whose bytes in the Duo differ.
    pub fn differing(&self) -> Vec<Field> {
        let differing = self.patches.iter().filter(|patch| !patch.is_in(&self.held));
        differing.map(|patch| *patch.field()).collect()
    }

    /// Adds to the error which fields are done and which are not, if there are several.
    fn so_far(&self, error: Error, failed: usize) -> Error {
        if self.patches.len() == 1 {
            return error;
        }
        // The state of the failed field is only known from the error, unless its write succeeded.
        let succeeded = error.phase() == Some(AFTER_THE_WRITE);
        let open = error.code().exit_code() == exit::KEY;
        let (done, left) = self.patches.split_at(failed + usize::from(succeeded));
        let left = left.get(usize::from(open)..).unwrap_or_default();
        let error = if done.is_empty() { error } else { error.adding(format!("in place: {}", names(done))) };
        if left.is_empty() {
            return error;
        }
        error.adding(format!("not written: {} (the same command goes on with that)", names(left)))
    }
}

impl Writing for Fields {
    fn parts(&self) -> usize {
        self.patches.len()
    }

    fn is_there(&self) -> bool {
        self.differing().is_empty()
    }

    fn check(&self, opened: &Opened<'_>) -> Result<(), Error> {
        let mut written = None;
        for patch in self.patches.iter().filter(|patch| !patch.is_in(&self.held)) {
            let held = written.as_ref().unwrap_or(&self.held);
            block_to_write(opened, held, patch)?;
            written = Some(patch.applied_to(held)?);
        }
        Ok(())
    }

    fn back_up(&self, keeper: &mut Keeper<'_, '_>) -> Result<Backups, Error> {
        if self.key_alone { keeper.key(&self.held) } else { keeper.section(&self.held) }
    }

    fn write<'a>(
        &mut self,
        mut opened: Opened<'a>,
        recovery: &Recovery<'_>,
        record: &mut OperationRecord<'_>,
    ) -> Result<Opened<'a>, Error> {
        for (index, patch) in self.patches.iter().enumerate() {
            if patch.is_in(&self.held) {
                let name = patch.field().kebab_name();
                opened.context.note(format!("{name} is as it is in the dump already; it is left alone"));
                record.reached(Step::Verified);
                continue;
            }
            (opened, self.held) = write_verified(opened, &self.held, patch, recovery, record)
                .map_err(|error| self.so_far(error, index))?;
        }
        Ok(opened)
    }
}

fn names(patches: &[Patch]) -> String {
    let names: Vec<String> = patches.iter().map(|patch| patch.field().kebab_name()).collect();
    names.join(", ")
}
