//! Emulates one Duo.
//!
//! A state machine with time as a parameter: [`Duo::transfer`] takes a control transfer and the current time,
//! [`Duo::poll`] carries out events that are due (leaving the bus, coming back), [`Duo::next_event`] says when to poll
//! again. It never sleeps, has no thread, and does no I/O. It does not know its hub, or how a host reaches it.
//!
//! Its parts: [`descriptors`] and `standard` are what any USB device has, `core` is the bootloader's DFU code,
//! `memory`, `copies` and `dct` are its flash, `boot` is what the system firmware does when it starts, and
//! [`serial_port`] is what a host can reach while the firmware runs.

mod board;
mod boot;
mod copies;
mod core;
mod dct;
pub(super) mod descriptors;
pub(super) mod memory;
mod options;
pub mod serial_port;
mod standard;
pub mod transfer;

use std::collections::VecDeque;
use std::time::Duration;

use zeroize::Zeroizing;

use self::core::{Core, Effect};
use self::memory::Memory;
use self::transfer::{Outcome, Request, Transfer};
use super::faults::{Due, Faults, Kind, Moment};
use crate::usb::Setup;

pub use self::board::Board;
pub use self::core::state;
pub use self::options::{DuoOptions, Generation, SystemFirmware};

/// Time from the GETSTATUS that confirms a leave until the device drops off the bus.
const LEAVE_DELAY: Duration = Duration::from_millis(500);
/// How long the device stays off the bus after DETACH.
const DETACH_TIME: Duration = Duration::from_millis(5);
/// Number of transfers in the log.
const LOG_SIZE: usize = 4096;

/// A device key, as the firmware makes one.
#[derive(Clone)]
pub struct DeviceKey {
    /// The private key field of the DCT: the PKCS#1 key, padded with 0xFF.
    pub slot: Zeroizing<[u8; 1216]>,
    /// The public key as `SubjectPublicKeyInfo`.
    pub spki: [u8; 162],
}

/// Makes the key if a Duo boots with a blank slot.
pub type KeyMaker = Box<dyn FnMut() -> DeviceKey + Send>;

/// The state of a Duo on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "Presence", rename_all = "kebab-case")]
pub enum Presence {
    /// Not on the bus.
    Absent,
    /// In its bootloader, 2b04:d058.
    Dfu,
    /// Running, 2b04:c058.
    Normal,
}

/// A transfer in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The setup packet.
    pub setup: Setup,
    /// `wLength`.
    pub length: u16,
    /// How it ended: `done`, `data`, `stall`, `no answer`, `disconnected` or `protocol`.
    pub outcome: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// The Duo drops off the bus and boots.
    Restart,
    /// The Duo comes back; its software has not restarted.
    Return(Presence),
    /// The Duo boots, which may include making a key, and appears in the mode that its firmware chooses.
    Booted,
    /// The Duo appears, freshly started.
    Appear(Presence),
}

/// An emulated Duo.
pub struct Duo {
    options: DuoOptions,
    make_key: KeyMaker,
    memory: Memory,
    core: Core,
    configuration: u8,
    line_coding: [u8; 7],
    listening: bool,
    presence: Presence,
    enumeration: u64,
    due: Option<(Duration, Event)>,
    faults: Faults,
    /// It answers nothing until it is restarted.
    hangs: bool,
    /// It will ignore the next request to leave.
    leave_hangs: bool,
    /// The Duo that [`Duo::swap`] has taken out of this port, or will put back into it: its id and its memory.
    drawer: Option<([u8; 12], Memory)>,
    /// True while the first Duo is in the drawer.
    away: bool,
    log: VecDeque<Logged>,
    class_requests: u64,
    boots: u64,
    keys_made: u64,
}

impl Duo {
    /// A Duo in DFU mode, with the DCT of its first boot.
    pub fn new(options: DuoOptions, mut make_key: KeyMaker) -> Self {
        let memory = Memory::after_first_boot(&options, &make_key());
        Self {
            core: Core::new(options.generation),
            options,
            make_key,
            memory,
            configuration: 0,
            line_coding: serial_port::FIRST_LINE_CODING,
            listening: false,
            presence: Presence::Dfu,
            enumeration: 1,
            due: None,
            faults: Faults::default(),
            hangs: false,
            leave_hangs: false,
            drawer: None,
            away: false,
            log: VecDeque::new(),
            class_requests: 0,
            boots: 0,
            keys_made: 1,
        }
    }

