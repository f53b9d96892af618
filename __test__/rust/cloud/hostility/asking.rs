//! Tests the question about a device at each step. One function sends both this question and a key, so a few cases are
//! enough for each step. The answers differ, and all of them are tried.

use duo_provision::error::Code;

use super::connecting::closed_port;
use super::{NO_TRUST, NONSENSE, UNAVAILABLE, UNKNOWN, UNREACHABLE, reply};
use crate::TOKEN;
use crate::adversary::{Adversary, End, Say, Script, Wait};
use crate::authority::{Authority, localhost};
use crate::canary::hexadecimal;
use crate::trial::{Outcome, Trial, all, sampled};

const RECORD: &str =
    "{\"id\":\"2a0048001951343334363138\",\"name\":\"kitchen\",\"online\":false,\"last_heard\":null}";
const NOT_HERE: Outcome = Outcome::Finds("CLOUD_DEVICE_UNKNOWN");

fn known() -> Vec<u8> {
    reply("200 OK", "", RECORD)
}

fn against(about: impl Into<String>, script: Script, wanted: impl Into<Vec<Outcome>>) -> Trial {
    Trial::against(about, Adversary::start([script]), wanted).asking()
}

#[test]
fn before_an_answer() {
    let closed = || {
        let (socket, address) = closed_port();
        let url = format!("http://{address}");
        Trial::of(&url, &url, [UNREACHABLE]).holding(socket).briefly().asking()
    };
    let nobody =
        || Trial::of("nobody", "http://nobody.invalid", [UNREACHABLE]).allow_http().briefly().asking();
    let unread = [End::Close, End::Reset].into_iter().flat_map(|end| {
        [Wait::Nothing, Wait::Bytes(1), Wait::Request].map(|wait| {
            let about = format!("{end:?} after {wait:?}");
            against(about, Script::silent().after(wait).end(end), [UNKNOWN]).briefly()
        })
    });
    let silent = || against("silence", Script::silent().end(End::Hang), [UNKNOWN]).briefly();
    all("asking, before an answer", [closed(), nobody(), silent()].into_iter().chain(unread));
}

#[test]
fn over_tls() {
    let authority = Authority::new();
    let trusted = authority.issue(&localhost());
    let stranger = Authority::new().issue(&localhost());
    let cases = [("trusted", trusted, Outcome::Done), ("a stranger", stranger, NO_TRUST)];
    let trials = cases.into_iter().map(|(about, tls, wanted)| {
        let server = Adversary::start([Script::saying(known()).over(&std::sync::Arc::new(tls))]);
        Trial::of(about, format!("https://localhost:{}", server.port()), [wanted])
            .origin(server)
            .env("SSL_CERT_FILE", authority.file.to_str().unwrap())
            .asking()
    });
    all("asking, over TLS", trials);
}

#[test]
fn an_end_at_each_byte() {
    let whole = known();
    let cases = (0..=whole.len()).map(|bytes| {
        let wanted = if bytes == whole.len() { Outcome::Done } else { UNKNOWN };
        against(format!("after {bytes} bytes"), Script::saying(&whole[..bytes]), [wanted])
    });
    sampled("asking, an end at each byte", cases);
}

#[test]
fn the_user_ends_it() {
    let cases = [0, 10, 60].map(|bytes| {
        let script = Script::saying(&known()[..bytes]).end(End::Hang);
        against(format!("after {bytes} bytes"), script, [Code::Interrupted.into()]).cancelled()
    });
    all("asking, stopped", cases.into_iter());
}

/// The codes that a status and a body should lead to.
fn wanted(status: u16, body: &str) -> Outcome {
    match (status, body) {
        // The body of a 204 is not read.
        (101 | 204 | 300..=399, _) => NONSENSE,
        (408, _) => UNAVAILABLE,
        (429, _) => Code::CloudRateLimited.into(),
        (403 | 404, body) if body.contains("error") || body.starts_with('"') => NOT_HERE,
        (_, body) if body.contains("Permission") => Code::CloudPermissionDenied.into(),
        (401, _) => Code::CloudTokenInvalid.into(),
        (403, _) => Code::CloudPermissionDenied.into(),
        (404, _) => Code::CloudNotFound.into(),
        (500..600, _) => UNAVAILABLE,
        (_, body) if body.contains("error") || body.starts_with('"') => Code::CloudRefused.into(),
        (200..300, RECORD) => Outcome::Done,
        _ => NONSENSE,
    }
}

#[test]
fn every_status_that_means_something() {
    let bodies = [
        "",
        RECORD,
        "{\"ok\":true}",
        "<html>It works!</html>",
        "{\"error\":\"Permission Denied\",\"info\":\"I didn't recognize that device name or ID\"}",
        "{\"error\":\"No device found\",\"ok\":false}",
        "\"Oops\"",
        "{\"id\":\"0123456789abcdef01234567\"}",
    ];
    let statuses =
        [101, 200, 201, 204, 301, 302, 304, 307, 308, 400, 401, 403, 404, 408, 409, 418, 429, 500, 502, 503];
    let cases = statuses.into_iter().flat_map(|status| {
        bodies.into_iter().map(move |body| {
            let text = reply(&format!("{status} Whatever"), "retry-after: 3600\r\n", body);
            let server = Adversary::start([Script::saying(text), Script::saying(known())]);
            Trial::against(format!("{status} {body}"), server, [wanted(status, body)])
                .asking()
                .check(|told| if told.heard.len() == 1 { Ok(()) } else { Err("asked twice".to_owned()) })
        })
    });
    sampled("asking, every status", cases);
}

