//! Tests commands for all Duos at once: a problem of one Duo does not affect the others, and none is called done that
//! isn't.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use duo_provision::archive::DeviceIdSource;
use duo_provision::error::{Code, Error};
use duo_provision::keys::{PrivateKey, PublicKey};
use duo_provision::simulator::cloud::{KnownDevice, LocalCloud, Options};
use duo_provision::simulator::faults::{Access, Fault, Kind, Moment};
use duo_provision::simulator::{Duo, DuoOptions, Generation};
use duo_provision::usb::{Bus, Device, Transport, UsbError};
use duo_provision::workflow::{
    AllCounts, AllDone, AllOptions, BackupDone, BackupOptions, CloudOptions, Context, DctBackupOptions,
    DuoOutcome, Event, Phase, ProvisionDone, ProvisionOptions, Target, VerifyOptions, backup_all,
    backup_all_dcts, provision_all, verify_all,
};
use tokio::runtime::Runtime;

use crate::virtual_duo::{device_id, device_keys};
use crate::workflow::bench::{Asker, Bench, OLD, cloud_at, id, is_data, key, server_slot};

const MANY: u8 = 20;

fn duos(generation: Generation, count: u8) -> impl Iterator<Item = DuoOptions> {
    (1..=count).map(move |last| DuoOptions::new(generation, device_id(last)))
}

/// All Duos share one virtual clock, so each one that waits advances it for the others.
const LONG: Option<u32> = Some(3600);

fn backups(bench: &Bench) -> BackupOptions {
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    BackupOptions { archive, timeout: LONG, ..BackupOptions::default() }
}

fn back_up(bench: &Bench, asker: &Asker) -> Result<AllDone<BackupDone>, Error> {
    bench.run(asker, |context| backup_all(context, &backups(bench), &AllOptions::default()))
}

fn listing(bench: &Bench, rows: &str) -> AllOptions {
    AllOptions { paths: Some(bench.file("ports.csv", rows.as_bytes())) }
}

fn code<T>(all: &AllDone<T>, nth: usize) -> Option<Code> {
    all.duos[nth].problem.as_ref().map(Error::code)
}

fn counts(total: u32, done: u32, failed: u32) -> AllCounts {
    AllCounts { total, done, failed, ..AllCounts::default() }
}

/// A cloud, and Duos that belong to it.
struct Place {
    _runtime: Runtime,
    cloud: LocalCloud,
    bench: Bench,
}

impl Place {
    fn new(generation: Generation, count: u8, options: Options) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let options = Options { device_port: Some(0), ..options };
        let cloud = runtime.block_on(LocalCloud::start(options)).unwrap();
        let bench = Bench::with(duos(generation, count));
        let field = server_slot(cloud.server_key().unwrap(), cloud.device_address().unwrap());
        for nth in 0..usize::from(count) {
            bench.duo_at(nth, |duo| duo.set_dct(2082, &field));
        }
        Self { _runtime: runtime, cloud, bench }
    }

    fn options(&self) -> ProvisionOptions {
        ProvisionOptions {
            from_device: true,
            cloud: cloud_at(self.cloud.url(), self.cloud.token()),
            timeout: LONG,
            ..ProvisionOptions::default()
        }
    }

    fn provision(&self, asker: &Asker, all: &AllOptions) -> Result<AllDone<ProvisionDone>, Error> {
        self.bench.run(asker, |context| provision_all(context, &self.options(), all))
    }

    /// The ids that the cloud got, each with its key.
    fn told(&self) -> BTreeMap<String, PublicKey> {
        let all = self.cloud.provisioned().into_iter();
        all.map(|told| (told.device_id, PublicKey::read(told.public_key.as_bytes()).unwrap())).collect()
    }
}

fn public(nth: usize) -> PublicKey {
    PrivateKey::read(key(OLD + nth)).unwrap().key.public_key()
}

