//! Key files without a Duo: `newKey` and `publicKey`.

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use schemars::JsonSchema;

use super::api::passphrase;
use super::grammar;
use super::results::text;
use super::run::{on_bus, read, spawn};
use crate::error::Error;
use crate::workflow;

/// A new key that is on the disk, synced and read back.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct NewKeyResult {
    /// The file with the private key; absolute.
    pub path: String,
    /// The public key's PEM beside it; absolute.
    pub public_key_path: Option<String>,
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub fingerprint: String,
    /// The public key as PEM.
    pub public_key: String,
    /// True where the key is behind a passphrase.
    pub encrypted: bool,
}

/// The public key of a key file.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct PublicKeyResult {
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub fingerprint: String,
    /// The public key as PEM.
    pub public_key: String,
    /// The file that it was written to; absolute.
    pub out: Option<String>,
}

/// Makes a new key as a Duo makes one for itself, in a new file of mode 0600: byte for byte as a backup would be, or
/// behind a passphrase; with its public key beside it. Needs no Duo.
#[napi(ts_return_type = "Promise<NewKeyResult>")]
pub fn new_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "NewKeyOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, NewKeyResult>> {
    let prepared: Result<_, Error> =
        read(env, options).map(|given: grammar::NewKeyOptions| workflow::NewKeyOptions {
            file: given.file.map(Into::into),
            encrypt: given.encrypt.unwrap_or_default(),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
        });
    let work = prepared.map(|options| {
        move |remote: &_| on_bus(remote, None, |context| workflow::new_key(context, &options))
    });
    spawn(env, control, work)
}

/// Takes the public key out of a key file of any kind; of a private key nothing else leaves it. Needs no Duo.
#[napi(ts_return_type = "Promise<PublicKeyResult>")]
pub fn public_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "PublicKeyOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, PublicKeyResult>> {
    let prepared: Result<_, Error> =
        read(env, options).map(|given: grammar::PublicKeyOptions| workflow::PublicKeyOptions {
            file: given.file.into(),
            out: given.out.map(Into::into),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
        });
    let work = prepared.map(|options| {
        move |remote: &_| on_bus(remote, None, |context| workflow::public_key(context, &options))
    });
    spawn(env, control, work)
}

impl From<workflow::NewKeyDone> for NewKeyResult {
    fn from(done: workflow::NewKeyDone) -> Self {
        Self {
            path: text(&done.path),
            public_key_path: done.public_key_path.as_deref().map(text),
            fingerprint: done.fingerprint.to_string(),
            public_key: done.public_key,
            encrypted: done.encrypted,
        }
    }
}

impl From<workflow::PublicKeyDone> for PublicKeyResult {
    fn from(done: workflow::PublicKeyDone) -> Self {
        Self {
            fingerprint: done.fingerprint.to_string(),
            public_key: done.public_key,
            out: done.out.as_deref().map(text),
        }
    }
}
