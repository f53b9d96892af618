//! A Duo in DFU mode, opened: its DCT found and ready to be read and written.
//!
//! Keeps what is known of the device's state between operations, so that no request is spent on asking twice. Knows
//! nothing of what the DCT holds.

mod error;
mod memories;

use std::time::Duration;

pub use error::SessionError;
pub use memories::whole_dct_address;

use memories::{
    INTERNAL, Memories, Memory, WHOLE_DCT_LENGTH, WHOLE_DCT_SECTOR, check_functional, find_memories,
    is_bootloader, read_configuration,
};

use super::drive::Driver;
use super::identity::{Enquiry, Identity};
use crate::dfuse::descriptors::AltSetting;
use crate::dfuse::{
    BLOCK, Block, Buffer, DfuError, Download, Erase, Geometry, Leave, Machine, Operation, Part, RangeError,
    Recover, Start, Upload,
};
use crate::usb::{Bus, Clock, Device, Transport};

/// How long a device is given to come back to dfuIDLE after an operation that failed.
const TIDY_TIME: Duration = Duration::from_secs(2);

/// How long a read-back may take at least, where the write before it has used up the time allowed.
const READ_BACK_TIME: Duration = Duration::from_secs(2);

/// What may end an operation before its time.
#[derive(Clone, Copy)]
struct Limits {
    deadline: Duration,
    cancellable: bool,
}

impl Limits {
    fn until(deadline: Duration) -> Self {
        Self { deadline, cancellable: true }
    }
}

/// An open Duo. Addresses are offsets in the DCT; deadlines count from the origin of the session's clock.
/// Dropping it releases the interface.
pub struct DfuSession<'a> {
    transport: Box<dyn Transport>,
    driver: Driver<'a>,
    dct: Memory,
    /// The internal flash, where the whole DCT can be reached in it.
    internal: Option<Memory>,
    /// The alternate setting that the device is known to be at.
    selected: Option<u8>,
    identity: Identity,
    start: Start,
    /// The first block of the internal flash, once it was read: the bootloader's own, which is never blank and never
    /// written, so it proves a pointer there.
    anchor: Option<Buffer>,
}

impl<'a> DfuSession<'a> {
    /// Opens a device, finds its DCT by name and memory map, claims the interface and selects the DCT's
    /// alternate setting. Sends no class request.
    pub fn open(
        bus: &dyn Bus,
        device: &Device,
        clock: &'a dyn Clock,
        cancelled: &'a dyn Fn() -> bool,
        deadline: Duration,
    ) -> Result<Self, SessionError> {
        let mut transport = bus.open(device)?;
        let mut enquiry = Enquiry { transport: transport.as_mut(), clock, deadline, language: None };
        let identity = enquiry.identity(device)?;
        let configuration = read_configuration(&mut enquiry)?;
        let Memories { dct: (setting, map), internal } =
            find_memories(&mut enquiry, &configuration, identity.generation)?;
        let functional = *configuration.functional_of(setting.interface).ok_or(SessionError::NoFunctional)?;
        check_functional(functional)?;
        transport.claim(setting.interface)?;
        let memory =
            |(setting, map)| Memory { setting, geometry: Geometry::new(map, functional.transfer_size) };
        let mut session = Self {
            transport,
            driver: Driver::new(clock, cancelled, setting.interface),
            dct: memory((setting, map)),
            internal: internal.filter(|(other, _)| other.interface == setting.interface).map(memory),
            selected: None,
            identity,
            start: Start::Unknown,
            anchor: None,
        };
        // The bootloader keeps the last setting through SET_CONFIGURATION, so it is sent always.
        session.select(setting)?;
        Ok(session)
    }

    /// Makes an alternate setting the one that addresses are in; nothing is sent where it is already.
    fn select(&mut self, setting: AltSetting) -> Result<(), SessionError> {
        if self.selected == Some(setting.alt) {
            return Ok(());
        }
        self.selected = None;
        self.transport
            .set_alt_setting(setting.interface, setting.alt)
            .map_err(|source| SessionError::Transfer { what: "alternate setting", source })?;
        self.selected = Some(setting.alt);
        Ok(())
    }

    /// Who the device is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What may be transferred.
    pub fn geometry(&self) -> &Geometry {
        &self.dct.geometry
    }

    /// How many class requests were sent so far.
    pub fn class_requests(&self) -> u32 {
        self.driver.class_requests()
    }

