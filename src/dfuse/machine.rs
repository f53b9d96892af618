//! What all operations have in common: the deadline, waiting, and the order of question and answer.
//!
//! An [`Operation`] knows which request comes next and what its answer means; [`Machine`] adds time. The
//! contract for drivers is in the [module documentation](super).

use std::time::Duration;

use super::error::{At, DfuError, Failure, Stage, Touched};
use super::request::Command;

/// Time limit of a request that the bootloader answers out of its memory.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// Time limit of the request during which the bootloader writes. A DCT write copies 16 KiB and erases a
/// sector, which takes hundreds of milliseconds, and a limit that strikes leaves the outcome unknown.
pub const PROGRAM_TIMEOUT: Duration = Duration::from_secs(10);

/// What is known of the device before an operation begins. Every operation that ends well leaves it where the next
/// one can begin, so that one need not ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nothing: another program, or an operation that failed, may have left it in any state.
    Unknown,
    /// It takes `DFU_DNLOAD`: it is in dfuIDLE or dfuDNLOAD-IDLE.
    Ready,
}

/// One transfer for the driver to perform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// The request.
    pub command: Command<'a>,
    /// How long to wait for it; never zero, and never past the deadline in force.
    pub timeout: Duration,
}

/// What the driver has to do next.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Action<'a> {
    /// Perform this transfer and hand the outcome to [`Machine::reply`].
    Send(Transfer<'a>),
    /// Poll again at this time, not before.
    Wait {
        /// Since the origin of time.
        until: Duration,
    },
    /// Take the outcome with [`Machine::into_result`].
    Done,
}

/// What came of a transfer. Without `Debug`, as it may hold a private key.
pub enum Reply<'a> {
    /// A host-to-device transfer completed.
    Sent,
    /// A device-to-host transfer completed with these bytes.
    Data(&'a [u8]),
    /// The transfer failed.
    Failed(Failure),
}

/// How an operation goes on after a reply.
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
    /// Shorthand for the end by an error.
    pub(super) fn fail(error: DfuError) -> Self {
        Self::Done(Err(error))
    }

    /// What comes after a part of an operation has ended well.
    pub(super) fn then<U>(self, next: impl FnOnce(T) -> Step<U>) -> Step<U> {
        match self {
            Self::Next => Step::Next,
            Self::Wait(time) => Step::Wait(time),
            Self::Done(Ok(value)) => next(value),
            Self::Done(Err(error)) => Step::Done(Err(error)),
        }
    }
}

/// A sequence of requests, of which each depends on the answer to the last.
pub trait Operation {
    /// What it brings.
    type Output;

    /// What it is doing.
    fn stage(&self) -> Stage;

    /// Whether the flash may have changed by now.
    fn touched(&self) -> Touched {
        Touched::No
    }

    /// The request to be sent now.
    fn command(&self) -> Command<'_>;

    /// How long to wait for that request.
    fn patience(&self) -> Duration {
        REQUEST_TIMEOUT
    }

    /// True while something has been handed to the device whose outcome is open.
    fn committed(&self) -> bool {
        false
    }

    /// Takes what came of the request.
    fn reply(&mut self, reply: Reply<'_>) -> Step<Self::Output>;

    /// Where it is, for an error.
    fn at(&self) -> At {
        At { stage: self.stage(), request: self.command().request(), touched: self.touched() }
    }
}

/// An operation under a deadline. See the [module documentation](super) for how to drive it.
///
/// A write, once its block has been handed over, is not abandoned half-way by the operation's deadline any
/// more than by a cancellation: it has [`PROGRAM_TIMEOUT`] from that moment, however near the deadline is.
pub struct Machine<O: Operation> {
    operation: O,
    deadline: Duration,
    committed_until: Option<Duration>,
    resume_at: Option<Duration>,
    awaiting: bool,
    result: Option<Result<O::Output, DfuError>>,
}

impl<O: Operation> Machine<O> {
    /// `deadline` counts from the origin of the times given to [`Machine::poll`].
    pub fn new(operation: O, deadline: Duration) -> Self {
        Self { operation, deadline, committed_until: None, resume_at: None, awaiting: false, result: None }
    }

    /// True if the driver may stop for good, because somebody wants to cancel: the operation has not
    /// ended, and nothing that was handed over is still open.
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
            self.result = Some(Err(DfuError::Deadline { at: self.operation.at() }));
            return Action::Done;
        }
        if let Some(resume_at) = self.resume_at.filter(|&at| at > now) {
            return Action::Wait { until: resume_at.min(deadline) };
        }
        self.resume_at = None;
        self.awaiting = true;
        let timeout = self.operation.patience().min(deadline.saturating_sub(now));
        Action::Send(Transfer { command: self.operation.command(), timeout })
    }

    /// Takes what came of the transfer that [`Machine::poll`] asked for.
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

    /// The outcome. A machine that was abandoned answers as if its deadline had struck.
    pub fn into_result(self) -> Result<O::Output, DfuError> {
        let Self { operation, result, .. } = self;
        result.unwrap_or_else(|| Err(DfuError::Deadline { at: operation.at() }))
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
