//! Tests Duos and commands with different clouds. A Duo names its cloud by its server key; an option, a login or a
//! default says which cloud a command talks to. If only one of the two is Particle's, nothing is sent unless the user
//! allowed it.

use duo_provision::error::{Code, Error, KeyState};
use duo_provision::keys::PrivateKey;
use duo_provision::simulator::Generation;
use duo_provision::simulator::cloud::{LocalCloud, Options};
use duo_provision::workflow::{
    AskOptions, CloudOptions, DoctorOptions, NamedCloud, Phase, ProvisionDone, ProvisionOptions,
    ResetOptions, RotateDone, RotateOptions, Severity, WriteOptions, doctor, provision, rotate,
};
use tokio::runtime::Runtime;

use crate::workflow::bench::{Asker, Bench, NEW, cloud_at, id, key};

/// A cloud that is not Particle's, and a Duo on a bench.
struct Place {
    _runtime: Runtime,
    cloud: LocalCloud,
    bench: Bench,
}

/// Which cloud the Duo names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Names {
    Particle,
    Another,
    None,
}

impl Place {
    fn new(names: Names) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let cloud = runtime.block_on(LocalCloud::start(Options::default())).unwrap();
        let bench = Bench::new(Generation::R6);
        match names {
            Names::Particle => bench.name_particle(),
            Names::Another => {}
            Names::None => bench.duo(|duo| duo.set_dct(2082, &[0xff; 768])),
        }
        Self { _runtime: runtime, cloud, bench }
    }

    /// The API of the cloud here; `None` means Particle's, the default.
    fn api(&self, particle: bool) -> Option<String> {
        (!particle).then(|| self.cloud.url())
    }

    fn rotate(&self, asker: &Asker, options: &RotateOptions) -> Result<RotateDone, Error> {
        let make = || Ok(PrivateKey::read(key(NEW)).unwrap().key);
        self.bench.run(asker, |context| rotate(context, options, &make))
    }

    fn cloud_options(&self, particle: bool) -> CloudOptions {
        CloudOptions {
            api_url: self.api(particle),
            token: Some(self.cloud.token()),
            ..CloudOptions::default()
        }
    }

    fn rotation(&self, particle: bool) -> RotateOptions {
        RotateOptions {
            cloud: self.cloud_options(particle),
            archive: Some(self.bench.archive().to_str().unwrap().to_owned()),
            no_verify: true,
            ..RotateOptions::default()
        }
    }

    fn provision(&self, asker: &Asker, options: &ProvisionOptions) -> Result<ProvisionDone, Error> {
        self.bench.run(asker, |context| provision(context, options))
    }

    fn telling(&self, particle: bool) -> ProvisionOptions {
        ProvisionOptions {
            device_id: id(1),
            from_device: true,
            cloud: self.cloud_options(particle),
            ..ProvisionOptions::default()
        }
    }

    fn is_untouched(&self) -> bool {
        self.bench.archived().is_empty()
            && self.bench.records().is_empty()
            && self.bench.writes() == 0
            && self.cloud.provisioned().is_empty()
    }
}

fn sides(named: &NamedCloud) -> (Option<bool>, bool) {
    (named.particle, named.fingerprint.is_some() && named.server.is_some())
}

#[test]
fn where_the_duo_names_another_cloud_than_the_apis_nothing_is_sent() {
    for (names, particle, first) in [
        (Names::Particle, false, "server-key set FILE --host NAME"),
        (Names::Another, true, "server-key restore"),
    ] {
        for dry_run in [false, true] {
            let place = Place::new(names);
            let asker = Asker::new();
            let rotation = RotateOptions { dry_run, ..place.rotation(particle) };
            let telling = ProvisionOptions { dry_run, ..place.telling(particle) };
            let errors = [
                place.rotate(&asker, &rotation).unwrap_err(),
                // The proof does not help a Duo that uses another cloud.
                place.rotate(&asker, &RotateOptions { no_verify: false, ..rotation }).unwrap_err(),
                place.provision(&asker, &telling).unwrap_err(),
            ];
            for error in errors {
                assert_eq!((error.code(), error.key_state()), (Code::OtherCloud, Some(KeyState::Unchanged)));
                assert_eq!(error.code().exit_code(), 2);
                let hint = error.hint_text().unwrap();
                let (give, allow) = (hint.find(first), hint.find("--allow-other-cloud"));
                assert!(give.is_some() && give < allow, "{hint}");
                assert!(hint.contains(&format!("--device {}", id(1))), "the Duo is named: {hint}");
                let api = if particle { "https://api.particle.io".to_owned() } else { place.cloud.url() };
                assert!(error.message().contains(&api), "{error}");
            }
            assert!(place.is_untouched() && !asker.phases().contains(&Phase::Send), "{names:?}");
        }
    }
}

