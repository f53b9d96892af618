//! Tests one request against servers that do everything except answer it.

use std::future::pending;
use std::sync::Arc;

use duo_provision::cloud::api_url::ApiUrlError;
use duo_provision::cloud::client::{Client, MAX_BODY, Options, Retry};
use duo_provision::cloud::failure::{CloudError, Interruption, Unreachable};
use duo_provision::cloud::network::NetworkEnv;
use duo_provision::cloud::provisioning::Accepted;
use duo_provision::cloud::reply::{Refusal, Unexpected};
use duo_provision::cloud::retry::Backoff;
use tokio::sync::Notify;

use super::hostile::{DEADLINE, Hostile, Reaction, TestTimer};
use super::{TOKEN, assert_silent, request, token};

pub const YES: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";

pub fn client(url: &str, timer: &Arc<TestTimer>) -> Client {
    let timer = Arc::clone(timer);
    Client::new(url.parse().unwrap(), false, NetworkEnv::default()).unwrap().with_timer(timer)
}

pub fn options() -> Options {
    Options { deadline: DEADLINE, backoff: Backoff::default(), of_many: false }
}

/// One call whose retries are not reported; its error must not contain the token.
async fn call(url: &str, timer: &Arc<TestTimer>) -> Result<Accepted, CloudError> {
    let client = client(url, timer);
    let outcome = client.ask(&request(), &token(), options(), &mut |_| {}, pending()).await;
    if let Err(error) = &outcome {
        assert_silent(error, TOKEN);
    }
    outcome
}

async fn answer(bytes: impl AsRef<[u8]>) -> Result<Accepted, CloudError> {
    let server = Hostile::saying(bytes).await;
    call(&server.url, &Arc::default()).await
}

/// The result after the deadline, with a server that stops sending.
async fn answer_at_deadline(reaction: Reaction) -> Result<Accepted, CloudError> {
    let server = Hostile::start(vec![reaction]).await;
    let timer = Arc::<TestTimer>::default();
    let deadline = async {
        server.reacted().await;
        timer.expire();
    };
    tokio::join!(call(&server.url, &timer), deadline).0
}

