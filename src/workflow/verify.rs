//! `verify`: the proof that the Duo's private key and the cloud's public key for it are a pair.
//!
//! Performs the Duo's own handshake with its cloud, with the key that was read over USB or from a file, so that
//! the one condition for a Duo to connect is checked without restarting it. Writes nothing anywhere.

use std::path::{Path, PathBuf};

use super::device::{DeviceRef, Opened, Target};
use super::passphrase::{PassphraseOptions, Passphrases, check_opens};
use super::runtime::wait_for;
use super::source::read_key_file;
use super::{Context, Phase, Timeout};
use crate::archive::{manifest_beside, read_bounded, sha256_hex};
use crate::cloud::device_port::{DevicePort, Pair, PairingError, prove};
use crate::cloud::handshake::Flaw;
use crate::dct::{DeviceId, ServerAddress};
use crate::error::{Code, Error, KeyState};
use crate::keys::{Fingerprint, KeyFile, PrivateKey, ServerKey};

/// The most bytes of a server key file that are read; one with an address behind it has 768.
const MAX_SERVER_KEY_FILE: u64 = 64 * 1024;

/// What `verify` is asked for.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Which Duo; with a key file, whose key it is.
    pub target: Target,
    /// The private key, where it is not read over USB.
    pub key_file: Option<PathBuf>,
    /// The passphrase of the key file.
    pub passphrase: PassphraseOptions,
    /// The server's public key, where it is not the one in the Duo.
    pub server_key: Option<PathBuf>,
    /// The server's name or IP address, where it is not the one in the Duo.
    pub host: Option<String>,
    /// The server's TCP port.
    pub port: Option<u16>,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// A pairing that was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyDone {
    /// The device id that the cloud knows.
    pub device_id: DeviceId,
    /// The key that it knows the device by, and that the private key belongs to.
    pub fingerprint: Fingerprint,
    /// The server's key.
    pub server_fingerprint: Fingerprint,
    /// True where it is Particle's own.
    pub particle: bool,
    /// Host and port that were talked to.
    pub server: String,
    /// The attached Duo, where the key came from it.
    pub device: Option<DeviceRef>,
}

/// What the proof is about.
struct Claim {
    id: DeviceId,
    key: PrivateKey,
    server: ServerKey,
    /// Where the Duo would connect to.
    address: ServerAddress,
    device: Option<DeviceRef>,
}

/// Reads what is needed, performs the handshake, and succeeds only if it proves all three: the server has the
/// key that the Duo names, it knows this device, and by a public key that pairs with the private one.
pub fn verify(context: Context<'_>, options: &VerifyOptions) -> Result<VerifyDone, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    if options.port == Some(0) {
        return Err(Error::new(Code::InvalidArgument, "0 is no port that a cloud listens on")
            .hint("leave --port out for the one in the Duo, or 5683"));
    }
    check_opens(&options.passphrase, options.key_file.is_some())?;
    let server = options.server_key.as_deref().map(read_server_key).transpose()?;
    let typed =
        options.host.as_deref().map(|host| address_of(host, options.port.unwrap_or(0))).transpose()?;
    let claim = match &options.key_file {
        Some(file) => claim_of_file(context, options, file, server)?,
        None => claim_of_device(context, options, server, timeout)?,
    };
    let port = port(typed.as_ref().unwrap_or(&claim.address), options.port, claim.id);
    context.phase(Phase::Handshake);
    context.note(format!("if {} is online at this moment, {} may disconnect it", claim.id, port));
    let pair = Pair { id: *claim.id.as_bytes(), key: &claim.key, server: &claim.server };
    let proof = prove(&port, &pair, timeout.duration(), context.control.cancel().requested());
    wait_for(proof)?.map_err(|error| {
        let error = explain(error, claim.id).during("proving the pairing");
        match &claim.device {
            Some(device) => error.on(device, KeyState::Unchanged),
            None => error,
        }
    })?;
    Ok(VerifyDone {
        device_id: claim.id,
        fingerprint: claim.key.public_key().fingerprint(),
        server_fingerprint: claim.server.fingerprint(),
        particle: claim.server.is_particle(),
        server: port.to_string(),
        device: claim.device,
    })
}

