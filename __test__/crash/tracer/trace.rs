//! Follows a process and all its threads from call to call, and strikes.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use serde_json::{Value, json};

use crate::action::{Action, Deed};
use crate::effect::{self, Class, Effect};

type Error = Box<dyn std::error::Error>;

/// The time between two looks at the file that releases a held thread.
const LOOK: Duration = Duration::from_millis(2);

/// Runs a command to its end, logs its effects and strikes as `action` says.
pub fn run(log: &Path, action: Action, command: &[OsString]) -> Result<(), Error> {
    // The child waits for the end of its standard input; the tracer is attached before that.
    let mut child =
        Command::new(std::env::current_exe()?).arg(FILTERED).args(command).stdin(Stdio::piped()).spawn()?;
    let process = Pid::from_raw(child.id().try_into()?);
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACESECCOMP
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(process, options)?;
    ptrace::interrupt(process)?;
    let mut tracer = Tracer {
        process,
        action,
        log: File::create(log)?,
        running: false,
        counts: HashMap::new(),
        inside: HashMap::new(),
        held: None,
    };
    tracer.note(&json!({ "pid": process.as_raw() }))?;
    drop(child.stdin.take());
    tracer.follow()
}

/// The first argument of the process that becomes the program.
pub const FILTERED: &str = "--filtered";

/// Waits until it is traced, then becomes the program. Only calls that may have an effect stop for the tracer: Node
/// makes thousands of others, and to stop at each takes longer than the program itself.
pub fn become_filtered(command: &[OsString]) -> Result<std::convert::Infallible, Error> {
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let calls = effect::numbers().map(|number| (number, Vec::new())).collect();
    let (others, these) = (SeccompAction::Allow, SeccompAction::Trace(0));
    let filter: BpfProgram = SeccompFilter::new(calls, others, these, TargetArch::x86_64)?.try_into()?;
    seccompiler::apply_filter(&filter)?;
    let (program, arguments) = command.split_first().ok_or("no program")?;
    Err(Command::new(program).args(arguments).stdin(Stdio::null()).exec().into())
}

/// A call that a thread is in.
struct Inside {
    effect: Effect,
    index: u32,
    /// The error number that it returns instead of its result.
    failure: Option<i32>,
}

struct Tracer {
    process: Pid,
    action: Action,
    log: File,
    /// True once the program itself runs; before that the process is this tracer, which starts it.
    running: bool,
    /// How many effects of each class there were.
    counts: HashMap<Class, u32>,
    /// The threads that are in a call with an effect.
    inside: HashMap<Pid, Inside>,
    /// A thread that waits for a file to exist.
    held: Option<(Pid, std::path::PathBuf)>,
}

impl Tracer {
    fn follow(&mut self) -> Result<(), Error> {
        loop {
            let flags = WaitPidFlag::__WALL
                | if self.held.is_some() { WaitPidFlag::WNOHANG } else { WaitPidFlag::empty() };
            match waitpid(None, Some(flags))? {
                WaitStatus::StillAlive => self.look()?,
                WaitStatus::Exited(thread, code) if thread == self.process => {
                    return self.note(&json!({ "ended": { "code": code } }));
                }
                WaitStatus::Signaled(thread, signal, _) if thread == self.process => {
                    return self.note(&json!({ "ended": { "signal": signal.as_str() } }));
                }
                WaitStatus::PtraceEvent(thread, _, libc::PTRACE_EVENT_SECCOMP) => self.enter(thread)?,
                WaitStatus::PtraceSyscall(thread) => self.leave(thread)?,
                WaitStatus::PtraceEvent(thread, _, event) => {
                    self.running |= event == libc::PTRACE_EVENT_EXEC;
                    self.go_on(thread, None)?;
                }
                WaitStatus::Stopped(thread, signal) => self.go_on(thread, signal)?,
                _ => {}
            }
        }
    }

    /// Releases the held thread if its file exists.
    fn look(&mut self) -> Result<(), Error> {
        if let Some((thread, _)) = self.held.take_if(|(_, file)| file.exists()) {
            return self.go_on(thread, None);
        }
        std::thread::sleep(LOOK);
        Ok(())
    }

    /// Lets a thread continue; if it is in a call with an effect, until the end of the call.
    fn go_on(&self, thread: Pid, signal: impl Into<Option<Signal>>) -> Result<(), Error> {
        let to_its_end = self.inside.contains_key(&thread);
        gone(if to_its_end { ptrace::syscall(thread, signal) } else { ptrace::cont(thread, signal) })
            .map(drop)
    }

    /// A thread enters a call. It continues unless it must be held.
    fn enter(&mut self, thread: Pid) -> Result<(), Error> {
        let Some(mut registers) = gone(ptrace::getregs(thread))? else { return Ok(()) };
        let Some(effect) = effect::of(self.process, &registers).filter(|_| self.running) else {
            return self.go_on(thread, None);
        };
        let count = self.counts.entry(effect.class).or_default();
        *count += 1;
        let index = *count;
        self.note(&described(&effect, index)?)?;
        let deed = self.action.at(effect.class, index).cloned();
        let mut inside = Inside { effect, index, failure: None };
        match deed {
            Some(Deed::Kill) => self.strike("kill")?,
            Some(Deed::Fail(number)) => {
                inside.failure = Some(number);
                // No call has this number, so the kernel does nothing.
                registers.orig_rax = u64::MAX;
                ptrace::setregs(thread, registers)?;
                self.note(&json!({ "struck": "fail" }))?;
            }
            Some(Deed::Hold(file)) => {
                self.held = Some((thread, file));
                self.inside.insert(thread, inside);
                return self.note(&json!({ "struck": "hold" }));
            }
            Some(Deed::KillAfter) | None => {}
        }
        self.inside.insert(thread, inside);
        self.go_on(thread, None)
    }

    /// A thread leaves a call.
    fn leave(&mut self, thread: Pid) -> Result<(), Error> {
        let Some(inside) = self.inside.remove(&thread) else { return self.go_on(thread, None) };
        let Some(mut registers) = gone(ptrace::getregs(thread))? else { return Ok(()) };
        if let Some(number) = inside.failure {
            registers.rax = u64::from_ne_bytes((-i64::from(number)).to_ne_bytes());
            ptrace::setregs(thread, registers)?;
        }
        let mut line = described(&inside.effect, inside.index)?;
        line["result"] = i64::from_ne_bytes(registers.rax.to_ne_bytes()).into();
        self.note(&line)?;
        if let Some(Deed::KillAfter) = self.action.at(inside.effect.class, inside.index) {
            self.strike("kill-after")?;
        }
        self.go_on(thread, None)
    }

    /// A thread that is killed while it is stopped before a call does not make the call (ptrace(2)).
    fn strike(&mut self, deed: &str) -> Result<(), Error> {
        kill(self.process, Signal::SIGKILL)?;
        self.note(&json!({ "struck": deed }))
    }

    fn note(&mut self, line: &Value) -> Result<(), Error> {
        Ok(self.log.write_all(format!("{line}\n").as_bytes())?)
    }
}

fn described(effect: &Effect, index: u32) -> Result<Value, Error> {
    let mut line = serde_json::to_value(effect)?;
    line["index"] = index.into();
    Ok(line)
}

/// `None` if the thread was killed in the meantime.
fn gone<T>(result: nix::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(nix::errno::Errno::ESRCH) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
