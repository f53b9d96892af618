//! Tests `provision` against the local cloud: which key is sent, with which token, to which cloud, and which replies
//! are believed.

use std::fs;

use duo_provision::error::{Code, Error, KeyState};
use duo_provision::journal::{OperationKind, Reached};
use duo_provision::keys::{PrivateKey, PublicKey};
use duo_provision::simulator::Generation;
use duo_provision::simulator::cloud::{Flavor, Handshake, LocalCloud, Options, Provisioned};
use duo_provision::workflow::{
    CloudOptions, Event, HistoryOptions, Phase, ProvisionDone, ProvisionOptions, PublicKeySource,
    ServerOptions, provision,
};
use tokio::runtime::Runtime;

use crate::workflow::bench::{Asker, Bench, NOON, OLD, cloud_at, id, key, server_slot};

/// A cloud, and a Duo on a bench.
struct Place {
    runtime: Runtime,
    cloud: LocalCloud,
    bench: Bench,
}

impl Place {
    fn new() -> Self {
        Self::with(Options::default(), Generation::R6)
    }

    fn with(options: Options, generation: Generation) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let cloud = runtime.block_on(LocalCloud::start(options)).unwrap();
        Self { runtime, cloud, bench: Bench::new(generation) }
    }

    fn usual(&self) -> ProvisionOptions {
        ProvisionOptions {
            device_id: id(1),
            cloud: cloud_at(self.cloud.url(), self.cloud.token()),
            ..ProvisionOptions::default()
        }
    }

    fn run(&self, options: &ProvisionOptions) -> Result<ProvisionDone, Error> {
        self.bench.run(&Asker::new(), |context| provision(context, options))
    }

    /// The one request that the cloud got.
    fn told(&self) -> Provisioned {
        let all = self.cloud.provisioned();
        assert_eq!(all.len(), 1);
        all[0].clone()
    }

    fn refused(&self, options: &ProvisionOptions, code: Code) -> Error {
        let error = self.run(options).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.hint_text().is_some(), "{error}");
        assert!(self.cloud.provisioned().is_empty(), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&self.cloud.token()), "the token is in no message");
        error
    }
}

#[test]
fn without_a_key_the_generic_one_is_sent_with_the_old_scripts_fields() {
    for flavor in [Flavor::Particle, Flavor::Spark, Flavor::Brewskey] {
        let place = Place::with(Options { flavor, ..Options::default() }, Generation::R6);
        let asker = Asker::new();
        let options = ProvisionOptions { device_id: id(1).to_uppercase(), ..place.usual() };
        let done = place.bench.run(&asker, |context| provision(context, &options)).unwrap();
        assert_eq!((done.source, done.product_id), (PublicKeySource::Generic, 88));
        assert_eq!(done.api_url.trim_end_matches('/'), place.cloud.url());
        let told = place.told();
        assert_eq!(told.device_id, id(1), "in lower case");
        assert_eq!(PublicKey::read(told.public_key.as_bytes()).unwrap(), PublicKey::generic());
        assert_eq!(told.product_id.as_deref(), Some("88"));
        assert_eq!(told.order.unwrap(), format!("script_{}", NOON.as_millis()));
        assert_eq!(told.filename.as_deref(), Some("script"));
        assert_eq!(told.algorithm.as_deref(), Some("rsa"));
        assert_eq!(asker.phases(), [Phase::Send], "no Duo is looked for");
    }
}

