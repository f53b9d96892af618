//! Tests HTTPS: which servers are trusted, which are not and why, and what a proxy can see.

use std::future::pending;
use std::sync::Arc;

use duo_provision::cloud::client::Client;
use duo_provision::cloud::failure::{CloudError, TlsProblem, Unreachable};
use duo_provision::cloud::network::{NetworkEnv, NetworkError};
use duo_provision::cloud::provisioning::Accepted;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::authority::{Authority, config, localhost};
use super::client::{YES, options};
use super::hostile::{Hostile, Reaction, TestTimer, read_request};
use super::{TOKEN, assert_silent, request, token};

/// Serves one TLS connection after another with a success reply; returns the URL.
async fn serve(config: ServerConfig) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                read_request(&mut stream).await;
                let _ = stream.write_all(YES).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    format!("https://localhost:{port}")
}

async fn call(url: &str, network: NetworkEnv) -> Result<Accepted, CloudError> {
    let client = Client::new(url.parse().unwrap(), false, network).unwrap();
    let client = client.with_timer(Arc::<TestTimer>::default());
    let outcome = client.ask(&request(), &token(), options(), &mut |_| {}, pending()).await;
    if let Err(error) = &outcome {
        assert_silent(error, TOKEN);
    }
    outcome
}

fn problem(outcome: Result<Accepted, CloudError>) -> TlsProblem {
    match outcome {
        Err(CloudError::Unreachable { reason: Unreachable::Tls(problem), .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted() {
    let authority = Authority::new();
    let url = serve(authority.issue(&localhost())).await;
    assert_eq!(call(&url, authority.trusted()).await.unwrap().status, 200);
    let other = Authority::new();
    let extra = NetworkEnv { node_extra_ca_certs: Some(authority.file.clone()), ..other.trusted() };
    assert_eq!(call(&url, extra).await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let authority = Authority::new();
    let (mut expired, mut future) = (localhost(), localhost());
    expired.not_after = date_time_ymd(2001, 1, 1);
    future.not_before = date_time_ymd(4000, 1, 1);
    let elsewhere = CertificateParams::new(vec!["example.org".to_owned()]).unwrap();
    for (params, wanted) in [
        (expired, TlsProblem::Expired),
        (future, TlsProblem::NotYetValid),
        (elsewhere, TlsProblem::WrongHost),
    ] {
        let url = serve(authority.issue(&params)).await;
        assert_eq!(problem(call(&url, authority.trusted()).await), wanted);
    }
    let url = serve(Authority::new().issue(&localhost())).await;
    assert_eq!(problem(call(&url, authority.trusted()).await), TlsProblem::Untrusted);
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let key = KeyPair::generate().unwrap();
        let mut params = localhost();
        params.is_ca = is_ca;
        let url = serve(config(params.self_signed(&key).unwrap(), &key)).await;
        assert_eq!(problem(call(&url, authority.trusted()).await), TlsProblem::Untrusted);
    }
}

fn changed(mut params: CertificateParams, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    change(&mut params);
    params
}

/// A self-signed certificate for these names in a file, as `openssl req -x509` makes one; and a server that uses it.
async fn self_signed(authority: &Authority, params: CertificateParams) -> (String, std::path::PathBuf) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let file = authority.folder.path().join("own.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    (serve(config(certificate, &key)).await, file)
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_named_is_accepted_as_node_and_curl_do() {
    let authority = Authority::new();
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let (url, file) = self_signed(&authority, changed(localhost(), |params| params.is_ca = is_ca)).await;
        let extra = NetworkEnv { node_extra_ca_certs: Some(file.clone()), ..authority.trusted() };
        assert_eq!(call(&url, extra).await.unwrap().status, 200);
        let alone = NetworkEnv { ssl_cert_file: Some(file), ..NetworkEnv::default() };
        assert_eq!(call(&url, alone).await.unwrap().status, 200);
        assert_eq!(problem(call(&url, authority.trusted()).await), TlsProblem::Untrusted);
    }
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_named_has_to_be_right_all_the_same() {
    let authority = Authority::new();
    let authoritative =
        |params| changed(params, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let elsewhere = CertificateParams::new(vec!["example.org".to_owned()]).unwrap();
    let expired = changed(localhost(), |params| params.not_after = date_time_ymd(2001, 1, 1));
    let future = changed(localhost(), |params| params.not_before = date_time_ymd(4000, 1, 1));
    for (params, wanted) in [
        (elsewhere, TlsProblem::WrongHost),
        (CertificateParams::new(Vec::new()).unwrap(), TlsProblem::WrongHost),
        (expired, TlsProblem::Expired),
        (future, TlsProblem::NotYetValid),
    ] {
        let (url, file) = self_signed(&authority, authoritative(params)).await;
        let named = NetworkEnv { node_extra_ca_certs: Some(file), ..authority.trusted() };
        assert_eq!(problem(call(&url, named).await), wanted);
    }
    // Another one with the same name and another key: a name alone does not make a certificate trusted.
    let (_, file) = self_signed(&authority, authoritative(localhost())).await;
    let named = NetworkEnv { node_extra_ca_certs: Some(file), ..authority.trusted() };
    let (url, _) = self_signed(&Authority::new(), authoritative(localhost())).await;
    assert_eq!(problem(call(&url, named).await), TlsProblem::Untrusted);
}

#[tokio::test]
async fn no_hint_names_a_variable_that_is_set_already() {
    let authority = Authority::new();
    let url = serve(Authority::new().issue(&localhost())).await;
    let hint = |error: CloudError| {
        duo_provision::error::Error::from(error).hint_text().unwrap_or_default().to_owned()
    };
    let said = hint(call(&url, authority.trusted()).await.unwrap_err());
    assert!(said.contains("is not in SSL_CERT_FILE, nor") && !said.contains("NODE_EXTRA_CA_CERTS"), "{said}");
    let both = NetworkEnv { node_extra_ca_certs: Some(authority.file.clone()), ..authority.trusted() };
    let said = hint(call(&url, both).await.unwrap_err());
    assert!(said.contains("NODE_EXTRA_CA_CERTS or SSL_CERT_FILE"), "{said}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_gets_nothing() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 This is plain HTTP\r\n\r\n").await.unwrap();
        // Held until the client has closed, so this is all that it sends.
        let mut sent = Vec::new();
        let _ = stream.read_to_end(&mut sent).await;
        sent
    };
    let (outcome, sent) = tokio::join!(call(&url, authority.trusted()), server);
    assert_eq!(problem(outcome), TlsProblem::NoTls);
    assert!(!String::from_utf8_lossy(&sent).contains(TOKEN));
}

#[tokio::test]
async fn without_roots_nobody_is_asked() {
    let authority = Authority::new();
    let url = serve(authority.issue(&localhost())).await;
    let empty = authority.folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let network = NetworkEnv { ssl_cert_dir: Some(empty), ..NetworkEnv::default() };
    let outcome = call(&url, network).await;
    assert!(matches!(outcome, Err(CloudError::Network(NetworkError::NoRoots { .. }))), "{outcome:?}");
}

#[tokio::test]
async fn the_systems_own_roots_do_not_trust_a_stranger() {
    let url = serve(Authority::new().issue(&localhost())).await;
    match call(&url, NetworkEnv::default()).await {
        // This suite may run on a system without certificates.
        Err(CloudError::Network(NetworkError::NoRoots { .. })) => {}
        other => assert_eq!(problem(other), TlsProblem::Untrusted),
    }
}

#[tokio::test]
async fn a_proxy_sees_a_host_and_no_token() {
    let authority = Authority::new();
    let refuse = Reaction::Say(b"HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n".to_vec());
    let proxy = Hostile::start(vec![refuse; 3]).await;
    let network = NetworkEnv { https_proxy: Some(proxy.url.clone()), ..authority.trusted() };
    let outcome = call("https://cloud.invalid", network).await;
    let Err(CloudError::Unreachable { proxy: true, .. }) = &outcome else { panic!("{outcome:?}") };
    assert!(outcome.unwrap_err().to_string().ends_with("(HTTPS_PROXY is set)"));
    assert_eq!(proxy.requests().len(), 3);
    for request in proxy.requests() {
        let request = String::from_utf8(request).unwrap();
        assert!(request.starts_with("CONNECT cloud.invalid:443 HTTP/1.1\r\n"), "{request}");
        assert!(!request.contains(TOKEN));
    }
}

#[tokio::test]
async fn no_proxy_makes_exceptions() {
    let authority = Authority::new();
    for (no_proxy, asked) in
        [(None, 1), (Some("example.org".to_owned()), 1), (Some("org, invalid".to_owned()), 0)]
    {
        let proxy = Hostile::saying("HTTP/1.1 502 No\r\n\r\n").await;
        let network = NetworkEnv {
            https_proxy: Some(proxy.url.clone()),
            no_proxy: no_proxy.clone(),
            ..authority.trusted()
        };
        // No name ends like this (RFC 6761 §6.4), so without a proxy no server can be asked.
        let outcome = call("https://cloud.invalid", network).await;
        assert!(matches!(outcome, Err(CloudError::Unreachable { .. })), "{outcome:?}");
        assert_eq!(proxy.requests().len(), asked, "{no_proxy:?}");
    }
}

#[tokio::test]
async fn this_machine_is_reached_without_a_proxy() {
    let authority = Authority::new();
    let url = serve(authority.issue(&localhost())).await;
    let proxy = Hostile::saying(YES).await;
    let network = NetworkEnv { https_proxy: Some(proxy.url.clone()), ..authority.trusted() };
    assert_eq!(call(&url, network).await.unwrap().status, 200);
    assert!(proxy.requests().is_empty());
}
