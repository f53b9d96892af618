//! Erases one sector.
//!
//! Sends the command, then `DFU_GETSTATUS` until it is carried out. The command contains its own address, which cannot
//! be proven beforehand, and it also sets the pointer. As with a write, the bootloader erases during `DFU_GETSTATUS`
//! and always reports success. Only a read-back after setting the address again proves it (redbear/firmware
//! `usbd_dfu_core.c`, `usbd_flash_if.c`).

use super::error::{DfuError, Stage};
use super::geometry::Geometry;
use super::machine::{Operation, Reply, Start, Step, enter};
use super::poll_status::{PollStatus, sent_to_flash};
use super::recover::Recover;
use super::request::{Command, erase};

#[derive(Debug)]
enum State {
    Recover(Recover),
    Send,
    Program(PollStatus),
}

/// Erases one sector. Ends in dfuDNLOAD-IDLE.
pub struct Erase {
    state: State,
    address: u32,
    length: usize,
    payload: [u8; 5],
}

impl Erase {
    /// An operation that erases the sector of `length` bytes at `address`. Refuses what `geometry` does not permit, and
    /// every range that is not exactly one sector.
    pub fn new(geometry: &Geometry, start: Start, address: u32, length: usize) -> Result<Self, DfuError> {
        geometry.check_erase(address, length)?;
        let state = start.state(State::Recover, State::Send);
        Ok(Self { state, address, length, payload: erase(address) })
    }
}

impl Operation for Erase {
    type Output = ();

    fn stage(&self) -> Stage {
        match &self.state {
            State::Recover(recover) => recover.stage(),
            State::Send | State::Program(_) => Stage::Write,
        }
    }

    fn writes(&self) -> bool {
        matches!(self.state, State::Program(_))
    }

    fn command(&self) -> Command<'_> {
        match &self.state {
            State::Recover(recover) => recover.command(),
            State::Send => Command::Dnload { block: 0, data: &self.payload },
            State::Program(_) => Command::GetStatus,
        }
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<()> {
        let at = self.at();
        match &mut self.state {
            State::Recover(recover) => recover.reply(reply).then(|()| enter(&mut self.state, State::Send)),
            State::Send => sent_to_flash(at, reply)
                .then(|()| enter(&mut self.state, State::Program(PollStatus::of_flash()))),
            State::Program(poll) => poll.program(at, reply, self.address, self.length),
        }
    }
}
