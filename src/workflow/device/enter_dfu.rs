//! Brings a Duo into DFU mode before it is worked on: through the serial port of one that runs its firmware, or by
//! waiting for a person who presses its buttons.
//!
//! The reply to a request to restart says nothing, since a Duo restarts before it answers. What counts is the Duo that
//! comes back: in the same port; or with the same id in any port, if the Duo told its id before and its own port stays
//! empty.

use crate::workflow::context::{
    BOARDS, BUTTONS_HINT, Board, Context, DFU_MODE, Event, NORMAL_MODE, Phase, Target, bring_hint, ids,
    interrupted,
};
use std::cell::RefCell;
use std::time::Duration;

use crate::bootloader::identity::{Identity, identify};
use crate::bootloader::line_coding::{SERIAL_INTERFACE, ask_for_dfu_mode};
use crate::bootloader::{BootloaderGeneration, SessionError};
use crate::dct::DeviceId;
use crate::error::{Code, Error, KeyState};
use crate::usb::{Device, PortPath, TransferError, UsbError};

/// The longest wait for a person.
const PATIENCE: Duration = Duration::from_secs(600);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// How long udev may take to give the user access to a new device.
const UDEVS_TURN: Duration = Duration::from_secs(5);

/// Puts the Duo that `target` selects into DFU mode if that is allowed, and says where it is then. `None`: nothing was
/// done.
pub fn enter_dfu(context: Context<'_>, target: &Target, boards: &[Board]) -> Result<Option<Target>, Error> {
    context.phase(Phase::Find);
    if !target.enter_dfu && !target.wait {
        return Ok(None);
    }
    let entering = Entering { context, target, ready: ids(boards) };
    let mut seen = entering.look(target.wait).map_err(|error| error.during("looking for the Duo"))?;
    let waits = target.wait && seen.is_nothing();
    if waits {
        seen = entering.wait().map_err(|error| error.during("waiting for a Duo"))?;
    }
    let entered = match seen.running {
        Some(running) => {
            context.phase(Phase::EnterDfu);
            entering.enter(&running).map_err(|error| error.during("putting the Duo into DFU mode"))?
        }
        None if waits => target.clone(),
        None => return Ok(None),
    };
    context.phase(Phase::Find);
    Ok(Some(Target { enter_dfu: false, wait: false, ..entered }))
}

/// Puts a Duo into DFU mode if there is none to list and that is allowed.
pub fn enter_dfu_if_none(context: Context<'_>, target: &Target) -> Result<(), Error> {
    // If none is selected, one that is in DFU mode is enough to list.
    let brings = target.enter_dfu || target.wait;
    if brings && (target.is_named() || context.bus.list(&ids(&BOARDS))?.is_empty()) {
        return enter_dfu(context, target, &BOARDS).map(drop);
    }
    context.phase(Phase::Find);
    Ok(())
}

/// A port, and what was learned of the Duo there.
pub type AtPort<T> = (PortPath, Result<T, Error>);

/// The Duos that run their firmware and that `target` selects by port, and the id that each tells.
pub fn running(context: Context<'_>, target: &Target) -> Result<Vec<AtPort<Option<DeviceId>>>, Error> {
    let entering = Entering { context, target, ready: Vec::new() };
    let found = context.bus.list(&[NORMAL_MODE])?;
    let here = found.into_iter().filter(|device| target.is_at(&device.path));
    let told = |device: Device| {
        let told = entering.told(&device, context.deadline());
        (device.path, told)
    };
    Ok(here.map(told).collect())
}

/// A Duo that runs its firmware.
struct Running {
    device: Device,
    /// The id that it tells; system firmware from 0.3.0 does.
    id: Option<DeviceId>,
}

impl Running {
    fn name(&self) -> String {
        self.id.map_or_else(|| format!("at {}", self.path()), |id| format!("{id} at {}", self.path()))
    }

    fn path(&self) -> &str {
        self.device.path.as_str()
    }
}

/// The selected Duos that are connected.
struct Seen {
    /// True if a Duo in DFU mode is, or may be, the selected one.
    in_dfu_mode: bool,
    /// The one to put into DFU mode.
    running: Option<Running>,
}

