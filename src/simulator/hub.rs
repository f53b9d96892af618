//! Provides the ports that Duos are plugged into, and the host side of an enumeration: addresses, and the
//! SET_CONFIGURATION at its end.
//!
//! The in-process bus and the USB/IP server share it, so that both show the same Duos. It knows neither of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::duo::descriptors::interface_classes;
use super::duo::transfer::{Outcome, Request, Transfer};
use super::duo::{Duo, Presence};
use super::faults::Access;
use crate::usb::{Clock, PortPath, Setup};

/// Devices on one bus: the addresses that fit in seven bits.
const PORTS: usize = 127;
const SET_CONFIGURATION: Setup = Setup { request_type: 0x00, request: 9, value: 1, index: 0 };

/// A bus with one Duo in each of its ports, 1-1, 1-2, …; if its 127 ports are in use, there is a second one, 2-1.
pub struct Hub {
    clock: Arc<dyn Clock>,
    ports: Mutex<Ports>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Ports {
    slots: Vec<Slot>,
    last_address: u8,
}

struct Slot {
    path: PortPath,
    duo: Duo,
    /// The enumeration that the host has answered, and the address that it assigned.
    answered: u64,
    address: u8,
}

/// A Duo that is on the bus now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Bus and port.
    pub path: PortPath,
    /// The address, new at every enumeration.
    pub address: u8,
    /// The number of this appearance.
    pub enumeration: u64,
    /// The 18 bytes of its device descriptor.
    pub descriptor: Vec<u8>,
    /// The class triples of its interfaces.
    pub interfaces: Vec<[u8; 3]>,
    /// What it runs.
    pub presence: Presence,
    /// Whether it may be opened.
    pub access: Access,
}

impl Attached {
    /// A 16-bit field of the device descriptor.
    pub fn word(&self, offset: usize) -> u16 {
        match self.descriptor.get(offset..offset + 2) {
            Some(&[low, high]) => u16::from_le_bytes([low, high]),
            _ => 0,
        }
    }
}

impl Hub {
    /// A bus without devices.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, ports: Mutex::default(), changed: watch::Sender::new(0) })
    }

    /// Plugs a Duo into the next free port.
    pub fn plug(&self, duo: Duo) -> PortPath {
        let mut ports = self.ports();
        let path = ports.plug(duo);
        self.settle(&mut ports);
        path
    }

    /// The time on this bus.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The Duos that are on the bus now, ordered by port.
    pub fn attached(&self) -> Vec<Attached> {
        let mut ports = self.ports();
        self.settle(&mut ports);
        ports.slots.iter_mut().filter(|s| s.duo.presence() != Presence::Absent).map(Slot::attached).collect()
    }

    /// The Duo at `path`, if it is on the bus now.
    pub fn find(&self, path: &str) -> Option<Attached> {
        self.attached().into_iter().find(|a| a.path.as_str() == path)
    }

    /// Whether opening the Duo at `path`, or claiming its interface, is allowed: false if it is refused for this
    /// reason.
    pub(super) fn admits(&self, path: &str, refusal: Access) -> bool {
        let mut ports = self.ports();
        self.settle(&mut ports);
        let slot = ports.slots.iter_mut().find(|slot| slot.path.as_str() == path);
        slot.is_none_or(|slot| slot.duo.faults().admit(refusal))
    }

    /// Calls `f` with the Duo in a port: to look into it, to arm a fault, to press its buttons. `None` if there is no
    /// such port.
    pub fn with_duo<R>(&self, path: &PortPath, f: impl FnOnce(&mut Duo, Duration) -> R) -> Option<R> {
        let mut ports = self.ports();
        self.settle(&mut ports);
        let now = self.clock.now();
        let result = ports.slots.iter_mut().find(|s| s.path == *path).map(|s| f(&mut s.duo, now));
        self.settle(&mut ports);
        self.changed.send_modify(|n| *n += 1);
        result
    }

    /// A control transfer to the Duo at `path`, if its enumeration is still `enumeration`, the one that was opened.
    pub fn transfer(&self, path: &PortPath, enumeration: u64, request: &Request) -> Transfer {
        let mut ports = self.ports();
        self.settle(&mut ports);
        let now = self.clock.now();
        let Some(slot) = ports.slots.iter_mut().find(|s| s.path == *path && s.answered == enumeration) else {
            return Transfer { outcome: Outcome::Disconnected, takes: Duration::ZERO };
        };
        let transfer = slot.duo.transfer(now, request);
        let pending = slot.duo.next_event().is_some() || slot.duo.presence() == Presence::Absent;
        self.settle(&mut ports);
        if pending {
            self.changed.send_modify(|n| *n += 1);
        }
        transfer
    }

    /// The time of the next event on the bus that needs no request.
    pub fn next_event(&self) -> Option<Duration> {
        let mut ports = self.ports();
        self.settle(&mut ports);
        ports.slots.iter().filter_map(|s| s.duo.next_event()).min()
    }

    /// Reports devices that came or went, and everything else that may have changed [`Self::next_event`].
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Carries out all events that are due, and enumerates the Duos that have appeared.
    fn settle(&self, ports: &mut Ports) {
        let now = self.clock.now();
        let mut moved = false;
        let twins: Vec<Duo> = ports.slots.iter_mut().filter_map(|slot| slot.duo.take_twin()).collect();
        for twin in twins {
            ports.plug(twin);
        }
        let Ports { slots, last_address } = ports;
        for slot in slots {
            let before = slot.duo.presence();
            slot.duo.poll(now);
            moved |= before != slot.duo.presence();
            if slot.duo.presence() != Presence::Absent && slot.answered != slot.duo.enumeration() {
                slot.answered = slot.duo.enumeration();
                *last_address = *last_address % 127 + 1;
                slot.address = *last_address;
                slot.duo.transfer(now, &Request::host_to_device(SET_CONFIGURATION, &[]));
                moved = true;
            }
        }
        if moved {
            self.changed.send_modify(|n| *n += 1);
        }
    }

    fn ports(&self) -> MutexGuard<'_, Ports> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ports {
    fn plug(&mut self, duo: Duo) -> PortPath {
        let (bus, port) = (self.slots.len() / PORTS + 1, self.slots.len() % PORTS + 1);
        let number = |n| u8::try_from(n).unwrap_or(u8::MAX);
        let path = PortPath::new(number(bus), &[number(port)]);
        self.slots.push(Slot { path: path.clone(), duo, answered: 0, address: 0 });
        path
    }
}

impl Slot {
    fn attached(&mut self) -> Attached {
        Attached {
            path: self.path.clone(),
            address: self.address,
            enumeration: self.answered,
            descriptor: self.duo.device_descriptor(),
            interfaces: interface_classes(&self.duo.configuration_descriptor()),
            presence: self.duo.presence(),
            access: self.duo.faults().access(),
        }
    }
}

/// A clock that jumps instead of sleeping, so that a minute of waiting takes no time. Duos that are exported over USB/IP
/// need a real-time clock.
#[derive(Debug, Default)]
pub struct VirtualClock {
    now: Mutex<Duration>,
}

impl VirtualClock {
    /// A clock at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock on, as a sleep would.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
