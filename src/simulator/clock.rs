//! Provides a clock that jumps instead of sleeping. Duos that are exported over USB/IP need a real-time clock.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::usb::Clock;

/// A clock that only moves during a sleep, so that a minute of waiting takes no time.
#[derive(Debug, Default)]
pub struct VirtualClock {
    now: Mutex<Duration>,
}

impl VirtualClock {
    /// A clock at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock on, as a sleep would.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
