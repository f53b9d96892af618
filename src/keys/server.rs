//! Reads and writes the cloud's RSA-2048 public key, as a Duo stores it.
//!
//! Knows the encoding and the two public operations of the handshake: encrypting to the server, and opening what it
//! signed. The server's address is in `dct`.

use std::fmt;
use std::sync::LazyLock;

use der::Decode;
use rand_core::CryptoRng;
use rsa::pkcs1::RsaPublicKeyRef;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Pkcs1v15Encrypt};
use sha2::{Digest, Sha256};

use super::error::KeyError;
use super::private::EXPONENT_BYTES;
use super::public::{Fingerprint, SPKI_TAIL};
use super::read::{DAMAGED_SPKI, read_public};
use super::tlv;

/// Bits of the modulus: the firmware takes 256 bytes at a fixed place (redbear/firmware `handshake.cpp`).
const SERVER_BITS: usize = 2048;
/// Bytes of the modulus, of a ciphertext and of a signature.
const WIDE: usize = SERVER_BITS / 8;

/// `SubjectPublicKeyInfo` of an RSA-2048 key up to the modulus (RFC 5280 §4.1.2.7, RFC 8017 A.1.1).
const SPKI_HEAD: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, // SubjectPublicKeyInfo
    0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05,
    0x00, // rsaEncryption
    0x03, 0x82, 0x01, 0x0F, 0x00, // subjectPublicKey, no unused bits
    0x30, 0x82, 0x01, 0x0A, // RSAPublicKey
    0x02, 0x82, 0x01, 0x01, 0x00, // modulus
];

/// The key of Particle's own cloud, whose devices connect to `device.spark.io`.
///
/// From redbear/Duo, `firmware/dct/server_public_key.der`.
pub const PARTICLE_SERVER_KEY_PEM: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvsy+Q9uO6hUnprtSbeFR
K6CrzKFkd0itfGb8gH/2maUl8vLa4EPPOiakm6GHAw6ajSOavOqZ6mjTWhSxJg+9
qm1vDKzEdyzRxcix0Xto4CVze1KJaCC9Bsbw5gAwwODP9hs6RenEW1UXBqPTSsbV
uNIXArUnfY3k1H3T7cAdinwlHiFKUa5XBt1gvKE0kKrMCZ47OkFMPJ3z/f23J8FZ
gZhUYEpieqSav9+SGz78p+SkszqaX1eTjusZZJUiSizVYPX50ANQg2nAa1Pw8Nr4
E4IfzLtf4sHfOul/XeJ9uVCAPFgz74zzgD8RAdJohl88XubBjjIrKMu1zBuoUF6n
DQIDAQAB
-----END PUBLIC KEY-----
";

/// An RSA-2048 public key with e = 65537.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerKey(rsa::PublicKey);

impl ServerKey {
    /// The first bytes of the encoding of every RSA-2048 key with e = 65537, up to the modulus.
    pub const HEAD: [u8; 33] = SPKI_HEAD;

    /// Length of [`ServerKey::spki_der`].
    pub const SPKI_LEN: usize = SPKI_HEAD.len() + WIDE + SPKI_TAIL.len();
    /// Length of what [`ServerKey::encrypt`] returns and [`ServerKey::open`] takes.
    pub const BLOCK_LEN: usize = WIDE;

    /// Reads a server's public key: `SubjectPublicKeyInfo` or PKCS#1, DER or PEM. Trailing data is ignored, so the
    /// DCT's whole 768-byte field can be passed.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        read_public(bytes, Self::from_pkcs1)
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let key = RsaPublicKeyRef::from_der(der).map_err(|_| DAMAGED_SPKI)?;
        let n = key.modulus.as_bytes();
        match tlv::bits(n) {
            SERVER_BITS => {}
            bits => return Err(KeyError::WrongServerSize(bits)),
        }
        if key.public_exponent.as_bytes() != EXPONENT_BYTES {
            return Err(KeyError::WrongExponent);
        }
        let e = BoxedUint::from(super::private::EXPONENT);
        rsa::PublicKey::new(BoxedUint::from_be_slice_vartime(n), e).map(Self).map_err(|_| DAMAGED_SPKI)
    }

    /// The DER of `SubjectPublicKeyInfo`, 294 bytes: the first bytes of the DCT's field.
    pub fn spki_der(&self) -> [u8; Self::SPKI_LEN] {
        let mut der = [0; Self::SPKI_LEN];
        der[..SPKI_HEAD.len()].copy_from_slice(&SPKI_HEAD);
        let n = self.0.n().to_be_bytes();
        // The modulus has 2048 bits, checked above, so it fits exactly.
        der[SPKI_HEAD.len()..][..WIDE].copy_from_slice(&n[n.len() - WIDE..]);
        der[SPKI_HEAD.len() + WIDE..].copy_from_slice(&SPKI_TAIL);
        der
    }

    /// SHA-256 of [`ServerKey::spki_der`].
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.spki_der()).into())
    }

    /// The key of [`PARTICLE_SERVER_KEY_PEM`].
    pub fn particle() -> Self {
        static PARTICLE: LazyLock<ServerKey> = LazyLock::new(|| {
            ServerKey::read(PARTICLE_SERVER_KEY_PEM.as_bytes()).expect("a constant, read by a test")
        });
        PARTICLE.clone()
    }

    /// Whether this is the key of Particle's own cloud.
    pub fn is_particle(&self) -> bool {
        *self == Self::particle()
    }

    /// Encrypts at most 245 bytes with RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1).
    pub fn encrypt<R: CryptoRng + ?Sized>(&self, rng: &mut R, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.encrypt(rng, Pkcs1v15Encrypt, message).map_err(|_| KeyError::Arithmetic)
    }

    /// Returns the signed message: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2) over bare bytes, without the name of a hash
    /// algorithm, as in the handshake. `None` if it is not a signature of this key.
    pub fn open(&self, signature: &[u8; WIDE]) -> Option<Vec<u8>> {
        let block = BoxedUint::from_be_slice(signature, u32::try_from(SERVER_BITS).ok()?).ok()?;
        if block >= *self.0.n().as_ref() {
            return None;
        }
        let message = rsa::hazmat::rsa_encrypt(&self.0, &block).ok()?.to_be_bytes();
        let message = message.get(message.len().checked_sub(WIDE)?..)?;
        let padded = message.strip_prefix(&[0x00, 0x01])?;
        let zero = padded.iter().position(|&byte| byte != 0xFF)?;
        // At least eight bytes of padding (RFC 8017 §9.2).
        (zero >= 8 && padded[zero] == 0).then(|| padded[zero + 1..].to_vec())
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerKey({})", self.fingerprint())
    }
}
