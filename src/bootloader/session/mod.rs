//! Opens a Duo in DFU mode, finds its DCT, and reads and writes it.
//!
//! Remembers the device's state between operations, so that it is not asked for twice. Does not know the contents of
//! the DCT.

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

/// How long a device may take to return to dfuIDLE after an operation that failed.
const TIDY_TIME: Duration = Duration::from_secs(2);

/// How long a read-back may take at least, even if the write before it has used up the time allowed.
const READ_BACK_TIME: Duration = Duration::from_secs(2);

/// What may end an operation early.
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
    /// The internal flash, if the whole DCT can be reached in it.
    internal: Option<Memory>,
    /// The alternate setting that is selected in the device, if known.
    selected: Option<u8>,
    identity: Identity,
    start: Start,
    /// The first block of the internal flash, after it was read. It is part of the bootloader, never blank and never
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
        // The bootloader keeps the last setting after SET_CONFIGURATION, so the setting is always sent.
        session.select(setting)?;
        Ok(session)
    }

    /// Selects the alternate setting that addresses refer to. Sends nothing if it is selected already.
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

    /// The device's identity.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What may be transferred.
    pub fn geometry(&self) -> &Geometry {
        &self.dct.geometry
    }

    /// How many class requests were sent so far.
    pub fn class_requests(&self) -> u32 {
        self.driver.class_requests
    }

    /// Reads the first `length` bytes twice, each time after setting a different address: 0, then 1. A pointer that is
    /// stuck, wrong or not moved does not give the same bytes twice, unless all bytes are equal. `None` if the two
    /// reads do not agree. A read that fails is tried once more. The first byte is only in the first read, so a single
    /// byte is not enough.
    pub fn read_twice(&mut self, length: usize, deadline: Duration) -> Result<Option<Buffer>, SessionError> {
        if length < 2 {
            return Err(SessionError::Dfu(RangeError::Empty.into()));
        }
        let (dct, limits) = (self.dct.clone(), Limits::until(deadline));
        // The first byte is not in the second pass, so the first pass reads it once more.
        let [first, byte] = self.read_parts(&dct, 0, [Part::first(length), Part::first(1)], limits)?;
        let [second] = self.read_parts(&dct, 1, [Part::first(length.saturating_sub(1))], limits)?;
        Ok(agreed(first, &byte, &second))
    }

    /// Reads the whole DCT, both copies, in the same way: 32 KiB of the internal flash. Nothing else of it can be read.
    /// Works even if the bootloader itself cannot read the DCT.
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
            return Err(SessionError::NoBootloader(INTERNAL));
        }
        self.anchor = Some(anchor);
        Ok(agreed(first, &byte, &second))
    }

    /// Writes a block, at most 4096 bytes, through a pointer that the block's own proof has shown to be right. Then
    /// sets the address again and returns the DCT's first `length` bytes, for the caller to compare: only they prove
    /// the write, and that nothing else was written. Never writes twice.
    ///
    /// Once the block was sent, neither a cancellation nor the deadline prevents the read-back: a few more milliseconds
    /// show whether a key is complete. (A device that does not answer is given up after
    /// [`PROGRAM_TIMEOUT`](crate::dfuse::machine::PROGRAM_TIMEOUT) and two seconds at most.)
    ///
    /// If it fails, [`SessionError::touched`] says what may have happened, and [`DfuSession::read_twice`] can be tried
    /// to find out.
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
        let download = Download::new(&memory.geometry, self.start, block)?;
        self.run(download, Start::Ready, Limits::until(deadline))
    }

    /// Reads the memory after a write, or an erasure, that succeeded.
    fn read_back<const PARTS: usize>(
        &mut self,
        memory: &Memory,
        pointer: u32,
        parts: [Part; PARTS],
        deadline: Duration,
    ) -> Result<[Buffer; PARTS], SessionError> {
        let deadline = deadline.max(self.driver.clock.now() + READ_BACK_TIME);
        self.read_parts(memory, pointer, parts, Limits { deadline, cancellable: false })
            .map_err(|source| SessionError::ReadBack(Box::new(source)))
    }

    /// Erases the sector of one copy of the whole DCT, 0 or 1, which is known to hold `held`. Then returns the whole
    /// DCT, for the caller to compare: only that proves the erasure. A session can erase nothing else of the internal
    /// flash.
    ///
    /// The command contains its own address, which cannot be proven beforehand, unlike that of a write. So the sector
    /// is read first.
    ///
    /// As with a write, neither a cancellation nor the deadline prevents the read-back.
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
            return Err(SessionError::Dfu(DfuError::PointerUnproven(address)));
        }
        let erase = Erase::new(&internal.geometry, self.start, address, WHOLE_DCT_SECTOR)?;
        self.run(erase, Start::Ready, Limits::until(deadline))?;
        let base = whole_dct_address(self.identity.generation);
        self.read_back_whole(&internal, whole_part(base, 0), &anchor, deadline)
    }

    /// Writes `data` into the whole DCT, `offset` bytes from its beginning and within one block of 4096 bytes. Then
    /// returns the bytes at that place, for the caller to compare. Flash that is not erased only takes the zeros of
    /// `data`. A session can write nothing else of the internal flash. Otherwise as
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
        // Writing 0xFF before the data changes nothing.
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
        let unproven = SessionError::Dfu(DfuError::PointerUnproven(INTERNAL));
        Err(SessionError::ReadBack(Box::new(unproven)))
    }

    /// The bootloader's first bytes, from [`DfuSession::read_whole_dct_twice`].
    fn known_anchor(&self) -> Result<Buffer, SessionError> {
        self.anchor.clone().ok_or(SessionError::Dfu(DfuError::PointerUnproven(INTERNAL)))
    }

    /// The internal flash, and where the whole DCT begins in it.
    fn whole_dct(&self) -> Result<(Memory, u32), SessionError> {
        let address = whole_dct_address(self.identity.generation);
        let internal = self.internal.clone().ok_or(SessionError::NoWholeDct(address))?;
        let offered = internal.geometry.block();
        if offered < BLOCK {
            return Err(SessionError::TransferSize { offered, needed: BLOCK });
        }
        Ok((internal, address))
    }

    /// The address of a part of the whole DCT. An error if the part is not completely inside, or if the whole DCT is
    /// not two sectors that may be read, erased and written.
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
            return Err(SessionError::NoWholeDct(base));
        }
        let end = offset.checked_add(length).filter(|end| *end <= WHOLE_DCT_LENGTH);
        let address = end.and_then(|_| at(offset)).ok_or(SessionError::OutsideWholeDct { offset, length })?;
        Ok((internal, address))
    }

    /// Makes the device leave DFU mode and restart. It is gone afterwards.
    pub fn leave(&mut self, deadline: Duration) -> Result<(), SessionError> {
        self.run(Leave::new(self.start), Start::Unknown, Limits::until(deadline))
    }

    /// Reads parts of a memory through one pointer, and tries once more if that fails.
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
        // An upload that succeeds has read all its parts.
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
        let upload = Upload::new(&memory.geometry, self.start, pointer, parts)?;
        self.run(upload, Start::Ready, limits)
    }

    /// Runs an operation; `then` is what is known of the device if it succeeds.
    fn run<O: Operation>(
        &mut self,
        operation: O,
        then: Start,
        limits: Limits,
    ) -> Result<O::Output, SessionError> {
        self.start = Start::Unknown;
        let machine = Machine::new(operation, limits.deadline);
        match self.driver.run(self.transport.as_mut(), machine, limits.cancellable) {
            Ok(output) => {
                self.start = then;
                Ok(output)
            }
            Err(error) => {
                // The device may have been reset and may have another setting than the one last sent.
                self.selected = None;
                let error = SessionError::from(error);
                if error.is_worth_tidying() {
                    self.tidy(limits.deadline);
                }
                Err(error)
            }
        }
    }

    /// Brings the device back to dfuIDLE after an operation stopped half-way, if that is quick: a block that was sent
    /// and not acknowledged may be pending, and the next program would trigger it. The result is ignored, since the
    /// operation has already failed.
    fn tidy(&mut self, deadline: Duration) {
        let deadline = deadline.min(self.driver.clock.now() + TIDY_TIME);
        let machine = Machine::new(Recover::new(), deadline);
        if self.driver.run(self.transport.as_mut(), machine, false).is_ok() {
            self.start = Start::Ready;
        }
    }
}

/// The bytes, if both passes agree. The second pass begins one byte later, so that byte was read separately.
fn agreed(first: Buffer, byte: &Buffer, second: &Buffer) -> Option<Buffer> {
    let same = first.get(..1) == Some(byte.as_slice()) && first.get(1..) == Some(second.as_slice());
    same.then_some(first)
}

/// How many blocks of 4096 bytes are between the beginning of the internal flash and an address in it.
fn blocks_to(address: u32) -> u16 {
    u16::try_from(address.saturating_sub(INTERNAL) / u32::from(BLOCK)).unwrap_or(u16::MAX)
}

/// The whole DCT without its last `less` bytes.
fn whole_part(base: u32, less: usize) -> Part {
    Part { block: blocks_to(base), length: WHOLE_DCT_LENGTH - less }
}
