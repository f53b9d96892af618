//! Tests the steps that turn a whole DCT into an image: from any earlier content, with a cut at any place, and with a
//! whole copy in it at every instant.

use duo_provision::dct::{COPY_SIZE, CopyRule, Known, Step, WHOLE_SIZE, WholeDct, next_step};
use proptest::prelude::*;

use crate::common::sample::Sample;

use super::dump::{copy, factory, mark, old, sealed, torn, whole};

/// More steps than are needed for two sectors and one that is copied over.
const MANY: usize = 24;

fn erased() -> Vec<u8> {
    vec![0xFF; COPY_SIZE]
}

/// DCTs of a Duo: either copy is current; the other one is stale, erased, torn, or marked as well. The current one has
/// the mark 1 by either rule.
fn held() -> Vec<(&'static str, Vec<u8>)> {
    let mut cut = sealed(1, 3);
    cut[9000..].fill(0xFF);
    cut[8] = 1;
    vec![
        ("the first, the second erased", whole(&copy(1), &erased())),
        ("the second, the first erased", whole(&erased(), &copy(1))),
        ("both are marked", whole(&copy(1), &copy(1))),
        ("sealed, the first", whole(&sealed(1, 9), &erased())),
        ("sealed, the first of two", whole(&sealed(1, 9), &old(sealed(2, 8)))),
        ("sealed, the second of two", whole(&old(sealed(2, 8)), &sealed(1, 9))),
        ("sealed, the other cut short", whole(&cut, &sealed(1, 2))),
    ]
}

/// Images whose current copy has the mark 7 by either rule.
fn images() -> Vec<Vec<u8>> {
    vec![
        whole(&copy(7), &erased()),
        whole(&copy(7), &old(copy(6))),
        whole(&erased(), &copy(7)),
        whole(&copy(7), &copy(6)),
        whole(&sealed(7, 4), &erased()),
        whole(&old(sealed(6, 3)), &sealed(7, 4)),
        whole(&sealed(7, 200), &sealed(6, 199)),
    ]
}

/// What is known of a Duo with this rule before the first step.
fn known(rule: CopyRule) -> Known {
    Known { rule, erased: [false; 2], after_cut: false }
}

/// What is known after a cut.
fn after_cut(rule: CopyRule) -> Known {
    Known { after_cut: true, ..known(rule) }
}

/// The flash after the first `bytes` bytes of a step: an erased byte is 0xFF, a written byte has the zeros of both the
/// old and the new one.
fn landed(held: &[u8], step: &Step<'_>, bytes: usize) -> Vec<u8> {
    let mut flash = held.to_vec();
    let start = step.range().start;
    match step {
        Step::Erase(_) => flash[start..start + bytes].fill(0xFF),
        Step::Write { bytes: data, .. } => {
            flash[start..].iter_mut().zip(&data[..bytes]).for_each(|(cell, byte)| *cell &= byte);
        }
    }
    flash
}

