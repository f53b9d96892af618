//! A small DFU device to test a host against, written from redbear/firmware `usbd_dfu_core.c`,
//! `usbd_dfu_mal.c` and `usbd_dct_if.c`, with numbers of its own: it shares nothing with the code under
//! test, so that a wrong number cannot agree with itself.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;

/// What a request gets instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Stall,
    Timeout,
    Gone,
    Noise,
}

/// What the device does with an address that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointing {
    Right,
    /// It is acknowledged and ignored.
    Unmoved,
    /// One bit of it is inverted.
    BitWrong(u8),
    /// The pointer is always set to this place.
    At(u32),
}

impl Pointing {
    fn of(self, address: u32, pointer: u32) -> u32 {
        match self {
            Self::Right => address,
            Self::Unmoved => pointer,
            Self::BitWrong(bit) => address ^ 1 << bit,
            Self::At(stuck) => stuck,
        }
    }
}

/// The start of the internal flash. The mock has this much of it: the bootloader's two sectors of 16 KiB, the DCT's
/// two, and the 64 KiB after them.
pub const INTERNAL_BASE: u32 = 0x0800_0000;
const INTERNAL_SIZE: u32 = 0x2_0000;
const SECTOR: usize = 0x4000;

#[allow(clippy::struct_excessive_bools, reason = "each switches one fault, by itself")]
pub struct MockDuo {
    pub state: u8,
    pub pointer: u32,
    /// The alternate setting: 0 is the internal flash, all others are the DCT.
    pub alt: u8,
    /// The DCT.
    pub memory: Vec<u8>,
    pub internal: Vec<u8>,
    /// What happens to addresses from the n-th on, counted from 0.
    pub pointing: (usize, Pointing),
    /// How many addresses it got.
    pub pointed: usize,
    /// `(bRequest, wValue, wLength)` of each class request.
    pub log: Vec<(u8, u16, usize)>,
    /// Poll time reported in every answer, milliseconds.
    pub poll: u32,
    /// Trouble with the n-th class request, from 0.
    pub trouble: BTreeMap<usize, Trouble>,
    /// Whether the request in trouble is carried out although its answer is lost.
    pub carried_out: bool,
    pub writes_fail: bool,
    pub addresses_refused: bool,
    pub getstate_stalls: bool,
    pub short_reads: bool,
    /// How many extra answers say dfuDNBUSY, after the one with which the command is carried out.
    pub busy: u32,
    /// It never carries a command out: `DFU_GETSTATUS` says dfuDNLOAD-SYNC.
    pub idles: bool,
    /// How often memory was written.
    pub written: u32,
    pub leaving: bool,
    pub gone: bool,
    /// A block that was received, before the first question about its status.
    pub pending: Option<(u16, Vec<u8>)>,
}

impl MockDuo {
    pub fn new() -> Self {
        Self {
            state: 2,
            pointer: 0x0802_0000,
            alt: 1,
            memory: (0..0x4000u32).map(|n| (n % 251) as u8).collect(),
            internal: internal_flash(),
            pointing: (0, Pointing::Right),
            pointed: 0,
            log: Vec::new(),
            poll: 0,
            trouble: BTreeMap::new(),
            carried_out: false,
            writes_fail: false,
            addresses_refused: false,
            getstate_stalls: false,
            short_reads: false,
            busy: 0,
            idles: false,
            written: 0,
            leaving: false,
            gone: false,
            pending: None,
        }
    }

    /// A device in this state, with the cause of the state: in dfuDNLOAD-SYNC a block of 0x5A is pending at address 0.
    pub fn in_state(state: u8) -> Self {
        let pending = (state == 3).then(|| (2, vec![0x5A; 16]));
        Self { state, pending, pointer: 0, ..Self::new() }
    }

    /// The numbers of the class requests that were sent.
    pub fn requests(&self) -> Vec<u8> {
        self.log.iter().map(|&(request, ..)| request).collect()
    }

    /// How often a class request was sent.
    pub fn count(&self, request: u8) -> usize {
        self.log.iter().filter(|r| r.0 == request).count()
    }

    pub fn control_out(&mut self, request: u8, value: u16, data: &[u8]) -> Result<(), Trouble> {
        let trouble = self.arrive(request, value, data.len())?;
        let result = match request {
            1 => self.dnload(value, data),
            4 => {
                self.state = if self.state == 10 { 2 } else { 10 };
                Ok(())
            }
            6 => {
                if matches!(self.state, 2 | 3 | 5 | 6 | 9) {
                    self.state = 2;
                    self.pending = None;
                }
                Ok(())
            }
            _ => Err(Trouble::Stall),
        };
        trouble.map_or(result, Err)
    }

    pub fn control_in(&mut self, request: u8, value: u16, length: usize) -> Result<Vec<u8>, Trouble> {
        let trouble = self.arrive(request, value, length)?;
        let result = match request {
            2 => self.upload(value, length),
            3 => self.getstatus(),
            5 if self.getstate_stalls => Err(Trouble::Stall),
            5 => Ok(vec![self.state]),
            _ => Err(Trouble::Stall),
        };
        trouble.map_or(result, Err)
    }

