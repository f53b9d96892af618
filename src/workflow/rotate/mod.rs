//! `rotate`: a new key for a Duo and its cloud, in the one order in which neither is left alone.
//!
//! The old key is backed up, the new one made and kept, and the user asked. Then the cloud is told, and the Duo is
//! written only when the cloud has said that it took the key: a refusal leaves both as they were. At last the pairing
//! is proven, and the Duo leaves DFU mode.
//!
//! What was cut short is taken up by the same command: the journal says where the new key lies, and no second one is
//! made while the cloud may know the first.

mod new_key;
mod words;

use std::path::PathBuf;

pub use self::new_key::{KeyMaker, make_key};

use self::new_key::{NewKey, earlier};
use self::words::Words;
use super::cancel::interrupted;
use super::command;
use super::credentials::Wanted;
use super::device::{DeviceRef, Opened, Snapshot, Target};
use super::journaled::{Beginning, Journaled, Ledger, absolute, operations};
use super::keep::{Destination, Place, keep_before_write, keep_new_key, locate_archive};
use super::leave::leave;
use super::pairing::{Server, ServerChoice};
use super::patch::Patch;
use super::plan::{Action, Plan};
use super::recovery::{Back, Recovery};
use super::restore::confirm;
use super::source::{devices_of_current, public_slot};
use super::telling::{Cloud, Message, check_product};
use super::write::write_verified;
use super::{Context, Event, Timeout};
use crate::archive::journal::{OperationKind, Request, may_be_taken};
use crate::archive::{Archive, DeviceIdSource};
use crate::cloud::provisioning::DUO_PRODUCT_ID;
use crate::dct::DeviceId;
use crate::error::{Code, Error, KeyState};
use crate::keys::Fingerprint;

/// What `rotate` is asked for. No `Debug`: it may hold a token.
// One a word that can be typed; they are independent of each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Default)]
pub struct RotateOptions {
    /// Which Duo.
    pub target: Target,
    /// The product id; 88 unless given.
    pub product_id: Option<u32>,
    /// The cloud's API.
    pub api_url: Option<String>,
    /// Permit plain HTTP to another machine.
    pub allow_http: bool,
    /// A file with the token, or `-`.
    pub token_file: Option<String>,
    /// The token.
    pub token: Option<String>,
    /// Do not prove the pairing.
    pub no_verify: bool,
    /// The server's public key, where it is not the one in the Duo.
    pub server_key: Option<PathBuf>,
    /// The server's name or IP address, where it is not the one in the Duo.
    pub host: Option<String>,
    /// The server's TCP port for devices.
    pub port: Option<u16>,
    /// The archive's folder.
    pub archive: Option<String>,
    /// Change nothing anywhere.
    pub dry_run: bool,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// A new key: the cloud took it, it is in the Duo, read back and compared, and was proven to pair.
// Each says what was done of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "RotateResult", rename_all = "camelCase")]
pub struct RotateDone {
    /// The Duo.
    pub device: DeviceRef,
    /// The device id that the cloud was told the key of.
    pub device_id: DeviceId,
    /// The key that was there, where there was one.
    #[serde(rename = "previousFingerprint")]
    pub previous: Option<Fingerprint>,
    /// The key that is there now; absent in a dry run that would make one.
    pub fingerprint: Option<Fingerprint>,
    /// Where the new key lies in the archive; absolute. Absent in a dry run.
    #[serde(rename = "newKeyPath", serialize_with = "crate::disk::lossy")]
    pub new_key: Option<PathBuf>,
    /// True where an earlier attempt, which was cut short, had made it.
    pub taken_up: bool,
    /// The backup of what was there; absolute.
    #[serde(rename = "backupPath", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// The product id.
    pub product_id: u32,
    /// The cloud's API.
    pub api_url: String,
    /// Host and port where the pairing was proven (in a dry run: would be); absent with `noVerify`.
    pub server: Option<String>,
    /// False where the Duo held the new key already, and in a dry run.
    pub written: bool,
    /// True where nothing was to be changed.
    pub dry_run: bool,
}

/// Backs up the old key, keeps a new one, asks, tells the cloud, writes, reads back, proves the pairing, leaves.
pub fn rotate(
    context: Context<'_>,
    options: &RotateOptions,
    make_key: KeyMaker<'_>,
) -> Result<RotateDone, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    check_product(options.product_id)?;
    let choice = server_choice(options)?;
    let archive = locate_archive(context, options.archive.as_deref())?;
    let wanted = Wanted {
        api_url: options.api_url.as_deref(),
        token: options.token.as_deref(),
        token_file: options.token_file.as_deref(),
        allow_http: options.allow_http,
    };
    let cloud = Cloud::find(context, &wanted, timeout)?;
    let ledger = if options.dry_run {
        None
    } else {
        archive.prepare()?;
        Some(Ledger::required(context)?)
    };

