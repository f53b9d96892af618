//! Tests bodies: no answer, no end, larger than they seem, and with another account's token.

use duo_provision::error::Code;

use super::{NONSENSE, UNKNOWN, reply};
use crate::TOKEN;
use crate::adversary::{Adversary, End, Say, Script};
use crate::canary::hexadecimal;
use crate::trial::{Outcome, Trial, all, sampled};

/// `{"ok":true}` in gzip (RFC 1952), zlib (RFC 1950) and Brotli (RFC 7932).
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\xca\xcf\x56\xb2\x2a\x29\x2a\x4d\xad\x05\x00\x90\x5f\xd4\xa7\x0b\x00\x00\x00";
const ZLIB: &[u8] = b"\x78\x9c\xab\x56\xca\xcf\x56\xb2\x2a\x29\x2a\x4d\xad\x05\x00\x16\xe3\x04\x11";
const BROTLI: &[u8] = b"\x0b\x05\x80\x7b\x22\x6f\x6b\x22\x3a\x74\x72\x75\x65\x7d\x03";

#[test]
fn a_success_that_says_something_else() {
    let nested = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let deep = format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let refused: Outcome = Code::CloudRefused.into();
    let cases: Vec<(&[u8], Outcome)> = vec![
        (b"", NONSENSE),
        (b" \r\n\t", NONSENSE),
        (b"\0", NONSENSE),
        (b"ok", NONSENSE),
        (b"Success!", NONSENSE),
        (b"<!doctype html><title>Sign in</title>", NONSENSE),
        (b"<?xml version=\"1.0\"?><ok>true</ok>", NONSENSE),
        (b"{\"ok\":tr", NONSENSE),
        (b"{\"ok\":true", NONSENSE),
        (b"{\"ok\":true}{\"ok\":true}", NONSENSE),
        (b"{\"ok\":true}\n<html>", NONSENSE),
        (b"\xef\xbb\xbf{\"ok\":true}", NONSENSE),
        (b"\xff\xfe{\0}\0", NONSENSE),
        (b"{\"ok\":\"\xff\"}", NONSENSE),
        (b"{'ok':true}", NONSENSE),
        (b"true", NONSENSE),
        (b"null", NONSENSE),
        (b"0", NONSENSE),
        (b"1e999", NONSENSE),
        (b"[{\"ok\":true}]", NONSENSE),
        (nested.as_bytes(), NONSENSE),
        (deep.as_bytes(), NONSENSE),
        (b"\"Failure!\"", refused),
        (b"{\"ok\":false}", refused),
        (b"{\"ok\":true,\"ok\":false}", refused),
        (b"{\"success\":false}", refused),
        (b"{\"error\":\"No\"}", refused),
        (b"{\"error\":true}", refused),
        (b"{\"error\":{}}", refused),
        (b"{\"error\":\"\"}", refused),
        (b"{\"ok\":true,\"error\":\"No\"}", refused),
        (b"{\"ok\":true,\"errors\":[\"No\"]}", refused),
        (b"{\"error\":\"Permission Denied\"}", Code::CloudPermissionDenied.into()),
        (b"{\"error\":\"invalid_token\"}", Code::CloudTokenInvalid.into()),
        (b"{\"error\":\"expired_token\"}", Code::CloudTokenExpired.into()),
        (b"{\"error\":\"Key error: no\"}", Code::CloudKeyRejected.into()),
        (b"{\"id\":\"0123456789abcdef01234567\"}", NONSENSE),
        (b"{\"id\":\"2a0048001951343334363138\",\"deviceID\":\"0123456789abcdef01234567\"}", NONSENSE),
        (b"{\"id\":null}", NONSENSE),
        (b"{\"id\":[\"2a0048001951343334363138\"]}", NONSENSE),
        (b"{\"id\":\"2a0048001951343334363138 \"}", NONSENSE),
        (b"{\"id\":\"\"}", NONSENSE),
        (b"{\"id\":\"2a0048001951343334363138\"}", Outcome::Done),
        (b"\"Success!\"", Outcome::Done),
    ];
    let trials = cases.iter().map(|(body, wanted)| {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let server = Adversary::start([Script::saying(reply("200 OK", "", body))]);
        Trial::against(shown, server, [*wanted])
    });
    all("a success that says something else", trials);
}

