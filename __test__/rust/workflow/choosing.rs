//! Tests how a Duo is selected: never the wrong one, and a separate reason for every way of not finding it.

use duo_provision::archive::DeviceIdSource;
use duo_provision::error::{Code, Error, exit};
use duo_provision::keys::SlotKind;
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Access, Fault, Kind, Moment};
use duo_provision::workflow::{BackupDone, BackupOptions, Listed, Target, TargetOptions, list};

use crate::virtual_duo::options;
use crate::workflow::bench::{Asker, Bench, OLD, PROGRAMS, id, key, two, writing_to};

fn choose(bench: &Bench, device: Option<&str>, path: Option<&str>) -> Result<BackupDone, Error> {
    let target = Target::parse(device, path).unwrap();
    bench.backup(&BackupOptions { target, ..BackupOptions::default() })
}

fn refused(result: Result<BackupDone, Error>, code: Code) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.hint_text().is_some(), "{error}");
    error
}

fn listed(bench: &Bench, options: &TargetOptions) -> Vec<Listed> {
    bench.run(&Asker::new(), |context| list(context, options)).unwrap().devices
}

#[test]
fn one_of_several_has_to_be_chosen() {
    let bench = Bench::with(two(Generation::R6));
    let error = refused(choose(&bench, None, None), Code::SeveralDevices);
    assert!(error.message().contains(&id(1)) && error.message().contains(&id(2)), "{error}");
    assert!(error.hint_text().unwrap().contains("--path 1-1"));
    let by_id = choose(&bench, Some(&id(2).to_uppercase()), None).unwrap();
    assert_eq!(by_id.device.path, "1-2");
    let by_path = choose(&bench, None, Some("1-1")).unwrap();
    assert_eq!(by_path.device.device_id.unwrap().to_string(), id(1));
}

#[test]
fn another_duo_than_the_one_asked_for_is_refused() {
    let bench = Bench::new(Generation::R6);
    let error = refused(choose(&bench, Some(&id(9)), None), Code::WrongDevice);
    assert!(error.message().contains(&id(1)), "{error}");
    refused(choose(&bench, Some(&id(9)), Some("1-1")), Code::WrongDevice);
    refused(choose(&bench, None, Some("1-7")), Code::NoDevice);
    assert_eq!(bench.duo(|duo| duo.class_requests()), 0);
}

#[test]
fn one_id_at_two_ports_is_several() {
    let bench = Bench::with([options(Generation::R6), options(Generation::R6)]);
    refused(choose(&bench, Some(&id(1)), None), Code::SeveralDevices);
    assert_eq!(choose(&bench, Some(&id(1)), Some("1-2")).unwrap().device.path, "1-2");
}

#[test]
fn without_a_duo_the_buttons_are_explained() {
    let bench = Bench::with([]);
    let error = refused(choose(&bench, None, None), Code::NoDevice);
    assert!(error.hint_text().unwrap().contains("yellow"));
    assert!(listed(&bench, &TargetOptions::default()).is_empty());
}

#[test]
fn a_duo_that_runs_its_firmware_is_told_from_none() {
    let bench = Bench::with([duo_provision::simulator::DuoOptions {
        returns_to_dfu: false,
        ..options(Generation::R6)
    }]);
    bench.hub.with_duo(&bench.paths[0], duo_provision::simulator::Duo::restart);
    bench.clock.advance(std::time::Duration::from_secs(5));
    let error = refused(choose(&bench, None, None), Code::NoDevice);
    assert!(error.message().contains("1-1 runs its firmware"), "{error}");
}

#[test]
fn no_permission_and_busy_are_not_no_device() {
    for (access, code) in [(Access::Denied, Code::UsbAccessDenied), (Access::Busy, Code::UsbBusy)] {
        let bench = Bench::new(Generation::R6);
        bench.duo(|duo| duo.faults().set_access(access));
        for device in [None, Some(id(1))] {
            let error = refused(choose(&bench, device.as_deref(), None), code);
            assert_eq!(error.code().exit_code(), exit::USB);
        }
    }
}

