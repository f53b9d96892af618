//! Tests how a Duo gets into DFU mode without its buttons, and how a command waits for somebody who presses them.

use std::time::Duration;

use duo_provision::error::{Code, Error, KeyState, exit};
use duo_provision::simulator::duo::Presence;
use duo_provision::simulator::faults::{Access, Counting, Fault, Kind, Moment};
use duo_provision::simulator::{Duo, DuoOptions, Generation};
use duo_provision::usb::{Bus, Clock, Device, Surroundings, Transport, UsbError};
use duo_provision::workflow::{
    BackupOptions, Context, EnterDone, Event, Listed, ListedState, Phase, ProvisionOptions, RestoreOptions,
    Target, TargetOptions, VerifyOptions, WriteOptions, enter_dfu, list, provision, verify,
};

use crate::virtual_duo::{device_id, key_maker, options};
use crate::workflow::bench::{Asker, Bench, OLD, PROGRAMS, id, two};

const MINUTE: Duration = Duration::from_secs(60);

/// Duos that run their firmware.
fn running(duos: impl IntoIterator<Item = DuoOptions>) -> Bench {
    let bench = Bench::with(duos.into_iter().map(|duo| DuoOptions { returns_to_dfu: false, ..duo }));
    for path in &bench.paths {
        bench.hub.with_duo(path, Duo::restart);
    }
    bench.clock.advance(Duration::from_secs(5));
    bench
}

fn target(device: Option<&str>, path: Option<&str>) -> Target {
    Target::parse(device, path).unwrap()
}

fn enter(bench: &Bench, target: Target) -> Result<EnterDone, Error> {
    let options = TargetOptions { target, timeout: Some(10) };
    bench.run(&Asker::new(), |context| enter_dfu(context, &options))
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: Code) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.hint_text().is_some(), "{error}");
    error
}

fn presence(bench: &Bench, nth: usize) -> Presence {
    bench.duo_at(nth, |duo| duo.presence())
}

fn backup(bench: &Bench, asker: &Asker, target: Target) -> Result<String, Error> {
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    let options = BackupOptions { target, archive, timeout: Some(10), ..BackupOptions::default() };
    bench
        .run(asker, |context| duo_provision::workflow::backup(context, &options))
        .map(|done| done.device.path)
}

#[test]
fn a_duo_that_runs_comes_into_dfu_mode_and_is_the_same_one() {
    for generation in Generation::ALL {
        let bench = running([options(generation)]);
        let done = enter(&bench, Target::default()).unwrap();
        assert!(!done.was_already);
        assert_eq!(done.device.path, "1-1");
        let told = (generation >= Generation::R5).then(|| id(1));
        assert_eq!(done.device.device_id.map(|id| id.to_string()), told, "{generation}");
        assert_eq!((presence(&bench, 0), bench.duo(|duo| duo.boots())), (Presence::Dfu, 1));
    }
}

#[test]
fn one_that_is_in_dfu_mode_is_left_alone() {
    let bench = Bench::new(Generation::R6);
    let before = bench.duo(|duo| duo.enumeration());
    assert!(enter(&bench, Target::default()).unwrap().was_already);
    assert_eq!(bench.duo(|duo| (duo.enumeration(), duo.class_requests())), (before, 0));
}

#[test]
fn no_speed_but_14400_is_ever_sent() {
    let bench = running([options(Generation::R6)]);
    enter(&bench, Target::default()).unwrap();
    let class = |log: &duo_provision::simulator::duo::Logged| log.setup.request_type & 0x60 == 0x20;
    let sent: Vec<_> = bench.duo(|duo| duo.log().filter(|log| class(log)).cloned().collect());
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].setup.request, sent[0].setup.index, sent[0].outcome), (0x20, 0, "disconnected"));
}

