//! `provision`: sends the Duo's public key to the cloud.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cloud::provisioning::DUO_PRODUCT_ID;
use crate::dct::DeviceId;
use crate::error::{Code, Error, KeyState};
use crate::journal::{DeviceMark, OperationKind, Request, Started, Step};
use crate::keys::{Fingerprint, KeyFile, PrivateKey, PublicKey};
use crate::workflow::all::{
    AllDone, AllOptions, Ended, OfOne, Piece, Place, Report, Wanted, each, one_or_all,
};
use crate::workflow::context::{
    Context, DUO, DeviceRef, DuoEnded, NamedCloud, Phase, PlannedKey, SendPlan, Snapshot, Target, interrupted,
};
use crate::workflow::describe::server::ServerReport;
use crate::workflow::device::opened::Opened;
use crate::workflow::input::key_file::read_key_file;
use crate::workflow::input::passphrase::{PassphraseOptions, Passphrases, check_opens};
use crate::workflow::input::token::CloudOptions;
use crate::workflow::network::api::{Cloud, Message, check_product};
use crate::workflow::network::other_cloud;
use crate::workflow::network::pairing::{Server, ServerChoice, ServerOptions};
use crate::workflow::next::{self, which_of};
use crate::workflow::record::journal::{Records, absolute, selection, started};

/// How servers that users can run themselves treat the generic key (both were tested).
const GENERIC_IS_KEPT: &str = "a cloud of one's own keeps the generic key: it does not take the Duo's own at its next \
    handshake, as Particle's does, and turns the Duo away. With the Duo at hand, add --from-device, which sends its own key";

