//! The reasons why bytes are not a key that a Duo can use.
//!
//! No variant carries key material: only lengths, names of numbers and constant texts.

use std::fmt;

/// One of the numbers of an RSA private key (RFC 8017 §3.2), by its usual name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Number {
    /// The modulus.
    N,
    /// The private exponent.
    D,
    /// The first prime.
    P,
    /// The second prime.
    Q,
    /// d mod (p − 1).
    DP,
    /// d mod (q − 1).
    DQ,
    /// q⁻¹ mod p.
    QInv,
}

impl Number {
    /// All of them, in the order of `RSAPrivateKey`, without e, which is always 65537.
    pub const ALL: [Self; 7] = [Self::N, Self::D, Self::P, Self::Q, Self::DP, Self::DQ, Self::QInv];
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::N => "n",
            Self::D => "d",
            Self::P => "p",
            Self::Q => "q",
            Self::DP => "dP",
            Self::DQ => "dQ",
            Self::QInv => "qInv",
        })
    }
}

/// A relation between the numbers of a key (RFC 8017 §3.2) that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Relation {
    /// n is not the product of p and q.
    #[error("n is not p·q")]
    Modulus,
    /// p and q are the same number.
    #[error("p and q are equal")]
    EqualPrimes,
    /// d is not smaller than n.
    #[error("d is not smaller than n")]
    LargeExponent,
    /// e·d is not 1 modulo p − 1 and q − 1.
    #[error("d does not belong to e")]
    Exponent,
    /// dP is not d mod (p − 1).
    #[error("dP is not d mod (p−1)")]
    ExponentP,
    /// dQ is not d mod (q − 1).
    #[error("dQ is not d mod (q−1)")]
    ExponentQ,
    /// qInv is not the inverse of q modulo p.
    #[error("qInv is not the inverse of q")]
    Coefficient,
    /// p is composite.
    #[error("p is not a prime")]
    CompositeP,
    /// q is composite.
    #[error("q is not a prime")]
    CompositeQ,
    /// A number has more bytes than it can have in a key of this size.
    #[error("{0} is too large")]
    TooLarge(Number),
}

/// Why bytes could not be read as a key of the required kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No bytes at all.
    #[error("there is nothing in it")]
    Empty,
    /// More bytes than any dump of a key has ([`super::MAX_KEY_FILE`]). With their number.
    #[error("{0} bytes are too many for a key")]
    TooLarge(usize),
    /// All bytes are zero.
    #[error("it holds only zeros")]
    Zeros,
    /// Erased flash: all bytes are 0xFF.
    #[error("it is blank: all of its bytes are 0xFF, as flash that holds no key")]
    Blank,
    /// It begins with 0xFF but is not blank. Neither DER nor PEM begins with 0xFF.
    #[error("it begins with 0xFF, as no key does, and is not blank")]
    BeginsErased,
    /// The image that makes a Duo replace its key.
    #[error("it is the image that `reset` writes, and holds no key")]
    ResetImage,
    /// JSON without PEM in it.
    #[error("it is JSON, and there is no key in it")]
    Json,
    /// Neither DER nor PEM.
    #[error("it is neither DER nor PEM")]
    NotAKey,
    /// Begins as a key does, but ends before the key is complete.
    #[error("it is cut short")]
    Truncated,
    /// DER, but without the structure of a key.
    #[error("it is damaged: {0}")]
    Malformed(&'static str),
    /// PEM with broken boundary lines or broken base64.
    #[error("its PEM text is damaged: {0}")]
    BadPem(&'static str),
    /// A private key encrypted with a passphrase.
    #[error("the key is encrypted with a passphrase")]
    Encrypted,
    /// Not encrypted, but an encrypted key is required.
    #[error("it is not encrypted")]
    NotEncrypted,
    /// The passphrase does not open it.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// Encrypted in a way that is not PBES2 with AES.
    #[error("it is encrypted in a way that is not known here (not PBES2 with AES)")]
    EncryptionScheme,
    /// Opening it would take more time or memory than any honest file asks for.
    #[error("opening it asks for an absurd amount of work")]
    TooMuchWork,
    /// An elliptic-curve key.
    #[error("it is an elliptic-curve key; a Duo has an RSA key")]
    Ec,
    /// A public key whose modulus is the bytes of an EC private key: a firmware has read one as RSA.
    #[error(
        "its RSA number is no number: it is the bytes of an elliptic-curve key, which a firmware has misread"
    )]
    MisreadEc,
    /// A public key whose modulus is the bytes of a PKCS#8 private key: a firmware has read one as PKCS#1.
    #[error(
        "its RSA number is no number: it is the bytes of a PKCS#8 private key, which a firmware has misread"
    )]
    MisreadPkcs8,
    /// A key of an algorithm other than RSA and EC.
    #[error("it is a key of another algorithm than RSA")]
    OtherAlgorithm,
    /// An OpenSSH private key.
    #[error("it is in OpenSSH's own format")]
    OpenSsh,
    /// An X.509 certificate or request.
    #[error("it is a certificate, not a key")]
    Certificate,
    /// PEM of a kind that holds no key.
    #[error("its PEM text holds no key")]
    OtherPem,
    /// An RSA key whose size is not 1024 bits. With the bits of its modulus.
    #[error("it is an RSA key of {0} bits; a Duo has one of 1024")]
    WrongSize(usize),
    /// A server's RSA key whose size is not 2048 bits. With the bits of its modulus.
    #[error("it is an RSA key of {0} bits; a cloud has one of 2048")]
    WrongServerSize(usize),
    /// An RSA key whose public exponent is not 65537, the only one that the firmware supports.
    #[error("its public exponent is not 65537")]
    WrongExponent,
    /// An RSA key with more than two primes (RFC 8017 version 1).
    #[error("it is an RSA key with more than two primes")]
    MultiPrime,
    /// A public key where a private key is needed.
    #[error("it is a public key; the private key is needed")]
    PublicKey,
    /// A private key where a public key is needed.
    #[error("it is a private key; a public key is needed")]
    PrivateKey,
    /// The numbers do not match each other: one or more of their bits are wrong.
    #[error("its numbers do not belong together: {0}")]
    Inconsistent(#[from] Relation),
    /// An operation with a sound key failed.
    #[error("the arithmetic with it failed")]
    Arithmetic,
    /// No key could be made. The generator's own message is not passed on.
    #[error("no key could be generated")]
    Generation,
}