/// Particle's API is known, and that of another cloud from the last request to it.
#[test]
fn the_api_of_the_duos_own_cloud_is_printed_as_far_as_it_is_known() {
    let write = WriteOptions { dry_run: true, ..WriteOptions::default() };
    let reset = ResetOptions { write, ..ResetOptions::default() };
    let command = |place: &Place| place.bench.reset(&reset).unwrap().provision_command;
    let hint = |place: &Place, particle: bool| {
        let error = place.provision(&Asker::new(), &place.telling(particle)).unwrap_err();
        error.hint_text().unwrap().to_owned()
    };
    let tell = format!("duo-provision {} --from-device", id(1));

    let place = Place::new(Names::Particle);
    assert_eq!(command(&place), tell);
    assert!(hint(&place, false).contains(", add --api-url https://api.particle.io;"));

    let place = Place::new(Names::Another);
    assert_eq!(command(&place), format!("{tell} --api-url URL"));
    assert!(hint(&place, true).contains(", add --api-url URL;"));
    place.provision(&Asker::new(), &place.telling(false)).unwrap();
    let url = place.cloud.url();
    assert_eq!(command(&place), format!("{tell} --api-url {url}"));
    assert!(hint(&place, true).contains(&format!(", add --api-url {url};")));
    let mut plain = place.telling(false);
    plain.cloud.allow_http = true;
    place.provision(&Asker::new(), &plain).unwrap();
    assert_eq!(command(&place), format!("{tell} --api-url {url} --allow-http"));
    assert!(hint(&place, true).contains(&format!(", add --api-url {url} --allow-http;")));
}

/// A token in the environment and nothing else selects Particle's API.
#[test]
fn a_token_alone_does_not_send_an_own_clouds_duo_to_particles() {
    let mut place = Place::new(Names::Another);
    place.bench.env.push(("PARTICLE_ACCESS_TOKEN", place.cloud.token()));
    let options = RotateOptions {
        cloud: CloudOptions { token: None, ..place.cloud_options(true) },
        dry_run: true,
        ..place.rotation(true)
    };
    assert_eq!(place.rotate(&Asker::new(), &options).unwrap_err().code(), Code::OtherCloud);
}

#[test]
fn both_sides_are_in_the_result_and_in_the_question() {
    for (names, allow_other_cloud) in [(Names::Another, false), (Names::Particle, true)] {
        let place = Place::new(names);
        let other = Some(names == Names::Particle);
        let options = RotateOptions {
            cloud: CloudOptions { allow_other_cloud, ..place.cloud_options(false) },
            dry_run: true,
            ..place.rotation(false)
        };
        let done = place.rotate(&Asker::new(), &options).unwrap();
        assert_eq!(sides(&done.duo_cloud), (other, true));
        assert_eq!(done.api_url.trim_end_matches('/'), place.cloud.url());
        let telling = ProvisionOptions {
            cloud: CloudOptions { allow_other_cloud, ..place.cloud_options(false) },
            dry_run: true,
            ..place.telling(false)
        };
        let done = place.provision(&Asker::new(), &telling).unwrap();
        assert_eq!(sides(done.duo_cloud.as_ref().unwrap()), (other, true));
        assert!(place.is_untouched());

        let asker = Asker::refusing();
        let options = RotateOptions { dry_run: false, ..options };
        assert_eq!(place.rotate(&asker, &options).unwrap_err().code(), Code::ConfirmationRefused);
        let plan = asker.plan();
        assert_eq!(sides(&plan.duo_cloud.unwrap()), (other, true));
        assert!(plan.cloud.is_some_and(|api| api.starts_with(&place.cloud.url())));
        assert_eq!(plan.cautions.len(), usize::from(allow_other_cloud), "{:?}", plan.cautions);
    }
}