#[test]
fn of_every_form_of_file_only_the_public_half_is_sent() {
    let sound = PrivateKey::read(key(OLD)).unwrap().key;
    let public = sound.public_key();
    let forms: [Vec<u8>; 6] = [
        key(OLD).to_vec(),
        sound.to_pkcs1_der().unwrap().to_vec(),
        sound.to_pkcs8_der().unwrap().to_vec(),
        sound.to_pkcs8_pem().unwrap().as_bytes().to_vec(),
        public.to_pem().into_bytes(),
        public.spki_der().to_vec(),
    ];
    for form in forms {
        let place = Place::new();
        let file = place.bench.file("key", &form).to_str().unwrap().to_owned();
        let done = place.run(&ProvisionOptions { key_file: Some(file), ..place.usual() }).unwrap();
        assert_eq!((done.source, done.fingerprint), (PublicKeySource::File, public.fingerprint()));
        assert_eq!(place.told().public_key.trim(), public.to_pem().trim());
    }
}

#[test]
fn a_key_file_that_is_missing_is_an_error() {
    let place = Place::new();
    let missing = place.bench.folder.path().join("none").to_str().unwrap().to_owned();
    place.refused(&ProvisionOptions { key_file: Some(missing), ..place.usual() }, Code::FileNotFound);
}

#[test]
fn from_device_sends_the_public_half_of_what_is_in_the_duo() {
    let place = Place::new();
    // The public key slot is stale; the private key decides.
    place.bench.set_slot(key(7));
    let done = place.run(&ProvisionOptions { from_device: true, ..place.usual() }).unwrap();
    let public = PrivateKey::read(key(7)).unwrap().key.public_key();
    assert_eq!((done.source, done.fingerprint), (PublicKeySource::Device, public.fingerprint()));
    assert_eq!(place.told().public_key.trim(), public.to_pem().trim());
    assert_eq!(place.bench.writes(), 0);
}

#[test]
fn from_device_with_another_id_is_refused() {
    let place = Place::new();
    let options = ProvisionOptions { from_device: true, device_id: id(2), ..place.usual() };
    place.refused(&options, Code::WrongDevice);
    let place = Place::with(Options::default(), Generation::R4);
    let options = ProvisionOptions { from_device: true, ..place.usual() };
    place.refused(&options, Code::DeviceIdUnverifiable);
    let done = place.run(&ProvisionOptions { path: Some("1-1".into()), ..options }).unwrap();
    assert_eq!(done.device.unwrap().device_id.unwrap().to_string(), id(1));
}

#[test]
fn from_device_sends_no_key_that_the_firmware_does_not_read() {
    let place = Place::new();
    let options = ProvisionOptions { from_device: true, ..place.usual() };
    place.bench.set_slot(&PrivateKey::read(key(7)).unwrap().key.to_pkcs8_der().unwrap());
    place.refused(&options, Code::KeySlotPkcs8);
    place.bench.set_slot(&[0; 1216]);
    place.refused(&options, Code::KeySlotZeroed);
}

#[test]
fn the_token_is_the_options_then_the_files_then_the_variables_then_the_profiles() {
    let mut place = Place::new();
    let token = place.cloud.token();
    let home = place.bench.folder.path().join("home");
    let login = |token: &str, url: &str| {
        fs::create_dir_all(home.join(".particle")).unwrap();
        let config = serde_json::json!({ "access_token": token, "apiUrl": url }).to_string();
        fs::write(home.join(".particle/particle.config.json"), config).unwrap();
    };
    let right = place.bench.file("right", format!("{token}\n").as_bytes()).to_str().unwrap().to_owned();
    let wrong = place.bench.file("wrong", b"wrong").to_str().unwrap().to_owned();
    let bare =
        ProvisionOptions { cloud: CloudOptions { token: None, ..place.usual().cloud }, ..place.usual() };
    place.refused(&bare, Code::TokenMissing);

    login(&token, &place.cloud.url());
    place.bench.env = vec![("HOME", home.to_str().unwrap().to_owned())];
    place
        .run(&ProvisionOptions {
            cloud: CloudOptions { api_url: None, ..bare.cloud.clone() },
            ..bare.clone()
        })
        .unwrap();
    login("wrong", &place.cloud.url());
    place.bench.env.push(("PARTICLE_ACCESS_TOKEN", token));
    place.run(&bare).unwrap();
    place.bench.env[1].1 = "wrong".to_owned();
    let by_file =
        ProvisionOptions { cloud: CloudOptions { token_file: Some(right), ..bare.cloud.clone() }, ..bare };
    place.run(&by_file).unwrap();
    place
        .run(&ProvisionOptions {
            cloud: CloudOptions { token_file: Some(wrong), ..place.usual().cloud },
            ..place.usual()
        })
        .unwrap();
}

