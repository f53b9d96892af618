//! Tests what is tried again, when, and the result if that does not help.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use duo_provision::cloud::client::Retry;
use duo_provision::cloud::failure::CloudError;
use duo_provision::cloud::provisioning::Accepted;
use duo_provision::cloud::reply::Refusal;

use super::client::{YES, client, options};
use super::hostile::{DEADLINE, Hostile, Reaction, TestTimer};
use super::{request, token};

struct Told {
    outcome: Result<Accepted, CloudError>,
    retries: Vec<(u32, Duration)>,
    waits: Vec<Duration>,
    requests: usize,
}

/// Calls a server that gives these answers in turn, and is gone after the last.
async fn told(replies: &[&[u8]]) -> Told {
    let server = Hostile::start(replies.iter().map(|r| Reaction::Say(r.to_vec())).collect()).await;
    let timer = Arc::<TestTimer>::default();
    let client = client(&server.url, &timer);
    let mut retries = Vec::new();
    let mut on_retry = |retry: Retry<'_>| {
        retries.push((retry.attempt, retry.wait));
    };
    let outcome = client.ask(&request(), &token(), options(), &mut on_retry, pending()).await;
    Told { outcome, retries, waits: timer.waits(), requests: server.requests().len() }
}

fn status(line: &str, fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\n{fields}content-length: 0\r\n\r\n").into_bytes()
}

fn seconds(list: &[f64]) -> Vec<Duration> {
    list.iter().copied().map(Duration::from_secs_f64).collect()
}

#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    let busy = status("503 Busy", "");
    let slow = status("429 Slow down", "");
    let told = told(&[&busy, &slow, &status("500 Oops", ""), YES]).await;
    assert_eq!(told.outcome.unwrap().status, 200);
    assert_eq!(told.waits, seconds(&[0.5, 1.0, 2.0]), "the test's randomness always takes the longest wait");
    assert_eq!(told.retries, [1, 2, 3].into_iter().zip(told.waits).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_cloud_says_how_long_to_wait() {
    for (field, wait) in [
        ("7", 7.0),
        ("0", 0.5),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:07 GMT", 0.5),
        ("-1", 0.5),
        ("soon", 0.5),
    ] {
        let told = told(&[&status("429 Slow down", &format!("retry-after: {field}\r\n")), YES]).await;
        assert!(told.outcome.is_ok());
        assert_eq!(told.waits, seconds(&[wait]), "{field}");
    }
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_not_begun() {
    for line in ["429 Slow down", "503 Busy"] {
        let told = told(&[&status(line, "retry-after: 30\r\n"), YES]).await;
        let Err(CloudError::Refused(refusal)) = told.outcome else { panic!("{:?}", told.outcome) };
        assert!(refusal.is_transient());
        assert_eq!(refusal.retry_after(), Some(DEADLINE));
        assert_eq!((told.waits.len(), told.requests), (0, 1));
    }
}

#[tokio::test]
async fn a_cloud_that_stays_down_is_given_up_within_the_deadline() {
    let busy = status("502 Bad gateway", "");
    let told = told(&[busy.as_slice(); 20]).await;
    assert!(matches!(told.outcome, Err(CloudError::Refused(Refusal::ServerError { status: 502, .. }))));
    let waited: Duration = told.waits.iter().sum();
    assert!(waited < DEADLINE && told.requests == told.waits.len() + 1, "{:?}", told.waits);
    assert_eq!(told.waits, seconds(&[0.5, 1.0, 2.0, 4.0, 8.0, 8.0]));
}

#[tokio::test]
async fn a_refusal_is_final() {
    for line in
        ["200 OK", "307 Moved", "400 Bad", "401 No", "403 No", "404 No", "408 Late", "409 No", "499 No"]
    {
        let told = told(&[&status(line, "retry-after: 1\r\n"), YES]).await;
        assert!(matches!(told.outcome, Err(CloudError::Refused(_))), "{line}: {:?}", told.outcome);
        assert_eq!((told.waits.len(), told.requests), (0, 1), "{line}");
    }
}

#[tokio::test]
async fn a_lost_connection_is_not_tried_again() {
    let told = told(&[b"", YES]).await;
    assert!(matches!(told.outcome, Err(CloudError::OutcomeUnknown { .. })));
    assert_eq!((told.waits.len(), told.requests), (0, 1));
}

#[tokio::test]
async fn an_answer_outweighs_a_later_failure_to_connect() {
    let told = told(&[&status("504 Gateway timeout", "")]).await;
    let refused = matches!(told.outcome, Err(CloudError::Refused(Refusal::ServerError { status: 504, .. })));
    assert!(refused, "\"nothing was sent\" would be a lie: {:?}", told.outcome);
    assert_eq!(told.requests, 1);
}
