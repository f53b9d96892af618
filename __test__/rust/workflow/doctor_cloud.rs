//! Tests `doctor` and the cloud: when it is asked, what its answer means, and that a failing cloud makes no other check
//! fail.

use duo_provision::error::{Code, Error};
use duo_provision::simulator::Generation;
use duo_provision::simulator::cloud::{Flavor, LocalCloud, Options};
use duo_provision::workflow::{
    AskOptions, CloudOptions, Diagnosis, DoctorOptions, Finding, Phase, ProvisionOptions, Severity, Target,
    doctor, provision,
};
use tokio::runtime::Runtime;

use crate::workflow::bench::{Asker, Bench, cloud_at, id, two};

/// A cloud, and a Duo on a bench.
struct Place {
    _runtime: Runtime,
    cloud: LocalCloud,
    bench: Bench,
}

impl Place {
    fn new() -> Self {
        Self::with(Flavor::Particle, Bench::new(Generation::R6))
    }

    fn with(flavor: Flavor, bench: Bench) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let cloud = runtime.block_on(LocalCloud::start(Options { flavor, ..Options::default() })).unwrap();
        Self { _runtime: runtime, cloud, bench }
    }

    fn usual(&self) -> AskOptions {
        AskOptions { cloud: cloud_at(self.cloud.url(), self.cloud.token()), ..AskOptions::default() }
    }

    fn provision(&self, product_id: Option<u32>) {
        let options = ProvisionOptions {
            device_id: id(1),
            from_device: true,
            product_id,
            cloud: cloud_at(self.cloud.url(), self.cloud.token()),
            ..ProvisionOptions::default()
        };
        self.bench.run(&Asker::new(), |context| provision(context, &options)).unwrap();
    }

    fn examined(&self, cloud: AskOptions, target: Target) -> (Result<Diagnosis, Error>, bool) {
        let asker = Asker::new();
        let options = DoctorOptions { target, cloud, timeout: Some(5), ..DoctorOptions::default() };
        let result = self.bench.run(&asker, |context| doctor(context, &options));
        let shown = format!("{result:?} {:?}", asker.phases());
        assert!(!shown.contains(&self.cloud.token()), "the token is in nothing that is said");
        (result, asker.phases().contains(&Phase::Ask))
    }

    /// What was found about the cloud.
    fn found(&self, cloud: AskOptions) -> Vec<Finding> {
        about_cloud(self.examined(cloud, Target::default()).0.unwrap())
    }

    fn only(&self, cloud: AskOptions) -> Finding {
        let [found] = self.found(cloud).try_into().unwrap();
        found
    }

    fn refused(&self, cloud: AskOptions) -> Code {
        let (result, asked) = self.examined(cloud, Target::default());
        assert!(!asked);
        result.unwrap_err().code()
    }
}