impl Seen {
    fn is_nothing(&self) -> bool {
        !self.in_dfu_mode && self.running.is_none()
    }
}

struct Entering<'a, 't> {
    context: Context<'a>,
    target: &'t Target,
    /// The USB ids in DFU mode of the accepted boards.
    ready: Vec<(u16, u16)>,
}

impl Entering<'_, '_> {
    /// The USB ids of devices that are in DFU mode or can be put into it.
    fn all(&self) -> Vec<(u16, u16)> {
        self.ready.iter().copied().chain([NORMAL_MODE]).collect()
    }

    /// The id that a device tells, in either mode.
    fn told(&self, device: &Device, deadline: Duration) -> Result<Option<DeviceId>, Error> {
        self.identity(device, deadline).map(|identity| id_of(&identity))
    }

    fn identity(&self, device: &Device, deadline: Duration) -> Result<Identity, Error> {
        let runs = (device.vendor_id, device.product_id) == NORMAL_MODE;
        identify(self.context.bus, device, self.context.clock, deadline).map_err(|error| {
            let error = match error {
                SessionError::Usb(error) if runs => refused(error),
                error => error.into(),
            };
            error.on(&device.path, KeyState::Unchanged)
        })
    }

    /// Whether a Duo in DFU mode is, or may be, the selected one.
    fn may_be_wanted(&self, device: &Device, deadline: Duration) -> bool {
        let Some(wanted) = self.target.device else { return true };
        self.told(device, deadline).map_or(true, |told| told.is_none_or(|told| told == wanted))
    }

    /// Chooses among the Duos of both modes. If two fit, that is an error. If only other Duos are there, that is an
    /// error, unless the selected one `may_come`.
    fn look(&self, may_come: bool) -> Result<Seen, Error> {
        let deadline = self.context.deadline();
        let devices = self.context.bus.list(&self.all())?;
        let here = devices.into_iter().filter(|device| self.target.is_at(&device.path));
        let (ready, running): (Vec<Device>, Vec<Device>) =
            here.partition(|device| (device.vendor_id, device.product_id) != NORMAL_MODE);
        let in_dfu_mode: Vec<&Device> =
            ready.iter().filter(|device| self.may_be_wanted(device, deadline)).collect();
        if !self.target.enter_dfu {
            return Ok(Seen { in_dfu_mode: !in_dfu_mode.is_empty(), running: None });
        }
        let (mut wanted, instead) = self.wanted_of(running, deadline)?;
        if let Some(instead) = instead.filter(|_| !may_come && in_dfu_mode.is_empty() && wanted.is_empty()) {
            return Err(instead);
        }
        match (in_dfu_mode.len(), wanted.len()) {
            (_, 0) => Ok(Seen { in_dfu_mode: !in_dfu_mode.is_empty(), running: None }),
            (0, 1) => Ok(Seen { in_dfu_mode: false, running: wanted.pop() }),
            _ => Err(several(&in_dfu_mode, &wanted)),
        }
    }

    /// The running Duos that may be the selected one, and why another one cannot be it. One that tells no id is only
    /// known by its port.
    fn wanted_of(
        &self,
        running: Vec<Device>,
        deadline: Duration,
    ) -> Result<(Vec<Running>, Option<Error>), Error> {
        let told = running.into_iter().map(|device| {
            let id = self.told(&device, deadline)?;
            Ok(Running { device, id })
        });
        let Some(id) = self.target.device else { return Ok((told.collect::<Result<_, Error>>()?, None)) };
        let (mut wanted, mut problem) = (Vec::new(), None);
        for running in told {
            match running {
                Ok(running) if running.id == Some(id) => wanted.push(running),
                Ok(running) if running.id.is_none() && self.target.path.is_some() => wanted.push(running),
                Ok(running) if running.id.is_none() => problem = Some(unverifiable(&running, id)),
                Ok(running) => problem = problem.or_else(|| Some(wrong(&running, id))),
                Err(error) => problem = Some(error),
            }
        }
        Ok((wanted, problem))
    }

