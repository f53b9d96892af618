//! Every fault of the catalogue at every request of every workflow: whatever is said afterwards is true of
//! the flash, and the old key can be had back.

use std::path::PathBuf;
use std::time::Duration;

use duo_provision::error::{Code, Error, exit};
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::usb::Clock;
use duo_provision::workflow::{BackupOptions, ResetOptions};

use crate::bench::{Bench, NEW, OLD, key, reset_image, restore_of};

/// Seconds that each step is given.
const TIMEOUT: u32 = 10;
/// Seven steps at most (find, read, write, read back, reconcile twice, leave), and what a write that has
/// begun may take beyond its time.
const LONGEST: Duration = Duration::from_secs(7 * 10 + 30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Workflow {
    Backup,
    Restore,
    Reset,
}

impl Workflow {
    fn run(self, bench: &Bench) -> Result<(), Error> {
        let timeout = Some(TIMEOUT);
        match self {
            Self::Backup => bench.backup(&BackupOptions { timeout, ..BackupOptions::default() }).map(drop),
            Self::Restore => {
                let options =
                    duo_provision::workflow::RestoreOptions { leave: true, timeout, ..bench.new_key() };
                bench.restore(&options).map(drop)
            }
            Self::Reset => bench.reset(&ResetOptions { timeout, ..ResetOptions::default() }).map(drop),
        }
    }

    /// True where the flash is as it was asked for. A Duo that starts with a reset slot makes a key.
    fn is_done(self, bench: &Bench) -> bool {
        let slot = bench.slot();
        match self {
            Self::Backup => slot == key(OLD),
            Self::Restore => slot == key(NEW),
            Self::Reset => {
                slot == reset_image() || bench.duo(|duo| duo.keys_made()) > 1 && slot == key(OLD + 1)
            }
        }
    }

    /// How many requests an undisturbed run takes.
    fn requests(self, generation: Generation) -> u32 {
        let bench = Bench::new(generation);
        self.run(&bench).unwrap();
        bench.duo(|duo| duo.class_requests()).try_into().unwrap()
    }
}

/// A device that tells the same lie twice is believed: nothing could tell.
fn lies_twice(fault: &Fault) -> bool {
    !fault.once && matches!(fault.kind, Kind::ReadZeros | Kind::ReadOnes | Kind::ReadFlipped(_))
}

fn everywhere(workflow: Workflow, generation: Generation) {
    let requests = workflow.requests(generation);
    for kind in Kind::catalogue() {
        for nth in 1..=requests + 2 {
            // A state from nowhere at every request is what `fault_matrix.rs` tries on the session alone; here
            // every other one keeps the suite quick.
            if !matches!(kind, Kind::State(state) if (u32::from(state) + nth) % 2 == 0) {
                hold(workflow, generation, &Fault::once(kind.clone(), nth));
            }
            // What lasts acts on everything that follows, so that few beginnings will do.
            if nth % 8 == 1 {
                hold(workflow, generation, &Fault::from(kind.clone(), nth));
            }
        }
    }
}

fn hold(workflow: Workflow, generation: Generation, fault: &Fault) {
    let bench = Bench::new(generation);
    bench.arm(fault.clone());
    let result = workflow.run(&bench);
    let about = format!("{workflow:?} {generation} {fault:?}: {result:?}");

    assert!(bench.clock.now() <= LONGEST, "took until {:?}: {about}", bench.clock.now());
    let unchanged = bench.slot() == key(OLD);
    let done = workflow.is_done(&bench);
    match &result {
        Ok(()) => assert!(done, "{about}"),
        Err(error) if error.code() == Code::LeaveFailed => assert!(done, "{about}"),
        Err(error) if error.code().exit_code() == exit::KEY => {}
        Err(error) => {
            assert!(unchanged, "{about}");
            assert_ne!(error.code(), Code::Internal, "{about}");
        }
    }
    assert!(bench.archived().iter().all(|name| !name.contains(".tmp")), "{:?}: {about}", bench.archived());
    if !lies_twice(fault) && (bench.writes() > 0 || result.is_ok()) {
        assert!(bench.keeps(key(OLD)), "{about}");
    }
    if let Err(error) = &result
        && error.code().exit_code() == exit::KEY
    {
        recover(workflow, &bench, error.hint_text().unwrap(), lies_twice(fault), &about);
    }
}

/// Does what the hint says, once the fault is over.
fn recover(workflow: Workflow, bench: &Bench, hint: &str, liar: bool, about: &str) {
    let (finish, back) = hint.split_once("; ").unwrap_or_else(|| panic!("{hint}: {about}"));
    bench.mend();
    if finish.contains("duo-provision restore") {
        bench.restore(&restore_of(&restored_file(finish))).unwrap();
    } else {
        bench.reset(&ResetOptions::default()).unwrap();
    }
    assert!(workflow.is_done(bench), "{about}");
    bench.mend();
    if !liar {
        bench.restore(&restore_of(&restored_file(back))).unwrap();
        assert!(bench.slot() == key(OLD), "{about}");
    }
}

fn restored_file(command: &str) -> PathBuf {
    let (_, words) = command.split_once("duo-provision restore ").unwrap();
    words.split(' ').next().unwrap().into()
}

#[test]
fn backup_under_every_fault_on_r4() {
    everywhere(Workflow::Backup, Generation::R4);
}

#[test]
fn restore_under_every_fault_on_r4() {
    everywhere(Workflow::Restore, Generation::R4);
}

#[test]
fn reset_under_every_fault_on_r4() {
    everywhere(Workflow::Reset, Generation::R4);
}

#[test]
fn backup_under_every_fault_on_r6() {
    everywhere(Workflow::Backup, Generation::R6);
}

#[test]
fn restore_under_every_fault_on_r6() {
    everywhere(Workflow::Restore, Generation::R6);
}

#[test]
fn reset_under_every_fault_on_r6() {
    everywhere(Workflow::Reset, Generation::R6);
}
