//! Tests `rotate`: the order that loses nothing, every refusal, and every place where it can be cut short.

use std::fs;
use std::path::Path;

use duo_provision::error::{Code, Error, KeyState};
use duo_provision::keys::{Fingerprint, PrivateKey, PublicKey};
use duo_provision::simulator::Generation;
use duo_provision::simulator::cloud::{Flavor, Handshake, LocalCloud, Options};
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::workflow::{
    Action, BackupOptions, CloudOptions, DoctorOptions, Event, HistoryOptions, PairBefore, Phase,
    ProvisionOptions, ResetOptions, RotateDone, RotateOptions, ServerOptions, Target, VerifyOptions, doctor,
    provision, rotate, verify,
};
use tokio::runtime::Runtime;

use crate::workflow::bench::{Asker, Bench, NEW, OLD, cloud_at, id, key, restore_of, server_slot};
use crate::workflow::journal::write_into;
use crate::workflow::typed;

/// A cloud, and a Duo that belongs to it.
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
        let options = Options { device_port: Some(0), ..options };
        let cloud = runtime.block_on(LocalCloud::start(options)).unwrap();
        let bench = Bench::new(generation);
        let slot = server_slot(cloud.server_key().unwrap(), cloud.device_address().unwrap());
        bench.duo(|duo| duo.set_dct(2082, &slot));
        Self { runtime, cloud, bench }
    }

    fn usual(&self) -> RotateOptions {
        RotateOptions {
            cloud: cloud_at(self.cloud.url(), self.cloud.token()),
            archive: Some(self.bench.archive().to_str().unwrap().to_owned()),
            ..RotateOptions::default()
        }
    }

    fn run(&self, options: &RotateOptions) -> Result<RotateDone, Error> {
        self.run_asking(&Asker::new(), options)
    }

    fn run_asking(&self, asker: &Asker, options: &RotateOptions) -> Result<RotateDone, Error> {
        let make = || Ok(PrivateKey::read(key(NEW)).unwrap().key);
        let outcome = self.bench.run(asker, |context| rotate(context, options, &make));
        if let Err(error) = &outcome {
            let shown = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!shown.contains(&self.cloud.token()), "the token is in no message");
            assert!(error.hint_text().is_some() || error.code() == Code::Interrupted, "{error}");
        }
        outcome
    }

    /// The same command again; it must not make a second new key.
    fn again(&self) -> Result<RotateDone, Error> {
        self.again_with(&self.usual())
    }

    fn again_with(&self, options: &RotateOptions) -> Result<RotateDone, Error> {
        self.bench.clear_faults();
        let make = || -> Result<PrivateKey, _> { panic!("a second new key is made") };
        self.bench.run(&Asker::new(), |context| rotate(context, options, &make))
    }

    /// The key that the cloud knows the Duo by.
    fn cloud_has(&self) -> Option<Fingerprint> {
        held_by(&self.cloud)
    }

    /// Tells the cloud the key that is in the Duo, as the printed command does.
    fn tell_key_of_device(&self, command: &str) {
        let words = format!("duo-provision {} --from-device", id(1));
        let (_, arguments) = command.split_once(&words).unwrap_or_else(|| panic!("{command}"));
        assert!(arguments.contains(&format!("--api-url {}", self.cloud.url())), "{command}");
        let options = ProvisionOptions {
            device_id: id(1),
            from_device: true,
            path: typed::target(arguments).path,
            cloud: cloud_at(self.cloud.url(), self.cloud.token()),
            ..ProvisionOptions::default()
        };
        self.bench.run(&Asker::new(), |context| provision(context, &options)).unwrap();
    }

    /// Tells the cloud the key that is in the Duo.
    fn pair(&self) {
        self.tell_key_of_device(&format!(
            "duo-provision {} --from-device --api-url {}",
            id(1),
            self.cloud.url()
        ));
    }

    fn both_have(&self, nth: usize) -> bool {
        self.bench.slot() == key(nth) && self.cloud_has() == Some(print(nth))
    }

    fn journal(&self) -> Vec<u8> {
        self.bench.records()
    }

    fn in_flight(&self) -> Vec<duo_provision::workflow::OperationReport> {
        self.bench.status().unwrap().in_flight
    }
}

fn print(nth: usize) -> Fingerprint {
    PrivateKey::read(key(nth)).unwrap().key.public_key().fingerprint()
}