    /// The same Duo, before it is plugged in: it appears on the bus with its system firmware running.
    #[must_use]
    pub fn running(self) -> Self {
        Self { presence: Presence::Normal, ..self }
    }

    /// Carries out a control transfer on endpoint 0.
    pub fn transfer(&mut self, now: Duration, request: &Request) -> Transfer {
        self.poll(now);
        if self.presence == Presence::Absent {
            return Transfer { outcome: Outcome::Disconnected, takes: Duration::ZERO };
        }
        if request.is_class() && self.presence == Presence::Dfu {
            self.class_requests += 1;
        }
        let transfer = match self.faults.next(request) {
            Some(due) => self.faulty(now, request, &due),
            None => self.sound(now, request, &mut None),
        };
        self.note(request, &transfer.outcome);
        transfer
    }

    fn sound(
        &mut self,
        now: Duration,
        request: &Request,
        fault: &mut Option<memory::WriteFault>,
    ) -> Transfer {
        if self.hangs {
            return Transfer { outcome: Outcome::NoAnswer, takes: Duration::ZERO };
        }
        if !request.is_class() {
            return Transfer { outcome: self.standard(request), takes: Duration::ZERO };
        }
        if self.presence == Presence::Normal {
            return self.serial_port(now, request);
        }
        let addressed = request.setup.request_type & 0x1f == 1 && request.setup.index.to_le_bytes()[0] == 0;
        if self.presence != Presence::Dfu || self.configuration != 1 || !addressed {
            return Transfer { outcome: Outcome::Stall, takes: Duration::ZERO };
        }
        let (outcome, effect) = self.core.class(request, &mut self.memory, fault);
        let mut takes = Duration::ZERO;
        match effect {
            Effect::None => {}
            Effect::Programmed => takes = self.options.write_time,
            Effect::Hang => {
                self.hangs = true;
                return Transfer { outcome: Outcome::NoAnswer, takes };
            }
            Effect::Leave if std::mem::take(&mut self.leave_hangs) => {}
            Effect::Leave => self.due = Some((now + LEAVE_DELAY, Event::Restart)),
            Effect::Detach => {
                self.presence = Presence::Absent;
                self.due = Some((now + DETACH_TIME, Event::Return(Presence::Dfu)));
            }
        }
        Transfer { outcome, takes }
    }

    fn faulty(&mut self, now: Duration, request: &Request, due: &Due) -> Transfer {
        if let Some(moment) = due.kind.moment() {
            self.faults.acted_on(due);
            // Incomplete data is dropped.
            let cut = moment == Moment::In && !request.data.is_empty();
            let was = self.presence;
            if moment != Moment::Before && !cut {
                self.sound(now, request, &mut due.kind.write_fault());
            }
            let outcome = self.break_off(now, &due.kind, was);
            return Transfer { outcome, takes: Duration::ZERO };
        }
        match due.kind {
            Kind::State(state) => {
                self.core.state = state;
                if state == state::MANIFEST_WAIT_RESET {
                    self.due = Some((now + LEAVE_DELAY, Event::Restart));
                }
            }
            Kind::Busy => {
                self.faults.acted_on(due);
                let outcome = Outcome::Data(vec![0, 1, 0, 0, state::DNBUSY, 0]);
                return Transfer { outcome, takes: Duration::ZERO };
            }
            Kind::LeaveHangs => self.leave_hangs = true,
            _ => {}
        }
        let taken = due.kind.command_taken(request.data, self.core.pointer);
        let request = &taken.as_ref().map_or(*request, |data| Request { data, ..*request });
        let mut write_fault = due.kind.write_fault();
        let armed = write_fault.is_some();
        let transfer = self.sound(now, request, &mut write_fault);
        let acted = !armed || write_fault.is_none();
        if acted {
            self.faults.acted_on(due);
        }
        if acted && matches!(due.kind, Kind::PowerCut(_)) {
            let outcome = self.break_off(now, &due.kind, Presence::Dfu);
            return Transfer { outcome, takes: Duration::ZERO };
        }
        let outcome = self.faults.alter(&due.kind, request, transfer.outcome);
        Transfer { outcome, ..transfer }
    }

