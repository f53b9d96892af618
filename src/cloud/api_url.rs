//! Parses the URL of a cloud's API, and decides whether a token may be sent to it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

/// Particle's own API.
pub const PARTICLE: &str = "https://api.particle.io";

/// The longest URL accepted, in bytes.
const MAX_LEN: usize = 2048;

/// Where a cloud's API lives: `http` or `https`, a host, maybe a port and a path to put before `/v1/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUrl(Url);

/// Why a text is no API URL, or no token may be sent to it. None of the messages quotes user information, which may
/// hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiUrlError {
    /// Nothing there.
    #[error("the API URL is empty")]
    Empty,
    /// More than 2,048 bytes.
    #[error("the API URL is longer than {MAX_LEN} bytes")]
    TooLong,
    /// No `://`, as in `api.particle.io` or `localhost:8080`.
    #[error("the API URL has no scheme; it begins with https:// or http://")]
    NoScheme,
    /// A scheme other than `http` and `https`.
    #[error("the API URL is neither https:// nor http://")]
    Scheme,
    /// White space or a control character.
    #[error("the API URL has white space or a control character in it")]
    Character,
    /// A user name or password before the host.
    #[error("the API URL has a user name or password in it; the access token is given separately")]
    UserInfo,
    /// A `?…` or `#…` part.
    #[error("the API URL has a query (?) or fragment (#) in it")]
    QueryOrFragment,
    /// Anything else that a URL cannot have: a bad port, a bad host, …
    #[error("the API URL cannot be read: {0}")]
    Malformed(&'static str),
    /// Plain HTTP to another machine, which would show the token to everyone on the network path. With its host.
    #[error("the API URL is plain HTTP to {0}: the access token would be readable on the network")]
    PlainHttp(String),
}

impl ApiUrl {
    /// The likely URL for a text without a scheme, such as `192.168.1.20:8080`; `None` if it has a scheme, or is no
    /// host.
    pub fn of_host(text: &str) -> Option<Self> {
        let https: Self = if text.contains("://") { None } else { format!("https://{text}").parse().ok() }?;
        // A cloud of one's own usually has a port, or no name.
        let is_own = https.0.port().is_some() || https.0.domain().is_none() || https.is_loopback();
        if is_own { format!("http://{text}").parse().ok() } else { Some(https) }
    }

    /// True for `https`.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host as a URL writes it, IPv6 addresses in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// True if the host is this machine: 127.0.0.0/8, `::1`, `localhost` and names below it (RFC 6761
    /// §6.3). The client resolves those names itself, so that no name server can point them elsewhere.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return address.to_canonical().is_loopback();
        }
        is_localhost_name(self.host())
    }

    /// True if scheme, host and port are the same: a token for one may be sent to the other.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// Refuses plain HTTP to another machine, unless `allow_http`.
    pub fn check_transport(&self, allow_http: bool) -> Result<(), ApiUrlError> {
        if self.is_https() || self.is_loopback() || allow_http {
            return Ok(());
        }
        Err(ApiUrlError::PlainHttp(self.host().to_owned()))
    }

    /// The URL of `path` (without a leading slash) below this one.
    pub(super) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path().trim_end_matches('/')));
        url
    }
}

/// True if this is the API of Particle's cloud.
pub fn is_particle(url: &str) -> bool {
    url.parse::<ApiUrl>().is_ok_and(|api| api.same_origin(&ApiUrl::default()))
}

impl Default for ApiUrl {
    fn default() -> Self {
        PARTICLE.parse().expect("the built-in URL is one; a test parses it")
    }
}

impl FromStr for ApiUrl {
    type Err = ApiUrlError;

