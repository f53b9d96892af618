//! A whole DCT is brought to an image in steps: whatever it was before, wherever it is cut short, and with a whole copy
//! in it at every instant.

use duo_provision::dct::{COPY_SIZE, Step, WHOLE_SIZE, WholeDct, next_step};
use proptest::prelude::*;

use crate::common::sample::Sample;

use super::dump::{copy, factory, mark, old, sealed, whole};

/// More steps than two sectors, and the one that is copied over, can take.
const MANY: usize = 24;

fn erased() -> Vec<u8> {
    vec![0xFF; COPY_SIZE]
}

/// DCTs of a Duo: whichever copy is current, the other one stale, erased, torn, or marked as well.
fn held() -> Vec<(&'static str, Vec<u8>)> {
    let mut torn = sealed(1, 3, true);
    torn[9000..].fill(0xFF);
    vec![
        ("the first, the second erased", whole(&copy(1), &erased())),
        ("the first, the second old", whole(&copy(1), &old(copy(2)))),
        ("the second, the first old", whole(&old(copy(2)), &copy(1))),
        ("the second, the first erased", whole(&erased(), &copy(1))),
        ("both are marked", whole(&copy(1), &copy(1))),
        ("sealed, the first", whole(&sealed(1, 9, true), &erased())),
        ("sealed, the first of two", whole(&sealed(1, 9, true), &sealed(2, 8, false))),
        ("sealed, the second of two", whole(&old(sealed(2, 8, true)), &sealed(1, 9, true))),
        ("sealed, the other torn", whole(&torn, &sealed(1, 2, false))),
    ]
}

/// Images, of which the current copy has the mark 7.
fn images() -> Vec<Vec<u8>> {
    vec![
        whole(&copy(7), &erased()),
        whole(&copy(7), &old(copy(6))),
        whole(&old(copy(6)), &copy(7)),
        whole(&erased(), &copy(7)),
        whole(&copy(7), &copy(6)),
        whole(&sealed(7, 4, true), &erased()),
        whole(&old(sealed(6, 3, true)), &sealed(7, 4, false)),
        whole(&sealed(7, 200, true), &sealed(6, 199, true)),
    ]
}

/// What is in the flash after so many bytes of a step have landed: an erased byte is 0xFF, a written one has the zeros
/// of both.
fn landed(held: &[u8], step: &Step<'_>, bytes: usize) -> Vec<u8> {
    let mut flash = held.to_vec();
    let start = step.range().start;
    match step {
        Step::Erase { .. } => flash[start..start + bytes].fill(0xFF),
        Step::Write { bytes: data, .. } => {
            flash[start..].iter_mut().zip(&data[..bytes]).for_each(|(cell, byte)| *cell &= byte);
        }
    }
    flash
}

