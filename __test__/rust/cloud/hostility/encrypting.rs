//! Tests TLS: certificates that must be refused, and servers that do anything except a handshake.

use std::sync::{Arc, LazyLock, Mutex};

#[cfg(unix)]
use duo_provision::error::Code;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;

use super::{NO_TRUST, UNKNOWN, UNREACHABLE, reply};
use crate::adversary::{Adversary, End, Say, Script, Wait};
use crate::authority::{Authority, config, localhost};
use crate::client::YES;
use crate::trial::{Outcome, Trial, all, sampled};

/// The authority that all these calls trust.
static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// The `close_notify` at the end of a TLS 1.3 connection: a record of 5 bytes, alert, type and tag.
const CLOSE_NOTIFY: usize = 5 + 2 + 1 + 16;

fn trial(about: &str, server: Adversary, wanted: impl Into<Vec<Outcome>>) -> Trial {
    Trial::of(about, format!("https://localhost:{}", server.port()), wanted)
        .origin(server)
        .env("SSL_CERT_FILE", AUTHORITY.file.to_str().unwrap())
}

fn sound() -> Arc<ServerConfig> {
    Arc::new(AUTHORITY.issue(&localhost()))
}

/// A record of TLS 1.2 (RFC 8446 §5.1): 20 change_cipher_spec, 21 alert, 22 handshake, 23 application data.
fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], payload].concat()
}

#[test]
fn certificates_that_prove_nothing() {
    let with = |change: fn(&mut CertificateParams)| {
        let mut params = localhost();
        change(&mut params);
        AUTHORITY.issue(&params)
    };
    let self_signed = |is_ca| {
        let key = KeyPair::generate().unwrap();
        let mut params = localhost();
        params.is_ca = is_ca;
        config(params.self_signed(&key).unwrap(), &key)
    };
    let others = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        AUTHORITY.issue(&CertificateParams::new(names).unwrap())
    };
    let cases = [
        ("expired", with(|params| params.not_after = date_time_ymd(2001, 1, 1))),
        ("not valid yet", with(|params| params.not_before = date_time_ymd(4000, 1, 1))),
        ("self-signed", self_signed(IsCa::NoCa)),
        ("self-signed, an authority", self_signed(IsCa::Ca(BasicConstraints::Unconstrained))),
        ("of a stranger", Authority::new().issue(&localhost())),
        ("of another host", others(&["example.org"])),
        ("of a host that only begins alike", others(&["localhost.example.org"])),
        ("of hosts below", others(&["*.localhost"])),
        ("of an address", others(&["127.0.0.1"])),
        ("of nobody", others(&[])),
    ];
    all(
        "certificates",
        cases.into_iter().map(|(about, config)| {
            trial(about, Adversary::start([Script::saying(YES).over(&Arc::new(config))]), [NO_TRUST])
        }),
    );
}

#[test]
fn servers_that_speak_something_else() {
    let huge = [&[2, 0xff, 0xff, 0xff][..], &[0; 16_000]].concat();
    let once = |bytes: &[u8]| Script::saying(bytes).after(Wait::Bytes(1)).end(End::Hang);
    let forever =
        |bytes: Vec<u8>| Script::silent().after(Wait::Bytes(1)).then(Say::Forever(bytes)).end(End::Hang);
    let cases: Vec<(&str, Script, Outcome)> = vec![
        ("plain HTTP", once(&reply("400 Bad Request", "", "")), NO_TRUST),
        ("SSH", once(b"SSH-2.0-OpenSSH_9.2\r\n"), NO_TRUST),
        ("a handshake failure", once(&record(21, &[2, 40])), NO_TRUST),
        ("no common version", once(&record(21, &[2, 70])), NO_TRUST),
        ("application data first", once(&record(23, YES)), NO_TRUST),
        ("a record too long", once(&[22, 3, 3, 0xff, 0xff]), NO_TRUST),
        ("warnings for ever", forever(record(21, &[1, 90])), NO_TRUST),
        ("empty records for ever", forever(record(22, &[])), NO_TRUST),
        ("changes of cipher for ever", forever(record(20, &[1])), NO_TRUST),
        ("a hello without end", forever(record(22, &huge)), NO_TRUST),
        ("zeros for ever", forever(vec![0; 4096]), NO_TRUST),
        ("nothing", once(b""), UNREACHABLE),
        ("half a record", once(&record(22, &[2, 0, 0, 80, 3, 3])[..7]), UNREACHABLE),
        ("an end", Script::silent().after(Wait::Bytes(1)), UNREACHABLE),
        ("a reset", Script::silent().after(Wait::Bytes(1)).end(End::Reset), UNREACHABLE),
        ("an end at once", Script::silent().after(Wait::Nothing), UNREACHABLE),
        (
            "a trickle",
            Script::silent().after(Wait::Bytes(1)).then(Say::Trickle(record(22, &huge))),
            UNREACHABLE,
        ),
    ];
    all(
        "no TLS",
        cases
            .into_iter()
            .map(|(about, script, wanted)| trial(about, Adversary::start([script]), [wanted]).briefly()),
    );
}

/// The whole conversation in TLS, with a reset of the connection after each byte from the server.
#[test]
fn a_reset_at_each_byte() {
    let tls = sound();
    let script = move || Script::saying(YES).over(&tls).end(End::Close);
    let whole = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&whole);
    let undisturbed = trial("whole", Adversary::start([script()]), [Outcome::Done]).check(move |told| {
        *seen.lock().unwrap() = told.sent;
        Ok(())
    });
    all("TLS, undisturbed", std::iter::once(undisturbed));
    // Signatures differ in length by a few bytes.
    let whole = *whole.lock().unwrap();
    sampled(
        "TLS, reset at each byte",
        (0..whole).map(move |bytes| {
            let server = Adversary::start([script().cut_after(bytes).end(End::Reset)]);
            let about = format!("reset after {bytes} of {whole} bytes");
            // A connection that fails before the request is tried again.
            if bytes + CLOSE_NOTIFY + 8 < whole {
                trial(&about, server, [UNREACHABLE, NO_TRUST, UNKNOWN]).briefly()
            } else {
                trial(&about, server, [UNKNOWN, Outcome::Done])
            }
        }),
    );
}

#[test]
fn an_end_without_a_farewell_is_no_end_of_a_body() {
    // Without a length, the body ends with the connection, so anybody on the network path could cut it.
    let until_the_end = b"HTTP/1.1 200 OK\r\n\r\n{\"ok\":true}";
    let farewell = Script::saying(until_the_end).over(&sound());
    let none = farewell.clone().end(End::Reset);
    all(
        "TLS, the end of a body",
        [(farewell, Outcome::Done), (none, UNKNOWN)]
            .into_iter()
            .map(|(script, wanted)| trial("a body until the end", Adversary::start([script]), [wanted])),
    );
}

#[cfg(unix)]
#[test]
fn certificates_that_are_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let cases = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];
    all(
        "certificates in a FIFO",
        cases.into_iter().map(|name| {
            let server = Adversary::start([Script::saying(YES).over(&sound())]);
            trial(name, server, [Code::CloudNoRoots.into()]).briefly().env(name, fifo.to_str().unwrap())
        }),
    );
}