    /// Waits for a person to connect the selected Duo or put it into DFU mode.
    fn wait(&self) -> Result<Seen, Error> {
        let context = self.context;
        context.phase(Phase::Wait);
        context.control.event(Event::Waiting { within: PATIENCE, enter_dfu: self.target.enter_dfu });
        let until = context.clock.now().saturating_add(PATIENCE);
        // A device that told another id is not asked again.
        let strangers = RefCell::new(Vec::new());
        let obstacle: RefCell<Option<Obstacle>> = RefCell::new(None);
        let wanted = |device: &Device| {
            if !self.target.is_at(&device.path) || strangers.borrow().contains(device) {
                return false;
            }
            match (self.told(device, self.context.deadline()), self.target.device) {
                (Ok(Some(told)), Some(wanted)) if told != wanted => {
                    strangers.borrow_mut().push(device.clone());
                    false
                }
                (Ok(_), _) => true,
                (Err(error), named) => {
                    // Its device node may belong to root until udev has changed that.
                    let passes = error.code() == Code::UsbAccessDenied;
                    let now = context.clock.now();
                    let since = since(obstacle.take(), device, now);
                    *obstacle.borrow_mut() = Some(Obstacle { device: device.clone(), since, error });
                    named.is_none() && (!passes || now.saturating_sub(since) >= UDEVS_TURN)
                }
            }
        };
        let ids = if self.target.enter_dfu { self.all() } else { self.ready.clone() };
        let came = context.bus.wait_for(&ids, &wanted, context.clock, until, &|| (context.cancelled)())?;
        match came {
            Some(_) => self.look(false),
            None if (context.cancelled)() => Err(interrupted()),
            None => {
                let minutes = PATIENCE.as_secs() / 60;
                Err(match obstacle.into_inner() {
                    Some(Obstacle { error, .. }) => {
                        error.adding(format!("no other came within {minutes} minutes"))
                    }
                    None => Error::new(
                        Code::NoDevice,
                        format!("no Duo in DFU mode came within {minutes} minutes"),
                    )
                    .hint(bring_hint(context.bus)),
                })
            }
        }
    }

    /// Makes a Duo restart into DFU mode, and waits until it is there.
    fn enter(&self, running: &Running) -> Result<Target, Error> {
        let on = |error: Error| error.on(running.name(), KeyState::Unchanged);
        let deadline = self.context.deadline();
        let asked = self.ask(&running.device).map_err(on)?;
        let device = self.return_of(running, deadline).map_err(|obstacle| {
            on(match (obstacle, asked) {
                (Some(error), _) => error,
                (None, Ok(())) => self.did_not_come(running),
                (None, Err(cause)) => self.did_not_come(running).because(cause),
            })
        })?;
        Ok(Target { path: Some(device.path.to_string()), ..self.target.clone() })
    }

    /// The inner result says how the transfer ended, which proves nothing.
    fn ask(&self, device: &Device) -> Result<Result<(), TransferError>, Error> {
        let mut transport = self.context.bus.open(device).map_err(refused)?;
        transport.take_over(SERIAL_INTERFACE).map_err(refused)?;
        Ok(ask_for_dfu_mode(transport.as_mut()))
    }

    /// Waits until the Duo is in DFU mode. `Err` at the deadline, with the obstacle if there was one.
    fn return_of(&self, running: &Running, deadline: Duration) -> Result<Device, Option<Error>> {
        let context = self.context;
        let now = context.clock.now();
        let anywhere = now + deadline.saturating_sub(now) / 2;
        loop {
            let obstacle = match self.find_again(running, context.clock.now() >= anywhere, deadline) {
                Ok(found) => return Ok(found),
                Err(obstacle) => obstacle,
            };
            // A new device node may belong to root until udev has changed that.
            let passes = |error: &Error| {
                matches!(error.code(), Code::UsbAccessDenied | Code::NoDevice | Code::WrongDevice)
            };
            if obstacle.as_ref().is_some_and(|error| !passes(error)) {
                return Err(obstacle);
            }
            if (context.cancelled)() {
                return Err(Some(interrupted()));
            }
            context.clock.sleep(BETWEEN_LOOKS.min(deadline.saturating_sub(context.clock.now())));
            if context.clock.now() >= deadline {
                return Err(obstacle);
            }
        }
    }

