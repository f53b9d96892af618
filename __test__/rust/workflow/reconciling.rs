//! Tests writes with an unknown outcome: the command waits for the Duo and reads the field back, and accepts no other
//! Duo.

use duo_provision::error::{Code, Error, KeyState};
use duo_provision::simulator::faults::{Counting, Fault, Kind, Moment};
use duo_provision::simulator::{Duo, DuoOptions, Generation};
use duo_provision::usb::Clock;
use duo_provision::workflow::{Event, Phase, ResetDone, ResetOptions, RestoreDone, RestoreOptions};

use crate::virtual_duo::{key_maker, options};
use crate::workflow::bench::{Asker, Bench, NEW, OLD, PROGRAMS, key, reset_image, within};

/// Restores with `faults` armed when the write begins; `meanwhile` runs during the wait for the Duo.
fn restore(
    bench: &Bench,
    faults: &[Fault],
    meanwhile: impl Fn(&duo_provision::simulator::Hub) + Send + Sync + 'static,
) -> (Result<RestoreDone, Error>, String) {
    let (hub, path, faults) = (bench.hub.clone(), bench.paths[0].clone(), faults.to_vec());
    let asker = Asker::listening(move |event, _| match event {
        Event::Phase(Phase::Write) => {
            hub.with_duo(&path, |duo, _| faults.iter().for_each(|fault| duo.faults().arm(fault.clone())));
        }
        Event::Phase(Phase::Reconcile) => meanwhile(&hub),
        _ => {}
    });
    let result = bench.restore_asking(&asker, &RestoreOptions { write: within(5), ..bench.new_key() });
    (result, asker.notes())
}

fn swap(nth: u32) -> Fault {
    Fault::once(Kind::Swap(Moment::After), nth)
}

#[test]
fn another_duo_in_the_port_is_called_that_on_every_bootloader() {
    for generation in Generation::ALL {
        let bench = Bench::new(generation);
        let (result, _) = restore(&bench, &[swap(PROGRAMS)], |_| {});
        let error = result.unwrap_err();
        assert_eq!(
            (error.code(), error.key_state()),
            (Code::KeyStateUnknown, Some(KeyState::Unknown)),
            "{error}"
        );
        assert!(error.message().contains("another Duo is there now"), "{error}");
        assert_eq!(error.phase(), Some("writing the key slot"));
        assert!(bench.clock.now().as_secs() < 15, "given up in time");
        assert!(bench.duo(|duo| duo.first_dct(34, 1216)) == key(NEW));
    }
}

#[test]
fn a_duo_that_is_put_back_in_time_is_found_again() {
    for generation in Generation::ALL {
        let bench = Bench::new(generation);
        // The other Duo gets three requests, standard requests first, and is then taken out.
        let back = Fault { counting: Counting::All, ..swap(PROGRAMS + 3) };
        let (result, notes) = restore(&bench, &[swap(PROGRAMS), back], |_| {});
        assert!(result.unwrap().written, "{generation}");
        assert!(notes.contains("two reads show it"), "{notes}");
        assert!(bench.slot() == key(NEW));
    }
}

#[test]
fn a_duo_that_names_itself_is_found_in_another_port() {
    let moved = |hub: &duo_provision::simulator::Hub| {
        let mut duo = Duo::new(options(Generation::R6), key_maker(0));
        duo.set_dct(34, key(NEW));
        hub.plug(duo);
    };
    let gone = Fault::once(Kind::Disconnect { moment: Moment::After, returns: false }, PROGRAMS);
    let bench = Bench::new(Generation::R6);
    let (result, _) = restore(&bench, std::slice::from_ref(&gone), moved);
    assert!(result.unwrap().written);
    // The id alone is not enough here: two Duos have been made with one id before.
    let bench = Bench::new(Generation::R6);
    let (result, _) = restore(&bench, &[gone], |hub| {
        hub.plug(Duo::new(options(Generation::R6), key_maker(7)));
    });
    assert_eq!(result.unwrap_err().code(), Code::KeyStateUnknown);
}

#[test]
fn one_wrong_read_back_is_not_believed() {
    for kind in [Kind::ReadFlipped(99), Kind::ReadZeros, Kind::ReadOnes, Kind::ReadUnstable] {
        let bench = Bench::new(Generation::R4);
        let (result, notes) = restore(&bench, &[Fault::once(kind, PROGRAMS)], |_| {});
        assert!(result.unwrap().written);
        assert!(notes.contains("other bytes were read back"), "{notes}");
    }
}

#[test]
fn what_stood_in_the_way_is_said() {
    let bench = Bench::new(Generation::R6);
    let gone = Fault::once(Kind::Disconnect { moment: Moment::After, returns: true }, PROGRAMS);
    let (result, _) = restore(&bench, &[gone, Fault::once(Kind::Denied, PROGRAMS)], |_| {});
    assert!(result.unwrap().written, "one refusal is waited out");
    let bench = Bench::new(Generation::R6);
    let gone = Fault::once(Kind::Disconnect { moment: Moment::After, returns: true }, PROGRAMS);
    let (result, _) = restore(&bench, &[gone, Fault::from(Kind::Denied, PROGRAMS)], |_| {});
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::KeyStateUnknown);
    assert!(error.message().contains("no permission"), "{error}");
}