/// What editors on Windows, and `>` of its PowerShell, put before and after a token.
#[test]
fn a_token_file_may_have_a_byte_order_mark_or_be_utf_16() {
    let token = "abcdef0123456789abcdef0123456789abcdef01";
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/__test__/fixtures/cases/token-with-mark.txt");
    let marked = fs::read(fixture).unwrap();
    let utf16: Vec<u8> = format!("\u{feff}{token}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [marked, utf16] {
        let accounts = vec![(token.to_owned(), "you".to_owned())];
        let place = Place::with(Options { accounts, ..Options::default() }, Generation::R6);
        let file = place.bench.file("token", &bytes).to_str().unwrap().to_owned();
        place
            .run(&ProvisionOptions {
                cloud: CloudOptions { token: None, token_file: Some(file), ..place.usual().cloud },
                ..place.usual()
            })
            .unwrap();
        assert_eq!(place.told().device_id, id(1));
    }
}

#[test]
fn a_login_whose_url_has_no_scheme_says_what_to_type() {
    let mut place = Place::new();
    let home = place.bench.folder.path().to_owned();
    fs::create_dir_all(home.join(".particle")).unwrap();
    place.bench.env.retain(|(name, _)| *name != "HOME");
    let config = r#"{"access_token":"0123456789abcdef0123456789abcdef01234567","apiUrl":"127.0.0.1:8080"}"#;
    fs::write(home.join(".particle/particle.config.json"), config).unwrap();
    place.bench.env.push(("HOME", home.to_str().unwrap().to_owned()));
    let bare = ProvisionOptions {
        cloud: CloudOptions { token: None, api_url: None, ..place.usual().cloud },
        ..place.usual()
    };
    let error = place.refused(&bare, Code::ApiUrlInvalid);
    let hint = error.hint_text().unwrap();
    for words in
        ["particle profile particle apiUrl http://127.0.0.1:8080", "particle config particle apiUrl http://"]
    {
        assert!(hint.contains(words), "{hint}");
    }
}

#[test]
fn a_profiles_token_goes_to_that_profiles_cloud_only() {
    let mut place = Place::new();
    let home = place.bench.folder.path().join("home");
    fs::create_dir_all(home.join(".particle")).unwrap();
    let config = serde_json::json!({ "access_token": place.cloud.token() }).to_string();
    fs::write(home.join(".particle/particle.config.json"), config).unwrap();
    place.bench.env = vec![("HOME", home.to_str().unwrap().to_owned())];
    let error = place.refused(
        &ProvisionOptions { cloud: CloudOptions { token: None, ..place.usual().cloud }, ..place.usual() },
        Code::TokenMissing,
    );
    assert!(error.message().contains("api.particle.io"), "{error}");
}

#[test]
fn a_token_crosses_no_network_in_the_clear_unasked() {
    let place = Place::new();
    let plain = ProvisionOptions {
        cloud: CloudOptions { api_url: Some("http://192.0.2.1:8080".into()), ..place.usual().cloud },
        dry_run: true,
        ..place.usual()
    };
    place.refused(&plain, Code::PlainHttpRefused);
    let asker = Asker::new();
    let allowed =
        ProvisionOptions { cloud: CloudOptions { allow_http: true, ..plain.cloud.clone() }, ..plain };
    place.bench.run(&asker, |context| provision(context, &allowed)).unwrap();
    assert!(asker.notes().contains("plain HTTP"), "{}", asker.notes());
}

