//! Reads and writes private keys encrypted with a passphrase: PKCS#8 `EncryptedPrivateKeyInfo` (RFC 5958 §3) with PBES2
//! (RFC 8018 §6.2).
//!
//! Writes PBKDF2-HMAC-SHA-256 and AES-256-CBC, which every OpenSSL since 1.0.2 opens. Reads the functions that OpenSSL
//! 3 writes. The work that a file asks for is checked before any of it is done.

use std::fmt;

use der::asn1::OctetStringRef;
use der::pem::{LineEnding, PemLabel, encode_string};
use der::{Decode, Encode};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{EncryptionScheme as Cipher, Kdf, Parameters};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::error::KeyError;
use super::passphrase::Passphrase;
use super::pem;
use super::private::PrivateKey;
use super::read::{Form, ReadKey, Shape, in_der, recognise};

/// Rounds of PBKDF2: the number in OWASP's password storage cheat sheet for HMAC-SHA-256.
const ROUNDS: u32 = 600_000;
/// More rounds than this are refused: some ten seconds of work.
const MAX_ROUNDS: u32 = 10_000_000;
/// More memory than this is refused, in bytes; OpenSSL's own limit for scrypt is 32 MiB.
const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
/// More passes of scrypt than this are refused.
const MAX_SCRYPT_PASSES: u16 = 16;

/// How a passphrase becomes a key, and how much work that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// PBKDF2 (RFC 8018 §5.2), with the number of its iterations.
    Pbkdf2(u32),
    /// scrypt (RFC 7914).
    Scrypt {
        /// Memory that one pass fills, in bytes.
        memory: u64,
        /// Passes.
        passes: u16,
    },
}

/// A private key encrypted with a passphrase, in a supported format and with an acceptable amount of work.
pub struct EncryptedKey {
    parameters: Parameters,
    encrypted: Vec<u8>,
    work: Work,
    behind: usize,
}

impl PrivateKey {
    /// The key as PEM (`-----BEGIN ENCRYPTED PRIVATE KEY-----`), readable by `openssl pkey`. Takes some tenths of a
    /// second, and so does opening it.
    pub fn to_encrypted_pem<R: CryptoRng + ?Sized>(
        &self,
        passphrase: &Passphrase,
        rng: &mut R,
    ) -> Result<Zeroizing<String>, KeyError> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut iv);
        let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
            .map_err(|_| KeyError::Arithmetic)?;
        let plain = self.to_pkcs8_der()?;
        let encrypted = parameters.encrypt(passphrase.expose(), &plain).map_err(|_| KeyError::Arithmetic)?;
        let encode = || {
            let info = EncryptedPrivateKeyInfoRef {
                encryption_algorithm: EncryptionScheme::from(parameters.clone()),
                encrypted_data: OctetStringRef::new(&encrypted)?,
            };
            let label = <EncryptedPrivateKeyInfoRef<'_> as PemLabel>::PEM_LABEL;
            Ok::<_, der::Error>(encode_string(label, LineEnding::LF, &info.to_der()?)?)
        };
        encode().map(Zeroizing::new).map_err(|_| KeyError::Arithmetic)
    }
}

impl EncryptedKey {
    /// Reads the outer structure of an encrypted key file, DER or PEM. A file that is not encrypted gives
    /// [`KeyError::NotEncrypted`].
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        let (key, behind) = in_der(bytes, pem::decode_encrypted, Self::from_der)?;
        Ok(Self { behind: key.behind + behind.unwrap_or_default(), ..key })
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let (whole, Shape::Other(KeyError::Encrypted)) = recognise(der)? else {
            return Err(KeyError::NotEncrypted);
        };
        let info = EncryptedPrivateKeyInfoRef::from_der(whole).map_err(|_| KeyError::EncryptionScheme)?;
        let EncryptionScheme::Pbes2(parameters) = info.encryption_algorithm else {
            return Err(KeyError::EncryptionScheme);
        };
        let work = bearable_work(&parameters.kdf)?;
        let encrypted = info.encrypted_data.as_bytes().to_vec();
        Ok(Self { parameters, encrypted, work, behind: der.len() - whole.len() })
    }

    /// Decrypts the key and checks all its numbers. Takes as long as [`EncryptedKey::work`] says.
    pub fn open(&self, passphrase: &Passphrase) -> Result<ReadKey, KeyError> {
        let opened = self.parameters.decrypt(passphrase.expose(), &self.encrypted);
        let opened = opened.map(Zeroizing::new).map_err(|error| match error {
            pkcs8::pkcs5::Error::DecryptFailed => KeyError::WrongPassphrase,
            _ => KeyError::EncryptionScheme,
        })?;
        match PrivateKey::read(&opened) {
            Ok(read) => Ok(ReadKey { key: read.key, form: Form::Encrypted, behind: self.behind }),
            // With a wrong passphrase, AES-CBC's padding is right by chance once in 256 times, and the plaintext is
            // noise.
            Err(_) if recognise(&opened).is_err() => Err(KeyError::WrongPassphrase),
            Err(error) => Err(error),
        }
    }

    /// How much work opening it takes.
    pub const fn work(&self) -> Work {
        self.work
    }
}

impl fmt::Display for EncryptedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cipher = match self.parameters.encryption {
            Cipher::Aes128Cbc { .. } => "AES-128-CBC",
            Cipher::Aes192Cbc { .. } => "AES-192-CBC",
            Cipher::Aes256Cbc { .. } => "AES-256-CBC",
            Cipher::Aes128Gcm { .. } => "AES-128-GCM",
            Cipher::Aes256Gcm { .. } => "AES-256-GCM",
            _ => "another cipher",
        };
        match self.work {
            Work::Pbkdf2(rounds) => write!(f, "PBES2: PBKDF2 with {rounds} rounds, {cipher}"),
            Work::Scrypt { memory, .. } => write!(f, "PBES2: scrypt with {} KiB, {cipher}", memory / 1024),
        }
    }
}

impl fmt::Debug for EncryptedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedKey({self})")
    }
}

/// The work that a file asks for; an error if that is more than any honest file needs.
fn bearable_work(kdf: &Kdf) -> Result<Work, KeyError> {
    let (work, bearable) = match kdf {
        Kdf::Pbkdf2(parameters) => {
            let rounds = parameters.iteration_count;
            (Work::Pbkdf2(rounds), rounds <= MAX_ROUNDS)
        }
        Kdf::Scrypt(parameters) => {
            let memory = parameters.cost_parameter.saturating_mul(128 * u64::from(parameters.block_size));
            let passes = parameters.parallelization;
            (Work::Scrypt { memory, passes }, memory <= MAX_SCRYPT_MEMORY && passes <= MAX_SCRYPT_PASSES)
        }
        _ => return Err(KeyError::EncryptionScheme),
    };
    if bearable { Ok(work) } else { Err(KeyError::TooMuchWork) }
}
