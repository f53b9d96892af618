//! Leaves DFU mode: a `DFU_DNLOAD` without data, and the `DFU_GETSTATUS` that makes it happen (AN3156 §5.4).
//!
//! The bootloader answers that `DFU_GETSTATUS` with dfuDNLOAD-IDLE instead of dfuMANIFEST, and leaves the bus half a
//! second later. So a disconnection means success, but only from that request on. A `DFU_ABORT` in between would cancel
//! it.

use std::time::Duration;

use super::error::{DfuError, Failure, Stage};
use super::machine::{Operation, Reply, Start, Step, enter};
use super::poll_status::{read_status, sent};
use super::recover::Recover;
use super::request::{Command, FIRST_BLOCK};
use super::status;

/// How often `DFU_GETSTATUS` is sent if it gets no answer, and the pause in between. A device that leaves the bus can
/// look like a bus error until the hub notices.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Debug)]
enum State {
    Recover(Recover),
    Send,
    Confirm { attempt: u32 },
}

/// Leaves DFU mode: the device restarts into its application.
#[derive(Debug)]
pub struct Leave {
    state: State,
}

impl Leave {
    /// An operation that leaves DFU mode.
    pub fn new(start: Start) -> Self {
        Self { state: start.state(State::Recover, State::Send) }
    }

    fn confirm(&mut self, attempt: u32, reply: Reply<'_>) -> Step<()> {
        let at = self.at();
        match reply {
            Reply::Failed(Failure::Disconnected) => Step::Done(Ok(())),
            Reply::Failed(Failure::Timeout | Failure::Other(_)) if attempt < ATTEMPTS => {
                self.state = State::Confirm { attempt: attempt + 1 };
                Step::Wait(PAUSE)
            }
            reply => match read_status(at, reply).map(|status| status.state) {
                Ok(
                    status::State::DnloadIdle
                    | status::State::ManifestSync
                    | status::State::Manifest
                    | status::State::ManifestWaitReset,
                ) => Step::Done(Ok(())),
                Ok(state) => Step::fail(DfuError::UnexpectedState { at, state }),
                Err(error) => Step::fail(error),
            },
        }
    }
}

impl Operation for Leave {
    type Output = ();

    fn stage(&self) -> Stage {
        match &self.state {
            State::Recover(recover) => recover.stage(),
            State::Send | State::Confirm { .. } => Stage::Leave,
        }
    }

    fn command(&self) -> Command<'_> {
        match &self.state {
            State::Recover(recover) => recover.command(),
            State::Send => Command::Dnload { block: FIRST_BLOCK, data: &[] },
            State::Confirm { .. } => Command::GetStatus,
        }
    }

    fn committed(&self) -> bool {
        matches!(self.state, State::Confirm { .. })
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<()> {
        let at = self.at();
        match &mut self.state {
            State::Recover(recover) => match recover.reply(reply) {
                Step::Done(Err(DfuError::Leaving)) => Step::Done(Ok(())),
                step => step.then(|()| enter(&mut self.state, State::Send)),
            },
            State::Send => sent(at, reply).then(|()| enter(&mut self.state, State::Confirm { attempt: 1 })),
            &mut State::Confirm { attempt } => self.confirm(attempt, reply),
        }
    }
}
