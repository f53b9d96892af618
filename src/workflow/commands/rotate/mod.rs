//! `rotate`: replaces the key on a Duo and in its cloud; safe to interrupt and run again.
//!
//! First the old key is backed up, the new key is made and saved, the old pair is proven, and the user is asked. Then
//! the new key is sent to the cloud, and a handshake from here proves it while the Duo still has the old key. The Duo
//! is written only if the cloud said that it took the key and the handshake shows that it has it. Last, the Duo leaves
//! DFU mode. If the cloud refuses, both keep the old key (`telling.rs`).
//!
//! The same command continues after an interruption: the journal says where the new key is. No second key is made while
//! the cloud may know the first.

mod new_key;
mod telling;

use std::path::PathBuf;

pub use crate::workflow::commands::rotate::new_key::{KeyMaker, make_key};

use crate::archive::{Archive, DeviceIdSource};
use crate::cloud::provisioning::DUO_PRODUCT_ID;
use crate::dct::DeviceId;
use crate::error::{Code, Error, KeyState};
use crate::journal::{Operation, OperationKind, Request, Started};
use crate::keys::Fingerprint;
use crate::workflow::commands::rotate::new_key::{NewKey, earlier};
use crate::workflow::commands::rotate::telling::{Telling, without_proof};
use crate::workflow::context::{
    Action, Context, DUO, DeviceRef, NamedCloud, PairBefore, Plan, Snapshot, Target,
};
use crate::workflow::describe::server::ServerReport;
use crate::workflow::input::key_file::{devices_of_current, public_slot};
use crate::workflow::input::token::CloudOptions;
use crate::workflow::network::api::{Cloud, check_product};
use crate::workflow::network::other_cloud;
use crate::workflow::network::pairing::{ServerChoice, ServerOptions};
use crate::workflow::next::which_of;
use crate::workflow::record::journal::{absolute, operations, past, selection};
use crate::workflow::write::{Fields, Patch, Proposal, Terms, Transaction, WriteOptions, check_key};

/// The options of `rotate`. No `Debug`: it may hold a token.
#[derive(Clone, Default)]
pub struct RotateOptions {
    /// Which Duo.
    pub target: Target,
    /// The product id; 88 by default.
    pub product_id: Option<u32>,
    /// Which cloud, and the token for it.
    pub cloud: CloudOptions,
    /// Do not prove the pairing.
    pub no_verify: bool,
    /// The device port, if it is not the one that the Duo names.
    pub server: ServerOptions,
    /// The archive's folder.
    pub archive: Option<String>,
    /// Change nothing anywhere.
    pub dry_run: bool,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

/// A new key: the cloud took it and was proven to have it. It is in the Duo, read back and compared.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "RotateResult", rename_all = "camelCase")]
pub struct RotateDone {
    /// The Duo.
    pub device: DeviceRef,
    /// The device id that the key was sent for.
    pub device_id: DeviceId,
    /// The key that was there, if there was one.
    #[serde(rename = "previousFingerprint")]
    pub previous: Option<Fingerprint>,
    /// The key that is there now; absent in a dry run that would make a new key.
    pub fingerprint: Option<Fingerprint>,
    /// The file of the new key in the archive; absolute. Absent in a dry run.
    #[serde(rename = "newKeyFile", serialize_with = "crate::disk::lossy")]
    pub new_key: Option<PathBuf>,
    /// True if an earlier attempt, which was cut short, made the key.
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
    /// Host and port at which the pairing was proven (in a dry run: would be); absent with `noVerify`.
    pub server: Option<String>,
    /// Whether the Duo's old key and the cloud's were a pair; absent with `noVerify` and in a dry run.
    pub pair_before: Option<PairBefore>,
    /// False in a dry run, and if the Duo already held the new key.
    pub written: bool,
    /// True in a dry run: nothing was changed.
    pub dry_run: bool,
}

/// Backs up the old key, saves a new one, proves the old pair, asks, sends the new key to the cloud, proves it, writes,
/// reads back, leaves DFU mode.
pub fn rotate(
    context: Context<'_>,
    options: &RotateOptions,
    make_key: KeyMaker<'_>,
) -> Result<RotateDone, Error> {
    let context = context.within(options.timeout)?;
    check_product(options.product_id)?;
    let choice = server_choice(options)?;
    let cloud = Cloud::find(context, &options.cloud)?;
    let write = WriteOptions {
        target: options.target.clone(),
        archive: options.archive.clone(),
        dry_run: options.dry_run,
        ..WriteOptions::default()
    };
    let terms = Terms { options: &write, boards: &[DUO], encrypt: None, leave: true };

    let mut transaction = Transaction::open(context, terms)?;
    let held = transaction.opened.section_before_write()?;
    let device = transaction.opened.device.clone();
    let archive = transaction.archive.clone();
    let on = |error: Error| error.on(&device, KeyState::Unchanged);
    let id = device.device_id.ok_or_else(|| on(nameless(&device)))?;
    let named = ServerReport::named_by(&held, id);
    let which = which_of(&(&device).into(), &selection(context, &options.target));
    other_cloud::check(context, &cloud, &named, options.cloud.allow_other_cloud, id, &which).map_err(on)?;
    let server = choice.map(|choice| choice.of_device(&held, id)).transpose().map_err(on)?;
    if let Some(server) = &server {
        server.greet(context).map_err(without_proof).map_err(on)?;
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
        pair_before: None,
        written: false,
        dry_run: options.dry_run,
    };
    check_key(&transaction.opened, &held)?;
    // In a dry run, no key is made: it would not be used.
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
        ..Plan::of(Action::Rotate, &device, Some(&held))
    };
    let is_there = patch.is_in(&held);
    let mut telling = Telling {
        context,
        new,
        old: held.own_key().ok().cloned(),
        is_there,
        cloud: &cloud,
        server: server.as_ref(),
        archive: &archive,
        started: started.clone(),
        id,
        product_id: done.product_id,
        device: &device,
        backup: None,
        kept: None,
        pair_before: None,
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
    let Telling { kept, pair_before, .. } = telling;
    Ok(RotateDone { new_key: kept, pair_before, backup: outcome.backup, written: outcome.written, ..done })
}

/// The key of an earlier attempt, else a new one.
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
    if options.no_verify && options.server.is_typed() {
        let message = "--no-verify leaves out the proof that --server-key, --host and --port are for";
        return Err(Error::invalid(message).hint("give either, not both"));
    }
    if options.no_verify {
        return Ok(None);
    }
    ServerChoice::read(&options.server).map(Some)
}

fn nameless(device: &DeviceRef) -> Error {
    Error::new(
        Code::DeviceIdUnverifiable,
        "the Duo does not tell its device id, and the cloud has to know it",
    )
    .hint(format!("say which one it is: add --device ID --path {}", device.path))
}

/// If the user typed the device id, the archive must not know the Duo's key as another device's.
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

fn request(options: &RotateOptions, api_url: &str) -> Request {
    Request {
        api_url: Some(api_url.to_owned()),
        allow_http: options.cloud.allow_http,
        allow_other_cloud: options.cloud.allow_other_cloud,
        product_id: options.product_id,
        no_verify: options.no_verify,
        server_key: options.server.key_file.as_ref().map(absolute),
        host: options.server.host.clone(),
        port: options.server.port,
        ..Request::default()
    }
}
