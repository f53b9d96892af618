//! Fuzzes a whole session, from the descriptors to the read-back, with a Duo whose answers are changed.
//!
//! A virtual Duo gives the real answers, so that its flash can be checked. The bytes say what happens to each transfer,
//! one or more bytes per transfer; after the last byte nothing more is changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duo_provision::bootloader::session::DfuSession;
use duo_provision::dfuse::{Block, Buffer, Touched};
use duo_provision::simulator::{DeviceKey, Duo, DuoOptions, Generation, Hub, VirtualBus, VirtualClock};
use duo_provision::usb::{Bus, Clock, Device, PortPath, Setup, TransferError, Transport, UsbError};

use super::tape::Tape;

const KEY_SLOT: u32 = 34;
const OLD: [u8; 1216] = [0xA5; 1216];
const NEW: [u8; 1216] = [0x5A; 1216];
/// The fields of the DCT that a write leaves unchanged (redbear/firmware `dct.h`); after them the firmware counts its
/// writes.
const DCT: usize = 3760;
const DEADLINE: Duration = Duration::from_secs(30);
/// A write that is under way at the deadline gets ten more seconds, and its read-back two.
const LATEST: Duration = Duration::from_secs(30 + 10 + 2);

/// Opens, reads twice, writes and reads back.
pub fn run(bytes: &[u8]) {
    let clock = Arc::new(VirtualClock::new());
    let hub = Hub::new(clock.clone());
    let key = || DeviceKey { slot: OLD.into(), spki: [0x30; 162] };
    let path = hub.plug(Duo::new(DuoOptions::new(Generation::R6, [0x30; 12]), Box::new(key)));
    let honest = VirtualBus::new(hub.clone());
    let device = honest.list(&[(0x2B04, 0xD058)]).expect("a list").remove(0);
    let before = dct(&hub, &path);

    let mut tape = Tape::new(bytes);
    let cancel_at = tape.u8();
    let bus = Interfered { honest, clock: clock.clone(), tape: tape.rest().to_vec(), lied: Arc::default() };
    let asked = std::sync::atomic::AtomicU8::new(0);
    let cancelled = || asked.fetch_add(1, Ordering::Relaxed).wrapping_add(1) == cancel_at;
    converse(&bus, &device, clock.as_ref(), &cancelled, &hub, &path);

    assert!(clock.now() <= LATEST, "{:?}", clock.now());
    let after = dct(&hub, &path);
    let slot = KEY_SLOT as usize..KEY_SLOT as usize + OLD.len();
    assert!(after[slot.clone()] == OLD || after[slot.clone()] == NEW, "one block, whole or not at all");
    assert!(
        before[..slot.start] == after[..slot.start] && before[slot.end..] == after[slot.end..],
        "nothing else changes"
    );
    assert_eq!(hub.with_duo(&path, |duo, _| duo.buffer_overruns()), Some(0));
}

fn converse(
    bus: &Interfered,
    device: &Device,
    clock: &dyn Clock,
    cancelled: &dyn Fn() -> bool,
    hub: &Hub,
    path: &PortPath,
) {
    let Ok(mut session) = DfuSession::open(bus, device, clock, cancelled, DEADLINE) else {
        return assert_eq!(dct(hub, path)[34..1250], OLD, "opening writes nothing");
    };
    assert!(session.geometry().check_write(KEY_SLOT, NEW.len()).is_ok(), "it holds a key in one block");
    let held = dct(hub, path);
    if let Ok(Some(read)) = session.read_twice(DCT, DEADLINE) {
        assert_eq!(read.len(), DCT);
        assert!(bus.has_lied() || *read == held);
    }
    assert!(dct(hub, path) == held, "reading writes nothing");
    let proof = Buffer::new(OLD.to_vec());
    let block = Block { pointer: KEY_SLOT, proof, block: 0, data: Buffer::new(NEW.to_vec()) };
    match session.write_and_read_back(block, DCT, DEADLINE) {
        Ok(read) => {
            assert_eq!(read.len(), DCT);
            assert!(bus.has_lied() || *read == dct(hub, path));
        }
        Err(error) if !bus.has_lied() && dct(hub, path)[34..1250] == NEW => {
            assert_ne!(error.touched(), Touched::No, "{error}");
        }
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
    }
    let requests = session.class_requests();
    // One request per poll of 10 ms, up to the latest end.
    assert!(requests <= 8000, "{requests} requests");
}

fn dct(hub: &Hub, path: &PortPath) -> Vec<u8> {
    hub.with_duo(path, |duo, _| duo.dct(0, DCT)).expect("it is plugged in")
}