fn records(journal: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(journal).unwrap();
    let record = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["record"].clone();
    text.lines().map(|line| record(line).as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_cloud_and_the_duo_have_the_new_key_and_it_is_proven_that_they_pair() {
    for flavor in [Flavor::Particle, Flavor::Spark, Flavor::Brewskey] {
        let place = Place::with(Options { flavor, ..Options::default() }, Generation::R6);
        let asker = Asker::new();
        let done = place.run_asking(&asker, &place.usual()).unwrap();
        assert!(place.both_have(NEW) && done.written && !done.taken_up);
        assert_eq!((done.previous, done.fingerprint), (Some(print(OLD)), Some(print(NEW))));
        assert_eq!(done.server, place.cloud.device_address().map(|at| at.to_string()));
        assert_eq!(
            asker.phases(),
            [
                Phase::Find,
                Phase::ReadDct,
                Phase::Greet,
                Phase::Backup,
                Phase::ProveOld,
                Phase::Confirm,
                Phase::Send,
                Phase::ProveNew,
                Phase::Write,
                Phase::Verify,
                Phase::Leave
            ]
        );
        let order = [
            "started",
            "backed-up",
            "new-key",
            "sending",
            "accepted",
            "proven",
            "writing",
            "verified",
            "left",
            "ended",
        ];
        assert_eq!(records(&place.journal()), order);
        assert!(place.in_flight().is_empty());
        place.bench.clear_faults();
        place.bench.run(&Asker::new(), |context| verify(context, &VerifyOptions::default())).unwrap();
    }
}

#[test]
fn both_keys_are_in_the_archive_and_the_new_one_is_called_new() {
    let place = Place::new();
    let done = place.run(&place.usual()).unwrap();
    let (backup, new) = (done.backup.unwrap(), done.new_key.unwrap());
    assert!(fs::read(&backup).unwrap() == key(OLD) && fs::read(&new).unwrap() == key(NEW));
    let manifest = |path: &Path| -> serde_json::Value {
        serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap()
    };
    assert_eq!(manifest(&new)["origin"], "new-key");
    assert_eq!(manifest(&new)["device_id"], id(1));
    assert_eq!(manifest(&backup)["origin"], serde_json::Value::Null, "it was read from the Duo");
    #[cfg(unix)]
    for path in [backup, new] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_is_asked_is_asked_with_both_fingerprints_before_the_cloud_is_told() {
    let place = Place::new();
    let asker = Asker::refusing();
    let error = place.run_asking(&asker, &place.usual()).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::ConfirmationRefused, Some(KeyState::Unchanged)));
    let plan = asker.plan();
    assert_eq!((plan.action, plan.current, plan.new), (Action::Rotate, Some(print(OLD)), Some(print(NEW))));
    assert_eq!(plan.cloud.as_deref().map(|url| url.trim_end_matches('/')), Some(&*place.cloud.url()));
    assert!(plan.backup.is_some_and(|path| path.exists()));
    assert_eq!((place.cloud_has(), place.bench.writes()), (None, 0));
    assert!(place.in_flight().is_empty(), "nothing is left to do");
    place.again().unwrap();
    assert!(place.both_have(NEW), "the key that was kept is used");
}

#[test]
fn a_refusal_leaves_the_duo_untouched() {
    let expired = Options { expired_tokens: vec!["old".into()], ..Options::default() };
    let stranger = Options { known_devices_only: true, ..Options::default() };
    let cases = [
        (Options::default(), Some("bad"), Code::CloudTokenInvalid),
        (expired, Some("old"), Code::CloudTokenExpired),
        (stranger, None, Code::CloudPermissionDenied),
        (Options { product_id: Some(6), ..Options::default() }, None, Code::CloudPermissionDenied),
    ];
    for (options, token, code) in cases {
        let place = Place::with(options, Generation::R6);
        let token = token.map_or_else(|| place.cloud.token(), str::to_owned);
        let error = place
            .run(&RotateOptions {
                cloud: CloudOptions { token: Some(token), ..place.usual().cloud },
                ..place.usual()
            })
            .unwrap_err();
        assert_eq!((error.code(), error.key_state()), (code, Some(KeyState::Unchanged)), "{error}");
        assert_eq!((place.cloud_has(), place.bench.writes()), (None, 0));
        assert!(place.bench.slot() == key(OLD) && place.in_flight().is_empty(), "{error}");
    }
}

#[test]
fn what_cannot_be_proven_is_found_out_before_anything_is_changed() {
    let place = Place::new();
    let nothing = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let at = |port| ServerOptions { host: Some("127.0.0.1".to_owned()), port, ..ServerOptions::default() };
    let server = at(Some(nothing.port()));
    let error = place.run(&RotateOptions { server, ..place.usual() }).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::CloudUnreachable, Some(KeyState::Unchanged)));
    assert!(error.hint_text().unwrap().contains("--no-verify"), "{error}");
    // One that serves devices nothing.
    let api = place.cloud.address();
    let server = at(Some(api.port()));
    let error = place.run(&RotateOptions { server, timeout: Some(1), ..place.usual() }).unwrap_err();
    assert_eq!(error.code(), Code::CloudUnexpectedReply);
    // No server key.
    place.bench.duo(|duo| duo.set_dct(2082, &[0xff; 768]));
    assert_eq!(place.run(&place.usual()).unwrap_err().code(), Code::ServerKeySlotInvalid);
    assert!(place.bench.archived().is_empty() && place.cloud_has().is_none());
    place.run(&RotateOptions { no_verify: true, ..place.usual() }).unwrap();
    assert!(place.both_have(NEW));
}

