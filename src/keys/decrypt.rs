//! Decrypts what a cloud has encrypted to the device: the only private operation.

use crypto_bigint::BoxedUint;
use rand_core::CryptoRng;
use rsa::Pkcs1v15Encrypt;
use zeroize::Zeroizing;

use super::error::{KeyError, Number};
use super::private::{EXPONENT, PrivateKey};

impl PrivateKey {
    /// RSAES-PKCS1-v1_5 (RFC 8017 §7.2.2), blinded with `rng`. Wrong padding gives no error. It gives other bytes, of
    /// any length (`rsa`'s implicit rejection), so that an attacker learns nothing from many attempts. The caller has
    /// to check the plaintext. `None` if the ciphertext is impossible: it has the wrong length, or as a number it is
    /// not smaller than the modulus.
    pub fn decrypt<R: CryptoRng + ?Sized>(
        &self,
        rng: &mut R,
        ciphertext: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let number = |which| BoxedUint::from_be_slice_vartime(&self.number(which));
        let key = rsa::PrivateKey::from_components(
            number(Number::N),
            BoxedUint::from(EXPONENT),
            number(Number::D),
            vec![number(Number::P), number(Number::Q)],
        );
        let key = key.map_err(|_| KeyError::Arithmetic)?;
        Ok(key.decrypt_blinded(rng, Pkcs1v15Encrypt, ciphertext).ok().map(Zeroizing::new))
    }
}
