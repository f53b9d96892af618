//! Runs many cases on all processors, and shows what failed and a table of what was run.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::case::Case;
use super::promises::{self, Outcome};

/// How many failures are shown in full.
const SHOWN: usize = 25;

/// The result of many cases.
pub struct Ran {
    title: &'static str,
    took: Duration,
    /// The number of cases by kind and workflow.
    counts: BTreeMap<(String, &'static str), usize>,
    outcomes: BTreeMap<Outcome, usize>,
    failures: Vec<String>,
}

/// Runs these cases.
pub fn of(title: &'static str, cases: &[Case]) -> Ran {
    run(title, "case", |number| cases.get(usize::try_from(number).ok()?).cloned())
}

/// Runs the cases that `nth` gives, counted from 0, until it gives none. `prefix` and the number name a case that
/// failed.
pub fn run(title: &'static str, prefix: &str, nth: impl Fn(u64) -> Option<Case> + Sync) -> Ran {
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let ran = Mutex::new(Ran {
        title,
        took: Duration::ZERO,
        counts: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        failures: Vec::new(),
    });
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = nth(number) else { return };
            let outcome =
                promises::run(&case).map_err(|promise| format!("{case} ({prefix} {number}): {promise}"));
            ran.lock().unwrap().note(&case, outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, NonZero::get) {
            scope.spawn(work);
        }
    });
    let mut ran = ran.into_inner().unwrap();
    ran.took = began.elapsed();
    ran
}

impl Ran {
    fn note(&mut self, case: &Case, outcome: Result<Outcome, String>) {
        *self.counts.entry((case.kinds(), case.subject.name())).or_default() += 1;
        match outcome {
            Ok(outcome) => *self.outcomes.entry(outcome).or_default() += 1,
            Err(failure) => {
                // Printed at once, because some runs take hours.
                eprintln!("{failure}");
                self.failures.push(failure);
            }
        }
    }

    /// How many cases were run.
    pub fn cases(&self) -> usize {
        self.counts.values().sum()
    }

    /// Prints kind by workflow. It bypasses the test harness, which hides what a test prints.
    pub fn print_table(&self) {
        let mut columns: Vec<&str> = self.counts.keys().map(|(_, workflow)| *workflow).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut rows: Vec<&str> = self.counts.keys().map(|(kind, _)| kind.as_str()).collect();
        rows.dedup();
        let line = |label: &str, cell: &dyn Fn(&str) -> String| {
            let cells: Vec<String> = columns.iter().map(|column| format!("{:>15}", cell(column))).collect();
            format!("{label:24}{}\n", cells.concat())
        };
        let mut table = line("kind", &|column| column.to_owned());
        for kind in rows {
            let cases = |workflow: &str| {
                let of = |(k, w): &(String, &'static str)| k == kind && *w == workflow;
                self.counts.iter().filter(|(key, _)| of(key)).map(|(_, n)| n).sum::<usize>()
            };
            table.push_str(&line(kind, &|column| cases(column).to_string()));
        }
        let total = |workflow: &str| {
            self.counts.iter().filter(|((_, w), _)| *w == workflow).map(|(_, n)| n).sum::<usize>()
        };
        table.push_str(&line("all", &|column| total(column).to_string()));
        self.say(&format!("{table}{}", self.outcomes()));
    }

    /// The outcomes, and how many cases ended in each.
    pub fn outcomes(&self) -> String {
        let outcomes: Vec<String> = self.outcomes.iter().map(|(code, n)| format!("{code} {n}")).collect();
        format!("ended in: {}", outcomes.join(", "))
    }

    /// Prints the number of cases, how long they took, and `what`.
    pub fn say(&self, what: &str) {
        let (title, cases, seconds) = (self.title, self.cases(), self.took.as_secs_f32());
        let _ = writeln!(std::io::stderr(), "\n{title}: {cases} cases in {seconds:.1} s\n{what}");
    }

    /// Fails if a promise was broken.
    pub fn assert_all_kept(&self) {
        let mut failures = self.failures.clone();
        failures.sort();
        let shown: Vec<&str> = failures.iter().take(SHOWN).map(String::as_str).collect();
        assert!(
            failures.is_empty(),
            "{}: {} of {} cases failed:\n{}",
            self.title,
            failures.len(),
            self.cases(),
            shown.join("\n")
        );
    }
}