#[test]
fn a_token_with_a_newline_in_it_is_none() {
    let place = Place::new();
    place.refused(
        &ProvisionOptions {
            cloud: CloudOptions { token: Some("two\nwords".into()), ..place.usual().cloud },
            ..place.usual()
        },
        Code::TokenInvalid,
    );
}

#[test]
fn permission_denied_comes_with_its_causes() {
    let place = Place::with(Options { known_devices_only: true, ..Options::default() }, Generation::R6);
    let error = place.refused(&place.usual(), Code::CloudPermissionDenied);
    assert_eq!(error.code().exit_code(), 7);
    for cause in ["name", "another account", "product id", "factory"] {
        assert!(error.hint_text().unwrap().contains(cause), "{cause}");
    }
}

#[test]
fn a_cloud_that_refuses_or_is_not_there_is_told_apart() {
    let place = Place::new();
    place.refused(
        &ProvisionOptions {
            cloud: CloudOptions { token: Some("wrong".into()), ..place.usual().cloud },
            ..place.usual()
        },
        Code::CloudTokenInvalid,
    );
    let Place { runtime, cloud, bench } = place;
    let options = ProvisionOptions {
        device_id: id(1),
        cloud: cloud_at(cloud.url(), cloud.token()),
        timeout: Some(1),
        ..ProvisionOptions::default()
    };
    runtime.block_on(cloud.stop());
    let error = bench.run(&Asker::new(), |context| provision(context, &options)).unwrap_err();
    assert_eq!((error.code(), error.code().exit_code()), (Code::CloudUnreachable, 8));
}

#[test]
fn a_dry_run_sends_nothing() {
    let place = Place::new();
    let asker = Asker::listening(|event, _| assert!(!matches!(event, Event::Sending { .. })));
    let options = ProvisionOptions { dry_run: true, from_device: true, ..place.usual() };
    let done = place.bench.run(&asker, |context| provision(context, &options)).unwrap();
    assert!(done.dry_run && place.cloud.provisioned().is_empty());
}

#[test]
fn stopped_before_it_is_sent_nothing_is() {
    let place = Place::new();
    let asker = Asker::stopping_at(Phase::Send);
    let error = place.bench.run(&asker, |context| provision(context, &place.usual())).unwrap_err();
    assert_eq!(error.code(), Code::Interrupted);
    assert!(place.cloud.provisioned().is_empty());
}

#[test]
fn contradictions_are_refused_before_anything() {
    let place = Place::new();
    let cases = [
        ProvisionOptions { from_device: true, key_file: Some("x".into()), ..place.usual() },
        ProvisionOptions { path: Some("1-1".into()), ..place.usual() },
        ProvisionOptions { product_id: Some(0), ..place.usual() },
        ProvisionOptions { timeout: Some(0), ..place.usual() },
    ];
    for options in cases {
        let error = place.run(&options).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{error}");
    }
    for typed in ["my-duo", "2b04:d058", "", "30001b000c47"] {
        let options = ProvisionOptions { device_id: typed.into(), ..place.usual() };
        place.refused(&options, Code::InvalidDeviceId);
    }
}

/// A request is settled only if it is known that the cloud did not take the key. A later one that was taken settles the
/// rest.
#[test]
fn a_request_whose_outcome_is_not_known_stays_in_flight() {
    let place = Place::new();
    place.run(&place.usual()).unwrap();
    let text = String::from_utf8(place.bench.records()).unwrap();
    let (before, end) = text.trim_end().rsplit_once('\n').unwrap();
    for (code, known) in [
        ("CLOUD_PERMISSION_DENIED", true),
        ("CLOUD_UNREACHABLE", true),
        ("CLOUD_OUTCOME_UNKNOWN", false),
        ("CLOUD_UNAVAILABLE", false),
        ("CLOUD_UNEXPECTED_REPLY", false),
        ("INTERRUPTED", false),
    ] {
        let mut end: serde_json::Value = serde_json::from_str(end).unwrap();
        end["error"] = serde_json::json!({ "code": code });
        place.bench.set_journal(format!("{before}\n{end}\n").as_bytes());
        let status = place.bench.status().unwrap();
        assert_eq!(status.in_flight.is_empty(), known, "{code}");
        let meaning = place.bench.last().meaning;
        assert_eq!(meaning.contains("did not take"), known, "{code}: {meaning}");
    }
    place.run(&place.usual()).unwrap();
    assert!(place.bench.status().unwrap().in_flight.is_empty());
}

