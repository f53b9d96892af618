//! Reads the machine's network settings: which certificates are trusted, and which proxy is used.
//!
//! | variable | effect |
//! |---|---|
//! | `SSL_CERT_FILE`, `SSL_CERT_DIR` | replace the system's trusted certificates, as OpenSSL does |
//! | `NODE_EXTRA_CA_CERTS` | adds to them, as Node does |
//! | `HTTPS_PROXY`, `ALL_PROXY` | a proxy for HTTPS to other machines |
//! | `NO_PROXY` | exceptions from it |
//!
//! `HTTP_PROXY` is ignored: plain HTTP, which carries the token in the clear, goes straight to its host.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use url::Url;

use super::excerpt::{excerpt, told};
use super::trust::Trust;
use crate::disk::{plain_path, read_bounded};

/// The largest `NODE_EXTRA_CA_CERTS` file read, in bytes; a whole system's bundle has about 200 KiB.
const MAX_EXTRA_ROOTS: u64 = 4 * 1024 * 1024;

/// The most bytes and files that are read from what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
const MAX_NAMED_ROOTS: u64 = 16 * 1024 * 1024;
const MAX_FILES: usize = 4096;

/// Network settings, as environment variables give them.
#[derive(Clone, Default)]
pub struct NetworkEnv {
    /// `SSL_CERT_FILE`.
    pub ssl_cert_file: Option<PathBuf>,
    /// `SSL_CERT_DIR`.
    pub ssl_cert_dir: Option<PathBuf>,
    /// `NODE_EXTRA_CA_CERTS`.
    pub node_extra_ca_certs: Option<PathBuf>,
    /// `HTTPS_PROXY` or `ALL_PROXY`. May hold a password.
    pub https_proxy: Option<String>,
    /// `NO_PROXY`.
    pub no_proxy: Option<String>,
}

impl std::fmt::Debug for NetworkEnv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkEnv")
            .field("ssl_cert_file", &self.ssl_cert_file)
            .field("ssl_cert_dir", &self.ssl_cert_dir)
            .field("node_extra_ca_certs", &self.node_extra_ca_certs)
            .field("https_proxy", &self.https_proxy.as_ref().map(|_| "[redacted]"))
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}

/// Why HTTPS cannot be set up on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// There is not one trusted certificate, so no server could be told from an impostor.
    #[error("no trusted certificates were found on this machine{}", told(.reason))]
    NoRoots {
        /// The first error of the search, maybe empty.
        reason: String,
        /// The variables that are set and say where to search.
        named: Vec<&'static str>,
    },
    /// `NODE_EXTRA_CA_CERTS` names a file that cannot be used.
    #[error("NODE_EXTRA_CA_CERTS: {reason}")]
    ExtraRoots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, with its name.
        reason: String,
    },
    /// `HTTPS_PROXY` is no URL of a usable proxy. Not quoted: it may hold a password.
    #[error("HTTPS_PROXY (or ALL_PROXY) is not the http:// or https:// URL of a proxy")]
    Proxy,
    /// The TLS or HTTP library does not start.
    #[error("HTTPS cannot be set up: {0}")]
    Setup(String),
}

impl NetworkEnv {
    /// Reads the settings through `lookup`, for instance `std::env::var_os`. Empty values count as unset.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| lookup(name).filter(|v| !v.is_empty()));
        let text = |names: &[&str]| first(names).map(|value| value.to_string_lossy().into_owned());
        Self {
            ssl_cert_file: first(&["SSL_CERT_FILE"]).map(Into::into),
            ssl_cert_dir: first(&["SSL_CERT_DIR"]).map(Into::into),
            node_extra_ca_certs: first(&["NODE_EXTRA_CA_CERTS"]).map(Into::into),
            https_proxy: text(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            no_proxy: text(&["NO_PROXY", "no_proxy"]),
        }
    }

