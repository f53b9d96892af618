//! Reads and writes the address of a Duo's cloud, which follows the key in the server's field.
//!
//! From byte 384 of the field on (redbear/firmware `dct.h` and `spark_wiring_cloud`/`system_cloud_internal.cpp`): a
//! type (0 for an IPv4 address, 1 for a name), a length, the value, and at byte 450 the port, big-endian; 0 and 0xFFFF
//! mean the default port. The bytes in between are 0xFF.

use std::fmt;
use std::net::Ipv4Addr;

/// Bytes of the field.
pub const SERVER_FIELD: usize = super::SERVER_PUBLIC_KEY.size;
/// Offset of the address in the field.
const ADDRESS: usize = 384;
/// Offset of the port in the field.
const PORT: usize = 450;
/// The longest name that the firmware takes.
const MAX_NAME: usize = 63;
/// The placeholder for the device's own id in a name.
const ID_MARK: &str = "$id";

/// The port of a device's TCP connection if the field names none.
pub const DEFAULT_DEVICE_PORT: u16 = 5683;
/// The host that the firmware connects to if the field names no address.
pub const DEFAULT_SERVER_NAME: &str = "device.spark.io";

/// A cloud's address, as in the DCT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Ip(Ipv4Addr),
    Name(String),
}

/// Why an address is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerAddressError {
    /// A name that is empty, too long, or not a host name.
    #[error(
        "a server's name has 1 to {MAX_NAME} characters: letters, digits, hyphens and underscores, in words with one dot \
         between them; $id in it stands for the device id"
    )]
    Name,
    /// It looks like an IPv4 address but is not one, as 192.168.1.300: no name ends in a number.
    #[error("it looks like an IPv4 address, which has four numbers from 0 to 255, and is none")]
    Ip,
    /// The type is neither 0 nor 1, or the length does not fit the type.
    #[error("the server's address in the DCT is neither an IPv4 address nor a name")]
    Type,
}

impl ServerAddress {
    /// A name or an IPv4 address, and a port.
    pub fn new(host: &str, port: u16) -> Result<Self, ServerAddressError> {
        let host = match host.parse() {
            Ok(ip) => Host::Ip(ip),
            Err(_) if ends_in_number(host) => return Err(ServerAddressError::Ip),
            Err(_) => Host::Name(check_name(host)?.to_owned()),
        };
        Ok(Self { host, port: default_port(port) })
    }

    /// Reads the address in a server field; `None` if the field names none, and the firmware uses
    /// [`DEFAULT_SERVER_NAME`].
    pub fn read(field: &[u8; SERVER_FIELD]) -> Result<Option<Self>, ServerAddressError> {
        let port = u16::from_be_bytes([field[PORT], field[PORT + 1]]);
        let (kind, length) = (field[ADDRESS], usize::from(field[ADDRESS + 1]));
        let value = &field[ADDRESS + 2..PORT];
        let host = match (kind, length) {
            (0xFF, _) => return Ok(None),
            (0, 4) => Host::Ip(Ipv4Addr::new(value[0], value[1], value[2], value[3])),
            (1, 1..=MAX_NAME) => {
                let name = std::str::from_utf8(&value[..length]).map_err(|_| ServerAddressError::Name)?;
                Host::Name(check_name(name)?.to_owned())
            }
            _ => return Err(ServerAddressError::Type),
        };
        Ok(Some(Self { host, port: default_port(port) }))
    }

    /// The same with another port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port: default_port(port), ..self }
    }

    /// All bytes of the field: a key at its beginning, and the address, if there is one. The firmware's default port is
    /// left as 0xFFFF, and a zero follows a name, as in redbear/Duo `firmware/dct/server_public_key.der`. `None` if the
    /// key reaches the address; a key of RSA-2048 has 294 bytes.
    pub fn write(key: &[u8], address: Option<&Self>) -> Option<[u8; SERVER_FIELD]> {
        let mut field = [0xFF; SERVER_FIELD];
        field.get_mut(..key.len().min(ADDRESS))?.get_mut(..key.len())?.copy_from_slice(key);
        if let Some(Self { host, port }) = address {
            let (kind, value) = match host {
                Host::Ip(ip) => (0, ip.octets().to_vec()),
                Host::Name(name) => (1, name.as_bytes().to_vec()),
            };
            // The name was checked: it has at most 63 bytes, so its zero is before the port.
            let zero = &[0][..usize::from(kind)];
            let bytes = [&[kind, u8::try_from(value.len()).ok()?][..], &value, zero].concat();
            field.get_mut(ADDRESS..PORT)?.get_mut(..bytes.len())?.copy_from_slice(&bytes);
            if *port != DEFAULT_DEVICE_PORT {
                field[PORT..PORT + 2].copy_from_slice(&port.to_be_bytes());
            }
        }
        Some(field)
    }

    /// The name or address to connect to, for a device of this id.
    pub fn host(&self, device_id: &str) -> String {
        match &self.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.replace(ID_MARK, device_id),
        }
    }

    /// The name or address as written, with `$id` in it.
    pub fn host_as_written(&self) -> String {
        self.host(ID_MARK)
    }

    /// True if the address is the Duo itself, not a cloud: 127.0.0.0/8, 0.0.0.0, and `localhost` with the names below
    /// it (RFC 6761 §6.3).
    pub fn is_the_device_itself(&self) -> bool {
        match &self.host {
            Host::Ip(ip) => ip.is_loopback() || ip.is_unspecified(),
            Host::Name(name) => {
                let name = name.to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost")
            }
        }
    }

    /// The TCP port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Default for ServerAddress {
    /// The firmware's server if its DCT names none.
    fn default() -> Self {
        Self { host: Host::Name(DEFAULT_SERVER_NAME.to_owned()), port: DEFAULT_DEVICE_PORT }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host_as_written(), self.port)
    }
}

const fn default_port(port: u16) -> u16 {
    match port {
        0 | 0xFFFF => DEFAULT_DEVICE_PORT,
        port => port,
    }
}

/// Whether the last label of a host is a number, as in no name on the internet (WHATWG URL §3.5).
fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Accepts a host name, in which `$id` may stand for the device id.
fn check_name(name: &str) -> Result<&str, ServerAddressError> {
    let plain = name.replace(ID_MARK, "0");
    let labels = plain.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    if labels && name.len() <= MAX_NAME { Ok(name) } else { Err(ServerAddressError::Name) }
}