#[test]
fn contradictions_and_missing_tokens_are_refused_before_anything() {
    let place = Place::new();
    let host = ServerOptions { host: Some("127.0.0.1".to_owned()), ..ServerOptions::default() };
    let port = ServerOptions { port: Some(0), ..ServerOptions::default() };
    let refused = |options: RotateOptions, code| {
        assert_eq!(place.run(&options).unwrap_err().code(), code);
        assert_eq!(place.bench.duo(|duo| duo.class_requests()), 0);
    };
    refused(RotateOptions { no_verify: true, server: host, ..place.usual() }, Code::InvalidArgument);
    refused(RotateOptions { server: port, ..place.usual() }, Code::InvalidArgument);
    refused(RotateOptions { product_id: Some(0), ..place.usual() }, Code::InvalidArgument);
    refused(
        RotateOptions { cloud: CloudOptions { token: None, ..place.usual().cloud }, ..place.usual() },
        Code::TokenMissing,
    );
    assert!(place.bench.archived().is_empty());
}

#[test]
fn a_dry_run_makes_and_changes_nothing() {
    let place = Place::new();
    let done = place.again_with(&RotateOptions { dry_run: true, ..place.usual() }).unwrap();
    assert_eq!((done.fingerprint, done.new_key, done.written), (None, None, false));
    assert!(place.bench.archived().is_empty() && place.bench.records().is_empty());
    assert_eq!((place.cloud_has(), place.bench.writes()), (None, 0));
}

#[test]
fn an_r4_is_rotated_on_the_users_word_alone() {
    let place = Place::with(Options::default(), Generation::R4);
    assert_eq!(place.run(&place.usual()).unwrap_err().code(), Code::DeviceIdUnverifiable);
    let target = Target::parse(Some(&id(1)), Some("1-1")).unwrap();
    place.run(&RotateOptions { target, ..place.usual() }).unwrap();
    assert!(place.both_have(NEW));
}

/// A slot without a key gets one, and there is no earlier key to go back to.
#[test]
fn a_duo_without_a_key_gets_one() {
    for nothing in [[0; 1216], [0xff; 1216]] {
        let place = Place::new();
        place.bench.set_slot(&nothing);
        let done = place.run(&place.usual()).unwrap();
        assert!(place.both_have(NEW) && done.previous.is_none());
        assert!(place.bench.keeps(&nothing));
    }
}

/// It is refused before the cloud gets a new key.
#[test]
fn a_key_whose_place_nothing_would_show_is_not_told_to_the_cloud() {
    let place = Place::new();
    place.pair();
    place.bench.duo(|duo| duo.set_dct(0, &[0xff; 34 + 1216]));
    for dry_run in [true, false] {
        let asker = Asker::new();
        let options = RotateOptions { dry_run, ..place.usual() };
        let error = place.run_asking(&asker, &options).unwrap_err();
        assert_eq!((error.code(), error.key_state()), (Code::AddressUnproven, Some(KeyState::Unchanged)));
        assert!(error.message().contains("nothing would show where"), "{error}");
        assert!(!asker.phases().contains(&Phase::Confirm), "{error}");
    }
    assert_eq!(place.cloud_has(), Some(print(OLD)));
}

/// The write fails after the cloud has taken the key: both finishing and going back work.
#[test]
fn a_write_that_fails_names_both_ways_and_both_work() {
    for (kind, state) in [
        (Kind::WriteFails, KeyState::Unchanged),
        (Kind::WriteSilent, KeyState::Unchanged),
        (Kind::WriteHalf(600), KeyState::Wrong),
    ] {
        for finishes in [true, false] {
            let place = Place::new();
            place.bench.arm(Fault::once(kind.clone(), 1));
            let error = place.run(&place.usual()).unwrap_err();
            assert_eq!(error.key_state(), Some(state), "{error}");
            assert!(error.message().contains("the cloud has the new key"), "{error}");
            assert_eq!(place.cloud_has(), Some(print(NEW)));
            let [report] = place.in_flight().try_into().unwrap();
            assert!(report.meaning.contains("the cloud has the new key"), "{}", report.meaning);
            let hint = error.hint_text().unwrap().to_owned();
            let (finish, back) = hint.split_once("; to go back").unwrap();
            let advised = |purpose: &str| {
                let found = report.next.iter().find(|next| next.purpose.starts_with(purpose));
                found.unwrap_or_else(|| panic!("{:?}", report.next)).command.clone()
            };
            place.bench.clear_faults();
            if finishes {
                assert!(finish.contains("to finish: duo-provision rotate"), "{hint}");
                assert!(advised("to finish").starts_with("duo-provision rotate --api-url"));
                place.again().unwrap();
                assert!(place.both_have(NEW));
            } else {
                if state == KeyState::Wrong {
                    place.bench.restore(&typed::restore(back)).unwrap();
                    assert!(advised("to go back").contains(" && "));
                }
                place.tell_key_of_device(back);
                assert!(place.both_have(OLD), "{back}");
                place.tell_key_of_device(&advised("to go back"));
            }
            assert!(place.in_flight().is_empty(), "{kind}: {finishes}");
        }
    }
}

