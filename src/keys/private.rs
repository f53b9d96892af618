//! Holds the numbers of a private key and checks the relations between them. Makes new keys, of the kind that a Duo
//! makes for itself, and decrypts with one: the only private operation.
//!
//! A [`PrivateKey`] exists only if all eight numbers match. The device loads dP, dQ and qInv from flash and computes
//! with them, so a wrong bit there is as bad as one in d.

use std::fmt;

use crypto_bigint::{BoxedUint, NonZero, Odd, U512, U1024};
use crypto_primes::{Flavor, is_prime};
use rand_core::CryptoRng;
use rsa::Pkcs1v15Encrypt;
use rsa::traits::PrivateKeyParts;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::error::{KeyError, Number, Relation};
use super::proven;
use super::public::PublicKey;
use super::tlv;

/// Bits of the modulus: the only size that the firmware has room for.
pub(super) const MODULUS_BITS: usize = 1024;
/// Bytes of n and d.
pub(super) const WIDE: usize = MODULUS_BITS / 8;
/// Bytes of p, q, dP, dQ and qInv.
pub(super) const HALF: usize = WIDE / 2;
/// The public exponent e. The firmware does not read it, but expects this value.
pub(super) const EXPONENT: u32 = 65_537;
/// [`EXPONENT`] as the magnitude of an `INTEGER`.
pub(super) const EXPONENT_BYTES: [u8; 3] = [0x01, 0x00, 0x01];

/// An RSA-1024 private key with e = 65537 whose numbers have all been checked. Wiped when dropped.
///
/// The numbers are boxed, so that moving a key leaves no copy of them behind.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(Box<Numbers>);

/// The numbers, checked or about to be.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
struct Numbers {
    n: U1024,
    d: U1024,
    p: U512,
    q: U512,
    dp: U512,
    dq: U512,
    qinv: U512,
}

/// Magnitudes as in an encoding: big-endian, no leading zeros, any length.
pub(super) struct Magnitudes<'a> {
    pub(super) n: &'a [u8],
    pub(super) e: &'a [u8],
    pub(super) d: &'a [u8],
    pub(super) p: &'a [u8],
    pub(super) q: &'a [u8],
    pub(super) dp: &'a [u8],
    pub(super) dq: &'a [u8],
    pub(super) qinv: &'a [u8],
}

impl PrivateKey {
    /// Takes numbers from outside. Checks the sizes first, so that the arithmetic uses numbers of fixed width and its
    /// cost does not depend on what a file says.
    pub(super) fn from_magnitudes(m: &Magnitudes<'_>) -> Result<Self, KeyError> {
        check_public_size(m.n, m.e)?;
        let numbers = Box::new(Numbers {
            n: wide(Number::N, m.n)?,
            d: wide(Number::D, m.d)?,
            p: half(Number::P, m.p)?,
            q: half(Number::Q, m.q)?,
            dp: half(Number::DP, m.dp)?,
            dq: half(Number::DQ, m.dq)?,
            qinv: half(Number::QInv, m.qinv)?,
        });
        numbers.check()?;
        Ok(Self(numbers))
    }

    /// Makes a key from `rng`. Takes tens of milliseconds. `rsa` generates the primes; everything else is computed and
    /// checked here. Fails only if `rsa` does.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Result<Self, KeyError> {
        let key = rsa::PrivateKey::new(rng, MODULUS_BITS).map_err(|_| KeyError::Generation)?;
        let [p, q] = key.primes() else { return Err(KeyError::Generation) };
        // With a fixed width, the same as in `rsa`.
        let half = |which, prime: &BoxedUint| {
            half(which, &Zeroizing::new(prime.to_be_bytes())).map_err(|_| KeyError::Generation)
        };
        Self::from_primes(half(Number::P, p)?, half(Number::Q, q)?)
    }

    /// Makes a key from two primes of 512 bits. d is e⁻¹ mod (p − 1)(q − 1), as in the device's `PolarSSL`.
    pub(super) fn from_primes(p: U512, q: U512) -> Result<Self, KeyError> {
        let n: U1024 = p.concatenating_mul(&q);
        let bits = n.bit_width() as usize;
        if bits != MODULUS_BITS {
            return Err(KeyError::WrongSize(bits));
        }
        let (p1, q1) = (less_one(&p)?, less_one(&q)?);
        let phi: U1024 = p1.as_ref().concatenating_mul(q1.as_ref());
        let phi = NonZero::new(phi).into_option().ok_or(Relation::Exponent)?;
        let d = U1024::from(EXPONENT).invert_mod(&phi).into_option().ok_or(Relation::Exponent)?;
        let odd_p = Odd::new(p).into_option().ok_or(Relation::CompositeP)?;
        let qinv = q.rem(odd_p.as_nz_ref()).invert_odd_mod(&odd_p);
        let qinv = qinv.into_option().ok_or(Relation::Coefficient)?;
        let numbers = Box::new(Numbers { n, d, dp: d.rem(&p1), dq: d.rem(&q1), p, q, qinv });
        numbers.check()?;
        Ok(Self(numbers))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey { n: self.0.n.to_be_bytes().into() }
    }

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

    /// A number, big-endian at its full width: 128 bytes for n and d, 64 for the others. All but n are secret.
    pub fn number(&self, number: Number) -> Zeroizing<Vec<u8>> {
        let half = |value: &U512| Zeroizing::new(Zeroizing::new(value.to_be_bytes()).as_slice().to_vec());
        match number {
            Number::N => Zeroizing::new(self.0.n.to_be_bytes().as_slice().to_vec()),
            Number::D => Zeroizing::new(Zeroizing::new(self.0.d.to_be_bytes()).as_slice().to_vec()),
            Number::P => half(&self.0.p),
            Number::Q => half(&self.0.q),
            Number::DP => half(&self.0.dp),
            Number::DQ => half(&self.0.dq),
            Number::QInv => half(&self.0.qinv),
        }
    }
}