#[test]
fn redirects_are_not_followed() {
    let cases = [301, 302, 303, 307, 308].into_iter().map(|status| {
        let other = Adversary::start([Script::saying(known())]);
        let text = reply(&format!("{status} Go"), &format!("location: {}/\r\n", other.url()), "");
        against(format!("{status}"), Script::saying(text), [NONSENSE])
            .other(other)
            .check(|told| if told.others == 0 { Ok(()) } else { Err("followed".to_owned()) })
    });
    all("asking, redirects", cases);
}

/// A question has no unknown outcome after a server error: the next answer counts.
#[test]
fn what_follows_a_server_error_counts() {
    let busy = || Script::saying(reply("503 Busy", "retry-after: 0\r\n", ""));
    let denied = || Script::saying(reply("403 No", "", "{\"error\":\"Permission Denied\"}"));
    let cases = [
        ("then yes", Script::saying(known()), Outcome::Done),
        ("then no", denied(), NOT_HERE),
        ("then half an answer", Script::saying(&known()[..30]), UNKNOWN),
    ];
    let trials = cases.into_iter().map(|(about, second, wanted)| {
        Trial::against(about, Adversary::start([busy(), second]), [wanted]).asking()
    });
    all("asking, several tries", trials);
}

#[test]
fn bodies_of_every_kind() {
    let id = "\"id\":\"2a0048001951343334363138\"";
    let forever =
        |first: &str, again: &[u8]| Script::saying(first).then(Say::Forever(again.to_vec())).end(End::Hang);
    let said = |body: &str| Script::saying(reply("200 OK", "", body));
    let nested = format!("{{{id},\"variables\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let long = format!("{{{id},\"name\":\"{}\"}}", "n".repeat(60_000));
    let cases: Vec<(&str, Script, Outcome)> = vec![
        ("null", said("null"), NONSENSE),
        ("a list", said(&format!("[{RECORD}]")), NONSENSE),
        ("no id", said("{\"name\":\"kitchen\"}"), NONSENSE),
        ("an id of null", said("{\"id\":null}"), NONSENSE),
        ("an id in a list", said("{\"id\":[\"2a0048001951343334363138\"]}"), NONSENSE),
        ("two records", said(&format!("{RECORD}{RECORD}")), NONSENSE),
        ("nested", said(&nested), NONSENSE),
        ("a long name", said(&long), Outcome::Done),
        (
            "a name that moves the cursor",
            said(&format!("{{{id},\"name\":\"\\u001b[2J\\u202e\"}}")),
            Outcome::Done,
        ),
        (
            "members of other types",
            said(&format!(
                "{{{id},\"name\":7,\"online\":\"no\",\"last_heard\":{{}},\"product_id\":\"88\",\"platform_id\":-1e99}}"
            )),
            Outcome::Done,
        ),
        (
            "dates out of range",
            said(&format!("{{{id},\"last_heard\":\"9999-99-99T99:99:99Z\",\"product_id\":1e300}}")),
            Outcome::Done,
        ),
        (
            "a name, endless",
            forever(&format!("HTTP/1.1 200 OK\r\n\r\n{{{id},\"name\":\""), &[b'a'; 4096]),
            NONSENSE,
        ),
        (
            "a trickle",
            Script::saying("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n").then(Say::Trickle(b" ".into())),
            UNKNOWN,
        ),
        ("a 403, endless", forever("HTTP/1.1 403 No\r\n\r\n", b"<p>"), Code::CloudPermissionDenied.into()),
        ("fields, endless", forever("HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"), UNKNOWN),
    ];
    let trials = cases.into_iter().map(|(about, script, wanted)| against(about, script, [wanted]).within(3));
    all("asking, bodies", trials);
}

/// Particle's API does repeat it, in the text that denies a device.
#[test]
fn the_token_back() {
    let forms =
        [TOKEN.to_owned(), TOKEN.to_uppercase(), hexadecimal(TOKEN.as_bytes(), ""), TOKEN[..12].to_owned()];
    let cases = forms.into_iter().flat_map(|form| {
        let bodies = [
            format!("{{\"error\":\"Permission Denied\",\"info\":\"try opening https://api.particle.io/v1/devices?access_token={form}\"}}"),
            format!("{{\"id\":\"{form}\"}}"),
            format!("{{\"id\":\"{}\",\"name\":\"{form}\",\"last_heard\":\"{form}\"}}", crate::DEVICE),
            format!("<html>{form}</html>"),
        ];
        bodies.into_iter().flat_map(move |body| {
            let form = form.clone();
            [200, 302, 401, 403, 404, 500].map(move |status| {
                let fields = format!("x-a: {form}\r\nlocation: http://x/?t={form}\r\nretry-after: 3600\r\n");
                let script = Script::saying(reply(&format!("{status} {form}"), &fields, &body));
                // `trial` looks for the token; how the call ends is tested above.
                let any: Vec<_> = Code::ALL.iter().map(|code| Outcome::Fails(*code)).collect();
                against(format!("{status} {body}"), script, [any, vec![Outcome::Done, NOT_HERE]].concat())
            })
        })
    });
    sampled("asking, the token back", cases);
}
