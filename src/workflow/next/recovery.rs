//! Makes the hint after a write that went wrong: commands to finish, and to go back.

use std::path::PathBuf;

use crate::dct::Field;
use crate::journal::Started;
use crate::workflow::next::command_line::{fields_from, file, then};
use crate::workflow::next::operation::{Rollback, hint, on_device, retry};

/// What is needed to recover the device if a write goes wrong.
pub struct Recovery<'r> {
    /// The operation, as the journal records it.
    pub started: &'r Started,
    /// How to undo the write.
    pub rollback: Rollback,
    /// The backup of the application section. It has the bytes beside the field.
    pub section: Option<PathBuf>,
}

impl Recovery<'_> {
    /// The commands to finish and to go back.
    pub fn hint(&self) -> String {
        hint(self.started, &self.rollback)
    }

    /// The commands if other fields than the written one have changed.
    pub fn hint_of_others(&self, others: &[Field]) -> String {
        let Some(others) = self.put_back(others) else { return self.without_others(others) };
        let back = match &self.rollback {
            Rollback::Command { what, command } => {
                format!("to go back to {what}: {}", then(&others, command))
            }
            Rollback::Bytes { why, backup } => format!("to go back: {others} ({why} are in {backup})"),
            Rollback::None(why) => format!("to go back: {others} ({})", why.unwrap_or("no key was changed")),
        };
        format!("to finish: {}; {back}", then(&others, &retry(self.started)))
    }

    /// The command that restores the other fields.
    fn put_back(&self, others: &[Field]) -> Option<String> {
        let names: Vec<String> = others.iter().map(Field::kebab_name).collect();
        let section = self.section.as_ref().filter(|_| !names.is_empty())?;
        Some(fields_from(section, &names) + &on_device(self.started))
    }

    fn without_others(&self, others: &[Field]) -> String {
        let hint = self.hint();
        match &self.section {
            Some(section) if others.is_empty() => {
                format!(
                    "{hint}; what changed is no field that can be restored: the bytes are in {}",
                    file(section)
                )
            }
            _ => format!("{hint}; what changed beside it is in no backup"),
        }
    }
}
