//! Runs a set of virtual Duos: plugged in, with freshly made keys, exported over USB/IP.
//!
//! Knows what a person can do with them: pull a cable, press RESET, put another Duo in its place, arm a fault, and look
//! into the flash. [`faults`](super::faults) knows what a fault does.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use getrandom::SysRng;
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

use super::duo::{Board, DeviceKey, Duo, DuoOptions, Generation, KeyMaker, Presence};
use super::faults::Fault;
use super::hub::Hub;
use super::usbip::UsbIpServer;
use crate::keys::{KeyError, PrivateKey, PublicKey, ServerKey, SlotImage};
use crate::usb::{Clock, PortPath};

/// The most Duos in a bench.
pub const MAX_DUOS: u32 = 16;

/// How long a virtual flash write takes. A real one takes hundreds of milliseconds.
const WRITE_TIME: Duration = Duration::from_millis(20);

/// Offset and length of the private key's slot in the DCT (redbear/firmware `dct.h`).
const KEY_SLOT: (usize, usize) = (34, 1216);

/// Offset and length of the field with the server's public key and address in the DCT, and the offsets of the address
/// and the port in that field.
const SERVER_FIELD: (usize, usize) = (2082, 768);
const SERVER_ADDRESS: usize = 384;
const SERVER_PORT: usize = 450;

/// Virtual Duos on a running USB/IP server. Dropping it stops the server.
pub struct Bench {
    hub: Arc<Hub>,
    paths: Vec<PortPath>,
    server: UsbIpServer,
}

/// Why a bench cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// More or fewer than 1 to [`MAX_DUOS`].
    #[error("{0} virtual Duos are not between 1 and {MAX_DUOS}")]
    Count(u32),
    /// Listening on the port failed.
    #[error("port {port} of 127.0.0.1 cannot be listened on: {source}")]
    Port {
        /// Which port.
        port: u16,
        /// The operating system's reason.
        source: io::Error,
    },
}

/// There is no such port in the bench.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no virtual Duo is plugged into {path}; the ports are {known}")]
pub struct NoSuchPort {
    /// The requested port.
    pub path: String,
    /// The existing ports, separated by commas.
    pub known: String,
}

/// The values for the server field are invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// Not an RSA-2048 public key.
    #[error("the server key is not the PEM of an RSA public key with 2048 bits: {0}")]
    Key(KeyError),
    /// Not `HOST:PORT`.
    #[error("`{0}` is no address of a cloud; write it as 127.0.0.1:5683")]
    Address(String),
}

/// One of the Duos of a `VirtualDuo`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "VirtualDuoInfo", rename_all = "camelCase")]
pub struct VirtualDuoState {
    /// Bus and port: `1-1`.
    pub path: String,
    /// The device id: `VIRTUAL-DUO` and the port's number, in hexadecimal.
    pub device_id: String,
    /// The fingerprint of the key in its slot, if it holds one.
    pub fingerprint: Option<String>,
    /// Its state on the bus.
    pub presence: Presence,
    /// How often it has started its firmware.
    pub boots: u64,
    /// How many keys it has made, the first included.
    pub keys_made: u64,
    /// How many DFU class requests it has received.
    pub class_requests: u64,
    /// How often its armed faults have acted.
    pub faults_acted: u32,
}

/// What to plug in.
#[derive(Clone, Copy, Debug)]
pub struct BenchOptions {
    /// How many, 1 to [`MAX_DUOS`].
    pub count: u32,
    /// Which board.
    pub board: Board,
    /// Their bootloader.
    pub generation: Generation,
    /// False for boards in DFU mode that return to it at every start, as if their buttons were held down; true for
    /// boards that run their firmware.
    pub hands_off: bool,
}

impl Bench {
    /// Plugs the Duos in and listens on 127.0.0.1; port 0 chooses a free port.
    pub fn start(options: &BenchOptions, port: u16, clock: Arc<dyn Clock>) -> Result<Self, BenchError> {
        let BenchOptions { count, board, generation, hands_off } = *options;
        if !(1..=MAX_DUOS).contains(&count) {
            return Err(BenchError::Count(count));
        }
        let hub = Hub::new(clock);
        let server =
            UsbIpServer::start(Arc::clone(&hub), port).map_err(|source| BenchError::Port { port, source })?;
        let duo = |number| {
            let options = DuoOptions {
                write_time: WRITE_TIME,
                board,
                returns_to_dfu: !hands_off,
                ..DuoOptions::new(generation, device_id(number))
            };
            let duo = Duo::new(options, key_maker());
            hub.plug(if hands_off { duo.running() } else { duo })
        };
        let paths = (1..=count).map(duo).collect();
        Ok(Self { hub, paths, server })
    }

    /// The address of the USB/IP server: the value for `--usbip`.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The Duos, ordered by port.
    pub fn duos(&self) -> Vec<VirtualDuoState> {
        self.paths.iter().filter_map(|path| self.hub.with_duo(path, |duo, _| state(path, duo))).collect()
    }

