//! Locks files, so that processes take turns.

use std::fs::{File, TryLockError};
use std::io;
use std::time::Duration;

/// How often a lock that another process holds is tried, and the pause between two tries: 5 seconds in all.
const TRIES: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// How to wait while another process holds a lock.
pub type Pause<'a> = &'a dyn Fn(Duration);

/// A file that is locked until this is dropped.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Locks a file for this process alone, or together with others that only read. `None` if another process holds the
    /// lock for too long.
    pub(crate) fn take(file: File, shared: bool, pause: Pause<'_>) -> io::Result<Option<Self>> {
        for attempt in 0..TRIES {
            if attempt > 0 {
                pause(PAUSE);
            }
            match if shared { file.try_lock_shared() } else { file.try_lock() } {
                Ok(()) => return Ok(Some(Self(file))),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(source),
            }
        }
        Ok(None)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
