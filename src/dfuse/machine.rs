//! Runs an operation: handles the deadline, waiting, and the order of requests and replies.
//!
//! An [`Operation`] knows which request comes next and what its answer means; [`Machine`] adds time. The contract for
//! drivers is in the [module documentation](super).

use std::time::Duration;

use zeroize::Zeroizing;

use super::error::{At, DfuError, Failure, Stage, Touched};
use super::request::Command;

/// Time limit of a request that the bootloader answers from memory.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// Time limit of the request during which the bootloader writes. A DCT write copies 16 KiB and erases a sector, which
/// takes hundreds of milliseconds. If the limit is reached, the outcome is unknown.
pub const PROGRAM_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of the device's memory. Wiped when dropped, because they may be a private key.
pub type Buffer = Zeroizing<Vec<u8>>;

/// What is known of the device before an operation begins. After success the device is ready for the next operation,
/// which need not ask for its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nothing. Another program, or an operation that failed, may have left it in any state.
    Unknown,
    /// It accepts `DFU_DNLOAD`: it is in dfuIDLE or dfuDNLOAD-IDLE.
    Ready,
}

/// One transfer for the driver to perform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// The request.
    pub command: Command<'a>,
    /// How long to wait for it; never zero, and never past the current deadline.
    pub timeout: Duration,
}

/// What the driver has to do next.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Action<'a> {
    /// Perform this transfer and pass the outcome to [`Machine::reply`].
    Send(Transfer<'a>),
    /// Poll again at this time since the origin of time, not before.
    Wait(Duration),
    /// Take the outcome with [`Machine::into_result`].
    Done,
}

/// The outcome of a transfer. No `Debug`, because it may hold a private key.
pub enum Reply<'a> {
    /// A host-to-device transfer completed.
    Sent,
    /// A device-to-host transfer completed with these bytes.
    Data(&'a [u8]),
    /// The transfer failed.
    Failed(Failure),
}

/// How an operation continues after a reply.
#[must_use]
pub enum Step<T> {
    /// With its next request, at once.
    Next,
    /// With its next request, after this time.
    Wait(Duration),
    /// Not at all.
    Done(Result<T, DfuError>),
}

impl<T> Step<T> {
    /// Ends the operation with an error.
    pub(super) fn fail(error: DfuError) -> Self {
        Self::Done(Err(error))
    }

    /// Continues with `next` after one part of an operation succeeded.
    pub(super) fn then<U>(self, next: impl FnOnce(T) -> Step<U>) -> Step<U> {
        match self {
            Self::Next => Step::Next,
            Self::Wait(time) => Step::Wait(time),
            Self::Done(Ok(value)) => next(value),
            Self::Done(Err(error)) => Step::Done(Err(error)),
        }
    }
}

/// Enters a state of an operation, which continues with its next request.
pub(super) fn enter<S, T>(state: &mut S, next: S) -> Step<T> {
    *state = next;
    Step::Next
}

/// A sequence of requests; each depends on the answer to the last.
pub trait Operation {
    /// Its result.
    type Output;

    /// What it is doing.
    fn stage(&self) -> Stage;

    /// True while the device has received a write, or an erasure, whose outcome is open.
    fn writes(&self) -> bool {
        false
    }

    /// Whether the flash may have changed so far.
    fn touched(&self) -> Touched {
        if self.writes() { Touched::Maybe } else { Touched::No }
    }

    /// The request to be sent now.
    fn command(&self) -> Command<'_>;

    /// How long to wait for that request.
    fn patience(&self) -> Duration {
        if self.writes() { PROGRAM_TIMEOUT } else { REQUEST_TIMEOUT }
    }

    /// True while the device has received something and its outcome is open.
    fn committed(&self) -> bool {
        self.writes()
    }

    /// Takes the outcome of the request.
    fn reply(&mut self, reply: Reply<'_>) -> Step<Self::Output>;

    /// The current place, for an error.
    fn at(&self) -> At {
        At { stage: self.stage(), request: self.command().request(), touched: self.touched() }
    }
}

/// An operation under a deadline. See the [module documentation](super) for how to drive it.
///
/// Once the block of a write has been sent, neither the deadline nor a cancellation stops the write half-way: it has
/// [`PROGRAM_TIMEOUT`] from that moment, even if the deadline is near.
pub struct Machine<O: Operation> {
    operation: O,
    deadline: Duration,
    committed_until: Option<Duration>,
    resume_at: Option<Duration>,
    awaiting: bool,
    result: Option<Result<O::Output, DfuError>>,
}

impl<O: Operation> Machine<O> {
    /// `deadline` counts from the origin of the times passed to [`Machine::poll`].
    pub fn new(operation: O, deadline: Duration) -> Self {
        Self { operation, deadline, committed_until: None, resume_at: None, awaiting: false, result: None }
    }

    /// True if the driver may stop for good, for a cancellation: the operation has not ended, and nothing that was sent
    /// is still open.
    pub fn interruptible(&self) -> bool {
        self.result.is_none() && !self.operation.committed()
    }

    /// Whether the flash may have changed, for a driver that stops before the end.
    pub fn touched(&self) -> Touched {
        self.operation.touched()
    }

    /// What to do next.
    pub fn poll(&mut self, now: Duration) -> Action<'_> {
        if self.result.is_some() {
            return Action::Done;
        }
        let deadline = self.deadline_in_force(now);
        if now >= deadline {
            self.result = Some(Err(DfuError::Deadline(self.operation.at())));
            return Action::Done;
        }
        if let Some(resume_at) = self.resume_at.filter(|&at| at > now) {
            return Action::Wait(resume_at.min(deadline));
        }
        self.resume_at = None;
        self.awaiting = true;
        let timeout = self.operation.patience().min(deadline.saturating_sub(now));
        Action::Send(Transfer { command: self.operation.command(), timeout })
    }

    /// Takes the outcome of the transfer that [`Machine::poll`] asked for.
    pub fn reply(&mut self, now: Duration, reply: Reply<'_>) {
        if !std::mem::take(&mut self.awaiting) {
            return;
        }
        match self.operation.reply(reply) {
            Step::Next => {}
            Step::Wait(time) => self.resume_at = Some(now.saturating_add(time)),
            Step::Done(result) => self.result = Some(result),
        }
    }

    /// The outcome. If the machine was stopped early, it is the same as after the deadline.
    pub fn into_result(self) -> Result<O::Output, DfuError> {
        let Self { operation, result, .. } = self;
        result.unwrap_or_else(|| Err(DfuError::Deadline(operation.at())))
    }

    fn deadline_in_force(&mut self, now: Duration) -> Duration {
        if !self.operation.committed() {
            self.committed_until = None;
            return self.deadline;
        }
        let granted = now.saturating_add(PROGRAM_TIMEOUT);
        self.deadline.max(*self.committed_until.get_or_insert(granted))
    }
}
