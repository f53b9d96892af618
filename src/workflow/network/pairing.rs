//! Proves that a private key and a cloud's public key for it are a pair; needs no Duo.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::archive::read_bounded;
use crate::cloud::device_port::{DevicePort, Pair, greet, prove};
use crate::dct::{DeviceId, ServerAddress};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::keys::{PrivateKey, ServerKey};
use crate::workflow::context::{Context, Event, Phase, Snapshot, Timeout, interrupted};
use crate::workflow::network::runtime::wait_for;
use crate::workflow::record::journal::told_generic_key;

/// How many times, and for how long at most, a key is tried that was just sent to the cloud.
const ATTEMPTS: u32 = 5;
const WITHIN: Duration = Duration::from_secs(30);
/// The pause after the first attempt; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How often a pause checks for a request to stop.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The most bytes of a server key file that are read. A key followed by an address has 768.
const MAX_SERVER_KEY_FILE: u64 = 64 * 1024;

/// The options for the device port of a cloud.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// The file with the server's public key, if it is not the one in the Duo, or Particle's.
    pub key_file: Option<PathBuf>,
    /// The server's name or IP address, if it is not the one in the Duo, or Particle's.
    pub host: Option<String>,
    /// The server's TCP port for devices.
    pub port: Option<u16>,
}

impl ServerOptions {
    /// True if any of them was typed.
    pub const fn is_typed(&self) -> bool {
        self.key_file.is_some() || self.host.is_some() || self.port.is_some()
    }

    /// Refuses a key without an address, and an address without a key. For use without a Duo, which could have the
    /// other half.
    pub fn check_whole(&self) -> Result<(), Error> {
        if self.key_file.is_some() == self.host.is_some() {
            return Ok(());
        }
        let message = "of another cloud than Particle's, both its key and its address are needed";
        Err(Error::invalid(message)
            .hint("give --server-key FILE and --host NAME together, or neither for Particle's cloud"))
    }
}

/// The cloud that the options choose for a Duo; by default, the one in the Duo, or
/// Particle's.
#[derive(Clone, Default)]
pub struct ServerChoice {
    key: Option<ServerKey>,
    address: Option<ServerAddress>,
    port: Option<u16>,
}

/// The cloud that a Duo is for.
pub struct Server {
    /// Its public key.
    pub key: ServerKey,
    /// Where devices connect to.
    pub port: DevicePort,
}

impl ServerChoice {
    /// Checks the options, and reads the key file.
    pub fn read(options: &ServerOptions) -> Result<Self, Error> {
        let port = options.port;
        if port == Some(0) {
            return Err(Error::invalid("0 is no port that a cloud listens on")
                .hint("leave --port out for the one in the Duo, or 5683"));
        }
        Ok(Self {
            key: options.key_file.as_deref().map(read_server_key).transpose()?,
            address: options.host.as_deref().map(|host| address_of(host, port.unwrap_or(0))).transpose()?,
            port,
        })
    }

    /// Host and port, for messages.
    pub fn named(&self) -> String {
        let address = self.address.clone().unwrap_or_default();
        DevicePort { host: address.host("$id"), port: self.port.unwrap_or(address.port()) }.to_string()
    }

    /// From the options; otherwise Particle's cloud.
    pub fn of_nobody(self, id: DeviceId) -> Server {
        let address = self.address.unwrap_or_default();
        Server { port: port(&address, self.port, id), key: self.key.unwrap_or_else(ServerKey::particle) }
    }

    /// From the options; otherwise from the Duo.
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
    /// Performs the handshake. Succeeds only if it proves all three: the server has the private half of this key, it
    /// knows this device, and it knows it by the public key that pairs with the private one.
    pub fn prove(&self, context: Context<'_>, id: DeviceId, key: &PrivateKey) -> Result<(), Error> {
        self.prove_once(context, Phase::Handshake, id, key, context.timeout.duration())
    }

