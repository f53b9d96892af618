//! Asks a cloud over HTTP, tries again if that may help, and never passes its deadline.
//!
//! The [`Question`] knows what to ask and what a reply means. This module knows what can go wrong on the way. It tells
//! what never left this machine ([`CloudError::Unreachable`]) from what may have reached the cloud
//! ([`CloudError::OutcomeUnknown`], [`CloudError::NoAnswer`]).
//!
//! The token goes into one place, an `Authorization: Bearer` header (servers refuse two places as `invalid_request`),
//! and to one origin: redirects are not followed, and plain HTTP to another machine has to be allowed. HTTP/1.1 only,
//! no compression, no cookies. A connection is used again only for questions about many devices.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::response::Parts;
use hyper::http::uri::InvalidUri;
use hyper::{Method, Request, Response, Uri};
use hyper_util::client::legacy::Error as HttpError;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::sync::OnceCell;
use url::Url;
use zeroize::Zeroizing;

use super::api_url::{ApiUrl, ApiUrlError};
use super::connection::Http;
use super::failure::{CloudError, Interruption, Unreachable};
use super::network::{self, NetworkEnv, NetworkError};
use super::reply::{Question, Refusal, Reply};
use super::retry::{Backoff, SystemTimer, Timer, retry_after};
use super::token::Token;

/// The most that is read of a reply's body, in bytes. Real ones have a few hundred.
pub const MAX_BODY: usize = 64 * 1024;

const USER_AGENT: &str = concat!("duo-provision/", env!("CARGO_PKG_VERSION"));

/// How often a connection is tried in all. Most failures to connect are a wrong name or a server that does not run; a
/// person wants to know that soon.
const MAX_CONNECTS: u32 = 3;

/// A cloud to talk to. Reads certificates and opens sockets only at the first request.
#[derive(Debug)]
pub struct Client {
    api: ApiUrl,
    network: NetworkEnv,
    timer: Arc<dyn Timer>,
    /// A connection for each request.
    single: OnceCell<Http<MarkedBody>>,
    /// Connections that serve one request after the other.
    lasting: OnceCell<Http<MarkedBody>>,
    /// The outcome of a request is unknown. Its reused connection may be why, so no connection is reused after that.
    lost: AtomicBool,
}

/// How a call is made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The time for everything together: connecting, sending, waiting, trying again.
    pub deadline: Duration,
    /// The waits between tries.
    pub backoff: Backoff,
    /// One of many questions. Tried only once, since the caller has its own rules to try again; uses a connection that
    /// served another question, if there is one.
    pub of_many: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(30), backoff: Backoff::default(), of_many: false }
    }
}

/// A try failed, and another follows.
#[derive(Debug)]
pub struct Retry<'a> {
    /// The number of the failed try, from 1.
    pub attempt: u32,
    /// The time until the next.
    pub wait: Duration,
    /// What went wrong.
    pub because: &'a CloudError,
}

impl Client {
    /// A client for one API. Refuses plain HTTP to another machine unless `allow_http`.
    pub fn new(api: ApiUrl, allow_http: bool, network: NetworkEnv) -> Result<Self, ApiUrlError> {
        api.check_transport(allow_http)?;
        Ok(Self {
            api,
            network,
            timer: Arc::new(SystemTimer::default()),
            single: OnceCell::new(),
            lasting: OnceCell::new(),
            lost: AtomicBool::new(false),
        })
    }

    /// The same with another timer.
    #[must_use]
    pub fn with_timer(mut self, timer: Arc<dyn Timer>) -> Self {
        self.timer = timer;
        self
    }

    /// The API of this client.
    pub fn api(&self) -> &ApiUrl {
        &self.api
    }

