//! Runs a [`dfuse`](crate::dfuse) machine over a [`Transport`].
//!
//! Knows how a class request becomes a control transfer, how to wait, and when an operation may be cancelled. It does
//! not know what the requests mean.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::dfuse::{
    Action, DfuError, Failure, Machine, Operation, Reply, Touched, Transfer,
    request::{REQUEST_TYPE_IN, REQUEST_TYPE_OUT},
};
use crate::usb::{Clock, Setup, TransferError, Transport};

/// How long to wait before checking for a cancellation again.
const ATTENTION: Duration = Duration::from_millis(50);

/// Why a machine gave no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriveError {
    /// The operation failed.
    #[error(transparent)]
    Dfu(#[from] DfuError),
    /// It was cancelled between two transfers. With whether the flash may have changed before that.
    #[error("cancelled")]
    Cancelled(Touched),
}

/// Runs machines: has a clock, a check for cancellation, and a count of the requests.
pub struct Driver<'a> {
    pub(super) clock: &'a dyn Clock,
    cancelled: &'a dyn Fn() -> bool,
    interface: u8,
    /// How many class requests were sent so far, answered or not.
    pub class_requests: u32,
}

impl<'a> Driver<'a> {
    /// For class requests to `interface`. `cancelled` is called before every transfer and during waits, but not while a
    /// block or a leave that was sent is still open.
    pub fn new(clock: &'a dyn Clock, cancelled: &'a dyn Fn() -> bool, interface: u8) -> Self {
        Self { clock, cancelled, interface, class_requests: 0 }
    }

    /// Runs a machine to its end. Only a `cancellable` one ends early when the user cancels; another has a near deadline.
    pub fn run<O: Operation>(
        &mut self,
        transport: &mut dyn Transport,
        mut machine: Machine<O>,
        cancellable: bool,
    ) -> Result<O::Output, DriveError> {
        loop {
            if cancellable && machine.interruptible() && (self.cancelled)() {
                return Err(DriveError::Cancelled(machine.touched()));
            }
            let now = self.clock.now();
            match machine.poll(now) {
                Action::Done => return Ok(machine.into_result()?),
                Action::Wait(until) => self.clock.sleep(until.saturating_sub(now).min(ATTENTION)),
                Action::Send(transfer) => {
                    self.class_requests += 1;
                    let received = perform(transport, self.interface, transfer);
                    let reply = match &received {
                        Ok(Some(bytes)) => Reply::Data(bytes),
                        Ok(None) => Reply::Sent,
                        Err(error) => Reply::Failed(failure(error)),
                    };
                    machine.reply(self.clock.now(), reply);
                }
            }
        }
    }
}

/// Performs one class request. Returns the received bytes, or `None` for a host-to-device request.
fn perform(
    transport: &mut dyn Transport,
    interface: u8,
    transfer: Transfer<'_>,
) -> Result<Option<Zeroizing<Vec<u8>>>, TransferError> {
    let Transfer { command, timeout } = transfer;
    let setup = |request_type| Setup {
        request_type,
        request: command.request().code(),
        value: command.value(),
        index: u16::from(interface),
    };
    let Some(length) = command.reply_length() else {
        return transport.control_out(setup(REQUEST_TYPE_OUT), command.data(), timeout).map(|()| None);
    };
    let mut buffer = Zeroizing::new(vec![0; usize::from(length)]);
    let received = transport.control_in(setup(REQUEST_TYPE_IN), &mut buffer, timeout)?;
    if received > buffer.len() {
        return Err(TransferError::Babble);
    }
    buffer.truncate(received);
    Ok(Some(buffer))
}

fn failure(error: &TransferError) -> Failure {
    match error {
        TransferError::Stall => Failure::Stall,
        TransferError::Timeout => Failure::Timeout,
        TransferError::Disconnected => Failure::Disconnected,
        TransferError::Babble | TransferError::Protocol(_) => Failure::Other(error.to_string()),
    }
}
