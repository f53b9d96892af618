//! Runs a cloud on this machine: a real HTTP server on loopback that provisions devices as one of three servers does,
//! and remembers them.
//!
//! [`behavior`] decides the answers and knows no sockets; this file is the server around it. `device_server` serves the
//! port that devices connect to. The cloud listens only after [`LocalCloud::start`], only on 127.0.0.1, and accepts a
//! token that is made then. Everything has a limit: connections, request heads and bodies, and the time for sending
//! each.

pub mod behavior;
mod device_info;
mod device_server;
mod login;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, SERVER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use behavior::{Answer, Asked, State};
pub use behavior::{Flavor, KnownDevice, Provisioned};
pub use device_server::Handshake;
use device_server::Identity;

/// The largest accepted request body, in bytes; a provisioning request has about 700.
const MAX_BODY: usize = 64 * 1024;

/// The largest accepted request head, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// Connections served at a time; others wait in the system's queue.
const MAX_CONNECTIONS: usize = 64;

/// The time that a client has to send the head of a request. It also ends idle connections.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The time that a client has to send a request's body, after its head.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest life of a connection, even if it is in use; clients make new ones.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(300);

/// The pause after a failure to accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The time that open requests have after the cloud is stopped.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// How a local cloud behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which server it imitates.
    pub flavor: Flavor,
    /// The TCP port; 0 chooses a free one.
    pub port: u16,
    /// The TCP port for devices' handshakes; 0 chooses a free one, `None` means no port. With a port, the cloud makes a
    /// key of its own when it starts.
    pub device_port: Option<u16>,
    /// How devices are answered there.
    pub handshake: Handshake,
    /// Other tokens that are accepted, each with its user.
    pub accounts: Vec<(String, String)>,
    /// Tokens that are refused as expired.
    pub expired_tokens: Vec<String>,
    /// Devices that the cloud knows from the start, for example from the factory or from other users.
    pub devices: Vec<KnownDevice>,
    /// Refuse all other devices with "Permission Denied", as Particle's cloud does.
    pub known_devices_only: bool,
    /// Refuse all other products with "Permission Denied".
    pub product_id: Option<u32>,
    /// How long particle-iot's server waits for an offline device before it answers about it; 30.1 s by default.
    pub offline_wait: Option<Duration>,
}

/// A running local cloud. Dropping it ends it at once; [`LocalCloud::stop`] lets open requests finish.
pub struct LocalCloud {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    /// The tasks that accept connections; dropping it ends them.
    servers: JoinSet<()>,
    devices: Option<Devices>,
}

impl std::fmt::Debug for LocalCloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalCloud").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The port for devices.
struct Devices {
    address: SocketAddr,
    identity: Arc<Identity>,
}

struct Shared {
    state: Mutex<State>,
    provisioned: watch::Sender<usize>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // After a panic elsewhere, the state is still as after a complete request, which is valid.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalCloud {
    /// Starts to listen on 127.0.0.1. Needs a tokio runtime; fails if the port is in use.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(&options, random_token()?)),
            provisioned: watch::Sender::new(0),
        });
        let stop = watch::Sender::new(false);
        let mut servers = JoinSet::new();
        let devices = match options.device_port {
            Some(port) => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
                let address = listener.local_addr()?;
                let made = tokio::task::spawn_blocking(Identity::generate).await;
                let identity = Arc::new(made.map_err(io::Error::other)??);
                let (shared, own, stop) = (Arc::clone(&shared), Arc::clone(&identity), stop.subscribe());
                servers.spawn(device_server::serve(listener, shared, own, options.handshake, stop));
                Some(Devices { address, identity })
            }
            None => None,
        };
        servers.spawn(serve(listener, Arc::clone(&shared), stop.subscribe()));
        Ok(Self { address, shared, stop, servers, devices })
    }

    /// The address that devices connect to, if there is one.
    pub fn device_address(&self) -> Option<SocketAddr> {
        self.devices.as_ref().map(|devices| devices.address)
    }

    /// The cloud's own RSA-2048 public key, as PEM. A device needs it to recognise the cloud.
    pub fn server_key(&self) -> Option<&str> {
        self.devices.as_ref().map(|devices| devices.identity.pem.as_str())
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API's URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token made at start: 40 letters, valid only for this cloud.
    pub fn token(&self) -> String {
        self.shared.state().token.clone()
    }

    /// What was provisioned: one entry for each device, ordered by the first time.
    pub fn provisioned(&self) -> Vec<Provisioned> {
        self.shared.state().provisioned.clone()
    }

    /// What was provisioned for one device. The case of the id does not matter.
    pub fn device(&self, id: &str) -> Option<Provisioned> {
        self.provisioned().into_iter().find(|p| p.device_id.eq_ignore_ascii_case(id))
    }

    /// The number of provisionings so far; a caller can await a change.
    pub fn changes(&self) -> watch::Receiver<usize> {
        self.shared.provisioned.subscribe()
    }

    /// Stops listening, gives open requests two seconds to finish, and closes every connection.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // An error means that a server has panicked; then nothing is left to stop.
        while self.servers.join_next().await.is_some() {}
    }
}

/// 160 random bits, as many as in Particle's tokens, written in letters that are not hexadecimal digits. So a leaked
/// part, even of eight characters, cannot match a piece of a fingerprint by chance.
fn random_token() -> io::Result<String> {
    let random = || getrandom::u64().map_err(io::Error::other);
    let (high, middle, low) = (random()?, random()?, random()? >> 32);
    let digits = format!("{high:016x}{middle:016x}{low:08x}");
    let letter =
        |digit: char| digit.to_digit(16).and_then(|digit| "ghjkmnpqrstuvwxy".chars().nth(digit as usize));
    Ok(digits.chars().filter_map(letter).collect())
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared), stop.clone()));
                }
                // The client has already gone, or the process has no free file descriptors. Those come back when
                // connections end, but nothing reports it, and accepting again at once would spin.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    // Dropping the set ends the requests that have not finished.
    let _ = tokio::time::timeout(STOP_TIMEOUT, finish).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and so is the cloud.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let service = service_fn(move |request| respond(Arc::clone(&shared), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // Errors on a client's connection are ignored.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
        // For example, a client that does not read its answers.
        () = tokio::time::sleep(CONNECTION_TIMEOUT) => {}
    }
}

async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect();
    let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body,
        // Larger than any server's limit.
        Ok(Err(_)) => return Ok(response(Answer::error(413, "request entity too large"))),
        Err(_) => return Ok(response(Answer::error(408, "request timeout"))),
    };
    let body = body.to_bytes();
    let authorization = head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let authorization = authorization.map(String::from_utf8_lossy);
    let asked = Asked {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        authorization: authorization.as_deref(),
        body: &body,
    };
    let (answer, total) = {
        let mut state = shared.state();
        (state.answer(&asked, SystemTime::now()), state.total)
    };
    shared.provisioned.send_if_modified(|count| std::mem::replace(count, total) != total);
    tokio::time::sleep(answer.after).await;
    Ok(response(answer))
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(SERVER, HeaderValue::from_static("duo-provision-simulator"));
    response
}
