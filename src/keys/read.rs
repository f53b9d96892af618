//! Reads a key from bytes of unknown origin: recognizes the form and reads it. If it is not a key that a Duo can have,
//! says what it is.
//!
//! Slots, dumps and files all begin with the key. The bytes after it are counted, but not read.

use std::fmt;

use der::Decode;
use pkcs8::PrivateKeyInfoRef;
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::error::KeyError;
use super::pem::{self, Block};
use super::private::{Magnitudes, PrivateKey};
use super::public::PublicKey;
use super::slot::{SLOT_LEN, reset_image};
use super::text::to_utf8;
use super::tlv::{BIT_STRING, INTEGER, OCTET_STRING, Reader, SEQUENCE};

/// A larger file is refused unread. The largest file in use, a dump of a whole DCT, has 32 KiB.
pub const MAX_KEY_FILE: usize = 1 << 20;

/// RFC 8017 appendix A.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480 §2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// How a private key was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// PKCS#1 at the device's fixed widths, 611 bytes. A few such keys are canonical DER as well.
    Device,
    /// Canonical PKCS#1 DER that is not also the device's form.
    Pkcs1,
    /// PKCS#1 that is neither: it has leading zeros that no rule requires.
    Pkcs1Loose,
    /// PKCS#8 DER, as OpenSSL 3 and particle-cli's `keys new` write.
    Pkcs8,
    /// PKCS#1 PEM.
    Pkcs1Pem,
    /// PKCS#8 PEM.
    Pkcs8Pem,
    /// PKCS#8 encrypted with a passphrase, DER or PEM; read only by [`super::EncryptedKey`].
    Encrypted,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "PKCS#1 DER as the device writes it",
            Self::Pkcs1 => "PKCS#1 DER",
            Self::Pkcs1Loose => "PKCS#1 DER with needless zeros",
            Self::Pkcs8 => "PKCS#8 DER",
            Self::Pkcs1Pem => "PKCS#1 PEM",
            Self::Pkcs8Pem => "PKCS#8 PEM",
            Self::Encrypted => "PKCS#8, encrypted",
        })
    }
}

/// A private key and how it was encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadKey {
    /// The key, checked.
    pub key: PrivateKey,
    /// Its encoding.
    pub form: Form,
    /// How many bytes follow it: 605 in a slot with a key in the device's form. White space after PEM does not count.
    pub behind: usize,
}

/// What a key file can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// A private key, in any form.
    Private(ReadKey),
    /// A public key.
    Public(PublicKey),
}

impl KeyFile {
    /// Reads a private or a public key in any form.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        match PrivateKey::read(bytes) {
            Ok(read) => Ok(Self::Private(read)),
            Err(KeyError::PublicKey) => PublicKey::read(bytes).map(Self::Public),
            Err(error) => Err(error),
        }
    }

    /// The public key: the only thing that may be sent anywhere.
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Private(read) => read.key.public_key(),
            Self::Public(key) => key.clone(),
        }
    }
}

impl PrivateKey {
    /// Reads a private key that begins at `bytes[0]`, in any unencrypted [`Form`], and checks all its numbers. The
    /// bytes after it, in a slot or a dump, do not matter.
    pub fn read(bytes: &[u8]) -> Result<ReadKey, KeyError> {
        let (read, behind) = in_der(bytes, pem::decode, read_der)?;
        let Some(behind) = behind else { return Ok(read) };
        let form = if read.form == Form::Pkcs8 { Form::Pkcs8Pem } else { Form::Pkcs1Pem };
        Ok(ReadKey { form, behind: read.behind + behind, ..read })
    }
}

