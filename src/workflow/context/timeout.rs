//! The time limit for one step of a workflow.

use std::time::Duration;

use crate::error::Error;
use crate::usb::Clock;

/// The most time that one step (finding, reading, writing, leaving, sending) may take. A question to a person
/// is not a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    limit: Duration,
    /// True if the user chose it.
    typed: bool,
}

impl Timeout {
    /// Far more than any step needs: a key's write takes hundreds of milliseconds, a retry of the cloud seconds.
    pub const DEFAULT: Self = Self { limit: Duration::from_secs(30), typed: false };

    /// From 1 to 3600 seconds; the default without a number.
    pub fn from_seconds(seconds: Option<u32>) -> Result<Self, Error> {
        match seconds {
            None => Ok(Self::DEFAULT),
            Some(seconds @ 1..=3600) => Ok(Self { limit: Duration::from_secs(seconds.into()), typed: true }),
            Some(other) => {
                Err(Error::invalid(format!("a timeout of {other} seconds is not between 1 and 3600"))
                    .hint("leave --timeout out for 30 seconds a step"))
            }
        }
    }

    /// As a duration.
    pub fn duration(self) -> Duration {
        self.limit
    }

    /// The limit for a step that usually takes long: at least `usual`, unless the user chose the limit.
    pub fn at_least(self, usual: Duration) -> Duration {
        if self.typed { self.limit } else { self.limit.max(usual) }
    }

    /// The deadline of a step that starts now, on the clock's own scale.
    pub fn deadline(self, clock: &dyn Clock) -> Duration {
        clock.now().saturating_add(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_to_take_long_has_the_time_unless_somebody_said_how_long() {
        let slow = Duration::from_secs(45);
        assert_eq!(Timeout::from_seconds(None).unwrap().at_least(slow), slow);
        assert_eq!(Timeout::from_seconds(Some(30)).unwrap().at_least(slow), Duration::from_secs(30));
        assert_eq!(Timeout::from_seconds(Some(60)).unwrap().at_least(slow), Duration::from_secs(60));
    }
}
