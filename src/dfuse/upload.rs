//! Reads parts of the device's memory through one pointer.
//!
//! The sequence: set the address, read the blocks of each part, go back to dfuIDLE. The pointer is set for every read,
//! even if it should be right already: two reads after one address command would agree even if the device took a wrong
//! address.

use std::mem;

use super::error::{DfuError, Stage};
use super::geometry::{BLOCK, Geometry, RangeError};
use super::machine::{Buffer, Operation, Reply, Start, Step, enter};
use super::poll_status::sent;
use super::recover::Recover;
use super::request::{Command, FIRST_BLOCK};
use super::set_address::SetAddress;

/// A part that is read: its first block, in blocks of 4096 bytes after the pointer, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Blocks after the pointer, counted from 0.
    pub block: u16,
    /// Bytes.
    pub length: usize,
}

impl Part {
    /// From the pointer itself.
    pub const fn first(length: usize) -> Self {
        Self { block: 0, length }
    }

    /// The address where it begins, if the pointer has this value.
    pub fn address(self, pointer: u32) -> u32 {
        pointer.saturating_add(u32::from(self.block) * u32::from(BLOCK))
    }
}

#[derive(Debug)]
enum State {
    Recover(Recover),
    SetAddress(SetAddress),
    Read,
    Finish,
}

/// Reads parts of a memory. The output has one buffer for each part, with the requested length.
pub struct Upload {
    state: State,
    address: u32,
    parts: Vec<Part>,
    reading: Buffer,
    read: Vec<Buffer>,
}

impl Upload {
    /// An operation that reads `parts` (at least one) with the pointer at `address`. Refuses what `geometry` does not
    /// permit.
    pub fn new(geometry: &Geometry, start: Start, address: u32, parts: &[Part]) -> Result<Self, DfuError> {
        if parts.is_empty() {
            return Err(RangeError::Empty.into());
        }
        for part in parts {
            geometry.check_read(part.address(address), part.length)?;
            Geometry::check_numbers(part.block, part.length)?;
        }
        let state = start.state(State::Recover, State::SetAddress(SetAddress::new(address)));
        Ok(Self { state, address, parts: parts.to_vec(), reading: Buffer::default(), read: Vec::new() })
    }

    /// The part that is being read.
    fn part(&self) -> Part {
        self.parts.get(self.read.len()).copied().unwrap_or(Part::first(0))
    }

    /// The number of bytes in the current block.
    fn block_length(&self) -> u16 {
        let left = self.part().length - self.reading.len();
        u16::try_from(left).unwrap_or(BLOCK).min(BLOCK)
    }

    /// Never more than 16 bits: [`Geometry::check_numbers`] refuses blocks without a number.
    fn block_number(&self) -> u16 {
        let blocks_read = self.reading.len() / usize::from(BLOCK);
        let block = u16::try_from(blocks_read).unwrap_or(u16::MAX).saturating_add(FIRST_BLOCK);
        block.saturating_add(self.part().block)
    }

    fn take_block(&mut self, reply: Reply<'_>) -> Step<Vec<Buffer>> {
        let at = self.at();
        let (expected, length) = (usize::from(self.block_length()), self.part().length);
        let bytes = match reply {
            Reply::Data(bytes) => bytes,
            Reply::Sent => &[],
            Reply::Failed(failure) => return Step::fail(DfuError::Transfer { at, failure }),
        };
        if bytes.len() < expected {
            let read = u32::try_from(self.reading.len()).unwrap_or(u32::MAX);
            let address = self.part().address(self.address).saturating_add(read);
            return Step::fail(DfuError::ShortRead { address, expected, got: bytes.len() });
        }
        if bytes.len() > expected {
            return Step::fail(DfuError::MalformedReply { at, length: bytes.len() });
        }
        // Reserves all the memory at once: a buffer that grows would leave a copy of a key behind.
        let room = length - self.reading.len();
        self.reading.reserve_exact(room);
        self.reading.extend_from_slice(bytes);
        if self.reading.len() == length {
            self.read.push(mem::take(&mut self.reading));
        }
        if self.read.len() == self.parts.len() {
            self.state = State::Finish;
        }
        Step::Next
    }
}

impl Operation for Upload {
    type Output = Vec<Buffer>;

    fn stage(&self) -> Stage {
        match &self.state {
            State::Recover(recover) => recover.stage(),
            State::SetAddress(set_address) => set_address.stage(),
            State::Read => Stage::Read,
            State::Finish => Stage::Finish,
        }
    }

    fn command(&self) -> Command<'_> {
        match &self.state {
            State::Recover(recover) => recover.command(),
            State::SetAddress(set_address) => set_address.command(),
            State::Read => Command::Upload { block: self.block_number(), length: self.block_length() },
            State::Finish => Command::Abort,
        }
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<Self::Output> {
        let at = self.at();
        match &mut self.state {
            State::Recover(recover) => recover
                .reply(reply)
                .then(|()| enter(&mut self.state, State::SetAddress(SetAddress::new(self.address)))),
            State::SetAddress(set_address) => {
                set_address.reply(reply).then(|()| enter(&mut self.state, State::Read))
            }
            State::Read => self.take_block(reply),
            State::Finish => sent(at, reply).then(|()| Step::Done(Ok(mem::take(&mut self.read)))),
        }
    }
}