/// Gives DER to `read`: the bytes themselves or, of a text, the block that `decode` takes out of it. Nonsense is refused
/// before that. Also returns how many bytes follow the block; `None` without one.
pub(super) fn in_der<T>(
    bytes: &[u8],
    decode: fn(&[u8]) -> Result<Block, KeyError>,
    read: impl FnOnce(&[u8]) -> Result<T, KeyError>,
) -> Result<(T, Option<usize>), KeyError> {
    let text = to_utf8(bytes);
    let bytes = text.as_deref().map_or(bytes, Vec::as_slice);
    refuse_plain_nonsense(bytes)?;
    if !pem::is_pem(bytes) {
        return Ok((read(bytes)?, None));
    }
    let block = decode(bytes)?;
    Ok((read(&block.der)?, Some(block.behind)))
}

/// Reads a public key: `SubjectPublicKeyInfo` or PKCS#1, DER or PEM. `from_pkcs1` reads an `RSAPublicKey`.
pub(super) fn read_public<K>(
    bytes: &[u8],
    from_pkcs1: fn(&[u8]) -> Result<K, KeyError>,
) -> Result<K, KeyError> {
    let from_der = |bytes: &[u8]| match recognise(bytes)? {
        (der, Shape::Spki) => {
            let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| DAMAGED_SPKI)?;
            check_algorithm(&spki.algorithm.oid)?;
            from_pkcs1(spki.subject_public_key.as_bytes().ok_or(DAMAGED_SPKI)?)
        }
        (der, Shape::Pkcs1Public) => from_pkcs1(der),
        (_, Shape::Pkcs1 | Shape::Pkcs8) => Err(KeyError::PrivateKey),
        (_, Shape::Other(error)) => Err(error),
    };
    in_der(bytes, pem::decode, from_der).map(|(key, _)| key)
}

/// Of a public key whose DER cannot be read.
pub(super) const DAMAGED_SPKI: KeyError = KeyError::Malformed("its SubjectPublicKeyInfo");

/// What a DER `SEQUENCE` is, judged by its first elements.
pub(super) enum Shape {
    /// `RSAPrivateKey` with two primes (RFC 8017 A.1.2).
    Pkcs1,
    /// `RSAPublicKey` (RFC 8017 A.1.1).
    Pkcs1Public,
    /// `PrivateKeyInfo` or `OneAsymmetricKey` (RFC 5208, RFC 5958).
    Pkcs8,
    /// `SubjectPublicKeyInfo` (RFC 5280).
    Spki,
    /// Something else, with the error that says what it is.
    Other(KeyError),
}

/// Separates a DER element that begins at `bytes[0]` from the bytes after it, and says what it is.
pub(super) fn recognise(bytes: &[u8]) -> Result<(&[u8], Shape), KeyError> {
    if bytes.first() != Some(&SEQUENCE) {
        let json = matches!(bytes.trim_ascii_start(), [b'{' | b'[', ..]);
        return Err(if json { KeyError::Json } else { KeyError::NotAKey });
    }
    let mut reader = Reader::new(bytes);
    let contents = reader.value(SEQUENCE)?;
    let whole = &bytes[..bytes.len() - reader.rest().len()];
    Ok((whole, shape(Reader::new(contents)).map_err(inside)?))
}

fn shape(mut contents: Reader<'_>) -> Result<Shape, KeyError> {
    if contents.peek() == Some(SEQUENCE) {
        contents.value(SEQUENCE)?;
        return Ok(match contents.peek() {
            Some(BIT_STRING) => Shape::Spki,
            Some(OCTET_STRING) => Shape::Other(KeyError::Encrypted),
            Some(SEQUENCE) => Shape::Other(KeyError::Certificate),
            _ => Shape::Other(KeyError::NotAKey),
        });
    }
    if contents.peek() != Some(INTEGER) {
        return Ok(Shape::Other(KeyError::NotAKey));
    }
    let version = contents.unsigned()?;
    Ok(match (version, contents.peek()) {
        ([], Some(INTEGER)) => Shape::Pkcs1,
        ([] | [1], Some(SEQUENCE)) => Shape::Pkcs8,
        ([1], Some(OCTET_STRING)) => Shape::Other(KeyError::Ec),
        ([1], Some(INTEGER)) => Shape::Other(KeyError::MultiPrime),
        (_, Some(INTEGER)) => Shape::Pkcs1Public,
        _ => Shape::Other(KeyError::NotAKey),
    })
}