/// Where the keys are no pair: how to make them one.
fn explain(error: PairingError, id: DeviceId) -> Error {
    let unpaired =
        matches!(error, PairingError::Closed(_) | PairingError::Flawed { flaw: Flaw::OtherDeviceKey, .. });
    let error = Error::from(error);
    if !unpaired {
        return error;
    }
    error.hint(format!(
        "tell the cloud the key that is in the Duo: duo-provision {id} --from-device; or give the Duo the key that \
         the cloud knows, from its backup: duo-provision restore FILE"
    ))
}

fn claim_of_file(
    context: Context<'_>,
    options: &VerifyOptions,
    file: &Path,
    server: Option<ServerKey>,
) -> Result<Claim, Error> {
    if options.target.path.is_some() {
        let message = "--path chooses an attached Duo, and --key takes the key from a file; give one of them";
        return Err(Error::new(Code::InvalidArgument, message));
    }
    if server.is_some() != options.host.is_some() {
        let message = "of another cloud than Particle's, both its key and its address are needed";
        return Err(Error::new(Code::InvalidArgument, message)
            .hint("give --server-key FILE and --host NAME together, or neither for Particle's cloud"));
    }
    let (bytes, read) = read_key_file(file, &mut Passphrases::new(context, &options.passphrase))?;
    let KeyFile::Private(read) = read else {
        return Err(Error::new(Code::KeyIsPublic, format!("{}: it is a public key", file.display()))
            .hint("the proof needs the private key; its backups end in .der or .pem"));
    };
    let id = match options.target.device {
        Some(id) => id,
        None => device_of(file, &sha256_hex(&bytes))?,
    };
    Ok(Claim {
        id,
        key: read.key,
        server: server.unwrap_or_else(ServerKey::particle),
        address: ServerAddress::default(),
        device: None,
    })
}

/// The device that the manifest beside a key file names.
fn device_of(file: &Path, sha256: &str) -> Result<DeviceId, Error> {
    let manifest = manifest_beside(file)?.and_then(|beside| beside.manifest.ok());
    manifest.filter(|manifest| manifest.sha256 == sha256).and_then(|manifest| manifest.device_id).ok_or_else(
        || {
            Error::new(Code::InvalidArgument, format!("nothing says which device {} is of", file.display()))
                .hint("add --device ID, the 24 hexadecimal digits of the Duo's id")
        },
    )
}

fn claim_of_device(
    context: Context<'_>,
    options: &VerifyOptions,
    server: Option<ServerKey>,
    timeout: Timeout,
) -> Result<Claim, Error> {
    let mut opened = Opened::find(context, &options.target, timeout)?;
    let snapshot = opened.snapshot()?;
    let device = opened.device.clone();
    let on = |error: Error| error.on(&device, KeyState::Unchanged);
    let key = match (Error::key_slot(&snapshot.slot), snapshot.slot.key()) {
        (None, Some(read)) => read.key.clone(),
        (problem, _) => {
            return Err(on(
                problem.unwrap_or_else(|| Error::new(Code::Internal, "a slot with a key has none"))
            ));
        }
    };
    let id = device.device_id.or_else(|| snapshot.image().device_id()).ok_or_else(|| {
        on(Error::new(
            Code::DeviceIdUnverifiable,
            "the Duo does not tell its device id (bootloader r3 or r4)",
        )
        .hint(format!("say which one it is: add --device ID --path {}", device.path)))
    })?;
    let field = snapshot.image().server_key_slot();
    let server = match server {
        Some(server) => server,
        None => field.ok_or(()).and_then(|field| ServerKey::read(field).map_err(|_| ())).map_err(|()| {
            on(Error::new(Code::ServerKeySlotInvalid, "the Duo holds no public key of a cloud")
                .hint("give the key of the cloud that it is meant for: add --server-key FILE --host NAME"))
        })?,
    };
    let address = match field.map(ServerAddress::read) {
        None | Some(Ok(None)) => ServerAddress::default(),
        Some(Ok(Some(address))) => address,
        Some(Err(_)) if options.host.is_some() => ServerAddress::default(),
        Some(Err(error)) => {
            return Err(on(Error::new(Code::ServerKeySlotInvalid, error.to_string())
                .hint("say where the cloud is that the Duo is meant for: add --host NAME")));
        }
    };
    Ok(Claim { id, key, server, address, device: Some(device) })
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
        Error::new(Code::ServerKeyInvalid, format!("{}: {error}", path.display())).during(during).hint(
            "a cloud's public key is RSA with 2048 bits, as DER or PEM; a private key is never needed here",
        )
    })
}
