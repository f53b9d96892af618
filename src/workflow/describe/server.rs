//! Describes a cloud's public key and its address, from a Duo or a file.

use crate::dct::{DeviceId, Dump, SERVER_FIELD, ServerAddress};
use crate::keys::{Fingerprint, ServerKey};
use crate::workflow::context::{NamedCloud, Snapshot};

/// A cloud's public key and its address.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ServerKeyInfo", rename_all = "camelCase")]
pub struct ServerReport {
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits; absent if there is no usable key.
    pub fingerprint: Option<Fingerprint>,
    /// True if it is the key of Particle's own cloud.
    pub particle: bool,
    /// Why there is no usable key.
    pub key_problem: Option<String>,
    /// True if an address is set; otherwise the firmware uses its own.
    pub names_address: bool,
    /// The cloud's host name or IPv4 address as stored; `$id` in it stands for the device id.
    pub host: Option<String>,
    /// The host that this device connects to, if its id is known.
    pub connects_to: Option<String>,
    /// The TCP port.
    pub port: Option<u16>,
    /// Why the address cannot be used.
    pub address_problem: Option<String>,
}

/// Whether the 768 bytes of the field hold the key of Particle's own cloud; `None` if they hold no cloud's key.
pub(in crate::workflow) fn is_for_particle(field: Option<&[u8]>) -> Option<bool> {
    Some(ServerKey::read(field?).ok()?.is_particle())
}

impl ServerReport {
    /// Describes the 768 bytes of the field.
    pub(in crate::workflow) fn of_field(field: &[u8; SERVER_FIELD], id: Option<DeviceId>) -> Self {
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

    /// The cloud that a Duo names. The id, if it is known, is part of some addresses.
    pub(in crate::workflow) fn named_by(snapshot: &Snapshot, id: impl Into<Option<DeviceId>>) -> NamedCloud {
        let blank = [0xFF; SERVER_FIELD];
        let field = snapshot.image().server_key_slot().unwrap_or(&blank);
        Self::of_field(field, id.into()).named()
    }

    fn named(self) -> NamedCloud {
        let at = match (&self.connects_to, self.port) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            _ => self.address_problem.clone().unwrap_or_default(),
        };
        let whose = match (&self.key_problem, self.particle) {
            (None, true) => "Particle's cloud",
            (None, false) => "another cloud than Particle's",
            (Some(problem), _) => {
                let description = format!("no cloud (its server key's slot holds no key of one: {problem})");
                return NamedCloud { particle: None, fingerprint: None, server: None, description };
            }
        };
        NamedCloud {
            particle: Some(self.particle),
            fingerprint: self.fingerprint,
            server: self.address_problem.is_none().then(|| at.clone()),
            description: format!("{whose}, at {at}"),
        }
    }

    /// Describes the field in a dump; `None` if the dump does not have it.
    pub(in crate::workflow) fn of_dump(dump: &Dump<'_>, id: Option<DeviceId>) -> Option<Self> {
        Some(Self::of_field(dump.server_key_slot()?, id))
    }

    /// Describes a key file. An address may follow the key, as in the field.
    pub(in crate::workflow) fn of_key_file(bytes: &[u8]) -> Result<Self, crate::keys::KeyError> {
        let key = ServerKey::read(bytes)?;
        Ok(Self::of_field(&field_of_key_file(&key, bytes), None))
    }

    /// The key in words, without its fingerprint.
    pub(in crate::workflow) fn words(&self) -> String {
        match (&self.key_problem, self.particle) {
            (Some(problem), _) => format!("no key of a cloud ({problem})"),
            (None, true) => "Particle's own key".to_owned(),
            (None, false) => "a key of another cloud than Particle's".to_owned(),
        }
    }

    /// The address in words.
    pub(in crate::workflow) fn address_words(&self) -> String {
        match (&self.host, self.port) {
            (Some(host), Some(port)) if self.names_address => format!("{host}:{port}"),
            (Some(host), Some(port)) => format!("none, so the firmware's own: {host}:{port}"),
            _ => self.address_problem.clone().unwrap_or_default(),
        }
    }
}

/// The field that holds a key from a file. An address that follows the key comes with it.
pub fn field_of_key_file(key: &ServerKey, bytes: &[u8]) -> [u8; SERVER_FIELD] {
    let spki = key.spki_der();
    // In PEM text, or a key in another encoding, there is no address at the place where the field has it.
    let given = if bytes.starts_with(&spki) { bytes } else { &spki };
    let mut field = [0xFF; SERVER_FIELD];
    let length = given.len().min(SERVER_FIELD);
    field[..length].copy_from_slice(&given[..length]);
    field
}
