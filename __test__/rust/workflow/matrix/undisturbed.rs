//! Runs a workflow that nothing disturbs.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use duo_provision::simulator::duo::Logged;
use duo_provision::simulator::{Duo, DuoOptions, Generation};

use super::course::{Course, Stage};
use super::workflow::Workflow;
use crate::virtual_duo::options;
use crate::workflow::bench::{Asker, Bench};

/// A bench in which `subject` can run.
pub fn bench_for(subject: &dyn Workflow, generation: Generation) -> Bench {
    let write_time = Duration::from_millis(300);
    let returns_to_dfu = !subject.enters();
    let bench = Bench::with([DuoOptions { write_time, returns_to_dfu, ..options(generation) }]);
    if subject.enters() {
        bench.hub.with_duo(&bench.paths[0], Duo::restart);
        bench.clock.advance(Duration::from_secs(5));
    }
    subject.set_up(&bench);
    bench
}

/// Runs `subject` once and remembers its transfers.
pub fn course(subject: &dyn Workflow, generation: Generation) -> Course {
    static KNOWN: OnceLock<Mutex<HashMap<(&'static str, Generation), Course>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap();
    let key = (subject.name(), generation);
    known.entry(key).or_insert_with(|| run(subject, generation)).clone()
}

fn run(subject: &dyn Workflow, generation: Generation) -> Course {
    let bench = bench_for(subject, generation);
    let before = bench.duo(|duo| duo.log().count());
    subject.run(&bench, &Asker::new()).unwrap();
    let log: Vec<Logged> = bench.duo(|duo| duo.log().skip(before).cloned().collect());
    Course::new(log, if subject.enters() { Stage::Ask } else { Stage::Open })
}
