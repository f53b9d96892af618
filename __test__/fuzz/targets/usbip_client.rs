//! Fuzzes our USB/IP client with what a server may send.
//!
//! The first byte chooses between a device list, an import and the answers to transfers.

use std::io::{ErrorKind, Read};

use duo_provision::usb::usbip::wire::{
    Awaited, Exported, Inbox, MAX_DEVICES, Missing, read_device_list, read_import,
};

use super::tape::Tape;

/// Bytes per device in OP_REP_DEVLIST.
const DEVICE: usize = 312;

/// Reads everything in `bytes`.
pub fn run(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    match tape.u8() % 3 {
        0 => device_list(tape.rest()),
        1 => import(tape.rest()),
        _ => transfers(tape),
    }
}

fn device_list(bytes: &[u8]) {
    let mut left = bytes;
    let Ok(devices) = read_device_list(&mut left) else { return };
    assert!(devices.len() <= MAX_DEVICES as usize && devices.len() * DEVICE + 12 <= bytes.len());
    assert_eq!((bytes[0], &bytes[2..8]), (1, &[0, 5, 0, 0, 0, 0][..]));
    devices.iter().for_each(plausible);
}

fn import(bytes: &[u8]) {
    let mut left = bytes;
    let Ok(device) = read_import(&mut left) else { return };
    assert_eq!(bytes.len() - left.len(), 8 + DEVICE);
    assert_eq!((bytes[0], &bytes[2..8]), (1, &[0, 3, 0, 0, 0, 0][..]));
    plausible(&device);
}

/// A path is a bus and one to seven ports, in the digits that a bus id has, and can be put into a request again.
fn plausible(exported: &Exported) {
    let Some(device) = exported.device() else { return };
    let (bus, ports) = device.path.as_str().split_once('-').expect("bus-ports");
    let canonical = |number: &str| number.parse::<u8>().is_ok_and(|n| n.to_string() == number);
    assert!(canonical(bus) && ports.split('.').all(canonical) && ports.split('.').count() <= 7);
    assert!(device.path.as_str().len() < 32);
    assert_eq!(exported.device_id() & 0xFFFF, u32::from(device.address));
}

/// Makes transfers over a connection that delivers a few bytes at a time, is interrupted and runs out of time.
fn transfers(mut tape: Tape<'_>) {
    let mut inbox = Inbox::default();
    let mut latest = 1;
    let size = usize::from(tape.u8()) % 64;
    let mut input = Trickle { pace: tape.u8(), reads: 0, bytes: tape.rest() };
    let whole = input.bytes.len();
    for _ in 0..8 {
        let mut awaited = Awaited { submit: latest, unlink: None, latest };
        let mut answer = inbox.answer(&mut input, awaited);
        if answer == Err(Missing::TimedOut) {
            latest += 1;
            awaited = Awaited { unlink: Some(latest), latest, ..awaited };
            answer = inbox.answer(&mut input, awaited);
        }
        match answer {
            Ok(reply) if reply.is_unlink() => assert!(awaited.unlink.is_some()),
            Ok(reply) => {
                let mut buffer = vec![0xEE; size];
                match inbox.data(&mut input, reply, &mut buffer) {
                    Ok(length) => assert!(length <= size && buffer[length..].iter().all(|&b| b == 0xEE)),
                    Err(_) => assert!(buffer.iter().all(|&b| b == 0xEE), "a failed transfer brings nothing"),
                }
            }
            Err(Missing::Lost) => assert!(inbox.is_lost()),
            Err(Missing::TimedOut) => inbox.give_up(),
        }
        latest += 1;
    }
    if inbox.is_lost() {
        let (left, awaited) = (input.bytes.len(), Awaited { submit: latest, unlink: None, latest });
        assert_eq!(inbox.answer(&mut input, awaited), Err(Missing::Lost));
        assert_eq!(input.bytes.len(), left, "nothing is read from a lost connection");
    }
    assert!(input.bytes.len() <= whole);
}

/// An input that gives a few bytes at a time, and sometimes none yet.
struct Trickle<'a> {
    pace: u8,
    reads: u8,
    bytes: &'a [u8],
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.reads = self.reads.wrapping_add(1);
        match (self.pace >> 5, self.reads % 5) {
            (1 | 3, 2) => return Err(ErrorKind::Interrupted.into()),
            (2 | 3, 4) => return Err(ErrorKind::TimedOut.into()),
            (4, 4) => return Err(ErrorKind::WouldBlock.into()),
            (5, 4) => return Err(ErrorKind::ConnectionReset.into()),
            _ => {}
        }
        let length = buffer.len().min(usize::from(self.pace & 31) * 4 + 1);
        self.bytes.read(&mut buffer[..length])
    }
}
