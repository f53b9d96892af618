//! Tests the device's handshake against the local cloud's side, which shares no code with it: a proof if there is one,
//! and the reason for every other end. Nothing is sent after the device's message.

use std::future::{pending, ready};
use std::sync::LazyLock;
use std::time::Duration;

use duo_provision::cloud::device_port::{DevicePort, Pair, PairingError, prove};
use duo_provision::cloud::failure::Unreachable;
use duo_provision::cloud::handshake::{ANSWER_LEN, Flaw, NONCE_LEN, hello, judge};
use duo_provision::keys::{GENERIC_PUBLIC_KEY_PEM, PrivateKey, PublicKey, ServerKey};
use duo_provision::simulator::cloud::{Flavor, Handshake, LocalCloud, Options};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::DEVICE;

/// Long enough for a slow machine; a call that must time out gets less.
const PATIENCE: Duration = Duration::from_secs(60);
/// For servers that never answer.
const SHORT: Duration = Duration::from_secs(2);

const ID: [u8; 12] = [0x2a, 0, 0x48, 0, 0x19, 0x51, 0x34, 0x33, 0x34, 0x36, 0x31, 0x38];

fn key(nth: usize) -> PrivateKey {
    static KEYS: LazyLock<Vec<PrivateKey>> = LazyLock::new(|| {
        let text = include_str!("../../fixtures/device-keys.jsonl");
        let line = |line: &str| -> serde_json::Value { serde_json::from_str(line).unwrap() };
        let der = |line: serde_json::Value| -> Vec<u8> {
            let hex = line["device"].as_str().unwrap();
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        };
        text.lines().take(2).map(|l| PrivateKey::read(&der(line(l))).unwrap().key).collect()
    });
    KEYS[nth].clone()
}

async fn cloud(flavor: Flavor, handshake: Handshake) -> LocalCloud {
    let options = Options { flavor, handshake, device_port: Some(0), ..Options::default() };
    LocalCloud::start(options).await.unwrap()
}

/// Gives the cloud a public key, without the client.
async fn know(cloud: &LocalCloud, pem: &str) {
    let encoded = pem.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    let body = format!("deviceID={DEVICE}&publicKey={encoded}");
    let head = format!(
        "POST /v1/provisioning/{DEVICE} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        cloud.token(),
        body.len()
    );
    let mut stream = TcpStream::connect(cloud.address()).await.unwrap();
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}

fn port(cloud: &LocalCloud) -> DevicePort {
    let address = cloud.device_address().unwrap();
    DevicePort { host: address.ip().to_string(), port: address.port() }
}

async fn attempt(cloud: &LocalCloud, key: &PrivateKey, deadline: Duration) -> Result<(), PairingError> {
    let server = ServerKey::read(cloud.server_key().unwrap().as_bytes()).unwrap();
    prove(&port(cloud), &Pair { id: ID, key, server: &server }, deadline, pending()).await
}

#[tokio::test]
async fn a_pair_is_proven_with_every_flavor() {
    for flavor in [Flavor::Particle, Flavor::Spark, Flavor::Brewskey] {
        let cloud = cloud(flavor, Handshake::Proper).await;
        know(&cloud, &key(0).public_key().to_pem()).await;
        assert_eq!(attempt(&cloud, &key(0), PATIENCE).await, Ok(()), "{flavor:?}");
    }
}

#[tokio::test]
async fn a_device_that_is_not_known_is_turned_away() {
    let cloud = cloud(Flavor::Particle, Handshake::Proper).await;
    assert_eq!(attempt(&cloud, &key(0), PATIENCE).await, Err(PairingError::Closed(port(&cloud))));
}

#[tokio::test]
async fn a_device_that_is_known_by_another_key_is_no_pair() {
    for (flavor, closes) in [(Flavor::Particle, true), (Flavor::Brewskey, true), (Flavor::Spark, false)] {
        let cloud = cloud(flavor, Handshake::Proper).await;
        know(&cloud, &key(1).public_key().to_pem()).await;
        let port = port(&cloud);
        let expected = if closes {
            PairingError::Closed(port)
        } else {
            PairingError::Flawed { port, flaw: Flaw::OtherDeviceKey }
        };
        assert_eq!(attempt(&cloud, &key(0), PATIENCE).await, Err(expected), "{flavor:?}");
    }
}

#[tokio::test]
async fn particles_cloud_takes_the_devices_own_key_for_the_generic_one() {
    let cloud = cloud(Flavor::Particle, Handshake::Proper).await;
    know(&cloud, GENERIC_PUBLIC_KEY_PEM).await;
    assert_eq!(attempt(&cloud, &key(0), PATIENCE).await, Ok(()));
    let held = cloud.device(DEVICE).unwrap().public_key;
    assert_eq!(PublicKey::read(held.as_bytes()).unwrap(), key(0).public_key());
    assert_eq!(attempt(&cloud, &key(1), PATIENCE).await, Err(PairingError::Closed(port(&cloud))));
}

#[tokio::test]
async fn a_server_with_another_key_than_the_device_names_closes() {
    let cloud = cloud(Flavor::Particle, Handshake::Proper).await;
    know(&cloud, &key(0).public_key().to_pem()).await;
    let particle = ServerKey::particle();
    let pair = Pair { id: ID, key: &key(0), server: &particle };
    let ended = prove(&port(&cloud), &pair, PATIENCE, pending()).await;
    assert_eq!(ended, Err(PairingError::Closed(port(&cloud))));
}

