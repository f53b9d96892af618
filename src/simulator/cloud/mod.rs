//! A cloud on this machine: a real HTTP server on loopback that provisions devices as one of three servers
//! does, and remembers what it was told.
//!
//! What it answers is decided in [`behavior`], which knows no sockets; this file is the server around it. The
//! port that devices connect to is `device_server`'s.
//! It listens only once [`LocalCloud::start`] is called, on 127.0.0.1 only, and accepts a token made at that
//! moment. Everything is bounded: connections, request heads and bodies, and the time for sending each.

pub mod behavior;
mod device_info;
mod device_server;
mod login;

use std::convert::Infallible;
use std::future::Future;
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
use tokio::task::{JoinHandle, JoinSet};

use behavior::{Answer, Asked, State};
pub use behavior::{Flavor, KnownDevice, Provisioned};
pub use device_server::Handshake;
use device_server::Identity;

/// The largest request body taken, in bytes; a provisioning request has about 700.
const MAX_BODY: usize = 64 * 1024;

/// The largest request head taken, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// Connections served at a time; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 64;

/// The time for a client to send the head of a request, which also ends idle connections.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The time for a client to send a request's body, once its head is there.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection is kept at most, whatever it does; clients make new ones.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(300);

/// The wait after a failure to accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The time for requests in flight once the cloud is stopped.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// How a local cloud behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which server it imitates.
    pub flavor: Flavor,
    /// The TCP port; 0 takes any free one.
    pub port: u16,
    /// The TCP port for devices' handshakes; 0 takes any free one, `None` serves none. With one, starting
    /// takes about a second longer, for the cloud's own key.
    pub device_port: Option<u16>,
    /// How devices are answered there.
    pub handshake: Handshake,
    /// Tokens accepted beside the one made at start, each with the user whose it is.
    pub accounts: Vec<(String, String)>,
    /// Tokens that are refused as expired.
    pub expired_tokens: Vec<String>,
    /// Devices that the cloud knows beforehand, as from the factory or from other users.
    pub devices: Vec<KnownDevice>,
    /// Refuse all other devices with "Permission Denied", as Particle's cloud does.
    pub known_devices_only: bool,
    /// Refuse all other products with "Permission Denied".
    pub product_id: Option<u32>,
    /// How long particle-iot's server waits for a device that is offline before it answers about it; 30.1 s unless given.
    pub offline_wait: Option<Duration>,
}

/// A running local cloud. Dropping it ends it at once; [`LocalCloud::stop`] lets requests in flight finish.
#[derive(Debug)]
pub struct LocalCloud {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
    devices: Option<Devices>,
}

/// The port for devices.
struct Devices {
    address: SocketAddr,
    identity: Arc<Identity>,
    server: JoinHandle<()>,
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Devices").field("address", &self.address).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    provisioned: watch::Sender<usize>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state as it was after some request, which is a valid one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalCloud {
    /// Starts to listen on 127.0.0.1. Needs a tokio runtime; fails where the port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(&options, random_token()?)),
            provisioned: watch::Sender::new(0),
        });
        let stop = watch::Sender::new(false);
        let devices = match options.device_port {
            Some(port) => Some(Devices::start(port, options.handshake, &shared, stop.subscribe()).await?),
            None => None,
        };
        let server = tokio::spawn(serve(listener, Arc::clone(&shared), stop.subscribe()));
        Ok(Self { address, shared, stop, server: Some(server), devices })
    }

    /// Where devices connect to, if they can.
    pub fn device_address(&self) -> Option<SocketAddr> {
        self.devices.as_ref().map(|devices| devices.address)
    }

    /// The cloud's own public key, RSA-2048, as PEM: what a device has to know it by.
    pub fn server_key(&self) -> Option<&str> {
        self.devices.as_ref().map(|devices| devices.identity.pem())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API's URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token made at start: 40 letters, good for this cloud only.
    pub fn token(&self) -> String {
        self.shared.state().token().to_owned()
    }

    /// What was provisioned, one entry a device, in the order of the first time.
    pub fn provisioned(&self) -> Vec<Provisioned> {
        self.shared.state().provisioned().to_vec()
    }

    /// What was provisioned for one device, in whatever case its id is written.
    pub fn device(&self, id: &str) -> Option<Provisioned> {
        self.provisioned().into_iter().find(|p| p.device_id.eq_ignore_ascii_case(id))
    }

    /// The number of provisionings so far, to be awaited.
    pub fn changes(&self) -> watch::Receiver<usize> {
        self.shared.provisioned.subscribe()
    }

    /// Stops listening, lets requests in flight finish within two seconds, and closes every connection.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(server) = self.server.take() {
            // An error would be a panic of the server's, and there is nothing left to stop then.
            let _ = server.await;
        }
    }
}

impl Devices {
    async fn start(
        port: u16,
        manner: Handshake,
        shared: &Arc<Shared>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let made = tokio::task::spawn_blocking(Identity::generate).await;
        let identity = Arc::new(made.map_err(io::Error::other)??);
        let serving = device_server::serve(listener, Arc::clone(shared), Arc::clone(&identity), manner, stop);
        Ok(Self { address, identity, server: tokio::spawn(serving) })
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Drop for LocalCloud {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

/// 160 random bits, as long as Particle's tokens, in letters that are no hexadecimal digits: what leaks of it, even
/// eight characters, cannot be a piece of some fingerprint by chance.
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
                // The client is gone already, or the process is out of file descriptors, which come back
                // when connections end; nothing says when, and accepting again at once would spin.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    // What has not finished by then is cut off when the set is dropped.
    let _ = tokio::time::timeout(STOP_TIMEOUT, finish).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the cloud.
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
    // Whatever a client does to its connection is its own affair: errors end here.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
        // One that does not take its answers, say.
        () = tokio::time::sleep(CONNECTION_TIMEOUT) => {}
    }
}

fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> {
    let (head, body) = request.into_parts();
    async move {
        let body = Limited::new(body, MAX_BODY).collect();
        let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return Ok(response(behavior::too_large())),
            Err(_) => return Ok(response(behavior::too_slow())),
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
            (state.answer(&asked, SystemTime::now()), state.total())
        };
        shared.provisioned.send_if_modified(|count| std::mem::replace(count, total) != total);
        tokio::time::sleep(answer.after).await;
        Ok(response(answer))
    }
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(SERVER, HeaderValue::from_static("duo-provision-simulator"));
    response
}
