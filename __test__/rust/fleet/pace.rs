//! Tests when requests are sent, on a clock that nobody waits for.

use std::time::Duration;

use duo_provision::fleet::pace::{LONGEST, Pace, Rate};
use proptest::prelude::*;

fn pace(rate: &str) -> Pace {
    Pace::new(rate.parse::<Rate>().unwrap())
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn rates_are_numbers_with_a_unit() {
    for text in ["10", "10/s", "600/m"] {
        assert_eq!(text.parse::<Rate>().unwrap(), Rate::DEFAULT, "{text}");
    }
    for text in ["", "0", "-1", "10/h", "1e3", "inf", "nan", "+1", "100001", "ten", "none/s", "1/2/s"] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
}

#[test]
fn there_are_no_bursts_not_even_after_a_rest() {
    let mut pace = pace("10");
    assert_eq!([(); 3].map(|()| pace.turn(ms(0))), [ms(0), ms(100), ms(200)]);
    assert_eq!([(); 3].map(|()| pace.turn(ms(5000))), [ms(5000), ms(5100), ms(5200)]);
}

#[test]
fn without_a_rate_nobody_waits_until_the_cloud_asks_for_it() {
    let mut pace = pace("none");
    assert_eq!([(); 3].map(|()| pace.turn(ms(1))), [ms(1); 3]);
    assert_eq!(pace.asked_for_fewer(ms(10), ms(5), Some(ms(3000))), Some(ms(3000)));
    let turns = [(); 3].map(|()| pace.turn(ms(10)));
    assert!(turns[0] == ms(3010) && turns[2] > turns[1] && turns[1] > turns[0], "{turns:?}");
    for _ in 0..300 {
        pace.went_well();
    }
    let _ = pace.turn(ms(20_000));
    assert_eq!(pace.turn(ms(20_000)), ms(20_000), "it has grown back");
}

#[test]
fn a_pause_holds_all_halves_the_rate_once_and_the_rate_grows_back() {
    let mut pace = pace("10");
    let _ = pace.turn(ms(0));
    // Eight requests were under way, and all of them get the same answer.
    assert!(pace.asked_for_fewer(ms(50), ms(1), Some(ms(1000))).is_some());
    for _ in 0..7 {
        assert_eq!(pace.asked_for_fewer(ms(51), ms(2), Some(ms(1000))), None);
    }
    assert_eq!(pace.held(ms(60)), Some(ms(1051)));
    assert_eq!([pace.turn(ms(60)), pace.turn(ms(60))], [ms(1051), ms(1251)]);
    for _ in 0..40 {
        pace.went_well();
    }
    let first = pace.turn(ms(60_000));
    assert_eq!(pace.turn(ms(60_000)).saturating_sub(first), ms(100));
}

#[test]
fn a_cloud_in_trouble_is_waited_for_longer_each_time_and_no_longer_than_that() {
    let mut pace = pace("none");
    let mut now = ms(10);
    let mut waits = Vec::new();
    for _ in 0..7 {
        let wait = pace.in_trouble(now, now).unwrap();
        waits.push(wait.as_millis());
        assert_eq!(
            pace.in_trouble(now + ms(1), now.saturating_sub(ms(5))),
            None,
            "a request that went out before says nothing new"
        );
        now += wait + ms(1);
    }
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
    pace.went_well();
    assert_eq!(pace.in_trouble(now, now), Some(ms(500)));
    let wait = pace.asked_for_fewer(now + LONGEST, now + LONGEST, Some(LONGEST * 9)).unwrap();
    assert_eq!(wait, LONGEST);
}

proptest! {
    /// In any period no more requests are sent than the rate allows, and none while there is a pause.
    #[test]
    fn the_rate_is_kept(steps in prop::collection::vec((0..400_u64, 0..20_u8), 1..200)) {
        let mut pace = pace("20");
        let (mut now, mut turns, mut held) = (ms(0), Vec::new(), ms(0));
        for (passed, what) in steps {
            now += ms(passed);
            match what {
                0 => if let Some(wait) = pace.asked_for_fewer(now, now, Some(ms(700))) { held = held.max(now + wait); },
                1 => if let Some(wait) = pace.in_trouble(now, now) { held = held.max(now + wait); },
                2..=5 => pace.went_well(),
                _ => {
                    let at = pace.turn(now);
                    prop_assert!(at >= now && at >= held.min(at.max(held)));
                    prop_assert!(at >= held);
                    turns.push(at);
                }
            }
        }
        for pair in turns.windows(2) {
            prop_assert!(pair[1] >= pair[0] + ms(50), "{pair:?}");
        }
    }
}
