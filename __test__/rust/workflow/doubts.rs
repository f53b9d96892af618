//! Tests unknown outcomes in clouds: equal ones count as one, a success that settles the key settles all of them, and
//! the user can dismiss the others by name, unless the Duo or the cloud is left with a wrong key.

use std::io::Read;
use std::net::TcpListener;

use duo_provision::error::{Code, Error, exit};
use duo_provision::journal::OperationKind;
use duo_provision::keys::PrivateKey;
use duo_provision::simulator::Generation;
use duo_provision::simulator::cloud::{LocalCloud, Options};
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::workflow::{
    AskOptions, CloudOptions, Diagnosis, DoctorOptions, Finding, HistoryOptions, OperationReport, Outcome,
    ProvisionOptions, RotateOptions, Severity, Status, StatusOptions, Verdict, VerifyOptions, doctor,
    provision, rotate, status, verify,
};
use tokio::runtime::Runtime;

use crate::workflow::bench::{Asker, Bench, NEW, OLD, cloud_at, id, key};

/// A Duo, and the cloud that it belongs to.
pub struct Place {
    _runtime: Runtime,
    pub cloud: LocalCloud,
    pub bench: Bench,
}

/// A server that takes requests and closes each connection without an answer.
fn silent_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut bytes, mut request) = ([0; 4096], Vec::new());
            while !request.ends_with(b"algorithm=rsa") {
                match stream.read(&mut bytes) {
                    Ok(read) if read > 0 => request.extend_from_slice(&bytes[..read]),
                    _ => break,
                }
            }
        }
    });
    url
}

impl Place {
    pub fn new() -> Self {
        Self::of(Generation::R6)
    }

    pub fn of(generation: Generation) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let options = Options { device_port: Some(0), ..Options::default() };
        let cloud = runtime.block_on(LocalCloud::start(options)).unwrap();
        let bench = Bench::new(generation);
        let address = cloud.device_address().unwrap();
        let server = duo_provision::keys::ServerKey::read(cloud.server_key().unwrap().as_bytes()).unwrap();
        // The key, at 384 an IPv4 address, at 450 a port (redbear/firmware `dct.h`).
        let mut slot = vec![0xff; 768];
        slot[..294].copy_from_slice(&server.spki_der());
        slot[384..390].copy_from_slice(&[0, 4, 127, 0, 0, 1]);
        slot[450..452].copy_from_slice(&address.port().to_be_bytes());
        bench.duo(|duo| duo.set_dct(2082, &slot));
        Self { _runtime: runtime, cloud, bench }
    }

    pub fn provision(&self, options: ProvisionOptions) -> Result<(), Error> {
        let options = ProvisionOptions {
            device_id: id(1),
            cloud: CloudOptions {
                api_url: options.cloud.api_url.or_else(|| Some(self.cloud.url())),
                token: Some(self.cloud.token()),
                ..options.cloud
            },
            timeout: Some(5),
            ..options
        };
        self.bench.run(&Asker::new(), |context| provision(context, &options)).map(drop)
    }

    /// Sends a key to an address that never answers.
    fn lose(&self, url: &str, nth: usize) {
        let file = self.bench.key_file(nth).to_str().unwrap().to_owned();
        let options = ProvisionOptions {
            key_file: Some(file),
            cloud: CloudOptions { api_url: Some(url.to_owned()), ..CloudOptions::default() },
            ..ProvisionOptions::default()
        };
        let error = self.provision(options).unwrap_err();
        assert_eq!(error.code(), Code::CloudOutcomeUnknown, "{error}");
    }

    /// A rotation at the cloud of `other` in which the Duo does not take the key.
    pub fn leave_ahead(&self, other: &Self) {
        self.bench.arm(Fault::once(Kind::WriteSilent, 1));
        let options = RotateOptions {
            cloud: cloud_at(other.cloud.url(), other.cloud.token()),
            no_verify: true,
            archive: Some(self.bench.archive().to_str().unwrap().to_owned()),
            timeout: Some(5),
            ..RotateOptions::default()
        };
        let make = || Ok(PrivateKey::read(key(NEW)).unwrap().key);
        let failed = self.bench.run(&Asker::new(), |context| rotate(context, &options, &make)).unwrap_err();
        assert_eq!(failed.code(), Code::WriteFailed, "{failed}");
        self.bench.clear_faults();
    }

    pub fn examined(&self, verify: bool, ask: Option<bool>) -> Diagnosis {
        let cloud = AskOptions {
            ask,
            cloud: ask.map(|_| cloud_at(self.cloud.url(), self.cloud.token())).unwrap_or_default(),
        };
        let archive = Some(self.bench.archive().to_str().unwrap().to_owned());
        let options = DoctorOptions { archive, cloud, verify, timeout: Some(5), ..DoctorOptions::default() };
        self.bench.run(&Asker::new(), |context| doctor(context, &options)).unwrap()
    }

    fn dismiss(&self, id: &str) -> Result<Status, Error> {
        let options = StatusOptions { dismiss: Some(id.to_owned()), ..StatusOptions::default() };
        self.bench.run(&Asker::new(), |context| status(context, &options))
    }

    fn in_flight(&self) -> Vec<OperationReport> {
        self.bench.status().unwrap().in_flight
    }

    fn cannot_dismiss(&self, report: &OperationReport) -> Error {
        let error = self.dismiss(&report.id).unwrap_err();
        assert_eq!((error.code(), error.code().exit_code()), (Code::CannotDismiss, exit::USAGE));
        assert!(error.hint_text().unwrap().contains("duo-provision "), "{error:?}");
        assert!(report.next.iter().all(|next| !next.command.contains("--dismiss")), "{report:?}");
        assert_eq!(self.in_flight().len(), 1);
        error
    }
}

