//! Reads what a USB/IP server sends (Linux `Documentation/usb/usbip_protocol.rst`).
//!
//! Knows packets, but nothing of sockets or time. It reads from anything that is [`Read`]: an input whose time is up
//! reports [`ErrorKind::TimedOut`] or [`ErrorKind::WouldBlock`]. The server is not trusted: sizes are checked before
//! data is kept.

use std::io::{ErrorKind, Read};

use zeroize::Zeroizing;

use crate::usb::{Device, PortPath, TransferError, UsbError};

pub(super) const VERSION: u16 = 0x0111;
const OP_REP_DEVLIST: u16 = 0x0005;
const OP_REP_IMPORT: u16 = 0x0003;
const ST_DEV_BUSY: u32 = 2;
const ST_NOT_AVAILABLE: u32 = 1;
const ST_NO_DEVICE: u32 = 4;

const RET_SUBMIT: u32 = 3;
const RET_UNLINK: u32 = 4;

const DEVICE_SIZE: usize = 312;
/// Bytes of a CMD_… or RET_… header.
pub(super) const HEADER_SIZE: usize = 48;
/// More than the addresses of a few USB buses together.
pub const MAX_DEVICES: u32 = 1024;

/// A device as the server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    busid: String,
    address: u32,
    device_id: u32,
    vendor_id: u16,
    product_id: u16,
    bcd_device: u16,
    interfaces: u8,
}

impl Exported {
    fn parse(d: &[u8; DEVICE_SIZE]) -> Result<Self, UsbError> {
        let word = |at: usize| u32::from_be_bytes([d[at], d[at + 1], d[at + 2], d[at + 3]]);
        let half = |at: usize| u16::from_be_bytes([d[at], d[at + 1]]);
        let busid = &d[256..288];
        let end = busid.iter().position(|&b| b == 0).ok_or_else(nonsense)?;
        let busid = std::str::from_utf8(&busid[..end]).map_err(|_| nonsense())?;
        Ok(Self {
            busid: busid.to_owned(),
            address: word(292),
            device_id: word(288) << 16 | (word(292) & 0xffff),
            vendor_id: half(300),
            product_id: half(302),
            bcd_device: half(304),
            interfaces: d[311],
        })
    }

    /// The device; `None` if the bus id or the address is not valid on a USB bus.
    pub fn device(&self) -> Option<Device> {
        Some(Device {
            path: parse_busid(&self.busid)?,
            address: u8::try_from(self.address).ok()?,
            vendor_id: self.vendor_id,
            product_id: self.product_id,
            bcd_device: self.bcd_device,
        })
    }

    /// `devid` of the commands: bus number and address.
    pub fn device_id(&self) -> u32 {
        self.device_id
    }
}

/// `1-1.4`: a bus and one to seven ports.
fn parse_busid(text: &str) -> Option<PortPath> {
    let (bus, ports) = text.split_once('-')?;
    let ports: Vec<u8> = ports.split('.').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let path = PortPath::new(bus.parse().ok()?, &ports);
    // Not `1-01` or `+1-1`: the path must give the same bus id again.
    (ports.len() <= 7 && path.as_str() == text).then_some(path)
}

/// OP_REP_DEVLIST, at most [`MAX_DEVICES`] devices.
pub fn read_device_list(input: &mut impl Read) -> Result<Vec<Exported>, UsbError> {
    let status = read_operation(input, OP_REP_DEVLIST)?;
    if status != 0 {
        return Err(server(format!("it answers with status {status}")));
    }
    let count = u32::from_be_bytes(read_array(input)?);
    if count > MAX_DEVICES {
        return Err(nonsense());
    }
    let mut devices = Vec::new();
    for _ in 0..count {
        let device = Exported::parse(&read_array(input)?)?;
        for _ in 0..device.interfaces {
            read_array::<4>(input)?;
        }
        devices.push(device);
    }
    Ok(devices)
}

/// OP_REP_IMPORT.
pub fn read_import(input: &mut impl Read) -> Result<Exported, UsbError> {
    match read_operation(input, OP_REP_IMPORT)? {
        0 => Exported::parse(&read_array(input)?),
        ST_DEV_BUSY => Err(UsbError::Busy),
        ST_NOT_AVAILABLE => Err(UsbError::AccessDenied),
        ST_NO_DEVICE => Err(UsbError::Gone),
        code => Err(server(format!("it refuses to export the device (status {code})"))),
    }
}

/// Reads the head of a reply; returns its status, 0 for success.
fn read_operation(input: &mut impl Read, code: u16) -> Result<u32, UsbError> {
    let head: [u8; 8] = read_array(input)?;
    if head[0] != VERSION.to_be_bytes()[0] || head[2..4] != code.to_be_bytes() {
        return Err(nonsense());
    }
    Ok(u32::from_be_bytes([head[4], head[5], head[6], head[7]]))
}