    /// The proxy for HTTPS, if there is one, and the hosts it is for.
    pub(super) fn proxy(&self) -> Result<Option<Matcher>, NetworkError> {
        let Some(text) = &self.https_proxy else { return Ok(None) };
        let text = if text.contains("://") { text.clone() } else { format!("http://{text}") };
        let url = Url::parse(&text).map_err(|_| NetworkError::Proxy)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NetworkError::Proxy);
        }
        let exceptions = self.no_proxy.clone().unwrap_or_default();
        Ok(Some(Matcher::builder().https(url.to_string()).no(exceptions).build()))
    }

    /// TLS 1.2 and 1.3 with the trusted certificates. Reads files, so it belongs on a blocking thread.
    pub(super) fn tls(&self) -> Result<ClientConfig, NetworkError> {
        let roots = self.roots()?;
        let authorities =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots.authorities), provider())
                .build()
                .map_err(|e| NetworkError::Setup(e.to_string()))?;
        let trust = Arc::new(Trust { authorities, named: roots.named });
        Ok(builder()?.dangerous().with_custom_certificate_verifier(trust).with_no_client_auth())
    }

    /// The variables that are set and name trusted certificates.
    pub(super) fn naming_roots(&self) -> Vec<&'static str> {
        let all = [
            ("NODE_EXTRA_CA_CERTS", &self.node_extra_ca_certs),
            ("SSL_CERT_FILE", &self.ssl_cert_file),
            ("SSL_CERT_DIR", &self.ssl_cert_dir),
        ];
        all.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect()
    }

    /// The trusted authorities, and every certificate among them in its original form.
    fn roots(&self) -> Result<Roots, NetworkError> {
        let found = if self.ssl_cert_file.is_some() || self.ssl_cert_dir.is_some() {
            self.named_roots()
        } else {
            let found = rustls_native_certs::load_native_certs();
            Found { certificates: found.certs, complaint: found.errors.first().map(ToString::to_string) }
        };
        let mut roots = Roots { authorities: RootCertStore::empty(), named: found.certificates };
        // Systems carry the odd malformed certificate; it does not affect the others.
        roots.authorities.add_parsable_certificates(roots.named.iter().cloned());
        if let Some(path) = &self.node_extra_ca_certs {
            add_extra_roots(&mut roots, path)?;
        }
        if roots.authorities.is_empty() {
            let reason = excerpt(found.complaint.unwrap_or_default().as_bytes(), "");
            return Err(NetworkError::NoRoots { reason, named: self.naming_roots() });
        }
        Ok(roots)
    }

    /// The certificates in the file and the folder that the environment names. rustls-native-certs is not used for
    /// this: it reads anything, of any size.
    fn named_roots(&self) -> Found {
        let mut found = Found::default();
        let mut left = MAX_NAMED_ROOTS;
        for path in self.ssl_cert_file.iter().cloned().chain(self.files_in_folder(&mut found)) {
            match read_bounded(&path, left) {
                Ok(pem) => {
                    left -= pem.len() as u64;
                    found.take(&path, &pem);
                }
                Err(error) => found.complain(error.to_string()),
            }
        }
        found
    }

    /// The regular files in the folder. `openssl rehash` leaves links there, and some of them are broken.
    fn files_in_folder(&self, found: &mut Found) -> Vec<PathBuf> {
        let Some(folder) = &self.ssl_cert_dir else { return Vec::new() };
        let listing = fs::read_dir(folder)
            .inspect_err(|error| found.complain(format!("{}: {error}", plain_path(folder))));
        let entries = listing.into_iter().flatten().flatten().take(MAX_FILES);
        entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
    }
}

/// Certificates that are trusted.
struct Roots {
    authorities: RootCertStore,
    named: Vec<CertificateDer<'static>>,
}

/// Trusted certificates, and the first error of the search for them.
#[derive(Default)]
struct Found {
    certificates: Vec<CertificateDer<'static>>,
    complaint: Option<String>,
}

impl Found {
    fn complain(&mut self, what: String) {
        self.complaint.get_or_insert(what);
    }

    /// Adds the certificates in a file.
    fn take(&mut self, path: &Path, pem: &[u8]) {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            match certificate {
                Ok(certificate) => self.certificates.push(certificate),
                Err(error) => self.complain(format!("{}: {error}", plain_path(path))),
            }
        }
    }
}

