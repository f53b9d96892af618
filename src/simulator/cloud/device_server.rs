//! Serves the port that devices connect to: the cloud's side of the handshake, with its own key.
//!
//! Written from the open servers (Brewskey/spark-protocol `Handshake.js`, particle-iot/spark-protocol) with its own
//! literals, and independently of [`cloud::handshake`](crate::cloud), so that a mistake there is not repeated here. The
//! rest of a real connection is left out: after the handshake, the connection is closed.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use getrandom::SysRng;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::{Rng, UnwrapErr};
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use rsa::{Pkcs1v15Encrypt, Pkcs1v15Sign, PrivateKey, PublicKey};
use sha1::Sha1;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::{ACCEPT_PAUSE, MAX_CONNECTIONS, Shared, stopped};

/// Bits of the cloud's key.
const KEY_BITS: usize = 2048;
const NONCE: usize = 40;
const DEVICE_ID: usize = 12;
const DEVICE_SPKI: usize = 162;
const HELLO: usize = 256;
const CREDENTIALS: usize = 40;
/// spark-protocol's own limit for a handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How the server answers devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handshake {
    /// As the imitated server does.
    #[default]
    Proper,
    /// Sends nothing.
    Silent,
    /// Sends half of its nonce, and closes.
    HalfNonce,
    /// Reads the device's message, and sends nothing more.
    Hang,
    /// Sends half of its answer, and closes.
    Cut,
    /// Answers with random bytes.
    Garbage,
    /// Encrypts its answer to a key that is not the device's.
    OtherKey,
    /// Turns a device away this many times after its key was provisioned: the device server learns of the key with a
    /// delay.
    Late(u32),
    /// Accepts every device, with the key that it sends.
    Anybody,
}

/// The cloud's key pair, made when it starts.
pub(super) struct Identity {
    private: PrivateKey,
    /// The public half.
    pub pem: String,
}

impl Identity {
    /// Makes a key pair; takes about a second.
    pub fn generate() -> io::Result<Self> {
        let private = PrivateKey::new(&mut random(), KEY_BITS).map_err(io::Error::other)?;
        let pem = private.to_public_key().to_public_key_pem(rsa::pkcs8::LineEnding::LF);
        Ok(Self { private, pem: pem.map_err(io::Error::other)? })
    }
}

fn random() -> UnwrapErr<SysRng> {
    // The system's generator does not fail after the system has started, and a server could not report a failure
    // either.
    UnwrapErr(SysRng)
}

/// Accepts devices until the cloud is stopped; dropping the runtime's tasks then closes every connection.
pub(super) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    identity: Arc<Identity>,
    manner: Handshake,
    mut stop: watch::Receiver<bool>,
) {
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut stop) => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&free).try_acquire_owned() else { continue };
        let (shared, identity, mut stop) = (Arc::clone(&shared), Arc::clone(&identity), stop.clone());
        tokio::spawn(async move {
            let handshake = shake(stream, &shared, &identity, manner);
            tokio::select! {
                () = stopped(&mut stop) => {}
                // Errors on a device's connection are ignored.
                _ = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake) => {}
            }
            drop(permit);
        });
    }
}

async fn shake(
    mut stream: TcpStream,
    shared: &Shared,
    identity: &Identity,
    manner: Handshake,
) -> io::Result<()> {
    let mut nonce = [0; NONCE];
    random().fill_bytes(&mut nonce);
    match manner {
        Handshake::Silent => std::future::pending().await,
        Handshake::HalfNonce => return stream.write_all(&nonce[..NONCE / 2]).await,
        _ => stream.write_all(&nonce).await?,
    }
    let mut hello = [0; HELLO];
    stream.read_exact(&mut hello).await?;
    let Some((id, own_key)) = open(identity, &nonce, &hello) else { return Ok(()) };
    let key = match manner {
        Handshake::Anybody => Some(own_key),
        Handshake::Late(times) if shared.state().is_early(&id, times) => None,
        _ => shared.state().key_for_handshake(&id, &own_key, SystemTime::now()),
    };
    let Some(key) = key else { return Ok(()) };
    let Some(mut answer) = answer(identity, &key, manner) else { return Ok(()) };
    match manner {
        Handshake::Hang => std::future::pending().await,
        Handshake::Cut => answer.truncate(answer.len() / 2),
        Handshake::Garbage => random().fill_bytes(&mut answer),
        _ => {}
    }
    stream.write_all(&answer).await
}

/// The device id, in hexadecimal, and the public key in a device's message; `None` if the message was not encrypted to
/// this cloud.
fn open(identity: &Identity, nonce: &[u8], hello: &[u8]) -> Option<(String, PublicKey)> {
    let plain = identity.private.decrypt_blinded(&mut random(), Pkcs1v15Encrypt, hello).ok()?;
    if plain.len() != NONCE + DEVICE_ID + DEVICE_SPKI || plain[..NONCE] != *nonce {
        return None;
    }
    let id = &plain[NONCE..NONCE + DEVICE_ID];
    let id = id.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    PublicKey::from_public_key_der(&plain[NONCE + DEVICE_ID..]).ok().map(|key| (id, key))
}

/// Credentials that only the device can decrypt, and the proof that they come from this cloud.
fn answer(identity: &Identity, key: &PublicKey, manner: Handshake) -> Option<Vec<u8>> {
    let mut credentials = [0; CREDENTIALS];
    random().fill_bytes(&mut credentials);
    let other = match manner {
        Handshake::OtherKey => Some(PrivateKey::new(&mut random(), 1024).ok()?.to_public_key()),
        _ => None,
    };
    let key = other.as_ref().unwrap_or(key);
    let mut answer = key.encrypt(&mut random(), Pkcs1v15Encrypt, &credentials).ok()?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&credentials).ok()?;
    mac.update(&answer);
    let digest = mac.finalize().into_bytes();
    let signature =
        identity.private.sign_with_rng(&mut random(), Pkcs1v15Sign::new_unprefixed(), &digest).ok()?;
    answer.extend(signature);
    Some(answer)
}