#[test]
fn several_are_not_guessed_between_in_whatever_mode_they_are() {
    let bench = running(two(Generation::R6));
    let error = refused(enter(&bench, Target::default()), Code::SeveralDevices);
    assert!(error.message().contains(&id(1)) && error.message().contains(&id(2)), "{error}");
    assert_eq!(error.hint_text(), Some("choose one: add --path 1-1 or --path 1-2"));
    assert_eq!(presence(&bench, 0), Presence::Normal);

    let done = enter(&bench, target(Some(&id(2)), None)).unwrap();
    assert_eq!((done.device.path.as_str(), presence(&bench, 0)), ("1-2", Presence::Normal));
    let error = refused(enter(&bench, Target::default()), Code::SeveralDevices);
    assert!(error.message().contains("1-2 in DFU mode"), "{error}");
    assert!(enter(&bench, target(Some(&id(2)), None)).unwrap().was_already);
    assert_eq!(
        enter(&bench, target(None, Some("1-1"))).unwrap().device.device_id.unwrap().to_string(),
        id(1)
    );
}

#[test]
fn another_duo_than_the_one_asked_for_keeps_running() {
    let bench = running(two(Generation::R6));
    refused(enter(&bench, target(Some(&id(9)), None)), Code::WrongDevice);
    refused(enter(&bench, target(Some(&id(2)), Some("1-1"))), Code::WrongDevice);
    let error = refused(enter(&bench, target(None, Some("1-7"))), Code::NoDevice);
    assert!(error.message().contains("at 1-1 runs its firmware"), "{error}");
    assert_eq!((presence(&bench, 0), presence(&bench, 1)), (Presence::Normal, Presence::Normal));
}

/// System firmware up to 0.2.4 has a serial number that identifies nothing.
#[test]
fn one_that_tells_no_id_has_to_be_named_by_its_port() {
    let bench = running([options(Generation::R4)]);
    let error = refused(enter(&bench, target(Some(&id(1)), None)), Code::DeviceIdUnverifiable);
    assert!(error.hint_text().unwrap().contains("--path 1-1"), "{error}");
    assert_eq!(presence(&bench, 0), Presence::Normal);
    let done = enter(&bench, target(Some(&id(1)), Some("1-1"))).unwrap();
    assert_eq!(done.device.device_id.unwrap().to_string(), id(1));
}

#[test]
fn without_any_duo_the_buttons_are_explained() {
    let error = refused(enter(&Bench::with([]), Target::default()), Code::NoDevice);
    assert!(error.hint_text().unwrap().contains("yellow"), "{error}");
}

#[test]
fn a_command_that_finds_a_running_duo_says_how_to_have_it() {
    let bench = running([options(Generation::R6)]);
    let error = refused(backup(&bench, &Asker::new(), Target::default()), Code::NoDevice);
    assert!(error.hint_text().unwrap().starts_with("add --enter-dfu, or: duo-provision dfu;"), "{error}");
    assert_eq!(presence(&bench, 0), Presence::Normal);
}

#[test]
fn commands_bring_it_there_themselves() {
    let bench = running([options(Generation::R6)]);
    let asker = Asker::new();
    let bring = Target::default().brought(Some(true), None);
    assert_eq!(backup(&bench, &asker, bring.clone()).unwrap(), "1-1");
    assert_eq!(asker.phases()[..4], [Phase::Find, Phase::EnterDfu, Phase::Find, Phase::Read]);

    bench.hub.with_duo(&bench.paths[0], Duo::restart);
    bench.clock.advance(Duration::from_secs(5));
    let found = listed(&bench, &Target::default());
    assert_eq!(found[0].state, ListedState::Running, "not unless it was typed");
    assert_eq!(found[0].device_id.unwrap().to_string(), id(1));
    assert_eq!(listed(&bench, &bring)[0].state, ListedState::Sound);
}

fn listed(bench: &Bench, target: &Target) -> Vec<Listed> {
    let options = TargetOptions { target: target.clone(), timeout: Some(10) };
    bench.run(&Asker::new(), |context| list(context, &options)).unwrap().devices
}

