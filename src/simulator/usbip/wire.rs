//! Encodes and decodes USB/IP packets (Linux `Documentation/usb/usbip_protocol.rst`, protocol 1.1.1).
//!
//! Everything is big-endian except the setup packet, which is passed on unchanged. Knows nothing of sockets. All input
//! is checked against limits first.

use crate::simulator::hub::Attached;
use crate::usb::Setup;

/// The version in every operation, 1.1.1.
pub const VERSION: u16 = 0x0111;
/// Bytes of a CMD_… or RET_… header.
pub const HEADER_SIZE: usize = 48;
/// Bytes of a device in OP_REP_DEVLIST and OP_REP_IMPORT.
pub const DEVICE_SIZE: usize = 312;
/// Bytes of a bus id.
pub const BUSID_SIZE: usize = 32;

const SPEED_FULL: u32 = 2;

/// A request at the beginning of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// OP_REQ_DEVLIST.
    DeviceList,
    /// OP_REQ_IMPORT; the bus id follows, 32 bytes.
    Import,
}

/// Status codes of OP_REP_….
pub mod status {
    #![allow(missing_docs)]
    pub const OK: u32 = 0;
    /// Not available.
    pub const NOT_AVAILABLE: u32 = 1;
    pub const BUSY: u32 = 2;
    pub const NO_DEVICE: u32 = 4;
}

/// The result of a URB: a negative errno of Linux.
pub mod errno {
    #![allow(missing_docs)]
    pub const OK: i32 = 0;
    pub const NODEV: i32 = -19;
    pub const INVAL: i32 = -22;
    pub const PIPE: i32 = -32;
    pub const PROTO: i32 = -71;
    pub const OVERFLOW: i32 = -75;
    pub const CONNRESET: i32 = -104;
}

/// What a client sends after it has imported a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// USBIP_CMD_SUBMIT.
    Submit(Submit),
    /// USBIP_CMD_UNLINK of the submit with the number `victim`.
    Unlink {
        /// Its own number.
        sequence: u32,
        /// The submit to cancel.
        victim: u32,
    },
}

/// USBIP_CMD_SUBMIT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// The client's number for it.
    pub sequence: u32,
    /// Device to host.
    pub is_in: bool,
    /// The endpoint number, without direction.
    pub endpoint: u32,
    /// `transfer_buffer_length`, at most [`MAX_TRANSFER`].
    pub length: usize,
    /// The setup packet without its length, and its length.
    pub setup: (Setup, u16),
    /// The data stage of a host-to-device transfer.
    pub data: Vec<u8>,
}

/// The largest accepted transfer; a control transfer's `wLength` has 16 bits.
pub const MAX_TRANSFER: usize = 65_536;

/// The client does not speak the protocol, or exceeds its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a USB/IP packet that this server takes")]
pub struct Malformed;

/// The first eight bytes of an operation: version, code, status.
pub fn parse_operation(bytes: [u8; 8]) -> Result<Operation, Malformed> {
    let version = u16::from_be_bytes([bytes[0], bytes[1]]);
    // Clients since 0.1.1 send 0x0106 to 0x0111; the device records have not changed since.
    if !(0x0100..0x0200).contains(&version) {
        return Err(Malformed);
    }
    match u16::from_be_bytes([bytes[2], bytes[3]]) {
        0x8005 => Ok(Operation::DeviceList),
        0x8003 => Ok(Operation::Import),
        _ => Err(Malformed),
    }
}

/// The bus id up to its NUL.
pub fn parse_busid(bytes: &[u8; BUSID_SIZE]) -> Result<&str, Malformed> {
    let end = bytes.iter().position(|&b| b == 0).ok_or(Malformed)?;
    std::str::from_utf8(&bytes[..end]).map_err(|_| Malformed)
}