fn read_array<const N: usize>(input: &mut impl Read) -> Result<[u8; N], UsbError> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).map_err(|e| match e.kind() {
        ErrorKind::UnexpectedEof => server("it closed the connection".to_owned()),
        _ => server(e.to_string()),
    })?;
    Ok(bytes)
}

pub(super) fn server(what: String) -> UsbError {
    UsbError::Server(what)
}

fn nonsense() -> UsbError {
    server("what answers there does not speak USB/IP".to_owned())
}

/// The head of a RET_SUBMIT or RET_UNLINK; its data follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    command: u32,
    sequence: u32,
    status: i32,
    actual_length: u32,
}

impl Reply {
    fn parse(h: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(h.get(at..at + 4)?.try_into().ok()?));
        Some(Self {
            command: word(0)?,
            sequence: word(4)?,
            status: i32::from_be_bytes(h.get(20..24)?.try_into().ok()?),
            actual_length: word(24)?,
        })
    }

    /// True for the confirmation of an unlink, false for the answer to a transfer.
    pub fn is_unlink(&self) -> bool {
        self.command == RET_UNLINK
    }

    /// How the transfer ended; a status is a negative errno of Linux.
    pub fn outcome(&self) -> Result<(), TransferError> {
        match self.status {
            0 => Ok(()),
            -32 => Err(TransferError::Stall),
            -75 => Err(TransferError::Babble),
            -110 => Err(TransferError::Timeout),
            -19 | -108 => Err(TransferError::Disconnected),
            status => Err(TransferError::Protocol(format!("URB status {status}"))),
        }
    }
}

/// What a client waits for, by the numbers of its commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The transfer.
    pub submit: u32,
    /// Its unlink, after that was sent.
    pub unlink: Option<u32>,
    /// The last command that was sent.
    pub latest: u32,
}

/// Why no packet came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The input's time is up.
    TimedOut,
    /// The input has ended, or its data makes no sense.
    Lost,
}

/// The packets of one connection, which may come in pieces. After the connection is lost, nothing more is read from it.
#[derive(Default)]
pub struct Inbox {
    /// Bytes of a packet that is not complete yet.
    partial: Zeroizing<Vec<u8>>,
    lost: bool,
}

impl Inbox {
    /// True once the connection is lost, or its data made no sense.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Marks the connection as lost.
    pub fn give_up(&mut self) {
        self.lost = true;
    }

    /// The expected answer. Everything else is an error, except a late confirmation of an unlink.
    pub fn answer(&mut self, input: &mut impl Read, awaited: Awaited) -> Result<Reply, Missing> {
        while !self.lost {
            let header = self.packet(input, HEADER_SIZE)?;
            match Reply::parse(&header) {
                Some(reply) if reply.command == RET_SUBMIT && reply.sequence == awaited.submit => {
                    return Ok(reply);
                }
                Some(reply) if reply.is_unlink() && Some(reply.sequence) == awaited.unlink => {
                    return Ok(reply);
                }
                // The confirmation of an unlink that came after the answer itself.
                Some(reply) if reply.is_unlink() && reply.sequence < awaited.latest => {}
                _ => self.give_up(),
            }
        }
        Err(Missing::Lost)
    }

    /// Reads the data of a device-to-host reply, which failed transfers have too, and checks the outcome. Returns the
    /// number of bytes; they are in `buffer` only after success.
    pub fn data(
        &mut self,
        input: &mut impl Read,
        reply: Reply,
        buffer: &mut [u8],
    ) -> Result<usize, TransferError> {
        let length = usize::try_from(reply.actual_length).unwrap_or(usize::MAX);
        let Some(buffer) = buffer.get_mut(..length) else {
            self.give_up();
            return Err(TransferError::Babble);
        };
        let data = self.packet(input, length).map_err(|_| {
            self.give_up();
            TransferError::Disconnected
        })?;
        reply.outcome()?;
        buffer.copy_from_slice(&data);
        Ok(length)
    }

    /// Exactly `size` bytes. If the time is up, the bytes received so far are kept for the next call.
    fn packet(&mut self, input: &mut impl Read, size: usize) -> Result<Zeroizing<Vec<u8>>, Missing> {
        while self.partial.len() < size {
            let have = self.partial.len();
            self.partial.resize(size, 0);
            let read = input.read(&mut self.partial[have..]);
            self.partial.truncate(have + read.as_ref().unwrap_or(&0));
            match read {
                Ok(length) if length > 0 => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if matches!(e.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                    return Err(Missing::TimedOut);
                }
                _ => {
                    self.give_up();
                    return Err(Missing::Lost);
                }
            }
        }
        Ok(std::mem::take(&mut self.partial))
    }
}