#[test]
fn twenty_are_saved_each_with_its_own_key() {
    let bench = Bench::with(duos(Generation::R6, MANY));
    let asker = Asker::new();
    let all = back_up(&bench, &asker).unwrap();
    let problems: Vec<_> =
        all.duos.iter().filter_map(|one| one.problem.as_ref()).map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!((all.counts, all.stopped_by.is_none()), (counts(20, 20, 0), true));
    for (nth, one) in all.duos.iter().enumerate() {
        let saved = one.result.as_ref().unwrap();
        assert_eq!(one.path, format!("1-{}", nth + 1), "in the order of the ports");
        assert_eq!(one.device_id.unwrap().to_string(), id(u8::try_from(nth).unwrap() + 1));
        assert_eq!(fs::read(&saved.path).unwrap(), key(OLD + nth));
    }
    assert_eq!(asker.ended().len(), 20);
    assert!(bench.paths.iter().enumerate().all(|(nth, _)| bench.duo_at(nth, writes) == 0));
}

fn writes(duo: &mut Duo) -> usize {
    duo.log().filter(|transfer| is_data(transfer)).count()
}

#[test]
fn each_event_says_which_duo_it_is_of() {
    let bench = Bench::with(duos(Generation::R6, 2));
    let asker = Asker::new();
    back_up(&bench, &asker).unwrap();
    for path in ["1-1", "1-2"] {
        let read = Event::OfDuo { path: path.to_owned(), inner: Box::new(Event::Phase(Phase::Read)) };
        assert!(asker.told().contains(&format!("{read:?}")), "{path}");
    }
    assert_eq!(asker.phases(), [], "none is of nobody knows which");
}

#[test]
fn one_that_is_broken_stops_no_other() {
    let bench = Bench::with(duos(Generation::R6, 4));
    bench.duo_at(0, |duo| duo.faults().set_access(Access::Denied));
    bench.duo_at(1, |duo| duo.faults().arm(Fault::from(Kind::Stall(Moment::Before), 1)));
    bench.duo_at(2, |duo| duo.set_dct(34, &[0; 1216]));
    let asker = Asker::new();
    let all = back_up(&bench, &asker).unwrap();
    assert_eq!(all.counts, counts(4, 1, 3));
    assert_eq!((code(&all, 0), code(&all, 2)), (Some(Code::UsbAccessDenied), Some(Code::KeySlotZeroed)));
    assert_eq!(code(&all, 1).map(Code::exit_code), Some(5));
    assert_eq!(all.duos[3].outcome, DuoOutcome::Done);
    let lines = asker.ended();
    let failed = lines.iter().find(|line| line.path == "1-3").unwrap();
    assert_eq!((failed.code, failed.outcome), (Some(Code::KeySlotZeroed), DuoOutcome::Failed));
    assert_eq!(failed.device_id.unwrap().to_string(), id(3), "it is known which Duo it is");
    assert!(failed.hint.is_some());
}

#[test]
fn without_any_there_is_no_duo() {
    let bench = Bench::with([]);
    let error = back_up(&bench, &Asker::new()).unwrap_err();
    assert_eq!((error.code(), error.code().exit_code()), (Code::NoDevice, 3));
    let error = bench.run(&Asker::new(), |context| {
        let all = listing(&bench, &format!("1-1,{}\n", id(1)));
        backup_all(context, &backups(&bench), &all).unwrap_err()
    });
    assert_eq!(error.code(), Code::NoDevice, "a list makes none");
}

/// A Duo that runs its firmware is connected, but it is not saved.
#[test]
fn one_that_runs_is_done_only_where_it_may_be_put_into_dfu_mode() {
    let running = |options| DuoOptions { returns_to_dfu: false, ..options };
    let bench = Bench::with(duos(Generation::R6, 3).map(running));
    bench.hub.with_duo(&bench.paths[1], Duo::restart);
    bench.clock.advance(std::time::Duration::from_secs(5));
    let all = back_up(&bench, &Asker::new()).unwrap();
    assert_eq!((all.counts, code(&all, 1)), (counts(3, 2, 1), Some(Code::NoDevice)));
    let problem = all.duos[1].problem.as_ref().unwrap();
    assert_eq!(problem.message(), "the Duo at 1-2 runs its firmware");
    assert_eq!(all.duos[1].device_id.unwrap().to_string(), id(2), "as it tells it then, too");
    assert!(problem.hint_text().unwrap().contains("--enter-dfu"), "{problem}");
    let target = Target { enter_dfu: true, ..Target::default() };
    let options = BackupOptions { target, ..backups(&bench) };
    let all =
        bench.run(&Asker::new(), |context| backup_all(context, &options, &AllOptions::default())).unwrap();
    assert_eq!(all.counts, counts(3, 3, 0));
}