pub fn own_key() -> ProvisionOptions {
    ProvisionOptions { from_device: true, ..ProvisionOptions::default() }
}

#[test]
fn equal_doubts_are_one_and_a_success_at_the_right_address_settles_them() {
    let place = Place::new();
    let url = silent_server();
    for _ in 0..3 {
        place.lose(&url, OLD);
    }
    let [report] = place.in_flight().try_into().unwrap();
    assert!(report.next[0].command.contains(&url), "{report:?}");
    assert_eq!(place.bench.history(&HistoryOptions::default()).unwrap().operations.len(), 3);
    place.lose(&url, NEW);
    assert_eq!(place.in_flight().len(), 2, "another key is another doubt");
    place.provision(own_key()).unwrap();
    assert!(place.in_flight().is_empty(), "{:?}", place.in_flight());
    let open = std::fs::read_dir(place.bench.journal().join("open")).unwrap().count();
    assert_eq!(open, 0, "it takes them along to the history");
}

#[test]
fn the_same_key_out_of_a_file_settles_it_too_and_another_key_elsewhere_does_not() {
    let place = Place::new();
    let url = silent_server();
    place.lose(&url, OLD);
    let other = place.bench.key_file(NEW).to_str().unwrap().to_owned();
    place.provision(ProvisionOptions { key_file: Some(other), ..ProvisionOptions::default() }).unwrap();
    assert_eq!(place.in_flight().len(), 1);
    let same = place.bench.key_file(OLD).to_str().unwrap().to_owned();
    place.provision(ProvisionOptions { key_file: Some(same), ..ProvisionOptions::default() }).unwrap();
    assert!(place.in_flight().is_empty());
}