/// r3 and r4 have a serial number that identifies nothing.
#[test]
fn a_duo_that_tells_no_id_needs_its_port_and_the_users_word() {
    for generation in [Generation::R3, Generation::R4] {
        let bench = Bench::with(two(generation));
        let error = refused(choose(&bench, Some(&id(2)), None), Code::DeviceIdUnverifiable);
        assert!(error.hint_text().unwrap().contains("--path 1-1"), "{error}");
        let done = choose(&bench, Some(&id(2)), Some("1-2")).unwrap();
        assert_eq!(done.device.device_id_source, Some(DeviceIdSource::User));
        let manifest = std::fs::read_to_string(done.manifest.unwrap()).unwrap();
        assert!(manifest.contains("\"device_id_source\": \"user\""), "{manifest}");
        let anonymous = choose(&bench, None, Some("1-1")).unwrap();
        assert_eq!(anonymous.device.device_id, None);
        assert!(anonymous.path.file_name().unwrap().to_str().unwrap().starts_with("unknown-"));
    }
}

#[test]
fn the_users_word_is_said_to_be_one() {
    let bench = Bench::new(Generation::R4);
    let asker = Asker::new();
    let target = Target::parse(Some(&id(1)), Some("1-1")).unwrap();
    let options = duo_provision::workflow::RestoreOptions { write: writing_to(target), ..bench.new_key() };
    bench.restore_asking(&asker, &options).unwrap();
    assert!(asker.notes().contains("taken at its word"), "{}", asker.notes());
    assert_eq!(asker.plan().device.device_id_source, Some(DeviceIdSource::User));
}

#[test]
fn a_restore_after_a_lost_answer_finds_an_r4_again_by_its_port() {
    let bench = Bench::new(Generation::R4);
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        if *event == duo_provision::workflow::Event::Phase(duo_provision::workflow::Phase::Write) {
            let gone = Kind::Disconnect { moment: Moment::After, returns: true };
            hub.with_duo(&path, |duo, _| duo.faults().arm(Fault::once(gone, PROGRAMS)));
        }
    });
    let target = Target::parse(Some(&id(1)), Some("1-1")).unwrap();
    let options = duo_provision::workflow::RestoreOptions { write: writing_to(target), ..bench.new_key() };
    assert!(bench.restore_asking(&asker, &options).unwrap().written);
}

#[test]
fn a_list_goes_on_past_a_duo_that_is_broken() {
    let bench = Bench::with([
        two(Generation::R6)[0].clone(),
        two(Generation::R6)[1].clone(),
        options(Generation::R4),
    ]);
    bench.duo_at(0, |duo| duo.faults().set_access(Access::Denied));
    bench.duo_at(1, |duo| duo.faults().arm(Fault::from(Kind::Stall(Moment::Before), 1)));
    let all = listed(&bench, &TargetOptions::default());
    let code = |nth: usize| all[nth].problem.as_ref().map(Error::code);
    assert_eq!(all.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["1-1", "1-2", "1-3"]);
    assert_eq!((code(0), all[0].device.is_some()), (Some(Code::UsbAccessDenied), false));
    assert_eq!((code(1), all[1].device.is_some()), (Some(Code::DeviceFault), true));
    assert_eq!((code(2), all[2].key.as_ref().unwrap().slot), (None, SlotKind::Key));
    assert!(bench.slot() == key(OLD));
}

#[test]
fn odd_paths_are_refused_as_arguments() {
    for path in ["1", "1-", "-1", "1-1.", "256-1", "1-1.2.3.4.5.6.7.8", "1-+1", "usb1", "1-1 "] {
        assert_eq!(Target::parse(None, Some(path)).unwrap_err().code(), Code::InvalidArgument, "{path}");
    }
    assert!(Target::parse(None, Some("1-1.4")).is_ok());
}