    /// Looks into the port that it was in; if it may be `anywhere`, into the others, too.
    fn find_again(
        &self,
        running: &Running,
        anywhere: bool,
        deadline: Duration,
    ) -> Result<Device, Option<Error>> {
        let devices = self.context.bus.list(&[DFU_MODE]).map_err(|error| Some(error.into()))?;
        let (here, elsewhere): (Vec<Device>, Vec<Device>) =
            devices.into_iter().partition(|device| device.path == running.device.path);
        let mut obstacle = None;
        for device in here {
            match self.identity(&device, deadline) {
                // A Duo that told its id while it ran also tells it in DFU mode, unless its bootloader tells none.
                Ok(found)
                    if running.id.is_none()
                        || id_of(&found) == running.id
                        || found.generation == BootloaderGeneration::R3R4 =>
                {
                    return Ok(device);
                }
                Ok(found) => {
                    let message = match id_of(&found) {
                        Some(_) => format!("another Duo is at {} now", device.path),
                        None => {
                            format!("what is at {} now does not tell the id that the Duo told", device.path)
                        }
                    };
                    obstacle = Some(Error::new(Code::WrongDevice, message).hint(BUTTONS_HINT));
                }
                Err(error) => obstacle = Some(error),
            }
        }
        let by_id = anywhere && running.id.is_some();
        let is_it = |device: &Device| self.told(device, deadline).is_ok_and(|told| told == running.id);
        match elsewhere.into_iter().find(|device| by_id && is_it(device)) {
            Some(device) => Ok(device),
            None => Err(obstacle),
        }
    }

    fn did_not_come(&self, running: &Running) -> Error {
        let normal = self.context.bus.list(&[NORMAL_MODE]).unwrap_or_default();
        let message = if normal.iter().any(|device| device.path == running.device.path) {
            "it was asked to restart into DFU mode, and runs its firmware still"
        } else {
            "it was asked to restart into DFU mode, and did not come back"
        };
        Error::new(Code::DeviceFault, message).hint(bring_hint(self.context.bus))
    }
}

/// A device that was connected, and whose id cannot be read.
struct Obstacle {
    device: Device,
    since: Duration,
    error: Error,
}

/// Since when the id of a device cannot be read.
fn since(known: Option<Obstacle>, device: &Device, now: Duration) -> Duration {
    known.filter(|known| known.device == *device).map_or(now, |known| known.since)
}

fn id_of(identity: &Identity) -> Option<DeviceId> {
    identity.device_id_hex().and_then(|id| id.parse().ok())
}

/// The error if the serial port cannot be opened, with what a person can do instead.
fn refused(error: UsbError) -> Error {
    let by_hand = match &error {
        _ if cfg!(target_os = "macos") => {
            "open its serial port once at 14400 baud: stty -f /dev/cu.usbmodem* 14400"
        }
        _ if cfg!(windows) => "open its COM port once at 14400 baud with any terminal program",
        UsbError::Busy => "close the other program that uses the Duo (a virtual machine, an IDE)",
        _ => return error.into(),
    };
    Error::from(error).hint(format!("{by_hand}; or {BUTTONS_HINT}"))
}

fn wrong(running: &Running, wanted: DeviceId) -> Error {
    let message = format!("the Duo {wanted} is not here; found, running its firmware: {}", running.name());
    Error::new(Code::WrongDevice, message).hint("connect that Duo, or leave --device out")
}

fn unverifiable(running: &Running, wanted: DeviceId) -> Error {
    let path = running.path();
    Error::new(
        Code::DeviceIdUnverifiable,
        format!("the Duo at {path} runs its firmware and does not tell its device id (system firmware up to 0.2.4)"),
    )
    .hint(format!("if it is {wanted}, say so by naming its port: add --path {path}"))
}

fn several(in_dfu_mode: &[&Device], running: &[Running]) -> Error {
    let ready = in_dfu_mode.iter().map(|device| format!("at {} in DFU mode", device.path));
    let described: Vec<String> = ready.chain(running.iter().map(Running::name)).collect();
    let paths =
        in_dfu_mode.iter().map(|device| device.path.as_str()).chain(running.iter().map(Running::path));
    let choices: Vec<String> = paths.map(|path| format!("--path {path}")).collect();
    let message = format!("{} Duos are connected: {}", described.len(), described.join("; "));
    Error::new(Code::SeveralDevices, message).hint(format!("choose one: add {}", choices.join(" or ")))
}