/// A bus that cannot say which Duos run their firmware.
struct HalfBlind<'a>(&'a dyn Bus);

impl Bus for HalfBlind<'_> {
    fn is_virtual(&self) -> bool {
        self.0.is_virtual()
    }

    fn list(&self, ids: &[(u16, u16)]) -> Result<Vec<Device>, UsbError> {
        // The USB id of a Duo that runs its firmware.
        if ids == [(0x2b04, 0xc058)] { Err(UsbError::Other("no list".to_owned())) } else { self.0.list(ids) }
    }

    fn open(&self, device: &Device) -> Result<Box<dyn Transport>, UsbError> {
        self.0.open(device)
    }
}

/// Otherwise running Duos would be left out without notice.
#[test]
fn where_it_is_not_known_which_run_nothing_is_called_all() {
    let bench = Bench::with(duos(Generation::R6, 2));
    let error = bench.run(&Asker::new(), |context| {
        let bus = HalfBlind(context.bus);
        backup_all(Context { bus: &bus, ..context }, &backups(&bench), &AllOptions::default()).unwrap_err()
    });
    assert_eq!(error.code(), Code::UsbError);
    assert!(bench.archived().is_empty());
}

#[test]
fn what_is_about_one_is_refused_before_anything_is_touched() {
    let bench = Bench::with(duos(Generation::R6, 2));
    let target = |target| BackupOptions { target, ..backups(&bench) };
    let named = [
        target(Target::parse(Some(&id(1)), None).unwrap()),
        target(Target::parse(None, Some("1-1")).unwrap()),
        target(Target { wait: true, ..Target::default() }),
        BackupOptions { file: Some("duo.der".into()), ..backups(&bench) },
    ];
    for options in named {
        let error = bench
            .run(&Asker::new(), |context| backup_all(context, &options, &AllOptions::default()).unwrap_err());
        assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        assert!(error.hint_text().is_some());
    }
    let options = VerifyOptions { key_file: Some("duo.der".into()), ..VerifyOptions::default() };
    let verified = bench.run(&Asker::new(), |context| verify_all(context, &options, &AllOptions::default()));
    assert_eq!(verified.unwrap_err().code(), Code::InvalidArgument);
    assert!((0..2).all(|nth| bench.duo_at(nth, |duo| duo.class_requests()) == 0));
    assert!(!bench.archive().exists());
}

#[test]
fn those_that_tell_no_id_are_saved_and_bear_that_of_the_list() {
    let bench = Bench::with(duos(Generation::R4, 2));
    let all = back_up(&bench, &Asker::new()).unwrap();
    assert_eq!((all.counts, all.duos[0].device_id), (counts(2, 2, 0), None));
    let paths = listing(&bench, &format!("path,id\n1-2,{}\n", id(2).to_uppercase()));
    let all = bench.run(&Asker::new(), |context| backup_all(context, &backups(&bench), &paths)).unwrap();
    let named = all.duos[1].result.as_ref().unwrap();
    assert_eq!(named.device.device_id.unwrap().to_string(), id(2));
    assert_eq!(named.device.device_id_source, Some(DeviceIdSource::User));
}