    /// Asks one question. Needs a tokio runtime with I/O and timers.
    ///
    /// Tries again after 429, 5xx and failures to connect, after a jittered backoff, or later if the cloud asks for
    /// that. It does not begin a wait that would end after the deadline. It calls `on_retry` before the wait. The call
    /// ends soon after `cancel` is ready; [`std::future::pending`] never is.
    pub async fn ask<Q: Question + Sync>(
        &self,
        question: &Q,
        token: &Token,
        options: Options,
        on_retry: &mut (dyn FnMut(Retry<'_>) + Send),
        cancel: impl Future<Output = ()> + Send,
    ) -> Result<Q::Answer, CloudError> {
        let mut cancel = pin!(cancel);
        let end = self.timer.now().saturating_add(options.deadline);
        let mut expiry = self.timer.sleep(options.deadline);
        // The cloud's last answer, which says more than a later failure to connect.
        let mut answer: Option<CloudError> = None;
        for attempt in 1.. {
            let sent = Arc::<Sent>::default();
            let failure = tokio::select! {
                biased;
                () = &mut cancel => return Err(CloudError::Cancelled { sent: sent.get() || answer.is_some() }),
                outcome = self.attempt(question, token, options.of_many, &sent) => match outcome {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                },
                () = &mut expiry => {
                    let refusal = sent.refusal().map(CloudError::from);
                    return Err(if sent.get() { refusal.unwrap_or_else(|| self.unknown::<Q>(Interruption::TimedOut)) }
                        else { answer.unwrap_or_else(|| self.unreachable(Unreachable::TimedOut)) });
                }
            };
            let wait = again(&failure, attempt, options.backoff, self.timer.as_ref())
                .filter(|wait| !options.of_many && *wait < end.saturating_sub(self.timer.now()));
            let failure = settle::<Q>(failure, &mut answer);
            let Some(wait) = wait else { return Err(failure) };
            on_retry(Retry { attempt, wait, because: &failure });
            tokio::select! {
                biased;
                () = &mut cancel => return Err(CloudError::Cancelled { sent: answer.is_some() }),
                () = self.timer.sleep(wait) => {}
            }
        }
        unreachable!("the loop only ends by returning")
    }

    /// One request, one reply, judged.
    async fn attempt<Q: Question>(
        &self,
        question: &Q,
        token: &Token,
        of_many: bool,
        sent: &Arc<Sent>,
    ) -> Result<Q::Answer, CloudError> {
        let lasts = of_many && !self.lost.load(Ordering::Acquire);
        if lasts {
            // Notices that a server has ended a connection, before a request goes out on it.
            tokio::task::yield_now().await;
        }
        let http = if lasts { &self.lasting } else { &self.single };
        let http = http.get_or_try_init(|| self.build(lasts)).await?;
        let form = question.form();
        let mut request = Request::new(MarkedBody { data: None, sent: Arc::clone(sent) });
        *request.method_mut() = if form.is_some() { Method::POST } else { Method::GET };
        *request.uri_mut() = uri(&self.api.join(&question.path()))?;
        *request.headers_mut() = headers(token, form.as_ref().map(String::len))?;
        request.body_mut().data = form.map(Bytes::from);
        let response = http.request(request).await.map_err(|e| self.failure::<Q>(&e, sent, token))?;
        self.read(response, question, token, sent).await
    }

    async fn read<Q: Question>(
        &self,
        response: Response<Incoming>,
        question: &Q,
        token: &Token,
        sent: &Arc<Sent>,
    ) -> Result<Q::Answer, CloudError> {
        let (Parts { status, headers: fields, .. }, mut body) = response.into_parts();
        let text = |name| fields.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let head = Reply {
            status: status.as_u16(),
            content_type: text(header::CONTENT_TYPE),
            location: text(header::LOCATION),
            retry_after: text(header::RETRY_AFTER).and_then(|f| retry_after(f, self.timer.wall())),
            body: &[],
            truncated: true,
        };
        let judged = |reply: &Reply<'_>| question.judge(reply, token.expose());
        // A 2xx whose body got lost is neither success nor refusal. Any other status says enough by itself.
        if !status.is_success()
            && let Err(refusal) = judged(&head)
        {
            sent.refuse(refusal);
        }
        let (body, end) = read_body(&mut body).await;
        if end == End::Broken && status.is_success() {
            return Err(self.unknown::<Q>(Interruption::ConnectionLost));
        }
        Ok(judged(&Reply { body: &body, truncated: end != End::Whole, ..head })?)
    }

    async fn build(&self, lasts: bool) -> Result<Http<MarkedBody>, CloudError> {
        let tls = if self.api.is_https() {
            let network = self.network.clone();
            let built = tokio::task::spawn_blocking(move || network.tls()).await;
            built.unwrap_or_else(|e| Err(NetworkError::Setup(e.to_string())))?
        } else {
            network::tls_without_roots()?
        };
        let uri = uri(&self.api.join(""))?;
        let proxy = self.proxy()?.and_then(|proxy| proxy.intercept(&uri));
        Ok(Http::new(tls, self.api.is_https(), proxy.as_ref(), lasts))
    }

    /// None for plain HTTP, which would show the token to the proxy, and none for this machine.
    fn proxy(&self) -> Result<Option<Matcher>, NetworkError> {
        if self.api.is_https() && !self.api.is_loopback() { self.network.proxy() } else { Ok(None) }
    }

    /// What an HTTP error means. Whether anything was sent decides between the two kinds.
    fn failure<Q: Question>(&self, error: &HttpError, sent: &Sent, token: &Token) -> CloudError {
        // A question without a body may be sent before hyper asks whether its body has ended.
        let may_be_sent = !Q::CHANGES && !error.is_connect();
        if sent.get() || may_be_sent {
            self.unknown::<Q>(Interruption::of(error, token.expose()))
        } else {
            self.unreachable(Unreachable::of(error, token.expose()))
        }
    }

    fn unreachable(&self, reason: Unreachable) -> CloudError {
        let proxy = matches!(self.proxy(), Ok(Some(_)));
        let roots = self.network.naming_roots();
        CloudError::Unreachable { host: self.api.host().to_owned(), reason, proxy, roots }
    }

    fn unknown<Q: Question>(&self, reason: Interruption) -> CloudError {
        self.lost.store(true, Ordering::Release);
        let host = self.api.host().to_owned();
        if Q::CHANGES {
            CloudError::OutcomeUnknown { host, reason }
        } else {
            CloudError::NoAnswer { host, reason }
        }
    }
}

/// The wait before another try, `None` if none is worth it: the backoff, or the time that the cloud asks for if that is
/// longer. Otherwise a cloud that always says "at once" would be asked without a pause.
fn again(failure: &CloudError, attempt: u32, backoff: Backoff, timer: &dyn Timer) -> Option<Duration> {
    let asked = match failure {
        CloudError::Refused(refusal) if refusal.is_transient() => refusal.retry_after(),
        // A certificate does not change within seconds.
        CloudError::Unreachable { reason: Unreachable::Tls(_), .. } => return None,
        CloudError::Unreachable { .. } if attempt < MAX_CONNECTS => None,
        _ => return None,
    };
    Some(backoff.delay(attempt, timer.random()).max(asked.unwrap_or_default()))
}

/// Remembers answers. If a failure to connect follows an answer, returns that answer: "nothing was sent" is no longer
/// true. After a server error, such as a gateway's timeout, the change may have been made, and a later refusal does not
/// say that it was not.
fn settle<Q: Question>(failure: CloudError, answer: &mut Option<CloudError>) -> CloudError {
    match failure {
        CloudError::Unreachable { .. } => answer.clone().unwrap_or(failure),
        CloudError::Refused(ref refusal) => match answer {
            Some(doubt @ CloudError::Refused(Refusal::ServerError { .. }))
                if Q::CHANGES && refusal.is_no() =>
            {
                doubt.clone()
            }
            _ => answer.insert(failure).clone(),
        },
        other => other,
    }
}

/// What was checked as a URL is a URI as well.
fn uri(url: &Url) -> Result<Uri, CloudError> {
    url.as_str().parse().map_err(|error: InvalidUri| NetworkError::Setup(error.to_string()).into())
}

/// `length`: the form's length, if there is a form.
fn headers(token: &Token, length: Option<usize>) -> Result<HeaderMap, CloudError> {
    let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
    // The HTTP library keeps a copy that is never wiped; the mark keeps it out of every `Debug`.
    let mut bearer = HeaderValue::from_str(&bearer)
        .map_err(|_| NetworkError::Setup("the access token does not fit into a header".to_owned()))?;
    bearer.set_sensitive(true);
    let mut headers = HeaderMap::from_iter([
        (header::AUTHORIZATION, bearer),
        (header::ACCEPT, HeaderValue::from_static("application/json")),
        (header::USER_AGENT, HeaderValue::from_static(USER_AGENT)),
    ]);
    if let Some(length) = length {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(headers)
}

/// How the reading of a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    TooLong,
    Broken,
}

async fn read_body(incoming: &mut Incoming) -> (Vec<u8>, End) {
    let mut body = Vec::new();
    loop {
        let frame = match incoming.frame().await {
            None => return (body, End::Whole),
            Some(Err(_)) => return (body, End::Broken),
            Some(Ok(frame)) => frame,
        };
        // Trailers carry nothing that is needed.
        let Ok(chunk) = frame.into_data() else { continue };
        let room = MAX_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return (body, End::TooLong);
        }
    }
}

/// The progress of a request: whether any of it may have been sent, and whether the head of an answer refuses.
#[derive(Debug, Default)]
struct Sent {
    sent: AtomicBool,
    refusal: Mutex<Option<Refusal>>,
}

impl Sent {
    fn get(&self) -> bool {
        self.sent.load(Ordering::Acquire)
    }

    fn set(&self) {
        self.sent.store(true, Ordering::Release);
    }

    fn refuse(&self, refusal: Refusal) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }

    fn refusal(&self) -> Option<Refusal> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A request body, maybe empty, that notes when hyper asks whether it is empty. hyper asks once it has a connection
/// (TLS and proxy included) and before it writes the head. So if it did not ask, it sent nothing.
#[derive(Debug)]
struct MarkedBody {
    data: Option<Bytes>,
    sent: Arc<Sent>,
}

impl Body for MarkedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.sent.set();
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}
