//! Key files without a Duo: `newKey` and `publicKey`.

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;

use super::keys::passphrase;
use crate::addon::call::{on_bus, read, settle};
use crate::addon::grammar;
use crate::error::Error;
use crate::workflow;

/// Makes a new key as a Duo makes one for itself, in a new file of mode 0600: byte for byte as a backup would be, or
/// behind a passphrase; with its public key beside it. Needs no Duo.
#[napi(ts_return_type = "Promise<NewKeyResult>")]
pub fn new_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "NewKeyOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared: Result<_, Error> =
        read(env, options).map(|given: grammar::NewKeyOptions| workflow::NewKeyOptions {
            file: given.file.map(Into::into),
            encrypt: given.encrypt.unwrap_or_default(),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
        });
    let work = prepared.map(|options| {
        move |remote: &_| on_bus(remote, None, |context| workflow::new_key(context, &options))
    });
    settle(env, control, work)
}

/// Takes the public key out of a key file of any kind; of a private key nothing else leaves it. Needs no Duo.
#[napi(ts_return_type = "Promise<PublicKeyResult>")]
pub fn public_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "PublicKeyOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared: Result<_, Error> =
        read(env, options).map(|given: grammar::PublicKeyOptions| workflow::PublicKeyOptions {
            file: given.file.into(),
            out: given.out.map(Into::into),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
        });
    let work = prepared.map(|options| {
        move |remote: &_| on_bus(remote, None, |context| workflow::public_key(context, &options))
    });
    settle(env, control, work)
}