/// A server that reads the request and then closes the connection.
fn silent_server() -> (String, std::thread::JoinHandle<()>) {
    use std::io::Read;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 4096];
        let mut request = Vec::new();
        while !request.ends_with(b"algorithm=rsa") {
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "the request ends early");
            request.extend_from_slice(&bytes[..read]);
        }
    });
    (url, server)
}

#[test]
fn where_the_answer_is_lost_the_duo_is_untouched_and_the_same_key_is_taken_up() {
    let place = Place::new();
    let (url, server) = silent_server();
    let lost = RotateOptions {
        cloud: CloudOptions { api_url: Some(url.clone()), ..place.usual().cloud },
        timeout: Some(5),
        ..place.usual()
    };
    let error = place.run(&lost).unwrap_err();
    server.join().unwrap();
    assert_eq!((error.code(), error.key_state()), (Code::CloudOutcomeUnknown, Some(KeyState::Unchanged)));
    let hint = error.hint_text().unwrap();
    assert!(hint.contains("duo-provision rotate --api-url"), "{hint}");
    assert!(hint.contains(&format!("duo-provision {} --from-device", id(1))), "{hint}");
    assert!(error.message().contains("is not known") && place.bench.writes() == 0, "{error}");
    let [report] = place.in_flight().try_into().unwrap();
    assert!(report.meaning.contains("the cloud may have the new one"), "{}", report.meaning);

    // A backup does not show which key the cloud has.
    place.bench.backup(&BackupOptions::default()).unwrap();
    assert_eq!(place.in_flight().len(), 1);
    let done = place.again().unwrap();
    assert!(done.taken_up && place.both_have(NEW));
    assert!(
        place.in_flight().is_empty(),
        "the new key is in the Duo, and proven: what the other cloud has is no matter"
    );

    // Its key is in the Duo, so there is nothing left to resume at another cloud.
    place.bench.clear_faults();
    let (options, make) = (place.usual(), || Ok(PrivateKey::read(key(NEW + 1)).unwrap().key));
    let next = place.bench.run(&Asker::new(), |context| rotate(context, &options, &make)).unwrap();
    assert!(!next.taken_up && place.both_have(NEW + 1));
}

/// If no cloud was told of a key, another key can replace it.
#[test]
fn where_a_new_key_is_lost_before_anybody_was_told_another_is_made() {
    let place = Place::new();
    let refused = place.run(&RotateOptions {
        cloud: CloudOptions { token: Some("never-a-good-one".into()), ..place.usual().cloud },
        ..place.usual()
    });
    assert_eq!(refused.unwrap_err().code(), Code::CloudTokenInvalid);
    for name in place.bench.archived().iter().filter(|name| name.contains(&print(NEW).short())) {
        fs::remove_file(place.bench.archive().join(name)).unwrap();
    }
    let done = place.run(&place.usual()).unwrap();
    assert!(!done.taken_up && place.both_have(NEW));
}

/// The archive shows whose key it is, so the id that the user gives for an r4 is not believed.
#[test]
fn a_duo_whose_key_is_known_as_anothers_is_not_rotated() {
    let place = Place::with(Options::default(), Generation::R4);
    let as_other = Target::parse(Some(&id(2)), Some("1-1")).unwrap();
    place.bench.backup(&BackupOptions { target: as_other, ..BackupOptions::default() }).unwrap();
    let target = Target::parse(Some(&id(1)), Some("1-1")).unwrap();
    let error = place.run(&RotateOptions { target, ..place.usual() }).unwrap_err();
    assert_eq!(error.code(), Code::KeyOfOtherDevice, "{error}");
    assert!(place.bench.writes() == 0 && place.cloud.provisioned().is_empty());
}

/// After a reset that was cut short, the printed command settles it.
#[test]
fn a_reset_that_was_cut_short_is_settled_once_the_cloud_has_the_new_key() {
    let place = Place::new();
    place.bench.reset(&ResetOptions::default()).unwrap();
    let whole = place.journal();
    let verified = records(&whole).iter().position(|record| record == "verified").unwrap();
    let cut: Vec<u8> =
        whole.split_inclusive(|byte| *byte == b'\n').take(verified + 1).flatten().copied().collect();
    place.bench.set_journal(&cut);
    place.bench.clear_faults();
    // The Duo has started since.
    place.bench.duo(|duo| duo.set_dct(34, key(OLD + 1)));
    let report = place.in_flight().pop().unwrap();
    let options = ProvisionOptions {
        device_id: id(1),
        from_device: true,
        cloud: cloud_at(place.cloud.url(), place.cloud.token()),
        ..ProvisionOptions::default()
    };
    assert!(report.next[0].command.contains(&format!("{} --from-device", id(1))), "{report:?}");
    place.bench.run(&Asker::new(), |context| provision(context, &options)).unwrap();
    assert!(place.in_flight().is_empty());
}