#[test]
fn bodies_without_measure() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let forever =
        |first: &str, again: &[u8]| Script::saying(first).then(Say::Forever(again.to_vec())).end(End::Hang);
    let spaces = " ".repeat(4096);
    let chunk = format!("1000\r\n{spaces}\r\n");
    let ten_megabytes = [reply("200 OK", "", " ".repeat(10 << 20)), b"{}".to_vec()].concat();
    let cases: Vec<(&str, Script, Outcome)> = vec![
        ("until the end, endless", forever("HTTP/1.1 200 OK\r\n\r\n", spaces.as_bytes()), NONSENSE),
        (
            "a page, endless",
            forever("HTTP/1.1 200 OK\r\n\r\n<html>", "<p>".repeat(4096).as_bytes()),
            NONSENSE,
        ),
        ("a string, endless", forever("HTTP/1.1 200 OK\r\n\r\n\"", &[b'a'; 4096]), NONSENSE),
        ("brackets, endless", forever("HTTP/1.1 200 OK\r\n\r\n", &[b'['; 4096]), NONSENSE),
        ("chunks, endless", forever(chunked, chunk.as_bytes()), NONSENSE),
        ("chunks of one byte, endless", forever(chunked, "1\r\n \r\n".repeat(1000).as_bytes()), NONSENSE),
        (
            "a chunk of 16 EiB",
            forever(&format!("{chunked}fffffffffffffffe\r\n"), spaces.as_bytes()),
            NONSENSE,
        ),
        ("a chunk's size, endless", forever(chunked, &[b'0'; 4096]), UNKNOWN),
        ("a chunk's extension, endless", forever(&format!("{chunked}1;"), &[b'x'; 4096]), UNKNOWN),
        (
            "chunks with extensions, endless",
            forever(chunked, "1;xxxxxxxxxxxxxxxxxxxxxxxx\r\n \r\n".repeat(1000).as_bytes()),
            UNKNOWN,
        ),
        (
            "trailers, endless",
            forever(&format!("{chunked}2\r\n{{}}\r\n0\r\n"), "x-a: b\r\n".repeat(1000).as_bytes()),
            UNKNOWN,
        ),
        ("10 MB", Script::saying(ten_megabytes), NONSENSE),
        (
            "a 403, endless",
            forever("HTTP/1.1 403 No\r\n\r\n", "<p>".repeat(4096).as_bytes()),
            Code::CloudPermissionDenied.into(),
        ),
        (
            "a 401, endless",
            forever("HTTP/1.1 401 No\r\n\r\n", "<p>".repeat(4096).as_bytes()),
            Code::CloudTokenInvalid.into(),
        ),
        (
            "a trickle",
            Script::saying("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n").then(Say::Trickle(b" ".into())),
            UNKNOWN,
        ),
        ("a trickle of chunks", Script::saying(chunked).then(Say::Trickle(b"1\r\n \r\n".into())), UNKNOWN),
        (
            "a 403, a trickle",
            Script::saying("HTTP/1.1 403 No\r\n\r\n").then(Say::Trickle(b" ".into())),
            Code::CloudPermissionDenied.into(),
        ),
    ];
    all(
        "bodies without measure",
        cases.into_iter().map(|(about, script, wanted)| {
            // A busy machine needs some time for 65,536 chunks.
            let seconds = if about == "chunks of one byte, endless" { 60 } else { 5 };
            Trial::against(about, Adversary::start([script]), [wanted]).within(seconds)
        }),
    );
}

/// A deflate stream (RFC 1951 §3.2.6) that expands to about 10 MB: one block of fixed codes, a zero, and "258 more of
/// the same" again and again.
fn bomb() -> Vec<u8> {
    // Least significant bit first; Huffman codes most significant bit first.
    let mut bits = vec![1, 1, 0];
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..38_000 {
        // Length code 285, which is 258, and distance code 0, which is 1.
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1]);
        bits.extend([0; 5]);
    }
    bits.extend([0; 7]);
    let byte = |eight: &[u8]| eight.iter().rev().fold(0, |byte, bit| byte << 1 | bit);
    bits.chunks(8).map(byte).collect()
}

