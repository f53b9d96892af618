//! Tests a proxy that is asked for a tunnel and gets nothing else, and calls that no proxy may see.

use std::sync::{Arc, LazyLock};

use rcgen::CertificateParams;
use rustls::ServerConfig;

use super::{NO_TRUST, UNKNOWN, UNREACHABLE, reply};
use crate::adversary::{Adversary, End, Say, Script, Wait};
use crate::authority::{Authority, localhost};
use crate::client::YES;
use crate::trial::{Outcome, PROXY_PASSWORD, Trial, all, sampled};

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// A name that only a proxy can know.
const CLOUD: &str = "cloud.invalid";
const TUNNEL: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
/// Every variable that programs read a proxy from.
const VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

fn cloud() -> Arc<ServerConfig> {
    Arc::new(AUTHORITY.issue(&CertificateParams::new(vec![CLOUD.to_owned()]).unwrap()))
}

/// A call to the cloud through this proxy, which has a password.
fn trial(about: impl Into<String>, proxy: Adversary, wanted: impl Into<Vec<Outcome>>) -> Trial {
    let address = format!("http://somebody:{PROXY_PASSWORD}@127.0.0.1:{}", proxy.port());
    Trial::of(about, format!("https://{CLOUD}"), wanted)
        .origin(proxy)
        .env("SSL_CERT_FILE", AUTHORITY.file.to_str().unwrap())
        .env("HTTPS_PROXY", address)
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_whatever_the_variable() {
    let cases = VARIABLES[..4].iter().map(|name| {
        let proxy = Adversary::start([Script::saying(YES).over(&cloud()).behind_proxy(TUNNEL)]);
        let address = proxy.url();
        trial(*name, proxy, [Outcome::Done]).env("HTTPS_PROXY", "").env(name, address)
    });
    all("proxy, by variable", cases);
}

#[test]
fn proxies_that_give_no_tunnel() {
    let elsewhere = "location: https://127.0.0.1:1/\r\n";
    let html = "content-type: text/html\r\n";
    let no_tls = vec![NO_TRUST, UNREACHABLE];
    let once = |bytes: Vec<u8>| Script::saying(bytes);
    let forever = |first: &str, again: &str| {
        Script::saying(first).then(Say::Forever(again.as_bytes().to_vec())).end(End::Hang)
    };
    let cases: Vec<(&str, Script, Vec<Outcome>)> = vec![
        (
            "407",
            once(reply("407 Who are you", "proxy-authenticate: Basic realm=\"x\"\r\n", "")),
            vec![UNREACHABLE],
        ),
        ("407, a page", once(reply("407 Who are you", html, "<html>Log in</html>")), vec![UNREACHABLE]),
        ("403", once(reply("403 Forbidden", html, "<html>No</html>")), vec![UNREACHABLE]),
        ("502", once(reply("502 Bad gateway", "", "")), vec![UNREACHABLE]),
        ("a redirect", once(reply("302 Found", elsewhere, "")), vec![UNREACHABLE]),
        // Bytes after the head are dropped, so a page that came in one piece looks like the end of the connection.
        ("a page for a tunnel", once(reply("200 OK", html, "<html>Welcome</html>")), no_tls.clone()),
        ("an answer for a tunnel", once(YES.to_vec()), no_tls),
        ("100 for ever", forever("", "HTTP/1.1 100 Continue\r\n\r\n"), vec![UNREACHABLE]),
        ("a head without end", forever("HTTP/1.1 200 OK\r\n", "x-a: b\r\n"), vec![UNREACHABLE]),
        ("a field without end", forever("HTTP/1.1 200 OK\r\nx-a: ", "bbbbbbbbbbbbbbbb"), vec![UNREACHABLE]),
        ("no HTTP", once(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), vec![UNREACHABLE]),
        ("nothing", Script::silent(), vec![UNREACHABLE]),
        ("silence", Script::silent().end(End::Hang), vec![UNREACHABLE]),
        ("silence in the head", once(b"HTTP/1.1 200 OK\r\nx-a".to_vec()).end(End::Hang), vec![UNREACHABLE]),
        ("silence in the tunnel", once(TUNNEL.into()).end(End::Hang), vec![UNREACHABLE]),
        ("a trickle", Script::silent().then(Say::Trickle(TUNNEL.into())), vec![UNREACHABLE]),
        ("an end at once", Script::silent().after(Wait::Nothing), vec![UNREACHABLE]),
        ("a reset at once", Script::silent().after(Wait::Nothing).end(End::Reset), vec![UNREACHABLE]),
    ];
    all(
        "proxy, no tunnel",
        cases
            .into_iter()
            .map(|(about, script, wanted)| trial(about, Adversary::start([script]), wanted).briefly()),
    );
}

#[test]
fn a_proxy_that_ends_at_each_byte() {
    let ends = [End::Close, End::Reset].into_iter();
    let cases = ends.flat_map(|end| {
        (0..=TUNNEL.len()).map(move |bytes| {
            let script = Script::saying(&TUNNEL[..bytes]).end(end);
            trial(format!("{end:?} after {bytes} bytes"), Adversary::start([script]), [UNREACHABLE]).briefly()
        })
    });
    sampled("proxy, end at each byte", cases);
}

#[test]
fn what_is_at_the_end_of_a_tunnel_is_looked_at_as_anywhere() {
    let through =
        |script: Script, tls: &Arc<ServerConfig>| Adversary::start([script.over(tls).behind_proxy(TUNNEL)]);
    let other = Arc::new(AUTHORITY.issue(&localhost()));
    let cases = [
        trial("of another host", through(Script::saying(YES), &other), [NO_TRUST]),
        trial("a silent cloud", through(Script::silent().end(End::Hang), &cloud()), [UNKNOWN]),
        trial("a cloud that ends", through(Script::silent(), &cloud()), [UNKNOWN]),
        trial(
            "a cloud that resets",
            through(Script::saying(&YES[..40]).end(End::Reset), &cloud()),
            [UNKNOWN],
        ),
    ];
    all("proxy, behind the tunnel", cases.into_iter().map(Trial::briefly));
}

#[test]
fn proxies_that_are_not_there() {
    let (closed, address) = super::connecting::closed_port();
    let of = |about: &'static str, proxy: String| {
        Trial::of(about, format!("https://{CLOUD}"), [UNREACHABLE])
            .env("SSL_CERT_FILE", AUTHORITY.file.to_str().unwrap())
            .env("HTTPS_PROXY", proxy)
    };
    let cases = [
        of("refused", format!("http://x:{PROXY_PASSWORD}@{address}")).holding(closed),
        of("no such name", format!("http://x:{PROXY_PASSWORD}@nobody.invalid:3128")),
        of("SOCKS", format!("socks5://x:{PROXY_PASSWORD}@127.0.0.1:1")),
        of("a file", format!("file:///{PROXY_PASSWORD}")),
        of("no host", format!("http://x:{PROXY_PASSWORD}@")),
        of("no port", format!("http://x:{PROXY_PASSWORD}@127.0.0.1:99999")),
    ];
    all("proxy, not there", cases.into_iter().map(Trial::briefly));
}

