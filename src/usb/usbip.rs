//! A USB/IP client in user space: reaches the virtual Duos of a running `simulate` without a kernel driver
//! and without rights. On loopback only.
//!
//! Knows the protocol's client side (Linux `Documentation/usb/usbip_protocol.rst`) and nothing of what is
//! exported. Each open device is one TCP connection. The server is not trusted: what it sends is bounded
//! before it is kept, every wait has a limit, and a stream that no longer makes sense is given up for good.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{Bus, Device, PortPath, Setup, TransferError, Transport, UsbError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a whole device list or import reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
/// For SET_CONFIGURATION and SET_INTERFACE.
const STANDARD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the server may take to confirm that it gave up a transfer.
const UNLINK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a server may take to let a device go.
const RELEASE_TIMEOUT: Duration = Duration::from_millis(500);

const VERSION: u16 = 0x0111;
const OP_REQ_DEVLIST: u16 = 0x8005;
const OP_REP_DEVLIST: u16 = 0x0005;
const OP_REQ_IMPORT: u16 = 0x8003;
const OP_REP_IMPORT: u16 = 0x0003;
const ST_DEV_BUSY: u32 = 2;
const ST_NOT_AVAILABLE: u32 = 1;
const ST_NO_DEVICE: u32 = 4;

const CMD_SUBMIT: u32 = 1;
const CMD_UNLINK: u32 = 2;
const RET_SUBMIT: u32 = 3;
const RET_UNLINK: u32 = 4;

const DEVICE_SIZE: usize = 312;
const HEADER_SIZE: usize = 48;
/// More devices than a USB bus has addresses, times a few buses.
const MAX_DEVICES: u32 = 1024;

/// A USB/IP server as a bus.
#[derive(Clone, Debug)]
pub struct UsbipBus {
    server: SocketAddr,
}

impl UsbipBus {
    /// A server by its `host:port`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`UsbError::Server`] where the address cannot be understood or is not this machine's own loopback:
    /// what USB/IP carries, private keys included, is neither encrypted nor authenticated.
    pub fn new(address: &str) -> Result<Self, UsbError> {
        let candidates: Vec<SocketAddr> = match address.parse() {
            Ok(address) => vec![address],
            Err(_) if address.starts_with("localhost:") => {
                address.to_socket_addrs().map_err(|e| server(format!("{address}: {e}")))?.collect()
            }
            Err(_) => {
                return Err(server(format!("`{address}` is no address; write it as 127.0.0.1:3240")));
            }
        };
        match candidates.iter().find(|a| a.ip().is_loopback()) {
            Some(&found) if found.port() != 0 => Ok(Self { server: found }),
            Some(_) => Err(server(format!("`{address}` names no port; write it as 127.0.0.1:3240"))),
            None => Err(server(format!(
                "{address} is not this machine (only loopback addresses, such as 127.0.0.1, are allowed: \
                 USB/IP carries private keys in the clear)"
            ))),
        }
    }

    fn connect(&self) -> Result<TcpStream, UsbError> {
        let stream = TcpStream::connect_timeout(&self.server, CONNECT_TIMEOUT)
            .map_err(|e| server(format!("{}: {e}", self.server)))?;
        stream.set_nodelay(true).map_err(|e| server(e.to_string()))?;
        stream.set_write_timeout(Some(REPLY_TIMEOUT)).map_err(|e| server(e.to_string()))?;
        Ok(stream)
    }
}

impl Bus for UsbipBus {
    fn is_virtual(&self) -> bool {
        true
    }

    fn address(&self) -> Option<String> {
        Some(self.server.to_string())
    }

    fn list(&self, ids: &[(u16, u16)]) -> Result<Vec<Device>, UsbError> {
        let mut stream = self.connect()?;
        send(&mut stream, &operation(OP_REQ_DEVLIST))?;
        let mut input = Patient { stream: &stream, deadline: Instant::now() + REPLY_TIMEOUT };
        let exported = read_device_list(&mut input)?;
        let mut devices: Vec<Device> = exported
            .iter()
            .filter_map(Exported::device)
            .filter(|d| ids.contains(&(d.vendor_id, d.product_id)))
            .collect();
        devices.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(devices)
    }

    fn open(&self, device: &Device) -> Result<Box<dyn Transport>, UsbError> {
        let mut stream = self.connect()?;
        let mut request = operation(OP_REQ_IMPORT);
        request.extend(device.path.as_str().as_bytes());
        request.resize(8 + 32, 0);
        send(&mut stream, &request)?;
        let mut input = Patient { stream: &stream, deadline: Instant::now() + REPLY_TIMEOUT };
        let imported = read_import(&mut input)?;
        if imported.device().as_ref() != Some(device) {
            return Err(UsbError::Gone);
        }
        let mut transport = UsbipTransport::new(stream, imported.device_id);
        // A host's last step of an enumeration. One that the device has already seen changes nothing.
        let set_configuration = Setup { request_type: 0x00, request: 9, value: 1, index: 0 };
        transport.control_out(set_configuration, &[], STANDARD_TIMEOUT).map_err(|e| match e {
            TransferError::Disconnected => UsbError::Gone,
            other => server(format!("it did not configure the device: {other}")),
        })?;
        Ok(Box::new(transport))
    }
}

