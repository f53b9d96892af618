//! Tests every status with every kind of body, and redirects.

use duo_provision::error::Code;

use super::{NONSENSE, UNAVAILABLE, UNKNOWN, reply};
use crate::adversary::{Adversary, Script};
use crate::client::YES;
use crate::trial::{Outcome, Trial, sampled};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Nothing,
    Yes,
    Page,
    Denied,
    NotOk,
    OtherDevice,
}

impl Body {
    const ALL: [Self; 6] =
        [Self::Nothing, Self::Yes, Self::Page, Self::Denied, Self::NotOk, Self::OtherDevice];

    fn text(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Yes => "{\"ok\":true}",
            Self::Page => "<html><title>It works!</title></html>",
            Self::Denied => "{\"error\":\"Permission Denied\"}",
            Self::NotOk => "{\"ok\":false}",
            Self::OtherDevice => "{\"id\":\"0123456789abcdef01234567\"}",
        }
    }
}

/// The codes that the documented exit codes require.
fn wanted(status: u16, body: Body) -> Outcome {
    match (status, body) {
        // Not a final answer: the connection ended without one.
        (100 | 102..200, _) => UNKNOWN,
        // Replies without a body, whatever follows the head (RFC 9110 §15.3.5, §15.4.5).
        (101 | 204 | 300..=399, _) => NONSENSE,
        (408, _) => UNAVAILABLE,
        (429, _) => Code::CloudRateLimited.into(),
        (_, Body::Denied) | (403, _) => Code::CloudPermissionDenied.into(),
        (401, _) => Code::CloudTokenInvalid.into(),
        (404, _) => Code::CloudNotFound.into(),
        (500..600, _) => UNAVAILABLE,
        (_, Body::NotOk) => Code::CloudRefused.into(),
        (200..300, Body::Yes) => Outcome::Done,
        _ => NONSENSE,
    }
}

#[test]
fn every_status_with_every_body() {
    let statuses = (100..600).chain([600, 700, 999]);
    let cases = statuses.flat_map(|status| {
        // Every body for the statuses with a meaning, two bodies for the others.
        let telling = matches!(status, 100..=103 | 199..=207 | 226 | 300..=308 | 400..=404 | 407..=410 | 429 | 499..=504);
        let bodies = if telling { &Body::ALL[..] } else { &Body::ALL[..2] };
        bodies.iter().map(move |&body| {
            // The client does not begin a wait that ends after the deadline, so it does not try again here.
            let text = reply(&format!("{status} Whatever"), "retry-after: 3600\r\n", body.text());
            let server = Adversary::start([Script::saying(text), Script::saying(YES)]);
            Trial::against(format!("{status} {body:?}"), server, [wanted(status, body)])
                .check(|told| if told.heard.len() == 1 { Ok(()) } else { Err("asked twice".to_owned()) })
        })
    });
    sampled("every status with every body", cases);
}

#[test]
fn redirects_of_every_kind() {
    let cases =
        [300, 301, 302, 303, 304, 305, 306, 307, 308, 399, 200, 201, 401].into_iter().flat_map(|status| {
            let elsewhere = |format: &'static str| {
                let other = Adversary::start([Script::saying(YES)]);
                let fields = format.replace("OTHER", &format!("127.0.0.1:{}", other.port()));
                let wanted: Outcome = match status {
                    401 => Code::CloudTokenInvalid.into(),
                    // The other header fields of a success do not matter.
                    200..300 => Outcome::Done,
                    _ => NONSENSE,
                };
                let body = if status < 300 { "{\"ok\":true}" } else { "" };
                let origin =
                    Adversary::start([Script::saying(reply(&format!("{status} Go away"), &fields, body))]);
                Trial::against(format!("{status} {format}"), origin, [wanted]).other(other).check(|told| {
                    match (told.others, told.heard.len()) {
                        (0, 1) => Ok(()),
                        counts => Err(format!("followed: {counts:?}")),
                    }
                })
            };
            [
                "location: http://OTHER/\r\n",
                "location: https://OTHER/\r\n",
                "location: //OTHER/v1\r\n",
                "location: /elsewhere\r\n",
                "location: ?x\r\n",
                "location: http://me:secret@OTHER/\r\n",
                "location: javascript:alert(1)\r\n",
                "location: \r\n",
                "location: http://[\r\n",
                "location: \u{1F986}\r\n",
                "location: http://OTHER/\r\nlocation: http://OTHER/2\r\n",
                "refresh: 0; url=http://OTHER/\r\n",
                "alt-svc: http/1.1=\"OTHER\"\r\n",
                "link: <http://OTHER/>; rel=preload\r\n",
                "www-authenticate: Bearer realm=\"http://OTHER/\"\r\n",
                "",
            ]
            .map(elsewhere)
        });
    sampled("redirects", cases);
}