    /// Reads the first `length` bytes twice, each time behind an address of its own: from 0, and from 1. A pointer that
    /// is stuck, off or not moved at all does not bring the same twice, unless what is there is the same throughout.
    /// `None` if the two do not agree. A pass that fails is tried once more. The very first byte is in one pass
    /// only, so a single byte is too little.
    pub fn read_twice(&mut self, length: usize, deadline: Duration) -> Result<Option<Buffer>, SessionError> {
        if length < 2 {
            return Err(SessionError::Dfu(RangeError::Empty.into()));
        }
        let (dct, limits) = (self.dct.clone(), Limits::until(deadline));
        // The first byte, which the second pass does not reach, is read once more in the first.
        let [first, byte] = self.read_parts(&dct, 0, [Part::first(length), Part::first(1)], limits)?;
        let [second] = self.read_parts(&dct, 1, [Part::first(length.saturating_sub(1))], limits)?;
        Ok(agreed(first, &byte, &second))
    }

    /// Reads the whole DCT, both copies, in the same way: 32 KiB of the internal flash, and nothing else of it can be
    /// read. Works even where the bootloader cannot read the DCT by itself.
    pub fn read_whole_dct_twice(&mut self, deadline: Duration) -> Result<Option<Buffer>, SessionError> {
        let (internal, base) = self.whole_dct()?;
        let limits = Limits::until(deadline);
        let block = usize::from(BLOCK);
        let one = |part: Part| Part { length: 1, ..part };
        let whole = whole_part(base, 0);
        let parts = [Part::first(block), Part::first(1), whole, one(whole)];
        let [anchor, head, first, byte] = self.read_parts(&internal, INTERNAL, parts, limits)?;
        let parts = [Part::first(block - 1), whole_part(base, 1)];
        let [moved, second] = self.read_parts(&internal, INTERNAL + 1, parts, limits)?;
        let Some(anchor) = agreed(anchor, &head, &moved) else { return Ok(None) };
        if !is_bootloader(&anchor, base) {
            return Err(SessionError::NoBootloader { address: INTERNAL });
        }
        self.anchor = Some(anchor);
        Ok(agreed(first, &byte, &second))
    }

    /// Writes a block, at most 4096 bytes, through a pointer that the block's own proof has shown to be right. Then sets
    /// the address anew and returns the DCT's first `length` bytes, for the caller to compare: only they prove the write,
    /// and that nothing else was written. Never writes twice.
    ///
    /// Once the block was sent, neither a cancellation nor the deadline keeps it from being read back: a few
    /// milliseconds more tell whether a key is whole. (A device that does not answer is given up all the same,
    /// [`PROGRAM_TIMEOUT`](crate::dfuse::machine::PROGRAM_TIMEOUT) and two seconds later at most.)
    ///
    /// Where it fails, [`SessionError::touched`] says what may have happened, and [`DfuSession::read_twice`] can
    /// be tried to find out.
    pub fn write_and_read_back(
        &mut self,
        block: Block,
        length: usize,
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        let dct = self.dct.clone();
        self.write_block(&dct, block, deadline)?;
        let [read] = self.read_back(&dct, 0, [Part::first(length)], deadline)?;
        Ok(read)
    }

    /// An error if the map does not let both copies of the whole DCT be erased and written.
    pub fn check_whole_dct_is_writable(&self) -> Result<(), SessionError> {
        self.in_whole_dct(0, WHOLE_DCT_LENGTH).map(drop)
    }

    fn write_block(&mut self, memory: &Memory, block: Block, deadline: Duration) -> Result<(), SessionError> {
        self.select(memory.setting)?;
        let download = Download::new(&memory.geometry, self.start, block).map_err(SessionError::Dfu)?;
        self.run(download, Start::Ready, Limits::until(deadline))
    }

    /// What is there after a write, or an erasure, that ended well.
    fn read_back<const PARTS: usize>(
        &mut self,
        memory: &Memory,
        pointer: u32,
        parts: [Part; PARTS],
        deadline: Duration,
    ) -> Result<[Buffer; PARTS], SessionError> {
        let deadline = deadline.max(self.driver.now() + READ_BACK_TIME);
        self.read_parts(memory, pointer, parts, Limits { deadline, cancellable: false })
            .map_err(|source| SessionError::ReadBack { source: Box::new(source) })
    }

