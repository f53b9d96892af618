//! Generates new keys, of the kind that a Duo makes for itself.

use crypto_bigint::{BoxedUint, U512};
use rand_core::CryptoRng;
use rsa::traits::PrivateKeyParts;
use zeroize::Zeroizing;

use super::error::KeyError;
use super::private::{HALF, MODULUS_BITS, PrivateKey};

impl PrivateKey {
    /// Makes a key from `rng`. Takes tens of milliseconds. `rsa` generates the primes; everything else is computed and
    /// checked here. Fails only if `rsa` does.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Result<Self, KeyError> {
        let key = rsa::PrivateKey::new(rng, MODULUS_BITS).map_err(|_| KeyError::Generation)?;
        let [p, q] = key.primes() else { return Err(KeyError::Generation) };
        Self::from_primes(half(p)?, half(q)?)
    }
}

/// The prime with a fixed width, the same width as in `rsa`.
fn half(prime: &BoxedUint) -> Result<U512, KeyError> {
    let bytes = Zeroizing::new(prime.to_be_bytes());
    let bytes: &[u8; HALF] = bytes.as_ref().try_into().map_err(|_| KeyError::Generation)?;
    Ok(U512::from_be_slice(bytes))
}