#[test]
fn a_request_that_was_cut_short_is_in_flight_until_it_is_sent_again() {
    let place = Place::new();
    let options = ProvisionOptions { from_device: true, ..place.usual() };
    place.run(&options).unwrap();
    let text = String::from_utf8(place.bench.records()).unwrap();
    assert!(place.bench.status().unwrap().in_flight.is_empty());
    let cut: String = text.split_inclusive('\n').take(2).collect();
    place.bench.set_journal(cut.as_bytes());
    let report = place.bench.status().unwrap().in_flight.remove(0);
    assert_eq!((report.operation, report.reached), (OperationKind::Provision, Reached::Sending));
    assert_eq!(
        report.next[0].command,
        format!("duo-provision {} --from-device --api-url {}", id(1), place.cloud.url())
    );
    place.run(&options).unwrap();
    assert!(place.bench.status().unwrap().in_flight.is_empty());
}

#[test]
fn the_journal_has_no_secret_in_it() {
    let place = Place::new();
    let words = place.bench.file("words", place.cloud.token().as_bytes()).to_str().unwrap().to_owned();
    let by_file = ProvisionOptions {
        cloud: CloudOptions { token: None, token_file: Some(words), ..place.usual().cloud },
        ..place.usual()
    };
    place.run(&by_file).unwrap();
    place.run(&ProvisionOptions { from_device: true, ..place.usual() }).unwrap();
    place
        .run(&ProvisionOptions {
            cloud: CloudOptions { token: Some("0badc0de0badc0de".into()), ..place.usual().cloud },
            ..place.usual()
        })
        .unwrap_err();
    place.bench.restore(&place.bench.new_key()).unwrap();
    let journal = place.bench.records();
    let has = |needle: &[u8]| journal.windows(needle.len()).any(|window| window == needle);
    assert!(!has(place.cloud.token().as_bytes()) && !has(b"0badc0de0badc0de"));
    assert!(has(place.cloud.url().as_bytes()), "the scan finds what is there");
    for nth in [OLD, crate::workflow::bench::NEW] {
        // The private numbers follow the header, n and e [RFC 8017, A.1.2].
        for window in key(nth)[150..611].windows(8) {
            let hex = window.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            assert!(!has(window) && !has(hex.as_bytes()));
        }
    }
}

/// A cloud with a device port, and a Duo that names this cloud.
fn with_devices(options: Options) -> Place {
    let place = Place::with(Options { device_port: Some(0), ..options }, Generation::R6);
    let slot = server_slot(place.cloud.server_key().unwrap(), place.cloud.device_address().unwrap());
    place.bench.duo(|duo| duo.set_dct(2082, &slot));
    place
}

