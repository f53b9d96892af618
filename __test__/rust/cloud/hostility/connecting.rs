//! Tests the steps before a byte is sent: names that do not exist, ports that refuse, hosts that never answer, and
//! connections that end before the request is read.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

use super::{UNKNOWN, UNREACHABLE};
use crate::adversary::{Adversary, End, Script, Wait};
use crate::authority::Authority;
use crate::trial::{Trial, all};

/// A port that no other program gets and that nobody listens on.
pub fn closed_port() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A listener that accepts nothing and whose queue is full, so that the next connection gets no answer.
#[cfg(target_os = "linux")]
fn full_port() -> (impl Send, SocketAddr) {
    let (socket, address) = closed_port();
    let listener = {
        let _runtime = crate::adversary::enter();
        socket.listen(1).unwrap()
    };
    let mut queue = Vec::new();
    while let Ok(waiting) =
        std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(100))
    {
        queue.push(waiting);
        assert!(queue.len() < 64, "the queue has no end");
    }
    ((listener, queue), address)
}

#[test]
fn nobody_there() {
    let authority = Authority::new();
    let roots = authority.file.to_str().unwrap().to_owned();
    let of =
        |url: &str| Trial::of(url, url, [UNREACHABLE]).briefly().allow_http().env("SSL_CERT_FILE", &roots);
    let too_long = format!("http://{}.invalid", "a".repeat(64));
    let names =
        ["http://nobody.invalid", "https://nobody.invalid", too_long.as_str(), "http://255.255.255.255"];
    let closed = ["http", "https"].map(|scheme| {
        let (socket, address) = closed_port();
        of(&format!("{scheme}://{address}")).holding(socket)
    });
    all("nobody there", names.into_iter().map(of).chain(closed));
}

#[cfg(target_os = "linux")]
#[test]
fn a_host_that_never_answers() {
    let authority = Authority::new();
    let roots = authority.file.to_str().unwrap().to_owned();
    let cases = ["http", "https"].map(|scheme| {
        let (full, address) = full_port();
        let url = format!("{scheme}://{address}");
        Trial::of(&url, &url, [UNREACHABLE]).briefly().env("SSL_CERT_FILE", &roots).holding(full)
    });
    all("a host that never answers", cases.into_iter());
}

/// The request is sent as soon as the connection exists, so it is not always known whether it was sent. "Nothing was
/// sent" is right if the client saw the end of the connection first.
#[test]
fn a_connection_that_ends_unread() {
    let ends = [End::Close, End::Reset].into_iter();
    let cases = ends.flat_map(|end| {
        [Wait::Nothing, Wait::Bytes(1), Wait::Bytes(100), Wait::Request].map(|wait| {
            let wanted = if wait == Wait::Nothing { vec![UNREACHABLE, UNKNOWN] } else { vec![UNKNOWN] };
            let server = Adversary::start([Script::silent().after(wait).end(end)]);
            Trial::against(format!("{end:?} after {wait:?}"), server, wanted).briefly()
        })
    });
    all("a connection that ends unread", cases);
}
