//! `rotate`: replaces the key on a Duo and in its cloud; safe to interrupt and run again.
//!
//! The old key is backed up, the new one made and kept, and the user asked. Then the cloud is told, and the Duo is
//! written only when the cloud has said that it took the key: a refusal leaves both as they were. At last the pairing
//! is proven, and the Duo leaves DFU mode.
//!
//! What was cut short is taken up by the same command: the journal says where the new key lies, and no second one is
//! made while the cloud may know the first.

mod new_key;

use std::path::PathBuf;

pub use crate::workflow::commands::rotate::new_key::{KeyMaker, make_key};

use crate::archive::{Archive, DeviceIdSource};
use crate::cloud::provisioning::DUO_PRODUCT_ID;
use crate::dct::DeviceId;
use crate::error::{Code, Error, KeyState};
use crate::journal::{Operation, OperationKind, Request, Started, may_be_taken};
use crate::keys::Fingerprint;
use crate::workflow::commands::rotate::new_key::{NewKey, earlier};
use crate::workflow::context::{
    Action, Context, DUO, DeviceRef, Event, NamedCloud, Plan, Snapshot, Target, Timeout, interrupted,
};
use crate::workflow::describe::server::ServerReport;
use crate::workflow::device::opened::Opened;
use crate::workflow::input::key_file::{devices_of_current, public_slot};
use crate::workflow::input::token::Wanted;
use crate::workflow::network::api::{Cloud, Message, check_product};
use crate::workflow::network::other_cloud;
use crate::workflow::network::pairing::{Server, ServerChoice};
use crate::workflow::next;
use crate::workflow::next::{Rollback, SoFar, which_of};
use crate::workflow::record::backup::{Backups, store_new_key};
use crate::workflow::record::journal::{OperationRecord, absolute, operations, past};
use crate::workflow::write::{Beside, Fields, Patch, Proposal, Terms, Transaction};

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
    /// Tell a cloud that the Duo does not name.
    pub allow_other_cloud: bool,
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
    #[serde(rename = "newKeyFile", serialize_with = "crate::disk::lossy")]
    pub new_key: Option<PathBuf>,
    /// True if an earlier attempt, which was cut short, had made it.
    pub taken_up: bool,
    /// The backup of what was there; absolute.
    #[serde(rename = "backupFile", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// The product id.
    pub product_id: u32,
    /// The cloud's API.
    pub api_url: String,
    /// The cloud that the Duo names.
    pub duo_cloud: NamedCloud,
    /// Host and port where the pairing was proven (in a dry run: would be); absent with `noVerify`.
    pub server: Option<String>,
    /// False if the Duo held the new key already, and in a dry run.
    pub written: bool,
    /// True if nothing was to be changed.
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
    let wanted = Wanted {
        api_url: options.api_url.as_deref(),
        token: options.token.as_deref(),
        token_file: options.token_file.as_deref(),
        allow_http: options.allow_http,
    };
    let cloud = Cloud::find(context, &wanted, timeout)?;
    let terms = Terms {
        target: &options.target,
        boards: &[DUO],
        timeout,
        archive: options.archive.as_deref(),
        no_backup: false,
        accepts_key_loss: false,
        encrypt: None,
        leave: true,
        dry_run: options.dry_run,
    };

    let mut transaction = Transaction::open(context, terms)?;
    let held = transaction.opened.section_before_write()?;
    let device = transaction.device().clone();
    let archive = transaction.archive().cloned();
    let on = |error: Error| error.on(&device, KeyState::Unchanged);
    let id = device.device_id.ok_or_else(|| on(nameless(&device)))?;
    let named = ServerReport::named_by(&held, id);
    let which = which_of(&(&device).into(), &transaction.selection());
    other_cloud::check(context, &cloud, &named, options.allow_other_cloud, &which).map_err(on)?;
    let server = choice.map(|choice| choice.of_device(&held, id)).transpose().map_err(on)?;
    if let Some(server) = &server {
        server.greet(context, timeout).map_err(without_proof).map_err(on)?;
    }
    let previous = held.fingerprint();
    let known = operations(context, Some(&(&device).into()))?;
    check_owner(&held, archive.as_ref(), &device, id).map_err(on)?;
    let earlier = earlier(&known, past(context, id), &device, previous, &cloud.api_url());
    let earlier = earlier.as_ref();
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
        duo_cloud: named,
        server: server.as_ref().map(|server| server.port.to_string()),
        written: false,
        dry_run: options.dry_run,
    };
    // No key is made that is not used.
    let (false, Some(archive)) = (options.dry_run, archive) else { return Ok(done) };
    let mut started =
        transaction.started(OperationKind::Rotate, (previous, None), request(options, &done.api_url));
    let new = new_key(context, earlier, &held, &started, make_key).map_err(on)?;
    started.after = Some(new.fingerprint);
    done.fingerprint = started.after;
    done.taken_up = new.taken_up;
    let patch = Patch::key(&new.image);
    if new.taken_up {
        context.note(new.taken_up_words(patch.is_in(&held)));
    }
    let plan = Plan {
        new: started.after,
        public_slot: public_slot(&held).filter(|public| Some(*public) != previous),
        cloud: Some(done.api_url.clone()),
        cautions: other_cloud::caution(&done.duo_cloud, &cloud).into_iter().collect(),
        duo_cloud: Some(done.duo_cloud.clone()),
        ..Plan::of(Action::Rotate, &device, &held)
    };
    let mut telling = Telling {
        context,
        new,
        cloud: &cloud,
        server: server.as_ref(),
        archive: &archive,
        started: started.clone(),
        id,
        product_id: done.product_id,
        device: &device,
        timeout,
        backup: None,
        kept: None,
    };
    let outcome = transaction.commit(Proposal {
        started,
        writing: Fields::key(held, patch),
        plan,
        already: "",
        then: "the cloud knows the new key already, and nothing else is left to do",
        rollback: None,
        beside: Some(&mut telling),
    })?;
    Ok(RotateDone { new_key: telling.kept, backup: outcome.backup, written: outcome.written, ..done })
}

