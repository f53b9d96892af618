//! Tests the bytes of the reply: cut at each of them, without an end, and not HTTP at all.

use duo_provision::error::Code;

use super::{NONSENSE, UNAVAILABLE, UNKNOWN, reply};
use crate::adversary::{Adversary, End, Say, Script};
use crate::client::YES;
use crate::trial::{Outcome, Trial, all, sampled};

const DENIED: Outcome = Outcome::Fails(Code::CloudPermissionDenied);
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"ok\"\r\n6;x=y\r\n:true}\r\n0\r\nx-a: b\r\n\r\n";
const UNTIL_THE_END: &str = "HTTP/1.1 200 OK\r\nx-a: b\r\n\r\n{\"ok\":true}";
const FORBIDDEN: &str =
    "HTTP/1.1 403 Forbidden\r\ncontent-length: 29\r\n\r\n{\"error\":\"Permission Denied\"}";
const INTERIM: &str =
    "HTTP/1.1 103 Early hints\r\nlink: </>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";

const WITH_A_LENGTH: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";
const REPLIES: [&str; 5] = [WITH_A_LENGTH, CHUNKED, UNTIL_THE_END, FORBIDDEN, INTERIM];

/// The outcomes for a reply that is cut after this many bytes; `end` says how.
fn cut(text: &str, bytes: usize, end: End) -> Vec<Outcome> {
    let final_head = text.rfind("HTTP/1.1 ").unwrap();
    let body = final_head + text[final_head..].find("\r\n\r\n").unwrap() + 4;
    let whole = bytes == text.len();
    match text {
        _ if bytes < body => vec![UNKNOWN],
        // Windows discards what has arrived already.
        FORBIDDEN if end == End::Reset && cfg!(windows) => vec![DENIED, UNKNOWN],
        // Its status is enough.
        FORBIDDEN => vec![DENIED],
        UNTIL_THE_END if end != End::Close => vec![UNKNOWN],
        UNTIL_THE_END if !whole => vec![NONSENSE],
        _ if !whole => vec![UNKNOWN],
        // A reset may discard bytes that were under way.
        _ if end == End::Reset => vec![UNKNOWN, Outcome::Done],
        _ => vec![Outcome::Done],
    }
}

#[test]
fn an_end_at_each_byte() {
    let cases = [End::Close, End::Reset].into_iter().flat_map(|end| {
        REPLIES.into_iter().flat_map(move |text| {
            (0..=text.len()).map(move |bytes| {
                let server = Adversary::start([Script::saying(&text[..bytes]).end(end)]);
                let about = format!("{end:?} after {:?}", &text[..bytes]);
                Trial::against(about, server, cut(text, bytes, end))
            })
        })
    });
    sampled("reply, end at each byte", cases);
}

#[test]
fn silence_from_each_byte_on() {
    let cases = REPLIES.into_iter().flat_map(|text| {
        (0..text.len()).map(move |bytes| {
            let server = Adversary::start([Script::saying(&text[..bytes]).end(End::Hang)]);
            let wanted = if text == FORBIDDEN { vec![DENIED, UNKNOWN] } else { vec![UNKNOWN] };
            Trial::against(format!("silence after {:?}", &text[..bytes]), server, wanted).briefly()
        })
    });
    sampled("reply, silence from each byte on", cases);
}

#[test]
fn a_status_that_refuses_is_believed_though_its_body_never_ends() {
    let cases = [
        ("403 No", "", DENIED),
        ("403 No", "{\"error\":\"Perm", DENIED),
        ("401 No", "<html>", Code::CloudTokenInvalid.into()),
        ("302 Found", "<html>", NONSENSE),
        ("502 Bad gateway", "<html>", UNAVAILABLE),
    ];
    all(
        "reply, a refusal without end",
        cases.into_iter().map(|(line, body, wanted)| {
            let said = format!("HTTP/1.1 {line}\r\nretry-after: 60\r\n\r\n{body}");
            let server = Adversary::start([Script::saying(said).end(End::Hang)]);
            Trial::against(format!("{line} {body}"), server, [wanted]).within(5)
        }),
    );
}

#[test]
fn the_user_ends_it_at_each_byte() {
    let cases = (0..YES.len()).map(|bytes| {
        let server = Adversary::start([Script::saying(&YES[..bytes]).end(End::Hang)]);
        Trial::against(format!("stopped after {bytes} bytes"), server, [Code::Interrupted.into()])
            .cancelled()
            .check(|told| {
                let known = told.said.contains("may have been sent");
                known
                    .then_some(())
                    .ok_or_else(|| "it has to say that the request may have been sent".to_owned())
            })
    });
    sampled("reply, stopped at each byte", cases);
}

