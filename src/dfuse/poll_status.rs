//! Polls `DFU_GETSTATUS` after `DFU_DNLOAD`.
//!
//! Knows how to wait. The caller decides what a failure means, because that depends on what was sent. The bootloader
//! always carries out what was sent exactly once, while it answers dfuDNBUSY. If a device reaches dfuDNLOAD-IDLE
//! without that answer, it has not carried it out: something else caused the state, and the pointer or the flash is not
//! as expected.

use std::time::Duration;

use super::error::{At, DfuError, Failure, Touched};
use super::machine::{Reply, Step};
use super::status::{State, Status, StatusCode};

/// The longest accepted `bwPollTimeout`. The bootloader's own are at most 500 ms. A malicious device could ask for
/// hours with its 24 bits of milliseconds.
const MAX_POLL: Duration = Duration::from_secs(5);

/// The longest wait for setting an address, which takes almost no time.
const MAX_ADDRESS_POLL: Duration = Duration::from_secs(1);

/// The shortest pause between requests after a first "busy". Without it, a device that is busy forever with a poll time
/// of 0 would be asked without pause.
const MIN_POLL: Duration = Duration::from_millis(10);

/// Polls until the device is in dfuDNLOAD-IDLE.
#[derive(Debug)]
pub(super) struct PollStatus {
    most: Duration,
    asked: bool,
    /// True once the device has reported that it is busy with what was sent.
    pub(super) was_busy: bool,
}

impl PollStatus {
    /// For a command that sets the address.
    pub(super) fn of_address() -> Self {
        Self { most: MAX_ADDRESS_POLL, asked: false, was_busy: false }
    }

    /// For a write or an erasure.
    pub(super) fn of_flash() -> Self {
        Self { most: MAX_POLL, ..Self::of_address() }
    }

    /// Judges an answer to `DFU_GETSTATUS`.
    pub(super) fn reply(&mut self, at: At, reply: Reply<'_>) -> Step<()> {
        let status = match read_status(at, reply) {
            Ok(status) => status,
            Err(error) => return Step::fail(error),
        };
        let again = std::mem::replace(&mut self.asked, true);
        let least = if again { MIN_POLL } else { Duration::ZERO };
        match status.state {
            State::DnloadIdle if self.was_busy => Step::Done(Ok(())),
            State::DnBusy => {
                self.was_busy = true;
                pause(status.poll_timeout.min(self.most).max(least))
            }
            // The poll time means nothing here: r5 and r6 repeat their last one in every state.
            State::DnloadSync => pause(least),
            state => Step::fail(DfuError::UnexpectedState { at, state }),
        }
    }

    /// The same while `length` bytes are written or erased at `address`. The bootloader does that during this request,
    /// never before it.
    pub(super) fn program(&mut self, at: At, reply: Reply<'_>, address: u32, length: usize) -> Step<()> {
        match reply {
            Reply::Failed(Failure::Stall) => Step::fail(DfuError::WriteRefused { address, length }),
            Reply::Failed(failure) => Step::fail(DfuError::OutcomeUnknown { address, length, failure }),
            reply => self.reply(at, reply),
        }
    }
}

fn pause(time: Duration) -> Step<()> {
    if time.is_zero() { Step::Next } else { Step::Wait(time) }
}

/// The status in a reply; an error if there is none, or if it reports an error.
pub(super) fn read_status(at: At, reply: Reply<'_>) -> Result<Status, DfuError> {
    let bytes = match reply {
        Reply::Data(bytes) => bytes,
        Reply::Sent => &[],
        Reply::Failed(failure) => return Err(DfuError::Transfer { at, failure }),
    };
    let status = Status::parse(bytes).ok_or(DfuError::MalformedReply { at, length: bytes.len() })?;
    if status.code != StatusCode::OK || status.state == State::Error {
        return Err(DfuError::Device { at, code: status.code, state: status.state });
    }
    Ok(status)
}

/// Judges the reply to a host-to-device request.
pub(super) fn sent(at: At, reply: Reply<'_>) -> Step<()> {
    match reply {
        Reply::Sent => Step::Done(Ok(())),
        Reply::Data(bytes) => Step::fail(DfuError::MalformedReply { at, length: bytes.len() }),
        Reply::Failed(failure) => Step::fail(DfuError::Transfer { at, failure }),
    }
}

/// The same for a block, or for the command to erase. Without an answer it may be pending in the device. The next
/// `DFU_GETSTATUS`, from any program, would carry it out.
pub(super) fn sent_to_flash(mut at: At, reply: Reply<'_>) -> Step<()> {
    if matches!(reply, Reply::Failed(Failure::Timeout | Failure::Other(_))) {
        at.touched = Touched::Maybe;
    }
    sent(at, reply)
}
