//! Simulates the bootloader's DFU state machine on endpoint 0, with its quirks.
//!
//! Knows the requests of DFU 1.1 §3 and the DfuSe commands of AN3156 as redbear/firmware `usbd_dfu_core.c` handles
//! them. Knows nothing of time or the bus; [`Memory`] knows the addresses.

use super::Generation;
use super::memory::{Erasure, Memory, WriteFault};
use super::transfer::{Outcome, Request};

/// DFU 1.1 §6.1.2, `bState`.
pub mod state {
    #![allow(missing_docs)]
    pub const IDLE: u8 = 2;
    pub const DNLOAD_SYNC: u8 = 3;
    pub const DNBUSY: u8 = 4;
    pub const DNLOAD_IDLE: u8 = 5;
    pub const MANIFEST_SYNC: u8 = 6;
    pub const MANIFEST_WAIT_RESET: u8 = 8;
    pub const UPLOAD_IDLE: u8 = 9;
    pub const ERROR: u8 = 10;
    /// Not a DFU state: the firmware stores a status code (errSTALLEDPKT) here by mistake.
    pub const ILLEGAL: u8 = 15;
}

const DETACH: u8 = 0;
const DNLOAD: u8 = 1;
const UPLOAD: u8 = 2;
/// `bRequest` of GETSTATUS.
pub const GETSTATUS: u8 = 3;
const CLRSTATUS: u8 = 4;
const GETSTATE: u8 = 5;
const ABORT: u8 = 6;

const STATUS_OK: u8 = 0;
const STATUS_ERR_UNKNOWN: u8 = 14;

const COMMAND_GET: u8 = 0x00;
const COMMAND_SET_ADDRESS: u8 = 0x21;
const COMMAND_ERASE: u8 = 0x41;

/// `wTransferSize`, also the unit of block numbers.
pub const TRANSFER_SIZE: u32 = 4096;
/// The pointer when the bootloader starts.
const FIRST_POINTER: u32 = 0x0802_0000;

/// What a request causes outside the state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    None,
    /// Flash was written or erased.
    Programmed,
    /// The device answers nothing until it is restarted.
    Hang,
    /// The device will leave DFU mode in 500 ms.
    Leave,
    /// The device drops off the bus and returns, still in DFU mode.
    Detach,
}

/// The state machine's variables. No `Debug`: the buffer may hold a private key.
pub struct Core {
    generation: Generation,
    pub state: u8,
    pub status: u8,
    pub alt: u8,
    pub pointer: u32,
    /// `bwPollTimeout` as last set, in milliseconds.
    poll: u32,
    block: u16,
    /// Bytes waiting to be written at the next GETSTATUS.
    length: usize,
    /// The transfer buffer; it keeps the last download.
    buffer: Vec<u8>,
    /// Downloads longer than the 4096-byte buffer. In a real Duo they overwrite the memory after it.
    pub overruns: u64,
}

impl Core {
    pub fn new(generation: Generation) -> Self {
        Self {
            generation,
            state: state::IDLE,
            status: STATUS_OK,
            alt: 0,
            pointer: FIRST_POINTER,
            poll: 0,
            block: 0,
            length: 0,
            buffer: vec![0; TRANSFER_SIZE as usize],
            overruns: 0,
        }
    }

    /// SET_CONFIGURATION to another configuration: the state becomes idle, and nothing else changes; r5 and r6 even
    /// keep bStatus.
    pub fn configured(&mut self) {
        self.state = state::IDLE;
        if self.generation.clears_status() {
            self.status = STATUS_OK;
        }
    }

    /// A class request to interface 0. `fault` makes a flash write or an erasure fail, and is taken if there was one.
    pub fn class(
        &mut self,
        request: &Request,
        memory: &mut Memory,
        fault: &mut Option<WriteFault>,
    ) -> (Outcome, Effect) {
        match request.setup.request {
            DETACH => {
                self.abort();
                (Outcome::Done, Effect::Detach)
            }
            DNLOAD => (self.dnload(request), Effect::None),
            UPLOAD => (self.upload(request, memory), Effect::None),
            GETSTATUS => self.get_status(memory, fault),
            CLRSTATUS => (self.clear_status(), Effect::None),
            GETSTATE => (Outcome::Data(vec![self.state]), Effect::None),
            ABORT => {
                self.abort();
                (Outcome::Done, Effect::None)
            }
            _ => (Outcome::Stall, Effect::None),
        }
    }

    fn dnload(&mut self, request: &Request) -> Outcome {
        if !matches!(self.state, state::IDLE | state::DNLOAD_IDLE) {
            return Outcome::Stall;
        }
        if request.data.is_empty() {
            self.state = state::MANIFEST_SYNC;
            return Outcome::Done;
        }
        self.block = request.setup.value;
        self.length = request.data.len();
        if self.length > self.buffer.len() {
            // The firmware does not check, and overwrites the memory after its buffer. Here this is only counted.
            self.overruns += 1;
            self.buffer.resize(self.length, 0);
        }
        self.buffer[..self.length].copy_from_slice(request.data);
        self.state = state::DNLOAD_SYNC;
        Outcome::Done
    }

