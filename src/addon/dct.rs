//! The functions of the API that read a DCT, and what they return beside `looked_at`.

use std::path::PathBuf;

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use schemars::JsonSchema;

use super::grammar;
use super::looked_at::{DctShowResult, ServerKeyShowResult};
use super::results::{DuoInfo, optional, text};
use super::run::{on_bus, read, spawn};
use super::schema::words;
use crate::workflow::{self, Target};

/// A backup of a DCT that is on the disk, synced and read back.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DctBackupResult {
    /// The Duo.
    pub device: DuoInfo,
    /// The file with the bytes; absolute. It is a secret.
    pub path: String,
    /// The public key's PEM beside it; absolute.
    pub public_key_path: Option<String>,
    /// The manifest beside it; absolute.
    pub manifest_path: Option<String>,
    /// The fingerprint of the device's key in it, where it holds one.
    pub fingerprint: Option<String>,
    /// The kind of thing in its key slot.
    #[napi(ts_type = "KeySlotKind")]
    #[schemars(extend("enum" = words::SLOT))]
    pub slot: String,
    /// True for both copies of the DCT, which hold the Wi-Fi passwords, too.
    pub whole: bool,
    /// Bytes of the file.
    pub length: u32,
    /// True where the archive held the same bytes of the same Duo already, and nothing was written.
    pub already_there: bool,
}

impl From<workflow::DctBackupDone> for DctBackupResult {
    fn from(done: workflow::DctBackupDone) -> Self {
        Self {
            device: done.device.into(),
            path: text(&done.path),
            public_key_path: done.public_key.as_deref().map(text),
            manifest_path: done.manifest.as_deref().map(text),
            fingerprint: optional(done.fingerprint),
            slot: done.slot.to_owned(),
            whole: done.whole,
            length: u32::try_from(done.length).unwrap_or(u32::MAX),
            already_there: done.already_there,
        }
    }
}

/// Saves the Duo's DCT to a new file: its application section, or both copies whole; read twice and compared, mode
/// 0600, synced and read back. It is a secret. Writes nothing to the Duo.
#[napi(ts_return_type = "Promise<DctBackupResult>")]
pub fn backup_dct<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DctBackupOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, DctBackupResult>> {
    let prepared = read(env, options).and_then(|given: grammar::DctBackupOptions| {
        let options = workflow::DctBackupOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            file: given.file.map(PathBuf::from),
            whole: given.whole.unwrap_or_default(),
            archive: given.archive,
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::backup_dct(context, &options))
    });
    spawn(env, control, work)
}

/// Says what the fields of a DCT hold, of the attached Duo or of a file. Shows no secret: a private key as its
/// fingerprint, a claim code as being there or not. Reads only.
#[napi(ts_return_type = "Promise<DctShowResult>")]
pub fn show_dct<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DctShowOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, DctShowResult>> {
    let prepared = read(env, options).and_then(|given: grammar::DctShowOptions| {
        let options = workflow::DctShowOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            file: given.file.map(PathBuf::from),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::show_dct(context, &options))
    });
    spawn(env, control, work)
}

/// Says which cloud the attached Duo, or a file, names: the cloud's public key and its address. Reads only.
#[napi(ts_return_type = "Promise<ServerKeyShowResult>")]
pub fn show_server_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ServerKeyShowOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, ServerKeyShowResult>> {
    let prepared = read(env, options).and_then(|given: grammar::ServerKeyShowOptions| {
        let options = workflow::ServerKeyShowOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            file: given.file.map(PathBuf::from),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| {
            on_bus(remote, usbip.as_deref(), |context| workflow::show_server_key(context, &options))
        }
    });
    spawn(env, control, work)
}
