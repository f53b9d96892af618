//! Runs a case under its faults and checks the promises afterwards.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duo_provision::error::{Code, Error, KeyState, exit};
use duo_provision::simulator::Duo;
use duo_provision::simulator::duo::Presence;
use duo_provision::usb::Clock;
use duo_provision::workflow::{Event, Phase};

use super::case::Case;
use super::expected;
use super::undisturbed::bench_for;
use super::workflow::TIMEOUT;
use crate::workflow::bench::{Asker, Bench, NEW, OLD, key};
#[cfg(feature = "command-line")]
use crate::workflow::grammar;

/// How long a phase may take: the time limit of a step, plus the transfer that is under way when the limit passes.
const STEP: Duration = Duration::from_secs(TIMEOUT as u64 + 2);
/// A write that has begun is completed: ten seconds for the flash, two to come back to dfuIDLE, and twice two each to
/// read back and to clean up.
const WRITE: Duration = Duration::from_secs(TIMEOUT as u64 + 10 + 2 + 4 * 2);

/// The outcome as it is counted: `DONE`, or the error's code.
pub type Outcome = &'static str;

/// Runs a case. `Err` says which promise was broken.
pub fn run(case: &Case) -> Result<Outcome, String> {
    let run = catch_unwind(AssertUnwindSafe(|| hold(case)));
    run.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        Err(words.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default())
    })
}

fn hold(case: &Case) -> Result<Outcome, String> {
    let bench = bench_for(case.subject, case.generation);
    let old = case.subject.held(&bench);
    let keepsake = case.subject.keepsake(&bench);
    for fault in &case.faults {
        bench.arm(fault.clone());
    }
    let watch = Watch::new(&bench);
    let result = case.subject.run(&bench, &watch.asker);
    let after = After { case, bench: &bench, old: &old, keepsake: &keepsake, result: &result };
    let held = watch.in_time(case.subject.steps_of_a_write()).and_then(|()| after.promises());
    let outcome = result.as_ref().map_or_else(|error| error.code().name(), |()| "DONE");
    held.map_err(|promise| format!("{promise}\n    {result:?}"))?;
    Ok(outcome)
}

/// Records when each phase begins.
struct Watch {
    asker: Asker,
    clock: Arc<dyn Clock>,
    began: Arc<Mutex<Vec<Began>>>,
}

/// A phase and when it began; no phase before the first and after the last.
type Began = (Option<Phase>, Duration);

impl Watch {
    fn new(bench: &Bench) -> Self {
        let clock: Arc<dyn Clock> = bench.clock.clone();
        let began = Arc::new(Mutex::new(vec![(None, clock.now())]));
        let (seen, now) = (began.clone(), clock.clone());
        let asker = Asker::listening(move |event, _| {
            if let Event::Phase(phase) = event {
                seen.lock().unwrap().push((Some(*phase), now.now()));
            }
        });
        Self { asker, clock, began }
    }

    /// No phase took longer than it may; the write phase may contain this many writes.
    fn in_time(&self, writes: u32) -> Result<(), String> {
        let mut began = self.began.lock().unwrap().clone();
        began.push((None, self.clock.now()));
        for pair in began.windows(2) {
            let [(phase, from), (_, to)] = pair else { continue };
            let may = match phase {
                Some(Phase::Write) => WRITE * writes,
                Some(Phase::Backup | Phase::Confirm) | None => Duration::ZERO,
                Some(_) => STEP,
            };
            let took = to.saturating_sub(*from);
            if took > may {
                return Err(format!("{phase:?} took {took:?}, and may take {may:?}"));
            }
        }
        Ok(())
    }
}

/// The state after a run.
struct After<'a> {
    case: &'a Case,
    bench: &'a Bench,
    old: &'a [u8],
    keepsake: &'a [u8],
    result: &'a Result<(), Error>,
}