fn unknown(outcome: &Result<Accepted, CloudError>) -> &Interruption {
    match outcome {
        Err(CloudError::OutcomeUnknown { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn refusal(outcome: Result<Accepted, CloudError>) -> Refusal {
    match outcome {
        Err(CloudError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_token_goes_into_one_header_and_nowhere_else() {
    let server = Hostile::saying(YES).await;
    call(&format!("{}/prefix/", server.url), &Arc::default()).await.unwrap();
    let request = String::from_utf8(server.requests().remove(0)).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /prefix/v1/provisioning/2a0048001951343334363138 http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nauthorization: bearer {TOKEN}")), "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-www-form-urlencoded"), "{head}");
    for absent in ["transfer-encoding", "accept-encoding", "cookie", "referer"] {
        assert!(!head.contains(absent), "{head}");
    }
    assert_eq!(request.to_ascii_lowercase().matches(TOKEN).count(), 1);
    assert!(!request.contains("access_token"));
}

#[tokio::test]
async fn pages_silence_and_halves_are_no_success() {
    for (head, body, wanted) in [
        ("content-type: text/html\r\n", "<html>Sign in</html>", Unexpected::Html),
        ("content-type: text/html\r\n", "Welcome", Unexpected::Html),
        ("", "", Unexpected::Empty),
        ("", "{\"ok\":tr", Unexpected::NotJson),
        ("content-encoding: gzip\r\n", "\u{1f}", Unexpected::NotJson),
    ] {
        let reply = format!("HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n{body}", body.len());
        let Refusal::Unexpected { status: 200, kind, .. } = refusal(answer(reply).await) else {
            panic!("{body}")
        };
        assert_eq!(kind, wanted, "{body}");
    }
}

#[tokio::test]
async fn an_echo_of_the_token_is_not_repeated() {
    let body = format!("<html>Authorization: Bearer {TOKEN}</html>");
    for status in [200, 400, 401, 403, 404] {
        let reply = format!(
            "HTTP/1.1 {status} {TOKEN}\r\nx-{TOKEN}: {TOKEN}\r\ncontent-type: text/{TOKEN}\r\n\r\n{body}"
        );
        // `call` checks the error.
        assert!(answer(reply).await.is_err());
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Hostile::saying(YES).await;
    for status in [301, 302, 303, 307, 308] {
        let reply = format!(
            "HTTP/1.1 {status} Moved\r\nlocation: {}/?t={TOKEN}\r\ncontent-length: 0\r\n\r\n",
            elsewhere.url
        );
        let location = Some(format!("{}/?t=[token]", elsewhere.url));
        assert_eq!(refusal(answer(reply).await), Refusal::Redirect { status, location });
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn no_more_is_read_than_an_answer_can_have() {
    let large = "x".repeat(10 * 1024 * 1024);
    let declared = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{large}", large.len());
    assert_eq!(refusal(answer(declared).await), Refusal::TooLarge(200));
    // Valid JSON that says yes, and one byte too many.
    let json = format!("{{\"ok\":true{}}}", " ".repeat(MAX_BODY - 10));
    assert_eq!(json.len(), MAX_BODY + 1);
    let whole = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{json}", json.len());
    assert_eq!(refusal(answer(whole).await), Refusal::TooLarge(200));
    let fits = json.replacen("  ", " ", 1);
    let whole = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{fits}", fits.len());
    assert_eq!(answer(whole).await.unwrap().status, 200);
    // A body without an end.
    let endless = Reaction::SayForever(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 4096]);
    let server = Hostile::start(vec![endless]).await;
    assert_eq!(refusal(call(&server.url, &Arc::default()).await), Refusal::TooLarge(200));
}

#[tokio::test]
async fn endless_heads_are_cut_off() {
    for again in ["x-a: b\r\n".to_owned(), "a".repeat(4096)] {
        let endless = Reaction::SayForever(b"HTTP/1.1 200 OK\r\n".to_vec(), again.into_bytes());
        let server = Hostile::start(vec![endless]).await;
        let outcome = call(&server.url, &Arc::default()).await;
        assert!(matches!(unknown(&outcome), Interruption::NotHttp(_)), "{outcome:?}");
    }
    let outcome = answer("SSH-2.0-OpenSSH_9.2\r\n").await;
    assert!(matches!(unknown(&outcome), Interruption::NotHttp(_)), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_the_outcome_unknown() {
    for said in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"ok\""] {
        let outcome = answer_at_deadline(Reaction::SayAndHang(said.into())).await;
        assert_eq!(unknown(&outcome), &Interruption::TimedOut, "{said:?}");
    }
}

#[tokio::test]
async fn a_lost_connection_leaves_the_outcome_unknown() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"ok\"";
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n{\"ok\":true}\r\n";
    for said in ["", "HTTP/1.1 200 OK\r\n", half, chunk] {
        for reaction in [Reaction::Say(said.into()), Reaction::SayAndReset(said.into())] {
            let server = Hostile::start(vec![reaction]).await;
            let outcome = call(&server.url, &Arc::default()).await;
            assert_eq!(unknown(&outcome), &Interruption::ConnectionLost, "{said:?}");
            assert_eq!(server.requests().len(), 1);
        }
    }
    // A status other than success is enough by itself.
    let denied = "HTTP/1.1 403 Forbidden\r\ncontent-length: 11\r\n\r\n{\"er";
    assert!(matches!(refusal(answer(denied).await), Refusal::PermissionDenied(_)));
}

#[tokio::test]
async fn what_was_never_sent_is_said_to_be() {
    let timer = Arc::<TestTimer>::default();
    let closed = Hostile::start(Vec::new()).await;
    let outcome = call(&closed.url, &timer).await;
    let Err(CloudError::Unreachable { host, reason, proxy: false, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((host.as_str(), reason), ("127.0.0.1", Unreachable::Refused));
    assert_eq!(timer.waits().len(), 2, "three tries");

    // The resolver itself refuses a label longer than 63 characters, without a question to a server.
    let name = format!("http://{}.invalid", "a".repeat(64));
    let client = Client::new(name.parse().unwrap(), true, NetworkEnv::default()).unwrap();
    let client = client.with_timer(Arc::<TestTimer>::default());
    let outcome = client.ask(&request(), &token(), options(), &mut |_| {}, pending()).await;
    assert!(matches!(outcome, Err(CloudError::Unreachable { reason: Unreachable::Dns, .. })), "{outcome:?}");
}

#[tokio::test]
async fn cancelling_says_whether_anything_was_sent() {
    let server = Hostile::start(vec![Reaction::SayAndHang(Vec::new())]).await;
    let client = client(&server.url, &Arc::default());
    let at_once = client.ask(&request(), &token(), options(), &mut |_| {}, async {}).await;
    assert_eq!(at_once, Err(CloudError::Cancelled { sent: false }));
    assert!(server.requests().is_empty());
    let later = client.ask(&request(), &token(), options(), &mut |_| {}, server.reacted()).await;
    assert_eq!(later, Err(CloudError::Cancelled { sent: true }));

    let server = Hostile::saying("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").await;
    let client = self::client(&server.url, &Arc::default());
    let cancel = Notify::new();
    let mut on_retry = |_: Retry<'_>| cancel.notify_one();
    let waiting = client.ask(&request(), &token(), options(), &mut on_retry, cancel.notified()).await;
    assert_eq!(waiting, Err(CloudError::Cancelled { sent: true }));
}

#[test]
fn a_call_may_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let client = client("http://127.0.0.1:1", &Arc::default());
    let (request, token, mut on_retry) = (request(), token(), |_: Retry<'_>| {});
    is_send(&client.ask(&request, &token, options(), &mut on_retry, pending()));
}

#[tokio::test]
async fn plain_http_is_for_this_machine_unless_allowed() {
    let url = "http://192.0.2.1:8080";
    let refused = Client::new(url.parse().unwrap(), false, NetworkEnv::default()).unwrap_err();
    assert_eq!(refused, ApiUrlError::PlainHttp("192.0.2.1".to_owned()));
    assert!(Client::new(url.parse().unwrap(), true, NetworkEnv::default()).is_ok());
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_name_servers_say() {
    for host in ["localhost", "LOCALHOST", "cloud.localhost", "localhost."] {
        let server = Hostile::saying(YES).await;
        call(&server.url.replace("127.0.0.1", host), &Arc::default()).await.unwrap();
    }
}

#[tokio::test]
async fn no_proxy_sees_plain_http() {
    let proxy = Hostile::saying(YES).await;
    let server = Hostile::saying(YES).await;
    let network = NetworkEnv::from_lookup(|name| name.ends_with("PROXY").then(|| proxy.url.clone().into()));
    let network = NetworkEnv { no_proxy: None, ..network };
    assert!(network.https_proxy.is_some());
    let client = Client::new(server.url.parse().unwrap(), true, network).unwrap();
    client.ask(&request(), &token(), options(), &mut |_| {}, pending()).await.unwrap();
    assert!(proxy.requests().is_empty());
}

#[test]
fn the_process_environment_brings_in_no_other_proxy() {
    // Environment variables belong to a process, so this starts another one: this same program, running one test.
    let nobody = "http://127.0.0.1:1";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "client::the_token_goes_into_one_header_and_nowhere_else"])
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, nobody)))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}