    let mut opened = Opened::find(context, &options.target, timeout)?;
    let snapshot = opened.section_before_write()?;
    let device = opened.device.clone();
    let on = |error: Error| error.on(&device, KeyState::Unchanged);
    let id = device.device_id.ok_or_else(|| on(nameless(&device)))?;
    let server = choice.map(|choice| choice.of_device(&snapshot, id)).transpose().map_err(on)?;
    if let Some(server) = &server {
        server.greet(context, timeout).map_err(without_proof).map_err(on)?;
    }
    let previous = current(&snapshot);
    let known = operations(context)?;
    check_owner(&snapshot, &archive, &device, id).map_err(on)?;
    let earlier = earlier(&known, &device, previous, &cloud.api_url());
    let mut done = RotateDone {
        device: device.clone(),
        device_id: id,
        previous,
        fingerprint: earlier.and_then(|earlier| earlier.started.after),
        new_key: None,
        taken_up: earlier.is_some(),
        backup: None,
        product_id: options.product_id.unwrap_or(DUO_PRODUCT_ID),
        api_url: cloud.api_url(),
        server: server.as_ref().map(|server| server.port.to_string()),
        written: false,
        dry_run: options.dry_run,
    };
    let Some(ledger) = ledger else { return Ok(done) };
    let request = request(context, options, &done);
    let words = Words::new(context, &device, id, &request, previous.is_some());
    let new = match earlier {
        Some(earlier) => {
            match NewKey::of(earlier, &snapshot, &words) {
                Err(error) if error.code() == Code::FileNotFound && !earlier.may_be_known() => {
                    context.note("the new key of an earlier attempt is gone; nobody was told of it, so another is made");
                    done.taken_up = false;
                    NewKey::fresh(make_key).map_err(on)?
                }
                of_earlier => of_earlier.map_err(on)?,
            }
        }
        None => NewKey::fresh(make_key).map_err(on)?,
    };
    done.fingerprint = Some(new.fingerprint);
    let beginning = Beginning {
        operation: OperationKind::Rotate,
        device: (&device).into(),
        before: previous,
        after: Some(new.fingerprint),
        request,
    };
    let job = Job { new: &new, cloud: &cloud, server: server.as_ref(), archive: &archive, words, timeout };
    ledger.follow(context, beginning, |journaled| job.run(opened, &snapshot, done, journaled))
}

fn server_choice(options: &RotateOptions) -> Result<Option<ServerChoice>, Error> {
    let typed = options.server_key.is_some() || options.host.is_some() || options.port.is_some();
    if options.no_verify && typed {
        let message = "--no-verify leaves out the proof that --server-key, --host and --port are for";
        return Err(Error::new(Code::InvalidArgument, message).hint("give either, not both"));
    }
    if options.no_verify {
        return Ok(None);
    }
    ServerChoice::read(options.server_key.as_deref(), options.host.as_deref(), options.port).map(Some)
}

fn nameless(device: &DeviceRef) -> Error {
    Error::new(
        Code::DeviceIdUnverifiable,
        "the Duo does not tell its device id, and the cloud has to know it",
    )
    .hint(format!("say which one it is: add --device ID --path {}", device.path))
}