/// A CMD_… header. For a host-to-device submit, `length` bytes of data follow it.
pub fn parse_command(h: &[u8; HEADER_SIZE]) -> Result<Command, Malformed> {
    let word = |at: usize| u32::from_be_bytes([h[at], h[at + 1], h[at + 2], h[at + 3]]);
    let sequence = word(4);
    match word(0) {
        1 => {}
        2 => return Ok(Command::Unlink { sequence, victim: word(20) }),
        _ => return Err(Malformed),
    }
    let is_in = match word(12) {
        0 => false,
        1 => true,
        _ => return Err(Malformed),
    };
    let (endpoint, length) = (word(16), word(24) as usize);
    // Isochronous packets would be described after the data; the Duo has no such endpoint.
    let isochronous = !matches!(word(32), 0 | u32::MAX);
    if endpoint > 15 || length > MAX_TRANSFER || isochronous {
        return Err(Malformed);
    }
    let little = |at: usize| u16::from_le_bytes([h[at], h[at + 1]]);
    let setup = Setup { request_type: h[40], request: h[41], value: little(42), index: little(44) };
    Ok(Command::Submit(Submit {
        sequence,
        is_in,
        endpoint,
        length,
        setup: (setup, little(46)),
        data: Vec::new(),
    }))
}

/// OP_REP_DEVLIST.
pub fn device_list(devices: &[Attached]) -> Vec<u8> {
    let mut bytes = operation_reply(0x0005, status::OK);
    bytes.extend(u32::try_from(devices.len()).unwrap_or(u32::MAX).to_be_bytes());
    for attached in devices {
        bytes.extend(device(attached));
        // The class triple and a byte of padding.
        bytes.extend(attached.interfaces.iter().flat_map(|&[a, b, c]| [a, b, c, 0]));
    }
    bytes
}

/// OP_REP_IMPORT.
pub fn import_reply(result: Result<&Attached, u32>) -> Vec<u8> {
    let mut bytes = operation_reply(0x0003, result.err().unwrap_or(status::OK));
    bytes.extend(result.map(device).unwrap_or_default());
    bytes
}

fn operation_reply(code: u16, status: u32) -> Vec<u8> {
    [&VERSION.to_be_bytes()[..], &code.to_be_bytes(), &status.to_be_bytes()].concat()
}

fn device(attached: &Attached) -> Vec<u8> {
    let busid = attached.path.as_str();
    let mut bytes = padded(&format!("/sys/devices/simulated/usb1/{busid}"), 256);
    bytes.extend(padded(busid, BUSID_SIZE));
    let busnum = busid.split('-').next().and_then(|b| b.parse().ok()).unwrap_or(1u32);
    for word in [busnum, attached.address.into(), SPEED_FULL] {
        bytes.extend(word.to_be_bytes());
    }
    for offset in [8, 10, 12] {
        bytes.extend(attached.word(offset).to_be_bytes());
    }
    // Class triple, bConfigurationValue, bNumConfigurations, bNumInterfaces.
    bytes.extend(attached.descriptor.get(4..7).unwrap_or(&[0; 3]));
    bytes.extend([1, 1, u8::try_from(attached.interfaces.len()).unwrap_or(u8::MAX)]);
    bytes
}

fn padded(text: &str, size: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(size, 0);
    bytes
}

/// USBIP_RET_SUBMIT; `data` only for device-to-host transfers.
pub fn submit_reply(sequence: u32, status: i32, actual_length: usize, data: &[u8]) -> Vec<u8> {
    let mut bytes = reply_header(3, sequence, status);
    bytes[24..28].copy_from_slice(&u32::try_from(actual_length).unwrap_or(0).to_be_bytes());
    bytes.extend(data);
    bytes
}

/// USBIP_RET_UNLINK.
pub fn unlink_reply(sequence: u32, status: i32) -> Vec<u8> {
    reply_header(4, sequence, status)
}

/// Command, number, device id, direction, endpoint (the last three zero in replies), then the status.
fn reply_header(command: u32, sequence: u32, status: i32) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_SIZE];
    bytes[..4].copy_from_slice(&command.to_be_bytes());
    bytes[4..8].copy_from_slice(&sequence.to_be_bytes());
    bytes[20..24].copy_from_slice(&status.to_be_bytes());
    bytes
}
