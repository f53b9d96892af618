//! Private keys behind a passphrase: PKCS#8 `EncryptedPrivateKeyInfo` (RFC 5958 §3) with PBES2 (RFC 8018 §6.2).
//!
//! Written with PBKDF2-HMAC-SHA-256 and AES-256-CBC, which every OpenSSL since 1.0.2 opens. Read with the
//! functions that OpenSSL 3 writes. The work that a file asks for is bounded before any of it is done.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::pem::{LineEnding, PemLabel};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::error::KeyError;
use super::pem;
use super::private::PrivateKey;
use super::read::{Shape, recognise, refuse_plain_nonsense};

/// Rounds of PBKDF2, as OWASP's password storage cheat sheet has it for HMAC-SHA-256.
const ROUNDS: u32 = 600_000;
/// More rounds than this are refused: some ten seconds of work.
const MAX_ROUNDS: u32 = 10_000_000;
/// More memory than this is refused, in bytes; OpenSSL's own limit for scrypt is 32 MiB.
const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
/// More passes of scrypt than this are refused.
const MAX_SCRYPT_PASSES: u16 = 16;

impl PrivateKey {
    /// The key as PEM (`-----BEGIN ENCRYPTED PRIVATE KEY-----`), readable by `openssl pkey`. Takes some tenths
    /// of a second, as opening it does.
    pub fn to_encrypted_pem<R: CryptoRng + ?Sized>(
        &self,
        passphrase: &[u8],
        rng: &mut R,
    ) -> Result<Zeroizing<String>, KeyError> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut iv);
        let scheme = Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv);
        let scheme = scheme.map_err(|_| KeyError::Arithmetic)?;
        let plain = self.to_pkcs8_der()?;
        let encrypted = scheme.encrypt(passphrase, &plain).map_err(|_| KeyError::Arithmetic)?;
        let info = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: EncryptionScheme::from(scheme),
            encrypted_data: pkcs8::der::asn1::OctetStringRef::new(&encrypted)
                .map_err(|_| KeyError::Arithmetic)?,
        };
        let der = pkcs8::der::Encode::to_der(&info).map_err(|_| KeyError::Arithmetic)?;
        let pem = pkcs8::der::pem::encode_string(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF, &der);
        pem.map(Zeroizing::new).map_err(|_| KeyError::Arithmetic)
    }
}

/// Opens a key file behind a passphrase, DER or PEM, and gives the PKCS#8 DER in it. A file that is not
/// encrypted is [`KeyError::NotEncrypted`].
pub fn decrypt_key_file(bytes: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    refuse_plain_nonsense(bytes)?;
    let der = if pem::is_pem(bytes) { pem::decode_encrypted(bytes)? } else { Zeroizing::new(bytes.to_vec()) };
    let (whole, Shape::Other(KeyError::Encrypted)) = recognise(&der)? else {
        return Err(KeyError::NotEncrypted);
    };
    let info = EncryptedPrivateKeyInfoRef::try_from(whole).map_err(|_| KeyError::EncryptionScheme)?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(KeyError::EncryptionScheme);
    };
    check_work(&parameters.kdf)?;
    let opened = parameters.decrypt(passphrase, info.encrypted_data.as_bytes());
    opened.map(Zeroizing::new).map_err(|error| match error {
        pkcs8::pkcs5::Error::DecryptFailed => KeyError::WrongPassphrase,
        _ => KeyError::EncryptionScheme,
    })
}

fn check_work(kdf: &Kdf) -> Result<(), KeyError> {
    let bearable = match kdf {
        Kdf::Pbkdf2(parameters) => parameters.iteration_count <= MAX_ROUNDS,
        Kdf::Scrypt(parameters) => {
            let memory = parameters.cost_parameter.saturating_mul(128 * u64::from(parameters.block_size));
            memory <= MAX_SCRYPT_MEMORY && parameters.parallelization <= MAX_SCRYPT_PASSES
        }
        _ => return Err(KeyError::EncryptionScheme),
    };
    if bearable { Ok(()) } else { Err(KeyError::TooMuchWork) }
}
