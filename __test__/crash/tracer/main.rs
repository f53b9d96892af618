//! A tracer for the crash tests: runs a program, numbers its system calls that have an effect outside the process, and
//! strikes at the chosen ones.
//!
//! ```text
//! tracer LOG ACTION PROGRAM ARGUMENTS…
//! ```
//!
//! | ACTION | at the N-th effect of its class (1 is the first) |
//! |---|---|
//! | `watch` | nothing; only the log is written |
//! | `kill:CLASS:N` | SIGKILL before the call: it does not happen |
//! | `kill-after:CLASS:N` | SIGKILL after the call, before the program sees its result |
//! | `fail:CLASS:N:ERRNO` | the call does not happen, and the program gets this error number |
//! | `hold:CLASS:N:FILE` | the calling thread waits before the call until FILE exists; the other threads continue |
//!
//! A filter of system calls (seccomp) stops the program at these calls and lets all others through.
//!
//! A CLASS is `file`, `socket` or `output`. Several actions are separated by commas.
//!
//! strace can do some of this, but it counts by thread and by call, and filters by whole paths. Node's threads open
//! files and write to their pipes an unpredictable number of times, and the names of temporary files are random. Here a
//! class has one count for all its calls and threads, and only what [`effect`] counts as an effect is counted. So N is
//! the same call in every run.
//!
//! The log has one JSON object per line: `{"pid"}` first; `{"class", "index", "call", …}` before a call, and the same
//! with `result` after it; `{"struck": …}` for the deed; `{"ended": …}` last. It never holds a byte of what is written
//! or sent, except the eight bytes of a USB request's setup packet.

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
