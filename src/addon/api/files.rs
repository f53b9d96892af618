//! Exports the functions for key files, which need no Duo: `inspectKey`, `newKey`, `publicKey`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go};
use crate::addon::grammar::{CopyName, InspectOptions, NewKeyOptions, PublicKeyOptions, passphrase};
use crate::dct::WhichCopy;
use crate::workflow;

fn inspect_options(given: InspectOptions) -> Mapped<workflow::InspectOptions> {
    let options = workflow::InspectOptions {
        file: given.file.into(),
        extract: given.extract.as_deref().map(str::parse).transpose()?,
        copy: given.copy.map(|copy| match copy {
            CopyName::First => WhichCopy::First,
            CopyName::Second => WhichCopy::Second,
        }),
        out: given.out.map(Into::into),
        passphrase: passphrase(given.passphrase, given.passphrase_file),
    };
    Ok((options, None))
}

fn new_key_options(given: NewKeyOptions) -> Mapped<workflow::NewKeyOptions> {
    let options = workflow::NewKeyOptions {
        file: given.file.map(Into::into),
        encrypt: given.passphrase.encrypt.unwrap_or_default(),
        passphrase: passphrase(given.passphrase.passphrase, given.passphrase.passphrase_file),
    };
    Ok((options, None))
}

fn public_key_options(given: PublicKeyOptions) -> Mapped<workflow::PublicKeyOptions> {
    let options = workflow::PublicKeyOptions {
        file: given.file.into(),
        out: given.out.map(Into::into),
        passphrase: passphrase(given.passphrase.passphrase, given.passphrase.passphrase_file),
    };
    Ok((options, None))
}

/// Says what a file holds: a key in any form, a dump of a DCT, a cloud's public key, a manifest; and whether the Duo's
/// firmware would read the key. Can write one field of a dump to a new file. Needs no Duo.
///
/// @example
/// ```js
/// const { kind, fingerprint } = await inspectKey({ file: 'duo.der' })
/// ```
#[napi(
    ts_args_type = "options: InspectOptions, control?: Control",
    ts_return_type = "Promise<InspectResult>"
)]
pub fn inspect_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, inspect_options, workflow::inspect)
}

/// Makes a new key as a Duo does, in a new file for its owner only: in the same bytes as a backup, or encrypted with a
/// passphrase. The public key goes beside it. Needs no Duo.
///
/// @example
/// ```js
/// const { file, fingerprint } = await newKey({ file: 'new.der' })
/// ```
#[napi(ts_args_type = "options?: NewKeyOptions, control?: Control", ts_return_type = "Promise<NewKeyResult>")]
pub fn new_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, new_key_options, workflow::new_key)
}

/// Takes the public key out of a key file of any kind. Nothing else of a private key leaves it. Needs no Duo.
///
/// @example
/// ```js
/// const { publicKey: pem } = await publicKey({ file: 'duo.der' })
/// ```
#[napi(
    ts_args_type = "options: PublicKeyOptions, control?: Control",
    ts_return_type = "Promise<PublicKeyResult>"
)]
pub fn public_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, public_key_options, workflow::public_key)
}