/// An id that is the user's word is not believed against what the archive knows of the key that is there.
fn check_owner(
    snapshot: &Snapshot,
    archive: &Archive,
    device: &DeviceRef,
    id: DeviceId,
) -> Result<(), Error> {
    if device.device_id_source != Some(DeviceIdSource::User) {
        return Ok(());
    }
    let known = devices_of_current(snapshot, Some(archive))?;
    match known.first() {
        Some(other) if !known.contains(&id) => {
            let message =
                format!("the archive knows the key in the Duo at {} as the one of {other}", device.path);
            Err(Error::new(Code::KeyOfOtherDevice, message)
                .hint(format!("if it is that Duo, say so: add --device {other} --path {}", device.path)))
        }
        _ => Ok(()),
    }
}

/// Nothing was changed yet.
fn without_proof(error: Error) -> Error {
    if error.code() == Code::Interrupted {
        return error;
    }
    let hint = error.hint_text().unwrap_or("look at the network").to_owned();
    error
        .adding("without it the new key could not be proven")
        .hint(format!("{hint}; for a cloud without such a port, or without the proof, add --no-verify"))
}

fn current(snapshot: &Snapshot) -> Option<Fingerprint> {
    snapshot.slot.key().map(|read| read.key.public_key().fingerprint())
}

fn request(context: Context<'_>, options: &RotateOptions, done: &RotateDone) -> Request {
    Request {
        leave: true,
        allow_unproven_address: options.target.allow_unproven_address,
        archive: options.archive.as_ref().map(absolute),
        usbip: context.bus.address(),
        api_url: Some(done.api_url.clone()),
        allow_http: options.allow_http,
        product_id: options.product_id,
        no_verify: options.no_verify,
        server_key: options.server_key.as_ref().map(absolute),
        host: options.host.clone(),
        port: options.port,
        ..Request::default()
    }
}

/// All that a rotation needs beside the Duo.
struct Job<'a> {
    new: &'a NewKey,
    cloud: &'a Cloud,
    /// Where the pairing is proven; `None` where it is not wanted.
    server: Option<&'a Server>,
    archive: &'a Archive,
    words: Words,
    timeout: Timeout,
}