/// The options of `provision`. No `Debug`: it may hold a token.
#[derive(Clone, Default)]
pub struct ProvisionOptions {
    /// The device id, as it was typed.
    pub device_id: String,
    /// The key file whose public half is sent.
    pub key_file: Option<String>,
    /// The passphrase of the key file.
    pub passphrase: PassphraseOptions,
    /// Send the public half of the key in the attached Duo.
    pub from_device: bool,
    /// Prove afterwards, with the Duo's handshake, that the key and the cloud's are a pair.
    pub verify: bool,
    /// The device port, if it is not the one that the Duo names, or Particle's.
    pub server: ServerOptions,
    /// The product id; 88 by default.
    pub product_id: Option<u32>,
    /// Which cloud, and the token for it.
    pub cloud: CloudOptions,
    /// Bus and ports of the Duo, with `from_device`.
    pub path: Option<String>,
    /// Accept what is read even if nothing proves the address that it was read from.
    pub allow_unproven_address: bool,
    /// Put the Duo into DFU mode if it runs its firmware, with `from_device`.
    pub enter_dfu: bool,
    /// Wait for the Duo, with `from_device`.
    pub wait: bool,
    /// True if a USB/IP server was named.
    pub usbip: bool,
    /// Send nothing.
    pub dry_run: bool,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

/// Where a public key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PublicKeySource", rename_all = "kebab-case")]
pub enum PublicKeySource {
    /// The generic key of device-provisioning-helper.
    Generic,
    /// A file.
    File,
    /// The Duo.
    Device,
}

/// A public key that the cloud said it took (in a dry run: that would be sent).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ProvisionResult", rename_all = "camelCase")]
pub struct ProvisionDone {
    /// The device id, in lower case.
    pub device_id: DeviceId,
    /// The public key's fingerprint.
    pub fingerprint: Fingerprint,
    /// Where the public key came from.
    pub source: PublicKeySource,
    /// The product id.
    pub product_id: u32,
    /// The cloud's API.
    pub api_url: String,
    /// The attached Duo, if its key was sent.
    pub device: Option<DeviceRef>,
    /// The cloud that the attached Duo names, if its key was sent.
    pub duo_cloud: Option<NamedCloud>,
    /// Host and port at which the pairing was proven (in a dry run: would be); absent without `verify`.
    pub server: Option<String>,
    /// True in a dry run: nothing was sent.
    pub dry_run: bool,
}

/// The key to send, and whose it is.
struct Subject {
    public: PublicKey,
    source: PublicKeySource,
    /// The private half, if it is known.
    private: Option<PrivateKey>,
    attached: Option<(DeviceRef, Snapshot)>,
}

/// What is sent, where the pairing is proven, and the result if all goes well.
struct Ready {
    subject: Subject,
    server: Option<Server>,
    done: ProvisionDone,
}

/// Checks everything, then sends one request and judges the reply; then proves the pairing, if requested.
pub fn provision(context: Context<'_>, options: &ProvisionOptions) -> Result<ProvisionDone, Error> {
    let context = context.within(options.timeout)?;
    let device_id: DeviceId = options.device_id.parse().map_err(Error::from)?;
    check(options)?;
    let choice = ServerChoice::read(&options.server)?;
    let mut passphrases = Passphrases::new(context, &options.passphrase);
    let read = |file: &String| read_key_file(Path::new(file), &mut passphrases);
    let file = options.key_file.as_ref().map(read).transpose()?.map(|(_, key)| key);
    if options.verify && matches!(file, Some(KeyFile::Public(_))) {
        return Err(Error::invalid("the key file holds a public key, which --verify cannot prove")
            .hint("name a file with the private key, or leave --verify out"));
    }
    let cloud = Cloud::find(context, &options.cloud)?;
    let subject = match file {
        _ if options.from_device => {
            let target = Target { device: Some(device_id), ..target(options)? };
            read_from_device(context, options, &cloud, &target)?.1
        }
        Some(key) => of_file(key),
        None => generic(context, &cloud),
    };
    let ready = ready(options, choice, &cloud, device_id, subject)?;
    if options.dry_run {
        return Ok(ready.done);
    }
    send(context, options, &cloud, &ready)
}

/// Does the same with the own key of every connected Duo: reads all of them, asks once, and then sends the keys.
pub fn provision_all(
    context: Context<'_>,
    options: &ProvisionOptions,
    all: &AllOptions,
) -> Result<AllDone<ProvisionDone>, Error> {
    let context = context.within(options.timeout)?;
    check_all(options)?;
    let wanted = Wanted::read(&target(options)?, all)?;
    let choice = ServerChoice::read(&options.server)?;
    let cloud = Cloud::find(context, &options.cloud)?;
    let places = wanted.find(context, &[DUO])?;
    let mut report = Report::new(context);
    let read = |context: Context<'_>, piece: &Piece<()>| {
        let target = wanted.target(&piece.place);
        let (device_id, subject) = read_from_device(context, options, &cloud, &target)?;
        ready(options, choice.clone(), &cloud, device_id, subject)
    };
    let pieces = read_all(context, &places, read, &mut report);
    if options.dry_run {
        for Piece { place, with } in pieces {
            report.add(&place, Ended { id: place.id, sending: false, result: Ok(with.done) });
        }
        return Ok(report.finish(places.iter()));
    }
    // After a request to stop, do not ask.
    if !pieces.is_empty() && !context.control.cancel().is_requested() {
        let left_out = places.len() - pieces.len();
        confirm(context, &plan(&cloud, options, &pieces, u32::try_from(left_out).unwrap_or(u32::MAX)))?;
    }
    let tell = |context: Context<'_>, piece: &Piece<Ready>| {
        let path = Some(piece.place.path.clone());
        send(context, &ProvisionOptions { path, ..options.clone() }, &cloud, &piece.with)
    };
    each(context, &pieces, tell, |place, ended| report.add(place, ended));
    Ok(report.finish(places.iter()))
}