    /// Erases the sector of one copy of the whole DCT, 0 or 1, which is known to hold `held`, and returns all of the
    /// whole DCT then, for the caller to compare: only that proves it. Of the internal flash nothing else can be
    /// erased through a session.
    ///
    /// The command carries an address of its own, which cannot be proven beforehand as that of a write can. So the
    /// sector is looked at before it.
    ///
    /// As with a write, neither a cancellation nor the deadline keeps it from being read back.
    pub fn erase_whole_dct_sector(
        &mut self,
        copy: usize,
        held: &[u8],
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        let (internal, address) =
            self.in_whole_dct(copy.saturating_mul(WHOLE_DCT_SECTOR), WHOLE_DCT_SECTOR)?;
        let anchor = self.known_anchor()?;
        let sector = Part { block: blocks_to(address), length: WHOLE_DCT_SECTOR };
        let parts = [Part::first(anchor.len()), sector];
        let [proof, now] = self.read_parts(&internal, INTERNAL, parts, Limits::until(deadline))?;
        if proof != anchor || *now != *held {
            return Err(SessionError::Dfu(DfuError::PointerUnproven { address }));
        }
        let erase = Erase::new(&internal.geometry, self.start, address, WHOLE_DCT_SECTOR)
            .map_err(SessionError::Dfu)?;
        self.run(erase, Start::Ready, Limits::until(deadline))?;
        let base = whole_dct_address(self.identity.generation);
        self.read_back_whole(&internal, whole_part(base, 0), &anchor, deadline)
    }

    /// Writes `data` into the whole DCT, `offset` bytes from its beginning, all of it within one block of 4096 bytes,
    /// and returns what is there then, for the caller to compare. Flash that is not erased takes only the zeros of it.
    /// Of the internal flash nothing else can be written through a session. Otherwise as
    /// [`DfuSession::write_and_read_back`].
    pub fn write_whole_dct_and_read_back(
        &mut self,
        offset: usize,
        data: &[u8],
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        if data.is_empty() {
            return Err(SessionError::Dfu(RangeError::Empty.into()));
        }
        let front = offset % usize::from(BLOCK);
        let (internal, address) = self.in_whole_dct(offset - front, front + data.len())?;
        let anchor = self.known_anchor()?;
        // 0xFF in front of it changes nothing.
        let mut bytes = Buffer::new(vec![0xff; front]);
        bytes.extend_from_slice(data);
        let part = Part { block: blocks_to(address), length: bytes.len() };
        let block = Block { pointer: INTERNAL, proof: anchor.clone(), block: part.block, data: bytes };
        self.write_block(&internal, block, deadline)?;
        let read = self.read_back_whole(&internal, part, &anchor, deadline)?;
        Ok(Buffer::new(read.get(front..).unwrap_or_default().to_vec()))
    }

    /// Reads a part of the whole DCT through a pointer that the anchor proves.
    fn read_back_whole(
        &mut self,
        internal: &Memory,
        part: Part,
        anchor: &Buffer,
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        let parts = [Part::first(anchor.len()), part];
        let [proof, read] = self.read_back(internal, INTERNAL, parts, deadline)?;
        if proof == *anchor {
            return Ok(read);
        }
        let unproven = SessionError::Dfu(DfuError::PointerUnproven { address: INTERNAL });
        Err(SessionError::ReadBack { source: Box::new(unproven) })
    }

    /// The bootloader's first bytes, which [`DfuSession::read_whole_dct_twice`] has read.
    fn known_anchor(&self) -> Result<Buffer, SessionError> {
        self.anchor.clone().ok_or(SessionError::Dfu(DfuError::PointerUnproven { address: INTERNAL }))
    }

    /// The internal flash, and where the whole DCT begins in it.
    fn whole_dct(&self) -> Result<(Memory, u32), SessionError> {
        let address = whole_dct_address(self.identity.generation);
        let internal = self.internal.clone().ok_or(SessionError::NoWholeDct { address })?;
        let offered = internal.geometry.block();
        if offered < BLOCK {
            return Err(SessionError::TransferSize { offered, needed: BLOCK });
        }
        Ok((internal, address))
    }