/// Takes every step up to the image; `at_each` is told what is there before it, and the step.
fn walk(mut flash: Vec<u8>, image: &[u8], mut at_each: impl FnMut(&[u8], &Step<'_>)) -> usize {
    for taken in 0..MANY {
        let before = flash.clone();
        let Some(step) = next_step(&before, image) else {
            assert!(flash == image, "no step is left, and it is not the image");
            return taken;
        };
        assert_eq!(step.copy(), usize::from(step.range().start >= COPY_SIZE));
        at_each(&flash, &step);
        flash = landed(&flash, &step, step.range().len());
        assert!(flash == *step.done_to(&before).unwrap(), "flash cannot hold what is expected of it");
    }
    panic!("more than {MANY} steps")
}

#[test]
fn every_dct_comes_to_every_image_and_the_same_again_is_no_step() {
    for (name, held) in held() {
        for image in images() {
            let steps = walk(held.clone(), &image, |_, step| {
                let range = step.range();
                assert!(range.end <= WHOLE_SIZE && range.len() <= 4096 || matches!(step, Step::Erase { .. }));
            });
            assert!((1..=18).contains(&steps), "{name}: {steps} steps");
            assert!(next_step(&image, &image).is_none());
        }
    }
}

/// The mark of what the firmware finds, at every cut: the one that was there up to the image's, and never none.
#[test]
fn a_whole_copy_is_there_at_every_instant_and_the_old_one_until_the_images_is_whole() {
    for (name, held) in held() {
        for image in images() {
            let mut of_the_image = false;
            walk(held.clone(), &image, |before, step| {
                let length = step.range().len();
                for bytes in (0..length).step_by(length.div_ceil(19)).chain((0..17).filter(|n| *n <= length))
                {
                    let found = mark(&landed(before, step, bytes));
                    assert!(matches!(found, Some(1 | 7)), "{name}: {found:?} after {bytes} bytes");
                }
                let found = mark(before);
                assert!(!of_the_image || found == Some(7), "{name}: back to the old one");
                of_the_image = found == Some(7);
            });
        }
    }
}

#[test]
fn cut_short_anywhere_the_same_image_is_come_to() {
    let mut sample = Sample::new();
    for (name, held) in held() {
        for (nth, image) in images().into_iter().enumerate() {
            walk(held.clone(), &image, |before, step| {
                let length = step.range().len();
                for bytes in [0, 1, 12, 15, length / 2, length - 1].map(|n: usize| n.min(length)) {
                    let case = format!("{name}, image {nth}, {:?}, {bytes} bytes", step.range());
                    if sample.takes((name, step.range().start), &case) {
                        let cut = landed(before, step, bytes);
                        assert!(walk(cut, &image, |_, _| ()) <= MANY, "{case}");
                    }
                }
            });
        }
    }
    sample.say("the cuts of a whole DCT");
}

#[test]
fn a_duo_without_a_current_copy_gets_one() {
    let garbage: Vec<u8> = (0..WHOLE_SIZE).map(|n| (n * 7 + n / 256).to_le_bytes()[0]).collect();
    for held in [garbage, vec![0xFF; WHOLE_SIZE], vec![0; WHOLE_SIZE], whole(&old(copy(1)), &old(copy(2)))] {
        for image in images() {
            assert!(WholeDct::new(&held).is_none_or(|whole| whole.current().is_none()));
            walk(held.clone(), &image, |_, _| ());
        }
    }
}

#[test]
fn what_is_no_whole_dct_has_no_step() {
    let image = whole(&copy(7), &erased());
    assert!(next_step(&image[..WHOLE_SIZE - 1], &image).is_none());
    assert!(next_step(&image, &image[1..]).is_none());
    assert!(
        next_step(&image, &whole(&old(copy(7)), &erased())).is_none(),
        "an image in which no copy counts"
    );
}

/// A sector: erased, a copy of either kind, old or not, and maybe not all of it there.
fn sector(mark: u8) -> impl Strategy<Value = Vec<u8>> {
    let kinds = prop_oneof![
        Just(erased()),
        Just(copy(mark)),
        Just(old(copy(mark))),
        Just(factory(mark)),
        (any::<u8>(), any::<bool>()).prop_map(move |(sequence, complemented)| sealed(
            mark,
            sequence,
            complemented
        )),
        any::<u8>().prop_map(move |sequence| old(sealed(mark, sequence, true))),
    ];
    let torn = prop_oneof![3 => Just(COPY_SIZE), 1 => 0..COPY_SIZE];
    (kinds, torn, any::<bool>()).prop_map(|(mut sector, from, zeros)| {
        sector[from..].fill(if zeros { 0 } else { 0xFF });
        sector
    })
}

/// Two sectors of which one counts.
fn dct(first: u8, second: u8) -> impl Strategy<Value = Vec<u8>> {
    (sector(first), sector(second))
        .prop_map(|(first, second)| whole(&first, &second))
        .prop_filter("one counts", |whole| WholeDct::new(whole).and_then(|whole| whole.current()).is_some())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The same of any two DCTs, cut short twice in any places: up to the image's copy, the one that counted counts.
    #[test]
    fn any_dct_comes_to_any_image_over_any_two_cuts(
        held in dct(1, 2),
        image in dct(6, 7),
        cuts in [(0_usize..18, 0_usize..=4096), (0_usize..18, 0_usize..=4096)],
    ) {
        let allowed = [mark(&held), mark(&image)];
        let mut flash = held;
        for (at, bytes) in cuts {
            let mut cut = flash.clone();
            let mut taken = 0;
            walk(flash, &image, |before, step| {
                for bytes in [0, 9, 12, 15, bytes].map(|bytes: usize| bytes.min(step.range().len())) {
                    let found = mark(&landed(before, step, bytes));
                    assert!(allowed.contains(&found), "{found:?}, not of {allowed:?}, after {bytes} bytes");
                }
                if taken == at {
                    cut = landed(before, step, bytes.min(step.range().len()));
                }
                taken += 1;
            });
            flash = cut;
        }
        walk(flash, &image, |_, _| ());
    }
}
