//! Lists what can go wrong between this machine and a cloud, and reads the HTTP library's errors.
//!
//! An answer that refuses is not one of these: it is a [`Refusal`], which only passes through here.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

use hyper_util::client::legacy::Error as HttpError;
use rustls::{CertificateError, InvalidMessage};

use super::api_url::ApiUrlError;
use super::connection::{NoAddress, TooLate};
use super::excerpt::excerpt;
use super::network::NetworkError;
use super::reply::Refusal;
use super::trust::is_authority;

/// Why a call to a cloud failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// A token may not be sent to the API URL.
    #[error(transparent)]
    ApiUrl(#[from] ApiUrlError),
    /// This machine is not set up for HTTPS.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The cloud answered, but not with what it was asked for.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No connection: nothing was sent.
    #[error("{host} cannot be reached, nothing was sent: {reason}{}", if *.proxy { " (HTTPS_PROXY is set)" } else { "" })]
    Unreachable {
        /// The API's host.
        host: String,
        /// Why.
        reason: Unreachable,
        /// True if a proxy is set for HTTPS: the proxy may be the cause.
        proxy: bool,
        /// The variables that are set and name trusted certificates.
        roots: Vec<&'static str>,
    },
    /// The request may have been sent, and no answer came: the cloud may have taken the key or not. It is safe to send
    /// the same request again.
    #[error("whether {host} took the key is not known: {reason}")]
    OutcomeUnknown {
        /// The API's host.
        host: String,
        /// What came instead of an answer.
        reason: Interruption,
    },
    /// The question may have been sent, and no answer came. It is safe to ask again: a question changes nothing.
    #[error("{host} gave no answer: {reason}")]
    NoAnswer {
        /// The API's host.
        host: String,
        /// What came instead of an answer.
        reason: Interruption,
    },
    /// The caller cancelled it.
    #[error("cancelled{}", if *.sent { "; the request may have been sent" } else { ", nothing was sent" })]
    Cancelled {
        /// True if a request may have been sent; its outcome is then unknown.
        sent: bool,
    },
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The host's name has no address, or name resolution does not work.
    #[error("the name cannot be resolved")]
    Dns,
    /// Nothing listens there.
    #[error("connection refused")]
    Refused,
    /// The time for connecting ran out.
    #[error("no connection in time")]
    TimedOut,
    /// TLS failed: the server that answered did not prove to be the host.
    #[error(transparent)]
    Tls(#[from] TlsProblem),
    /// Anything else, in the system's words.
    #[error("{0}")]
    Other(String),
}

/// Why the TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// Self-signed, or signed by an authority that this machine does not trust.
    #[error("its certificate is self-signed or from an authority that this machine does not trust")]
    Untrusted,
    /// No longer valid; or this machine's clock is wrong.
    #[error("its certificate has expired")]
    Expired,
    /// Not valid yet; mostly this machine's clock is wrong.
    #[error("its certificate is not valid yet (is this machine's clock right?)")]
    NotYetValid,
    /// For other names.
    #[error("its certificate is for another host (a name counts in its subjectAltName alone)")]
    WrongHost,
    /// The server does not speak TLS.
    #[error("it answers without TLS, as a port for plain HTTP does")]
    NoTls,
    /// Anything else, in the library's words.
    #[error("the TLS handshake failed: {0}")]
    Other(String),
}

impl TlsProblem {
    /// How to fix it. `roots`: the variables that are set and name trusted certificates.
    pub fn remedy(&self, host: &str, roots: &[&str]) -> String {
        match self {
        Self::Untrusted if roots.is_empty() => {
            "for a cloud with a certificate of its own, or of its own authority, name that certificate in SSL_CERT_FILE or \
             NODE_EXTRA_CA_CERTS"
                .to_owned()
        }
        Self::Untrusted => format!(
            "the server's certificate is not in {names}, nor signed by one that is; compare it with what the server sends: \
             openssl s_client -connect {host}:PORT -showcerts",
            names = roots.join(" or ")
        ),
        Self::Expired => "renew the server's certificate; or this machine's clock is wrong".to_owned(),
        Self::NotYetValid => "set this machine's clock; or make the server's certificate anew".to_owned(),
        Self::WrongHost => format!(
            "use a name that the certificate has in --api-url; or make one for {host}, named in its subjectAltName"
        ),
        Self::NoTls => {
            "if the API is plain HTTP, begin --api-url with http:// (and add --allow-http for another machine)".to_owned()
        }
        Self::Other(_) => "compare --api-url with the address of the cloud's API, its port too".to_owned(),
    }
    }
}

/// What came instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    /// The deadline.
    #[error("no answer within the time limit")]
    TimedOut,
    /// The connection ended before the answer did.
    #[error("the connection was lost before the answer was complete")]
    ConnectionLost,
    /// Something that is not HTTP/1.1, or not within its bounds.
    #[error("the answer is not HTTP: {0}")]
    NotHttp(String),
}

impl Unreachable {
    /// Reads an error of a request that was not sent. `secret` is kept out of the text.
    pub(super) fn of(error: &HttpError, secret: &str) -> Self {
        if let Some(tls) = find::<rustls::Error>(error) {
            return Self::Tls(tls_problem(tls));
        }
        if find::<NoAddress>(error).is_some() {
            return Self::Dns;
        }
        if find::<TooLate>(error).is_some() {
            return Self::TimedOut;
        }
        match find::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => Self::Refused,
            Some(io::ErrorKind::TimedOut) => Self::TimedOut,
            _ => Self::Other(excerpt(chain(error).as_bytes(), secret)),
        }
    }
}

impl Interruption {
    /// Reads an error of a request that may have been sent. `secret` is kept out of the text.
    pub(super) fn of(error: &HttpError, secret: &str) -> Self {
        match find::<hyper::Error>(error) {
            Some(e) if e.is_parse() => Self::NotHttp(excerpt(e.to_string().as_bytes(), secret)),
            _ => Self::ConnectionLost,
        }
    }
}

fn tls_problem(error: &rustls::Error) -> TlsProblem {
    let certificate = match error {
        rustls::Error::InvalidCertificate(certificate) => certificate,
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => return TlsProblem::NoTls,
        _ => return TlsProblem::Other(excerpt(error.to_string().as_bytes(), "")),
    };
    match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsProblem::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsProblem::WrongHost
        }
        // A bad signature comes from another authority of the same name, such as a private one that was created again.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsProblem::Untrusted,
        other if is_authority(other) => TlsProblem::Untrusted,
        other => TlsProblem::Other(excerpt(other.to_string().as_bytes(), "")),
    }
}

/// The first error of type `T` among an error and its causes.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    successors(Some(error), |error| cause(*error)).find_map(|error| error.downcast_ref())
}

/// The next cause. `io::Error::source` skips the error that it wraps, which is the one that says what happened.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The causes of an error, in one line. The error's own text is left out: it is hyper-util's name for the phase, and
/// the caller names that better.
fn chain(error: &HttpError) -> String {
    let causes = successors(error.source(), |error| cause(*error));
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    words.dedup();
    if words.is_empty() { "the request could not be made".to_owned() } else { words.join(": ") }
}
