//! `server-key show`: which cloud a Duo connects to: the cloud's public key and its address, as the Duo or a file has
//! them. Reads only.

use std::path::{Path, PathBuf};

use super::device::{DeviceRef, Opened, Target};
use super::dump_file::{self, DumpFile};
use super::{Context, Timeout};
use crate::dct::{DeviceId, Dump, SERVER_FIELD, ServerAddress};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::keys::{Fingerprint, ServerKey};

/// What `server-key show` is asked for.
#[derive(Clone, Debug, Default)]
pub struct ServerKeyShowOptions {
    /// Which Duo, where no file is given.
    pub target: Target,
    /// A file: a cloud's public key, with or without an address, or a dump of a DCT.
    pub file: Option<PathBuf>,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// A cloud's public key and its address.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ServerKeyInfo", rename_all = "camelCase")]
pub struct ServerReport {
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits; absent where there is no key to be used.
    pub fingerprint: Option<Fingerprint>,
    /// True where it is the key of Particle's own cloud.
    pub particle: bool,
    /// Why there is no key to be used.
    pub key_problem: Option<String>,
    /// True where an address is named; otherwise it is the firmware's own.
    pub names_address: bool,
    /// The cloud's name or IPv4 address as it stands there; `$id` in it stands for the device id.
    pub host: Option<String>,
    /// The same for this very device, where it is known.
    pub connects_to: Option<String>,
    /// The TCP port.
    pub port: Option<u16>,
    /// Why the address cannot be used.
    pub address_problem: Option<String>,
}

/// The cloud that a Duo or a file names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ServerKeyShowResult", rename_all = "camelCase")]
pub struct ServerKeyShown {
    /// The Duo, where it was read from one.
    pub device: Option<DeviceRef>,
    /// The file, where it was read from one; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub path: Option<PathBuf>,
    /// What is there.
    pub server: ServerReport,
}

/// Reads the server's key and address from a Duo or from a file.
pub fn show_server_key(
    context: Context<'_>,
    options: &ServerKeyShowOptions,
) -> Result<ServerKeyShown, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    if let Some(file) = &options.file {
        dump_file::no_device(&options.target)?;
        let server = of_file(file)?;
        return Ok(ServerKeyShown { device: None, path: Some(dump_file::absolute(file)), server });
    }
    let mut opened = Opened::find(context, &options.target, timeout)?;
    let snapshot = opened.section()?;
    let id = opened.device.device_id.or_else(|| snapshot.image().device_id());
    let server = snapshot.image().server_key_slot().map(|field| ServerReport::of_field(field, id));
    let server = server.ok_or_else(|| Error::new(Code::Internal, "the DCT was read short"))?;
    Ok(ServerKeyShown { device: Some(opened.device), path: None, server })
}

fn of_file(path: &Path) -> Result<ServerReport, Error> {
    let file = DumpFile::read(path)?;
    if let Some(dump) = file.dump() {
        let id = file.device_id();
        return ServerReport::of_dump(&dump, id).ok_or_else(|| {
            Error::new(
                Code::ServerKeyInvalid,
                format!("{}: no copy of the DCT in it is current", plain_path(path)),
            )
            .hint("look at it with: duo-provision inspect FILE")
            .during("reading the file")
        });
    }
    ServerReport::of_key_file(&file.bytes).map_err(|error| {
        Error::new(Code::ServerKeyInvalid, format!("{}: {error}", plain_path(path)))
            .during("reading the file")
            .hint("a cloud's public key is RSA with 2048 bits, as DER or PEM, or in a dump of a DCT")
    })
}

impl ServerReport {
    /// What the 768 bytes of the field say.
    pub(super) fn of_field(field: &[u8; SERVER_FIELD], id: Option<DeviceId>) -> Self {
        let key = ServerKey::read(field);
        let address = ServerAddress::read(field);
        let named = address.as_ref().ok().map(|named| named.clone().unwrap_or_default());
        let id = id.map(|id| id.to_string());
        Self {
            fingerprint: key.as_ref().ok().map(ServerKey::fingerprint),
            particle: key.as_ref().is_ok_and(ServerKey::is_particle),
            key_problem: key.err().map(|error| error.to_string()),
            names_address: matches!(address, Ok(Some(_))),
            connects_to: named.as_ref().zip(id.as_deref()).map(|(named, id)| named.host(id)),
            host: named.as_ref().map(ServerAddress::host_as_written),
            port: named.as_ref().map(ServerAddress::port),
            address_problem: address.err().map(|error| error.to_string()),
        }
    }

    /// What the field of a dump says; `None` where it is not in it.
    pub(super) fn of_dump(dump: &Dump<'_>, id: Option<DeviceId>) -> Option<Self> {
        Some(Self::of_field(dump.server_key_slot()?, id))
    }

    /// What a key file says; it may have an address behind the key, as the field has.
    pub(super) fn of_key_file(bytes: &[u8]) -> Result<Self, crate::keys::KeyError> {
        let key = ServerKey::read(bytes)?;
        let mut field = [0xFF; SERVER_FIELD];
        let spki = key.spki_der();
        // Of a PEM text, or a key that is encoded otherwise, nothing lies where the field has its address.
        let as_field = bytes.starts_with(&spki);
        let length = if as_field { bytes.len().min(SERVER_FIELD) } else { spki.len() };
        field[..length].copy_from_slice(if as_field { &bytes[..length] } else { &spki });
        Ok(Self::of_field(&field, None))
    }

    /// The key in words, without its fingerprint.
    pub(super) fn words(&self) -> String {
        match (&self.key_problem, self.particle) {
            (Some(problem), _) => format!("no key of a cloud ({problem})"),
            (None, true) => "Particle's own key".to_owned(),
            (None, false) => "a key of another cloud than Particle's".to_owned(),
        }
    }

    /// The address in words.
    pub(super) fn address_words(&self) -> String {
        match (&self.host, self.port) {
            (Some(host), Some(port)) if self.names_address => format!("{host}:{port}"),
            (Some(host), Some(port)) => format!("none, so the firmware's own: {host}:{port}"),
            _ => self.address_problem.clone().unwrap_or_default(),
        }
    }
}