#[test]
fn a_list_does_not_overrule_a_duo_and_names_who_is_missing() {
    let bench = Bench::with(duos(Generation::R6, 2));
    let paths = listing(&bench, &format!("1-1,{}\n1-10,{}\n", id(9), id(10)));
    let all = bench.run(&Asker::new(), |context| backup_all(context, &backups(&bench), &paths)).unwrap();
    assert_eq!(all.counts, counts(3, 1, 2));
    assert_eq!((code(&all, 0), all.duos[0].device_id), (Some(Code::WrongDevice), None));
    assert_eq!((code(&all, 2), all.duos[2].path.as_str()), (Some(Code::NoDevice), "1-10"));
    let missing = all.duos[2].problem.as_ref().unwrap().message().to_owned();
    assert_eq!(missing, "no Duo is at 1-10, which line 2 of the --paths file names");
}

#[test]
fn a_list_that_is_wrong_is_refused_whole_with_its_line() {
    let bench = Bench::with(duos(Generation::R6, 2));
    let (one, two) = (id(1), id(2));
    let long = format!("1-1,{one}\n").repeat(9000);
    let wrong: [(&str, &str); 14] = [
        (&format!("1-1,{one}\n1-2,{one}\n"), "line 2: 30001b000c47353330"),
        (&format!("1-1,{one}\n\n01-1,{two}\n"), "line 3: 1-1 is in line 1, too"),
        (&format!("1-1,{one},x\n"), "line 1: "),
        ("1-1\n", "line 1: "),
        (&format!("usb1,{one}\n"), "line 1: it does not begin with a port"),
        (
            "a secret, in another file\n",
            "line 1: it does not begin with a port, bus and ports, such as 1-2 or 1-1.4",
        ),
        (&format!("1-999,{one}\n"), "line 1: "),
        (&format!("1-,{one}\n"), "line 1: "),
        ("1-1,3.0001E+23\n", "line 1: "),
        ("1-1,3000\n", "line 1: "),
        ("1-1,kitchen\u{1b}[2J\n", "line 1: "),
        ("path,id\n", "there is no Duo in it"),
        ("", "there is no Duo in it"),
        (&long, "ports.csv"),
    ];
    for (rows, words) in wrong {
        let paths = listing(&bench, rows);
        let error =
            bench.run(&Asker::new(), |context| backup_all(context, &backups(&bench), &paths).unwrap_err());
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains('\u{1b}') && !error.to_string().contains("secret"), "{error:?}");
    }
    let missing = AllOptions { paths: Some(PathBuf::from("/none/ports.csv")) };
    let error =
        bench.run(&Asker::new(), |context| backup_all(context, &backups(&bench), &missing).unwrap_err());
    assert_eq!(error.code(), Code::FileNotFound);
    assert!((0..2).all(|nth| bench.duo_at(nth, |duo| duo.class_requests()) == 0));
}

#[test]
fn a_list_may_come_from_a_spreadsheet() {
    let bench = Bench::with(duos(Generation::R4, 2));
    for rows in [
        format!("\u{feff}PATH;ID\r\n\"1-1\";\"{}\"\r\n\r\n1-2; {}\r\n", id(1), id(2)),
        format!("1-1\t{}\n1-2\t{}", id(1), id(2)),
    ] {
        let paths = listing(&bench, &rows);
        let all = bench.run(&Asker::new(), |context| backup_all(context, &backups(&bench), &paths)).unwrap();
        assert_eq!(all.duos[1].device_id.unwrap().to_string(), id(2));
    }
}

#[test]
fn one_passphrase_serves_all() {
    let bench = Bench::with(duos(Generation::R6, 3));
    let asker = Asker::knowing(&["correct horse battery"]);
    let options = BackupOptions { encrypt: true, ..backups(&bench) };
    let all = bench.run(&asker, |context| backup_all(context, &options, &AllOptions::default())).unwrap();
    assert_eq!((all.counts, asker.requests().len()), (counts(3, 3, 0), 1));
    assert!(all.duos.iter().all(|one| one.result.as_ref().unwrap().encrypted));
}

