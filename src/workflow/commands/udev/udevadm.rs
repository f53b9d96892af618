//! Runs udev's own tool as a child process: the only program that this one ever starts.
//!
//! It is looked for in its usual places, never through `PATH`. It gets nothing of this process's environment, which may
//! hold a token. It has a time limit.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::dfuse::descriptors::printable;
use crate::usb::Clock;

/// Where distributions install it.
const PLACES: [&str; 4] = ["usr/bin/udevadm", "bin/udevadm", "usr/sbin/udevadm", "sbin/udevadm"];

/// It only sends a request to a running service, which takes almost no time.
const TIME_LIMIT: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// How much of its error output is repeated at most, in bytes.
const COMPLAINT: u64 = 1024;

pub struct Udevadm(PathBuf);

impl Udevadm {
    /// The one below a root folder.
    pub fn below(root: &Path) -> Option<Self> {
        PLACES.iter().map(|place| root.join(place)).find(|path| path.is_file()).map(Self)
    }

    /// Runs it to its end. `Err` says in words what went wrong.
    pub fn run(&self, clock: &dyn Clock, arguments: &[&str]) -> Result<(), String> {
        let typed = format!("udevadm {}", arguments.join(" "));
        let failed = |reason: &dyn std::fmt::Display| format!("`{typed}` {reason}");
        // A file, because child processes that it leaves behind could hold a pipe open.
        let complaints = tempfile::tempfile().map_err(|error| failed(&format!("was not run ({error})")))?;
        let mut child = self
            .start(arguments, &complaints)
            .map_err(|error| failed(&format!("cannot be run ({error})")))?;
        match ended(&mut child, clock) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(failed(&format!("failed ({status}){}", read(complaints)))),
            None => Err(failed(&format!("did not end within {} seconds", TIME_LIMIT.as_secs()))),
        }
    }

    fn start(&self, arguments: &[&str], complaints: &File) -> std::io::Result<Child> {
        Command::new(&self.0)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaints.try_clone()?)
            .spawn()
    }
}

/// Its exit status; `None` if it was ended at the time limit.
fn ended(child: &mut Child, clock: &dyn Clock) -> Option<std::process::ExitStatus> {
    let deadline = clock.now() + TIME_LIMIT;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if clock.now() >= deadline {
            // It may have ended by itself in the meantime; wait for it in either case.
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        clock.sleep(BETWEEN_LOOKS);
    }
}

/// Its error output, after a colon.
fn read(mut complaints: File) -> String {
    let mut bytes = Vec::new();
    let read = complaints.rewind().and_then(|()| complaints.take(COMPLAINT).read_to_end(&mut bytes));
    let text = printable(String::from_utf8_lossy(&bytes).trim());
    if read.is_err() || text.is_empty() { String::new() } else { format!(": {text}") }
}
