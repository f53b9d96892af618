//! A Duo in DFU mode, opened: its DCT found and ready to be read and written.
//!
//! Keeps what is known of the device's state between operations, so that no request is spent on asking twice. Knows
//! nothing of what the DCT holds.

mod error;
mod memories;

use std::time::Duration;

use zeroize::Zeroizing;

pub use error::SessionError;
pub use memories::whole_dct_address;

use memories::{
    Memories, Memory, WHOLE_DCT_LENGTH, WHOLE_DCT_SECTOR, check_functional, find_memories, read_configuration,
};

use super::drive::Driver;
use super::identity::{Enquiry, Identity};
use super::{Bus, Clock, Device, Transport};
use crate::dfuse::descriptors::AltSetting;
use crate::dfuse::{
    Buffer, DfuError, Download, Erase, Geometry, Leave, Machine, Operation, Recover, Start, Touched, Upload,
};

/// The most that is written of the whole DCT at once; a device that takes less would do so only after an erasure.
const WHOLE_DCT_BLOCK: u16 = 4096;

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
        // The state survives, and so does the pointer, which is now one into another memory.
        if let Start::IdleAt(_) = self.start {
            self.start = Start::Idle;
        }
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

    /// Reads `length` bytes. A read that fails is tried once more.
    pub fn read(&mut self, address: u32, length: usize, deadline: Duration) -> Result<Buffer, SessionError> {
        let [data] = self.read_passes(address, length, Limits::until(deadline))?;
        Ok(data)
    }

    /// Reads the same `length` bytes twice over, for the caller to compare. A read that fails is tried once
    /// more.
    pub fn read_twice(
        &mut self,
        address: u32,
        length: usize,
        deadline: Duration,
    ) -> Result<(Buffer, Buffer), SessionError> {
        let [first, second] = self.read_passes(address, length, Limits::until(deadline))?;
        Ok((first, second))
    }

    /// Reads the whole DCT, both copies, twice over, for the caller to compare: 32 KiB of the internal flash, and
    /// nothing else of it can be read. Works even where the bootloader cannot read the DCT by itself.
    pub fn read_whole_dct_twice(&mut self, deadline: Duration) -> Result<(Buffer, Buffer), SessionError> {
        let address = whole_dct_address(self.identity.generation);
        let internal = self.internal.clone().ok_or(SessionError::NoWholeDct { address })?;
        let read = self.passes_of(&internal, address, WHOLE_DCT_LENGTH, Limits::until(deadline));
        read.map(|[first, second]| (first, second))
    }

    /// Writes `data`, at most one block, and returns what is there then, for the caller to compare: only
    /// that proves a write. Never writes twice.
    ///
    /// Once the block was sent, neither a cancellation nor the deadline keeps it from being read back: a few
    /// milliseconds more tell whether a key is whole. (A device that does not answer is given up all the same,
    /// [`PROGRAM_TIMEOUT`](crate::dfuse::machine::PROGRAM_TIMEOUT) and two seconds later at most.)
    ///
    /// Where it fails, [`SessionError::touched`] says what may have happened, and [`DfuSession::read`] can
    /// be tried to find out.
    pub fn write_and_read_back(
        &mut self,
        address: u32,
        data: &[u8],
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        self.write_to(&self.dct.clone(), address, data, deadline)
    }

    fn write_to(
        &mut self,
        memory: &Memory,
        address: u32,
        data: &[u8],
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        self.select(memory.setting)?;
        let copy = Zeroizing::new(data.to_vec());
        let download =
            Download::new(&memory.geometry, self.start, address, copy).map_err(SessionError::Dfu)?;
        let result = self.run(download, Start::IdleAt(address), Limits::until(deadline));
        self.read_back(result, memory, address, data.len(), deadline)
    }

    /// What is there after a write, or an erasure, that ended so.
    fn read_back(
        &mut self,
        result: Result<(), SessionError>,
        memory: &Memory,
        address: u32,
        length: usize,
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        match result {
            // It was carried out and the way back to dfuIDLE failed: reading finds that way by itself.
            Err(SessionError::Dfu(error)) if error.touched() == Touched::Yes => {}
            result => result?,
        }
        let deadline = deadline.max(self.driver.now() + READ_BACK_TIME);
        let [read] = self
            .passes_of(memory, address, length, Limits { deadline, cancellable: false })
            .map_err(|source| SessionError::ReadBack { source: Box::new(source) })?;
        Ok(read)
    }

    /// An error where the map does not let both copies of the whole DCT be erased and written.
    pub fn check_whole_dct_is_writable(&self) -> Result<(), SessionError> {
        self.in_whole_dct(0, WHOLE_DCT_LENGTH).map(drop)
    }

    /// Erases the sector of one copy of the whole DCT, 0 or 1, and returns what is in it then, for the caller to
    /// compare: only that proves it. Of the internal flash nothing else can be erased through a session.
    ///
    /// As with a write, neither a cancellation nor the deadline keeps it from being read back.
    pub fn erase_whole_dct_sector(
        &mut self,
        copy: usize,
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        let (internal, address) =
            self.in_whole_dct(copy.saturating_mul(WHOLE_DCT_SECTOR), WHOLE_DCT_SECTOR)?;
        self.select(internal.setting)?;
        let erase = Erase::new(&internal.geometry, self.start, address, WHOLE_DCT_SECTOR)
            .map_err(SessionError::Dfu)?;
        let result = self.run(erase, Start::IdleAt(address), Limits::until(deadline));
        self.read_back(result, &internal, address, WHOLE_DCT_SECTOR, deadline)
    }

    /// Writes `data`, at most one block, into the whole DCT, `offset` bytes from its beginning, and returns what is
    /// there then. Flash that is not erased takes only the zeros of it. Of the internal flash nothing else can be
    /// written through a session. Otherwise as [`DfuSession::write_and_read_back`].
    pub fn write_whole_dct_and_read_back(
        &mut self,
        offset: usize,
        data: &[u8],
        deadline: Duration,
    ) -> Result<Buffer, SessionError> {
        let (internal, address) = self.in_whole_dct(offset, data.len())?;
        self.write_to(&internal, address, data, deadline)
    }

    /// Where a part of the whole DCT lies; an error for whatever is not wholly in it, and where it does not lie in
    /// two sectors of its own.
    fn in_whole_dct(&self, offset: usize, length: usize) -> Result<(Memory, u32), SessionError> {
        let base = whole_dct_address(self.identity.generation);
        let missing = SessionError::NoWholeDct { address: base };
        let internal = self.internal.clone().ok_or_else(|| missing.clone())?;
        let offered = internal.geometry.block();
        if offered < WHOLE_DCT_BLOCK {
            return Err(SessionError::TransferSize { offered, needed: WHOLE_DCT_BLOCK });
        }
        let map = internal.geometry.map();
        let at = |offset: usize| u32::try_from(offset).ok().and_then(|offset| base.checked_add(offset));
        let is_one =
            |sector: usize| at(sector).is_some_and(|address| map.is_sector(address, WHOLE_DCT_SECTOR));
        let is_open = map.all(base, WHOLE_DCT_LENGTH, |access| {
            access.readable() && access.erasable() && access.writable()
        });
        if !is_one(0) || !is_one(WHOLE_DCT_SECTOR) || !is_open {
            return Err(missing);
        }
        let end = offset.checked_add(length).filter(|end| *end <= WHOLE_DCT_LENGTH);
        let address = end.and_then(|_| at(offset)).ok_or(SessionError::OutsideWholeDct { offset, length })?;
        Ok((internal, address))
    }

    /// Makes the device leave DFU mode and restart. It is gone afterwards.
    pub fn leave(&mut self, deadline: Duration) -> Result<(), SessionError> {
        self.run(Leave::new(self.start), Start::Unknown, Limits::until(deadline))
    }

    fn read_passes<const PASSES: usize>(
        &mut self,
        address: u32,
        length: usize,
        limits: Limits,
    ) -> Result<[Buffer; PASSES], SessionError> {
        self.passes_of(&self.dct.clone(), address, length, limits)
    }

    fn passes_of<const PASSES: usize>(
        &mut self,
        memory: &Memory,
        address: u32,
        length: usize,
        limits: Limits,
    ) -> Result<[Buffer; PASSES], SessionError> {
        let passes = match self.try_read(memory, address, length, PASSES, limits) {
            Err(error) if error.is_worth_a_retry() => self.try_read(memory, address, length, PASSES, limits),
            result => result,
        }?;
        // An upload that ends well has made all its passes.
        <[_; PASSES]>::try_from(passes)
            .map_err(|_| SessionError::Dfu(DfuError::ShortRead { address, expected: length, got: 0 }))
    }

    fn try_read(
        &mut self,
        memory: &Memory,
        address: u32,
        length: usize,
        passes: usize,
        limits: Limits,
    ) -> Result<Vec<Buffer>, SessionError> {
        self.select(memory.setting)?;
        let upload =
            Upload::new(&memory.geometry, self.start, address, length, passes).map_err(SessionError::Dfu)?;
        self.run(upload, Start::IdleAt(address), limits)
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
            self.start = Start::Idle;
        }
    }
}