    /// Arms every Duo with each of these faults.
    pub fn arm_all(&self, faults: &[Fault]) {
        for path in &self.paths {
            self.hub.with_duo(path, |duo, _| faults.iter().for_each(|fault| duo.faults().arm(fault.clone())));
        }
    }

    /// The key slot of the Duo at `path`, 1,216 bytes of its flash.
    pub fn key_slot(&self, path: &str) -> Result<Zeroizing<Vec<u8>>, NoSuchPort> {
        let (offset, length) = KEY_SLOT;
        self.at(path, |duo, _| duo.dct(offset, length)).map(Zeroizing::new)
    }

    /// Changes the key slot of the Duo at `path`; no host notices it.
    pub fn set_key_slot(&self, path: &str, bytes: &[u8; KEY_SLOT.1]) -> Result<(), NoSuchPort> {
        self.at(path, |duo, _| duo.set_dct(KEY_SLOT.0, bytes))
    }

    /// Writes a cloud's public key, PEM, and its address, `HOST:PORT`, into the server field of every Duo.
    pub fn set_server(&self, server_key: &str, address: &str) -> Result<(), ServerError> {
        let field = server_field(server_key, address)?;
        for path in &self.paths {
            self.hub.with_duo(path, |duo, _| duo.set_dct(SERVER_FIELD.0, &field));
        }
        Ok(())
    }

    /// Calls `f` with the Duo at `path`: to press its buttons, to pull its cable, to arm a fault.
    pub fn at<R>(&self, path: &str, f: impl FnOnce(&mut Duo, Duration) -> R) -> Result<R, NoSuchPort> {
        let port = self.paths.iter().find(|known| known.as_str() == path);
        port.and_then(|port| self.hub.with_duo(port, f)).ok_or_else(|| {
            let known: Vec<&str> = self.paths.iter().map(PortPath::as_str).collect();
            NoSuchPort { path: path.to_owned(), known: known.join(", ") }
        })
    }

    /// Closes all connections and returns when the port is free.
    pub fn stop(self) {
        self.server.stop();
    }
}

fn state(path: &PortPath, duo: &mut Duo) -> VirtualDuoState {
    // The device's own public key field may be outdated, so the fingerprint is from the private key.
    let slot = Zeroizing::new(duo.dct(KEY_SLOT.0, KEY_SLOT.1));
    VirtualDuoState {
        path: path.to_string(),
        device_id: duo.device_id(),
        fingerprint: PrivateKey::read(&slot).ok().map(|read| read.key.public_key().fingerprint().to_string()),
        presence: duo.presence(),
        boots: duo.boots(),
        keys_made: duo.keys_made(),
        class_requests: duo.class_requests(),
        faults_acted: duo.faults().acted(),
    }
}

/// All 768 bytes of a server field: the key, 0xFF, the address, 0xFF (redbear/firmware `dct.h`).
fn server_field(server_key: &str, address: &str) -> Result<[u8; SERVER_FIELD.1], ServerError> {
    let key = ServerKey::read(server_key.as_bytes()).map_err(ServerError::Key)?;
    let no_address = || ServerError::Address(address.to_owned());
    let (host, port) = address.rsplit_once(':').ok_or_else(no_address)?;
    let port: u16 = port.parse().map_err(|_| no_address())?;
    let value = if let Ok(ip) = host.parse::<Ipv4Addr>() {
        [&[0, 4][..], &ip.octets()].concat()
    } else {
        let length = u8::try_from(host.len()).ok().filter(|length| (1..64).contains(length));
        [&[1, length.ok_or_else(no_address)?][..], host.as_bytes()].concat()
    };
    let mut field = [0xff; SERVER_FIELD.1];
    let spki = key.spki_der();
    field[..spki.len()].copy_from_slice(&spki);
    field[SERVER_ADDRESS..SERVER_ADDRESS + value.len()].copy_from_slice(&value);
    field[SERVER_PORT..SERVER_PORT + 2].copy_from_slice(&port.to_be_bytes());
    Ok(field)
}

/// `VIRTUAL-DUO` and the port's number, so that everyone can see that the id is from a virtual Duo.
fn device_id(number: u32) -> [u8; 12] {
    let mut id = *b"VIRTUAL-DUO\0";
    id[11] = u8::try_from(number).unwrap_or(u8::MAX);
    id
}

/// Makes keys as the firmware does: in the device's form, with the operating system's random numbers.
pub fn key_maker() -> KeyMaker {
    Box::new(|| {
        // The system's generator does not fail after the system has started, and a Duo could not report a failure
        // either.
        let mut random = UnwrapErr(SysRng);
        loop {
            let Ok(key) = PrivateKey::generate(&mut random) else { continue };
            let Ok(image) = SlotImage::of_key(&key) else { continue };
            let mut slot = Zeroizing::new([0; 1216]);
            slot.copy_from_slice(image.as_bytes());
            let spki: [u8; PublicKey::SPKI_LEN] = key.public_key().spki_der();
            return DeviceKey { slot, spki };
        }
    })
}
