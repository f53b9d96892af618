//! Reading a range of the device's memory, once or several times over.
//!
//! Set address, back to dfuIDLE (`DFU_UPLOAD` is refused in dfuDNLOAD-IDLE), the blocks, back to dfuIDLE.
//! A second pass costs its blocks only, as the pointer does not move.

use std::mem;

use zeroize::Zeroizing;

use super::Buffer;
use super::error::{DfuError, Stage};
use super::geometry::{BLOCK, Geometry};
use super::machine::{Operation, Reply, Start, Step};
use super::point::Point;
use super::recover::Recover;
use super::request::{Command, FIRST_BLOCK};
use super::settle::sent;

#[derive(Debug)]
enum State {
    Recover(Recover),
    Point(Point),
    BackToIdle,
    Read,
    Finish,
}

/// Reads a range. The output has one buffer a pass, each of the length asked for.
pub struct Upload {
    state: State,
    address: u32,
    length: usize,
    passes: usize,
    reading: Buffer,
    read: Vec<Buffer>,
}

impl Upload {
    /// To read `length` bytes from `address`, `passes` times (at least once). Refuses what `geometry` does
    /// not permit.
    pub fn new(
        geometry: &Geometry,
        start: Start,
        address: u32,
        length: usize,
        passes: usize,
    ) -> Result<Self, DfuError> {
        geometry.check_read(address, length)?;
        let state = match start {
            Start::Unknown => State::Recover(Recover::new()),
            Start::IdleAt(pointer) if pointer == address => State::Read,
            Start::Idle | Start::IdleAt(_) => State::Point(Point::new(address)),
        };
        Ok(Self {
            state,
            address,
            length,
            passes: passes.max(1),
            reading: Zeroizing::new(Vec::with_capacity(length)),
            read: Vec::new(),
        })
    }

    /// How many bytes the present block has.
    fn block_length(&self) -> u16 {
        let left = self.length - self.reading.len();
        u16::try_from(left).unwrap_or(BLOCK).min(BLOCK)
    }

    /// Never past 16 bits: [`Geometry::check_read`] refuses a longer range.
    fn block_number(&self) -> u16 {
        let blocks_read = self.reading.len() / usize::from(BLOCK);
        u16::try_from(blocks_read).unwrap_or(u16::MAX).saturating_add(FIRST_BLOCK)
    }

    fn block_address(&self) -> u32 {
        self.address.saturating_add(u32::try_from(self.reading.len()).unwrap_or(u32::MAX))
    }

    fn take_block(&mut self, reply: Reply<'_>) -> Step<Vec<Buffer>> {
        let at = self.at();
        let expected = usize::from(self.block_length());
        let bytes = match reply {
            Reply::Data(bytes) => bytes,
            Reply::Sent => &[],
            Reply::Failed(failure) => return Step::fail(DfuError::Transfer { at, failure }),
        };
        if bytes.len() < expected {
            let address = self.block_address();
            return Step::fail(DfuError::ShortRead { address, expected, got: bytes.len() });
        }
        if bytes.len() > expected {
            return Step::fail(DfuError::MalformedReply { at, length: bytes.len() });
        }
        self.reading.extend_from_slice(bytes);
        if self.reading.len() == self.length {
            let next = Zeroizing::new(Vec::with_capacity(self.length));
            self.read.push(mem::replace(&mut self.reading, next));
        }
        if self.read.len() == self.passes {
            self.state = State::Finish;
        }
        Step::Next
    }

    fn go<T>(&mut self, state: State) -> Step<T> {
        self.state = state;
        Step::Next
    }
}

impl Operation for Upload {
    type Output = Vec<Buffer>;

    fn stage(&self) -> Stage {
        match self.state {
            State::Recover(_) => Stage::Recover,
            State::Point(_) | State::BackToIdle => Stage::SetAddress,
            State::Read => Stage::Read,
            State::Finish => Stage::Finish,
        }
    }

    fn command(&self) -> Command<'_> {
        match &self.state {
            State::Recover(recover) => recover.command(),
            State::Point(point) => point.command(),
            State::BackToIdle | State::Finish => Command::Abort,
            State::Read => Command::Upload { block: self.block_number(), length: self.block_length() },
        }
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<Self::Output> {
        let at = self.at();
        match &mut self.state {
            State::Recover(recover) => {
                recover.reply(reply).then(|()| self.go(State::Point(Point::new(self.address))))
            }
            State::Point(point) => point.reply(reply).then(|()| self.go(State::BackToIdle)),
            State::BackToIdle => sent(at, reply).then(|()| self.go(State::Read)),
            State::Read => self.take_block(reply),
            State::Finish => sent(at, reply).then(|()| Step::Done(Ok(mem::take(&mut self.read)))),
        }
    }
}
