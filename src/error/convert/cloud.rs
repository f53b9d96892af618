//! Converts the errors of talking to a cloud, and its refusals.

use super::super::{ADDRESS_HINT, Code, Error, OWN_CLOUD_REFUSES};
use crate::cloud::api_url::ApiUrlError;
use crate::cloud::device_port::PairingError;
use crate::cloud::failure::{CloudError, Unreachable};
use crate::cloud::handshake::Flaw;
use crate::cloud::network::NetworkError;
use crate::cloud::profile::ProfileError;
use crate::cloud::provisioning::RequestError;
use crate::cloud::reply::Refusal;

/// The hint for "Permission denied", whose causes no server tells apart.
const PERMISSION_HINT: &str = "this has several causes. The id is a name or mistyped: compare it with `duo-provision list`. \
    The Duo belongs to another account: its owner has to release it. The product id is wrong: a Duo's is 88. \
    The Duo was never provisioned at the factory: RedBear's guide says to send them the device id";

impl From<ApiUrlError> for Error {
    fn from(error: ApiUrlError) -> Self {
        let (code, hint) = match error {
            ApiUrlError::PlainHttp(_) => (
                Code::PlainHttpRefused,
                "use https://, or add --allow-http if it is your own cloud on a network you trust",
            ),
            _ => (
                Code::ApiUrlInvalid,
                "an API URL looks like https://api.particle.io or http://localhost:8080",
            ),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

impl From<ProfileError> for Error {
    fn from(error: ProfileError) -> Self {
        let message = format!("particle-cli's login: {error}");
        match error {
            ProfileError::ApiUrl { .. } => Self::new(Code::ApiUrlInvalid, message)
                .hint("give the login a whole URL, http://HOST:8080 for one"),
            _ => Self::new(Code::TokenInvalid, message)
                .hint("log in again with particle-cli, or give the token with --token-file FILE"),
        }
    }
}

impl From<NetworkError> for Error {
    fn from(error: NetworkError) -> Self {
        let (code, hint) = match &error {
            NetworkError::NoRoots { named, .. } if !named.is_empty() => {
                let hint = format!("correct or unset {}", named.join(" and "));
                return Self::new(Code::CloudNoRoots, error.to_string()).hint(hint);
            }
            NetworkError::NoRoots { .. } => (
                Code::CloudNoRoots,
                "install the package ca-certificates, or point SSL_CERT_FILE at a bundle",
            ),
            NetworkError::ExtraRoots { .. } => (Code::CloudNoRoots, "correct or unset NODE_EXTRA_CA_CERTS"),
            NetworkError::Proxy => (Code::CloudUnreachable, "correct or unset HTTPS_PROXY"),
            NetworkError::Setup(_) => (Code::Internal, "please report this"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        Self::internal(error)
    }
}

impl From<CloudError> for Error {
    fn from(error: CloudError) -> Self {
        let (code, hint) = match error {
            CloudError::ApiUrl(error) => return error.into(),
            CloudError::Network(error) => return error.into(),
            CloudError::Refused(refusal) => return refusal.into(),
            CloudError::Unreachable {
                reason: Unreachable::Tls(ref problem), ref host, ref roots, ..
            } => {
                let hint = problem.remedy(host, roots);
                return Self::new(Code::CloudTls, error.to_string()).hint(hint);
            }
            CloudError::Unreachable { .. } => {
                (Code::CloudUnreachable, "check the network and --api-url, then run the command again")
            }
            CloudError::OutcomeUnknown { .. } => (
                Code::CloudOutcomeUnknown,
                "run the same command again: sending the same key twice does no harm",
            ),
            CloudError::NoAnswer { .. } => {
                (Code::CloudUnreachable, "run the command again; asking changes nothing")
            }
            CloudError::Cancelled { sent: true } => (
                Code::Interrupted,
                "whether the cloud took the key is not known; run the same command again to be sure",
            ),
            CloudError::Cancelled { sent: false } => (Code::Interrupted, "nothing was sent"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (code, hint) = match &refusal {
            Refusal::PermissionDenied(_) | Refusal::UnknownDevice(_) | Refusal::UnlistedDevice(_) => {
                (Code::CloudPermissionDenied, PERMISSION_HINT)
            }
            Refusal::TokenInvalid(_) => {
                (Code::CloudTokenInvalid, "copy the access token again, or log in again with particle-cli")
            }
            Refusal::TokenExpired(_) => (Code::CloudTokenExpired, "log in again for a new access token"),
            Refusal::NotFound(_) => (Code::CloudNotFound, "check --api-url and the device id"),
            Refusal::KeyRejected(_) => {
                (Code::CloudKeyRejected, "look at the key with: duo-provision inspect FILE")
            }
            Refusal::RateLimited(_) => (Code::CloudRateLimited, "wait a minute, then run the command again"),
            Refusal::Timeout | Refusal::ServerError { .. } => {
                (Code::CloudUnavailable, "wait a minute, then run the command again")
            }
            Refusal::Redirect { .. } | Refusal::Unexpected { .. } | Refusal::TooLarge(_) => (
                Code::CloudUnexpectedReply,
                "check --api-url: something else than a Particle cloud seems to answer there (a proxy, a login page?)",
            ),
            Refusal::OtherDevice(_) => (
                Code::CloudUnexpectedReply,
                "run the command again; if it stays so, report it to the cloud's operator",
            ),
            Refusal::Refused { .. } => (Code::CloudRefused, "the cloud's own words say why"),
        };
        Self::new(code, refusal.to_string()).hint(hint)
    }
}

/// The hint if the cloud does not know the device by its key.
const PAIR_HINT: &str =
    "tell the cloud the key that is in the Duo, or give the Duo the key that the cloud knows";

impl From<PairingError> for Error {
    fn from(error: PairingError) -> Self {
        let (code, hint) = match &error {
            PairingError::Unreachable { .. } => (Code::CloudUnreachable, ADDRESS_HINT),
            PairingError::NoNonce(_) => (
                Code::CloudUnexpectedReply,
                "devices connect to a port of their own, 5683 unless told otherwise: give it with --port",
            ),
            PairingError::Closed(_) => {
                let hint = format!("{PAIR_HINT}; or, {OWN_CLOUD_REFUSES}");
                return Self::new(Code::PairingRefused, closed(&error)).hint(hint);
            }
            PairingError::Unanswered(_) | PairingError::CutShort(_) => {
                (Code::CloudOutcomeUnknown, "run the command again; nothing was changed anywhere")
            }
            PairingError::Flawed { flaw: Flaw::OtherDeviceKey, .. } => (Code::PairingBroken, PAIR_HINT),
            PairingError::Flawed { flaw: Flaw::ForeignServer, .. } => (
                Code::ServerKeyMismatch,
                "the Duo is meant for another cloud than the one at this address; compare both",
            ),
            PairingError::Key(_) => (Code::Internal, "this is a defect; please report it"),
            PairingError::Cancelled => return Self::new(Code::Interrupted, "stopped as asked"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

/// What it may mean that the connection was closed instead of an answer.
fn closed(error: &PairingError) -> String {
    let PairingError::Closed(port) = error else { return error.to_string() };
    format!(
        "{port} closed the connection instead of answering: its server key is another than the Duo's, or it does not know \
         this device, or knows it by another public key (a cloud does not say which)"
    )
}