/// After a rotation the old key no longer belongs to this Duo.
#[test]
fn the_doctor_brings_back_the_new_key_and_leaves_an_open_rotation_alone() {
    let place = Place::new();
    place.run(&place.usual()).unwrap();
    let options = DoctorOptions { archive: place.usual().archive, ..DoctorOptions::default() };
    let key_finding = || {
        place.bench.clear_faults();
        place.bench.set_slot(&key(OLD)[..300]);
        let found = place.bench.run(&Asker::new(), |context| doctor(context, &options)).unwrap();
        let mut findings = found.duos.into_iter().flat_map(|duo| duo.findings);
        findings.find(|finding| finding.code.starts_with("KEY_SLOT")).unwrap()
    };
    let fix = key_finding().fix.unwrap();
    let file = fix.options.file.unwrap();
    assert!(file.to_string_lossy().contains(&print(NEW).short()), "{}", file.display());

    let whole = place.journal();
    let sending = records(&whole).iter().position(|record| record == "sending").unwrap();
    let cut: Vec<u8> =
        whole.split_inclusive(|byte| *byte == b'\n').take(sending + 1).flatten().copied().collect();
    place.bench.set_journal(&cut);
    let found = key_finding();
    assert_eq!((found.command.as_deref(), found.fix.is_none()), (Some("duo-provision status"), true));
}

/// The cloud may know the new key, but its file is gone: no other rotation starts before that is settled.
#[test]
fn where_the_new_key_is_lost_no_other_is_made_until_the_cloud_has_the_old_one() {
    let place = Place::new();
    place.bench.arm(Fault::once(Kind::WriteSilent, 1));
    place.run(&place.usual()).unwrap_err();
    for name in place.bench.archived().iter().filter(|name| name.contains(&print(NEW).short())) {
        fs::remove_file(place.bench.archive().join(name)).unwrap();
    }
    let error = place.again().unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::FileNotFound, Some(KeyState::Unchanged)), "{error}");
    place.tell_key_of_device(error.hint_text().unwrap());
    assert!(place.in_flight().is_empty());
    place.run(&place.usual()).unwrap();
    assert!(place.both_have(NEW));
}

/// The cloud knows no key of the Duo before, so only the new key gets the answer that `options` set.
#[test]
fn a_new_key_that_is_not_proven_is_not_written_and_both_ways_are_named() {
    for (options, retries) in [
        (Options { handshake: Handshake::Hang, ..Options::default() }, 4),
        (Options { handshake: Handshake::OtherKey, ..Options::default() }, 4),
        (Options { handshake: Handshake::Late(9), ..Options::default() }, 4),
        // Another cloud than the one that the Duo names: trying again does not help.
        (Options { handshake: Handshake::Garbage, ..Options::default() }, 0),
    ] {
        for finishes in [true, false] {
            let place = Place::with(options.clone(), Generation::R6);
            let asker = Asker::new();
            let error =
                place.run_asking(&asker, &RotateOptions { timeout: Some(1), ..place.usual() }).unwrap_err();
            assert_eq!(
                (error.code(), error.key_state(), error.code().exit_code()),
                (Code::PairingUnproven, Some(KeyState::Unchanged), 8),
                "{error}"
            );
            assert!(place.bench.slot() == key(OLD) && place.cloud_has() == Some(print(NEW)), "{error}");
            assert_eq!((place.bench.writes(), retried(&asker)), (0, retries), "{error}");
            assert!(error.message().contains("was not written and has the old one"), "{error}");
            let hint = error.hint_text().unwrap();
            let (finish, back) = hint.split_once("; to go back to the key that was there: ").unwrap();
            assert!(finish.contains("to finish: duo-provision rotate --api-url"), "{hint}");
            assert_eq!(place.bench.duo(|duo| duo.enumeration()), 1, "it stays in DFU mode");
            let [open] = place.in_flight().try_into().unwrap();
            assert!(open.meaning.contains("the Duo still has the old one"), "{}", open.meaning);
            if finishes {
                let asker = Asker::new();
                let options = RotateOptions { no_verify: true, ..place.usual() };
                place.run_asking(&asker, &options).unwrap();
                assert!(place.both_have(NEW) && !asker.phases().contains(&Phase::ProveNew));
            } else {
                place.tell_key_of_device(back);
                assert!(place.both_have(OLD));
            }
            assert!(place.in_flight().is_empty());
        }
    }
}

/// How many retries are reported.
fn retried(asker: &Asker) -> usize {
    asker.told().matches("Retry {").count()
}