impl Job<'_> {
    fn run(
        &self,
        mut opened: Opened<'_>,
        snapshot: &Snapshot,
        mut done: RotateDone,
        journaled: &mut Journaled<'_>,
    ) -> Result<RotateDone, Error> {
        let context = opened.context;
        let patch = Patch::key(&self.new.image);
        let is_there = patch.is_in(snapshot);
        if done.taken_up {
            context.note(self.taken_up(is_there));
        }
        let kept = keep_before_write(&opened, snapshot, Some(&self.destination()), journaled)?;
        done.backup = kept.key.filter(|_| !is_there);
        done.new_key = Some(self.keep_new(&opened, journaled)?);
        if !is_there {
            confirm(context, &self.plan(&opened, snapshot, &done))?;
        }
        self.tell(context, &done, journaled)?;
        let mut written = None;
        if !is_there {
            let back = Back::to_key(snapshot, done.backup.as_deref()).and_then(self.words.tell.clone());
            let recovery = Recovery {
                again: self.words.again.clone(),
                back,
                owner: None,
                section: kept.section,
                unproven: opened.unproven,
            };
            let held;
            (opened, held) = write_verified(opened, snapshot, &patch, &recovery, journaled)
                .map_err(|error| self.cloud_is_ahead(error))?;
            written = Some(held);
            done.written = true;
        }
        self.prove(context, &done, written.as_ref().unwrap_or(snapshot))?;
        leave(opened, "the cloud knows the new key already, and nothing else is left to do", journaled)?;
        Ok(done)
    }

    fn destination(&self) -> Destination {
        Destination { place: Place::Archive(self.archive.clone()), encrypt: None }
    }

    fn taken_up(&self, is_there: bool) -> String {
        let key = self.new.fingerprint.short();
        let cloud =
            if self.new.known { "the cloud may have it already" } else { "the cloud does not have it yet" };
        let duo = if is_there { "the Duo has it" } else { "the Duo does not" };
        format!("taking up the new key {key} of an earlier attempt: {cloud}, {duo}")
    }

    fn keep_new(&self, opened: &Opened<'_>, journaled: &mut Journaled<'_>) -> Result<PathBuf, Error> {
        let public = self.new.key.public_key();
        let path = match &self.new.kept {
            Some(path) => path.clone(),
            None => keep_new_key(opened.context, &opened.device, &self.new.image, public, self.archive)?,
        };
        journaled.new_key(&path).map_err(|error| error.on(&opened.device, KeyState::Unchanged))?;
        let event = Event::NewKey { path: path.clone(), already_there: self.new.kept.is_some() };
        opened.context.control.event(event);
        Ok(path)
    }

    fn plan(&self, opened: &Opened<'_>, snapshot: &Snapshot, done: &RotateDone) -> Plan {
        Plan {
            action: Action::Rotate,
            device: opened.device.clone(),
            current: done.previous,
            current_words: snapshot.slot.to_string(),
            new: Some(self.new.fingerprint),
            evidence: None,
            public_slot: public_slot(snapshot).filter(|public| Some(*public) != done.previous),
            changes: Vec::new(),
            cautions: Vec::new(),
            cloud: Some(done.api_url.clone()),
            backup: done.backup.clone(),
        }
    }

    /// The first step that cannot be undone from here. Where it fails, the Duo is as it was.
    fn tell(
        &self,
        context: Context<'_>,
        done: &RotateDone,
        journaled: &mut Journaled<'_>,
    ) -> Result<(), Error> {
        let on = |error: Error| error.on(&done.device, KeyState::Unchanged);
        if context.control.cancel().is_requested() {
            return Err(on(interrupted().during("before the cloud was told")));
        }
        let public = self.new.key.public_key();
        let message = Message::new(context, done.device_id, &public, done.product_id, false).map_err(on)?;
        journaled.sending().map_err(on)?;
        self.cloud.tell(context, &message).map_err(|error| {
            let told = may_be_taken(error.code().name());
            let error = on(error);
            let consequence = if done.previous == Some(self.new.fingerprint) {
                "the Duo has the new key already, since an earlier attempt"
            } else if told {
                "whether the cloud has the old key or the new one is not known, and the Duo has the old one"
            } else if self.new.known {
                "the cloud may have the new key since an earlier attempt, and the Duo has the old one"
            } else {
                return error;
            };
            error.adding(consequence).hint(self.words.finish_or_go_back())
        })?;
        journaled.accepted();
        Ok(())
    }

    /// What follows from a write that was not done, once the cloud has the new key.
    fn cloud_is_ahead(&self, error: Error) -> Error {
        match error.key_state() {
            Some(KeyState::Wrong | KeyState::Unknown) => error.adding("the cloud has the new key"),
            Some(KeyState::Written) => error.hint(self.words.finish()),
            _ => {
                let before = error.hint_text().map(|hint| format!("{hint}; ")).unwrap_or_default();
                let hint = before + &self.words.finish_or_go_back();
                error.adding("the cloud has the new key, and the Duo still has the old one").hint(hint)
            }
        }
    }

    /// Proves the key that was read from the Duo, not the one that was to be written.
    fn prove(&self, context: Context<'_>, done: &RotateDone, held: &Snapshot) -> Result<(), Error> {
        let Some(server) = self.server else { return Ok(()) };
        let key = held.slot.key().ok_or_else(|| Error::new(Code::Internal, "the slot holds no key"))?;
        let proven = server.prove(context, done.device_id, &key.key, Some(&done.device), self.timeout);
        proven.map_err(|error| self.unproven(error, done))
    }

    /// The key is in the Duo, and stays there in DFU mode.
    fn unproven(&self, error: Error, done: &RotateDone) -> Error {
        let finish = self.words.finish();
        if error.code() == Code::Interrupted {
            return error.on(&done.device, KeyState::Written).hint(finish);
        }
        let back = match &done.backup {
            Some(backup) if self.words.had_key && done.written => {
                let restore = command::restore_from(backup);
                let (choice, tell) = (&self.words.choice, &self.words.tell);
                format!("; to go back: {restore}{choice} && {tell}")
            }
            _ => String::new(),
        };
        let message = format!(
            "the cloud said that it took the new key, and the Duo has it, but that they are a pair is not proven: {}",
            error.message()
        );
        Error::new(Code::PairingUnproven, message)
            .during("proving the pairing")
            .on(&done.device, KeyState::Written)
            .hint(format!("{finish} (with --no-verify: without the proof){back}"))
            .because(error)
    }
}