/// A bus between the session and the virtual Duo's bus.
struct Interfered {
    honest: VirtualBus,
    clock: Arc<VirtualClock>,
    tape: Vec<u8>,
    lied: Arc<AtomicBool>,
}

impl Interfered {
    /// Whether any answer did not come from the Duo, or a request was confirmed that the Duo did not get. (A transfer
    /// that fails, with or without effect, is a fault and not a lie.)
    fn has_lied(&self) -> bool {
        self.lied.load(Ordering::Relaxed)
    }
}

impl Bus for Interfered {
    fn is_virtual(&self) -> bool {
        true
    }

    fn list(&self, ids: &[(u16, u16)]) -> Result<Vec<Device>, UsbError> {
        self.honest.list(ids)
    }

    fn open(&self, device: &Device) -> Result<Box<dyn Transport>, UsbError> {
        let honest = self.honest.open(device)?;
        let (clock, tape, lied) = (self.clock.clone(), self.tape.clone(), self.lied.clone());
        Ok(Box::new(Interference { honest, clock, tape, at: 0, lied }))
    }
}

struct Interference {
    honest: Box<dyn Transport>,
    clock: Arc<VirtualClock>,
    tape: Vec<u8>,
    at: usize,
    lied: Arc<AtomicBool>,
}

impl Interference {
    fn u8(&mut self) -> u8 {
        self.at += 1;
        self.tape.get(self.at - 1).copied().unwrap_or_default()
    }

    fn lie(&self) {
        self.lied.store(true, Ordering::Relaxed);
    }

    /// A failure in place of an answer; `None` for most values of `choice`.
    fn failure(&self, choice: u8, timeout: Duration) -> Option<TransferError> {
        let error = match choice & 7 {
            0 => TransferError::Stall,
            1 => TransferError::Disconnected,
            2 => TransferError::Babble,
            3 => TransferError::Protocol("CRC".to_owned()),
            4 => {
                self.clock.advance(timeout);
                TransferError::Timeout
            }
            _ => return None,
        };
        Some(error)
    }
}

impl Transport for Interference {
    fn control_in(
        &mut self,
        setup: Setup,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, TransferError> {
        match self.u8() {
            choice @ 0xF0..=0xF7 => match self.failure(choice, timeout) {
                Some(error) => return Err(error),
                None => self.clock.advance(timeout / 2),
            },
            choice @ 0xE8..=0xEF => {
                let result = self.honest.control_in(setup, buffer, timeout);
                return self.failure(choice, timeout).map_or(result, Err);
            }
            0xF8..=0xFB => {
                self.lie();
                let length = usize::from(self.u8()).min(buffer.len());
                buffer[..length].fill_with(|| self.u8());
                return Ok(length);
            }
            0xFC => {
                self.lie();
                let length = self.honest.control_in(setup, buffer, timeout)?;
                let (at, mask) = (usize::from(self.u8()) % length.max(1), self.u8());
                buffer[at] ^= mask;
                return Ok(length);
            }
            0xFD => {
                self.lie();
                let length = self.honest.control_in(setup, buffer, timeout)?;
                return Ok(length.saturating_sub(usize::from(self.u8())));
            }
            0xFE => {
                self.lie();
                return Ok(buffer.len() + 1);
            }
            _ => {}
        }
        self.honest.control_in(setup, buffer, timeout)
    }

    fn control_out(&mut self, setup: Setup, data: &[u8], timeout: Duration) -> Result<(), TransferError> {
        match self.u8() {
            choice @ 0xF0..=0xF7 => match self.failure(choice, timeout) {
                Some(error) => return Err(error),
                None => self.clock.advance(timeout / 2),
            },
            choice @ 0xE8..=0xEF => {
                let result = self.honest.control_out(setup, data, timeout);
                return self.failure(choice, timeout).map_or(result, Err);
            }
            0xF8..=0xFB => {
                self.lie();
                return Ok(());
            }
            _ => {}
        }
        self.honest.control_out(setup, data, timeout)
    }

    fn claim(&mut self, interface: u8) -> Result<(), UsbError> {
        match self.u8() {
            0xF0 => Err(UsbError::Busy),
            0xF1 => Err(UsbError::Gone),
            _ => self.honest.claim(interface),
        }
    }

    fn set_alt_setting(&mut self, interface: u8, alt: u8) -> Result<(), TransferError> {
        match self.u8() {
            0xF0 => Err(TransferError::Stall),
            0xF1 => Err(TransferError::Disconnected),
            _ => self.honest.set_alt_setting(interface, alt),
        }
    }
}
