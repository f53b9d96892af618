//! Sets the address pointer and returns to dfuIDLE: the first part of a read and of a write.
//!
//! The bootloader carries the command out while it answers dfuDNBUSY. It accepts `DFU_ABORT` right after that answer.
//! Neither `DFU_ABORT` nor `DFU_UPLOAD` moves the pointer; `DFU_UPLOAD` is refused in every state but dfuIDLE. The
//! command is accepted in dfuIDLE and in dfuDNLOAD-IDLE, where a write ends. (Tried with the shipped bootloaders r3 to
//! r6.)
//!
//! The device's acknowledgement does not prove that it has taken the address. Only a read through the pointer does.

use super::error::{DfuError, Failure, Stage};
use super::machine::{Operation, Reply, Step, enter};
use super::poll_status::{PollStatus, sent};
use super::request::{Command, set_address};

#[derive(Debug)]
enum State {
    Send,
    Poll(PollStatus),
    Abort,
}

#[derive(Debug)]
pub(super) struct SetAddress {
    address: u32,
    payload: [u8; 5],
    state: State,
}

impl SetAddress {
    pub(super) fn new(address: u32) -> Self {
        Self { address, payload: set_address(address), state: State::Send }
    }
}

impl Operation for SetAddress {
    type Output = ();

    fn stage(&self) -> Stage {
        Stage::SetAddress
    }

    fn command(&self) -> Command<'_> {
        match self.state {
            State::Send => Command::Dnload { block: 0, data: &self.payload },
            State::Poll(_) => Command::GetStatus,
            State::Abort => Command::Abort,
        }
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<()> {
        let at = self.at();
        match &mut self.state {
            State::Send => {
                sent(at, reply).then(|()| enter(&mut self.state, State::Poll(PollStatus::of_address())))
            }
            State::Poll(_) if matches!(reply, Reply::Failed(Failure::Stall)) => {
                Step::fail(DfuError::AddressRefused(self.address))
            }
            State::Poll(poll) => {
                let step = poll.reply(at, reply);
                if poll.was_busy {
                    self.state = State::Abort;
                }
                step
            }
            State::Abort => sent(at, reply),
        }
    }
}