    /// Notes the side effects of a handshake. A Duo that is `attached` in DFU mode is not online.
    pub fn caution(&self, context: Context<'_>, id: DeviceId, attached: bool) {
        if !attached {
            context.note(format!("if {id} is online now, {} may disconnect it", self.port));
        }
        // Only Particle's cloud does that: the servers that users can run themselves keep the generic key.
        if self.key.is_particle() && told_generic_key(context, id) {
            context.note(format!(
                "Particle's cloud was last sent the generic key for {id}; it takes this one in its place now"
            ));
        }
    }

    /// One handshake.
    pub fn prove_once(
        &self,
        context: Context<'_>,
        phase: Phase,
        id: DeviceId,
        key: &PrivateKey,
        within: Duration,
    ) -> Result<(), Error> {
        context.phase(phase);
        let pair = Pair { id: *id.as_bytes(), key, server: &self.key };
        let proof = prove(&self.port, &pair, within, context.control.cancel().requested());
        wait_for(proof)?.map_err(|error| Error::from(error).during("proving the pairing"))
    }

    /// Proves a key that was just sent to the cloud. It may take a moment until the device port knows what the API
    /// took, so this is tried several times.
    pub fn prove_told(
        &self,
        context: Context<'_>,
        phase: Phase,
        id: DeviceId,
        key: &PrivateKey,
    ) -> Result<(), Error> {
        let clock = context.clock;
        let deadline = clock.now().saturating_add(WITHIN);
        let (mut attempt, mut pause) = (1, FIRST_PAUSE);
        loop {
            let left = deadline.saturating_sub(clock.now());
            let Err(error) = self.prove_once(context, phase, id, key, context.timeout.duration().min(left))
            else {
                return Ok(());
            };
            let lasts = matches!(error.code(), Code::Interrupted | Code::Internal | Code::ServerKeyMismatch);
            if lasts || attempt == ATTEMPTS || clock.now().saturating_add(pause) >= deadline {
                return Err(error);
            }
            context.control.event(Event::Retry { reason: error.message().to_owned(), delay: pause });
            wait(context, pause)?;
            attempt += 1;
            pause *= 2;
        }
    }

    /// Checks that a cloud listens there, as far as possible without sending a device id.
    pub fn greet(&self, context: Context<'_>) -> Result<(), Error> {
        context.phase(Phase::Greet);
        let greeting = greet(&self.port, context.timeout.duration(), context.control.cancel().requested());
        wait_for(greeting)?.map_err(|error| Error::from(error).during(Phase::Greet.words()))
    }
}

/// True if the error says that the cloud knows the device by another key, or not at all; false if the cloud could not
/// be asked.
pub fn is_refusal(error: &Error) -> bool {
    matches!(error.code(), Code::PairingRefused | Code::PairingBroken)
}

fn wait(context: Context<'_>, pause: Duration) -> Result<(), Error> {
    let end = context.clock.now().saturating_add(pause);
    loop {
        if context.control.cancel().is_requested() {
            return Err(interrupted().during("proving the pairing"));
        }
        let left = end.saturating_sub(context.clock.now());
        if left.is_zero() {
            return Ok(());
        }
        context.clock.sleep(left.min(BETWEEN_LOOKS));
    }
}

/// Performs the handshake for one of many devices. Reports no events.
pub async fn prove_quietly(
    choice: &ServerChoice,
    id: DeviceId,
    key: &PrivateKey,
    timeout: Timeout,
) -> Result<(), Error> {
    let server = choice.clone().of_nobody(id);
    let pair = Pair { id: *id.as_bytes(), key, server: &server.key };
    let proof = prove(&server.port, &pair, timeout.duration(), std::future::pending());
    proof.await.map_err(|error| Error::from(error).during("proving the pairing"))
}

/// Host and port for this device.
fn port(address: &ServerAddress, typed: Option<u16>, id: DeviceId) -> DevicePort {
    DevicePort { host: address.host(&id.to_string()), port: typed.unwrap_or(address.port()) }
}

/// The address that was typed.
pub fn address_of(host: &str, port: u16) -> Result<ServerAddress, Error> {
    ServerAddress::new(host, port).map_err(|error| {
        Error::invalid(format!("{host:?} is no address of a cloud: {error}"))
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
