//! Tests a cloud's answer about a device: what counts as known, what is reported, and that the question is a plain GET.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use duo_provision::cloud::client::Client;
use duo_provision::cloud::device_record::{DeviceRecord, LastHeard, RecordRequest};
use duo_provision::cloud::failure::{CloudError, Interruption};
use duo_provision::cloud::network::NetworkEnv;
use duo_provision::cloud::reply::{Question, Refusal, Reply, Unexpected};
use duo_provision::cloud::token::Token;
use duo_provision::simulator::cloud::{Flavor, KnownDevice, LocalCloud, Options};
use time::OffsetDateTime;

use super::client::{client, options};
use super::hostile::{Hostile, TestTimer};
use super::{DEVICE, TOKEN, assert_silent, request, token};

fn question() -> RecordRequest {
    RecordRequest::new(DEVICE).unwrap()
}

fn judged(status: u16, body: &str) -> Result<DeviceRecord, Refusal> {
    question().judge(&Reply { status, body: body.as_bytes(), ..Reply::default() }, TOKEN)
}

fn untold() -> DeviceRecord {
    DeviceRecord {
        name: None,
        online: None,
        last_heard: LastHeard::Untold,
        product_id: None,
        platform_id: None,
    }
}

#[test]
fn each_servers_record_is_read() {
    let heard = LastHeard::At(OffsetDateTime::from_unix_timestamp(1_452_187_358).unwrap());
    let particle = r#"{"id":"2a0048001951343334363138","name":"kitchen","last_app":null,
        "last_heard":"2016-01-07T17:22:38.000Z","last_handshake_at":"2016-01-07T17:04:08.239Z","online":true,
        "connected":true,"platform_id":88,"cellular":false,"product_id":1234,"functions":[],"variables":{}}"#;
    let known = DeviceRecord {
        name: Some("kitchen".to_owned()),
        online: Some(true),
        last_heard: heard,
        product_id: Some(1234),
        platform_id: Some(88),
    };
    assert_eq!(judged(200, particle), Ok(known));
    let spark = r#"{"id":"2a0048001951343334363138","name":null,"connected":false,"variables":null}"#;
    assert_eq!(judged(200, spark), Ok(DeviceRecord { online: Some(false), ..untold() }));
    let brewskey = r#"{"id":"2A0048001951343334363138","name":"","connected":false,"last_heard":null,
        "platform_id":-1,"product_id":-1,"status":"normal"}"#;
    let known = DeviceRecord { online: Some(false), last_heard: LastHeard::Never, ..untold() };
    assert_eq!(judged(200, brewskey), Ok(known));
}