/// The option that allowed it is in the printed commands too.
#[test]
fn that_another_cloud_is_meant_is_recorded_and_repeated() {
    let place = Place::new(Names::Particle);
    place.bench.arm(duo_provision::simulator::faults::Fault::once(
        duo_provision::simulator::faults::Kind::WriteSilent,
        1,
    ));
    let options = RotateOptions {
        cloud: CloudOptions { allow_other_cloud: true, ..place.cloud_options(false) },
        ..place.rotation(false)
    };
    let error = place.rotate(&Asker::new(), &options).unwrap_err();
    assert_eq!(error.code(), Code::WriteFailed);
    let hint = error.hint_text().unwrap();
    let (finish, back) = hint.split_once("to go back").unwrap();
    assert!(finish.contains("--allow-other-cloud") && back.contains("--allow-other-cloud"), "{hint}");
    let [open] = place.bench.status().unwrap().in_flight.try_into().unwrap();
    assert!(open.next.iter().all(|next| next.command.contains("--allow-other-cloud")), "{:?}", open.next);

    let place = Place::new(Names::Particle);
    let options = ProvisionOptions {
        cloud: CloudOptions { allow_other_cloud: true, ..place.cloud_options(false) },
        ..place.telling(false)
    };
    place.provision(&Asker::new(), &options).unwrap();
    assert_eq!(place.cloud.provisioned().len(), 1);
    let records = String::from_utf8(place.bench.records()).unwrap();
    assert!(records.contains(r#""allow_other_cloud":true"#), "{records}");
}

/// A slot without a cloud's key says nothing, and the command reports this.
#[test]
fn a_duo_that_names_no_cloud_decides_nothing() {
    let place = Place::new(Names::None);
    let asker = Asker::new();
    let done = place.provision(&asker, &place.telling(false)).unwrap();
    assert_eq!(sides(&done.duo_cloud.unwrap()), (None, false));
    assert!(asker.notes().contains("names no cloud"), "{}", asker.notes());
    let dry = ProvisionOptions { dry_run: true, ..place.telling(true) };
    place.provision(&Asker::new(), &dry).unwrap();
    let asker = Asker::new();
    place.rotate(&asker, &place.rotation(false)).unwrap();
    assert!(asker.notes().contains("names no cloud"), "{}", asker.notes());
}

#[test]
fn without_a_duo_nothing_can_be_compared() {
    let place = Place::new(Names::Particle);
    let generic = ProvisionOptions { from_device: false, ..place.telling(false) };
    let allowed = ProvisionOptions {
        cloud: CloudOptions { allow_other_cloud: true, ..place.cloud_options(false) },
        ..generic.clone()
    };
    assert_eq!(place.provision(&Asker::new(), &allowed).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(place.provision(&Asker::new(), &generic).unwrap().duo_cloud, None);
}

/// The other checks are still made.
#[test]
fn to_the_doctor_another_cloud_is_a_problem_and_is_not_asked() {
    let place = Place::new(Names::Particle);
    let cloud =
        AskOptions { cloud: cloud_at(place.cloud.url(), place.cloud.token()), ..AskOptions::default() };
    let found = |cloud: AskOptions, asker: &Asker| {
        let options = DoctorOptions { cloud, ..DoctorOptions::default() };
        let diagnosis = place.bench.run(asker, |context| doctor(context, &options)).unwrap();
        diagnosis.duos.into_iter().flat_map(|duo| duo.findings).collect::<Vec<_>>()
    };
    let asker = Asker::new();
    let findings = found(cloud.clone(), &asker);
    let other = findings.iter().find(|finding| finding.code == "OTHER_CLOUD").unwrap();
    assert_eq!(other.severity, Severity::Problem);
    let advice = other.advice.as_ref().unwrap();
    assert!(advice.find("server-key set") < advice.find("--allow-other-cloud"), "{advice}");
    assert!(findings.iter().any(|finding| finding.code == "KEY"), "the rest is looked at");
    assert!(!asker.phases().contains(&Phase::Ask));

    let asker = Asker::new();
    let findings =
        found(AskOptions { cloud: CloudOptions { allow_other_cloud: true, ..cloud.cloud }, ..cloud }, &asker);
    assert!(findings.iter().all(|finding| finding.code != "OTHER_CLOUD"));
    assert!(asker.phases().contains(&Phase::Ask));
}