#[test]
fn a_cloud_that_needs_a_moment_to_know_the_key_is_asked_again() {
    let place = Place::with(Options { handshake: Handshake::Late(3), ..Options::default() }, Generation::R6);
    let asker = Asker::new();
    place.run_asking(&asker, &place.usual()).unwrap();
    assert!(place.both_have(NEW));
    assert_eq!(retried(&asker), 3, "{}", asker.told());
}

/// If the cloud cannot be asked, or another cloud answers, the first proof ends the rotation.
#[test]
fn a_cloud_that_cannot_be_asked_about_the_old_pair_is_told_nothing() {
    for (handshake, code) in [
        (Handshake::Garbage, Code::ServerKeyMismatch),
        (Handshake::Hang, Code::CloudOutcomeUnknown),
        (Handshake::Cut, Code::CloudOutcomeUnknown),
    ] {
        let place = Place::with(Options { handshake, ..Options::default() }, Generation::R6);
        place.pair();
        let asker = Asker::new();
        let error =
            place.run_asking(&asker, &RotateOptions { timeout: Some(1), ..place.usual() }).unwrap_err();
        assert_eq!((error.code(), error.key_state()), (code, Some(KeyState::Unchanged)), "{error}");
        assert!(error.hint_text().unwrap().contains("--no-verify"), "{:?}", error.hint_text());
        assert!(place.both_have(OLD) && place.bench.writes() == 0 && !asker.was_asked());
        assert!(place.in_flight().is_empty());
        place.run(&RotateOptions { no_verify: true, ..place.usual() }).unwrap();
        assert!(place.both_have(NEW));
    }
}

#[test]
fn what_the_first_proof_shows_is_in_the_question_and_in_the_result() {
    let shown = |place: &Place, asker: &Asker| {
        let done = place.run_asking(asker, &place.usual()).unwrap();
        assert!(place.both_have(NEW));
        assert_eq!(asker.plan().pair_before, done.pair_before);
        done.pair_before
    };
    let place = Place::new();
    place.pair();
    assert_eq!(shown(&place, &Asker::new()), Some(PairBefore::Proven));
    assert_eq!(shown(&Place::new(), &Asker::new()), Some(PairBefore::Refused));
    let place = Place::new();
    place.bench.set_slot(&[0; 1216]);
    assert_eq!(shown(&place, &Asker::new()), Some(PairBefore::NotTried));
    let place = Place::new();
    place.pair();
    let unproven = place.run(&RotateOptions { no_verify: true, ..place.usual() }).unwrap();
    assert_eq!(unproven.pair_before, None);
    let dry = place.again_with(&RotateOptions { dry_run: true, ..place.usual() }).unwrap();
    assert!(dry.pair_before.is_none() && dry.server.is_some());
}

/// After a refused question no cloud was told: the old pair is proven again.
#[test]
fn a_key_that_nobody_was_told_of_is_taken_up_behind_the_first_proof() {
    let place = Place::new();
    place.pair();
    place.run_asking(&Asker::refusing(), &place.usual()).unwrap_err();
    let done = place.again().unwrap();
    assert!(done.taken_up && done.pair_before == Some(PairBefore::Proven) && place.both_have(NEW));
}

/// Cut short after any record: the same command ends in the same state, with the same new key.
#[test]
fn cut_short_anywhere_it_is_taken_up() {
    let whole = Place::new();
    whole.run(&whole.usual()).unwrap();
    let count = records(&whole.journal()).len();
    for cut in 1..count {
        for wrote in [false, true] {
            let place = Place::new();
            place.run(&place.usual()).unwrap();
            let journal = place.journal();
            let kept = journal.split_inclusive(|byte| *byte == b'\n').take(cut).collect::<Vec<_>>().concat();
            let names = records(&kept);
            let began = names.iter().any(|name| name == "writing");
            if wrote && !began {
                continue;
            }
            place.bench.set_journal(&kept);
            if !wrote && !names.iter().any(|name| name == "verified") {
                place.bench.set_slot(&key(OLD)[..611]);
            }
            let open = place.in_flight();
            let left = names.iter().any(|name| name == "left");
            assert_eq!(open.len(), usize::from(!left), "{names:?}");
            let told = names.iter().any(|name| name == "sending");
            assert!(left || !told || open[0].next.iter().any(|next| next.command.contains("--from-device")));
            if left {
                continue;
            }
            place.bench.clear_faults();
            let has_key = names.iter().any(|name| name == "new-key");
            let done = if has_key { place.again() } else { place.run(&place.usual()) }.unwrap();
            assert!(place.both_have(NEW) && done.taken_up == has_key, "{names:?}");
            assert!(place.in_flight().is_empty(), "{names:?}");
            let operations = place.bench.history(&HistoryOptions::default()).unwrap().operations;
            assert!(operations.iter().all(|operation| operation.after == Some(print(NEW))));
        }
    }
}

