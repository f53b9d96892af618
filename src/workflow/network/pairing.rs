//! Proving that a private key and a cloud's public key for it are a pair; needs no Duo.

use std::path::Path;

use crate::archive::read_bounded;
use crate::cloud::device_port::{DevicePort, Pair, greet, prove};
use crate::dct::{DeviceId, ServerAddress};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::keys::{PrivateKey, ServerKey};
use crate::workflow::context::{Context, Phase, Snapshot, Timeout};
use crate::workflow::network::runtime::wait_for;

/// The most bytes of a server key file that are read; one with an address behind it has 768.
const MAX_SERVER_KEY_FILE: u64 = 64 * 1024;

/// What the options say about the cloud that a Duo is meant for.
pub(in crate::workflow) struct ServerChoice {
    key: Option<ServerKey>,
    address: Option<ServerAddress>,
    port: Option<u16>,
}

/// The cloud that a Duo is meant for.
pub(in crate::workflow) struct Server {
    /// Its public key.
    pub key: ServerKey,
    /// Where devices connect to.
    pub port: DevicePort,
}

impl ServerChoice {
    /// Checks what was typed, and reads the key.
    pub fn read(key: Option<&Path>, host: Option<&str>, port: Option<u16>) -> Result<Self, Error> {
        if port == Some(0) {
            return Err(Error::new(Code::InvalidArgument, "0 is no port that a cloud listens on")
                .hint("leave --port out for the one in the Duo, or 5683"));
        }
        Ok(Self {
            key: key.map(read_server_key).transpose()?,
            address: host.map(|host| address_of(host, port.unwrap_or(0))).transpose()?,
            port,
        })
    }

    /// True if a key was named.
    pub const fn names_key(&self) -> bool {
        self.key.is_some()
    }

    /// What was typed, else Particle's cloud.
    pub fn of_nobody(self, id: DeviceId) -> Server {
        let address = self.address.unwrap_or_default();
        Server { port: port(&address, self.port, id), key: self.key.unwrap_or_else(ServerKey::particle) }
    }

    /// What was typed, else what is in the Duo.
    pub fn of_device(self, snapshot: &Snapshot, id: DeviceId) -> Result<Server, Error> {
        let field = snapshot.image().server_key_slot();
        let key = match self.key {
            Some(key) => key,
            None => field.and_then(|field| ServerKey::read(field).ok()).ok_or_else(|| {
                Error::new(Code::ServerKeySlotInvalid, "the Duo holds no public key of a cloud")
                    .hint("give the key of the cloud that it is meant for: add --server-key FILE --host NAME")
            })?,
        };
        let address = match (self.address, field.map(ServerAddress::read)) {
            (Some(typed), _) => typed,
            (None, None | Some(Ok(None))) => ServerAddress::default(),
            (None, Some(Ok(Some(address)))) => address,
            (None, Some(Err(error))) => {
                return Err(Error::new(Code::ServerKeySlotInvalid, error.to_string())
                    .hint("say where the cloud is that the Duo is meant for: add --host NAME"));
            }
        };
        Ok(Server { key, port: port(&address, self.port, id) })
    }
}

impl Server {
    /// Performs the handshake, and succeeds only if it proves all three: the server has the private half of this
    /// key, it knows this device, and by a public key that pairs with the private one.
    pub fn prove(
        &self,
        context: Context<'_>,
        id: DeviceId,
        key: &PrivateKey,
        timeout: Timeout,
    ) -> Result<(), Error> {
        context.phase(Phase::Handshake);
        let pair = Pair { id: *id.as_bytes(), key, server: &self.key };
        let proof = prove(&self.port, &pair, timeout.duration(), context.control.cancel().requested());
        wait_for(proof)?.map_err(|error| Error::from(error).during("proving the pairing"))
    }

    /// Sees that a cloud listens there, as far as that can be told without saying who asks.
    pub fn greet(&self, context: Context<'_>, timeout: Timeout) -> Result<(), Error> {
        context.phase(Phase::Greet);
        let greeting = greet(&self.port, timeout.duration(), context.control.cancel().requested());
        wait_for(greeting)?.map_err(|error| Error::from(error).during(Phase::Greet.words()))
    }
}

/// Where to connect to, for this device.
fn port(address: &ServerAddress, typed: Option<u16>, id: DeviceId) -> DevicePort {
    DevicePort { host: address.host(&id.to_string()), port: typed.unwrap_or(address.port()) }
}

fn address_of(host: &str, port: u16) -> Result<ServerAddress, Error> {
    ServerAddress::new(host, port).map_err(|error| {
        Error::new(Code::InvalidArgument, format!("{host:?} is no address of a cloud: {error}"))
            .hint("a host is a name or an IPv4 address; the port has an option of its own, --port")
    })
}

fn read_server_key(path: &Path) -> Result<ServerKey, Error> {
    let during = "reading the server's public key";
    let bytes = read_bounded(path, MAX_SERVER_KEY_FILE).map_err(|error| Error::from(error).during(during))?;
    ServerKey::read(&bytes).map_err(|error| {
        Error::new(Code::ServerKeyInvalid, format!("{}: {error}", plain_path(path))).during(during).hint(
            "a cloud's public key is RSA with 2048 bits, as DER or PEM; a private key is never needed here",
        )
    })
}
