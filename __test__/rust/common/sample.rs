//! Decides whether a long table is tried whole or only a sample of it, for which an ordinary run has time.

use std::collections::HashSet;
use std::hash::Hash;
use std::io::Write;

/// If this is set in the environment, all cases are tried: `npm test -- --all` sets it.
const ALL: &str = "DUO_PROVISION_TEST_ALL";
/// The sample has one of this many cases.
const ONE_OF: u64 = 10;

/// True if all cases must be tried.
pub fn is_all() -> bool {
    std::env::var_os(ALL).is_some_and(|value| !value.is_empty() && value != "0")
}

/// Chooses from a table: the first case of each sort, and one in ten of the rest by their names; the same in each run,
/// on any machine.
pub struct Sample<Sort> {
    all: bool,
    seen: HashSet<Sort>,
    taken: usize,
    offered: usize,
}

impl<Sort: Eq + Hash> Sample<Sort> {
    pub fn new() -> Self {
        Self::of(is_all())
    }

    /// Takes every case if `all` is true.
    pub fn of(all: bool) -> Self {
        Self { all, seen: HashSet::new(), taken: 0, offered: 0 }
    }

    /// Whether to try the case with this name.
    pub fn takes(&mut self, sort: Sort, name: &str) -> bool {
        let takes = self.seen.insert(sort) || self.all || hash(name).is_multiple_of(ONE_OF);
        self.offered += 1;
        self.taken += usize::from(takes);
        takes
    }

    /// Says how many were taken if some were not.
    pub fn say(&self, of: &str) {
        say(of, self.taken, self.offered);
    }
}

/// Prints how many were tried, if not all were. It bypasses the test harness, which hides what a test prints. `npm
/// test` looks for this line.
pub fn say(of: &str, tried: usize, all: usize) {
    if tried < all {
        let line = format!("\nsample: {of}, {tried} of {all} cases\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

/// FNV-1a, 64 bits.
fn hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn a_sample_has_each_sort_and_a_tenth_of_the_rest() {
    let mut sample = Sample::of(false);
    let chosen_of = |sample: &mut Sample<u32>| {
        (0..10_000).filter(|case| sample.takes(case % 7, &format!("case {case}"))).collect::<Vec<u32>>()
    };
    let chosen = chosen_of(&mut sample);
    assert!((0..7).all(|first| chosen.contains(&first)), "the first of each sort");
    assert!((900..1100).contains(&chosen.len()), "{}", chosen.len());
    assert_eq!(chosen, chosen_of(&mut Sample::of(false)), "the same again");
    assert_eq!(chosen_of(&mut Sample::of(true)).len(), 10_000);
}