#[test]
fn a_list_restarts_no_duo_while_there_is_one_to_list() {
    let bench = running(two(Generation::R6));
    bench.hub.with_duo(&bench.paths[1], Duo::enter_dfu);
    bench.clock.advance(Duration::from_secs(5));
    let bring = Target::default().brought(Some(true), Some(true));
    let found = listed(&bench, &bring);
    let states: Vec<_> = found.iter().map(|entry| (&*entry.path, entry.state)).collect();
    assert_eq!(states, [("1-1", ListedState::Running), ("1-2", ListedState::Sound)]);
    assert_eq!(presence(&bench, 0), Presence::Normal);
    let named = target(None, Some("1-1")).brought(Some(true), None);
    assert_eq!(listed(&bench, &named)[0].state, ListedState::Sound);
}

#[test]
fn a_list_has_those_that_run_in_the_order_of_their_ports() {
    let bench = running((1..=11).map(|last| DuoOptions::new(Generation::R6, device_id(last))));
    bench.hub.with_duo(&bench.paths[2], Duo::enter_dfu);
    bench.clock.advance(Duration::from_secs(5));
    let found = listed(&bench, &Target::default());
    let paths: Vec<_> = found.iter().map(|entry| entry.path.clone()).collect();
    assert_eq!(paths, (1..=11).map(|port| format!("1-{port}")).collect::<Vec<_>>());
    assert!(found.iter().zip(1..).all(|(entry, nth)| entry.device_id.unwrap().to_string() == id(nth)));
    let named = listed(&bench, &target(Some(&id(2)), None));
    assert_eq!(named.iter().map(|entry| &*entry.path).collect::<Vec<_>>(), ["1-2"]);
}

/// System firmware up to 0.2.4 does not tell its id.
#[test]
fn one_that_runs_and_tells_no_id_is_listed_without() {
    let bench = running(two(Generation::R4));
    let found = listed(&bench, &Target::default());
    let told: Vec<_> = found.iter().map(|entry| (entry.state, entry.device_id)).collect();
    assert_eq!(told, [(ListedState::Running, None); 2]);
}

#[test]
fn no_answer_or_a_wrong_one_is_success_where_the_duo_comes() {
    for kind in [Kind::Stall(Moment::After), Kind::Timeout(Moment::After), Kind::Protocol(Moment::After)] {
        let bench = running([options(Generation::R6)]);
        bench.arm(Fault::once(kind.clone(), 1));
        assert!(!enter(&bench, Target::default()).unwrap().was_already, "{kind}");
    }
}

#[test]
fn one_that_does_not_restart_is_said_to_run_still() {
    for kind in [Kind::Stall(Moment::Before), Kind::Timeout(Moment::Before)] {
        let bench = running([options(Generation::R6)]);
        bench.arm(Fault::once(kind.clone(), 1));
        let error = refused(enter(&bench, Target::default()), Code::DeviceFault);
        assert!(error.message().contains("runs its firmware still"), "{kind}: {error}");
        assert!(
            error.to_string().contains("its key is unchanged")
                && error.hint_text().unwrap().contains("yellow")
        );
        assert_eq!(presence(&bench, 0), Presence::Normal);
    }
    let bench = running([options(Generation::R6)]);
    bench.arm(Fault::once(Kind::Disconnect { moment: Moment::After, returns: false }, 1));
    let error = refused(enter(&bench, Target::default()), Code::DeviceFault);
    assert!(error.message().contains("did not come back"), "{error}");
}