fn about_cloud(diagnosis: Diagnosis) -> Vec<Finding> {
    let findings = diagnosis.duos.into_iter().flat_map(|duo| duo.findings).chain(diagnosis.general);
    findings.filter(|finding| finding.code.starts_with("CLOUD")).collect()
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn it_is_asked_where_a_token_is_given_and_never_else() {
    let place = Place::new();
    let (result, asked) = place.examined(AskOptions::default(), Target::default());
    let [found] = about_cloud(result.unwrap()).try_into().unwrap();
    assert_eq!((found.code, found.severity, asked), ("CLOUD_NOT_ASKED", Severity::Note, false));
    assert!(found.advice.unwrap().contains("--cloud"));
    assert!(place.examined(place.usual(), Target::default()).1);

    let never = AskOptions { ask: Some(false), ..AskOptions::default() };
    assert_eq!(place.only(never.clone()).code, "CLOUD_NOT_ASKED");
    assert_eq!(place.refused(AskOptions { ask: Some(false), ..place.usual() }), Code::InvalidArgument);
    assert_eq!(
        place.refused(AskOptions {
            cloud: CloudOptions { token: None, ..place.usual().cloud },
            ..place.usual()
        }),
        Code::InvalidArgument
    );
    // Without a token the Duo is still examined.
    let any = AskOptions { ask: Some(true), ..AskOptions::default() };
    let (result, asked) = place.examined(any, Target::default());
    let found = result.unwrap();
    let missing = found.general.iter().find(|finding| finding.code == "TOKEN_MISSING").unwrap();
    assert_eq!((missing.severity, found.problems, asked), (Severity::Note, 0, false));
    assert!(found.duos[0].findings.iter().any(|finding| finding.code == "KEY"));
    let far = AskOptions {
        cloud: CloudOptions { api_url: Some("http://192.0.2.1".to_owned()), ..place.usual().cloud },
        ..place.usual()
    };
    assert_eq!(place.refused(far), Code::PlainHttpRefused);
}

#[test]
fn a_token_in_the_environment_is_taken_and_goes_to_no_cloud_that_the_duo_is_not_meant_for() {
    let mut place = Place::new();
    place.bench.env.push(("PARTICLE_ACCESS_TOKEN", place.cloud.token()));
    let own = AskOptions { cloud: CloudOptions { token: None, ..place.usual().cloud }, ..place.usual() };
    assert_eq!(place.only(own).code, "CLOUD_DEVICE_UNKNOWN");
    // A virtual Duo does not use Particle's cloud, and the default API is Particle's.
    let (result, asked) = place.examined(AskOptions::default(), Target::default());
    let [found] = about_cloud(result.unwrap()).try_into().unwrap();
    assert!(!asked && found.code == "CLOUD_NOT_ASKED" && found.advice.unwrap().contains("--api-url"));
    let never = AskOptions { ask: Some(false), ..AskOptions::default() };
    assert_eq!(place.only(never).code, "CLOUD_NOT_ASKED");
}

#[test]
fn a_token_of_the_environment_that_is_none_is_a_finding() {
    let mut place = Place::new();
    place.bench.env.push(("PARTICLE_ACCESS_TOKEN", "YOUR_ACCESS_TOKEN".to_owned()));
    let (result, asked) = place.examined(AskOptions::default(), Target::default());
    let found = result.unwrap().general;
    assert!(!asked && found.iter().any(|finding| finding.code == "TOKEN_INVALID"), "{found:?}");
    assert_eq!(
        place.refused(AskOptions {
            cloud: CloudOptions { token: None, ..place.usual().cloud },
            ..place.usual()
        }),
        Code::TokenInvalid
    );
}

/// The printed command fixes it.
#[test]
fn a_cloud_that_does_not_have_it_is_told_and_then_has_it() {
    for flavor in [Flavor::Particle, Flavor::Brewskey] {
        let place = Place::with(flavor, Bench::new(Generation::R6));
        let unknown = place.only(place.usual());
        assert_eq!((unknown.code, unknown.severity), ("CLOUD_DEVICE_UNKNOWN", Severity::Problem));
        let command = format!("duo-provision {} --from-device --api-url {}", id(1), place.cloud.url());
        assert_eq!(unknown.command, Some(command));
        place.provision(None);
        let known = place.found(place.usual());
        assert_eq!(codes(&known), ["CLOUD_DEVICE", "CLOUD_CONNECTION"], "{flavor:?}");
        assert_eq!(known[0].severity, Severity::Ok);
        assert_eq!(
            known[0].command.as_deref(),
            Some("duo-provision verify --device 30001b000c4735333030ab01")
        );
        assert_ne!(known[1].severity, Severity::Problem);
    }
}

/// spark-server lists a Duo only after its own next start, whether it has the Duo's key or not.
#[test]
fn a_cloud_that_does_not_list_it_proves_nothing() {
    let place = Place::with(Flavor::Spark, Bench::new(Generation::R6));
    for _ in 0..2 {
        let found = place.only(place.usual());
        assert_eq!((found.code, found.severity), ("CLOUD_DEVICE_UNKNOWN", Severity::Note));
        let advice = found.advice.unwrap();
        assert!(advice.contains("proves nothing") && !advice.contains("nobody told it"), "{advice}");
        assert!(found.command.unwrap().starts_with("duo-provision verify"));
        place.provision(None);
    }
}

#[test]
fn another_product_and_another_cloud_are_notes() {
    let place = Place::new();
    place.provision(Some(1234));
    let found = place.found(place.usual());
    assert_eq!(codes(&found), ["CLOUD_DEVICE", "CLOUD_CONNECTION", "CLOUD_PRODUCT"]);
    assert_eq!(found[2].severity, Severity::Note);
    assert!(found[2].message.contains("1234") && found[2].command.is_some());

    let place = Place::new();
    place.bench.name_particle();
    let found = place.only(AskOptions {
        cloud: CloudOptions { allow_other_cloud: true, ..place.usual().cloud },
        ..place.usual()
    });
    assert_eq!((found.code, found.severity), ("CLOUD_DEVICE_UNKNOWN", Severity::Note));
    assert!(found.advice.unwrap().contains("another cloud") && found.command.is_none());
}

#[test]
fn a_cloud_that_fails_is_a_finding_and_is_not_asked_again() {
    let place = Place::with(Flavor::Particle, Bench::with(two(Generation::R6)));
    let wrong = AskOptions {
        cloud: CloudOptions { token: Some("zq7wnotatokenofthiscloud".to_owned()), ..place.usual().cloud },
        ..place.usual()
    };
    let refused = place.only(wrong);
    assert_eq!((refused.code, refused.severity), ("CLOUD_TOKEN_INVALID", Severity::Problem));
    let nobody = AskOptions {
        cloud: CloudOptions { api_url: Some("http://127.0.0.1:1".to_owned()), ..place.usual().cloud },
        ..place.usual()
    };
    let (result, _) = place.examined(nobody, Target::default());
    let diagnosis = result.unwrap();
    assert_eq!((diagnosis.problems, diagnosis.obstacles.len()), (0, 0));
    let [found] = about_cloud(diagnosis).try_into().unwrap();
    assert_eq!((found.code, found.severity), ("CLOUD_UNREACHABLE", Severity::Note));
}

#[test]
fn of_an_r4_the_user_says_which_one_it_is() {
    let place = Place::with(Flavor::Particle, Bench::new(Generation::R4));
    let found = place.only(place.usual());
    assert_eq!(found.code, "CLOUD_NOT_ASKED");
    assert!(found.command.unwrap().starts_with("duo-provision doctor --cloud --device ID --path 1-1"));
    let (result, asked) = place.examined(place.usual(), Target::parse(Some(&id(1)), Some("1-1")).unwrap());
    let [found] = about_cloud(result.unwrap()).try_into().unwrap();
    assert!(asked && found.code == "CLOUD_DEVICE_UNKNOWN");
}