#[test]
fn what_settles_a_rotation_leaves_the_cloud_and_the_duo_with_one_key() {
    let ahead = || {
        let place = Place::new();
        place.bench.arm(Fault::once(Kind::WriteSilent, 1));
        place.run(&place.usual()).unwrap_err();
        place.bench.clear_faults();
        place
    };
    let new_file = |place: &Place| {
        let begin = format!("{}-{}-", id(1), print(NEW).short());
        let is_key =
            |name: &String| name.starts_with(&begin) && Path::new(name).extension() == Some("der".as_ref());
        let name = place.bench.archived().into_iter().find(is_key);
        place.bench.archive().join(name.unwrap())
    };
    let place = ahead();
    place.bench.restore(&restore_of(&place.bench.key_file(OLD))).unwrap();
    place.bench.backup(&BackupOptions::default()).unwrap();
    assert_eq!(place.in_flight().len(), 1, "the cloud is ahead still");
    place.bench.reset(&ResetOptions::default()).unwrap();
    assert_eq!(place.in_flight().len(), 1, "the cloud does not know that key");

    let place = ahead();
    place.bench.restore(&restore_of(&new_file(&place))).unwrap();
    assert!(place.both_have(NEW) && place.in_flight().is_empty());
}

/// A rotation after a complete one makes a key of its own.
#[test]
fn a_rotation_that_is_done_is_not_taken_up() {
    let place = Place::new();
    place.run(&place.usual()).unwrap();
    place.bench.clear_faults();
    let make = || Ok(PrivateKey::read(key(7)).unwrap().key);
    let done = place.bench.run(&Asker::new(), |context| rotate(context, &place.usual(), &make)).unwrap();
    assert!(!done.taken_up && place.both_have(7));
}

#[test]
fn stopped_before_the_cloud_is_told_nothing_is_sent_or_written() {
    for phase in [Phase::ReadDct, Phase::Greet, Phase::Backup, Phase::ProveOld, Phase::Confirm] {
        let place = Place::new();
        let error = place.run_asking(&Asker::stopping_at(phase), &place.usual());
        let Err(error) = error else { panic!("{phase:?}") };
        assert_eq!(
            (error.code(), error.key_state()),
            (Code::Interrupted, Some(KeyState::Unchanged)),
            "{phase:?}"
        );
        assert_eq!((place.cloud_has(), place.bench.writes()), (None, 0), "{phase:?}");
        assert!(place.in_flight().is_empty(), "{phase:?}");
    }
}

/// A record that cannot be written never leaves the Duo and the cloud with different keys.
#[test]
fn a_journal_that_is_lost_after_the_cloud_is_told_stops_nothing_and_one_before_does() {
    for (phase, done) in [(Phase::Confirm, false), (Phase::Send, true)] {
        let place = Place::new();
        let journal = place.bench.journal();
        let asker = Asker::listening(move |event, _| {
            if *event == Event::Phase(phase) {
                write_into(&journal);
            }
        });
        let rotated = place.run_asking(&asker, &place.usual());
        if done {
            assert!(rotated.unwrap().written && place.both_have(NEW));
            assert_eq!(asker.notes().matches("not written down").count(), 1, "{}", asker.notes());
        } else {
            assert_eq!(rotated.unwrap_err().code(), Code::JournalUnwritable);
            assert_eq!((place.cloud_has(), place.bench.writes()), (None, 0));
        }
    }
}

#[test]
fn without_a_journal_or_an_archive_nothing_is_done() {
    let place = Place::new();
    place.bench.set_journal(b"{}\n");
    assert_eq!(place.run(&place.usual()).unwrap_err().code(), Code::JournalInvalid);
    let place = Place::new();
    let file = place.bench.file("taken", b"");
    let archive = Some(file.to_str().unwrap().to_owned());
    place.run(&RotateOptions { archive, ..place.usual() }).unwrap_err();
    assert_eq!((place.cloud_has(), place.bench.writes()), (None, 0));
}

#[test]
fn the_token_and_the_keys_are_in_no_event_and_no_record() {
    let place = Place::new();
    let asker = Asker::new();
    place.run_asking(&asker, &place.usual()).unwrap();
    let said = asker.told() + std::str::from_utf8(&place.journal()).unwrap();
    assert!(!said.contains(&place.cloud.token()) && said.contains("new-key"));
    assert!(asker.told().contains("NewKey"), "{}", asker.told());
    drop(place.runtime);
}

/// A stop between the cloud's acceptance and the write is reported.
#[test]
fn stopped_while_the_cloud_is_told_the_way_is_named() {
    let place = Place::new();
    let asker = Asker::listening(|event, cancel| {
        if matches!(event, Event::Phase(Phase::Send)) {
            cancel.request();
        }
    });
    let error = place.run_asking(&asker, &place.usual()).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::Interrupted, Some(KeyState::Unchanged)));
    assert!(error.hint_text().unwrap().contains("duo-provision rotate"), "{error}");
    assert_eq!(place.in_flight().len(), 1);
    place.again().unwrap();
    assert!(place.both_have(NEW) && place.in_flight().is_empty());
}

