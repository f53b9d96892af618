//! Tests the emulated Duo, quirk by quirk: the name of each test says what the firmware does.

mod boot;
mod descriptors;
mod fault_names;
mod faults;
mod memory;
mod serial_port;
mod states;
use crate::virtual_duo::Bench;
use duo_provision::simulator::Generation;
use duo_provision::usb::TransferError;

/// All four bootloaders.
const R: [Generation; 4] = Generation::ALL;

/// A GETSTATUS answer: status OK, a poll time, a state.
#[allow(clippy::unnecessary_wraps)] // compared with what a transfer returns
fn status(poll: u8, state: u8) -> Result<Vec<u8>, TransferError> {
    Ok(vec![0, poll, 0, 0, state, 0])
}

/// A string descriptor's text.
fn text(b: &mut Bench, index: u16) -> String {
    let d = b.input((0x80, 6, 0x0300 | index, 0x0409), 255).unwrap();
    assert_eq!((usize::from(d[0]), d[1]), (d.len(), 3));
    let units: Vec<u16> = d[2..].chunks(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
    String::from_utf16(&units).unwrap()
}