/// Reads all of them. Reports those that cannot be read, and those that share an id with another: it is not known whose
/// key is the right one.
fn read_all(
    context: Context<'_>,
    places: &[Place],
    read: impl Fn(Context<'_>, &Piece<()>) -> Result<Ready, Error> + Sync,
    report: &mut Report<'_, ProvisionDone>,
) -> Vec<Piece<Ready>> {
    let all: Vec<Piece<()>> = places.iter().map(|place| Piece { place: place.clone(), with: () }).collect();
    let mut pieces = Vec::new();
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    each(context, &all, read, |place, Ended { id, sending, result }| {
        if let Some(id) = id {
            seen.entry(id.to_string()).or_default().push(place.path.clone());
        }
        match result {
            Ok(with) => pieces.push(Piece { place: place.of(id), with }),
            Err(error) => report.add(place, Ended { id, sending, result: Err(error) }),
        }
    });
    pieces.sort_by_key(|piece| piece.place.nth);
    let of = |piece: &Piece<Ready>| seen.get(&piece.with.done.device_id.to_string());
    let (sound, twins): (Vec<_>, Vec<_>) =
        pieces.into_iter().partition(|piece| of(piece).is_none_or(|paths| paths.len() < 2));
    for piece in twins {
        let error = same_id(&piece, of(&piece).map_or(&[], Vec::as_slice));
        report.add(&piece.place, Ended { id: piece.place.id, sending: false, result: Err(error) });
    }
    sound
}

fn same_id(piece: &Piece<Ready>, paths: &[String]) -> Error {
    let Piece { place: Place { path, .. }, with: Ready { done: ProvisionDone { device_id, .. }, .. } } =
        piece;
    let mut paths = paths.to_vec();
    paths.sort();
    let message = format!(
        "the Duos at {} have one device id, {device_id}; no key was sent for it",
        paths.join(" and ")
    );
    Error::new(Code::SeveralDevices, message).hint(format!(
        "if the Duo at {path} is the one: duo-provision {device_id} --from-device --path {path}"
    ))
}

fn plan(cloud: &Cloud, options: &ProvisionOptions, pieces: &[Piece<Ready>], left_out: u32) -> SendPlan {
    let key = |piece: &Piece<Ready>| {
        let ProvisionDone { device_id, fingerprint, device, duo_cloud, .. } = &piece.with.done;
        let (device, duo_cloud) = (device.clone()?, duo_cloud.clone()?);
        Some(PlannedKey { device, device_id: *device_id, fingerprint: *fingerprint, duo_cloud })
    };
    SendPlan {
        api_url: cloud.api_url(),
        product_id: options.product_id.unwrap_or(DUO_PRODUCT_ID),
        duos: pieces.iter().filter_map(key).collect(),
        left_out,
    }
}

/// Asks; any answer but true is a refusal.
fn confirm(context: Context<'_>, plan: &SendPlan) -> Result<(), Error> {
    if context.control.confirm_all(plan) {
        return Ok(());
    }
    if context.control.cancel().is_requested() {
        return Err(interrupted().during("asking before the keys are sent"));
    }
    Err(Error::new(Code::ConfirmationRefused, "sending the keys was not confirmed")
        .hint("nothing was sent; run the same command again when you are sure"))
}

impl OfOne for ProvisionDone {
    fn tell(&self, line: &mut DuoEnded) {
        line.device_id = Some(self.device_id);
        line.fingerprint = Some(self.fingerprint);
        line.server.clone_from(&self.server);
    }

    fn is_dry(&self) -> bool {
        self.dry_run
    }
}

/// The attached Duo that the options select, without the device id.
fn target(options: &ProvisionOptions) -> Result<Target, Error> {
    let (enter_dfu, wait) = (options.enter_dfu, options.wait);
    let allow_unproven_address = options.allow_unproven_address;
    let target = Target::parse(None, options.path.as_deref())?;
    Ok(Target { enter_dfu, wait, allow_unproven_address, ..target })
}

/// Prepares everything that is needed to send.
fn ready(
    options: &ProvisionOptions,
    choice: ServerChoice,
    cloud: &Cloud,
    device_id: DeviceId,
    subject: Subject,
) -> Result<Ready, Error> {
    let server =
        if options.verify { Some(server(options, choice, &subject, cloud, device_id)?) } else { None };
    let done = ProvisionDone {
        device_id,
        fingerprint: subject.public.fingerprint(),
        source: subject.source,
        product_id: options.product_id.unwrap_or(DUO_PRODUCT_ID),
        api_url: cloud.api_url(),
        device: subject.attached.as_ref().map(|(device, _)| device.clone()),
        duo_cloud: subject.attached.as_ref().map(|(_, held)| ServerReport::named_by(held, device_id)),
        server: server.as_ref().map(|server| server.port.to_string()),
        dry_run: options.dry_run,
    };
    Ok(Ready { subject, server, done })
}

/// Sends the key, and proves the pairing if requested.
fn send(
    context: Context<'_>,
    options: &ProvisionOptions,
    cloud: &Cloud,
    Ready { subject, server, done }: &Ready,
) -> Result<ProvisionDone, Error> {
    let started = begun(context, options, done);
    let generic = subject.source == PublicKeySource::Generic;
    let message = Message::new(context, done.device_id, &subject.public, done.product_id, generic)?;
    Records::wished(context).follow(context, started.clone(), |record| {
        record.sending()?;
        cloud.send_public_key(context, &message)?;
        let (Some(server), Some(key)) = (server, &subject.private) else { return Ok(()) };
        record.reached(Step::Accepted);
        server.caution(context, done.device_id, started.request.from_device);
        let proven = server.prove_told(context, Phase::Handshake, done.device_id, key);
        proven.map_err(|error| not_proven(error, &started, done))?;
        record.reached(Step::Proven);
        Ok(())
    })?;
    Ok(done.clone())
}

/// The error if the cloud took the key but the pairing is not proven.
fn not_proven(error: Error, started: &Started, done: &ProvisionDone) -> Error {
    let on = |error: Error| match &done.device {
        Some(device) => error.on(device, KeyState::Unchanged),
        None => error,
    };
    let finish = next::finish(started);
    if error.code() == Code::Interrupted {
        return on(error.adding("the cloud said that it took the key").hint(finish));
    }
    let message = format!(
        "{} said that it took the key, but that it and the device's are a pair is not proven: {}",
        done.api_url,
        error.message()
    );
    let port = done.server.as_deref().unwrap_or_default();
    on(Error::new(Code::PairingUnproven, message))
        .during("proving the pairing")
        .hint(format!(
            "see whether {} and {port} are one cloud, and that it has taken its new server key into use; {finish}",
            done.api_url
        ))
        .because(error)
}

/// The server at the cloud's device port: what was typed, else what the Duo names, else Particle's.
fn server(
    options: &ProvisionOptions,
    choice: ServerChoice,
    subject: &Subject,
    cloud: &Cloud,
    device_id: DeviceId,
) -> Result<Server, Error> {
    if let Some((device, held)) = &subject.attached {
        return choice.of_device(held, device_id).map_err(|error| error.on(device, KeyState::Unchanged));
    }
    options.server.check_whole()?;
    if options.server.key_file.is_none() && !cloud.is_particle() {
        let message =
            format!("{} is not Particle's, and nothing says where its devices connect to", cloud.api_url());
        return Err(Error::invalid(message)
            .hint("add --server-key FILE and --host NAME, or read the Duo: --from-device"));
    }
    Ok(choice.of_nobody(device_id))
}

fn of_file(key: KeyFile) -> Subject {
    let public = key.public_key();
    let private = match key {
        KeyFile::Private(read) => Some(read.key),
        KeyFile::Public(_) => None,
    };
    Subject { public, source: PublicKeySource::File, private, attached: None }
}

fn generic(context: Context<'_>, cloud: &Cloud) -> Subject {
    if !cloud.is_particle() {
        context.note(GENERIC_IS_KEPT);
    }
    Subject { public: PublicKey::generic(), source: PublicKeySource::Generic, private: None, attached: None }
}

/// The source of the token is left out: the file name that was typed may have been the token itself.
fn begun(context: Context<'_>, options: &ProvisionOptions, done: &ProvisionDone) -> Started {
    let attached = done.device.as_ref().map(DeviceMark::from);
    let device = attached.unwrap_or_else(|| DeviceMark { id: Some(done.device_id), ..DeviceMark::default() });
    let request = Request {
        file: options.key_file.as_ref().map(absolute),
        api_url: Some(done.api_url.clone()),
        allow_http: options.cloud.allow_http,
        allow_other_cloud: options.cloud.allow_other_cloud,
        verify: options.verify,
        server_key: options.server.key_file.as_ref().map(absolute),
        host: options.server.host.clone(),
        port: options.server.port,
        product_id: options.product_id,
        from_device: options.from_device,
        allow_unproven_address: options.allow_unproven_address,
        usbip: context.bus.address().filter(|_| options.from_device),
        path: options.path.clone(),
        ..Request::default()
    };
    started(OperationKind::Provision, device, (None, Some(done.fingerprint)), request)
}

/// Refuses options for a single Duo, and a key that is not each Duo's own.
fn check_all(options: &ProvisionOptions) -> Result<(), Error> {
    if !options.device_id.is_empty() {
        return Err(one_or_all("a device id"));
    }
    if options.key_file.is_some() {
        return Err(one_or_all("a key file"));
    }
    if !options.from_device {
        let message = "--all sends each Duo's own key, which is read over USB";
        return Err(Error::invalid(message).hint("add --from-device"));
    }
    check(options)
}

fn check(options: &ProvisionOptions) -> Result<(), Error> {
    let contradiction = |message: &str| Err(Error::invalid(message));
    if options.from_device && options.key_file.is_some() {
        return contradiction("a key file and --from-device are two different keys; give one of them");
    }
    if options.path.is_some() && !options.from_device {
        return contradiction("--path chooses an attached Duo, which only --from-device reads");
    }
    if options.usbip && !options.from_device {
        return contradiction("--usbip leads to a virtual Duo, which only --from-device reads");
    }
    if options.server.is_typed() && !options.verify {
        return contradiction(
            "--server-key, --host and --port are for the proof: add --verify, or leave them out",
        );
    }
    if options.verify && !options.from_device && options.key_file.is_none() {
        return contradiction(
            "--verify proves a private key, which only --from-device and a private key file have; the generic key is \
             nobody's here",
        );
    }
    if options.cloud.allow_other_cloud && !options.from_device {
        return contradiction(
            "--allow-other-cloud is about the cloud that an attached Duo names, which only --from-device reads",
        );
    }
    if (options.enter_dfu || options.wait) && !options.from_device {
        return contradiction(
            "--enter-dfu and --wait are for an attached Duo, which only --from-device reads",
        );
    }
    if options.cloud.token_file.as_deref() == Some("-") && options.passphrase.file.as_deref() == Some("-") {
        return contradiction(
            "standard input holds the token or the passphrase, not both; give one of them a file",
        );
    }
    check_opens(&options.passphrase, options.key_file.is_some())?;
    check_product(options.product_id)
}

/// The Duo's own key, and its device id.
fn read_from_device(
    context: Context<'_>,
    options: &ProvisionOptions,
    cloud: &Cloud,
    target: &Target,
) -> Result<(DeviceId, Subject), Error> {
    let mut opened = Opened::find(context, target)?;
    let device_id = opened.device.device_id.ok_or_else(|| opened.tells_no_id())?;
    let snapshot = opened.snapshot()?;
    let snapshot = opened.proven(snapshot)?;
    let device = opened.device;
    let on = |error: Error| error.on(&device, KeyState::Unchanged);
    let named = ServerReport::named_by(&snapshot, device_id);
    let which = which_of(&(&device).into(), &selection(context, target));
    other_cloud::check(context, cloud, &named, options.cloud.allow_other_cloud, device_id, &which)
        .map_err(on)?;
    let key = snapshot.own_key().map_err(on)?.clone();
    let (public, source) = (key.public_key(), PublicKeySource::Device);
    Ok((device_id, Subject { public, source, private: Some(key), attached: Some((device, snapshot)) }))
}