    fn arrive(&mut self, request: u8, value: u16, length: usize) -> Result<Option<Trouble>, Trouble> {
        let trouble = self.trouble.get(&self.log.len()).copied();
        self.log.push((request, value, length));
        self.gone |= trouble == Some(Trouble::Gone);
        if self.gone {
            return Err(Trouble::Gone);
        }
        match trouble {
            Some(trouble) if !self.carried_out => Err(trouble),
            trouble => Ok(trouble),
        }
    }

    fn dnload(&mut self, block: u16, data: &[u8]) -> Result<(), Trouble> {
        if !matches!(self.state, 2 | 5) {
            return Err(Trouble::Stall);
        }
        if data.is_empty() {
            self.state = 6;
        } else {
            self.pending = Some((block, data.to_vec()));
            self.state = 3;
        }
        Ok(())
    }

    fn upload(&mut self, block: u16, length: usize) -> Result<Vec<u8>, Trouble> {
        if !matches!(self.state, 2 | 9) {
            self.pending = None;
            return Err(Trouble::Stall);
        }
        if block == 1 {
            self.state = 15;
            return Err(Trouble::Stall);
        }
        if block == 0 {
            self.state = 2;
            return Ok(vec![0x00, 0x21, 0x41]);
        }
        self.state = 9;
        let (flash, start) = self.place(block);
        let cell = |at: usize| start.and_then(|start| flash.get(start + at)).copied().unwrap_or(0);
        let mut bytes: Vec<u8> = (0..length).map(cell).collect();
        if self.short_reads {
            bytes.pop();
        }
        Ok(bytes)
    }

    fn getstatus(&mut self) -> Result<Vec<u8>, Trouble> {
        let answer = match self.state {
            3 if self.idles => 3,
            3 | 4 => {
                if let Some((block, data)) = self.pending.take() {
                    self.state = 3;
                    self.carry_out(block, &data)?;
                    4
                } else if self.busy > 0 {
                    self.busy -= 1;
                    4
                } else {
                    self.state = 5;
                    5
                }
            }
            6 => {
                self.state = 8;
                self.leaving = true;
                5
            }
            other => other,
        };
        let status = if answer == 10 { 14 } else { 0 };
        let [low, middle, high, _] = self.poll.to_le_bytes();
        Ok(vec![status, low, middle, high, answer, 0])
    }

    fn carry_out(&mut self, block: u16, data: &[u8]) -> Result<(), Trouble> {
        match (block, data) {
            (0, [command @ (0x21 | 0x41), address @ ..]) if address.len() == 4 && !self.addresses_refused => {
                let address = u32::from_le_bytes(address.try_into().unwrap());
                let (from, pointing) = self.pointing;
                let pointing = if self.pointed < from { Pointing::Right } else { pointing };
                self.pointed += 1;
                self.pointer = pointing.of(address, self.pointer);
                if *command == 0x41 && pointing != Pointing::Unmoved {
                    self.erase();
                }
                Ok(())
            }
            (0, _) => Err(Trouble::Stall),
            (1, _) => Ok(()),
            _ if self.writes_fail => Err(Trouble::Stall),
            (block, data) => {
                let (flash, start) = self.place(block);
                let start = start.filter(|start| start + data.len() <= flash.len()).ok_or(Trouble::Stall)?;
                let is_dct = self.alt != 0;
                let flash = if is_dct { &mut self.memory } else { &mut self.internal };
                for (cell, byte) in flash[start..].iter_mut().zip(data) {
                    // The bootloader rewrites the DCT; in other flash a write can only clear bits.
                    *cell = if is_dct { *byte } else { *cell & byte };
                }
                self.written += 1;
                Ok(())
            }
        }
    }

    /// The selected flash, and the offset of a block in it.
    fn place(&self, block: u16) -> (&[u8], Option<usize>) {
        let address = self.pointer.wrapping_add((u32::from(block) - 2) * 4096);
        if self.alt == 0 {
            (&self.internal, address.checked_sub(INTERNAL_BASE).map(|start| start as usize))
        } else {
            (&self.memory, Some(address as usize))
        }
    }

    /// Erases the sector of the internal flash that the pointer is in; the mock's first four sectors are alike.
    fn erase(&mut self) {
        let (flash, start) = self.place(2);
        let Some(start) = start.filter(|start| self.alt == 0 && *start < flash.len()) else { return };
        let (from, size) =
            if start < 4 * SECTOR { (start / SECTOR * SECTOR, SECTOR) } else { (0x1_0000, 0x1_0000) };
        self.internal[from..from + size].fill(0xFF);
        self.written += 1;
    }
}

/// The bootloader (it starts with the end of the RAM and its entry point, RM0033), then numbers without a pattern.
fn internal_flash() -> Vec<u8> {
    let mut flash: Vec<u8> =
        (0..INTERNAL_SIZE).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    flash[..4].copy_from_slice(&0x2002_0000_u32.to_le_bytes());
    flash[4..8].copy_from_slice(&0x0800_0189_u32.to_le_bytes());
    flash
}