/// The cable is moved to another port while the Duo restarts.
#[test]
fn one_that_has_told_its_id_is_found_in_another_port() {
    for (generation, found) in [(Generation::R6, true), (Generation::R4, false)] {
        let bench = running([options(generation)]);
        let gone = Kind::Disconnect { moment: Moment::After, returns: false };
        bench.arm(Fault::once(gone, 1));
        let hub = bench.hub.clone();
        let asker = Asker::listening(move |event, _| {
            if *event == Event::Phase(Phase::EnterDfu) {
                hub.plug(Duo::new(options(generation), key_maker(OLD)));
            }
        });
        let came = backup(&bench, &asker, Target::default().brought(Some(true), None));
        assert_eq!(came.is_ok(), found, "{came:?}");
        assert!(!found || came.unwrap() == "1-2");
    }
}

#[test]
fn another_duo_in_its_port_is_not_taken_for_it() {
    let bench = running([options(Generation::R6)]);
    bench.arm(Fault::once(Kind::Swap(Moment::Before), 1));
    let error = refused(enter(&bench, Target::default()), Code::WrongDevice);
    assert!(error.message().contains("another Duo is at 1-1 now"), "{error}");
}

/// A new device node belongs to root until udev has handled it.
#[test]
fn a_permission_that_comes_late_is_waited_for() {
    let bench = running([options(Generation::R6)]);
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::EnterDfu) {
            // After the request to restart comes the host's SET_CONFIGURATION: denied once from there on.
            let denied = Fault { counting: Counting::All, ..Fault::once(Kind::Denied, 2) };
            hub.with_duo(&path, |duo, _| duo.faults().arm(denied));
        }
    });
    assert_eq!(backup(&bench, &asker, Target::default().brought(Some(true), None)).unwrap(), "1-1");
    assert_eq!(bench.duo(|duo| duo.faults().acted()), 1);
}

#[test]
fn a_permission_that_is_missing_and_a_port_in_use_are_called_that() {
    for (access, code) in [(Access::Denied, Code::UsbAccessDenied), (Access::Busy, Code::UsbBusy)] {
        let bench = running([options(Generation::R6)]);
        bench.duo(|duo| duo.faults().set_access(access));
        assert_eq!(refused(enter(&bench, Target::default()), code).code().exit_code(), exit::USB);
        assert_eq!(presence(&bench, 0), Presence::Normal);
    }
}

/// A person who does something to a Duo when the asker says what to press.
fn person(bench: &Bench, does: fn(&mut Duo, Duration)) -> Asker {
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    Asker::listening(move |event, _| {
        if matches!(event, Event::Waiting { .. }) {
            hub.with_duo(&path, does);
        }
    })
}

#[test]
fn somebody_is_waited_for_and_told_what_to_press() {
    let bench = Bench::new(Generation::R6);
    bench.duo(Duo::unplug);
    let wait = Target::default().brought(None, Some(true));
    assert_eq!(backup(&bench, &person(&bench, Duo::plug_in), wait.clone()).unwrap(), "1-1");

    let bench = running([options(Generation::R6)]);
    let asker = person(&bench, Duo::enter_dfu);
    assert_eq!(backup(&bench, &asker, wait).unwrap(), "1-1");
    assert_eq!(asker.phases()[..4], [Phase::Find, Phase::Wait, Phase::Find, Phase::Read]);
}

#[test]
fn with_both_a_duo_that_is_plugged_in_is_enough() {
    let bench = running([options(Generation::R6)]);
    bench.duo(Duo::unplug);
    let asker = person(&bench, Duo::plug_in);
    let bring = target(Some(&id(1)), None).brought(Some(true), Some(true));
    assert_eq!(backup(&bench, &asker, bring).unwrap(), "1-1");
    assert_eq!(asker.phases()[..4], [Phase::Find, Phase::Wait, Phase::EnterDfu, Phase::Find]);
}

#[test]
fn while_another_duo_is_there_the_wanted_one_is_waited_for() {
    let bench = Bench::with(two(Generation::R6));
    bench.duo(Duo::unplug);
    let asker = person(&bench, Duo::plug_in);
    let wait = target(Some(&id(1)), None).brought(None, Some(true));
    assert_eq!(backup(&bench, &asker, wait).unwrap(), "1-1");
    assert!(asker.phases().contains(&Phase::Wait));
}

