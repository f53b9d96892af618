//! `verify`: proves that the Duo's private key and the cloud's public key for it are a pair.
//!
//! Performs the Duo's own handshake with its cloud, with the key that was read over USB or from a file. So it checks
//! the one condition for a Duo to connect, without restarting the Duo. Writes only the proof, to the journal.

use std::path::{Path, PathBuf};

use crate::archive::manifest_beside;
use crate::dct::DeviceId;
use crate::disk::plain_path;
use crate::error::{Code, Error, KeyState};
use crate::journal::{DeviceMark, Request};
use crate::keys::{Fingerprint, KeyFile, PrivateKey};
use crate::workflow::all::{self, AllDone, AllOptions, OfOne, Wanted, one_or_all};
use crate::workflow::context::{Context, DUO, DeviceRef, DuoEnded, Target};
use crate::workflow::device::opened::Opened;
use crate::workflow::input::given_file::GivenFile;
use crate::workflow::input::key_file::read_key_file;
use crate::workflow::input::passphrase::{PassphraseOptions, Passphrases, check_opens};
use crate::workflow::network::pairing::{Server, ServerChoice, ServerOptions};
use crate::workflow::network::unpaired::Unpaired;
use crate::workflow::record::journal::{absolute, record_proof, selection};

/// The options of `verify`.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Which Duo; with a key file, the Duo that the key belongs to.
    pub target: Target,
    /// The private key, if it is not read over USB.
    pub key_file: Option<PathBuf>,
    /// The passphrase of the key file.
    pub passphrase: PassphraseOptions,
    /// The device port, if it is not the one that the Duo names, or Particle's.
    pub server: ServerOptions,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

/// A pairing that was proven by the device's own handshake.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "VerifyResult", rename_all = "camelCase")]
pub struct VerifyDone {
    /// The device id that the cloud knows.
    pub device_id: DeviceId,
    /// The key by which it knows the device, and which belongs to the private key.
    pub fingerprint: Fingerprint,
    /// SHA-256 of the server key's SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub server_fingerprint: Fingerprint,
    /// True if it is the server key of Particle's own cloud.
    pub particle: bool,
    /// Host and port of the server.
    pub server: String,
    /// The attached Duo, if the key came from it.
    pub device: Option<DeviceRef>,
}

/// What the proof is about.
struct Claim {
    id: DeviceId,
    key: PrivateKey,
    server: Server,
    device: Option<DeviceRef>,
}

impl VerifyOptions {
    /// The options that select an attached Duo.
    fn selection(&self, context: Context<'_>) -> Request {
        if self.key_file.is_some() { Request::default() } else { selection(context, &self.target) }
    }
}

fn request(context: Context<'_>, options: &VerifyOptions, from_device: bool) -> Request {
    Request {
        file: options.key_file.as_ref().map(absolute),
        from_device,
        server_key: options.server.key_file.as_ref().map(absolute),
        host: options.server.host.clone(),
        port: options.server.port,
        ..options.selection(context)
    }
}

/// Reads what is needed and performs the handshake. Succeeds only if it proves all three: the server has the key that
/// the Duo names, it knows this device, and it knows it by a public key that is a pair with the private key.
pub fn verify(context: Context<'_>, options: &VerifyOptions) -> Result<VerifyDone, Error> {
    let context = context.within(options.timeout)?;
    check_opens(&options.passphrase, options.key_file.is_some())?;
    let choice = ServerChoice::read(&options.server)?;
    let claim = match &options.key_file {
        Some(file) => claim_of_file(context, options, file, choice)?,
        None => claim_of_device(context, options, choice)?,
    };
    prove(context, options, claim)
}

/// Does the same with every connected Duo.
pub fn verify_all(
    context: Context<'_>,
    options: &VerifyOptions,
    all: &AllOptions,
) -> Result<AllDone<VerifyDone>, Error> {
    if options.key_file.is_some() {
        return Err(one_or_all("--key"));
    }
    let wanted = Wanted::read(&options.target, all)?;
    let context = context.within(options.timeout)?;
    check_opens(&options.passphrase, false)?;
    let choice = ServerChoice::read(&options.server)?;
    let places = wanted.find(context, &[DUO])?;
    Ok(all::run(context, &wanted, places, |context, target| {
        let options = VerifyOptions { target, ..options.clone() };
        let claim = claim_of_device(context, &options, choice.clone())?;
        prove(context, &options, claim)
    }))
}