#[test]
fn heads_without_measure() {
    let megabyte = "b".repeat(1 << 20);
    let fields = "x-a: bbbbbbbb\r\n".repeat(1 << 16);
    let forever =
        |first: &str, again: &[u8]| Script::saying(first).then(Say::Forever(again.to_vec())).end(End::Hang);
    let start = "HTTP/1.1 200 OK\r\n";
    let cases: Vec<(&str, Script)> = vec![
        ("1 MB in one field", Script::saying(format!("{start}x-a: {megabyte}\r\n\r\n{{}}"))),
        ("1 MB of fields", Script::saying(format!("{start}{fields}\r\n{{}}"))),
        ("1 MB of a field's name", Script::saying(format!("{start}{megabyte}: a\r\n\r\n{{}}"))),
        ("1 MB of a reason", Script::saying(format!("HTTP/1.1 200 {megabyte}\r\n\r\n{{}}"))),
        ("65 fields", Script::saying(format!("{start}{}\r\n{{}}", "a: b\r\n".repeat(65)))),
        ("fields for ever", forever(start, b"x-a: b\r\n")),
        ("a field for ever", forever("HTTP/1.1 200 OK\r\nx-a: ", b"bbbbbbbbbbbbbbbb")),
        ("a folded field for ever", forever("HTTP/1.1 200 OK\r\nx-a: b\r\n", b" b\r\n")),
        ("a reason for ever", forever("HTTP/1.1 200 ", b"aaaaaaaaaaaaaaaa")),
        ("empty lines for ever", forever("", b"\r\n")),
        ("zeros for ever", forever("", &[0; 4096])),
        ("100 for ever", forever("", b"HTTP/1.1 100 Continue\r\n\r\n")),
        ("102 for ever", forever("", b"HTTP/1.1 102 Processing\r\nx-a: b\r\n\r\n")),
        ("a trickle of a head", Script::silent().then(Say::Trickle(start.into()))),
        ("a trickle of 100", Script::silent().then(Say::Trickle(b"HTTP/1.1 100 Continue\r\n\r\n".into()))),
    ];
    all(
        "heads without measure",
        cases
            .into_iter()
            .map(|(about, script)| Trial::against(about, Adversary::start([script]), [UNKNOWN]).briefly()),
    );
}

#[test]
fn what_is_not_quite_http() {
    let yes = "{\"ok\":true}";
    let with = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n{yes}");
    let cases: Vec<(&str, String, Outcome)> = vec![
        ("HTTP/0.9", yes.into(), UNKNOWN),
        ("HTTP/1.0", format!("HTTP/1.0 200 OK\r\n\r\n{yes}"), Outcome::Done),
        ("HTTP/1.2", format!("HTTP/1.2 200 OK\r\n\r\n{yes}"), UNKNOWN),
        ("HTTP/2.0", format!("HTTP/2.0 200 OK\r\n\r\n{yes}"), UNKNOWN),
        ("HTTP/2 frames", "\0\0\0\x04\0\0\0\0\0".into(), UNKNOWN),
        ("lower case", format!("http/1.1 200 OK\r\n\r\n{yes}"), UNKNOWN),
        ("ICY", format!("ICY 200 OK\r\n\r\n{yes}"), UNKNOWN),
        ("no status", "HTTP/1.1\r\n\r\n".into(), UNKNOWN),
        ("no reason", format!("HTTP/1.1 200\r\n\r\n{yes}"), Outcome::Done),
        ("two digits", format!("HTTP/1.1 20 OK\r\n\r\n{yes}"), UNKNOWN),
        ("four digits", format!("HTTP/1.1 2000 OK\r\n\r\n{yes}"), UNKNOWN),
        ("status 000", format!("HTTP/1.1 000 OK\r\n\r\n{yes}"), UNKNOWN),
        ("status 099", format!("HTTP/1.1 099 OK\r\n\r\n{yes}"), UNKNOWN),
        ("status -20", format!("HTTP/1.1 -20 OK\r\n\r\n{yes}"), UNKNOWN),
        ("a field without a colon", with("nonsense\r\n"), UNKNOWN),
        ("a field without a name", with(": b\r\n"), UNKNOWN),
        ("a NUL in a field", with("x-a: \0\r\n"), UNKNOWN),
        ("a length that is negative", with("content-length: -11\r\n"), UNKNOWN),
        ("a length in words", with("content-length: eleven\r\n"), UNKNOWN),
        ("a length past 64 bits", with("content-length: 99999999999999999999\r\n"), UNKNOWN),
        ("a length of 16 EiB", with("content-length: 18446744073709551613\r\n"), UNKNOWN),
        ("two lengths", with("content-length: 11\r\ncontent-length: 2\r\n"), UNKNOWN),
        ("too short a length", with("content-length: 5\r\n"), NONSENSE),
        ("too long a length", with("content-length: 12\r\n"), UNKNOWN),
        ("an unknown transfer coding", with("transfer-encoding: gzip\r\n"), Outcome::Done),
        ("a chunk that is none", with("transfer-encoding: chunked\r\n"), UNKNOWN),
        ("SSH", "SSH-2.0-OpenSSH_9.2\r\n".into(), UNKNOWN),
        ("TLS", "\x15\x03\x03\0\x02\x02\x28".into(), UNKNOWN),
    ];
    all(
        "not quite HTTP",
        cases.into_iter().map(|(about, text, wanted)| {
            Trial::against(about, Adversary::start([Script::saying(text)]), [wanted])
        }),
    );
}

#[test]
fn two_replies_are_one() {
    let second = [reply("200 OK", "", "{\"error\":\"no\"}"), YES.to_vec()].concat();
    let first = [YES, &reply("403 Forbidden", "", "")].concat();
    let cases = [(second, Code::CloudRefused.into()), (first, Outcome::Done)];
    all(
        "two replies",
        cases.into_iter().map(|(text, wanted)| {
            Trial::against("two replies", Adversary::start([Script::saying(text)]), [wanted])
        }),
    );
}