#[test]
fn a_duo_that_agrees_to_leave_and_stays_has_not_left() {
    for (kind, words) in [
        (Kind::LeaveHangs, "did not go"),
        (Kind::LeaveStalls, "did not agree"),
        (Kind::LeaveVanishes, "did not agree"),
    ] {
        let bench = Bench::new(Generation::R6);
        bench.arm(Fault::once(kind, 1));
        let error = bench.restore(&RestoreOptions { leave: true, ..bench.new_key() }).unwrap_err();
        assert_eq!((error.code(), error.key_state()), (Code::LeaveFailed, Some(KeyState::Written)));
        assert!(error.message().contains(words), "{error}");
        assert!(bench.slot() == key(NEW));
    }
}

/// Resets with a write that changes nothing; `meanwhile` runs when the Duo is asked what it holds.
fn reset_in_doubt(
    bench: &Bench,
    meanwhile: impl Fn(&mut Duo, std::time::Duration) + Send + Sync + 'static,
) -> (Result<ResetDone, Error>, String) {
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| match event {
        Event::Phase(Phase::Write) => {
            hub.with_duo(&path, |duo, _| duo.faults().arm(Fault::once(Kind::WriteSilent, 1)));
        }
        Event::Phase(Phase::Reconcile) => {
            hub.with_duo(&path, |duo, now| meanwhile(duo, now));
        }
        _ => {}
    });
    let result = bench.reset_asking(&asker, &ResetOptions { write: within(5), ..ResetOptions::default() });
    (result, asker.notes())
}

#[test]
fn the_old_key_with_something_else_behind_it_is_no_new_key() {
    let bench = Bench::new(Generation::R6);
    let (result, _) = reset_in_doubt(&bench, |duo, _| duo.set_dct(34 + 700, &[0; 500]));
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::KeyWrong, Some(KeyState::Wrong)), "{error}");
    assert!(error.message().starts_with("the key slot holds neither"), "{error}");
    assert!(bench.keeps(key(OLD)));
}

#[test]
fn a_duo_that_has_made_its_new_key_already_was_reset() {
    let bench = Bench::new(Generation::R6);
    let (result, notes) = reset_in_doubt(&bench, |duo, _| duo.set_dct(34, key(33)));
    assert!(result.unwrap().written);
    assert!(notes.contains("made a new key already"), "{notes}");
}

#[test]
fn another_r4_with_a_reset_slot_is_not_taken_for_the_one_that_was_reset() {
    let bench = Bench::new(Generation::R4);
    let (result, _) = reset_in_doubt(&bench, |duo, now| {
        duo.swap(now);
        duo.set_dct(34, &reset_image());
    });
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::KeyStateUnknown, "{error}");
    assert!(error.message().contains("another Duo is there now"), "{error}");
}

#[test]
fn what_is_no_key_after_a_reset_in_doubt_and_another_key_after_a_restore_are_wrong() {
    let bench = Bench::new(Generation::R6);
    let (result, _) = reset_in_doubt(&bench, |duo, _| duo.set_dct(34, &[0x55; 1216]));
    assert_eq!(result.unwrap_err().code(), Code::KeyWrong);
    let bench = Bench::new(Generation::R6);
    let path = bench.paths[0].clone();
    let silent = Fault::once(Kind::WriteSilent, 1);
    let (result, _) = restore(&bench, &[silent], move |hub| {
        hub.with_duo(&path, |duo, _| duo.set_dct(34, key(33)));
    });
    assert_eq!(result.unwrap_err().code(), Code::KeyWrong);
}

#[test]
fn an_r4_is_known_by_its_key_alone_when_the_rest_has_changed() {
    let bench = Bench::new(Generation::R4);
    let path = bench.paths[0].clone();
    let gone = Fault::once(Kind::Timeout(Moment::After), PROGRAMS);
    let (result, notes) = restore(&bench, &[gone], move |hub| {
        // The firmware derives it again when it starts.
        hub.with_duo(&path, |duo, _| duo.set_dct(1250, &[7; 162]));
    });
    assert!(result.unwrap().written, "{notes}");
    assert!(notes.contains("two reads show it"), "{notes}");
}

#[test]
fn what_was_answered_as_it_should_be_is_not_doubted() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::new();
    bench.restore_asking(&asker, &bench.new_key()).unwrap();
    assert!(!asker.phases().contains(&Phase::Reconcile));
    assert_eq!(asker.notes(), "");
}

#[test]
fn a_duo_that_was_found_in_another_port_is_watched_there_while_it_leaves() {
    let moved = |hub: &duo_provision::simulator::Hub| {
        let mut duo = Duo::new(options(Generation::R6), key_maker(0));
        duo.set_dct(34, key(NEW));
        duo.faults().arm(Fault::once(Kind::LeaveHangs, 1));
        hub.plug(duo);
    };
    let bench = Bench::new(Generation::R6);
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| match event {
        Event::Phase(Phase::Write) => {
            let gone = Fault::once(Kind::Disconnect { moment: Moment::After, returns: false }, PROGRAMS);
            hub.with_duo(&path, |duo, _| duo.faults().arm(gone));
        }
        Event::Phase(Phase::Reconcile) => moved(&hub),
        _ => {}
    });
    let options = RestoreOptions { write: within(15), leave: true, ..bench.new_key() };
    let error = bench.restore_asking(&asker, &options).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::LeaveFailed, Some(KeyState::Written)), "{error}");
}

/// The Duo is away for less than the time between two looks, so only its address shows it.
#[test]
fn a_duo_that_is_back_at_once_has_left() {
    let quick = DuoOptions { boot_time: std::time::Duration::ZERO, ..options(Generation::R6) };
    let bench = Bench::with([quick]);
    assert!(bench.restore(&RestoreOptions { leave: true, ..bench.new_key() }).unwrap().left);
}