#[test]
fn calls_that_no_proxy_may_see() {
    let spy = || Adversary::start([Script::saying(YES)]);
    let unseen = |trial: Trial, spy: Adversary| {
        let url = spy.url();
        let trial = VARIABLES.into_iter().fold(trial, |trial, name| trial.env(name, &url));
        trial.other(spy).check(|told| match told.others {
            0 => Ok(()),
            seen => Err(format!("the proxy was asked {seen} times")),
        })
    };
    let here = Adversary::start([Script::saying(YES)]);
    let secure = Adversary::start([Script::saying(YES).over(&Arc::new(AUTHORITY.issue(&localhost())))]);
    let secure_url = format!("https://localhost:{}", secure.port());
    let roots = AUTHORITY.file.to_str().unwrap();
    let exceptions = ["*", CLOUD, "invalid", ".invalid", "example.org, cloud.invalid"].map(|exception| {
        let trial = Trial::of(exception, format!("https://{CLOUD}"), [UNREACHABLE]).briefly();
        let name = if exception.len() % 2 == 0 { "NO_PROXY" } else { "no_proxy" };
        unseen(trial.env("SSL_CERT_FILE", roots).env(name, exception), spy())
    });
    let cases = [
        unseen(Trial::against("plain HTTP, here", here, [Outcome::Done]), spy()),
        unseen(
            Trial::of("plain HTTP, elsewhere", format!("http://{CLOUD}"), [UNREACHABLE])
                .briefly()
                .allow_http(),
            spy(),
        ),
        unseen(
            Trial::of("TLS, here", secure_url, [Outcome::Done]).origin(secure).env("SSL_CERT_FILE", roots),
            spy(),
        ),
    ];
    all("no proxy", cases.into_iter().chain(exceptions));
}