#[test]
fn one_that_comes_and_tells_no_id_is_not_taken_for_the_wanted_one() {
    let bench = running([options(Generation::R4)]);
    bench.duo(Duo::unplug);
    let bring = target(Some(&id(1)), None).brought(Some(true), Some(true));
    let came = backup(&bench, &person(&bench, Duo::plug_in), bring);
    assert_eq!(came.unwrap_err().code(), Code::DeviceIdUnverifiable);
    assert_eq!(presence(&bench, 0), Presence::Normal);
}

#[test]
fn nobody_is_waited_for_longer_than_ten_minutes_or_after_ctrl_c() {
    let bench = Bench::with([]);
    let wait = Target::default().brought(None, Some(true));
    let before = bench.clock.now();
    let error = refused(backup(&bench, &Asker::new(), wait.clone()), Code::NoDevice);
    assert!(error.message().contains("within 10 minutes"), "{error}");
    let took = bench.clock.now().saturating_sub(before);
    assert!(took >= 10 * MINUTE && took < 11 * MINUTE, "{took:?}");
    let error = backup(&bench, &Asker::stopping_at(Phase::Wait), wait).unwrap_err();
    assert_eq!(error.code(), Code::Interrupted);
}

/// udev gives a device to its user within a moment or not at all.
#[test]
fn one_that_came_and_may_not_be_opened_is_not_waited_for_until_the_end() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.faults().set_access(Access::Denied));
    bench.duo(Duo::unplug);
    let wait = Target::default().brought(None, Some(true));
    let before = bench.clock.now();
    let error = refused(backup(&bench, &person(&bench, Duo::plug_in), wait), Code::UsbAccessDenied);
    let hint = error.hint_text().unwrap();
    assert_eq!(hint.contains("udev print | sudo tee"), cfg!(target_os = "linux"), "{error}");
    let took = bench.clock.now().saturating_sub(before);
    assert!(took >= Duration::from_secs(5) && took < MINUTE, "{took:?}");
}

/// The one that may not be opened may be another Duo.
#[test]
fn a_wanted_one_is_waited_for_beside_one_that_may_not_be_opened() {
    let bench = Bench::with(two(Generation::R6));
    bench.duo_at(1, |duo| duo.faults().set_access(Access::Denied));
    for nth in 0..2 {
        bench.duo_at(nth, Duo::unplug);
    }
    let (hub, paths) = (bench.hub.clone(), bench.paths.clone());
    let both = Asker::listening(move |event, _| {
        if matches!(event, Event::Waiting { .. }) {
            hub.with_duo(&paths[1], Duo::plug_in);
            hub.with_duo(&paths[0], Duo::plug_in);
        }
    });
    let wait = target(Some(&id(1)), None).brought(None, Some(true));
    assert_eq!(backup(&bench, &both, wait.clone()).unwrap(), "1-1");

    for nth in 0..2 {
        bench.duo_at(nth, Duo::unplug);
    }
    let (hub, path) = (bench.hub.clone(), bench.paths[1].clone());
    let other = Asker::listening(move |event, _| {
        if matches!(event, Event::Waiting { .. }) {
            hub.with_duo(&path, Duo::plug_in);
        }
    });
    let error = refused(backup(&bench, &other, wait), Code::UsbAccessDenied);
    assert!(error.message().contains("no other came within 10 minutes"), "{error}");
}

/// A bus in surroundings that must pass devices through to this system.
struct Within<'a>(&'a dyn Bus, Surroundings);

impl Bus for Within<'_> {
    fn is_virtual(&self) -> bool {
        self.0.is_virtual()
    }

    fn surroundings(&self) -> Option<Surroundings> {
        Some(self.1)
    }

    fn list(&self, ids: &[(u16, u16)]) -> Result<Vec<Device>, UsbError> {
        self.0.list(ids)
    }

    fn open(&self, device: &Device) -> Result<Box<dyn Transport>, UsbError> {
        self.0.open(device)
    }
}

