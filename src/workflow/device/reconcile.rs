//! Finds out what a Duo holds after a write without a reply, or with an unexpected one.
//!
//! The Duo may be gone for a while, or come back at another address or in another port; another Duo may be in its
//! place. Bootloaders r5 and r6 tell their id: the same id is the same Duo. Those of r3 and r4 tell no id: the Duo must
//! be in the same port and hold something familiar ([`Probe`]). For a key slot, that is the old or the new key; if the
//! slot holds neither, everything else in the DCT must be unchanged.

use std::time::Duration;

use crate::dct::{DeviceId, DeviceIdSource};
use crate::error::{Code, Error};
use crate::usb::Device;
use crate::workflow::context::{Context, DeviceRef, Phase, passed_through};
use crate::workflow::device::opened::Opened;

/// The first pause between two attempts; each further pause is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What to read of a Duo that may be the one that was written to, and how to recognize it.
pub trait Probe {
    /// What the Duo holds.
    type Held;

    /// Reads it twice.
    fn ask(&self, opened: &mut Opened<'_>, deadline: Duration) -> Result<Self::Held, Error>;

    /// Whether the Duo that holds this can be the one that was written to.
    fn is_familiar(&self, held: &Self::Held) -> bool;
}

/// The Duo, opened again, and what it holds.
pub struct Observed<'a, H> {
    pub opened: Opened<'a>,
    pub held: H,
}

/// Waits for the Duo that was opened and reads it twice, until two reads agree or the time for the step is over. The
/// error is the last obstacle.
pub fn reconcile<'a, Q: Probe>(opened: Opened<'a>, question: &Q) -> Result<Observed<'a, Q::Held>, Error> {
    let context = opened.context;
    context.phase(Phase::Reconcile);
    let deadline = opened.context.deadline();
    let search = Search { context, device: opened.device.clone(), unproven: opened.unproven, question };
    // Closed, since a USB/IP server lends a Duo to one session at a time.
    drop(opened);
    let mut pause = FIRST_PAUSE;
    loop {
        let obstacle = match search.look(deadline) {
            Ok(learned) => return Ok(learned),
            Err(obstacle) => obstacle,
        };
        context.clock.sleep(pause.min(deadline.saturating_sub(context.clock.now())));
        if context.clock.now() >= deadline {
            return Err(obstacle);
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

struct Search<'a, 's, Q> {
    context: Context<'a>,
    device: DeviceRef,
    unproven: bool,
    question: &'s Q,
}

impl<'a, Q: Probe> Search<'a, '_, Q> {
    /// The id that the Duo itself tells. An id that the user gave is not expected from it.
    fn told(&self) -> Option<DeviceId> {
        self.device.device_id.filter(|_| self.device.device_id_source == Some(DeviceIdSource::UsbSerial))
    }

    fn look(&self, deadline: Duration) -> Result<Observed<'a, Q::Held>, Error> {
        let devices = self.context.bus.list(&[self.device.board.dfu_mode])?;
        let (here, elsewhere): (Vec<Device>, Vec<Device>) =
            devices.into_iter().partition(|device| device.path.as_str() == self.device.path);
        // The error from its own port says more than one from other ports.
        let mut obstacle = None;
        for device in here {
            match self.ask(&device, deadline) {
                Ok(learned) => return Ok(learned),
                Err(error) => obstacle = Some(error),
            }
        }
        // A Duo that tells no id is only searched in its own port.
        for device in elsewhere.iter().filter(|_| self.told().is_some()) {
            if let Ok(learned) = self.ask(device, deadline) {
                return Ok(learned);
            }
        }
        Err(obstacle.unwrap_or_else(|| self.did_not_come_back()))
    }

    fn did_not_come_back(&self) -> Error {
        let message = "the Duo did not come back";
        let message = match passed_through(self.context.bus) {
            Some(through) => format!("{message} (if it is in DFU mode: {through})"),
            None => message.to_owned(),
        };
        Error::new(Code::NoDevice, message)
    }

    fn ask(&self, device: &Device, deadline: Duration) -> Result<Observed<'a, Q::Held>, Error> {
        let mut opened = Opened::open(self.context, device, deadline)?;
        opened.unproven = self.unproven;
        let told = self.told();
        if opened.device.bootloader != self.device.bootloader
            || told.is_some() && opened.device.device_id != told
        {
            return Err(another(&opened.device));
        }
        let held = self.question.ask(&mut opened, deadline)?;
        let named_in_its_port = told.is_some() && opened.device.path == self.device.path;
        if !named_in_its_port && !self.question.is_familiar(&held) {
            return Err(another(&opened.device));
        }
        opened.device = DeviceRef { path: opened.device.path, ..self.device.clone() };
        Ok(Observed { opened, held })
    }
}

fn another(found: &DeviceRef) -> Error {
    Error::new(Code::WrongDevice, format!("another Duo is there now ({found})"))
}