    fn upload(&mut self, request: &Request, memory: &mut Memory) -> Outcome {
        if request.length == 0 {
            self.state = state::IDLE;
            return Outcome::Data(Vec::new());
        }
        if !matches!(self.state, state::IDLE | state::UPLOAD_IDLE) {
            // Also discards a download that no GETSTATUS has carried out yet.
            self.length = 0;
            self.block = 0;
            return Outcome::Stall;
        }
        match request.setup.value {
            0 => {
                self.state = if request.length > 3 { state::IDLE } else { state::UPLOAD_IDLE };
                self.buffer[..3].copy_from_slice(&[COMMAND_GET, COMMAND_SET_ADDRESS, COMMAND_ERASE]);
                Outcome::Data(self.buffer[..3].to_vec())
            }
            1 => {
                self.state = state::ILLEGAL;
                Outcome::Stall
            }
            block => {
                self.state = state::UPLOAD_IDLE;
                let address = self.address(block);
                let length = usize::from(request.length);
                Outcome::Data(memory.read(self.alt, address, length).unwrap_or_else(|| self.stale(length)))
            }
        }
    }

    /// What a refused read returns: the buffer after the last download, or zeros with r6, which clears it.
    fn stale(&self, length: usize) -> Vec<u8> {
        if self.generation == Generation::R6 {
            return vec![0; length];
        }
        let mut bytes = self.buffer.clone();
        bytes.resize(length, 0);
        bytes
    }

    fn get_status(&mut self, memory: &mut Memory, fault: &mut Option<WriteFault>) -> (Outcome, Effect) {
        if self.generation.clears_poll_timeout() {
            self.poll = 0;
        }
        match self.state {
            state::DNLOAD_SYNC if self.length > 0 => {
                self.report_poll_timeout(memory);
                let reply = self.status_bytes(state::DNBUSY);
                // The answer is sent; the rest happens while the transfer completes.
                let done = self.carry_out(memory, fault);
                self.length = 0;
                self.block = 0;
                match done {
                    Ok(effect) => (Outcome::Data(reply), effect),
                    Err(()) => (Outcome::DataThenStall(reply), Effect::None),
                }
            }
            state::DNLOAD_SYNC => {
                self.state = state::DNLOAD_IDLE;
                (Outcome::Data(self.status_bytes(self.state)), Effect::None)
            }
            state::MANIFEST_SYNC => {
                self.state = state::MANIFEST_WAIT_RESET;
                (Outcome::Data(self.status_bytes(state::DNLOAD_IDLE)), Effect::Leave)
            }
            now => (Outcome::Data(self.status_bytes(now)), Effect::None),
        }
    }

    /// The poll time is for the pointer *before* the command is carried out. Outside the memory the last value stays.
    fn report_poll_timeout(&mut self, memory: &Memory) {
        let erase = self.block == 0 && self.buffer[0] == COMMAND_ERASE;
        if memory.has(self.alt, self.pointer) {
            self.poll = match self.alt {
                1 if erase => 500,
                1 => 1,
                _ => self.generation.poll_time_of_flash(),
            };
        }
    }

    fn carry_out(&mut self, memory: &mut Memory, fault: &mut Option<WriteFault>) -> Result<Effect, ()> {
        match self.block {
            0 => self.command(memory, fault),
            1 => Ok(Effect::None),
            block => {
                let address = self.address(block);
                memory
                    .write(self.alt, address, &self.buffer[..self.length], fault.take())
                    .map(|()| Effect::Programmed)
            }
        }
    }

    fn command(&mut self, memory: &mut Memory, fault: &mut Option<WriteFault>) -> Result<Effect, ()> {
        let target = || u32::from_le_bytes([self.buffer[1], self.buffer[2], self.buffer[3], self.buffer[4]]);
        match (self.buffer[0], self.length) {
            (COMMAND_GET, 1) => Ok(Effect::None),
            (COMMAND_SET_ADDRESS, 5) => {
                self.pointer = target();
                Ok(Effect::None)
            }
            (COMMAND_ERASE, 5) => {
                self.pointer = target();
                match memory.erase(self.alt, self.pointer, fault) {
                    Erasure::Done => Ok(Effect::Programmed),
                    Erasure::Refused => Err(()),
                    Erasure::Hangs => Ok(Effect::Hang),
                }
            }
            _ => Err(()),
        }
    }

    fn clear_status(&mut self) -> Outcome {
        if self.state == state::ERROR {
            self.state = state::IDLE;
            self.status = STATUS_OK;
        } else {
            self.state = state::ERROR;
            self.status = STATUS_ERR_UNKNOWN;
        }
        Outcome::Done
    }

    fn abort(&mut self) {
        use state::{DNLOAD_IDLE, DNLOAD_SYNC, IDLE, MANIFEST_SYNC, UPLOAD_IDLE};
        if matches!(self.state, IDLE | DNLOAD_SYNC | DNLOAD_IDLE | MANIFEST_SYNC | UPLOAD_IDLE) {
            self.state = IDLE;
            self.status = STATUS_OK;
            self.length = 0;
            self.block = 0;
        }
    }

    fn address(&self, block: u16) -> u32 {
        (u32::from(block) - 2).wrapping_mul(TRANSFER_SIZE).wrapping_add(self.pointer)
    }

    fn status_bytes(&self, state: u8) -> Vec<u8> {
        let [p0, p1, p2, _] = self.poll.to_le_bytes();
        vec![self.status, p0, p1, p2, state, 0]
    }
}
