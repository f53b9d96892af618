//! Reads and writes public keys, in the encoding that the Duo and its cloud use, and computes the fingerprint that
//! names a key.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use der::Decode;
use der::pem::{LineEnding, encode_string};
use rsa::pkcs1::RsaPublicKeyRef;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::KeyError;
use super::private::{WIDE, check_public_size};
use super::read::{DAMAGED_SPKI, read_public};

/// The shared public key that device-provisioning-helper sends if it is given none. Particle's cloud then takes the
/// device's own key at its next connection. Anyone may hold its private half.
///
/// From particle-iot/device-provisioning-helper, `main.js`.
pub const GENERIC_PUBLIC_KEY_PEM: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDBLiA/XITqywdja3J2dCPLfqcU
jdacNaGBys6Xz1TJCyq4NSUtr8RU7AkWP3e/ePKp5Lg/vJnEBo1Z8gPR1QMWAWup
Gqz+S9DxIBwCIeVXovZE6ZFRZ6m0dsCBnZ36UuME2vBS70cL6yzfu71fRDeGg4Lh
yr+GNspjRSDkqgeBUQIDAQAB
-----END PUBLIC KEY-----
";

/// `SubjectPublicKeyInfo` of an RSA-1024 key up to the modulus (RFC 5280 §4.1.2.7, RFC 8017 A.1.1).
const SPKI_HEAD: [u8; 29] = [
    0x30, 0x81, 0x9F, // SubjectPublicKeyInfo
    0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05,
    0x00, // rsaEncryption
    0x03, 0x81, 0x8D, 0x00, // subjectPublicKey, no unused bits
    0x30, 0x81, 0x89, // RSAPublicKey
    0x02, 0x81, 0x81, 0x00, // modulus
];
/// What follows the modulus: e = 65537.
pub(super) const SPKI_TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

/// An RSA-1024 public key with e = 65537.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    /// The modulus, checked.
    pub(super) n: [u8; WIDE],
}

impl PublicKey {
    /// Length of [`PublicKey::spki_der`].
    pub const SPKI_LEN: usize = SPKI_HEAD.len() + WIDE + SPKI_TAIL.len();

    /// Reads a public key from outside: `SubjectPublicKeyInfo` or PKCS#1 `RSAPublicKey`, DER or PEM. Trailing data is
    /// ignored, so the DCT's whole 384-byte slot can be passed.
    ///
    /// A private key gives [`KeyError::PrivateKey`]; get its public half with [`super::PrivateKey::public_key`].
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        read_public(bytes, Self::from_pkcs1)
    }

    /// The shared key of [`GENERIC_PUBLIC_KEY_PEM`].
    pub fn generic() -> Self {
        static GENERIC: LazyLock<PublicKey> = LazyLock::new(|| {
            PublicKey::read(GENERIC_PUBLIC_KEY_PEM.as_bytes()).expect("a constant, read by a test")
        });
        GENERIC.clone()
    }

    /// The modulus, 128 bytes, big-endian.
    pub const fn modulus(&self) -> &[u8; WIDE] {
        &self.n
    }

    /// The DER of `SubjectPublicKeyInfo`, 162 bytes. The device keeps it in its public key slot and sends it to the
    /// cloud.
    pub fn spki_der(&self) -> [u8; Self::SPKI_LEN] {
        let mut der = [0; Self::SPKI_LEN];
        let (head, rest) = der.split_at_mut(SPKI_HEAD.len());
        let (n, tail) = rest.split_at_mut(WIDE);
        head.copy_from_slice(&SPKI_HEAD);
        n.copy_from_slice(&self.n);
        tail.copy_from_slice(&SPKI_TAIL);
        der
    }

    /// The key as PEM (`-----BEGIN PUBLIC KEY-----`). Every line ends with LF, the last one too.
    pub fn to_pem(&self) -> String {
        encode_string("PUBLIC KEY", LineEnding::LF, &self.spki_der()).expect("162 bytes are encodable")
    }

    /// SHA-256 of [`PublicKey::spki_der`].
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.spki_der()).into())
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        if let Some(misread) = misread(der) {
            return Err(misread);
        }
        let key = RsaPublicKeyRef::from_der(der).map_err(|_| DAMAGED_SPKI)?;
        let n = key.modulus.as_bytes();
        check_public_size(n, key.public_exponent.as_bytes())?;
        n.try_into().map(|n| Self { n }).map_err(|_| DAMAGED_SPKI)
    }
}

/// Recognizes a modulus that a firmware read from a slot whose private key is not PKCS#1. The firmware counts bytes
/// ([`super::firmware`]), so the identifiers of algorithms end up in the number. Fewer than one random number in 2^60
/// contains one.
fn misread(der: &[u8]) -> Option<KeyError> {
    /// prime256v1 (RFC 5480 §2.1.1.1), the curve of an Electron's key.
    const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
    /// rsaEncryption (RFC 8017 appendix A.1).
    const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
    let has = |name: &[u8]| der.windows(name.len()).any(|window| window == name);
    if has(P256) { Some(KeyError::MisreadEc) } else { has(RSA).then_some(KeyError::MisreadPkcs8) }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

/// SHA-256 of a public key's `SubjectPublicKeyInfo`: the name of a key. Written as 64 hex digits in lower case; read in
/// any case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub(super) [u8; 32]);

/// A text that is not 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 hex digits")]
pub struct FingerprintError;

impl Fingerprint {
    /// The 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight hex digits. Enough to tell a person's keys apart, but not a proof.
    pub fn short(&self) -> String {
        let [a, b, c, d, ..] = self.0;
        format!("{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(FingerprintError);
        }
        for (nth, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * nth..][..2], 16).map_err(|_| FingerprintError)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;

    fn try_from(text: String) -> Result<Self, FingerprintError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}