/// The options name the API of another cloud. The Duo holds the device port of its own cloud and is paired with it.
#[test]
fn a_duo_that_is_paired_with_its_own_cloud_stays_so_if_the_api_of_another_is_named() {
    for flavor in [Flavor::Particle, Flavor::Spark, Flavor::Brewskey] {
        let (place, other) = crossed(flavor);
        let error = place.run(&at(&other, &place)).unwrap_err();
        assert_eq!(
            (error.code(), error.key_state(), error.code().exit_code()),
            (Code::PairingUnproven, Some(KeyState::Unchanged), 8)
        );
        assert!(error.message().contains("probably not one cloud"), "{error}");
        assert!(place.both_have(OLD) && place.bench.writes() == 0, "{error}");
        assert_eq!(held_by(&other), Some(print(OLD)), "the old key was sent again");
        let order = ["sending", "accepted", "sending-old", "taken-back", "ended"];
        assert!(records(&place.journal()).ends_with(&order.map(str::to_owned)), "{:?}", place.journal());
        assert!(place.in_flight().is_empty(), "nothing is left to do");
        place.bench.run(&Asker::new(), |context| verify(context, &VerifyOptions::default())).unwrap();
        // With its own cloud it is rotated as usual.
        place.run(&place.usual()).unwrap();
        assert!(place.both_have(NEW));
    }
}

/// A resumed run sends no old key back: it is not known which keys the device port has taken since.
#[test]
fn a_rotation_that_is_taken_up_sends_nothing_back() {
    let (place, other) = crossed(Flavor::Particle);
    let (url, server) = silent_server();
    place
        .run(&RotateOptions {
            cloud: CloudOptions { api_url: Some(url), ..place.usual().cloud },
            timeout: Some(5),
            ..place.usual()
        })
        .unwrap_err();
    server.join().unwrap();
    place.bench.clear_faults();
    let asker = Asker::new();
    let error = place.run_asking(&asker, &at(&other, &place)).unwrap_err();
    assert!(!asker.phases().contains(&Phase::ProveOld));
    assert_eq!((error.code(), error.key_state()), (Code::PairingUnproven, Some(KeyState::Unchanged)));
    assert_eq!((held_by(&other), place.both_have(OLD)), (Some(print(NEW)), true), "{error}");
    let hint = error.hint_text().unwrap();
    assert!(hint.contains("to finish: duo-provision rotate") && hint.contains("--from-device"), "{hint}");
}

/// If it is cut short while the old key is sent again, it is not known which key the cloud has.
#[test]
fn cut_short_while_the_old_key_is_sent_again_both_ways_are_named() {
    let (place, other) = crossed(Flavor::Particle);
    place.run(&at(&other, &place)).unwrap_err();
    let whole = place.journal();
    let sending = records(&whole).iter().rposition(|record| record == "sending-old").unwrap();
    let cut: Vec<u8> =
        whole.split_inclusive(|byte| *byte == b'\n').take(sending + 1).flatten().copied().collect();
    place.bench.set_journal(&cut);
    let [open] = place.in_flight().try_into().unwrap();
    assert!(open.meaning.contains("the new key or the old one again"), "{}", open.meaning);
    let commands: Vec<&str> = open.next.iter().map(|next| next.command.as_str()).collect();
    assert!(commands.iter().any(|command| command.starts_with("duo-provision rotate")), "{commands:?}");
    assert!(commands.iter().any(|command| command.contains("--from-device")), "{commands:?}");
}

/// If it is stopped while the new key is proven, the Duo is unchanged and the cloud already has the new key.
#[test]
fn stopped_while_the_new_key_is_proven_the_duo_is_not_written() {
    let place = Place::with(Options { handshake: Handshake::Late(9), ..Options::default() }, Generation::R6);
    let error = place.run_asking(&Asker::stopping_at(Phase::ProveNew), &place.usual()).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::Interrupted, Some(KeyState::Unchanged)));
    assert!(error.hint_text().unwrap().contains("to finish: duo-provision rotate"), "{error}");
    assert_eq!((place.in_flight().len(), place.bench.writes()), (1, 0));
}

/// A Duo that is paired with its own cloud, and another cloud.
fn crossed(flavor: Flavor) -> (Place, LocalCloud) {
    let place = Place::with(Options { flavor, ..Options::default() }, Generation::R6);
    place.pair();
    let other = place.runtime.block_on(LocalCloud::start(Options { flavor, ..Options::default() })).unwrap();
    (place, other)
}

/// The usual options, with the API of that cloud.
fn at(other: &LocalCloud, place: &Place) -> RotateOptions {
    RotateOptions { cloud: cloud_at(other.url(), other.token()), ..place.usual() }
}

/// The key that a cloud knows the Duo by.
fn held_by(cloud: &LocalCloud) -> Option<Fingerprint> {
    let told = cloud.device(&id(1))?;
    Some(PublicKey::read(told.public_key.as_bytes()).unwrap().fingerprint())
}
