//! Tests `reset`: the image, the leave, and the key that is made after it.

use duo_provision::error::{Code, KeyState};
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind, Moment};
use duo_provision::usb::Clock;
use duo_provision::workflow::{Action, Event, Phase, ResetOptions};

use crate::workflow::bench::{Asker, Bench, OLD, dry_run, key, reset_image};

fn usual() -> ResetOptions {
    ResetOptions::default()
}

#[test]
fn the_duo_leaves_and_makes_a_new_key() {
    for generation in Generation::ALL {
        let bench = Bench::new(generation);
        let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
        let asker = Asker::listening(move |event, _| {
            if *event == Event::Phase(Phase::Leave) {
                let slot = hub.with_duo(&path, |duo, _| duo.dct(34, 1216));
                assert!(slot == Some(reset_image()), "{generation}: all 1,216 bytes, before the leave");
            }
        });
        let done = bench.reset_asking(&asker, &usual()).unwrap();
        assert!(done.written && asker.phases().contains(&Phase::Leave));
        assert_eq!((asker.plan().action, asker.plan().new), (Action::Reset, None));
        assert!(bench.keeps(key(OLD)));
        bench.clock.sleep(std::time::Duration::from_secs(5));
        assert_eq!(bench.duo(|duo| (duo.boots(), duo.keys_made())), (1, 2), "{generation}");
        assert!(bench.slot() == key(OLD + 1), "{generation}");
    }
}

#[test]
fn a_slot_that_is_reset_already_is_not_written_but_left() {
    let bench = Bench::new(Generation::R6);
    bench.set_slot(&reset_image());
    let asker = Asker::new();
    let done = bench.reset_asking(&asker, &usual()).unwrap();
    assert!(!done.written && !asker.was_asked() && done.previous.is_none());
    assert_eq!(bench.writes(), 0);
    bench.clock.sleep(std::time::Duration::from_secs(5));
    assert_eq!(bench.duo(|duo| duo.keys_made()), 2);
}

/// The firmware takes zeros for a key forever; a reset fixes that, after a raw backup.
#[test]
fn zeros_are_kept_raw_and_cured() {
    let bench = Bench::new(Generation::R6);
    bench.set_slot(&[0; 1216]);
    let done = bench.reset(&usual()).unwrap();
    assert!(done.backup.unwrap().to_str().unwrap().contains("-raw-"));
    bench.clock.sleep(std::time::Duration::from_secs(5));
    assert_eq!(bench.duo(|duo| duo.keys_made()), 2);
}

#[test]
fn a_refusal_and_a_dry_run_write_nothing() {
    let bench = Bench::new(Generation::R6);
    let dry = ResetOptions { write: dry_run(), ..usual() };
    assert!(!bench.reset(&dry).unwrap().written);
    assert!(!bench.archive().exists());
    let error = bench.reset_asking(&Asker::refusing(), &usual()).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::ConfirmationRefused, Some(KeyState::Unchanged)));
    assert!(bench.slot() == key(OLD));
    assert_eq!((bench.writes(), bench.duo(|duo| duo.boots())), (0, 0));
}

#[test]
fn a_leave_that_fails_says_that_the_write_is_done() {
    let bench = Bench::new(Generation::R6);
    let (hub, path) = (bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Leave) {
            hub.with_duo(&path, |duo, _| duo.faults().arm(Fault::from(Kind::Stall(Moment::Before), 1)));
        }
    });
    let error = bench.reset_asking(&asker, &usual()).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::LeaveFailed, Some(KeyState::Written)));
    assert!(bench.slot() == reset_image());
}