#[tokio::test]
async fn an_answer_for_another_key_or_of_random_bytes_proves_nothing() {
    for (handshake, flaw) in
        [(Handshake::OtherKey, Flaw::OtherDeviceKey), (Handshake::Garbage, Flaw::ForeignServer)]
    {
        let cloud = cloud(Flavor::Particle, handshake).await;
        know(&cloud, &key(0).public_key().to_pem()).await;
        let expected = PairingError::Flawed { port: port(&cloud), flaw };
        assert_eq!(attempt(&cloud, &key(0), PATIENCE).await, Err(expected), "{handshake:?}");
    }
}

/// What the cloud answers to a device with this key, byte for byte.
async fn answer(cloud: &LocalCloud, key: &PrivateKey, server: &ServerKey) -> [u8; ANSWER_LEN] {
    let mut stream = TcpStream::connect(cloud.device_address().unwrap()).await.unwrap();
    let mut nonce = [0; NONCE_LEN];
    stream.read_exact(&mut nonce).await.unwrap();
    let hello = hello(&nonce, &ID, key, server, &mut UnwrapErr(SysRng)).unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut answer = [0; ANSWER_LEN];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn credentials_with_the_signature_of_others_prove_nothing() {
    let cloud = cloud(Flavor::Particle, Handshake::Proper).await;
    know(&cloud, &key(0).public_key().to_pem()).await;
    let server = ServerKey::read(cloud.server_key().unwrap().as_bytes()).unwrap();
    let (one, other) = (answer(&cloud, &key(0), &server).await, answer(&cloud, &key(0), &server).await);
    let judged = |answer| judge(&answer, &key(0), &server, &mut UnwrapErr(SysRng)).unwrap();
    assert_eq!((judged(one), judged(other)), (Ok(()), Ok(())));
    let mut mixed = one;
    mixed[128..].copy_from_slice(&other[128..]);
    assert_eq!(judged(mixed), Err(Flaw::OtherDeviceKey));
}

#[tokio::test]
async fn silence_ends_with_the_deadline_and_half_of_anything_at_once() {
    for (handshake, deadline) in [
        (Handshake::Silent, SHORT),
        (Handshake::HalfNonce, PATIENCE),
        (Handshake::Hang, Duration::from_secs(5)),
        (Handshake::Cut, PATIENCE),
    ] {
        let cloud = cloud(Flavor::Particle, handshake).await;
        know(&cloud, &key(0).public_key().to_pem()).await;
        let port = port(&cloud);
        let expected = match handshake {
            Handshake::Silent | Handshake::HalfNonce => PairingError::NoNonce(port),
            Handshake::Hang => PairingError::Unanswered(port),
            _ => PairingError::CutShort(port),
        };
        assert_eq!(attempt(&cloud, &key(0), deadline).await, Err(expected), "{handshake:?}");
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_reached() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let nobody = DevicePort { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    drop(listener);
    let particle = ServerKey::particle();
    let pair = Pair { id: ID, key: &key(0), server: &particle };
    let ended = prove(&nobody, &pair, PATIENCE, pending()).await;
    assert_eq!(ended, Err(PairingError::Unreachable { port: nobody.clone(), reason: Unreachable::Refused }));
    assert_eq!(prove(&nobody, &pair, PATIENCE, ready(())).await, Err(PairingError::Cancelled));
}

#[tokio::test]
async fn the_device_sends_one_message_and_nothing_more_and_no_secret_in_it() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = DevicePort { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&[5; 40]).await.unwrap();
        let mut hello = [0; 256];
        stream.read_exact(&mut hello).await.unwrap();
        // An answer that proves nothing; then anything else that the device may send.
        stream.write_all(&[1; 384]).await.unwrap();
        let mut more = Vec::new();
        stream.read_to_end(&mut more).await.unwrap();
        more
    });
    let particle = ServerKey::particle();
    let pair = Pair { id: ID, key: &key(0), server: &particle };
    let ended = prove(&port, &pair, PATIENCE, pending()).await;
    assert_eq!(ended, Err(PairingError::Flawed { port, flaw: Flaw::ForeignServer }));
    assert!(heard.await.unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told_from_a_network_that_goes_nowhere() {
    let particle = ServerKey::particle();
    let reason = async |host: &str| {
        let pair = Pair { id: ID, key: &key(0), server: &particle };
        let port = DevicePort { host: host.to_owned(), port: 5683 };
        match prove(&port, &pair, PATIENCE, pending()).await {
            Err(PairingError::Unreachable { reason, .. }) => reason,
            other => panic!("{host}: {other:?}"),
        }
    };
    // A name with an empty label is refused without a name server.
    assert_eq!(reason("nobody..invalid").await, Unreachable::Dns);
    // TCP cannot connect to the broadcast address.
    assert!(matches!(reason("255.255.255.255").await, Unreachable::Other(_)));
}

#[test]
fn an_ipv6_address_is_shown_in_brackets() {
    let shown = |host: &str| DevicePort { host: host.to_owned(), port: 5683 }.to_string();
    assert_eq!(shown("::1"), "[::1]:5683");
    assert_eq!(shown("device.spark.io"), "device.spark.io:5683");
}
