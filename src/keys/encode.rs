//! Encodes private keys: in the device's own form, as canonical PKCS#1, as PKCS#8.

use der::asn1::{OctetStringRef, UintRef};
use der::pem::{LineEnding, encode_string};
use der::{Encode, asn1::Null};
use pkcs8::PrivateKeyInfoRef;
use rsa::pkcs1::{self, RsaPrivateKeyRef};
use zeroize::Zeroizing;

use super::error::{KeyError, Number};
use super::private::{EXPONENT_BYTES, HALF, PrivateKey, WIDE};

/// Length of the device's form: the outer header and version; n and d, each with a header of 3 bytes and a zero; e; and
/// five numbers of half the width, each with a header of 2 bytes and a zero.
pub const DEVICE_FORM_LEN: usize = 7 + 2 * (3 + 1 + WIDE) + 5 + 5 * (2 + 1 + HALF);

impl PrivateKey {
    /// PKCS#1 as the firmware makes it: every number has its full width and a leading zero, even if DER does not need
    /// one. Always 611 bytes, `30 82 02 5f 02 01 00 …`. The firmware's reader counts bytes, and this is the only form
    /// that it reads correctly for every key.
    pub fn to_device_form(&self) -> Zeroizing<[u8; DEVICE_FORM_LEN]> {
        let mut out = Zeroizing::new([0; DEVICE_FORM_LEN]);
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&[0x30, 0x82, 0x02, 0x5F, 0x02, 0x01, 0x00]);
        put(&[0x02, 0x81, 0x81, 0x00]);
        put(&self.number(Number::N));
        put(&[0x02, 0x03]);
        put(&EXPONENT_BYTES);
        put(&[0x02, 0x81, 0x81, 0x00]);
        put(&self.number(Number::D));
        for number in [Number::P, Number::Q, Number::DP, Number::DQ, Number::QInv] {
            put(&[0x02, 0x41, 0x00]);
            put(&self.number(number));
        }
        out
    }

    /// Canonical PKCS#1 DER (RFC 8017 appendix A.1.2), about 608 bytes: for other programs. Not for a device: it
    /// misreads about one such key in a hundred.
    pub fn to_pkcs1_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let [n, d, p, q, dp, dq, qinv] = Number::ALL.map(|number| self.number(number));
        let encode = || {
            RsaPrivateKeyRef {
                modulus: UintRef::new(&n)?,
                public_exponent: UintRef::new(&EXPONENT_BYTES)?,
                private_exponent: UintRef::new(&d)?,
                prime1: UintRef::new(&p)?,
                prime2: UintRef::new(&q)?,
                exponent1: UintRef::new(&dp)?,
                exponent2: UintRef::new(&dq)?,
                coefficient: UintRef::new(&qinv)?,
                other_prime_infos: None,
            }
            .to_der()
        };
        encode().map(Zeroizing::new).map_err(|_| CANNOT_ENCODE)
    }

    /// PKCS#8 DER (RFC 5208), about 634 bytes: for other programs.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let pkcs1_der = self.to_pkcs1_der()?;
        let algorithm =
            spki::AlgorithmIdentifierRef { oid: pkcs1::ALGORITHM_OID, parameters: Some(Null.into()) };
        OctetStringRef::new(&pkcs1_der)
            .and_then(|octets| PrivateKeyInfoRef::new(algorithm, octets).to_der())
            .map(Zeroizing::new)
            .map_err(|_| CANNOT_ENCODE)
    }

    /// PKCS#8 PEM (`-----BEGIN PRIVATE KEY-----`) with LF line endings.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let pkcs8 = self.to_pkcs8_der()?;
        encode_string("PRIVATE KEY", LineEnding::LF, &pkcs8).map(Zeroizing::new).map_err(|_| CANNOT_ENCODE)
    }
}

/// An encoder fails only if a number is longer than any number here.
const CANNOT_ENCODE: KeyError = KeyError::Malformed("a number is too long to encode");