#[test]
fn what_was_told_is_proven_if_that_is_wanted() {
    let place = with_devices(Options::default());
    let wanted = ProvisionOptions { from_device: true, verify: true, ..place.usual() };
    let dry = place.run(&ProvisionOptions { dry_run: true, ..wanted.clone() }).unwrap();
    let at = place.cloud.device_address().map(|at| at.to_string());
    assert_eq!((dry.server, place.cloud.provisioned().len()), (at.clone(), 0));
    assert_eq!(place.run(&wanted).unwrap().server, at);
    let last = place.bench.history(&HistoryOptions::default()).unwrap().operations.remove(0);
    assert_eq!(last.reached, Reached::Proven);

    // The key is from a file, so there is no Duo that names its cloud.
    let file = place.bench.file("key", key(OLD)).to_str().unwrap().to_owned();
    let pem = place.bench.file("server.pem", place.cloud.server_key().unwrap().as_bytes());
    let (host, port) = (Some("127.0.0.1".to_owned()), place.cloud.device_address().map(|at| at.port()));
    let of_file = ProvisionOptions { from_device: false, key_file: Some(file), ..wanted };
    let server = ServerOptions { key_file: Some(pem), host, port };
    let named = ProvisionOptions { server, ..of_file.clone() };
    assert_eq!(place.run(&named).unwrap().server, at);
    assert_eq!(place.run(&of_file).unwrap_err().code(), Code::InvalidArgument);
}

/// Tested with a key that the cloud does not take, and with a port of another cloud.
#[test]
fn what_is_not_proven_is_no_success_and_is_open() {
    for handshake in [Handshake::Late(9), Handshake::OtherKey] {
        let place = with_devices(Options { handshake, ..Options::default() });
        let options = ProvisionOptions { from_device: true, verify: true, timeout: Some(1), ..place.usual() };
        let error = place.run(&options).unwrap_err();
        assert_eq!((error.code(), error.key_state()), (Code::PairingUnproven, Some(KeyState::Unchanged)));
        let hint = error.hint_text().unwrap();
        assert!(hint.contains("--from-device") && hint.contains("--verify"), "{hint}");
        assert_eq!(place.cloud.provisioned().len(), 1);
        let [open] = place.bench.status().unwrap().in_flight.try_into().unwrap();
        assert!(open.meaning.contains("is not proven"), "{}", open.meaning);
        assert!(open.next[0].command.contains("--verify"), "{:?}", open.next);
        place.run(&ProvisionOptions { verify: false, ..options }).unwrap();
        assert!(place.bench.status().unwrap().in_flight.is_empty());
    }
}

#[test]
fn only_a_private_key_can_be_proven() {
    let place = with_devices(Options::default());
    let wanted = ProvisionOptions { verify: true, ..place.usual() };
    let refused = |options: &ProvisionOptions| {
        assert_eq!(place.run(options).unwrap_err().code(), Code::InvalidArgument);
        assert!(place.cloud.provisioned().is_empty());
    };
    refused(&wanted);
    let public = PrivateKey::read(key(OLD)).unwrap().key.public_key().to_pem();
    let file = place.bench.file("key.pub", public.as_bytes()).to_str().unwrap().to_owned();
    refused(&ProvisionOptions { key_file: Some(file), ..wanted });
    let server = ServerOptions { host: Some("127.0.0.1".to_owned()), ..ServerOptions::default() };
    refused(&ProvisionOptions { from_device: true, server, ..place.usual() });
    place.bench.duo(|duo| duo.set_dct(2082, &[0xff; 768]));
    let wanted = ProvisionOptions { from_device: true, verify: true, ..place.usual() };
    place.refused(&wanted, Code::ServerKeySlotInvalid);
}

/// Self-hosted servers keep the generic key, and so may any cloud other than Particle's.
#[test]
fn that_another_cloud_keeps_the_generic_key_is_said() {
    let place = Place::new();
    let asker = Asker::new();
    place.bench.run(&asker, |context| provision(context, &place.usual())).unwrap();
    assert!(asker.notes().contains("keeps the generic key") && asker.notes().contains("--from-device"));
    let asker = Asker::new();
    let particles = ProvisionOptions {
        cloud: CloudOptions { api_url: None, ..place.usual().cloud },
        dry_run: true,
        ..place.usual()
    };
    place.bench.run(&asker, |context| provision(context, &particles)).unwrap();
    assert!(!asker.notes().contains("generic"), "{}", asker.notes());
}