#[test]
fn a_doubt_that_nothing_settles_is_put_away_by_its_id_and_stays_in_the_history() {
    let place = Place::new();
    let url = silent_server();
    place.lose(&url, OLD);
    place.lose(&url, NEW);
    let [first, second] = place.in_flight().try_into().unwrap();
    let command = format!("duo-provision status --dismiss {}", first.id);
    assert_eq!(first.next.last().unwrap().command, command);
    let found = place.dismiss(&first.id).unwrap();
    assert_eq!(found.in_flight.iter().map(|report| &report.id).collect::<Vec<_>>(), [&second.id]);
    let put_away = found.dismissed.unwrap();
    assert_eq!((&put_away.id, put_away.outcome), (&first.id, Outcome::Dismissed));
    let listed = place.bench.history(&HistoryOptions::default()).unwrap().operations;
    let outcome = |id: &str| listed.iter().find(|report| report.id == id).unwrap().outcome;
    assert_eq!((outcome(&first.id), outcome(&second.id)), (Outcome::Dismissed, Outcome::Failed));
    for id in [first.id.as_str(), "0123456789abcdef", "none", "\u{1b}[2J"] {
        let error = place.dismiss(id).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}

/// After a crash between the record and the history it is still dismissed.
#[test]
fn what_was_put_away_is_so_wherever_it_lies() {
    let place = Place::new();
    place.lose(&silent_server(), OLD);
    let journal = place.bench.records();
    let id = place.in_flight()[0].id.clone();
    let dismissed = format!(r#"{{"v":1,"id":"{id}","at":"2026-01-31T12:00:00Z","record":"dismissed"}}"#);
    place.bench.set_journal(&[&journal[..], dismissed.as_bytes(), b"\n"].concat());
    assert!(place.in_flight().is_empty());
    assert_eq!(place.bench.last().outcome, Outcome::Dismissed);
    assert_eq!(place.dismiss(&id).unwrap_err().code(), Code::InvalidArgument);
    // What a crash tore is removed first.
    place.bench.set_journal(&[&journal[..], b"{\"v\":1,\"id\":"].concat());
    place.dismiss(&id).unwrap();
    assert_eq!(place.bench.last().outcome, Outcome::Dismissed);
}

#[test]
fn what_left_the_key_wrong_or_the_cloud_ahead_is_not_put_away() {
    let place = Place::new();
    place.bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    place.bench.restore(&place.bench.new_key()).unwrap_err();
    place.bench.clear_faults();
    let error = place.cannot_dismiss(&place.in_flight()[0]);
    assert!(error.message().contains("neither the old one nor the new one"), "{error}");

    let place = Place::new();
    place.leave_ahead(&place);
    let error = place.cannot_dismiss(&place.in_flight()[0]);
    assert!(error.message().contains("the Duo still has the old one"), "{error}");
}

/// The cloud that took the new key stays ahead, whatever another cloud is sent. Only a proof shows that it is not the
/// Duo's cloud.
#[test]
fn of_a_cloud_that_is_ahead_another_cloud_says_nothing_and_a_proof_does() {
    let place = Place::new();
    let other = Place::new();
    place.leave_ahead(&other);
    place.provision(own_key()).unwrap();
    assert_eq!(place.in_flight().len(), 1, "the other cloud is ahead");
    place.bench.run(&Asker::new(), |context| verify(context, &VerifyOptions::default())).unwrap();
    assert!(place.in_flight().is_empty());
    assert_eq!(place.bench.last().operation, OperationKind::Verify);
}

/// The finding with this code about the only Duo.
pub fn found<'d>(diagnosis: &'d Diagnosis, code: &str) -> Option<&'d Finding> {
    diagnosis.duos[0].findings.iter().find(|finding| finding.code == code)
}

#[test]
fn only_a_proof_in_this_run_calls_a_duo_paired() {
    let place = Place::new();
    let unchecked = place.examined(false, None);
    assert_eq!((unchecked.verdict, unchecked.problems), (Verdict::CloudNotChecked, 0), "{unchecked:?}");
    let next = unchecked.duos[0].next.as_deref();
    assert_eq!(next, Some(format!("duo-provision verify --device {}", id(1)).as_str()));

    let refused = place.examined(true, None);
    assert_eq!((refused.verdict, refused.problems), (Verdict::Problems, 1), "{refused:?}");
    let problem = found(&refused, "PAIRING_REFUSED").unwrap();
    assert!(problem.advice.as_ref().unwrap().contains("--from-device"), "{problem:?}");

    place.provision(own_key()).unwrap();
    let asked = place.examined(false, Some(true));
    assert!(found(&asked, "CLOUD_DEVICE").is_some());
    assert_eq!(asked.verdict, Verdict::CloudNotChecked, "that a cloud has it is no proof");
    let paired = place.examined(true, None);
    assert_eq!((paired.verdict, paired.problems), (Verdict::Paired, 0), "{paired:?}");
    assert_eq!(found(&paired, "PAIRED").unwrap().severity, Severity::Ok);
    assert_eq!(place.bench.last().operation, OperationKind::Verify);
    assert_eq!(place.examined(false, None).verdict, Verdict::CloudNotChecked, "not in that run");
}

/// The cloud has the Duo's key, but the Duo has another problem.
#[test]
fn a_duo_with_a_problem_is_not_paired_by_a_proof() {
    let place = Place::new();
    place.bench.set_slot(key(NEW));
    place.provision(own_key()).unwrap();
    let found_now = place.examined(true, None);
    assert!(found(&found_now, "PAIRED").is_some() && found(&found_now, "PUBLIC_KEY_STALE").is_some());
    assert_eq!(found_now.verdict, Verdict::Problems);
    // A slot that the firmware misreads proves nothing, whichever key is in it.
    place.bench.set_slot(&PrivateKey::read(key(NEW)).unwrap().key.to_pkcs8_der().unwrap());
    let misread = place.examined(true, None);
    assert!(found(&misread, "PAIRED").is_none() && found(&misread, "KEY_SLOT_PKCS8").is_some());
}
