//! Tests the local cloud: the three servers that it imitates, through the client and byte by byte.

use std::future::pending;
use std::sync::Arc;

use duo_provision::cloud::client::{Client, Options as CallOptions};
use duo_provision::cloud::failure::CloudError;
use duo_provision::cloud::network::NetworkEnv;
use duo_provision::cloud::provisioning::{Accepted, Confirmation};
use duo_provision::cloud::reply::Refusal;
use duo_provision::cloud::token::Token;
use duo_provision::simulator::cloud::{Flavor, KnownDevice, LocalCloud, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::hostile::TestTimer;
use super::{DEVICE, PUBLIC_KEY, request};

const FLAVORS: [Flavor; 3] = [Flavor::Particle, Flavor::Spark, Flavor::Brewskey];

async fn start(options: Options) -> LocalCloud {
    LocalCloud::start(options).await.unwrap()
}

async fn provision(cloud: &LocalCloud, token: &str) -> Result<Accepted, CloudError> {
    let client = Client::new(cloud.url().parse().unwrap(), false, NetworkEnv::default()).unwrap();
    let client = client.with_timer(Arc::<TestTimer>::default());
    let token = Token::new(token).unwrap();
    client.ask(&request(), &token, CallOptions::default(), &mut |_| {}, pending()).await
}

/// Sends bytes, and returns everything until the server closes.
async fn raw(cloud: &LocalCloud, request: &str) -> String {
    let mut stream = TcpStream::connect(cloud.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

fn post(path: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{fields}\r\n{body}"
    )
}

#[tokio::test]
async fn each_flavor_takes_the_key_and_remembers_it() {
    let confirmations = [Confirmation::NoError, Confirmation::Success, Confirmation::Device];
    for (flavor, confirmation) in FLAVORS.into_iter().zip(confirmations) {
        let cloud = start(Options { flavor, ..Options::default() }).await;
        let mut changes = cloud.changes();
        let accepted = provision(&cloud, &cloud.token()).await;
        assert_eq!(accepted, Ok(Accepted { status: 200, confirmation }), "{flavor:?}");
        assert_eq!(*changes.wait_for(|count| *count > 0).await.unwrap(), 1);
        provision(&cloud, &cloud.token()).await.unwrap();
        let [entry] = cloud.provisioned().try_into().unwrap();
        assert_eq!(entry.device_id, DEVICE.to_ascii_lowercase());
        assert_eq!(entry.public_key, PUBLIC_KEY);
        assert_eq!(entry.product_id.as_deref(), Some("88"));
        assert_eq!(entry.order.as_deref(), Some("script_1700000000123"));
        assert_eq!(entry.filename.as_deref(), Some("script"));
        assert_eq!(entry.algorithm.as_deref(), Some("rsa"));
        assert_eq!(cloud.device(DEVICE), Some(entry));
    }
}

#[tokio::test]
async fn each_flavor_refuses_wrong_and_expired_tokens() {
    for flavor in FLAVORS {
        let old = "0123456789abcdef0123456789abcdef01234567";
        let options = Options { flavor, expired_tokens: vec![old.to_owned()], ..Options::default() };
        let cloud = start(options).await;
        let wrong = provision(&cloud, super::TOKEN).await;
        assert!(matches!(wrong, Err(CloudError::Refused(Refusal::TokenInvalid(_)))), "{flavor:?} {wrong:?}");
        let expired = provision(&cloud, old).await;
        let told = matches!(expired, Err(CloudError::Refused(Refusal::TokenExpired(_))));
        assert!(told, "{flavor:?} {expired:?}");
        assert!(cloud.provisioned().is_empty());
    }
}

#[tokio::test]
async fn particle_denies_what_is_not_yours() {
    let known = |owner: Option<&str>| KnownDevice { id: DEVICE.to_owned(), owner: owner.map(str::to_owned) };
    for (options, denied) in [
        (Options { known_devices_only: true, ..Options::default() }, true),
        (Options { known_devices_only: true, devices: vec![known(None)], ..Options::default() }, false),
        (Options { devices: vec![known(Some("someone else"))], ..Options::default() }, true),
        (Options { product_id: Some(6), ..Options::default() }, true),
        (Options { product_id: Some(88), ..Options::default() }, false),
    ] {
        let cloud = start(options.clone()).await;
        let outcome = provision(&cloud, &cloud.token()).await;
        let was_denied = matches!(outcome, Err(CloudError::Refused(Refusal::PermissionDenied(_))));
        assert_eq!(was_denied, denied, "{options:?} {outcome:?}");
        assert_eq!(cloud.provisioned().is_empty(), denied);
    }
    // Brewskey overwrites the owner without being asked.
    let devices = vec![known(Some("someone else"))];
    let cloud = start(Options { flavor: Flavor::Brewskey, devices, ..Options::default() }).await;
    assert!(provision(&cloud, &cloud.token()).await.is_ok());
}

#[tokio::test]
async fn accounts_have_their_own_tokens() {
    let accounts = vec![("cafe0123".to_owned(), "someone else".to_owned())];
    let devices = vec![KnownDevice { id: DEVICE.to_owned(), owner: Some("someone else".to_owned()) }];
    let cloud = start(Options { accounts, devices, ..Options::default() }).await;
    assert!(provision(&cloud, &cloud.token()).await.is_err());
    provision(&cloud, "cafe0123").await.unwrap();
    assert_eq!(cloud.provisioned()[0].user, "someone else");
    assert_ne!(cloud.token(), start(Options::default()).await.token());
}

#[tokio::test]
async fn a_token_in_two_places_or_none_is_an_invalid_request() {
    for flavor in FLAVORS {
        let cloud = start(Options { flavor, ..Options::default() }).await;
        let token = cloud.token();
        let header = format!("authorization: Bearer {token}\r\n");
        let body = format!("access_token={token}");
        let path = "/v1/provisioning/0123456789abcdef01234567";
        let query = format!("{path}?access_token={token}");
        for twice in [post(path, &header, &body), post(&query, &header, "")] {
            let reply = raw(&cloud, &twice).await;
            assert!(reply.starts_with("HTTP/1.1 400") && reply.contains("invalid_request"), "{reply}");
        }
        let none = raw(&cloud, &post(path, "", "")).await;
        if flavor == Flavor::Brewskey {
            assert!(none.starts_with("HTTP/1.1 401") && none.ends_with("\r\n\r\n"), "{none}");
        } else {
            assert!(none.starts_with("HTTP/1.1 400") && none.contains("invalid_request"), "{none}");
        }
        for once in [post(path, &header, ""), post(&query, "", ""), post(path, "", &body)] {
            let reply = raw(&cloud, &once).await;
            assert!(!reply.contains("invalid_request"), "{reply}");
        }
    }
}

#[tokio::test]
async fn each_flavor_complains_in_its_own_words() {
    for (flavor, body, words) in [
        (Flavor::Spark, "publicKey=x", r#"{"error":"No deviceID provided"}"#),
        (Flavor::Spark, "deviceID=x", r#"{"error":"Key error TypeError"#),
        (Flavor::Spark, "deviceID=x&publicKey=%zz+", "Key error"),
        (Flavor::Brewskey, "", r#"{"error":"No key provided","ok":false}"#),
        (Flavor::Brewskey, "publicKey=x", "Key error"),
        (Flavor::Particle, "deviceID=other", r#"{"error":"Permission Denied"}"#),
        (Flavor::Particle, "deviceID=0123456789ABCDEF01234567", r#"{"error":"No key provided"}"#),
    ] {
        let cloud = start(Options { flavor, ..Options::default() }).await;
        let header = format!("authorization: Bearer {}\r\n", cloud.token());
        let reply = raw(&cloud, &post("/v1/provisioning/0123456789abcdef01234567", &header, body)).await;
        assert!(reply.contains(words) && reply.starts_with("HTTP/1.1 40"), "{flavor:?} {body}: {reply}");
        assert!(cloud.provisioned().is_empty());
    }
}

#[tokio::test]
async fn each_flavor_refuses_a_token_with_its_own_status_and_word() {
    for (flavor, status, word) in [
        (Flavor::Particle, "401", "invalid_token"),
        (Flavor::Spark, "400", "invalid_grant"),
        (Flavor::Brewskey, "401", "invalid_token"),
    ] {
        let cloud = start(Options { flavor, ..Options::default() }).await;
        let header = "authorization: Bearer wrong\r\n";
        let reply = raw(&cloud, &post("/v1/provisioning/0123456789abcdef01234567", header, "")).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")) && reply.contains(word), "{reply}");
        assert!(reply.contains("The access token provided is invalid."), "{reply}");
    }
}

#[tokio::test]
async fn brewskey_takes_a_private_key_and_knows_no_json_for_unknown_paths() {
    let cloud = start(Options { flavor: Flavor::Brewskey, ..Options::default() }).await;
    let header = format!("authorization: Bearer {}\r\n", cloud.token());
    let body = "publicKey=-----BEGIN+RSA+PRIVATE+KEY-----";
    let reply = raw(&cloud, &post("/v1/provisioning/FROM", &header, body)).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    let unknown = raw(&cloud, &post("/v1/elsewhere", &header, "")).await;
    assert!(unknown.starts_with("HTTP/1.1 404") && unknown.ends_with("Not Found"), "{unknown}");
    assert!(unknown.contains("text/plain"), "{unknown}");
}

#[tokio::test]
async fn spark_takes_the_id_from_the_body_and_brewskey_from_the_path() {
    let key = PUBLIC_KEY.replace('+', "%2B").replace('\n', "%0A").replace(' ', "+");
    let body = format!("deviceID=FROM%42ODY&publicKey={key}");
    for (flavor, id) in [(Flavor::Spark, "FROMBODY"), (Flavor::Brewskey, "FROMPATH")] {
        let cloud = start(Options { flavor, ..Options::default() }).await;
        let header = format!("authorization: Bearer {}\r\n", cloud.token());
        let reply = raw(&cloud, &post("/v1/provisioning/FROM%50ATH", &header, &body)).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        assert_eq!(cloud.provisioned()[0].device_id, id);
    }
}

/// The request is that of `curl -u particle:particle -d grant_type=password …`.
#[tokio::test]
async fn each_flavor_gives_a_token_that_it_takes() {
    const CLIENT: &str = "authorization: Basic cGFydGljbGU6cGFydGljbGU=\r\n";
    let login = "grant_type=password&username=you%40example.com&password=secret";
    for flavor in FLAVORS {
        let cloud = start(Options { flavor, ..Options::default() }).await;
        for (fields, body) in
            [(CLIENT, login.to_owned()), ("", format!("{login}&client_id=particle&client_secret=particle"))]
        {
            let reply = raw(&cloud, &post("/oauth/token", fields, &body)).await;
            let (head, body) = reply.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200"), "{flavor:?}: {head}");
            let answer: serde_json::Value = serde_json::from_str(body).unwrap();
            let token = answer["access_token"].as_str().unwrap();
            assert!(provision(&cloud, token).await.is_ok(), "{flavor:?}");
        }
        for (fields, body, error) in [
            ("", login, "invalid_client"),
            ("authorization: Basic cGFydGljbGU6d3Jvbmc=\r\n", login, "invalid_client"),
            (CLIENT, "username=you&password=secret", "grant_type"),
            (CLIENT, "grant_type=password&username=you&password=", "password"),
        ] {
            let reply = raw(&cloud, &post("/oauth/token", fields, body)).await;
            assert!(reply.starts_with("HTTP/1.1 40") && reply.contains(error), "{flavor:?} {body}: {reply}");
            assert!(!reply.contains(&cloud.token()), "{flavor:?} {body}");
        }
    }
}

#[tokio::test]
async fn it_says_what_it_is_and_does_nothing_else() {
    let cloud = start(Options::default()).await;
    let welcome = raw(&cloud, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(welcome.starts_with("HTTP/1.1 200") && welcome.contains("This is a simulation"), "{welcome}");
    for path in ["/v1/devices", "/v1/provisioning/", "/v1/provisioning/a/b", "/"] {
        assert!(raw(&cloud, &post(path, "", "")).await.starts_with("HTTP/1.1 404"), "{path}");
    }
    let get = "GET /v1/provisioning/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(raw(&cloud, get).await.starts_with("HTTP/1.1 404"));
    assert!(cloud.address().ip().is_loopback());
    assert!(!format!("{cloud:?}").contains(&cloud.token()));
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let cloud = start(Options::default()).await;
    // Refused because of its declared length, so no body needs to be sent.
    let head =
        "POST /v1/provisioning/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 65537\r\n\r\n";
    let mut stream = TcpStream::connect(cloud.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; 65537]).await.unwrap();
    let mut reply = vec![0; 12];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply, b"HTTP/1.1 413");
}

/// The maximum number of clients announce a body and do not send all of it. The virtual clock advances whenever all
/// tasks wait.
#[tokio::test(start_paused = true)]
async fn bodies_that_do_not_come_keep_nobody_out() {
    let cloud = start(Options::default()).await;
    let mut slow = Vec::new();
    for _ in 0..64 {
        let mut stream = TcpStream::connect(cloud.address()).await.unwrap();
        stream
            .write_all(post("/v1/provisioning/a", "", "12345678").strip_suffix("5678").unwrap().as_bytes())
            .await
            .unwrap();
        slow.push(stream);
    }
    let get = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let hour = std::time::Duration::from_secs(3600);
    let answer = tokio::time::timeout(hour, raw(&cloud, get)).await.expect("an answer within an hour");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut reply = String::new();
    slow[0].read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 408"), "{reply}");
}

#[tokio::test]
async fn stopping_frees_the_port_and_closes_idle_connections() {
    let cloud = start(Options::default()).await;
    let address = cloud.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    // One request on it, so that the server certainly serves it.
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    cloud.stop().await;
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    let again = start(Options { port: address.port(), ..Options::default() }).await;
    assert_eq!(again.address(), address);
    let taken = LocalCloud::start(Options { port: address.port(), ..Options::default() }).await;
    assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn dropping_closes_its_connections() {
    let cloud = start(Options::default()).await;
    let mut idle = TcpStream::connect(cloud.address()).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    drop(cloud);
    let mut rest = Vec::new();
    // The end of the stream or a reset: both mean that the server is gone.
    let _ = idle.read_to_end(&mut rest).await;
    let ended = async |idle: &mut TcpStream| match idle.read(&mut [0]).await {
        Ok(bytes) => bytes == 0,
        // Windows tells of the reset again.
        Err(error) => cfg!(windows) && error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    assert!(idle.write_all(&[0]).await.is_err() || ended(&mut idle).await);
}
