//! Runs several workers at once: each takes one piece of work after the other, at a common rate.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::counts::FleetCounts;
use crate::cloud::failure::CloudError;
use crate::cloud::reply::Refusal;
use crate::cloud::retry::{SystemTimer, Timer};
use crate::error::Error;
use crate::fleet::pace::{Pace, Rate, RateError};
use crate::workflow::context::{Cancel, Context, Event, interrupted};
use crate::workflow::network::runtime::wait_for;

/// How often progress is reported.
const TOLD: Duration = Duration::from_secs(1);

/// The default number of workers.
pub(super) const AT_ONCE: u32 = 8;

/// How often a device is tried in a row if the cloud asks for fewer requests.
const PATIENCE: u32 = 5;

/// What all workers share.
pub(super) struct Crowd {
    pace: Mutex<Pace>,
    timer: SystemTimer,
    cancel: Cancel,
    events: UnboundedSender<Event>,
    next: AtomicUsize,
    stopped: Mutex<Option<Error>>,
}

/// A list of pieces of work.
pub(super) trait Work: Send + Sync + 'static {
    /// What the workers share.
    fn crowd(&self) -> &Crowd;

    /// How many pieces there are.
    fn pieces(&self) -> usize;

    /// Does one piece.
    fn work(self: Arc<Self>, piece: usize) -> impl Future<Output = ()> + Send;

    /// The progress so far.
    fn progress(&self) -> Event;
}

/// The events of a crowd.
pub(super) type Events = UnboundedReceiver<Event>;

impl Crowd {
    /// Workers that keep to a rate, and end on a request to stop.
    pub fn new(rate: Rate, cancel: Cancel) -> (Self, Events) {
        let (events, told) = unbounded_channel();
        let crowd = Self {
            pace: Mutex::new(Pace::new(rate)),
            timer: SystemTimer::default(),
            cancel,
            events,
            next: AtomicUsize::new(0),
            stopped: Mutex::default(),
        };
        (crowd, told)
    }

    /// Time since the crowd was created.
    pub fn now(&self) -> Duration {
        self.timer.now()
    }

    /// The pace.
    pub fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn; false if a request to stop came first.
    pub async fn turn(&self) -> bool {
        loop {
            let (now, at) = {
                let now = self.now();
                (now, self.pace().turn(now))
            };
            if self.ends() {
                return false;
            }
            tokio::select! {
                biased;
                () = self.cancel.requested() => return false,
                () = self.timer.sleep(at.saturating_sub(now)) => {}
            }
            // The cloud may have requested a pause in between.
            if self.pace().held(self.now()).is_none() {
                return !self.ends();
            }
        }
    }

    /// If the cloud asked for fewer requests, makes all of them wait, and waits for another turn. True if the same
    /// request is to be sent again.
    pub async fn tries_again(&self, error: &CloudError, began: Duration, attempt: u32) -> bool {
        let CloudError::Refused(Refusal::RateLimited(retry_after)) = error else { return false };
        let held = self.pace().asked_for_fewer(self.now(), began, *retry_after);
        self.tell_of_pause(error, held);
        attempt < PATIENCE && self.turn().await
    }

    /// Reports a pause, if there is a new one.
    pub fn tell_of_pause(&self, why: &impl std::fmt::Display, held: Option<Duration>) {
        if let Some(delay) = held {
            self.tell(Event::FleetPaused { reason: why.to_string(), delay });
        }
    }

    /// The progress so far: `ended` pieces since the start.
    pub fn progress(&self, counts: FleetCounts, ended: u32) -> Event {
        let now = self.now();
        let rate = f64::from(ended) / now.as_secs_f64().max(0.001);
        let paused = self.pace().held(now).map(|until| until.saturating_sub(now));
        counts.event((rate * 10.0).round() / 10.0, paused)
    }

    /// Sends an event to the listener.
    pub fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Stops: no further piece begins.
    pub fn stop(&self, why: Error) {
        self.stopped().get_or_insert(why);
    }

    /// The error that stopped it, taken out. A request to stop counts if it left some `not_reached`.
    pub fn why_stopped(&self, not_reached: u32) -> Option<Error> {
        let cancelled = self.cancel.is_requested() && not_reached > 0;
        self.stopped().take().or_else(|| cancelled.then(interrupted))
    }

    fn stopped(&self) -> MutexGuard<'_, Option<Error>> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True if no further piece begins.
    pub fn ends(&self) -> bool {
        self.cancel.is_requested() || self.stopped().is_some()
    }
}

/// Does all pieces; returns when the last one that began has ended.
pub(super) fn run<W: Work>(
    context: Context<'_>,
    work: &Arc<W>,
    events: &mut Events,
    at_once: u32,
) -> Result<(), Error> {
    work.crowd().next.store(0, Ordering::SeqCst);
    wait_for(async {
        let mut workers = JoinSet::new();
        for _ in 0..at_once {
            workers.spawn(worker(Arc::clone(work)));
        }
        let mut tick = tokio::time::interval(TOLD);
        tick.tick().await;
        loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => context.control.event(event),
                ended = workers.join_next() => match ended {
                    None => break,
                    Some(Ok(())) => {}
                    Some(Err(defect)) => work.crowd().stop(Error::internal(defect)),
                },
                _ = tick.tick() => context.control.event(work.progress()),
            }
        }
        while let Ok(event) = events.try_recv() {
            context.control.event(event);
        }
    })
}

async fn worker<W: Work>(work: Arc<W>) {
    while !work.crowd().ends() {
        let piece = work.crowd().next.fetch_add(1, Ordering::SeqCst);
        if piece >= work.pieces() {
            return;
        }
        Arc::clone(&work).work(piece).await;
    }
}

/// The error of one device, as an error of the whole run.
pub(super) fn the_same(error: &Error) -> Error {
    Error::new(error.code(), error.message()).hint(error.hint_text().unwrap_or_default())
}

/// Refuses a list and a token that are both to come from standard input.
pub(super) fn check_standard_input(manifest: &str, token_file: Option<&str>) -> Result<(), Error> {
    if manifest == "-" && token_file == Some("-") {
        let message = "standard input holds the list or the token, not both";
        return Err(Error::invalid(message).hint("give one of them a file"));
    }
    Ok(())
}

/// Parses the rate that was typed.
pub(super) fn rate(typed: Option<&str>) -> Result<Rate, Error> {
    typed.map_or(Ok(Rate::DEFAULT), |text| {
        text.parse().map_err(|error: RateError| {
            Error::invalid(error.to_string()).hint("leave --rate out for 10 requests a second")
        })
    })
}

/// Checks the number of workers that was typed.
pub(super) fn at_once(typed: Option<u32>) -> Result<u32, Error> {
    match typed.unwrap_or(AT_ONCE) {
        at_once @ 1..=64 => Ok(at_once),
        other => Err(Error::invalid(format!("{other} at once is not between 1 and 64"))
            .hint("leave --concurrency out for 8 at once")),
    }
}
