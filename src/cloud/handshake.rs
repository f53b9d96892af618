//! Builds and judges the messages of the handshake by which a Duo and its cloud prove their keys to each other.
//!
//! The Duo's side only. Bytes in, bytes out: no sockets and no clock. Follows the firmware (redbear/firmware
//! `lightssl_message_channel.cpp`) and the open servers (Brewskey/spark-protocol `Handshake.js`):
//!
//! 1. the server sends a nonce of 40 bytes;
//! 2. the device sends 256 bytes, encrypted to the server: nonce, device id, its own public key;
//! 3. the server sends 384 bytes: 40 bytes of credentials, encrypted to the public key that *it* has for the
//!    device, and its signature over an HMAC of them.
//!
//! A server closes the connection if its key is another one, if it does not know the device, or if it has another
//! public key for it than the one in step 2. So an answer proves the first two. If the private key at hand opens the
//! answer, the keys are a pair.

use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha1::Sha1;

use crate::keys::{KeyError, PrivateKey, ServerKey};

/// Bytes of the server's first message.
pub const NONCE_LEN: usize = 40;
/// Bytes of the server's answer: 128 of credentials, 256 of signature.
pub const ANSWER_LEN: usize = CREDENTIALS_LEN + ServerKey::BLOCK_LEN;
/// Bytes of a device id in the handshake.
pub const ID_LEN: usize = 12;

/// The credentials as they are sent, encrypted to a key of 1024 bits.
const CREDENTIALS_LEN: usize = 128;
/// The credentials in the clear: an AES key, an initialisation vector and a salt.
const SECRET_LEN: usize = 40;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The signature was not made with the server key at hand.
    #[error("the answer is not signed with the server key at hand")]
    ForeignServer,
    /// The server encrypted its answer to a public key that does not belong to the private key.
    #[error("the answer is encrypted to another public key than this device's")]
    OtherDeviceKey,
}

/// The device's message. The public key in it is the private key's own.
pub fn hello<R: CryptoRng + ?Sized>(
    nonce: &[u8; NONCE_LEN],
    id: &[u8; ID_LEN],
    key: &PrivateKey,
    server: &ServerKey,
    rng: &mut R,
) -> Result<Vec<u8>, KeyError> {
    let plain = [&nonce[..], id, &key.public_key().spki_der()].concat();
    server.encrypt(rng, &plain)
}

/// Judges the server's answer. `rng` blinds the private operation.
///
/// The sender of the answer learns nothing from the result or from how long this takes, as long as the connection was
/// closed before: nothing is sent after the hello.
pub fn judge<R: CryptoRng + ?Sized>(
    answer: &[u8; ANSWER_LEN],
    key: &PrivateKey,
    server: &ServerKey,
    rng: &mut R,
) -> Result<Result<(), Flaw>, KeyError> {
    let (credentials, signature) = answer.split_at(CREDENTIALS_LEN);
    let mut block = [0; ServerKey::BLOCK_LEN];
    block.copy_from_slice(signature);
    let Some(signed) = server.open(&block) else { return Ok(Err(Flaw::ForeignServer)) };
    // With a wrong key this gives other bytes, of any number, and no error (implicit rejection). Only the HMAC shows
    // it.
    match key.decrypt(rng, credentials)? {
        Some(secret) if secret.len() == SECRET_LEN && hmac(&secret, credentials)? == signed => Ok(Ok(())),
        _ => Ok(Err(Flaw::OtherDeviceKey)),
    }
}

fn hmac(key: &[u8], message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).map_err(|_| KeyError::Arithmetic)?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}