#[test]
fn members_of_other_types_are_not_told() {
    for member in [
        r#""name":7"#,
        r#""name":"\u001b\u202e""#,
        r#""online":"yes""#,
        r#""last_heard":1452187358"#,
        r#""last_heard":"yesterday""#,
        r#""product_id":"88""#,
        r#""product_id":4294967296"#,
        r#""platform_id":88.5"#,
    ] {
        let body = format!(r#"{{"id":"2a0048001951343334363138",{member}}}"#);
        assert_eq!(judged(200, &body), Ok(untold()), "{member}");
    }
    let echo = judged(200, &format!(r#"{{"id":"2a0048001951343334363138","name":"x {TOKEN}"}}"#));
    assert_eq!(echo.unwrap().name.as_deref(), Some("x [token]"));
}

#[test]
fn known_is_what_a_2xx_names() {
    let unknown = |detail: &str| Refusal::UnknownDevice(detail.to_owned());
    let unexpected =
        |status, kind, excerpt: &str| Refusal::Unexpected { status, kind, excerpt: excerpt.to_owned() };
    // Particle's own text, with the token in it.
    let particle = format!(
        r#"{{"error":"Permission Denied","info":"I didn't recognize that device name or ID, try opening https://api.particle.io/v1/devices?access_token={TOKEN}"}}"#
    );
    let info = "Permission Denied: I didn't recognize that device name or ID, try opening \
        https://api.particle.io/v1/devices?access_token=[token]";
    for (status, body, refusal) in [
        (403, particle.as_str(), unknown(info)),
        (404, r#"{"error":"No device found","ok":false}"#, unknown("No device found")),
        (404, r#"{"ok":false}"#, unknown("ok: false")),
        (
            404,
            r#""Oops, I couldn't find that core""#,
            Refusal::UnlistedDevice("Oops, I couldn't find that core".to_owned()),
        ),
        (403, r#"{"error":"User doesn't have access"}"#, unknown("User doesn't have access")),
        (404, "Cannot GET", Refusal::NotFound("Cannot GET".to_owned())),
        (403, "<html>", Refusal::PermissionDenied("<html>".to_owned())),
        (
            403,
            r#"{"error":"invalid_token","error_description":"no"}"#,
            Refusal::TokenInvalid("no".to_owned()),
        ),
        (401, "", Refusal::TokenInvalid(String::new())),
        (400, r#""Key error: no""#, Refusal::Refused { status: 400, message: "Key error: no".to_owned() }),
        (200, "{}", unexpected(200, Unexpected::OtherJson, "{}")),
        (200, "\"Success!\"", unexpected(200, Unexpected::OtherJson, "\"Success!\"")),
        (200, "", unexpected(200, Unexpected::Empty, "")),
        (200, r#"{"id":"x"}"#, Refusal::OtherDevice("x".to_owned())),
    ] {
        assert_eq!(judged(status, body), Err(refusal), "{status} {body}");
    }
}

#[test]
fn only_a_device_id_makes_a_question() {
    assert_eq!(question().path(), "v1/devices/2a0048001951343334363138");
    for id in ["", "2a004800195134333436313", "2a004800195134333436313g", "../../v1/provisioning/01"] {
        assert!(RecordRequest::new(id).is_err(), "{id}");
    }
}

#[tokio::test]
async fn it_is_a_get_with_the_token_in_one_header() {
    let body = r#"{"id":"2a0048001951343334363138"}"#;
    let server =
        Hostile::saying(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    let client = client(&format!("{}/prefix/", server.url), &Arc::default());
    client.ask(&question(), &token(), options(), &mut |_| {}, pending()).await.unwrap();
    let request = String::from_utf8(server.requests().remove(0)).unwrap().to_ascii_lowercase();
    assert!(request.starts_with("get /prefix/v1/devices/2a0048001951343334363138 http/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nauthorization: bearer {TOKEN}")) && request.ends_with("\r\n\r\n"));
    assert_eq!(request.matches(TOKEN).count(), 1);
    for absent in ["content-length", "content-type", "transfer-encoding", "cookie", "referer"] {
        assert!(!request.contains(absent), "{request}");
    }
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_told_from_what_was_not_sent() {
    let server = Hostile::saying("").await;
    let ask = async |url: &str| {
        client(url, &Arc::default()).ask(&question(), &token(), options(), &mut |_| {}, pending()).await
    };
    let lost = ask(&server.url).await.unwrap_err();
    assert!(matches!(lost, CloudError::NoAnswer { reason: Interruption::ConnectionLost, .. }), "{lost:?}");
    assert_silent(&lost, TOKEN);
    let closed = Hostile::start(Vec::new()).await;
    let unsent = ask(&closed.url).await.unwrap_err();
    // On Windows what was sent to a closed connection counts as sent.
    let lost_there = matches!(unsent, CloudError::NoAnswer { reason: Interruption::ConnectionLost, .. });
    assert!(matches!(unsent, CloudError::Unreachable { .. }) || cfg!(windows) && lost_there, "{unsent:?}");
}

async fn asked(cloud: &LocalCloud, secret: &str) -> Result<DeviceRecord, CloudError> {
    let client = Client::new(cloud.url().parse().unwrap(), false, NetworkEnv::default()).unwrap();
    let client = client.with_timer(Arc::<TestTimer>::default());
    let outcome =
        client.ask(&question(), &Token::new(secret).unwrap(), options(), &mut |_| {}, pending()).await;
    if let Err(error) = &outcome {
        assert_silent(error, secret);
    }
    outcome
}

fn is_unknown(outcome: &Result<DeviceRecord, CloudError>) -> bool {
    let refusal = matches!(outcome, Err(CloudError::Refused(Refusal::UnknownDevice(_))));
    refusal || is_unlisted(outcome)
}

fn is_unlisted(outcome: &Result<DeviceRecord, CloudError>) -> bool {
    matches!(outcome, Err(CloudError::Refused(Refusal::UnlistedDevice(_))))
}

#[tokio::test]
async fn each_local_cloud_has_what_it_was_told() {
    for (flavor, product, last_heard) in [
        (Flavor::Particle, Some(88), LastHeard::Never),
        (Flavor::Spark, None, LastHeard::Untold),
        (Flavor::Brewskey, None, LastHeard::Never),
    ] {
        let cloud = LocalCloud::start(Options { flavor, ..Options::default() }).await.unwrap();
        let before = asked(&cloud, &cloud.token()).await;
        assert!(is_unknown(&before), "{flavor:?} {before:?}");
        let wrong = asked(&cloud, TOKEN).await;
        assert!(matches!(wrong, Err(CloudError::Refused(Refusal::TokenInvalid(_)))), "{flavor:?} {wrong:?}");
        let client = client(&cloud.url(), &Arc::default());
        let own = Token::new(&cloud.token()).unwrap();
        client.ask(&request(), &own, options(), &mut |_| {}, pending()).await.unwrap();
        let told = asked(&cloud, &cloud.token()).await;
        if flavor == Flavor::Spark {
            // It has the key, and lists the device only after its next start.
            assert!(cloud.device(DEVICE).is_some() && is_unlisted(&told), "{told:?}");
            continue;
        }
        let record = told.unwrap();
        assert_eq!((record.product_id, record.last_heard), (product, last_heard), "{flavor:?}");
        assert_eq!(record.online, Some(false));
    }
}

/// spark-server has known the device since its start, and answers after it has waited for the device.
#[tokio::test]
async fn spark_answers_about_a_device_that_is_offline_when_it_has_waited_for_it() {
    let wait = Duration::from_millis(300);
    let devices = vec![KnownDevice { id: DEVICE.to_ascii_lowercase(), owner: None }];
    let options = Options { flavor: Flavor::Spark, devices, offline_wait: Some(wait), ..Options::default() };
    let cloud = LocalCloud::start(options).await.unwrap();
    let begun = std::time::Instant::now();
    let record = asked(&cloud, &cloud.token()).await.unwrap();
    assert!(begun.elapsed() >= wait);
    assert_eq!((record.online, record.last_heard), (Some(false), LastHeard::Untold));
}

#[tokio::test]
async fn a_local_cloud_keeps_accounts_apart_as_its_server_does() {
    for (flavor, apart) in [(Flavor::Particle, true), (Flavor::Spark, false), (Flavor::Brewskey, true)] {
        let devices =
            vec![KnownDevice { id: DEVICE.to_ascii_lowercase(), owner: Some("someone else".to_owned()) }];
        let accounts = vec![("cafe0123".to_owned(), "someone else".to_owned())];
        let offline_wait = Some(Duration::ZERO);
        let options = Options { flavor, devices, accounts, offline_wait, ..Options::default() };
        let cloud = LocalCloud::start(options).await.unwrap();
        assert_eq!(is_unknown(&asked(&cloud, &cloud.token()).await), apart, "{flavor:?}");
        asked(&cloud, "cafe0123").await.unwrap();
    }
}