    fn from_str(text: &str) -> Result<Self, ApiUrlError> {
        let require = |sound: bool, otherwise| if sound { Ok(()) } else { Err(otherwise) };
        require(!text.is_empty(), ApiUrlError::Empty)?;
        require(text.len() <= MAX_LEN, ApiUrlError::TooLong)?;
        // The URL standard drops these silently. It reads `localhost:8080` as a scheme and a path, and corrects
        // `https:host`. An error helps the person who typed them more.
        let is_refused = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
        require(!text.contains(is_refused), ApiUrlError::Character)?;
        let (_, rest) = text.split_once("://").ok_or(ApiUrlError::NoScheme)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let url = Url::parse(text).map_err(|e| malformed(&e.to_string()))?;
        require(matches!(url.scheme(), "http" | "https"), ApiUrlError::Scheme)?;
        let has_user = !url.username().is_empty() || url.password().is_some() || authority.contains('@');
        require(!has_user, ApiUrlError::UserInfo)?;
        require(url.query().is_none() && url.fragment().is_none(), ApiUrlError::QueryOrFragment)?;
        Ok(Self(url))
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The parser's complaints are a closed set of sentences. Only those pass, so that no piece of the URL ever does.
fn malformed(complaint: &str) -> ApiUrlError {
    const KNOWN: [&str; 6] = [
        "empty host",
        "invalid international domain name",
        "invalid port number",
        "invalid IPv4 address",
        "invalid IPv6 address",
        "invalid domain character",
    ];
    let known = KNOWN.into_iter().find(|known| *known == complaint);
    ApiUrlError::Malformed(known.unwrap_or("it is not a URL"))
}

/// True for `localhost` and the names below it.
pub(super) fn is_localhost_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ApiUrl, ApiUrlError> {
        text.parse()
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, error) in [
            ("", ApiUrlError::Empty),
            ("api.particle.io", ApiUrlError::NoScheme),
            ("localhost:8080", ApiUrlError::NoScheme),
            ("https:api.particle.io", ApiUrlError::NoScheme),
            ("ftp://example.com", ApiUrlError::Scheme),
            ("file:///etc/passwd", ApiUrlError::Scheme),
            ("https://me:secret@example.com", ApiUrlError::UserInfo),
            ("https://@example.com", ApiUrlError::UserInfo),
            ("https://example.com/?a=b", ApiUrlError::QueryOrFragment),
            ("https://example.com/#x", ApiUrlError::QueryOrFragment),
            ("https://exa mple.com", ApiUrlError::Character),
            ("https://example.com\n", ApiUrlError::Character),
            ("https://example.com:99999", ApiUrlError::Malformed("invalid port number")),
            ("https://", ApiUrlError::Malformed("empty host")),
            ("http://1.2.3.256", ApiUrlError::Malformed("invalid IPv4 address")),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        assert_eq!(parse(&format!("https://{}", "a".repeat(MAX_LEN))), Err(ApiUrlError::TooLong));
    }

    #[test]
    fn a_path_prefix_is_kept() {
        for (base, whole) in [
            ("https://api.particle.io", "https://api.particle.io/v1/x"),
            ("https://api.particle.io/", "https://api.particle.io/v1/x"),
            ("http://10.0.0.1:8080/cloud/", "http://10.0.0.1:8080/cloud/v1/x"),
        ] {
            assert_eq!(parse(base).unwrap().join("v1/x").as_str(), whole);
        }
        assert_eq!(ApiUrl::default().to_string(), PARTICLE);
    }

    #[test]
    fn loopback_is_told_from_what_only_looks_like_it() {
        for text in [
            "http://localhost:1",
            "http://LOCALHOST",
            "http://a.localhost",
            "http://127.1",
            "http://[::1]:9",
            "http://127.9.9.9",
            "http://[::ffff:127.0.0.1]",
            "http://2130706433",
        ] {
            let url = parse(text).unwrap();
            assert!(url.is_loopback(), "{text}");
            assert_eq!(url.check_transport(false), Ok(()));
        }
        for text in [
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://notlocalhost",
            "http://[::]",
            "http://[fe80::1]",
        ] {
            let url = parse(text).unwrap();
            assert!(!url.is_loopback(), "{text}");
            assert!(matches!(url.check_transport(false), Err(ApiUrlError::PlainHttp(_))), "{text}");
            assert_eq!(url.check_transport(true), Ok(()));
        }
        assert_eq!(parse("https://example.com").unwrap().check_transport(false), Ok(()));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let a = parse("https://example.com/one").unwrap();
        assert!(a.same_origin(&parse("https://EXAMPLE.com:443/two").unwrap()));
        for other in ["http://example.com", "https://example.com:8443", "https://example.org"] {
            assert!(!a.same_origin(&parse(other).unwrap()), "{other}");
        }
    }
}
