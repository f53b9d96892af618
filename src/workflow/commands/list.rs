//! `list`: lists every Duo, what it reports about itself and, in DFU mode, what its key slot holds.

use crate::dct::DeviceId;
use crate::error::Error;
use crate::keys::{Fingerprint, Slot, SlotKind};
use crate::usb::PortPath;
use crate::workflow::context::{BOARDS, Context, DeviceRef, Snapshot, TargetOptions};
use crate::workflow::device::enter_dfu::{enter_dfu_if_none, running};
use crate::workflow::device::opened::{Opened, open_all};
use crate::workflow::input::key_file::{PublicSlot, beside};

/// What a key slot holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "KeyInfo", rename_all = "camelCase")]
pub struct KeyReport {
    /// The kind of contents in the slot.
    pub slot: SlotKind,
    /// The same in words.
    #[serde(rename = "description")]
    pub words: String,
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits, if there is a key.
    pub fingerprint: Option<Fingerprint>,
}

/// Whether the Duo's firmware can use its key, if it can be read. It does not say whether its cloud knows the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ListedState", rename_all = "kebab-case")]
pub enum ListedState {
    /// The firmware reads the key, and no other key's public half is beside it.
    Sound,
    /// The firmware reads the key, and another key's public half is beside it.
    ForeignPublicKey,
    /// The slot holds a sound key in a form that the firmware reads as another key, or not at all.
    Misread,
    /// The slot is blank: at its next start, the Duo makes a new key, which its cloud does not know.
    Blank,
    /// The slot holds something that is no key for a Duo.
    NoKey,
    /// It could not be opened or read.
    #[default]
    Unreadable,
    /// The Duo runs its firmware: its key can be read only in DFU mode. `enterDfu` puts it there.
    Running,
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
            Slot::Zeros | Slot::Ec | Slot::WrongSize(_) | Slot::Garbage(_) => Self::NoKey,
        }
    }
}

/// A Duo that is connected.
#[derive(Debug, Default, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ListedDuo", rename_all = "camelCase")]
pub struct Listed {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// The device id, if the Duo reports it.
    pub device_id: Option<DeviceId>,
    /// True for a virtual Duo.
    pub simulated: bool,
    /// What it reports about itself in DFU mode, if it could be opened.
    pub device: Option<DeviceRef>,
    /// Whether its firmware can use its key.
    pub state: ListedState,
    /// What its key slot holds, if it could be read.
    pub key: Option<KeyReport>,
    /// The error that occurred.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::error::Problem<'static>>"))]
    pub problem: Option<Error>,
}

/// What `listDevices` found.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ListResult", rename_all = "camelCase")]
pub struct Listing {
    /// The Duos, ordered by path; may be empty. The `state` of a Duo that is not in DFU mode is `running`.
    pub devices: Vec<Listed>,
}

/// Lists the Duos in DFU mode and those that run their firmware. A Duo that cannot be opened or read is listed with the
/// reason. If there is no Duo, the list is empty.
pub fn list(context: Context<'_>, options: &TargetOptions) -> Result<Listing, Error> {
    let context = context.within(options.timeout)?;
    let (target, simulated) = (&options.target, context.bus.is_virtual());
    enter_dfu_if_none(context, target)?;
    let ready = open_all(context, target)?.into_iter().map(|(path, opened)| {
        let listed = Listed::in_dfu_mode(&path, simulated, opened);
        (path, listed)
    });
    let running = running(context, target)?.into_iter().map(|(path, told)| {
        let listed = Listed::running(&path, simulated, told);
        (path, listed)
    });
    let wanted =
        |listed: &Listed| target.device.is_none_or(|id| listed.device_id.is_none_or(|found| found == id));
    let mut found: Vec<(PortPath, Listed)> = ready.chain(running).filter(|(_, one)| wanted(one)).collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    if found.is_empty() && target.is_named() {
        // The error says which Duos are there instead.
        Opened::find_there(context, target, &BOARDS)?;
    }
    Ok(Listing { devices: found.into_iter().map(|(_, listed)| listed).collect() })
}

impl Listed {
    fn new(path: &PortPath, simulated: bool, state: ListedState) -> Self {
        Self { path: path.to_string(), simulated, state, ..Self::default() }
    }

    fn in_dfu_mode(path: &PortPath, simulated: bool, opened: Result<Opened<'_>, Error>) -> Self {
        let unreadable = Self::new(path, simulated, ListedState::Unreadable);
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(problem) => return Self { problem: Some(problem), ..unreadable },
        };
        let read = opened.snapshot();
        let device_id = opened.device.device_id;
        let unreadable = Self { device_id, device: Some(opened.device), ..unreadable };
        match read {
            Err(problem) => Self { problem: Some(problem), ..unreadable },
            Ok(snapshot) => Self {
                state: ListedState::of(&snapshot),
                key: Some(KeyReport {
                    slot: snapshot.slot.kind(),
                    words: snapshot.slot.to_string(),
                    fingerprint: snapshot.fingerprint(),
                }),
                ..unreadable
            },
        }
    }

    fn running(path: &PortPath, simulated: bool, told: Result<Option<DeviceId>, Error>) -> Self {
        let running = Self::new(path, simulated, ListedState::Running);
        match told {
            Ok(device_id) => Self { device_id, ..running },
            Err(problem) => Self { problem: Some(problem), ..running },
        }
    }
}
