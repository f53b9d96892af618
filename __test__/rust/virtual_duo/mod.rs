//! Provides virtual Duos for tests: keys from the fixtures, a hub, and a host that sends raw numbers.
#![allow(dead_code, missing_docs)]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use duo_provision::simulator::duo::{DeviceKey, KeyMaker};
use duo_provision::simulator::{Duo, DuoOptions, Generation, Hub, VirtualBus, VirtualClock};
use duo_provision::usb::{Bus, Device, PortPath, Setup, TransferError, Transport};
use zeroize::Zeroizing;

pub const KEYS: &str = include_str!("../../fixtures/device-keys.jsonl");
pub const DFU: (u16, u16) = (0x2b04, 0xd058);
pub const NORMAL: (u16, u16) = (0x2b04, 0xc058);
pub const SECOND: Duration = Duration::from_secs(1);

/// Device keys as the firmware makes them.
pub fn device_keys() -> &'static [DeviceKey] {
    static PARSED: OnceLock<Vec<DeviceKey>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let keys = KEYS.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let device = unhex(line["device"].as_str().unwrap());
            let mut slot = Zeroizing::new([0xff; 1216]);
            slot[..device.len()].copy_from_slice(&device);
            DeviceKey { slot, spki: unhex(line["spki"].as_str().unwrap()).try_into().unwrap() }
        });
        keys.collect()
    })
}

/// Hands out the fixture keys in order, from the `first` on.
pub fn key_maker(first: usize) -> KeyMaker {
    let keys = device_keys();
    let mut next = first;
    Box::new(move || {
        next += 1;
        keys[(next - 1) % keys.len()].clone()
    })
}

pub fn device_id(last: u8) -> [u8; 12] {
    [0x30, 0x00, 0x1b, 0x00, 0x0c, 0x47, 0x35, 0x33, 0x30, 0x30, 0xab, last]
}

pub fn options(generation: Generation) -> DuoOptions {
    DuoOptions::new(generation, device_id(1))
}

pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// One Duo on a virtual clock, and an open transport to it.
pub struct Bench {
    pub clock: Arc<VirtualClock>,
    pub hub: Arc<Hub>,
    pub bus: VirtualBus,
    pub path: PortPath,
    pub usb: Box<dyn Transport>,
}

impl Bench {
    pub fn new(generation: Generation) -> Self {
        Self::with(options(generation))
    }

    pub fn with(options: DuoOptions) -> Self {
        let clock = Arc::new(VirtualClock::new());
        let hub = Hub::new(clock.clone());
        let path = hub.plug(Duo::new(options, key_maker(0)));
        let bus = VirtualBus::new(hub.clone());
        let usb = bus.open(&bus.list(&[DFU]).unwrap()[0]).unwrap();
        Self { clock, hub, bus, path, usb }
    }

    pub fn duo<R>(&self, f: impl FnOnce(&mut Duo) -> R) -> R {
        self.hub.with_duo(&self.path, |duo, _| f(duo)).unwrap()
    }

    pub fn devices(&self) -> Vec<Device> {
        self.bus.list(&[DFU, NORMAL]).unwrap()
    }

    pub fn reopen(&mut self) {
        self.usb = self.bus.open(&self.bus.list(&[DFU]).unwrap()[0]).unwrap();
    }

    pub fn input(&mut self, setup: (u8, u8, u16, u16), length: usize) -> Result<Vec<u8>, TransferError> {
        input(&mut *self.usb, setup, length)
    }

    pub fn output(&mut self, setup: (u8, u8, u16, u16), data: &[u8]) -> Result<(), TransferError> {
        output(&mut *self.usb, setup, data)
    }

    pub fn alt(&mut self, alt: u8) {
        self.usb.set_alt_setting(0, alt).unwrap();
    }

    pub fn dnload(&mut self, block: u16, data: &[u8]) -> Result<(), TransferError> {
        self.output((0x21, 1, block, 0), data)
    }

    pub fn upload(&mut self, block: u16, length: usize) -> Result<Vec<u8>, TransferError> {
        self.input((0xa1, 2, block, 0), length)
    }

    pub fn get_status(&mut self) -> Result<Vec<u8>, TransferError> {
        self.input((0xa1, 3, 0, 0), 6)
    }

    pub fn clear_status(&mut self) {
        self.output((0x21, 4, 0, 0), &[]).unwrap();
    }

    pub fn get_state(&mut self) -> u8 {
        self.input((0xa1, 5, 0, 0), 1).unwrap()[0]
    }

    pub fn abort(&mut self) {
        self.output((0x21, 6, 0, 0), &[]).unwrap();
    }

    /// SET_ADDRESS, polled, and back to dfuIDLE.
    pub fn point_at(&mut self, address: u32) {
        self.dnload(0, &command(0x21, address)).unwrap();
        self.get_status().unwrap();
        self.get_status().unwrap();
        self.abort();
    }

    /// Reads `length` bytes, at most 4096.
    pub fn read(&mut self, alt: u8, address: u32, length: usize) -> Vec<u8> {
        self.alt(alt);
        self.point_at(address);
        let bytes = self.upload(2, length).unwrap();
        self.abort();
        bytes
    }

    /// Writes at most 4096 bytes; returns the two answers to GETSTATUS.
    #[allow(clippy::type_complexity)]
    pub fn write(
        &mut self,
        alt: u8,
        address: u32,
        data: &[u8],
    ) -> (Result<Vec<u8>, TransferError>, Result<Vec<u8>, TransferError>) {
        self.alt(alt);
        self.point_at(address);
        self.dnload(2, data).unwrap();
        let answers = (self.get_status(), self.get_status());
        self.abort();
        answers
    }

    pub fn erase(&mut self, alt: u8, address: u32) {
        self.alt(alt);
        self.dnload(0, &command(0x41, address)).unwrap();
        self.get_status().unwrap();
        self.get_status().unwrap();
        self.abort();
    }

    /// The zero-length DNLOAD and the GETSTATUS that completes it.
    pub fn leave(&mut self) {
        self.dnload(0, &[]).unwrap();
        self.get_status().unwrap();
    }

    pub fn wait(&self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
    }
}

pub fn command(code: u8, address: u32) -> [u8; 5] {
    let [a, b, c, d] = address.to_le_bytes();
    [code, a, b, c, d]
}

pub fn setup((request_type, request, value, index): (u8, u8, u16, u16)) -> Setup {
    Setup { request_type, request, value, index }
}

pub fn input(
    usb: &mut dyn Transport,
    fields: (u8, u8, u16, u16),
    length: usize,
) -> Result<Vec<u8>, TransferError> {
    let mut buffer = vec![0; length];
    let got = usb.control_in(setup(fields), &mut buffer, SECOND)?;
    buffer.truncate(got);
    Ok(buffer)
}

pub fn output(usb: &mut dyn Transport, fields: (u8, u8, u16, u16), data: &[u8]) -> Result<(), TransferError> {
    usb.control_out(setup(fields), data, SECOND)
}
