//! Implements a USB/IP client in user space: reaches the virtual Duos of a running `simulate` without a kernel driver
//! and without special permissions. Only on loopback.
//!
//! Knows sockets, deadlines and what a client sends at which time (Linux `Documentation/usb/usbip_protocol.rst`). It
//! knows nothing of the exported devices. [`wire`] reads the server's answers. Each open device is one TCP connection.
//! Every wait has a limit, and a stream that makes no sense is closed for good.

pub mod wire;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use self::wire::{
    Awaited, Exported, HEADER_SIZE, Inbox, Missing, Reply, VERSION, read_device_list, read_import, server,
};
use super::{Bus, Device, Setup, TransferError, Transport, UsbError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a whole device list or import reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
/// For SET_CONFIGURATION and SET_INTERFACE.
const STANDARD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the server may take to confirm that it cancelled a transfer.
const UNLINK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a server may take to release a device.
const RELEASE_TIMEOUT: Duration = Duration::from_millis(500);

const OP_REQ_DEVLIST: u16 = 0x8005;
const OP_REQ_IMPORT: u16 = 0x8003;

const CMD_SUBMIT: u32 = 1;
const CMD_UNLINK: u32 = 2;

/// A USB/IP server as a bus.
#[derive(Clone, Debug)]
pub struct UsbipBus {
    server: SocketAddr,
}

impl UsbipBus {
    /// A server by its `host:port`. Does not connect yet.
    ///
    /// # Errors
    /// [`UsbError::Server`] if the address is invalid or is not this machine's own loopback: USB/IP carries private
    /// keys, and is neither encrypted nor authenticated.
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
            .map_err(|e| UsbError::NoServer(self.server, e.to_string()))?;
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
        let mut devices: Vec<Device> = exported.iter().filter_map(Exported::device).collect();
        devices.retain(|device| ids.contains(&(device.vendor_id, device.product_id)));
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
        let device_id = imported.device_id();
        let mut transport = UsbipTransport { stream, device_id, sequence: 0, inbox: Inbox::default() };
        // The last step of an enumeration. A repeated one changes nothing.
        let set_configuration = Setup { request_type: 0x00, request: 9, value: 1, index: 0 };
        transport.control_out(set_configuration, &[], STANDARD_TIMEOUT).map_err(|e| match e {
            TransferError::Disconnected => UsbError::Gone,
            other => server(format!("it did not configure the device: {other}")),
        })?;
        Ok(Box::new(transport))
    }
}

fn operation(code: u16) -> Vec<u8> {
    [&VERSION.to_be_bytes()[..], &code.to_be_bytes(), &[0; 4]].concat()
}

fn send(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), UsbError> {
    stream.write_all(bytes).map_err(|e| server(e.to_string()))
}

/// Reads with one deadline for everything, even if the bytes come slowly.
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
    inbox: Inbox,
}

impl Drop for UsbipTransport {
    /// Waits until the server has released the device, so that it can be opened again at once. Without the wait, the
    /// next open could find the device in use.
    fn drop(&mut self) {
        if self.stream.shutdown(Shutdown::Write).is_ok() {
            let mut rest = Zeroizing::new([0; 512]);
            let mut input = Patient { stream: &self.stream, deadline: Instant::now() + RELEASE_TIMEOUT };
            while input.read(rest.as_mut_slice()).is_ok_and(|length| length > 0) {}
        }
    }
}

impl UsbipTransport {
    /// One control transfer, from CMD_SUBMIT to its end; `buffer` is for a device-to-host one.
    fn transfer(
        &mut self,
        setup: Setup,
        data: &[u8],
        buffer: Option<&mut [u8]>,
        timeout: Duration,
    ) -> Result<usize, TransferError> {
        if self.inbox.is_lost() {
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
        packet[40..42].copy_from_slice(&[setup.request_type, setup.request]);
        for (at, field) in [(42, setup.value), (44, setup.index), (46, length)] {
            packet[at..at + 2].copy_from_slice(&field.to_le_bytes());
        }
        packet.extend(data);
        self.write(&packet)?;

        let end = match self.await_reply(sequence, None, deadline) {
            Err(Missing::TimedOut) => self.unlink(sequence),
            other => other,
        };
        match end {
            Ok(reply) if is_in => {
                let deadline = Instant::now() + REPLY_TIMEOUT;
                self.inbox.data(&mut Patient { stream: &self.stream, deadline }, reply, buffer)
            }
            Ok(reply) => reply.outcome().map(|()| 0),
            Err(Missing::TimedOut) => Err(TransferError::Timeout),
            Err(Missing::Lost) => Err(TransferError::Disconnected),
        }
    }

    /// Asks the server to cancel a transfer. The answer may still arrive.
    fn unlink(&mut self, victim: u32) -> Result<Reply, Missing> {
        let sequence = self.next_sequence();
        let mut packet = self.command(CMD_UNLINK, sequence, 0);
        packet[20..24].copy_from_slice(&victim.to_be_bytes());
        self.write(&packet).map_err(|_| Missing::Lost)?;
        let deadline = Instant::now() + UNLINK_TIMEOUT;
        match self.await_reply(victim, Some(sequence), deadline)? {
            reply if reply.is_unlink() => Err(Missing::TimedOut),
            late => Ok(late),
        }
    }

    /// Waits for the answer to `submit` or, after an unlink was sent, to `unlink`.
    fn await_reply(&mut self, submit: u32, unlink: Option<u32>, deadline: Instant) -> Result<Reply, Missing> {
        let awaited = Awaited { submit, unlink, latest: self.sequence };
        let answer = self.inbox.answer(&mut Patient { stream: &self.stream, deadline }, awaited);
        if answer.is_err() && unlink.is_some() {
            // No answer even to the unlink: later replies can no longer be told apart.
            self.inbox.give_up();
        }
        answer
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
            self.inbox.give_up();
            TransferError::Disconnected
        })
    }

    /// Numbers start at 1 and are not used twice; four billion are enough for any connection.
    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }
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

    /// The import has already reserved the device for this connection.
    fn claim(&mut self, _interface: u8) -> Result<(), UsbError> {
        Ok(())
    }

    fn set_alt_setting(&mut self, interface: u8, alt: u8) -> Result<(), TransferError> {
        let setup = Setup { request_type: 0x01, request: 11, value: alt.into(), index: interface.into() };
        self.control_out(setup, &[], STANDARD_TIMEOUT)
    }
}
