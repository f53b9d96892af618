//! `key new` and `key public`: work on key files without a Duo. Offline.

use std::path::PathBuf;

use getrandom::SysRng;
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

use crate::archive::{Opens, Owner, check_free, create_new, is_pem_name, store_files};
use crate::error::Error;
use crate::keys::{Fingerprint, Passphrase, PrivateKey, SlotImage};
use crate::workflow::context::Context;
use crate::workflow::input::dump_file::absolute;
use crate::workflow::input::key_file::read_key_file;
use crate::workflow::input::passphrase::{PassphraseOptions, Passphrases, check_used};
use crate::workflow::record::backup::{encrypt, plain_pem, warn_of_readers};

/// The options of `key new`.
#[derive(Clone, Debug, Default)]
pub struct NewKeyOptions {
    /// The file to write, as PEM if its name ends so; `key-<fingerprint8>.der` (or `.pem`) in the current folder by
    /// default.
    pub file: Option<PathBuf>,
    /// Encrypt the key with a passphrase.
    pub encrypt: bool,
    /// The passphrase.
    pub passphrase: PassphraseOptions,
}

/// A new key that is on the disk, synced and read back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "NewKeyResult", rename_all = "camelCase")]
pub struct NewKeyDone {
    /// The file with the private key; absolute.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: PathBuf,
    /// The public key's PEM beside it; absolute.
    #[serde(rename = "publicKeyFile", serialize_with = "crate::disk::lossy")]
    pub public_key_path: Option<PathBuf>,
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub fingerprint: Fingerprint,
    /// The public key as PEM.
    pub public_key: String,
    /// True if the key is encrypted with a passphrase.
    pub encrypted: bool,
}

/// Makes a key as a Duo makes one, and saves it in a new file: with the same bytes as a backup of a Duo with that key,
/// or as PEM if the file's name says so, or encrypted. It has no manifest, because it belongs to no device yet.
pub fn new_key(context: Context<'_>, options: &NewKeyOptions) -> Result<NewKeyDone, Error> {
    const MAKING: &str = "making a key";
    check_used(&options.passphrase, options.encrypt)?;
    if let Some(file) = &options.file {
        check_free(file).map_err(|error| Error::from(error).during(MAKING))?;
    }
    let mut passphrases = Passphrases::new(context, &options.passphrase);
    let passphrase = options.encrypt.then(|| passphrases.new_or_given()).transpose()?;

    let key = PrivateKey::generate(&mut UnwrapErr(SysRng))
        .map_err(|error| Error::internal(error).during(MAKING))?;
    let public = key.public_key();
    let pem = options.file.as_deref().is_some_and(is_pem_name);
    let (bytes, opens) = contents(&key, passphrase.as_ref(), pem)?;
    let extension = if options.encrypt { "pem" } else { "der" };
    let unnamed = || PathBuf::from(format!("key-{}.{extension}", public.fingerprint().short()));
    let path = options.file.clone().unwrap_or_else(unnamed);
    let public_key = public.to_pem();
    let stored = store_files(&path, &bytes, opens, Some(&public_key), None, &Owner::detect(&context.env))
        .map_err(|error| Error::from(error).during(MAKING))?;
    warn_of_readers(context, &stored.path, stored.privacy);
    if stored.public_key.is_none() {
        context.note("the key is saved, but the public key beside it could not be written");
    }
    Ok(NewKeyDone {
        path: stored.path,
        public_key_path: stored.public_key,
        fingerprint: public.fingerprint(),
        public_key,
        encrypted: options.encrypt,
    })
}

/// The contents of the file: a whole slot that passed the firmware's reader, or PEM, encrypted if there is a
/// passphrase.
fn contents<'a>(
    key: &'a PrivateKey,
    passphrase: Option<&'a Passphrase>,
    pem: bool,
) -> Result<(Zeroizing<Vec<u8>>, Option<Opens<'a>>), Error> {
    let image = SlotImage::of_key(key)?;
    let Some(passphrase) = passphrase else {
        if pem {
            return Ok((plain_pem(key)?, None));
        }
        return Ok((Zeroizing::new(image.as_bytes().to_vec()), None));
    };
    let pem = encrypt(key, passphrase)?;
    Ok((Zeroizing::new(pem.as_bytes().to_vec()), Some(Opens { passphrase, key })))
}

/// The options of `key public`.
#[derive(Clone, Debug, Default)]
pub struct PublicKeyOptions {
    /// The key file, public or private.
    pub file: PathBuf,
    /// A new file for the public key.
    pub out: Option<PathBuf>,
    /// The passphrase of the key file.
    pub passphrase: PassphraseOptions,
}

/// The public key of a key file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PublicKeyResult", rename_all = "camelCase")]
pub struct PublicKeyDone {
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub fingerprint: Fingerprint,
    /// The public key as PEM.
    pub public_key: String,
    /// The file that the key was written to; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub out: Option<PathBuf>,
}

/// Takes the public key out of a key file of any kind. If an output is named, writes it to a new file: as DER if the
/// name says so, else as PEM.
pub fn public_key(context: Context<'_>, options: &PublicKeyOptions) -> Result<PublicKeyDone, Error> {
    let mut passphrases = Passphrases::new(context, &options.passphrase);
    let (_, file) = read_key_file(&options.file, &mut passphrases)?;
    let public = file.public_key();
    let done = PublicKeyDone {
        fingerprint: public.fingerprint(),
        public_key: public.to_pem(),
        out: options.out.as_deref().map(absolute),
    };
    if let Some(out) = &done.out {
        let der = out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("der"));
        let bytes = if der { public.spki_der().to_vec() } else { public.to_pem().into_bytes() };
        create_new(out, &bytes, &Owner::detect(&context.env))
            .map_err(|error| Error::from(error).during("writing the public key"))?;
    }
    Ok(done)
}