impl Numbers {
    /// Checks every relation of RFC 8017 §3.2. The cheap checks come first. Primality costs most and is checked only if
    /// everything else matches.
    fn check(&self) -> Result<(), Relation> {
        let product: U1024 = self.p.concatenating_mul(&self.q);
        require(product == self.n, Relation::Modulus)?;
        require(self.p != self.q, Relation::EqualPrimes)?;
        require(self.d < self.n, Relation::LargeExponent)?;
        self.check_exponents()?;
        self.check_coefficient()?;
        proven::once(self.digest(), || self.check_primes())
    }

    fn check_primes(&self) -> Result<(), Relation> {
        require(is_prime(Flavor::Any, &self.p), Relation::CompositeP)?;
        require(is_prime(Flavor::Any, &self.q), Relation::CompositeQ)
    }

    /// The digest of p and q. All the other numbers were compared with these two.
    fn digest(&self) -> proven::Digest {
        let [p, q] = [&self.p, &self.q].map(|prime| Zeroizing::new(prime.to_be_bytes()));
        Sha256::new().chain_update(p.as_slice()).chain_update(q.as_slice()).finalize().into()
    }

    /// Checks d, dP and dQ. It makes no difference here whether d is the inverse modulo φ(n) or modulo λ(n).
    fn check_exponents(&self) -> Result<(), Relation> {
        let (p1, q1) = (less_one(&self.p)?, less_one(&self.q)?);
        let (dp, dq) = (self.d.rem(&p1), self.d.rem(&q1));
        let e = U512::from(EXPONENT);
        let is_inverse = e.mul_mod(&dp, &p1) == U512::ONE && e.mul_mod(&dq, &q1) == U512::ONE;
        require(is_inverse, Relation::Exponent)?;
        require(dp == self.dp, Relation::ExponentP)?;
        require(dq == self.dq, Relation::ExponentQ)
    }

    fn check_coefficient(&self) -> Result<(), Relation> {
        let p = NonZero::new(self.p).into_option().ok_or(Relation::Modulus)?;
        let is_inverse = self.qinv < self.p && self.qinv.mul_mod(&self.q, &p) == U512::ONE;
        require(is_inverse, Relation::Coefficient)
    }
}

/// The error for a relation that does not hold.
fn require(holds: bool, relation: Relation) -> Result<(), Relation> {
    if holds { Ok(()) } else { Err(relation) }
}

impl fmt::Debug for PrivateKey {
    /// Shows the fingerprint of the public half, and nothing of the private half.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, redacted)", self.public_key().fingerprint().short())
    }
}

/// Checks that a public key is one that a Duo can have: 1024 bits, odd, e = 65537.
pub(super) fn check_public_size(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    match tlv::bits(n) {
        0 => return Err(KeyError::Malformed("the modulus is zero")),
        MODULUS_BITS => {}
        bits => return Err(KeyError::WrongSize(bits)),
    }
    if e != EXPONENT_BYTES {
        return Err(KeyError::WrongExponent);
    }
    if n.last().is_some_and(|low| low & 1 == 0) {
        return Err(KeyError::Malformed("the modulus is even"));
    }
    Ok(())
}

/// `prime − 1`. If n = pq has 1024 bits, p and q are at least 2^511, so this fails only for nonsense.
fn less_one(prime: &U512) -> Result<NonZero<U512>, Relation> {
    NonZero::new(prime.wrapping_sub(&U512::ONE)).into_option().ok_or(Relation::Modulus)
}

fn wide(number: Number, magnitude: &[u8]) -> Result<U1024, Relation> {
    padded::<WIDE>(magnitude).map(|b| U1024::from_be_slice(&*b)).ok_or(Relation::TooLarge(number))
}

fn half(number: Number, magnitude: &[u8]) -> Result<U512, Relation> {
    padded::<HALF>(magnitude).map(|b| U512::from_be_slice(&*b)).ok_or(Relation::TooLarge(number))
}

/// The magnitude with leading zeros, `N` bytes in all; `None` if it has more than `N`.
fn padded<const N: usize>(magnitude: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    let zeros = N.checked_sub(magnitude.len())?;
    bytes[zeros..].copy_from_slice(magnitude);
    Some(bytes)
}