#[test]
fn compressed_bodies_stay_compressed() {
    let gzip_bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], bomb().as_slice()].concat();
    let zlib_bomb = [&[0x78, 0x9c], bomb().as_slice()].concat();
    let cases: Vec<(&str, &[u8])> = vec![
        ("gzip", GZIP),
        ("x-gzip", GZIP),
        ("deflate", ZLIB),
        ("br", BROTLI),
        ("gzip", &gzip_bomb),
        ("deflate", &zlib_bomb),
        ("gzip, gzip", &gzip_bomb),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\x58\x59\0\0{\"ok\":true}"),
    ];
    let trials = cases.iter().flat_map(|(coding, body)| {
        ["content-encoding", "transfer-encoding"].map(|field| {
            let fields = format!("{field}: {coding}\r\n");
            let text = match field {
                "content-encoding" => reply("200 OK", &fields, body),
                _ => [format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), body].concat(),
            };
            let server = Adversary::start([Script::saying(text)]);
            Trial::against(format!("{field}: {coding}, {} bytes", body.len()), server, [NONSENSE])
        })
    });
    all("compressed bodies", trials);
}

#[test]
fn the_token_back() {
    let hex = hexadecimal(TOKEN.as_bytes(), "");
    let percent = hexadecimal(TOKEN.as_bytes(), "%");
    let forms = [
        TOKEN.to_owned(),
        TOKEN.to_uppercase(),
        hex.to_uppercase(),
        hex,
        percent.to_uppercase(),
        percent,
        TOKEN[..12].to_owned(),
        format!("{}...", &TOKEN[20..]),
        format!("{TOKEN}{TOKEN}"),
        "NWVjNGU3YTFiMmMzZDRlNWY2MDcxODI5M2E0YjVjNmQ3ZThmOTAxMg==".to_owned(),
        "QmVhcmVyIDVlYzRlN2ExYjJjM2Q0ZTVmNjA3MTgyOTNhNGI1YzZkN2U4ZjkwMTI=".to_owned(),
        "bWU6NWVjNGU3YTFiMmMzZDRlNWY2MDcxODI5M2E0YjVjNmQ3ZThmOTAxMg".to_owned(),
    ];
    let cases = forms.into_iter().flat_map(|form| {
        [200, 302, 401, 403, 409, 500].into_iter().flat_map(move |status| {
            let bodies = [
                format!("<html>Authorization: Bearer {form}</html>"),
                format!("{{\"error\":\"{form}\"}}"),
                format!("{{\"error\":\"invalid_token\",\"error_description\":\"{form} is not known\"}}"),
                format!("{{\"error\":{{\"message\":\"{form}\"}}}}"),
                format!("{{\"ok\":false,\"info\":\"{form}\"}}"),
                format!("{{\"id\":\"{form}\"}}"),
                format!("{{\"errors\":[{{\"{form}\":\"{form}\"}}]}}"),
                format!("\"{form}\""),
                format!("{}{form}", "x".repeat(180)),
            ];
            let form = form.clone();
            bodies.map(|body| {
                let fields = format!(
                    "x-{}: {form}\r\ncontent-type: text/{form}\r\nlocation: http://x/?t={form}\r\nretry-after: 3600\r\n",
                    form.replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
                );
                let text = reply(&format!("{status} {form}"), &fields, &body);
                let server = Adversary::start([Script::saying(text)]);
                // `trial` looks for the token; here only an error is required.
                let failures = Code::ALL.iter().filter(|code| matches!(code.exit_code(), 7 | 8));
                let failures: Vec<_> = failures.map(|code| Outcome::Fails(*code)).collect();
                Trial::against(format!("{status} {body}"), server, failures)
            })
        })
    });
    sampled("the token back", cases);
}
