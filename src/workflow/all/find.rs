//! Which Duos are connected, and which ids are known of them beforehand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::port_list::PortList;
use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::usb::PortPath;
use crate::workflow::context::{Board, Context, Target, Timeout, ids};
use crate::workflow::device::enter_dfu::running;
use crate::workflow::device::opened::none_found;

/// What an operation on all Duos is asked for beside what it is.
#[derive(Clone, Debug, Default)]
pub struct AllOptions {
    /// A file that says which Duo is at which port.
    pub paths: Option<PathBuf>,
}

/// What was typed about all Duos.
pub(in crate::workflow) struct Wanted {
    target: Target,
    ports: PortList,
}

/// A port with a Duo, or one where a Duo should be.
#[derive(Clone)]
pub(in crate::workflow) struct Place {
    /// Its place among the others.
    pub nth: usize,
    /// Bus and ports.
    pub path: String,
    /// The device id, by the word of whoever wrote the list.
    pub id: Option<DeviceId>,
    /// The device id that a Duo tells while it runs its firmware.
    told: Option<DeviceId>,
    /// The line of the list that names it, if no Duo is there.
    missing: Option<usize>,
}

impl Wanted {
    /// Refuses what selects one Duo, and reads the list. Nothing is touched.
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

    /// The Duos that are connected, also those that run their firmware, and what the list names besides; ordered by
    /// port. None at all is an error.
    pub fn find(
        &self,
        context: Context<'_>,
        boards: &[Board],
        timeout: Timeout,
    ) -> Result<Vec<Place>, Error> {
        let ready = context.bus.list(&ids(boards))?;
        let running = running(context, &self.target, timeout)?;
        if ready.is_empty() && (running.is_empty() || !self.target.enter_dfu) {
            return Err(none_found(context).during("looking for the Duos"));
        }
        // What is there counts before what should be.
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

    /// One of them as the operation on one Duo selects it.
    pub fn target(&self, place: &Place) -> Target {
        Target { device: place.id, path: Some(place.path.clone()), ..self.target.clone() }
    }
}

impl Place {
    /// The same, where it was read which Duo is there.
    pub fn of(&self, id: Option<DeviceId>) -> Self {
        Self { id, ..self.clone() }
    }

    /// Which Duo it is, as far as that is known beforehand.
    pub fn known_id(&self) -> Option<DeviceId> {
        self.id.or(self.told)
    }

    /// Why there is nothing to work on.
    pub fn absent(&self) -> Option<Error> {
        let line = self.missing?;
        let message = format!("no Duo is at {}, which line {line} of the --paths file names", self.path);
        Some(Error::new(Code::NoDevice, message).hint("connect it, or take its line out of the file"))
    }

    /// An error as it reads where no Duo was chosen.
    pub fn explained(error: Error) -> Error {
        if error.code() != Code::DeviceIdUnverifiable {
            return error;
        }
        error.hint("say which Duo is at which port: add --paths FILE, with a line `path,id` for each")
    }
}

/// Refuses what is about one Duo alone.
pub(in crate::workflow) fn one_or_all(option: &str) -> Error {
    let message = format!("{option} is about one Duo, and --all is every Duo that is connected");
    Error::new(Code::InvalidArgument, message).hint("give one of them")
}