    /// The outcome of an interrupted transfer; `was` is the Duo's presence before it.
    fn break_off(&mut self, now: Duration, kind: &Kind, was: Presence) -> Outcome {
        let restarts_anyway = was == Presence::Normal && self.presence == Presence::Absent;
        let back_at = match kind {
            Kind::Timeout(_) => return Outcome::NoAnswer,
            Kind::Protocol(_) => return Outcome::Protocol("simulated bus error".to_owned()),
            Kind::Reenumerate(_) | Kind::Disconnect { returns: true, .. } if restarts_anyway => {
                return Outcome::Disconnected;
            }
            Kind::Reenumerate(_) => Some((now + DETACH_TIME, Event::Return(was))),
            Kind::Disconnect { returns: true, .. } | Kind::PowerCut(_) => {
                Some((now + self.options.boot_time, Event::Appear(was)))
            }
            Kind::Disconnect { returns: false, .. } | Kind::LeaveVanishes => None,
            Kind::Swap(_) => {
                self.swap(now);
                return Outcome::Disconnected;
            }
            _ => return Outcome::Stall,
        };
        self.unplug();
        self.due = back_at;
        Outcome::Disconnected
    }

    fn note(&mut self, request: &Request, outcome: &Outcome) {
        if self.log.len() == LOG_SIZE {
            self.log.pop_front();
        }
        let outcome = match outcome {
            Outcome::Done => "done",
            Outcome::Data(_) => "data",
            Outcome::Stall | Outcome::DataThenStall(_) => "stall",
            Outcome::NoAnswer => "no answer",
            Outcome::Disconnected => "disconnected",
            Outcome::Protocol(_) => "protocol",
        };
        self.log.push_back(Logged { setup: request.setup, length: request.length, outcome });
    }

    /// Carries out the events that are due by `now`.
    pub fn poll(&mut self, now: Duration) {
        while let Some((at, event)) = self.due
            && at <= now
        {
            self.due = None;
            match event {
                Event::Restart => self.restart(at),
                Event::Return(presence) => self.appear(presence),
                Event::Booted | Event::Appear(_) => {
                    self.memory.make_dct_if_missing();
                    let presence = if let Event::Appear(mode) = event { mode } else { self.boot() };
                    self.core = Core::new(self.options.generation);
                    self.appear(presence);
                }
            }
        }
    }

    fn appear(&mut self, presence: Presence) {
        self.presence = presence;
        self.configuration = 0;
        self.line_coding = serial_port::FIRST_LINE_CODING;
        self.listening = false;
        self.hangs = false;
        self.enumeration += 1;
    }

    /// When to [`poll`](Self::poll) again; `None` if no event is pending.
    pub fn next_event(&self) -> Option<Duration> {
        self.due.map(|(at, _)| at)
    }

    /// Presses RESET: it drops off the bus, boots, and comes back as [`DuoOptions::returns_to_dfu`] says.
    pub fn restart(&mut self, now: Duration) {
        // Making a key takes time, and the Duo must be off the bus before that. So it boots only at the end of the boot
        // time.
        self.presence = Presence::Absent;
        self.due = Some((now + self.options.boot_time, Event::Booted));
    }

    /// Restarts directly into the bootloader: with the buttons, or by a request to the serial port.
    pub fn enter_dfu(&mut self, now: Duration) {
        self.presence = Presence::Absent;
        self.due = Some((now + self.options.boot_time, Event::Appear(Presence::Dfu)));
    }

    /// Pulls its cable.
    pub fn unplug(&mut self) {
        self.presence = Presence::Absent;
        self.due = None;
    }

    /// Plugs its cable in: it boots.
    pub fn plug_in(&mut self, now: Duration) {
        if self.presence == Presence::Absent && self.due.is_none() {
            self.restart(now);
        }
    }

    /// Puts another Duo of the same type into the port, with its own id and key, and starts its bootloader. The next
    /// time, it puts the first one back. Armed faults stay with the port.
    pub fn swap(&mut self, now: Duration) {
        let (device_id, memory) = self.drawer.take().unwrap_or_else(|| {
            let mut device_id = self.options.device_id;
            device_id[11] ^= 0x80;
            let options = DuoOptions { device_id, ..self.options.clone() };
            (device_id, Memory::after_first_boot(&options, &(self.make_key)()))
        });
        let before = std::mem::replace(&mut self.memory, memory);
        self.drawer = Some((std::mem::replace(&mut self.options.device_id, device_id), before));
        self.away = !self.away;
        self.enter_dfu(now);
    }

    /// True while another Duo is in the port, see [`Duo::swap`].
    pub fn is_away(&self) -> bool {
        self.away
    }