impl OfOne for VerifyDone {
    fn tell(&self, line: &mut DuoEnded) {
        line.device_id = Some(self.device_id);
        line.fingerprint = Some(self.fingerprint);
        line.server = Some(self.server.clone());
    }
}

fn prove(context: Context<'_>, options: &VerifyOptions, claim: Claim) -> Result<VerifyDone, Error> {
    claim.server.caution(context, claim.id, claim.device.is_some());
    claim.server.prove(context, claim.id, &claim.key).map_err(|error| {
        let unpaired = Unpaired {
            id: claim.id,
            device: claim.device.as_ref(),
            selected: options.selection(context),
            particle: claim.server.key.is_particle(),
            named: claim.device.is_some() && options.server.host.is_none() && options.server.port.is_none(),
        };
        let error = unpaired.explained(error, context);
        match &claim.device {
            Some(device) => error.on(device, KeyState::Unchanged),
            None => error,
        }
    })?;
    let fingerprint = claim.key.public_key().fingerprint();
    let attached = claim.device.as_ref().map(DeviceMark::from).unwrap_or_default();
    let mark = DeviceMark { id: Some(claim.id), ..attached };
    record_proof(context, mark, fingerprint, request(context, options, claim.device.is_some()));
    Ok(VerifyDone {
        device_id: claim.id,
        fingerprint,
        server_fingerprint: claim.server.key.fingerprint(),
        particle: claim.server.key.is_particle(),
        server: claim.server.port.to_string(),
        device: claim.device,
    })
}

fn claim_of_file(
    context: Context<'_>,
    options: &VerifyOptions,
    file: &Path,
    choice: ServerChoice,
) -> Result<Claim, Error> {
    if options.target.path.is_some() {
        let message = "--path chooses an attached Duo, and --key takes the key from a file; give one of them";
        return Err(Error::invalid(message));
    }
    let Target { enter_dfu, wait, allow_unproven_address, .. } = options.target;
    if enter_dfu || wait || allow_unproven_address {
        let message = "--enter-dfu, --wait and --allow-unproven-address are for an attached Duo, and --key takes the key from \
                       a file";
        return Err(Error::invalid(message));
    }
    options.server.check_whole()?;
    let (given, read) = read_key_file(file, &mut Passphrases::new(context, &options.passphrase))?;
    let KeyFile::Private(read) = read else {
        return Err(Error::new(Code::KeyIsPublic, format!("{}: it is a public key", plain_path(file)))
            .hint("the proof needs the private key; its backups end in .der or .pem"));
    };
    let id = match options.target.device {
        Some(id) => id,
        None => device_of(file, &given)?,
    };
    Ok(Claim { id, key: read.key, server: choice.of_nobody(id), device: None })
}

/// The device that the manifest beside a key file names.
fn device_of(file: &Path, given: &GivenFile) -> Result<DeviceId, Error> {
    let manifest = manifest_beside(file)?.and_then(|beside| beside.manifest.ok());
    manifest
        .filter(|manifest| given.is_described_by(manifest))
        .and_then(|manifest| manifest.device_id)
        .ok_or_else(|| {
            Error::invalid(format!("nothing says which device {} is of", plain_path(file)))
                .hint("add --device ID, the 24 hexadecimal digits of the Duo's id")
        })
}

fn claim_of_device(
    context: Context<'_>,
    options: &VerifyOptions,
    choice: ServerChoice,
) -> Result<Claim, Error> {
    let mut opened = Opened::find(context, &options.target)?;
    let snapshot = opened.snapshot()?;
    let snapshot = opened.proven(snapshot)?;
    let device = opened.device.clone();
    let on = |error: Error| error.on(&device, KeyState::Unchanged);
    let key = snapshot.own_key().map_err(on)?.clone();
    let id = device.device_id.or_else(|| snapshot.image().device_id());
    let id = id.ok_or_else(|| opened.tells_no_id())?;
    let server = choice.of_device(&snapshot, id).map_err(on)?;
    Ok(Claim { id, key, server, device: Some(device) })
}