/// The key of an earlier attempt, else one that is made now.
fn new_key(
    context: Context<'_>,
    earlier: Option<&Operation>,
    held: &Snapshot,
    started: &Started,
    make_key: KeyMaker<'_>,
) -> Result<NewKey, Error> {
    let Some(earlier) = earlier else { return NewKey::fresh(make_key) };
    match NewKey::of(earlier, held, started) {
        Err(error) if error.code() == Code::FileNotFound && !earlier.may_be_known() => {
            context
                .note("the new key of an earlier attempt is gone; nobody was told of it, so another is made");
            NewKey::fresh(make_key)
        }
        of_earlier => of_earlier,
    }
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
    archive: Option<&Archive>,
    device: &DeviceRef,
    id: DeviceId,
) -> Result<(), Error> {
    if device.device_id_source != Some(DeviceIdSource::User) {
        return Ok(());
    }
    let known = devices_of_current(snapshot, archive)?;
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

fn request(options: &RotateOptions, api_url: &str) -> Request {
    Request {
        api_url: Some(api_url.to_owned()),
        allow_http: options.allow_http,
        allow_other_cloud: options.allow_other_cloud,
        product_id: options.product_id,
        no_verify: options.no_verify,
        server_key: options.server_key.as_ref().map(absolute),
        host: options.host.clone(),
        port: options.port,
        ..Request::default()
    }
}

/// Tells the cloud before the Duo is written, and proves the pairing afterwards.
struct Telling<'a, 'r> {
    context: Context<'a>,
    new: NewKey,
    cloud: &'r Cloud,
    /// Where the pairing is proven; `None` if it is not wanted.
    server: Option<&'r Server>,
    archive: &'r Archive,
    started: Started,
    id: DeviceId,
    product_id: u32,
    device: &'r DeviceRef,
    timeout: Timeout,
    /// The backup of the old key, once it is made.
    backup: Option<PathBuf>,
    /// Where the new key lies, once it is kept.
    kept: Option<PathBuf>,
}

impl Telling<'_, '_> {
    fn on(&self, error: Error) -> Error {
        error.on(self.device, KeyState::Unchanged)
    }

    fn rollback(&self, wrote: bool) -> Rollback {
        next::rollback(&self.started, SoFar { backup: self.backup.as_deref(), wrote, told: true })
    }

    /// What to type, to finish and to go back, while the Duo has the old key.
    fn hint(&self) -> String {
        next::hint(&self.started, &self.rollback(false))
    }

    /// What it means that the cloud did not say that it took the key.
    fn not_accepted(&self, error: Error) -> Error {
        let told = may_be_taken(error.code().name());
        let error = self.on(error);
        let consequence = if self.started.before == self.started.after {
            "the Duo has the new key already, since an earlier attempt"
        } else if told {
            "whether the cloud has the old key or the new one is not known, and the Duo has the old one"
        } else if self.new.known {
            "the cloud may have the new key since an earlier attempt, and the Duo has the old one"
        } else {
            return error;
        };
        error.adding(consequence).hint(self.hint())
    }

    /// The key is in the Duo, and stays there in DFU mode.
    fn not_proven(&self, error: Error, written: bool) -> Error {
        let finish = next::finish(&self.started);
        if error.code() == Code::Interrupted {
            return error.on(self.device, KeyState::Written).hint(finish);
        }
        let message = format!(
            "the cloud said that it took the new key, and the Duo has it, but that they are a pair is not proven: {}",
            error.message()
        );
        Error::new(Code::PairingUnproven, message)
            .during("proving the pairing")
            .on(self.device, KeyState::Written)
            .hint(format!("{finish} (with --no-verify: without the proof){}", self.rollback(written)))
            .because(error)
    }
}

impl Beside<Fields> for Telling<'_, '_> {
    /// Keeps the new key, before anybody is told of it.
    fn prepare(&mut self, opened: &Opened<'_>, record: &mut OperationRecord<'_>) -> Result<(), Error> {
        let already_there = self.new.kept.is_some();
        let path = if let Some(path) = &self.new.kept {
            path.clone()
        } else {
            let public = self.new.key.public_key();
            store_new_key(self.context, &opened.device, &self.new.image, public, self.archive)?
        };
        record.new_key(&path).map_err(|error| self.on(error))?;
        self.context.control.event(Event::NewKey { path: path.clone(), already_there });
        self.kept = Some(path);
        Ok(())
    }

    /// The first step that cannot be undone from here. If it fails, the Duo is as it was.
    fn before_write(&mut self, backups: &Backups, record: &mut OperationRecord<'_>) -> Result<(), Error> {
        self.backup.clone_from(&backups.first);
        if self.context.control.cancel().is_requested() {
            return Err(self.on(interrupted().during("before the cloud was told")));
        }
        let public = self.new.key.public_key();
        let message = Message::new(self.context, self.id, &public, self.product_id, false);
        let message = message.map_err(|error| self.on(error))?;
        record.sending().map_err(|error| self.on(error))?;
        self.cloud.send_public_key(self.context, &message).map_err(|error| self.not_accepted(error))?;
        record.accepted();
        Ok(())
    }

    /// What follows from a write that was not done, once the cloud has the new key.
    fn write_failed(&self, error: Error) -> Error {
        match error.key_state() {
            Some(KeyState::Wrong | KeyState::Unknown) => error.adding("the cloud has the new key"),
            Some(KeyState::Written) => error.hint(next::finish(&self.started)),
            _ => {
                let before = error.hint_text().map(|hint| format!("{hint}; ")).unwrap_or_default();
                let hint = before + &self.hint();
                error.adding("the cloud has the new key, and the Duo still has the old one").hint(hint)
            }
        }
    }

    /// Proves the key that was read from the Duo, not the one that was to be written.
    fn after_write(&self, writing: &Fields, written: bool) -> Result<(), Error> {
        let Some(server) = self.server else { return Ok(()) };
        let key = writing.held().slot.key();
        let key = key.ok_or_else(|| Error::new(Code::Internal, "the slot holds no key"))?;
        let proven = server.prove(self.context, self.id, &key.key, self.timeout);
        proven.map_err(|error| self.not_proven(error, written))
    }
}