    /// [`Duo::dct`] of the Duo that was plugged in first, even if it is not in the port.
    pub fn first_dct(&self, offset: usize, length: usize) -> Vec<u8> {
        self.first_memory().read_dct(offset.min(usize::from(u16::MAX)), length)
    }

    fn first_memory(&self) -> &Memory {
        self.drawer.as_ref().filter(|_| self.away).map_or(&self.memory, |(_, memory)| memory)
    }

    /// Both copies of the DCT, 32 KiB, of the Duo that was plugged in first, even if it is not in the port.
    pub fn first_dct_area(&self) -> &[u8] {
        self.first_memory().dct_area()
    }

    /// Changes both copies; no host notices it.
    pub fn set_dct_area(&mut self, area: &[u8]) {
        let here = self.memory.dct_area_mut();
        let length = area.len().min(here.len());
        here[..length].copy_from_slice(&area[..length]);
    }

    /// [`Duo::dct`] of the second Duo of [`Duo::swap`], even if it is not in the port. `None` before the first swap.
    pub fn second_dct(&self, offset: usize, length: usize) -> Option<Vec<u8>> {
        let (_, in_drawer) = self.drawer.as_ref()?;
        let memory = if self.away { &self.memory } else { in_drawer };
        Some(memory.read_dct(offset.min(usize::from(u16::MAX)), length))
    }

    /// A second Duo of the same type, with the same device id and its own key, if a fault asks for one.
    pub(super) fn take_twin(&mut self) -> Option<Self> {
        if !self.faults.take_twin() {
            return None;
        }
        let key = (self.make_key)();
        Some(Self::new(self.options.clone(), Box::new(move || key.clone())))
    }

    /// Its state on the bus.
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// The number of its appearances on the bus.
    pub fn enumeration(&self) -> u64 {
        self.enumeration
    }

    /// The options that it was made with.
    pub fn options(&self) -> &DuoOptions {
        &self.options
    }

    /// The device id, 24 lower-case hex digits.
    pub fn device_id(&self) -> String {
        options::hex(&self.options.device_id)
    }

    /// Its faults.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// `bState`; 15 is the firmware's illegal state.
    pub fn state(&self) -> u8 {
        self.core.state
    }

    /// Sets the state, as if another program had left it so.
    pub fn set_state(&mut self, state: u8) {
        self.core.state = state;
    }

    /// The alternate setting.
    pub fn alt(&self) -> u8 {
        self.core.alt
    }

    /// The address pointer.
    pub fn pointer(&self) -> u32 {
        self.core.pointer
    }

    /// The configuration that a host has set, 0 or 1.
    pub fn configuration(&self) -> u8 {
        self.configuration
    }

    /// The internal flash, 1 MiB from 0x08000000.
    pub fn internal_flash(&self) -> &[u8] {
        self.memory.internal()
    }

    /// The serial flash, 2 MiB.
    pub fn serial_flash(&self) -> &[u8] {
        &self.memory.serial
    }

    /// Bytes of the DCT's application section, as the system firmware sees them.
    pub fn dct(&self, offset: usize, length: usize) -> Vec<u8> {
        self.memory.read_dct(offset.min(usize::from(u16::MAX)), length)
    }

    /// Changes the DCT; no host notices it.
    pub fn set_dct(&mut self, offset: usize, data: &[u8]) {
        self.memory.write_dct(offset, data);
    }

    /// The same, but the power fails when the new copy is complete. The bootloader's rule decides whether the old copy
    /// is still current.
    pub fn set_dct_cut_short(&mut self, offset: usize, data: &[u8]) {
        self.memory.write_dct_as_far_as(offset, data, copies::Reach::NewCopy);
    }

    /// Installs another system firmware, or removes it.
    pub fn set_system_firmware(&mut self, firmware: SystemFirmware) {
        self.memory.firmware = firmware;
    }

    /// The number of DFU requests since it was made.
    pub fn class_requests(&self) -> u64 {
        self.class_requests
    }

    /// The last transfers, at most 4096.
    pub fn log(&self) -> impl Iterator<Item = &Logged> {
        self.log.iter()
    }

    /// How often its system firmware started.
    pub fn boots(&self) -> u64 {
        self.boots
    }

    /// How many keys it has made, the first included.
    pub fn keys_made(&self) -> u64 {
        self.keys_made
    }

    /// Downloads that were longer than the bootloader's buffer.
    pub fn buffer_overruns(&self) -> u64 {
        self.core.overruns
    }
}