/// For plain HTTP, which uses no certificates: a connector for both wants a TLS configuration anyway.
pub(super) fn tls_without_roots() -> Result<ClientConfig, NetworkError> {
    let config = builder()?.with_root_certificates(RootCertStore::empty());
    Ok(config.with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, NetworkError> {
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    config.map_err(|e| NetworkError::Setup(e.to_string()))
}

fn add_extra_roots(roots: &mut Roots, path: &Path) -> Result<(), NetworkError> {
    let failed = |reason: String| NetworkError::ExtraRoots { path: path.to_owned(), reason };
    let fail = |reason: String| failed(format!("{}: {reason}", plain_path(path)));
    let pem = read_bounded(path, MAX_EXTRA_ROOTS).map_err(|error| failed(error.to_string()))?;
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|e| fail(format!("not PEM: {e}")))?;
        roots.authorities.add(certificate.clone()).map_err(|e| fail(e.to_string()))?;
        roots.named.push(certificate);
        added += 1;
    }
    if added == 0 { Err(fail("there is no certificate in it".to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&str, &str)]) -> NetworkEnv {
        NetworkEnv::from_lookup(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()))
    }

    #[test]
    fn the_proxy_is_the_one_for_https_and_its_password_stays_hidden() {
        assert!(env(&[("HTTP_PROXY", "http://p:1"), ("HTTPS_PROXY", "")]).proxy().unwrap().is_none());
        let proxied = |value: &str| NetworkEnv { https_proxy: Some(value.into()), ..NetworkEnv::default() };
        for value in ["http://me:hunter2@proxy:3128", "proxy.local:3128", "https://proxy"] {
            let env = proxied(value);
            assert!(env.proxy().unwrap().is_some(), "{value}");
            assert!(!format!("{env:?}").contains("hunter2"));
        }
        for value in ["socks5://me:hunter2@proxy", "http://", "http://pro xy"] {
            let error = proxied(value).proxy().unwrap_err();
            assert_eq!(error, NetworkError::Proxy);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn no_roots_is_an_error_of_its_own() {
        let empty = tempfile::tempdir().unwrap();
        let env = NetworkEnv { ssl_cert_dir: Some(empty.path().into()), ..NetworkEnv::default() };
        assert!(matches!(env.tls(), Err(NetworkError::NoRoots { .. })));
        let missing = NetworkEnv { ssl_cert_file: Some(empty.path().join("none")), ..NetworkEnv::default() };
        assert!(
            matches!(missing.tls(), Err(NetworkError::NoRoots { reason, named }) if !reason.is_empty() && named == ["SSL_CERT_FILE"])
        );
    }

    #[test]
    fn named_roots_are_read_within_bounds_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large.pem");
        fs::File::create(&large).unwrap().set_len(MAX_NAMED_ROOTS + 1).unwrap();
        for (file, complaint) in [
            ("/dev/zero".into(), "not a regular file"),
            (large, "larger than"),
            (folder.path().to_owned(), "is a folder"),
        ] {
            if cfg!(not(unix)) && file == Path::new("/dev/zero") {
                continue;
            }
            let env = NetworkEnv { ssl_cert_file: Some(file), ..NetworkEnv::default() };
            let error = env.tls().unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn roots_are_found_in_the_file_and_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let authority = |name: &str| {
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate =
                rcgen::CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
            certificate.pem()
        };
        let file = folder.path().join("bundle.pem");
        fs::write(&file, authority("a") + &authority("b")).unwrap();
        let rehashed = folder.path().join("rehashed");
        fs::create_dir_all(rehashed.join("folder")).unwrap();
        fs::write(rehashed.join("0123abcd.0"), authority("c")).unwrap();
        let env = NetworkEnv { ssl_cert_file: Some(file), ..NetworkEnv::default() };
        assert_eq!(env.roots().unwrap().authorities.len(), 2);
        let env = NetworkEnv { ssl_cert_dir: Some(rehashed), ..env };
        assert_eq!(env.roots().unwrap().authorities.len(), 3);
    }

    #[test]
    fn extra_roots_that_cannot_be_used_are_said() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text");
        fs::write(&text, "no certificate").unwrap();
        for path in [dir.path().join("none"), dir.path().to_owned(), text] {
            let env = NetworkEnv {
                ssl_cert_dir: Some(dir.path().into()),
                node_extra_ca_certs: Some(path.clone()),
                ..NetworkEnv::default()
            };
            assert!(matches!(env.tls(), Err(NetworkError::ExtraRoots { path: p, .. }) if p == path));
        }
    }
}
