//! The functions of the API that write other fields than the key, and what they return.

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use schemars::JsonSchema;

use super::grammar;
use super::looked_at::ServerKeyInfo;
use super::results::{DuoInfo, optional, text};
use super::run::{on_bus, read, spawn};
use super::schema::words;
use crate::workflow::{self, Target};

/// A cloud's public key and its address, in place: read back and compared.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ServerKeyWriteResult {
    /// The Duo.
    pub device: DuoInfo,
    /// The cloud that the Duo named before.
    pub previous: ServerKeyInfo,
    /// The cloud that it names now; in a dry run, that it would name.
    pub server: ServerKeyInfo,
    /// Where the address comes from: `kept` is the one that the Duo had, and with `none` the firmware's own counts.
    #[napi(ts_type = "'built-in' | 'file' | 'options' | 'kept' | 'none'")]
    #[schemars(extend("enum" = ["built-in", "file", "options", "kept", "none"]))]
    pub address_source: String,
    /// The backup of the DCT's application section as it was; absolute. It is a secret.
    pub backup_path: Option<String>,
    /// False where the Duo held exactly these bytes already, and in a dry run.
    pub written: bool,
    /// True where the Duo was told to leave DFU mode.
    pub left: bool,
    /// True where nothing was to be written.
    pub dry_run: bool,
}

impl From<workflow::ServerKeyWritten> for ServerKeyWriteResult {
    fn from(done: workflow::ServerKeyWritten) -> Self {
        Self {
            device: done.device.into(),
            previous: done.previous.into(),
            server: done.server.into(),
            address_source: done.address_source.name().to_owned(),
            backup_path: done.backup.as_deref().map(text),
            written: done.written,
            left: done.left,
            dry_run: done.dry_run,
        }
    }
}

/// A field that holds what the dump has of it.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct RestoredFieldInfo {
    /// Its name in `dct.h`, with hyphens.
    pub name: String,
    /// What was there, in words; no secret is shown.
    pub previous: String,
    /// What is there now, in words; in a dry run, what would be.
    pub description: String,
    /// False where the Duo held exactly these bytes already, and in a dry run.
    pub written: bool,
}

/// Fields of a DCT, or all of it, in place: each part read back and compared.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[allow(
    clippy::struct_excessive_bools,
    reason = "answers to four questions that do not depend on each other"
)]
pub struct DctRestoreResult {
    /// The Duo.
    pub device: DuoInfo,
    /// True where all of the DCT was asked for, both copies.
    pub whole: bool,
    /// False where the Duo held exactly these bytes already, and in a dry run.
    pub written: bool,
    /// The fields, in the order in which they are written: the private key last. Of a whole DCT, those in which the one
    /// in the Duo differed.
    pub fields: Vec<RestoredFieldInfo>,
    /// The key that was there; absent where the slot held none.
    pub previous_fingerprint: Option<String>,
    /// The key that is there now, where it was written, too; in a dry run, that would be.
    pub fingerprint: Option<String>,
    /// Why that key is taken to be this Duo's.
    #[napi(ts_type = "KeyEvidence")]
    #[schemars(extend("enum" = words::EVIDENCE))]
    pub evidence: Option<String>,
    /// The same in words.
    pub evidence_description: Option<String>,
    /// The backup of the DCT's application section as it was, or of all of the DCT; absolute. It is a secret.
    pub backup_path: Option<String>,
    /// True where the Duo was told to leave DFU mode.
    pub left: bool,
    /// True where nothing was to be written.
    pub dry_run: bool,
}

impl From<workflow::DctRestored> for DctRestoreResult {
    fn from(done: workflow::DctRestored) -> Self {
        let field = |field: workflow::RestoredField| RestoredFieldInfo {
            name: field.name,
            previous: field.previous,
            description: field.holds,
            written: field.written,
        };
        Self {
            device: done.device.into(),
            whole: done.whole,
            written: done.written,
            fields: done.fields.into_iter().map(field).collect(),
            previous_fingerprint: optional(done.previous),
            fingerprint: optional(done.fingerprint),
            evidence: optional(done.evidence.map(workflow::Evidence::name)),
            evidence_description: optional(done.evidence.map(workflow::Evidence::words)),
            backup_path: done.backup.as_deref().map(text),
            left: done.left,
            dry_run: done.dry_run,
        }
    }
}

/// Writes a cloud's public key and address to the Duo, so that it connects to that cloud: the DCT is backed up
/// first, and the write counts once it was read back and compared. A bare key keeps the address in the Duo.
#[napi(ts_return_type = "Promise<ServerKeyWriteResult>")]
pub fn set_server_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ServerKeySetOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, ServerKeyWriteResult>> {
    let prepared = read(env, options).and_then(|given: grammar::ServerKeySetOptions| {
        let options = workflow::ServerKeySetOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            file: Some(given.file.into()),
            host: given.host,
            port: given.port,
            no_address: given.no_address.unwrap_or_default(),
            leave: given.leave.unwrap_or_default(),
            archive: given.archive,
            no_backup: given.no_backup.unwrap_or_default(),
            accepts_key_loss: given.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| {
            on_bus(remote, usbip.as_deref(), |context| workflow::set_server_key(context, &options))
        }
    });
    spawn(env, control, work)
}

/// Writes the public key and the address of Particle's own cloud to the Duo, which are built in; otherwise as
/// `setServerKey`.
#[napi(ts_return_type = "Promise<ServerKeyWriteResult>")]
pub fn restore_server_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ServerKeyRestoreOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, ServerKeyWriteResult>> {
    let prepared = read(env, options).and_then(|given: grammar::ServerKeyRestoreOptions| {
        let options = workflow::ServerKeySetOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            leave: given.leave.unwrap_or_default(),
            archive: given.archive,
            no_backup: given.no_backup.unwrap_or_default(),
            accepts_key_loss: given.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
            ..workflow::ServerKeySetOptions::default()
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| {
            on_bus(remote, usbip.as_deref(), |context| workflow::set_server_key(context, &options))
        }
    });
    spawn(env, control, work)
}

/// Writes fields out of a dump back to the Duo, each in one block, each read back and compared; or, with `whole`, all
/// of the DCT as it was read. The DCT is backed up first. What holds the dump's bytes already is left alone, so the
/// same call goes on where one was cut short.
#[napi(ts_return_type = "Promise<DctRestoreResult>")]
pub fn restore_dct<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DctRestoreOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, DctRestoreResult>> {
    let prepared = read(env, options).and_then(|given: grammar::DctRestoreOptions| {
        let options = workflow::DctRestoreOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            file: given.file.into(),
            fields: given.fields.unwrap_or_default(),
            whole: given.whole.unwrap_or_default(),
            leave: given.leave.unwrap_or_default(),
            allow_other_device: given.allow_other_device.unwrap_or_default(),
            archive: given.archive,
            no_backup: given.no_backup.unwrap_or_default(),
            accepts_key_loss: given.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::restore_dct(context, &options))
    });
    spawn(env, control, work)
}