/// A device as the server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exported {
    busid: String,
    address: u32,
    /// `devid` of the commands: bus number and address.
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

    /// `None` where bus id or address are not such as a USB bus has.
    fn device(&self) -> Option<Device> {
        Some(Device {
            path: parse_busid(&self.busid)?,
            address: u8::try_from(self.address).ok()?,
            vendor_id: self.vendor_id,
            product_id: self.product_id,
            bcd_device: self.bcd_device,
        })
    }
}

/// `1-1.4`: a bus and one to seven ports.
fn parse_busid(text: &str) -> Option<PortPath> {
    let (bus, ports) = text.split_once('-')?;
    let ports: Vec<u8> = ports.split('.').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let path = PortPath::new(bus.parse().ok()?, &ports);
    // Not `1-01` or `+1-1`: the path has to lead back to the same bus id.
    (ports.len() <= 7 && path.as_str() == text).then_some(path)
}

fn operation(code: u16) -> Vec<u8> {
    let mut bytes = VERSION.to_be_bytes().to_vec();
    bytes.extend(code.to_be_bytes());
    bytes.extend([0; 4]);
    bytes
}

fn read_device_list(input: &mut impl Read) -> Result<Vec<Exported>, UsbError> {
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

fn read_import(input: &mut impl Read) -> Result<Exported, UsbError> {
    match read_operation(input, OP_REP_IMPORT)? {
        0 => Exported::parse(&read_array(input)?),
        ST_DEV_BUSY => Err(UsbError::Busy),
        ST_NOT_AVAILABLE => Err(UsbError::AccessDenied),
        ST_NO_DEVICE => Err(UsbError::Gone),
        code => Err(server(format!("it refuses to export the device (status {code})"))),
    }
}

/// The head of a reply; returns its status, 0 where all is well.
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

fn send(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), UsbError> {
    stream.write_all(bytes).map_err(|e| server(e.to_string()))
}

fn server(what: String) -> UsbError {
    UsbError::Server(what)
}

fn nonsense() -> UsbError {
    server("what answers there does not speak USB/IP".to_owned())
}

/// Reads with one deadline for all of it, however slowly it trickles in.
struct Patient<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut stream = self.stream;
        stream.read(buffer)
    }
}

/// An imported device.
struct UsbipTransport {
    stream: TcpStream,
    device_id: u32,
    sequence: u32,
    /// Bytes of a packet that has not come whole yet.
    partial: Zeroizing<Vec<u8>>,
    /// Set once the connection is lost, or what comes over it makes no sense.
    lost: bool,
}

impl Drop for UsbipTransport {
    /// Waits until the server has let the device go, so that it can be opened again at once: what was a
    /// close without a wait would leave the next open to find the device taken.
    fn drop(&mut self) {
        let deadline = Instant::now() + RELEASE_TIMEOUT;
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let mut rest = Zeroizing::new([0; 512]);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
                return;
            }
            match self.stream.read(rest.as_mut_slice()) {
                Ok(length) if length > 0 => {}
                _ => return,
            }
        }
    }
}

/// A packet from the server, its data still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reply {
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
}

/// Why no packet came.
#[derive(Debug, PartialEq, Eq)]
enum Missing {
    TimedOut,
    Lost,
}

impl UsbipTransport {
    fn new(stream: TcpStream, device_id: u32) -> Self {
        Self { stream, device_id, sequence: 0, partial: Zeroizing::default(), lost: false }
    }

    /// One control transfer, from CMD_SUBMIT to its end; `buffer` for a device-to-host one.
    fn transfer(
        &mut self,
        setup: Setup,
        data: &[u8],
        buffer: Option<&mut [u8]>,
        timeout: Duration,
    ) -> Result<usize, TransferError> {
        if self.lost {
            return Err(TransferError::Disconnected);
        }
        let is_in = buffer.is_some();
        let buffer = buffer.unwrap_or(&mut []);
        let length = u16::try_from(if is_in { buffer.len() } else { data.len() })
            .map_err(|_| TransferError::Protocol("longer than a control transfer can be".to_owned()))?;
        let deadline = Instant::now() + timeout;
        let sequence = self.next_sequence();
        let mut packet = Zeroizing::new(Vec::with_capacity(HEADER_SIZE + data.len()));
        packet.extend(self.command(CMD_SUBMIT, sequence, u32::from(is_in)));
        packet[24..28].copy_from_slice(&u32::from(length).to_be_bytes());
        packet[32..36].copy_from_slice(&u32::MAX.to_be_bytes());
        packet[40..48].copy_from_slice(&setup_packet(setup, length));
        packet.extend(data);
        self.write(&packet)?;

        let end = match self.await_reply(sequence, None, deadline) {
            Err(Missing::TimedOut) => self.unlink(sequence),
            other => other,
        };
        match end {
            Ok(reply) => self.finish(reply, is_in, buffer),
            Err(Missing::TimedOut) => Err(TransferError::Timeout),
            Err(Missing::Lost) => Err(TransferError::Disconnected),
        }
    }