    /// Where a part of the whole DCT lies; an error for whatever is not wholly in it, and where it does not lie in
    /// two sectors of its own.
    fn in_whole_dct(&self, offset: usize, length: usize) -> Result<(Memory, u32), SessionError> {
        let (internal, base) = self.whole_dct()?;
        let map = internal.geometry.map();
        let at = |offset: usize| u32::try_from(offset).ok().and_then(|offset| base.checked_add(offset));
        let is_one =
            |sector: usize| at(sector).is_some_and(|address| map.is_sector(address, WHOLE_DCT_SECTOR));
        let is_open = map.all(base, WHOLE_DCT_LENGTH, |access| {
            access.readable() && access.erasable() && access.writable()
        });
        if !is_one(0) || !is_one(WHOLE_DCT_SECTOR) || !is_open {
            return Err(SessionError::NoWholeDct { address: base });
        }
        let end = offset.checked_add(length).filter(|end| *end <= WHOLE_DCT_LENGTH);
        let address = end.and_then(|_| at(offset)).ok_or(SessionError::OutsideWholeDct { offset, length })?;
        Ok((internal, address))
    }

    /// Makes the device leave DFU mode and restart. It is gone afterwards.
    pub fn leave(&mut self, deadline: Duration) -> Result<(), SessionError> {
        self.run(Leave::new(self.start), Start::Unknown, Limits::until(deadline))
    }

    /// Reads parts of a memory through one pointer, and once more where that fails.
    fn read_parts<const PARTS: usize>(
        &mut self,
        memory: &Memory,
        pointer: u32,
        parts: [Part; PARTS],
        limits: Limits,
    ) -> Result<[Buffer; PARTS], SessionError> {
        let read = match self.try_read(memory, pointer, &parts, limits) {
            Err(error) if error.is_worth_a_retry() => self.try_read(memory, pointer, &parts, limits),
            result => result,
        }?;
        // An upload that ends well has read all its parts.
        <[_; PARTS]>::try_from(read)
            .map_err(|_| SessionError::Dfu(DfuError::ShortRead { address: pointer, expected: PARTS, got: 0 }))
    }

    fn try_read(
        &mut self,
        memory: &Memory,
        pointer: u32,
        parts: &[Part],
        limits: Limits,
    ) -> Result<Vec<Buffer>, SessionError> {
        self.select(memory.setting)?;
        let upload = Upload::new(&memory.geometry, self.start, pointer, parts).map_err(SessionError::Dfu)?;
        self.run(upload, Start::Ready, limits)
    }

    /// Runs an operation; `then` is what is known of the device if it ends well.
    fn run<O: Operation>(
        &mut self,
        operation: O,
        then: Start,
        limits: Limits,
    ) -> Result<O::Output, SessionError> {
        self.start = Start::Unknown;
        let machine = Machine::new(operation, limits.deadline);
        let result = if limits.cancellable {
            self.driver.run(self.transport.as_mut(), machine)
        } else {
            self.driver.run_regardless(self.transport.as_mut(), machine)
        };
        match result {
            Ok(output) => {
                self.start = then;
                Ok(output)
            }
            Err(error) => {
                // The device may have been reset, and be at another setting than the one last sent.
                self.selected = None;
                let error = SessionError::from(error);
                if error.is_worth_tidying() {
                    self.tidy(limits.deadline);
                }
                Err(error)
            }
        }
    }

    /// Brings a device that an operation was broken off on back to dfuIDLE, if it can be done shortly: a
    /// block that was sent and not acknowledged may be pending in it, for the next program to set off. What
    /// comes of it is of no interest, since the operation has failed already.
    fn tidy(&mut self, deadline: Duration) {
        let deadline = deadline.min(self.driver.now() + TIDY_TIME);
        let machine = Machine::new(Recover::new(), deadline);
        if self.driver.run_regardless(self.transport.as_mut(), machine).is_ok() {
            self.start = Start::Ready;
        }
    }
}

/// The bytes, where both passes have them: the second begins one byte later, so that one byte was read by itself.
fn agreed(first: Buffer, byte: &Buffer, second: &Buffer) -> Option<Buffer> {
    let same = first.get(..1) == Some(byte.as_slice()) && first.get(1..) == Some(second.as_slice());
    same.then_some(first)
}

/// How many blocks of 4096 bytes lie between the beginning of the internal flash and an address in it.
fn blocks_to(address: u32) -> u16 {
    u16::try_from(address.saturating_sub(INTERNAL) / u32::from(BLOCK)).unwrap_or(u16::MAX)
}

/// All of the whole DCT but its last `less` bytes.
fn whole_part(base: u32, less: usize) -> Part {
    Part { block: blocks_to(base), length: WHOLE_DCT_LENGTH - less }
}
