//! Decides when the next request may go out: a rate without bursts (the generic cell rate algorithm), pauses for all
//! requests if the cloud asks for them, and longer and longer pauses if the cloud is in trouble.
//!
//! Pure: the caller gives the time, as the time since some origin.

use std::str::FromStr;
use std::time::Duration;

/// The factor by which each success shrinks the pause between two requests, down to the pause that was asked for.
const GROWTH: f64 = 0.97;

/// The pause between two requests if the cloud asks for fewer and no rate is set.
const SLOW: Duration = Duration::from_millis(50);

/// A pause below this is none.
const NONE: Duration = Duration::from_micros(500);

/// The first pause while the cloud is in trouble, and the longest.
const FIRST_TROUBLE: Duration = Duration::from_millis(500);
const LAST_TROUBLE: Duration = Duration::from_secs(8);

/// The pause if the cloud asks for fewer requests but names no time.
const UNTOLD: Duration = Duration::from_secs(5);

/// The longest pause that the cloud can ask for.
pub const LONGEST: Duration = Duration::from_secs(3600);

/// How many requests may go out: a number per second, or no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(Option<f64>);

/// A text that is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a rate is a number of requests from 0.01 to 100000, a second or (with /m) a minute: 10, 10/s, 300/m; or none"
)]
pub struct RateError;

impl Rate {
    /// The rate if none is given. Particle is said to accept 10,000 requests in five minutes from one address.
    pub const DEFAULT: Self = Self(Some(10.0));

    /// The pause between two requests.
    fn interval(self) -> Duration {
        self.0.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate))
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        if text == "none" {
            return Ok(Self(None));
        }
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let seconds = match unit {
            "s" => 1.0,
            "m" => 60.0,
            _ => return Err(RateError),
        };
        let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = number.parse().map_err(|_| RateError)?;
        if plain && (0.01..=100_000.0).contains(&number) {
            Ok(Self(Some(number / seconds)))
        } else {
            Err(RateError)
        }
    }
}

/// When requests may go out.
#[derive(Clone, Debug)]
pub struct Pace {
    /// The pause that was asked for.
    wanted: Duration,
    /// The present pause between two requests.
    interval: Duration,
    /// When the next may go out.
    next: Duration,
    /// No request goes out before this time.
    held: Duration,
    /// When that was last set: a failure of a request that went out earlier says nothing new.
    held_at: Duration,
    /// How many times in a row the cloud was in trouble.
    troubles: u32,
}

impl Pace {
    /// Begins at a rate.
    pub fn new(rate: Rate) -> Self {
        let interval = rate.interval();
        let zero = Duration::ZERO;
        Self { wanted: interval, interval, next: zero, held: zero, held_at: zero, troubles: 0 }
    }

    /// Takes the next turn, and returns its time. After that wait, ask [`Pace::held`] whether the turn still holds.
    #[must_use]
    pub fn turn(&mut self, now: Duration) -> Duration {
        let at = self.next.max(self.held).max(now);
        self.next = at + self.interval;
        at
    }

    /// The end of the pause for all requests, if it is later than now.
    pub fn held(&self, now: Duration) -> Option<Duration> {
        (self.held > now).then_some(self.held)
    }

    /// The cloud answered as it should.
    pub fn went_well(&mut self) {
        self.troubles = 0;
        if self.interval > self.wanted {
            self.interval = self.interval.mul_f64(GROWTH).max(self.wanted);
            if self.interval < NONE {
                self.interval = self.wanted;
            }
        }
    }

    /// The cloud asks for fewer requests: all wait, and then go at half the rate. Returns how long they wait, if this
    /// is news.
    pub fn asked_for_fewer(
        &mut self,
        now: Duration,
        sent: Duration,
        wait: Option<Duration>,
    ) -> Option<Duration> {
        if !self.hold(now, sent, wait.unwrap_or(UNTOLD).min(LONGEST)) {
            return None;
        }
        self.interval = if self.interval.is_zero() { SLOW } else { self.interval * 2 };
        Some(self.held.saturating_sub(now))
    }

    /// The cloud cannot be reached, or does not answer as it should: all wait, longer each time. Returns how long they
    /// wait, if this is news.
    pub fn in_trouble(&mut self, now: Duration, sent: Duration) -> Option<Duration> {
        let doubled = FIRST_TROUBLE.saturating_mul(2_u32.saturating_pow(self.troubles));
        if !self.hold(now, sent, doubled.min(LAST_TROUBLE)) {
            return None;
        }
        self.troubles += 1;
        Some(self.held.saturating_sub(now))
    }

    /// Makes all requests wait. False if the request went out before the last wait began: then it can only make that
    /// wait longer.
    fn hold(&mut self, now: Duration, sent: Duration, wait: Duration) -> bool {
        let until = now + wait;
        let news = sent >= self.held_at || self.held_at.is_zero();
        if news || until > self.held {
            self.held = self.held.max(until);
        }
        if news {
            self.held_at = now;
        }
        news
    }
}
