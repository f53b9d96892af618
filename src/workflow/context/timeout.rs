//! How long one step of a workflow may take.

use std::time::Duration;

use crate::error::{Code, Error};
use crate::usb::Clock;

/// The most time that one step (finding, reading, writing, leaving, sending) may take. A question to a person
/// is not a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(Duration);

impl Timeout {
    /// Far more than any step needs: a key's write takes hundreds of milliseconds, a retry of the cloud seconds.
    pub const DEFAULT: Self = Self(Duration::from_secs(30));

    /// From 1 to 3600 seconds; the default without a number.
    pub fn from_seconds(seconds: Option<u32>) -> Result<Self, Error> {
        match seconds {
            None => Ok(Self::DEFAULT),
            Some(seconds @ 1..=3600) => Ok(Self(Duration::from_secs(seconds.into()))),
            Some(other) => Err(Error::new(
                Code::InvalidArgument,
                format!("a timeout of {other} seconds is not between 1 and 3600"),
            )
            .hint("leave --timeout out for 30 seconds a step")),
        }
    }

    /// As a duration.
    pub fn duration(self) -> Duration {
        self.0
    }

    /// When a step that starts now has to end, on the clock's own scale.
    pub fn deadline(self, clock: &dyn Clock) -> Duration {
        clock.now().saturating_add(self.0)
    }
}
