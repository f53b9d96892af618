//! Writes one block, through an address pointer that was just proven.
//!
//! The sequence: set the address; read through the pointer, which must return the known contents; go back to dfuIDLE;
//! send the block; `DFU_GETSTATUS` until it is written. Neither the read nor `DFU_ABORT` moves the pointer, so the
//! block goes to the place that was read. Two things are left out on purpose:
//!
//! - *Erasing.* The DCT's sectors have the letter `g`, erasable, but the bootloader ignores the command there: a write
//!   to the DCT rewrites all of it into its other copy (`usbd_dct_if.c`). dfu-util sends the command and waits half a
//!   second for nothing. If the flash does need it, [`Erase`](super::Erase) comes first.
//! - *Verifying.* The bootloader reports success for writes that failed, so only a read-back proves a write: an
//!   [`Upload`](super::Upload) that sets the address again. The device accepts it in dfuDNLOAD-IDLE, where a write
//!   ends.

use super::error::{DfuError, Stage};
use super::geometry::{BLOCK, Geometry};
use super::machine::{Buffer, Operation, Reply, Start, Step, enter};
use super::poll_status::{PollStatus, sent, sent_to_flash};
use super::recover::Recover;
use super::request::{Command, FIRST_BLOCK};
use super::set_address::SetAddress;

/// A block to be written.
#[derive(Clone)]
pub struct Block {
    /// The address that the pointer is set to.
    pub pointer: u32,
    /// The known contents at the pointer: at least one byte, at most one block. No other address may have the same
    /// contents.
    pub proof: Buffer,
    /// Where it is written, in blocks of 4096 bytes after the pointer.
    pub block: u16,
    /// Its bytes.
    pub data: Buffer,
}

impl Block {
    /// The address where it is written.
    pub fn address(&self) -> u32 {
        self.pointer.saturating_add(u32::from(self.block) * u32::from(BLOCK))
    }
}

#[derive(Debug)]
enum State {
    Recover(Recover),
    SetAddress(SetAddress),
    Prove,
    BackToIdle,
    Send,
    Program(PollStatus),
}

/// Writes one block. Ends in dfuDNLOAD-IDLE.
pub struct Download {
    state: State,
    block: Block,
}

impl Download {
    /// An operation that writes `block`. Refuses what `geometry` does not permit.
    pub fn new(geometry: &Geometry, start: Start, block: Block) -> Result<Self, DfuError> {
        geometry.check_write(block.address(), block.data.len())?;
        Geometry::check_numbers(block.block, block.data.len())?;
        geometry.check_read(block.pointer, block.proof.len())?;
        geometry.check_length(block.proof.len(), 1)?;
        let state = start.state(State::Recover, State::SetAddress(SetAddress::new(block.pointer)));
        Ok(Self { state, block })
    }

    /// Compares the bytes at the pointer with the known contents.
    fn prove(&mut self, reply: Reply<'_>) -> Step<()> {
        let (at, address) = (self.at(), self.block.pointer);
        match reply {
            Reply::Data(bytes) if *bytes == **self.block.proof => enter(&mut self.state, State::BackToIdle),
            Reply::Data(bytes) if bytes.len() == self.block.proof.len() => {
                Step::fail(DfuError::PointerUnproven(address))
            }
            Reply::Data(bytes) => Step::fail(DfuError::MalformedReply { at, length: bytes.len() }),
            Reply::Sent => Step::fail(DfuError::MalformedReply { at, length: 0 }),
            Reply::Failed(failure) => Step::fail(DfuError::Transfer { at, failure }),
        }
    }
}

impl Operation for Download {
    type Output = ();

    fn stage(&self) -> Stage {
        match &self.state {
            State::Recover(recover) => recover.stage(),
            State::SetAddress(_) | State::Prove | State::BackToIdle => Stage::SetAddress,
            State::Send | State::Program(_) => Stage::Write,
        }
    }

    fn writes(&self) -> bool {
        matches!(self.state, State::Program(_))
    }

    fn command(&self) -> Command<'_> {
        match &self.state {
            State::Recover(recover) => recover.command(),
            State::SetAddress(set_address) => set_address.command(),
            State::Prove => Command::Upload {
                block: FIRST_BLOCK,
                length: u16::try_from(self.block.proof.len()).unwrap_or(BLOCK),
            },
            State::BackToIdle => Command::Abort,
            State::Send => Command::Dnload {
                block: self.block.block.saturating_add(FIRST_BLOCK),
                data: &self.block.data,
            },
            State::Program(_) => Command::GetStatus,
        }
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<()> {
        let at = self.at();
        match &mut self.state {
            State::Recover(recover) => recover
                .reply(reply)
                .then(|()| enter(&mut self.state, State::SetAddress(SetAddress::new(self.block.pointer)))),
            State::SetAddress(set_address) => {
                set_address.reply(reply).then(|()| enter(&mut self.state, State::Prove))
            }
            State::Prove => self.prove(reply),
            State::BackToIdle => sent(at, reply).then(|()| enter(&mut self.state, State::Send)),
            State::Send => sent_to_flash(at, reply)
                .then(|()| enter(&mut self.state, State::Program(PollStatus::of_flash()))),
            State::Program(poll) => poll.program(at, reply, self.block.address(), self.block.data.len()),
        }
    }
}
