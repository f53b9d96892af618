//! `list`: every Duo in DFU mode, what it tells of itself, and what its key slot holds.

use crate::error::Error;
use crate::keys::{Fingerprint, Slot, SlotKind};
use crate::workflow::context::{BOARDS, Context, DeviceRef, NORMAL_MODE, Snapshot, Target, Timeout};
use crate::workflow::device::enter_dfu::enter_dfu_if_none;
use crate::workflow::device::opened::{Attempt, Opened, open_all};
use crate::workflow::input::key_file::{PublicSlot, beside};
use crate::workflow::next::command_line::choice;

/// What `list` is asked for.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Which Duos; all of them unless given.
    pub target: Target,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// What a key slot holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "KeyInfo", rename_all = "camelCase")]
pub struct KeyReport {
    /// The kind of thing in the slot.
    pub slot: SlotKind,
    /// The same in words.
    #[serde(rename = "description")]
    pub words: String,
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits, where there is a key.
    pub fingerprint: Option<Fingerprint>,
}

/// What a Duo's key is worth to its firmware. Whether its cloud knows it is another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ListedState", rename_all = "kebab-case")]
pub enum ListedState {
    /// The firmware reads the key, and no other public key stands beside it.
    Sound,
    /// The firmware reads the key, and another key's public half stands beside it.
    ForeignPublicKey,
    /// There is a sound key, in a form of which the firmware reads another one, or none.
    Misread,
    /// The slot is blank: the Duo makes a new key at its next start, which its cloud does not know.
    Blank,
    /// The slot holds something that is no key for a Duo.
    NoKey,
    /// It could not be opened or read.
    Unreadable,
}

impl ListedState {
    fn of(snapshot: &Snapshot) -> Self {
        match &snapshot.slot {
            Slot::Key(read) => match beside(snapshot, read.key.public_key().fingerprint()) {
                PublicSlot::Own | PublicSlot::Empty => Self::Sound,
                PublicSlot::Foreign => Self::ForeignPublicKey,
            },
            Slot::Pkcs8(_) | Slot::Pem(_) | Slot::Misread(..) => Self::Misread,
            Slot::Blank | Slot::ResetImage => Self::Blank,
            Slot::Zeros | Slot::Ec | Slot::WrongSize { .. } | Slot::Garbage(_) => Self::NoKey,
        }
    }
}

/// A Duo in DFU mode.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ListedDuo", rename_all = "camelCase")]
pub struct Listed {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// What it tells of itself, where it could be opened.
    pub device: Option<DeviceRef>,
    /// What its key is worth to its firmware.
    pub state: ListedState,
    /// What its key slot holds, where it could be read.
    pub key: Option<KeyReport>,
    /// What stood in the way.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::error::Problem<'static>>"))]
    pub problem: Option<Error>,
}

/// What `listDevices` found.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ListResult", rename_all = "camelCase")]
pub struct Listing {
    /// The Duos in DFU mode, ordered by path; maybe none.
    pub devices: Vec<Listed>,
}

/// Lists the Duos in DFU mode. One that cannot be opened or read is listed with the reason; none at all is
/// an empty list.
pub fn list(context: Context<'_>, options: &ListOptions) -> Result<Listing, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    enter_dfu_if_none(context, &options.target, timeout)?;
    let mut devices = Vec::new();
    for Attempt { path, opened } in open_all(context, &options.target, timeout)? {
        let entry = match opened {
            Err(problem) => Listed {
                path,
                device: None,
                state: ListedState::Unreadable,
                key: None,
                problem: Some(problem),
            },
            Ok(mut opened) => match opened.snapshot() {
                Ok(snapshot) => Listed {
                    path,
                    state: ListedState::of(&snapshot),
                    key: Some(KeyReport {
                        slot: snapshot.slot.kind(),
                        words: snapshot.slot.to_string(),
                        fingerprint: snapshot.slot.key().map(|read| read.key.public_key().fingerprint()),
                    }),
                    device: Some(opened.device),
                    problem: None,
                },
                Err(problem) => Listed {
                    path,
                    device: Some(opened.device),
                    state: ListedState::Unreadable,
                    key: None,
                    problem: Some(problem),
                },
            },
        };
        let wanted = options.target.device.is_none_or(|id| {
            entry.device.as_ref().is_none_or(|device| device.device_id.is_none_or(|found| found == id))
        });
        if wanted {
            devices.push(entry);
        }
    }
    if !options.target.is_named() {
        name_running(context);
    }
    if devices.is_empty() && options.target.is_named() {
        // Say what is there in its place.
        Opened::find_there(context, &options.target, &BOARDS, timeout)?;
    }
    Ok(Listing { devices })
}

/// Says which Duos run their firmware, which are not listed, and how to have them listed.
fn name_running(context: Context<'_>) {
    for running in context.bus.list(&[NORMAL_MODE]).unwrap_or_default() {
        let usbip = context.bus.address();
        let chosen = choice(None, Some(running.path.as_str()), usbip.as_deref());
        context.note(format!(
            "the Duo at {} runs its firmware; to put it into DFU mode: duo-provision dfu{chosen}",
            running.path
        ));
    }
}