/// Accepts RSA only.
fn check_algorithm(oid: &ObjectIdentifier) -> Result<(), KeyError> {
    match *oid {
        RSA_ENCRYPTION => Ok(()),
        EC_PUBLIC_KEY => Err(KeyError::Ec),
        _ => Err(KeyError::OtherAlgorithm),
    }
}

/// Refuses, cheaply, what flash and disks often hold instead of a key: nothing, far too much, zeros, 0xFF, the reset
/// image.
fn refuse_plain_nonsense(bytes: &[u8]) -> Result<(), KeyError> {
    match bytes {
        [] => Err(KeyError::Empty),
        _ if bytes.len() > MAX_KEY_FILE => Err(KeyError::TooLarge(bytes.len())),
        _ if bytes.iter().all(|&byte| byte == 0xFF) => Err(KeyError::Blank),
        _ if bytes.starts_with(&reset_image()) => Err(KeyError::ResetImage),
        [0xFF, ..] => Err(KeyError::BeginsErased),
        // Only the slot, not all of a long dump: other fields follow the slot.
        _ if bytes.iter().take(SLOT_LEN).all(|&byte| byte == 0) => Err(KeyError::Zeros),
        _ => Ok(()),
    }
}

fn read_der(bytes: &[u8]) -> Result<ReadKey, KeyError> {
    let (whole, shape) = recognise(bytes)?;
    let (key, form) = match shape {
        Shape::Pkcs1 => {
            let key = read_pkcs1(whole)?;
            let form = if whole == key.to_device_form().as_slice() {
                Form::Device
            } else if whole == key.to_pkcs1_der()?.as_slice() {
                Form::Pkcs1
            } else {
                Form::Pkcs1Loose
            };
            (key, form)
        }
        Shape::Pkcs8 => (read_pkcs8(whole)?, Form::Pkcs8),
        Shape::Spki | Shape::Pkcs1Public => return Err(KeyError::PublicKey),
        Shape::Other(error) => return Err(error),
    };
    Ok(ReadKey { key, form, behind: bytes.len() - whole.len() })
}

/// Reads `RSAPrivateKey`; numbers may have leading zeros.
fn read_pkcs1(whole: &[u8]) -> Result<PrivateKey, KeyError> {
    let parse = || {
        let mut fields = Reader::new(Reader::new(whole).value(SEQUENCE)?);
        fields.unsigned()?; // the version, known to be 0
        let numbers = Magnitudes {
            n: fields.unsigned()?,
            e: fields.unsigned()?,
            d: fields.unsigned()?,
            p: fields.unsigned()?,
            q: fields.unsigned()?,
            dp: fields.unsigned()?,
            dq: fields.unsigned()?,
            qinv: fields.unsigned()?,
        };
        fields.end()?;
        Ok(numbers)
    };
    PrivateKey::from_magnitudes(&parse().map_err(inside)?)
}

fn read_pkcs8(whole: &[u8]) -> Result<PrivateKey, KeyError> {
    let info = PrivateKeyInfoRef::try_from(whole).map_err(|_| KeyError::Malformed("its PKCS#8 frame"))?;
    check_algorithm(&info.algorithm.oid)?;
    let inner = info.private_key.as_bytes();
    match recognise(inner).map_err(inside)? {
        (pkcs1, Shape::Pkcs1) if pkcs1.len() == inner.len() => read_pkcs1(pkcs1),
        (_, Shape::Other(KeyError::MultiPrime)) => Err(KeyError::MultiPrime),
        _ => Err(KeyError::Malformed("its PKCS#8 frame holds no RSA private key")),
    }
}

/// If the outer element is complete, an inner one that reaches outside it means damage, not a short file.
fn inside(error: KeyError) -> KeyError {
    match error {
        KeyError::Truncated => KeyError::Malformed("an element reaches outside the one around it"),
        other => other,
    }
}