    /// Asks the server to give a transfer up. Its answer may have been under way all the same.
    fn unlink(&mut self, victim: u32) -> Result<Reply, Missing> {
        let sequence = self.next_sequence();
        let mut packet = self.command(CMD_UNLINK, sequence, 0);
        packet[20..24].copy_from_slice(&victim.to_be_bytes());
        self.write(&packet).map_err(|_| Missing::Lost)?;
        let deadline = Instant::now() + UNLINK_TIMEOUT;
        match self.await_reply(victim, Some(sequence), deadline)? {
            reply if reply.command == RET_UNLINK => Err(Missing::TimedOut),
            late => Ok(late),
        }
    }

    /// Waits for the answer to `submit` or, once it has been asked for, to `unlink`.
    fn await_reply(&mut self, submit: u32, unlink: Option<u32>, deadline: Instant) -> Result<Reply, Missing> {
        loop {
            let header = self.read_packet(HEADER_SIZE, deadline).inspect_err(|missing| {
                // No answer even to the unlink: whatever comes later cannot be told apart any more.
                self.lost |= unlink.is_some() || *missing == Missing::Lost;
            })?;
            let reply = Reply::parse(&header).ok_or(Missing::Lost)?;
            match reply.command {
                RET_SUBMIT if reply.sequence == submit => return Ok(reply),
                RET_UNLINK if Some(reply.sequence) == unlink => return Ok(reply),
                // The confirmation of an unlink that the answer itself had overtaken.
                RET_UNLINK if reply.sequence < self.sequence => {}
                _ => {
                    self.lost = true;
                    return Err(Missing::Lost);
                }
            }
        }
    }

    /// Takes in the data of a device-to-host reply, which comes with failed transfers too, and judges it.
    fn finish(&mut self, reply: Reply, is_in: bool, buffer: &mut [u8]) -> Result<usize, TransferError> {
        let length = if is_in { usize::try_from(reply.actual_length).unwrap_or(usize::MAX) } else { 0 };
        let Some(buffer) = buffer.get_mut(..length) else {
            self.lost = true;
            return Err(TransferError::Babble);
        };
        let data = self.read_packet(length, Instant::now() + REPLY_TIMEOUT).map_err(|_| {
            self.lost = true;
            TransferError::Disconnected
        })?;
        match reply.status {
            0 => {
                buffer.copy_from_slice(&data);
                Ok(length)
            }
            -32 => Err(TransferError::Stall),
            -75 => Err(TransferError::Babble),
            -110 => Err(TransferError::Timeout),
            -19 | -108 => Err(TransferError::Disconnected),
            status => Err(TransferError::Protocol(format!("URB status {status}"))),
        }
    }

    /// Exactly `size` bytes. What has come when the time is up is kept for the next call.
    fn read_packet(&mut self, size: usize, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, Missing> {
        let mut input = Patient { stream: &self.stream, deadline };
        while self.partial.len() < size {
            let have = self.partial.len();
            self.partial.resize(size, 0);
            let read = input.read(&mut self.partial[have..]);
            self.partial.truncate(have + read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Err(Missing::Lost),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if matches!(e.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                    return Err(Missing::TimedOut);
                }
                Err(_) => return Err(Missing::Lost),
            }
        }
        Ok(std::mem::take(&mut self.partial))
    }

    fn command(&self, command: u32, sequence: u32, direction: u32) -> [u8; HEADER_SIZE] {
        let mut packet = [0; HEADER_SIZE];
        let words = [command, sequence, self.device_id, direction];
        for (field, word) in packet.chunks_exact_mut(4).zip(words) {
            field.copy_from_slice(&word.to_be_bytes());
        }
        packet
    }

    fn write(&mut self, packet: &[u8]) -> Result<(), TransferError> {
        self.stream.write_all(packet).map_err(|_| {
            self.lost = true;
            TransferError::Disconnected
        })
    }

    /// Numbers start at 1 and are not used twice; four thousand million are enough for any connection.
    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }
}

fn setup_packet(setup: Setup, length: u16) -> [u8; 8] {
    let [v0, v1] = setup.value.to_le_bytes();
    let [i0, i1] = setup.index.to_le_bytes();
    let [l0, l1] = length.to_le_bytes();
    [setup.request_type, setup.request, v0, v1, i0, i1, l0, l1]
}

impl Transport for UsbipTransport {
    fn control_in(
        &mut self,
        setup: Setup,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, TransferError> {
        self.transfer(setup, &[], Some(buffer), timeout)
    }

    fn control_out(&mut self, setup: Setup, data: &[u8], timeout: Duration) -> Result<(), TransferError> {
        self.transfer(setup, data, None, timeout).map(drop)
    }

    /// The import has already made the device this connection's own.
    fn claim(&mut self, _interface: u8) -> Result<(), UsbError> {
        Ok(())
    }

    fn set_alt_setting(&mut self, interface: u8, alt: u8) -> Result<(), TransferError> {
        let setup = Setup { request_type: 0x01, request: 11, value: alt.into(), index: interface.into() };
        self.control_out(setup, &[], STANDARD_TIMEOUT)
    }
}