/// Takes every step up to the image; `at_each` gets the flash before each step, and the step.
fn walk(flash: Vec<u8>, image: &[u8], from: Known, mut at_each: impl FnMut(&[u8], &Step<'_>)) -> usize {
    let (mut flash, mut known) = (flash, from);
    for taken in 0..MANY {
        let before = flash.clone();
        let Some(step) = next_step(&before, image, known) else {
            assert!(flash == image, "no step is left, and it is not the image");
            return taken;
        };
        assert_eq!(step.copy(), usize::from(step.range().start >= COPY_SIZE));
        at_each(&flash, &step);
        flash = landed(&flash, &step, step.range().len());
        assert!(flash == *step.done_to(&before).unwrap(), "flash cannot hold what is expected of it");
        if let Step::Erase(copy) = step {
            known.erased[copy] = true;
        }
    }
    panic!("more than {MANY} steps")
}

fn every_pair(mut of: impl FnMut(CopyRule, &str, Vec<u8>, &[u8])) {
    for rule in CopyRule::ALL {
        for (name, held) in held() {
            for image in images() {
                of(rule, name, held.clone(), &image);
            }
        }
    }
}

#[test]
fn every_dct_comes_to_every_image_and_the_same_again_is_no_step() {
    every_pair(|rule, name, held, image| {
        let steps = walk(held, image, known(rule), |_, step| {
            let range = step.range();
            assert!(range.end <= WHOLE_SIZE && range.len() <= 4096 || matches!(step, Step::Erase(_)));
        });
        assert!((1..=20).contains(&steps), "{name}: {steps} steps");
        assert!(next_step(image, image, known(rule)).is_none());
    });
}

/// At every cut the firmware finds a copy: the old one until the image's copy is whole, then the image's.
#[test]
fn a_whole_copy_is_there_at_every_instant_and_the_old_one_until_the_images_is_whole() {
    every_pair(|rule, name, held, image| {
        let mut of_the_image = false;
        walk(held, image, known(rule), |before, step| {
            let length = step.range().len();
            for bytes in (0..length).step_by(length.div_ceil(19)).chain((0..17).filter(|n| *n <= length)) {
                let found = mark(&landed(before, step, bytes), rule);
                assert!(matches!(found, Some(1 | 7)), "{name}: {found:?} after {bytes} bytes");
            }
            let found = mark(before, rule);
            assert!(!of_the_image || found == Some(7), "{name}: back to the old one");
            of_the_image = found == Some(7);
        });
    });
}

#[test]
fn cut_short_anywhere_the_same_image_is_come_to() {
    let mut sample = Sample::new();
    every_pair(|rule, name, held, image| {
        walk(held, image, known(rule), |before, step| {
            let length = step.range().len();
            for bytes in [0, 1, 12, 15, length / 2, length - 1].map(|n: usize| n.min(length)) {
                let case = format!("{name}, {rule:?}, {:?}, {bytes} bytes", step.range());
                if sample.takes((name.to_owned(), step.range().start), &case) {
                    let cut = landed(before, step, bytes);
                    assert!(walk(cut, image, after_cut(rule), |_, _| ()) <= MANY, "{case}");
                }
            }
        });
    });
    sample.say("the cuts of a whole DCT");
}

/// An erasure that was cut short may leave a sector that reads as erased. So it is erased again before it is written,
/// and after a cut also if it must stay erased.
#[test]
fn a_sector_that_reads_as_erased_is_erased_again_unless_it_was_seen_to_be_erased() {
    let image = whole(&copy(7), &old(copy(6)));
    let held = whole(&copy(7), &erased());
    for rule in CopyRule::ALL {
        let next =
            |held: &[u8], image: &[u8], known: Known| next_step(held, image, known).map(|step| step.range());
        assert_eq!(next(&held, &image, known(rule)), Some(COPY_SIZE..WHOLE_SIZE), "erased");
        let seen = Known { erased: [false, true], ..after_cut(rule) };
        assert_eq!(next(&held, &image, seen).unwrap().len(), 4096, "written");
        assert_eq!(next(&held, &held, known(rule)), None);
        assert_eq!(next(&held, &held, after_cut(rule)), Some(COPY_SIZE..WHOLE_SIZE));
        assert_eq!(next(&held, &held, seen), None);
    }
}

#[test]
fn a_duo_without_a_current_copy_gets_one() {
    let garbage: Vec<u8> = (0..WHOLE_SIZE).map(|n| (n * 7 + n / 256).to_le_bytes()[0]).collect();
    let mut incomplete = copy(1);
    incomplete[8] = 1;
    for rule in CopyRule::ALL {
        for held in
            [garbage.clone(), vec![0xFF; WHOLE_SIZE], vec![0; WHOLE_SIZE], whole(&incomplete, &incomplete)]
        {
            for image in images() {
                assert!(WholeDct::new(&held).is_none_or(|whole| whole.current(rule).is_none()));
                walk(held.clone(), &image, known(rule), |_, _| ());
            }
        }
    }
}

#[test]
fn what_is_no_whole_dct_has_no_step() {
    let image = whole(&copy(7), &erased());
    for rule in CopyRule::ALL {
        let known = known(rule);
        assert!(next_step(&image[..WHOLE_SIZE - 1], &image, known).is_none());
        assert!(next_step(&image, &image[1..], known).is_none());
        assert!(next_step(&image, &whole(&erased(), &erased()), known).is_none(), "no copy counts");
    }
}

/// A sector: erased or a copy of either kind, current or old, possibly incomplete.
fn sector(mark: u8) -> impl Strategy<Value = Vec<u8>> {
    let kinds = prop_oneof![
        Just(erased()),
        Just(copy(mark)),
        Just(old(copy(mark))),
        Just(factory(mark)),
        any::<u8>().prop_map(move |sequence| sealed(mark, sequence)),
        any::<u8>().prop_map(move |sequence| torn(mark, sequence)),
        any::<u8>().prop_map(move |sequence| old(sealed(mark, sequence))),
    ];
    let ends = prop_oneof![3 => Just(COPY_SIZE), 1 => 0..COPY_SIZE];
    (kinds, ends, any::<bool>()).prop_map(|(mut sector, from, zeros)| {
        sector[from..].fill(if zeros { 0 } else { 0xFF });
        sector
    })
}

/// Two sectors, one of which is current by this rule.
fn dct(first: u8, second: u8, rule: CopyRule) -> impl Strategy<Value = Vec<u8>> {
    let counts = move |bytes: &Vec<u8>| WholeDct::new(bytes).and_then(|whole| whole.current(rule)).is_some();
    (sector(first), sector(second))
        .prop_map(|(first, second)| whole(&first, &second))
        .prop_filter("one counts", counts)
}

fn two_dcts() -> impl Strategy<Value = (CopyRule, Vec<u8>, Vec<u8>)> {
    proptest::sample::select(&CopyRule::ALL[..])
        .prop_flat_map(|rule| (Just(rule), dct(1, 2, rule), dct(6, 7, rule)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The same for any two DCTs, with two cuts at any places: the old copy stays current until the image's copy is.
    #[test]
    fn any_dct_comes_to_any_image_over_any_two_cuts(
        (rule, held, image) in two_dcts(),
        cuts in [(0_usize..18, 0_usize..=4096), (0_usize..18, 0_usize..=4096)],
    ) {
        let allowed = [mark(&held, rule), mark(&image, rule)];
        let (mut flash, mut from) = (held, known(rule));
        for (at, bytes) in cuts {
            let mut cut = flash.clone();
            let mut taken = 0;
            walk(flash, &image, from, |before, step| {
                for bytes in [0, 9, 12, 15, bytes].map(|bytes: usize| bytes.min(step.range().len())) {
                    let found = mark(&landed(before, step, bytes), rule);
                    assert!(allowed.contains(&found), "{found:?}, not of {allowed:?}, after {bytes} bytes");
                }
                if taken == at {
                    cut = landed(before, step, bytes.min(step.range().len()));
                }
                taken += 1;
            });
            (flash, from) = (cut, after_cut(rule));
        }
        walk(flash, &image, from, |_, _| ());
    }
}