#[test]
fn where_devices_are_passed_through_the_id_of_dfu_mode_has_to_be() {
    for (surroundings, said) in [
        (Surroundings::Container, "all of /dev/bus/usb"),
        (Surroundings::Wsl, "usbipd attach --wsl --hardware-id 2b04:d058 --auto-attach"),
        (Surroundings::VirtualMachine, "2b04:d058 (in DFU mode) and 2b04:c058 (running)"),
    ] {
        let said = |error: Error| {
            let hint = error.hint_text().unwrap().to_owned();
            assert!(hint.contains("hold both buttons") && hint.contains(said), "{hint}");
            assert!(hint.contains("\"Containers, WSL, virtual machines, snap\""), "{hint}");
        };
        let backup = |bench: &Bench, target: Target| {
            let archive = Some(bench.archive().to_str().unwrap().to_owned());
            let options = BackupOptions { target, archive, timeout: Some(10), ..BackupOptions::default() };
            bench.run(&Asker::new(), |context| {
                let within = Within(&bench.bus, surroundings);
                duo_provision::workflow::backup(Context { bus: &within, ..context }, &options).unwrap_err()
            })
        };
        let bench = Bench::with([]);
        said(backup(&bench, Target::default()));
        said(backup(&bench, Target::default().brought(None, Some(true))));
        let bench = running([options(Generation::R6)]);
        bench.arm(Fault::once(Kind::Disconnect { moment: Moment::After, returns: false }, 1));
        said(backup(&bench, Target::default().brought(Some(true), None)));
    }
}

#[test]
fn a_duo_that_is_lost_in_a_write_may_only_not_be_passed_through() {
    let bench = Bench::new(Generation::R6);
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        if matches!(event, Event::Phase(Phase::Write)) {
            let lost = Fault::once(Kind::Disconnect { moment: Moment::After, returns: false }, PROGRAMS);
            hub.with_duo(&path, |duo, _| duo.faults().arm(lost));
        }
    });
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    let options = RestoreOptions {
        write: WriteOptions { timeout: Some(5), archive, ..WriteOptions::default() },
        ..bench.new_key()
    };
    let error = bench.run(&asker, |context| {
        let within = Within(&bench.bus, Surroundings::VirtualMachine);
        duo_provision::workflow::restore(Context { bus: &within, ..context }, &options).unwrap_err()
    });
    assert_eq!(error.key_state(), Some(KeyState::Unknown), "{error}");
    let said = "the Duo did not come back (if it is in DFU mode: this virtual machine needs two USB devices passed through";
    assert!(error.message().contains(said), "{error}");
}

#[test]
fn a_duo_that_is_there_is_not_waited_for() {
    let bench = Bench::new(Generation::R4);
    let asker = Asker::new();
    backup(&bench, &asker, Target::default().brought(Some(true), Some(true))).unwrap();
    assert!(!asker.phases().contains(&Phase::Wait) && !asker.phases().contains(&Phase::EnterDfu));
}

#[test]
fn what_needs_no_duo_brings_none() {
    let bench = Bench::with([]);
    let given = ProvisionOptions { device_id: id(1), wait: true, ..ProvisionOptions::default() };
    refused_argument(bench.run(&Asker::new(), |context| provision(context, &given)).map(drop));
    let given = VerifyOptions {
        key_file: Some(bench.key_file(0)),
        target: target(Some(&id(1)), None).brought(Some(true), None),
        ..VerifyOptions::default()
    };
    refused_argument(bench.run(&Asker::new(), |context| verify(context, &given)).map(drop));
}

fn refused_argument(result: Result<(), Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument, "{error}");
    assert!(error.message().contains("--enter-dfu"), "{error}");
}
