//! Finds the Duos that are connected, and the ids that are known beforehand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::port_list::PortList;
use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::usb::PortPath;
use crate::workflow::context::{Board, Context, Target, ids};
use crate::workflow::device::enter_dfu::running;
use crate::workflow::device::opened::none_found;

/// The options of an operation on all Duos, besides its own.
#[derive(Clone, Debug, Default)]
pub struct AllOptions {
    /// A file that says which Duo is at which port.
    pub paths: Option<PathBuf>,
}

/// The checked options for all Duos.
pub struct Wanted {
    target: Target,
    ports: PortList,
}

/// A port with a Duo, or one where a Duo should be.
#[derive(Clone)]
pub struct Place {
    /// Its position among the others.
    pub nth: usize,
    /// Bus and ports.
    pub path: String,
    /// The device id that the list gives.
    pub id: Option<DeviceId>,
    /// The device id that a Duo tells while it runs its firmware.
    told: Option<DeviceId>,
    /// The line of the list that names the port, if no Duo is there.
    missing: Option<usize>,
}

impl Wanted {
    /// Refuses options that select one Duo, and reads the list. No device is touched.
    pub fn read(target: &Target, options: &AllOptions) -> Result<Self, Error> {
        let alone = [
            (target.device.is_some(), "--device"),
            (target.path.is_some(), "--path"),
            (target.wait, "--wait"),
        ];
        if let Some((_, option)) = alone.iter().find(|(given, _)| *given) {
            return Err(one_or_all(option));
        }
        let ports = options.paths.as_deref().map(PortList::read).transpose()?.unwrap_or_default();
        Ok(Self { target: target.clone(), ports })
    }

    /// The connected Duos, including those that run their firmware, and the other ports of the list; ordered by port.
    /// None at all is an error.
    pub fn find(&self, context: Context<'_>, boards: &[Board]) -> Result<Vec<Place>, Error> {
        let ready = context.bus.list(&ids(boards))?;
        let running = running(context, &self.target)?;
        if ready.is_empty() && (running.is_empty() || !self.target.enter_dfu) {
            return Err(none_found(context).during("looking for the Duos"));
        }
        // A connected Duo replaces the entry of the list.
        let mut found: BTreeMap<PortPath, (Option<DeviceId>, Option<usize>)> =
            self.ports.rows().map(|row| (row.path.clone(), (None, Some(row.line)))).collect();
        found.extend(ready.into_iter().map(|device| (device.path, (None, None))));
        found.extend(running.into_iter().map(|(path, told)| (path, (told.ok().flatten(), None))));
        let place = |(nth, (path, (told, missing))): (usize, (PortPath, _))| Place {
            nth,
            id: self.ports.id_at(&path),
            told,
            path: path.to_string(),
            missing,
        };
        Ok(found.into_iter().enumerate().map(place).collect())
    }

    /// The target that selects this Duo alone.
    pub fn target(&self, place: &Place) -> Target {
        Target { device: place.id, path: Some(place.path.clone()), ..self.target.clone() }
    }
}

impl Place {
    /// The same, with the id that was read from the Duo.
    pub fn of(&self, id: Option<DeviceId>) -> Self {
        Self { id, ..self.clone() }
    }

    /// The device id, if it is known beforehand.
    pub fn known_id(&self) -> Option<DeviceId> {
        self.id.or(self.told)
    }

    /// The error if no Duo is at the port.
    pub fn absent(&self) -> Option<Error> {
        let line = self.missing?;
        let message = format!("no Duo is at {}, which line {line} of the --paths file names", self.path);
        Some(Error::new(Code::NoDevice, message).hint("connect it, or take its line out of the file"))
    }

    /// Changes the hint of an error that asks to select a Duo.
    pub fn explained(error: Error) -> Error {
        if error.code() != Code::DeviceIdUnverifiable {
            return error;
        }
        error.hint("say which Duo is at which port: add --paths FILE, with a line `path,id` for each")
    }
}

/// The error for an option that is about one Duo.
pub fn one_or_all(option: &str) -> Error {
    let message = format!("{option} is about one Duo, and --all is every Duo that is connected");
    Error::invalid(message).hint("give one of them")
}
