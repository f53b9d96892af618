//! Decides when to ask a cloud again: backoff, `Retry-After`, and the timer that measures both.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Exponential backoff with jitter. The wait before try *n* + 1 is between half of *first* · 2ⁿ⁻¹ and all of it, so
/// that many clients that were refused together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The upper limit of the first wait.
    pub first: Duration,
    /// The upper limit of every wait.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), cap: Duration::from_secs(8) }
    }
}

impl Backoff {
    /// The wait after failed try number `attempt`, counted from 1. `random` is uniform over all of `u32`.
    pub fn delay(&self, attempt: u32, random: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let half = self.first.saturating_mul(doubled).min(self.cap) / 2;
        half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

/// The wait that a `Retry-After` field asks for (RFC 9110 §10.2.3): a number of seconds, or an HTTP date in the form in
/// use today (IMF-fixdate). A date in the past is no wait; anything else is `None`.
pub fn retry_after(field: &str, now: SystemTime) -> Option<Duration> {
    let field = field.trim();
    if !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit()) {
        // RFC 9110 puts no limit on the number. One that does not fit is longer than anyone waits.
        return Some(Duration::from_secs(field.parse::<u32>().unwrap_or(u32::MAX).into()));
    }
    let date = OffsetDateTime::parse(field, &Rfc2822).ok()?;
    Some((date - OffsetDateTime::from(now)).try_into().unwrap_or(Duration::ZERO))
}

/// A boxed future, as a [`Timer`] returns it.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Time and randomness for the client, so that its tests need not wait.
pub trait Timer: Send + Sync + fmt::Debug {
    /// Time since an arbitrary origin; never goes back.
    fn now(&self) -> Duration;
    /// The time of day, for dates in `Retry-After`.
    fn wall(&self) -> SystemTime;
    /// Ready once `duration` has passed.
    fn sleep(&self, duration: Duration) -> Sleep;
    /// A number uniform over all of `u32`.
    fn random(&self) -> u32;
}

/// The system's time and randomness. Its sleeps need a tokio runtime with timers.
#[derive(Clone, Copy, Debug)]
pub struct SystemTimer(Instant);

impl Default for SystemTimer {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Timer for SystemTimer {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self) -> u32 {
        // Without randomness the longest wait is the polite one.
        getrandom::u32().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_cap_and_is_at_least_half() {
        let backoff = Backoff { first: Duration::from_secs(1), cap: Duration::from_secs(5) };
        for (attempt, most) in [(1, 1), (2, 2), (3, 4), (4, 5), (5, 5), (u32::MAX, 5), (0, 1)] {
            let most = Duration::from_secs(most);
            assert_eq!(backoff.delay(attempt, u32::MAX), most);
            assert_eq!(backoff.delay(attempt, 0), most / 2);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        // 1994-11-06 08:49:37 UTC, the date of RFC 9110's examples.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (field, wait) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("99999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("-1", None),
            ("+5", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("Sun, 99 Nov 1994 08:49:47 GMT", None),
        ] {
            assert_eq!(retry_after(field, now), wait.map(Duration::from_secs), "{field:?}");
        }
    }

    #[test]
    fn the_system_timer_goes_forward() {
        let timer = SystemTimer::default();
        let before = timer.now();
        assert!(timer.now() >= before);
    }
}
