//! Connects to a cloud: name lookup, TCP, maybe a proxy's tunnel, and TLS, all within one time limit. Bounds the HTTP
//! client on top of it.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Body;
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use tower_service::Service;

use super::api_url::is_localhost_name;

/// How long one attempt to connect may take, so that after a dead address there is time for another try.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most header fields a reply may have.
const MAX_HEADERS: usize = 64;

/// The most bytes that are read at a time, and so the longest head of a reply; real ones have a few hundred, and Node
/// takes as many (`--max-http-header-size`). hyper handles up to 128 reads in a row before another task runs, byte by
/// byte if they are a chunk's size. With hyper's default of 408 KiB the deadline would be seconds late.
const MAX_READ: usize = 16 * 1024;

/// How long a connection without a request is kept for the next one. Servers close theirs after two seconds or more. If
/// a request crosses the server's FIN, it is unknown whether the server read it.
const KEPT: Duration = Duration::from_secs(1);

/// How many such connections are kept: the most that are used at once.
const MAX_KEPT: usize = 64;

type BoxError = Box<dyn StdError + Send + Sync>;
type Later<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;
type Tcp = HttpConnector<Resolver>;
type Direct = HttpsConnector<Tcp>;
/// TLS with the cloud within a tunnel, to a proxy that may want TLS itself.
type Tunnelled = HttpsConnector<Tunnel<Direct>>;

/// HTTP/1.1, one connection per request unless it `lasts`: the server may close a reused connection just as a request
/// goes out, and then it is unknown whether it read the request. Redirects are answers like any other.
#[derive(Debug)]
pub(super) enum Http<B> {
    /// Straight to the host.
    Direct(Client<InTime<Direct>, B>),
    /// Through a proxy, which sees only the host's name and port (RFC 9110 §9.3.6).
    Tunnelled(Box<Client<InTime<Tunnelled>, B>>),
}

impl<B> Http<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    /// `https_only`: no plain HTTP. `proxy`: connects through it.
    pub(super) fn new(tls: ClientConfig, https_only: bool, proxy: Option<&Intercept>, lasts: bool) -> Self {
        let Some(proxy) = proxy else {
            return Self::Direct(client(secured(tls, https_only, tcp()), lasts));
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), secured(tls.clone(), false, tcp()));
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        Self::Tunnelled(Box::new(client(secured(tls, https_only, tunnel), lasts)))
    }

    /// Sends a request; returns the head of the reply.
    pub(super) fn request(&self, request: Request<B>) -> ResponseFuture {
        match self {
            Self::Direct(client) => client.request(request),
            Self::Tunnelled(client) => client.request(request),
        }
    }
}

fn client<C, B>(connector: C, lasts: bool) -> Client<InTime<C>, B>
where
    InTime<C>: Connect + Clone,
    B: Body + Send,
    B::Data: Send,
{
    Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(if lasts { MAX_KEPT } else { 0 })
        .pool_idle_timeout(KEPT)
        // Sends the request on another connection if the kept one had ended before any of the request was taken up.
        .retry_canceled_requests(lasts)
        .http1_max_headers(MAX_HEADERS)
        .http1_max_buf_size(MAX_READ)
        .build(InTime(connector))
}

fn secured<C>(tls: ClientConfig, https_only: bool, connector: C) -> HttpsConnector<C> {
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
    let builder = if https_only { builder.https_only() } else { builder.https_or_http() };
    builder.enable_http1().wrap_connector(connector)
}

fn tcp() -> Tcp {
    let mut tcp = HttpConnector::new_with_resolver(Resolver);
    // TLS uses it, too.
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

/// Asks the system's resolver, except for this machine's own names, which need no lookup (RFC 6761 §6.3).
#[derive(Clone, Debug)]
pub(super) struct Resolver;

/// A name has no address, or name resolution does not work.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be resolved: {0}")]
pub(super) struct NoAddress(io::Error);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = NoAddress;
    type Future = Later<Self::Response, NoAddress>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoAddress>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if is_localhost_name(name.as_str()) {
            let both = vec![(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
            return Box::pin(async { Ok(both.into_iter()) });
        }
        let found = GaiResolver::new().call(name);
        Box::pin(async { Ok(found.await.map_err(NoAddress)?.collect::<Vec<_>>().into_iter()) })
    }
}

/// A connector with a time limit.
#[derive(Clone, Debug)]
pub(super) struct InTime<C>(C);

/// The time for connecting ran out.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} seconds", CONNECT_TIMEOUT.as_secs())]
pub(super) struct TooLate;

impl<C> Service<Uri> for InTime<C>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send + 'static>,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Later<C::Response, BoxError>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.0.call(uri));
        Box::pin(async { connecting.await.map_err(|_| TooLate)?.map_err(Into::into) })
    }
}
