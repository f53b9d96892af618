//! Performs the handshake with a cloud's device port over TCP.
//!
//! Knows sockets and deadlines; the messages are [`handshake`](super::handshake)'s. Nothing is sent after the hello,
//! and the connection is closed before the answer is judged, so the other side learns nothing from the outcome.

use std::future::Future;
use std::io;
use std::time::Duration;

use getrandom::SysRng;
use rand_core::UnwrapErr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::failure::Unreachable;
use super::handshake::{ANSWER_LEN, Flaw, ID_LEN, NONCE_LEN, hello, judge};
use crate::keys::{KeyError, PrivateKey, ServerKey};

/// Where devices connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePort {
    /// A name or an IP address.
    pub host: String,
    /// The TCP port; 5683 is usual.
    pub port: u16,
}

impl std::fmt::Display for DevicePort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{open}{}{close}:{}", self.host, self.port)
    }
}

/// The pair to prove: a device and the server it is meant for.
pub struct Pair<'a> {
    /// The device id, as bytes.
    pub id: [u8; ID_LEN],
    /// The device's private key.
    pub key: &'a PrivateKey,
    /// The server's public key, as the device knows it.
    pub server: &'a ServerKey,
}

/// Why the pairing is not proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// No connection.
    #[error("{port} cannot be reached: {reason}")]
    Unreachable {
        /// The device port.
        port: DevicePort,
        /// Why.
        reason: Unreachable,
    },
    /// Connected, but the 40 bytes that a cloud begins with did not come.
    #[error("what listens at {0} does not greet devices as a cloud does")]
    NoNonce(DevicePort),
    /// The cloud closed the connection after it had read the device's message.
    #[error("{0} closed the connection instead of answering")]
    Closed(DevicePort),
    /// The answer broke off.
    #[error("the answer of {0} broke off")]
    CutShort(DevicePort),
    /// No answer to the device's message in time.
    #[error("{0} did not answer in time")]
    Unanswered(DevicePort),
    /// The answer says that the keys are no pair.
    #[error("{port} answered, but {flaw}")]
    Flawed {
        /// Who answered.
        port: DevicePort,
        /// What is wrong.
        flaw: Flaw,
    },
    /// The arithmetic failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The caller called it off.
    #[error("cancelled")]
    Cancelled,
}

/// Performs the handshake, and returns once the answer has proven all three: the server has the private half
/// of `pair.server`, it knows the device, and it knows it by the public half of `pair.key`.
///
/// Needs a tokio runtime with I/O and timers. Ends soon after `cancel` is ready.
pub async fn prove(
    port: &DevicePort,
    pair: &Pair<'_>,
    deadline: Duration,
    cancel: impl Future<Output = ()>,
) -> Result<(), PairingError> {
    let answer = in_time(port, deadline, cancel, async |stage| talk(port, pair, stage).await).await?;
    judge(&answer, pair.key, pair.server, &mut UnwrapErr(SysRng))?
        .map_err(|flaw| PairingError::Flawed { port: port.clone(), flaw })
}

/// Connects, waits for the nonce that a cloud begins with, and closes the connection.
///
/// Needs a tokio runtime with I/O and timers. Ends soon after `cancel` is ready.
pub async fn greet(
    port: &DevicePort,
    deadline: Duration,
    cancel: impl Future<Output = ()>,
) -> Result<(), PairingError> {
    in_time(port, deadline, cancel, async |stage| greeting(port, stage).await.map(drop)).await
}

/// How far a conversation has come.
#[derive(Clone, Copy)]
enum Stage {
    Connecting,
    Greeting,
    Answering,
}

/// Waits for a conversation until the time is over or `cancel` is ready.
async fn in_time<T>(
    port: &DevicePort,
    deadline: Duration,
    cancel: impl Future<Output = ()>,
    conversation: impl AsyncFnOnce(&mut Stage) -> Result<T, PairingError>,
) -> Result<T, PairingError> {
    let mut stage = Stage::Connecting;
    let ended = tokio::select! {
        biased;
        () = cancel => return Err(PairingError::Cancelled),
        ended = tokio::time::timeout(deadline, conversation(&mut stage)) => ended,
    };
    ended.unwrap_or_else(|_| {
        let port = port.clone();
        Err(match stage {
            Stage::Connecting => PairingError::Unreachable { port, reason: Unreachable::TimedOut },
            Stage::Greeting => PairingError::NoNonce(port),
            Stage::Answering => PairingError::Unanswered(port),
        })
    })
}

/// Connects, sends the hello and reads the answer. The connection is closed when this returns.
async fn talk(
    port: &DevicePort,
    pair: &Pair<'_>,
    stage: &mut Stage,
) -> Result<[u8; ANSWER_LEN], PairingError> {
    let (mut stream, nonce) = greeting(port, stage).await?;
    let hello = hello(&nonce, &pair.id, pair.key, pair.server, &mut UnwrapErr(SysRng))?;
    *stage = Stage::Answering;
    // In one write: spark-protocol takes what one read returns as the whole message.
    stream.write_all(&hello).await.map_err(|_| PairingError::Closed(port.clone()))?;
    let mut answer = [0; ANSWER_LEN];
    let mut read = 0;
    while read < ANSWER_LEN {
        match stream.read(&mut answer[read..]).await {
            Ok(more) if more > 0 => read += more,
            // The end, or a reset.
            _ if read == 0 => return Err(PairingError::Closed(port.clone())),
            _ => return Err(PairingError::CutShort(port.clone())),
        }
    }
    Ok(answer)
}

/// Connects, and reads the nonce that a cloud begins with.
async fn greeting(
    port: &DevicePort,
    stage: &mut Stage,
) -> Result<(TcpStream, [u8; NONCE_LEN]), PairingError> {
    let connected = TcpStream::connect((port.host.as_str(), port.port)).await;
    let mut stream = connected
        .map_err(|error| PairingError::Unreachable { port: port.clone(), reason: unreachable(&error) })?;
    *stage = Stage::Greeting;
    let mut nonce = [0; NONCE_LEN];
    stream.read_exact(&mut nonce).await.map_err(|_| PairingError::NoNonce(port.clone()))?;
    Ok((stream, nonce))
}

fn unreachable(error: &io::Error) -> Unreachable {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Unreachable::Refused,
        io::ErrorKind::TimedOut => Unreachable::TimedOut,
        _ if is_of_resolver(error) => Unreachable::Dns,
        _ => Unreachable::Other(error.to_string()),
    }
}

/// True if the error is the resolver's. On POSIX it has no system error number; on Windows it has one from
/// `WSAHOST_NOT_FOUND` to `WSANO_DATA` (Microsoft, "Windows Sockets Error Codes").
fn is_of_resolver(error: &io::Error) -> bool {
    match error.raw_os_error() {
        None => true,
        Some(number) => cfg!(windows) && (11_001..=11_004).contains(&number),
    }
}
