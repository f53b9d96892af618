//! A tracer for the crash tests: runs a program, numbers the system calls of it that have an effect outside the
//! process, and strikes at exactly one of them.
//!
//! ```text
//! tracer LOG ACTION PROGRAM ARGUMENTS…
//! ```
//!
//! | ACTION | at the N-th effect of its class (1 is the first) |
//! |---|---|
//! | `watch` | nothing; only the log is written |
//! | `kill:CLASS:N` | SIGKILL before the call: it does not happen |
//! | `kill-after:CLASS:N` | SIGKILL when the call has happened, before the program learns of it |
//! | `fail:CLASS:N:ERRNO` | the call does not happen, and the program is told that it failed so |
//! | `hold:CLASS:N:FILE` | the calling thread waits before the call until FILE exists; the others go on |
//!
//! It stops the program by a filter of system calls (seccomp) that lets all others through.
//!
//! A CLASS is `file`, `socket` or `output`. Several actions are separated by commas.
//!
//! strace can do some of this, but it counts by thread and by call and filters by whole paths: Node's threads
//! open files and write to their pipes as often as they like, and temporary files have names made of chance.
//! Here a class has one count of its own whichever call and thread it is, and only what [`effect`] takes for an
//! effect is counted, so that one run's N is the next run's N.
//!
//! The log has one JSON object a line: `{"pid"}` first; `{"class", "index", "call", …}` before a call, and the
//! same with `result` after it; `{"struck": …}` for what was done to it; `{"ended": …}` last. It never holds a
//! byte of what is written or sent, beyond the eight of a USB request's setup packet.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod action;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod effect;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod trace;

use std::process::ExitCode;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == trace::FILTERED).is_some() {
        let Err(error) = trace::become_filtered(&arguments.collect::<Vec<_>>());
        eprintln!("tracer: {error}");
        return ExitCode::FAILURE;
    }
    let (Some(log), Some(action)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: tracer LOG ACTION PROGRAM ARGUMENTS…");
        return ExitCode::from(2);
    };
    let command: Vec<_> = arguments.collect();
    let traced = action.to_str().ok_or("the action is no text".into()).and_then(str::parse);
    match traced.and_then(|action| trace::run(log.as_ref(), action, &command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tracer: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() -> ExitCode {
    eprintln!("tracer: there is none for this platform, only for Linux on x86-64");
    ExitCode::FAILURE
}
