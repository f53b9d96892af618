//! Following a process and all its threads from call to call, and striking.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::action::{Action, Deed};
use crate::effect::{self, Class, Effect};

type Error = Box<dyn std::error::Error>;

/// Between two looks at the file that lets a held thread go.
const LOOK: Duration = Duration::from_millis(2);

/// Runs a command to its end and strikes once.
pub fn run(log: &Path, action: Action, command: &[OsString]) -> Result<(), Error> {
    // It waits for a line, and by then it is traced; what it reads from afterwards is empty.
    let mut child = Command::new("/bin/sh")
        .args(["-c", "read -r go && exec \"$@\" </dev/null", "sh"])
        .args(command)
        .stdin(Stdio::piped())
        .spawn()?;
    let process = Pid::from_raw(child.id().try_into()?);
    let options = Options::PTRACE_O_TRACESYSGOOD
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
    let mut go = child.stdin.take().ok_or("no standard input")?;
    go.write_all(b"\n")?;
    drop(go);
    tracer.follow()
}

/// A call that a thread is in.
struct Inside {
    effect: Effect,
    index: u32,
    /// What it is made to return.
    failure: Option<i32>,
}

struct Tracer {
    process: Pid,
    action: Action,
    log: File,
    /// True once the program itself runs; before that it is the shell that starts it.
    running: bool,
    /// How many effects of each class there were.
    counts: HashMap<Class, u32>,
    /// The threads that are in a call; `None` for a call without an effect.
    inside: HashMap<Pid, Option<Inside>>,
    /// A thread that waits for a file.
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
                WaitStatus::PtraceSyscall(thread) => self.step(thread)?,
                WaitStatus::PtraceEvent(thread, _, event) => {
                    if event == libc::PTRACE_EVENT_EXEC {
                        self.running = true;
                    }
                    go_on(thread, None)?;
                }
                WaitStatus::Stopped(thread, signal) => go_on(thread, signal)?,
                _ => {}
            }
        }
    }

    /// Lets the held thread go, once it may.
    fn look(&mut self) -> Result<(), Error> {
        if let Some((thread, _)) = self.held.take_if(|(_, file)| file.exists()) {
            return go_on(thread, None);
        }
        std::thread::sleep(LOOK);
        Ok(())
    }

    /// A thread goes into a call, or comes out of one. It goes on unless it is to be held.
    fn step(&mut self, thread: Pid) -> Result<(), Error> {
        match self.inside.remove(&thread) {
            Some(Some(inside)) => self.leave(thread, &inside)?,
            Some(None) => {}
            None => self.enter(thread)?,
        }
        match &self.held {
            Some((held, _)) if *held == thread => Ok(()),
            _ => go_on(thread, None),
        }
    }

    fn enter(&mut self, thread: Pid) -> Result<(), Error> {
        let Some(mut registers) = gone(ptrace::getregs(thread))? else { return Ok(()) };
        let Some(effect) = effect::of(self.process, &registers).filter(|_| self.running) else {
            self.inside.insert(thread, None);
            return Ok(());
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
                // No call has this number: the kernel does nothing.
                registers.orig_rax = u64::MAX;
                ptrace::setregs(thread, registers)?;
                self.note(&json!({ "struck": "fail" }))?;
            }
            Some(Deed::Hold(file)) => {
                self.held = Some((thread, file));
                self.note(&json!({ "struck": "hold" }))?;
            }
            Some(Deed::KillAfter) | None => {}
        }
        self.inside.insert(thread, Some(inside));
        Ok(())
    }

    fn leave(&mut self, thread: Pid, inside: &Inside) -> Result<(), Error> {
        let Some(mut registers) = gone(ptrace::getregs(thread))? else { return Ok(()) };
        if let Some(number) = inside.failure {
            registers.rax = u64::from_ne_bytes((-i64::from(number)).to_ne_bytes());
            ptrace::setregs(thread, registers)?;
        }
        let mut line = described(&inside.effect, inside.index)?;
        line["result"] = i64::from_ne_bytes(registers.rax.to_ne_bytes()).into();
        self.note(&line)?;
        match self.action.at(inside.effect.class, inside.index) {
            Some(Deed::KillAfter) => self.strike("kill-after"),
            _ => Ok(()),
        }
    }

    /// A thread that stands before a call when it is killed does not make it (ptrace(2)).
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

fn go_on(thread: Pid, signal: impl Into<Option<Signal>>) -> Result<(), Error> {
    gone(ptrace::syscall(thread, signal)).map(drop)
}

/// `None` where the thread has been killed meanwhile.
fn gone<T>(result: nix::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(nix::errno::Errno::ESRCH) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
