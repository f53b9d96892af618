//! Writing one block.
//!
//! Set address, the block, `DFU_GETSTATUS` until it is written, back to dfuIDLE. Two things are left out on
//! purpose:
//!
//! - *Erasing.* The DCT's sectors carry the letter `g`, erasable, but the bootloader ignores the command
//!   there: a write to the DCT rewrites the whole of it into its other copy (`usbd_dct_if.c`). dfu-util, which
//!   sends it, waits half a second for nothing. Where the flash does need it, [`Erase`](super::Erase) comes first.
//! - *Verifying.* The bootloader reports success for writes that failed, so a write is proved by a read-back
//!   alone. Every write leaves the pointer where it was set: an [`Upload`](super::Upload) with
//!   [`Start::IdleAt`] costs two requests.
//!
//! A write sets its address always, also where the pointer is believed to be right already.

use std::time::Duration;

use super::Buffer;
use super::error::{DfuError, Failure, Stage, Touched};
use super::geometry::Geometry;
use super::machine::{Operation, PROGRAM_TIMEOUT, REQUEST_TIMEOUT, Reply, Start, Step};
use super::point::Point;
use super::recover::Recover;
use super::request::{Command, FIRST_BLOCK};
use super::settle::{Settle, sent};

#[derive(Debug)]
enum State {
    Recover(Recover),
    Point(Point),
    Send,
    Program(Settle),
    Finish,
}

/// Writes one block.
pub struct Download {
    state: State,
    address: u32,
    data: Buffer,
}

impl Download {
    /// To write `data` at `address`. Refuses what `geometry` does not permit.
    pub fn new(geometry: &Geometry, start: Start, address: u32, data: Buffer) -> Result<Self, DfuError> {
        geometry.check_write(address, data.len())?;
        let state = match start {
            Start::Unknown => State::Recover(Recover::new()),
            Start::Idle | Start::IdleAt(_) => State::Point(Point::new(address)),
        };
        Ok(Self { state, address, data })
    }

    fn go<T>(&mut self, state: State) -> Step<T> {
        self.state = state;
        Step::Next
    }

    /// The bootloader writes in the course of `DFU_GETSTATUS`, never before it.
    fn program(&mut self, reply: Reply<'_>) -> Step<()> {
        let (at, address, length) = (self.at(), self.address, self.data.len());
        let State::Program(settle) = &mut self.state else { return Step::Next };
        match reply {
            Reply::Failed(Failure::Stall) => Step::fail(DfuError::WriteRefused { address, length }),
            Reply::Failed(failure) => Step::fail(DfuError::OutcomeUnknown { address, length, failure }),
            reply => settle.reply(at, reply).then(|()| self.go(State::Finish)),
        }
    }
}

impl Operation for Download {
    type Output = ();

    fn stage(&self) -> Stage {
        match &self.state {
            State::Recover(recover) => recover.stage(),
            State::Point(point) => point.stage(),
            State::Send | State::Program(_) => Stage::Write,
            State::Finish => Stage::Finish,
        }
    }

    fn touched(&self) -> Touched {
        match self.state {
            State::Recover(_) | State::Point(_) | State::Send => Touched::No,
            State::Program(_) => Touched::Maybe,
            State::Finish => Touched::Yes,
        }
    }

    fn command(&self) -> Command<'_> {
        match &self.state {
            State::Recover(recover) => recover.command(),
            State::Point(point) => point.command(),
            State::Send => Command::Dnload { block: FIRST_BLOCK, data: &self.data },
            State::Program(_) => Command::GetStatus,
            State::Finish => Command::Abort,
        }
    }

    fn patience(&self) -> Duration {
        if matches!(self.state, State::Program(_)) { PROGRAM_TIMEOUT } else { REQUEST_TIMEOUT }
    }

    /// The way back to dfuIDLE belongs to it: without it the write cannot be read back.
    fn committed(&self) -> bool {
        matches!(self.state, State::Program(_) | State::Finish)
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<()> {
        let mut at = self.at();
        match &mut self.state {
            State::Recover(recover) => {
                recover.reply(reply).then(|()| self.go(State::Point(Point::new(self.address))))
            }
            State::Point(point) => point.reply(reply).then(|()| self.go(State::Send)),
            State::Send => {
                // Without an answer the block may lie in the device, and the next `DFU_GETSTATUS`, whoever
                // sends it, would write it.
                if matches!(reply, Reply::Failed(Failure::Timeout | Failure::Other(_))) {
                    at.touched = Touched::Maybe;
                }
                sent(at, reply).then(|()| self.go(State::Program(Settle::default())))
            }
            State::Program(_) => self.program(reply),
            State::Finish => sent(at, reply),
        }
    }
}
