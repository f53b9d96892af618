//! Tries two faults at once, drawn by number: every pair of kinds in every workflow, in an order that the seed
//! shuffles, at transfers that the seed draws. The same seed and number is the same case, on any machine.
//!
//! `npm run test:pairs -- --seconds 600 [--seed N] [--case N]` runs [`for_a_while`]; an ordinary run has a few.

use std::time::{Duration, Instant};

use duo_provision::simulator::faults::{Counting, Fault, Kind};

use super::case::{Case, GENERATIONS};
use super::undisturbed::course;
use crate::common::sample::is_all;

use super::{crowd, subjects};

/// How many transfers after the end of an undisturbed run a fault may strike. Once the other fault has struck, the
/// number of further transfers is unknown.
const BEHIND: u64 = 24;

/// A multiplier that shares no factor with the number of combinations, so that each combination is drawn once.
const STRIDE: u64 = 2_654_435_761;

/// Cases in an ordinary run.
const FEW: u64 = 1500;
/// Cases if all tests are asked for.
const MANY: u64 = 20_000;

/// Draws numbers: splitmix64.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.throw() % limit
    }
}

/// The pairs of one seed.
struct Pairs {
    seed: u64,
    kinds: Vec<Kind>,
}

impl Pairs {
    fn new(seed: u64) -> Self {
        Self { seed, kinds: Kind::catalogue() }
    }

    /// How many combinations of workflow, bootloader and two kinds there are.
    fn combinations(&self) -> u64 {
        let factors = [self.kinds.len(), self.kinds.len(), subjects::ALL.len(), GENERATIONS.len()];
        factors.map(|factor| factor as u64).iter().product()
    }

    fn case(&self, number: u64) -> Case {
        let mut dice = Dice(self.seed.rotate_left(32) ^ number);
        let shuffled = Dice(self.seed).throw() % self.combinations();
        let mut at = (u128::from(number) * u128::from(STRIDE) + u128::from(shuffled))
            % u128::from(self.combinations());
        let mut pick = |length: usize| {
            let picked = usize::try_from(at % length as u128).unwrap();
            at /= length as u128;
            picked
        };
        let (subject, generation) =
            (subjects::ALL[pick(subjects::ALL.len())], GENERATIONS[pick(GENERATIONS.len())]);
        let kinds = [pick(self.kinds.len()), pick(self.kinds.len())];
        let last = u64::from(course(subject, generation).transfers()) + BEHIND;
        let faults = kinds.map(|kind| Fault {
            kind: self.kinds[kind].clone(),
            nth: dice.below(last + 1).try_into().unwrap(),
            counting: Counting::All,
            once: dice.below(3) > 0,
        });
        Case { subject, generation, faults: faults.into() }
    }
}

fn number_in(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().expect(variable))
}

#[test]
fn a_few_pairs_of_faults() {
    let pairs = Pairs::new(1);
    let most = if is_all() { MANY } else { FEW };
    let ran = crowd::run("pairs of faults", "--seed 1 --case", |n| (n < most).then(|| pairs.case(n)));
    ran.say("");
    ran.assert_all_kept();
}

#[test]
fn each_combination_comes_once() {
    let pairs = Pairs::new(7);
    let combinations = pairs.combinations();
    // Full-length multiplication by a number without a common factor is a permutation.
    let (mut a, mut b) = (combinations, STRIDE);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    assert_eq!(a, 1, "{combinations} has a factor of the stride");
    assert_eq!(pairs.case(5).to_string(), Pairs::new(7).case(5).to_string());
    assert_ne!(pairs.case(5).to_string(), pairs.case(6).to_string());
}

#[test]
#[ignore = "runs as long as it is told to: npm run test:pairs"]
fn for_a_while() {
    let seed = number_in("PAIRS_SEED").unwrap_or(1);
    let pairs = Pairs::new(seed);
    let prefix = format!("--seed {seed} --case");
    if let Some(number) = number_in("PAIRS_CASE") {
        let case = pairs.case(number);
        println!("{prefix} {number}: {case}");
        return crowd::run("one pair of faults", &prefix, |n| (n == 0).then(|| case.clone()))
            .assert_all_kept();
    }
    let budget = Duration::from_secs(number_in("PAIRS_SECONDS").unwrap_or(60));
    let began = Instant::now();
    let ran = crowd::run("pairs of faults", &prefix, |n| {
        (began.elapsed() < budget && n < pairs.combinations()).then(|| pairs.case(n))
    });
    ran.say(&format!("seed {seed}, of {} combinations; {}", pairs.combinations(), ran.outcomes()));
    ran.assert_all_kept();
}
