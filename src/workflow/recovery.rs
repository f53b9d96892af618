//! What is printed to be typed after a write that went wrong: to finish, and to go back.

use std::path::{Path, PathBuf};

use super::Context;
use super::command::{choice, fields_from, file, flag, restore_from, whole_from};
use super::device::{DeviceRef, Snapshot};
use crate::archive::DeviceIdSource;
use crate::dct::{DEVICE_PRIVATE_KEY, DeviceId, Field};

/// Of a whole DCT. A copy that did not count may hold a key all the same.
pub(super) const NO_KEY_COUNTED: &str =
    "no key counted before (`duo-provision backups` lists those that were found); the bytes that were there";

/// What recovers the device when a write goes wrong.
pub(super) struct Recovery {
    /// What would finish the job, to be typed.
    pub again: String,
    /// What brings back what was there.
    pub back: Back,
    /// The device that the keys stood in for, where the Duo tells no id: its key may be gone by then, so only
    /// the user's word is left to say it.
    pub owner: Option<DeviceId>,
    /// The backup of the application section, in which the bytes beside the field are.
    pub section: Option<PathBuf>,
    /// True where it was typed that a place that nothing shows will do.
    pub unproven: bool,
}

/// The way back.
pub(super) enum Back {
    /// A command, to be typed with the arguments that choose the Duo, and what it brings back.
    Command {
        /// "the key that was there".
        what: &'static str,
        /// The command.
        command: String,
        /// What has to be typed after it, with what chooses the Duo.
        then: Option<String>,
    },
    /// There is none, and why.
    None(String),
}

impl Back {
    /// To the key that was in the slot.
    pub fn to_key(before: &Snapshot, backup: Option<&Path>) -> Self {
        match backup {
            Some(backup) if before.slot.key().is_some() => {
                Self::Command { what: "the key that was there", command: restore_from(backup), then: None }
            }
            Some(backup) => {
                Self::None(format!("no key was there before; the bytes that were are in {}", file(backup)))
            }
            None => Self::None("no backup of the key that was there was made".to_owned()),
        }
    }

    /// To what was in these fields; a key slot without a key is not brought back.
    pub fn to_fields(fields: &[Field], before: &Snapshot, backup: Option<&Path>) -> Self {
        let Some(backup) = backup else {
            return Self::None("no backup of what was there was made".to_owned());
        };
        let kept = |field: &&Field| **field != DEVICE_PRIVATE_KEY || before.slot.key().is_some();
        let names: Vec<String> = fields.iter().filter(kept).map(Field::kebab_name).collect();
        if names.is_empty() {
            let backup = file(backup);
            return Self::None(format!("no key was there before; the bytes that were are in {backup}"));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Self::Command { what: "what was there", command: fields_from(backup, &names), then: None }
    }

    /// To the DCT that was there, all of it; one in which no key counted is not written back.
    pub fn to_whole(had_key: bool, backup: Option<&Path>) -> Self {
        let Some(backup) = backup else {
            return Self::None("no backup of what was there was made".to_owned());
        };
        if !had_key {
            return Self::None(format!("{NO_KEY_COUNTED} are in {}", file(backup)));
        }
        Self::Command { what: "the DCT that was there", command: whole_from(backup), then: None }
    }

    /// The same, with a command to be typed after it.
    pub fn and_then(mut self, typed: String) -> Self {
        if let Self::Command { then, .. } = &mut self {
            *then = Some(typed);
        }
        self
    }
}

impl Recovery {
    /// What to type, to finish and to go back.
    pub fn hint(&self, device: &DeviceRef, context: Context<'_>) -> String {
        let choice = self.choice(device, context);
        let back = match &self.back {
            Back::Command { what, command, then } => {
                let then = then.as_ref().map(|then| format!(" && {then}")).unwrap_or_default();
                format!("to go back to {what}: {command}{choice}{then}")
            }
            Back::None(why) => why.clone(),
        };
        format!("to finish: {again}{choice}; {back}", again = self.again)
    }

    /// What to type where other fields than the one that was to be written have changed.
    pub fn hint_of_others(&self, others: &[Field], device: &DeviceRef, context: Context<'_>) -> String {
        let choice = self.choice(device, context);
        let back = match (&self.back, self.put_back(others)) {
            (_, None) => return self.without_others(others, device, context),
            (Back::Command { what, command, then }, Some(others)) => {
                let then = then.as_ref().map(|then| format!(" && {then}")).unwrap_or_default();
                format!("to go back to {what}: {others}{choice} && {command}{choice}{then}")
            }
            (Back::None(why), Some(others)) => format!("to go back: {others}{choice} ({why})"),
        };
        let others = self.put_back(others).unwrap_or_default();
        format!("to finish: {others}{choice} && {again}{choice}; {back}", again = self.again)
    }

    /// The command that puts back what lay beside the field.
    fn put_back(&self, others: &[Field]) -> Option<String> {
        let names: Vec<String> = others.iter().map(Field::kebab_name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let section = self.section.as_ref().filter(|_| !names.is_empty())?;
        Some(fields_from(section, &names))
    }

    fn without_others(&self, others: &[Field], device: &DeviceRef, context: Context<'_>) -> String {
        let hint = self.hint(device, context);
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

    fn choice(&self, device: &DeviceRef, context: Context<'_>) -> String {
        device_arguments(device, self.owner, context) + &flag("allow-unproven-address", self.unproven)
    }
}

/// The arguments that choose this Duo again. An id that it does not tell by itself has to be typed again.
pub(super) fn device_arguments(device: &DeviceRef, owner: Option<DeviceId>, context: Context<'_>) -> String {
    let told = device.device_id_source == Some(DeviceIdSource::UsbSerial);
    let id = device.device_id.or(owner).filter(|_| !told);
    choice(id, Some(&device.path), context.bus.address().as_deref())
}