/// The Duos that have begun end as they would alone; the others are not begun, and are listed.
#[test]
fn after_a_request_to_stop_none_is_begun() {
    let bench = Bench::with(duos(Generation::R6, MANY));
    let asker = Asker::listening(|event, cancel| {
        // At the first backup, several Duos are being worked on and none has ended.
        if let Event::OfDuo { inner, .. } = event
            && matches!(**inner, Event::BackedUp { .. })
        {
            cancel.request();
        }
    });
    let all = back_up(&bench, &asker).unwrap();
    assert_eq!(all.stopped_by.as_ref().map(Error::code), Some(Code::Interrupted));
    assert_eq!((all.duos.len(), asker.ended().len()), (20, 20));
    assert!(all.counts.done >= 1 && all.counts.not_reached >= 4, "{:?}", all.counts);
    for (nth, one) in all.duos.iter().enumerate().filter(|(_, one)| one.outcome == DuoOutcome::NotReached) {
        assert!(one.result.is_none() && one.problem.is_none());
        assert_eq!(bench.duo_at(nth, |duo| duo.class_requests()), 0, "{}", one.path);
    }
}

#[test]
fn the_tables_of_all_are_saved_whole_or_in_part() {
    for whole in [false, true] {
        let bench = Bench::with(duos(Generation::R6, 3));
        let archive = Some(bench.archive().to_str().unwrap().to_owned());
        let options = DctBackupOptions { whole, archive, timeout: LONG, ..DctBackupOptions::default() };
        let all = bench
            .run(&Asker::new(), |context| backup_all_dcts(context, &options, &AllOptions::default()))
            .unwrap();
        assert_eq!(all.counts, counts(3, 3, 0));
        assert!(all.duos.iter().all(|one| one.result.as_ref().unwrap().whole == whole));
    }
}

#[test]
fn twenty_are_sent_after_one_question_that_shows_them_all() {
    let place = Place::new(Generation::R6, MANY, Options::default());
    let asker = Asker::new();
    let all = place.provision(&asker, &AllOptions::default()).unwrap();
    assert_eq!(all.counts, counts(20, 20, 0));
    let told = place.told();
    assert_eq!(told.len(), 20);
    assert!((1..=MANY).all(|nth| told[&id(nth)] == public(usize::from(nth) - 1)));
    let plan = asker.send_plan();
    let shown: Vec<String> = plan.duos.iter().map(|key| key.device_id.to_string()).collect();
    assert_eq!(shown, (1..=MANY).map(id).collect::<Vec<_>>());
    assert_eq!((plan.left_out, plan.product_id), (0, 88));
}

#[test]
fn before_a_yes_nothing_is_sent() {
    let place = Place::new(Generation::R6, 3, Options::default());
    let error = place.provision(&Asker::refusing(), &AllOptions::default()).unwrap_err();
    assert_eq!(error.code(), Code::ConfirmationRefused);
    let asker = Asker::new();
    let options = ProvisionOptions { dry_run: true, ..place.options() };
    let all =
        place.bench.run(&asker, |context| provision_all(context, &options, &AllOptions::default())).unwrap();
    assert_eq!((all.counts.not_reached, all.stopped_by.is_none(), asker.was_asked()), (3, true, false));
    assert!(all.duos.iter().all(|one| one.result.as_ref().unwrap().dry_run));
    assert!(place.told().is_empty());
}

#[test]
fn what_a_cloud_says_of_one_is_of_that_one() {
    let owned = KnownDevice { id: id(2), owner: Some("somebody else".to_owned()) };
    let place = Place::new(Generation::R6, 3, Options { devices: vec![owned], ..Options::default() });
    let all = place.provision(&Asker::new(), &AllOptions::default()).unwrap();
    assert_eq!((all.counts, code(&all, 1)), (counts(3, 2, 1), Some(Code::CloudPermissionDenied)));
    assert_eq!(place.told().into_keys().collect::<Vec<_>>(), [id(1), id(3)]);
}

#[test]
fn one_that_cannot_be_read_is_shown_to_be_left_out() {
    let place = Place::new(Generation::R6, 3, Options::default());
    place.bench.duo_at(1, |duo| duo.set_dct(34, &[0; 1216]));
    let asker = Asker::new();
    let all = place.provision(&asker, &AllOptions::default()).unwrap();
    assert_eq!((all.counts, code(&all, 1)), (counts(3, 2, 1), Some(Code::KeySlotZeroed)));
    assert_eq!((asker.send_plan().duos.len(), asker.send_plan().left_out), (2, 1));
    assert_eq!(asker.ended()[0].path, "1-2", "it is said before the question");
}