impl After<'_> {
    fn promises(&self) -> Result<(), String> {
        self.error_says_what_it_should()?;
        self.error_is_the_faults_own()?;
        #[cfg(feature = "command-line")]
        self.what_is_printed_can_be_typed()?;
        self.others_are_left_alone()?;
        self.said_is_true()?;
        self.files_are_whole()?;
        self.old_is_kept()?;
        if !self.case.lies_twice() && !self.case.may_misdirect_an_erasure() {
            self.case.subject.always(self.bench)?;
        }
        self.recovers()
    }

    fn is_old(&self) -> bool {
        self.case.subject.is_same(&self.case.subject.held(self.bench), self.old)
    }

    fn is_unchanged(&self) -> bool {
        self.case.subject.is_unchanged(self.old, &self.case.subject.held(self.bench))
    }

    fn is_new(&self) -> bool {
        self.case.subject.is_new(&self.case.subject.held(self.bench)).unwrap_or_else(|| self.is_old())
    }

    /// Whether it has dropped off the bus since.
    fn has_left(&self) -> bool {
        self.bench.duo(|duo| duo.enumeration() > 1 || duo.presence() == Presence::Absent)
    }

    /// What is reported of the key is true.
    fn said_is_true(&self) -> Result<(), String> {
        let Err(error) = self.result else {
            ensure(self.is_new(), || "done, it says, and it is not".into())?;
            return ensure(!self.case.subject.leaves() || self.has_left(), || {
                "left, it says, and is there".into()
            });
        };
        match (error.key_state(), error.code().exit_code()) {
            (Some(KeyState::Wrong), exit::KEY) => {
                ensure(!self.is_old() && !self.is_new() || self.case.lies_twice(), || {
                    "said to be wrong, and it is old or new".into()
                })
            }
            (Some(KeyState::Unknown), exit::KEY) => Ok(()),
            (Some(KeyState::Unchanged), exit::KEY) if error.code() == Code::FieldWrong => {
                let key_is_old = self.bench.duo(|duo| duo.first_dct(34, 1216)) == key(OLD);
                ensure(!self.is_old() && !self.is_new() && key_is_old, || {
                    "said to be wrong, with the key unchanged, and it is not so".into()
                })
            }
            (Some(state @ (KeyState::Unchanged | KeyState::Written)), exit::KEY)
                if error.code() == Code::DctWrong =>
            {
                let said = if state == KeyState::Written { key(NEW) } else { key(OLD) };
                ensure(self.bench.duo(|duo| duo.first_dct(34, 1216)) == said, || {
                    format!("its key is said to be {state:?}, and is not")
                })
            }
            (Some(KeyState::Written), exit::FAULT) => {
                ensure(self.is_new(), || "not what was asked for".into())
            }
            (Some(KeyState::Unchanged) | None, code) if code != exit::KEY => {
                ensure(self.is_unchanged(), || "said to be unchanged, and is not".into())
            }
            (state, code) => Err(format!("{state:?} with exit code {code}")),
        }
    }

    fn error_says_what_it_should(&self) -> Result<(), String> {
        let Err(error) = self.result else { return Ok(()) };
        ensure(error.hint_text().is_some_and(|hint| !hint.is_empty()), || "no hint".into())?;
        ensure(error.phase().is_some() || error.device().is_some(), || "neither phase nor device".into())?;
        let shown = format!("{error} {}", error.hint_text().unwrap_or_default());
        ensure(!shown.chars().any(char::is_control), || "control characters are shown".into())
    }

    /// With one fault only its own errors are allowed; with two, the errors of either.
    fn error_is_the_faults_own(&self) -> Result<(), String> {
        let outcome = self.result.as_ref().map_or_else(|error| Some(error.code()), |()| None);
        let allowed = match self.case.faults.as_slice() {
            [only] => expected::allows(self.case, only, outcome),
            several => expected::either_allows(self.case, several, outcome),
        };
        ensure(allowed, || "not what this fault leads to".into())
    }

    /// A second Duo, and one that has taken the first one's place, keep their keys.
    fn others_are_left_alone(&self) -> Result<(), String> {
        // A workflow that only reads may have a field of any length, so the key is checked instead.
        let subject = self.case.subject;
        let (offset, length) = if subject.writes() { subject.field() } else { (34, 1216) };
        let untouched = |field: &[u8]| subject.is_untouched(field);
        let swapped = self.bench.duo(|duo| duo.second_dct(offset, length));
        ensure(swapped.is_none_or(|field| untouched(&field)), || "the Duo in its place was written".into())?;
        let ports = self.bench.hub.attached();
        for twin in ports.iter().filter(|attached| attached.path != self.bench.paths[0]) {
            let field = self.bench.hub.with_duo(&twin.path, |duo, _| duo.dct(offset, length)).unwrap();
            ensure(untouched(&field), || "the other Duo was written".into())?;
        }
        Ok(())
    }

    /// Every file that has a final name is whole.
    fn files_are_whole(&self) -> Result<(), String> {
        for name in self.bench.archived() {
            let bytes = fs::read(self.bench.archive().join(&name)).unwrap();
            let whole = match name.split_once('.').map(|(_, end)| end) {
                Some("der" | "bin") => {
                    bytes.len() == self.keepsake.len()
                        || self.case.subject.keeps_files_of().contains(&bytes.len())
                }
                Some("pub.pem") => bytes.ends_with(b"-----END PUBLIC KEY-----\n"),
                Some("json") => serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(),
                _ => false,
            };
            ensure(whole, || format!("{name} is a partial file, or none of ours"))?;
        }
        Ok(())
    }

    /// What was there can be restored if anything was written, or if a backup is reported.
    fn old_is_kept(&self) -> Result<(), String> {
        let wanted = self.bench.writes() > 0 || self.result.is_ok() && self.case.subject.keeps();
        // Of two Duos with one id, the other one is backed up if this one no longer tells the id.
        let other = self.case.has_twin() && self.case.may_be_nameless() && self.case.subject.enters();
        let excused = self.case.lies_twice() || self.case.is_swapped_unseen() || other;
        let kept = !wanted || excused || self.bench.keeps(self.keepsake);
        ensure(kept, || "no backup of what was there".into())
    }

    /// Follows the hint once the fault is over.
    fn recovers(&self) -> Result<(), String> {
        let Err(error) = self.result else { return Ok(()) };
        if error.code().exit_code() != exit::KEY {
            return Ok(());
        }
        let hint = error.hint_text().unwrap_or_default();
        let (finish, back) = hint.split_once("; ").ok_or("the hint does not name two commands")?;
        self.put_right();
        self.typed(finish, |command| self.case.subject.finish(self.bench, command))?;
        ensure(self.is_new(), || format!("{finish}: and it is still not there"))?;
        if self.case.lies_twice() {
            return Ok(());
        }
        self.put_right();
        self.typed(back, |command| self.case.subject.go_back(self.bench, command))?;
        ensure(self.is_old(), || format!("{back}: and it is not the old key"))
    }

    /// Runs a printed command. If a second Duo has the same id, the port is added, as the hint of that error says.
    fn typed(&self, command: &str, run: impl Fn(&str) -> Result<(), Error>) -> Result<(), String> {
        let ran = match run(command) {
            Err(error) if self.case.has_twin() && error.code() == Code::SeveralDevices => {
                let hint = error.hint_text().unwrap_or_default();
                ensure(hint.contains("--path 1-1"), || format!("{command}: {error}: {hint}"))?;
                run(&format!("{command} --path 1-1"))
            }
            ran => ran,
        };
        ran.map_err(|error| format!("{command}: {error}"))
    }

    /// The grammar accepts each command in the hint, and the command to finish asks for the same as the original one.
    #[cfg(feature = "command-line")]
    fn what_is_printed_can_be_typed(&self) -> Result<(), String> {
        let Err(error) = self.result else { return Ok(()) };
        let hint = error.hint_text().unwrap_or_default();
        // The command to finish follows the one that restores what else has changed, if anything has.
        let finishes = hint.split("; ").find_map(|part| part.split_once("to finish: "));
        let finishes = finishes.and_then(|(_, typed)| grammar::commands(typed).last());
        for command in grammar::commands(hint) {
            let (name, options) = grammar::operation(command)?;
            if let (Some((asked, wanted)), true) =
                (self.case.subject.asked(self.bench), finishes == Some(command))
            {
                ensure(name == asked && options == wanted, || {
                    format!("asked for {asked} {wanted}, and to finish is {name} {options}")
                })?;
            }
            let archive = self.bench.archive();
            let writes = ["restore", "reset", "rotate", "dct restore", "server-key set"].contains(&name);
            ensure(!writes || options["archive"] == archive.to_str().unwrap(), || {
                format!("{command}: another archive than {}", archive.display())
            })?;
        }
        Ok(())
    }

    /// Ends the fault, with the Duo back in its port, in DFU mode.
    fn put_right(&self) {
        if self.bench.duo(|duo| duo.is_away()) {
            self.bench.hub.with_duo(&self.bench.paths[0], Duo::swap);
        }
        self.bench.clear_faults();
    }
}

fn ensure(holds: bool, promise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(promise()) }
}
