//! The one private operation: opening what a cloud has encrypted to the device.

use crypto_bigint::BoxedUint;
use rand_core::CryptoRng;
use rsa::Pkcs1v15Encrypt;
use zeroize::Zeroizing;

use super::error::{KeyError, Number};
use super::private::{EXPONENT, PrivateKey};

impl PrivateKey {
    /// RSAES-PKCS1-v1_5 (RFC 8017 §7.2.2), blinded with `rng`. Padding that is wrong gives no error but other
    /// bytes, of any number (`rsa`'s implicit rejection), so that nothing can be learned by asking often:
    /// what was encrypted has to prove itself. `None` for what no message to this key can look like: of another
    /// length, or a number that is not smaller than the modulus.
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