#[test]
fn of_two_with_one_id_neither_is_sent() {
    let mut options: Vec<DuoOptions> = duos(Generation::R6, 3).collect();
    options[2] = DuoOptions::new(Generation::R6, device_id(1));
    let place = Place { bench: Bench::with(options), ..Place::new(Generation::R6, 1, Options::default()) };
    let allowing = ProvisionOptions {
        cloud: CloudOptions { allow_other_cloud: true, ..place.options().cloud },
        ..place.options()
    };
    // If one of the two cannot be read, the other is not automatically the right one.
    for broken in [false, true] {
        if broken {
            place.bench.duo_at(2, |duo| duo.set_dct(34, &[0; 1216]));
        }
        let all = place
            .bench
            .run(&Asker::new(), |context| provision_all(context, &allowing, &AllOptions::default()))
            .unwrap();
        assert_eq!((all.counts, code(&all, 0)), (counts(3, 1, 2), Some(Code::SeveralDevices)));
        assert_eq!(code(&all, 2) == Some(Code::SeveralDevices), !broken);
        let message = all.duos[0].problem.as_ref().unwrap().message();
        assert!(message.contains("1-1 and 1-3") && message.contains(&id(1)), "{message}");
        assert_eq!(place.told().into_keys().collect::<Vec<_>>(), [id(2)]);
    }
}

#[test]
fn one_that_tells_no_id_is_sent_only_by_the_list() {
    let place = Place::new(Generation::R4, 2, Options::default());
    let all = place.provision(&Asker::new(), &AllOptions::default()).unwrap();
    assert_eq!((all.counts, code(&all, 0)), (counts(2, 0, 2), Some(Code::DeviceIdUnverifiable)));
    let hint = all.duos[0].problem.as_ref().unwrap().hint_text().unwrap();
    assert!(hint.contains("--paths FILE"), "{hint}");
    assert!(place.told().is_empty());
    let paths = listing(&place.bench, &format!("1-2,{}\n", id(2)));
    let all = place.provision(&Asker::new(), &paths).unwrap();
    assert_eq!(all.counts, counts(2, 1, 1));
    assert_eq!(place.told(), BTreeMap::from([(id(2), public(1))]));
}

#[test]
fn with_all_the_own_key_alone_is_sent() {
    let place = Place::new(Generation::R6, 2, Options::default());
    let usual = place.options();
    for options in [
        ProvisionOptions { from_device: false, ..usual.clone() },
        ProvisionOptions { device_id: id(1), ..usual.clone() },
        ProvisionOptions { key_file: Some("duo.der".to_owned()), ..usual.clone() },
        ProvisionOptions { path: Some("1-1".to_owned()), ..usual },
    ] {
        let refused = |context: Context<'_>| provision_all(context, &options, &AllOptions::default());
        assert_eq!(place.bench.run(&Asker::new(), refused).unwrap_err().code(), Code::InvalidArgument);
    }
    assert!(place.told().is_empty());
}

#[test]
fn each_is_proven_by_its_own_handshake() {
    let place = Place::new(Generation::R6, 3, Options::default());
    place.provision(&Asker::new(), &AllOptions::default()).unwrap();
    place.bench.duo_at(1, |duo| duo.set_dct(34, &device_keys()[60].slot[..]));
    let asker = Asker::new();
    let all = place
        .bench
        .run(&asker, |context| {
            verify_all(
                context,
                &VerifyOptions { timeout: LONG, ..VerifyOptions::default() },
                &AllOptions::default(),
            )
        })
        .unwrap();
    assert_eq!(all.counts, counts(3, 2, 1));
    assert_eq!(code(&all, 1).map(Code::exit_code), Some(7));
    assert!(asker.ended().iter().filter(|line| line.server.is_some()).count() == 2);
}
