//! What goes wrong with a Duo, and when.
//!
//! A [`Fault`] is a [`Kind`] armed for the n-th control transfer that the plan counts, once or from there
//! on. Kinds that concern one sort of request wait for the next of that sort: a spoilt read armed for the
//! third transfer acts on the first UPLOAD from the third transfer on. The same plan therefore runs through
//! every position of any exchange: count the transfers of a clean run, then arm each kind at each of them.
//!
//! This module decides what is spoilt and rewrites replies. The [`Duo`](super::Duo) carries out the rest.

use super::duo::memory::WriteFault;
use super::duo::transfer::{Outcome, Request};

/// Whether the request takes effect in the device all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The fault comes first: the device never sees the request.
    Before,
    /// The device has done what was asked, and only the answer is lost.
    After,
}

/// A defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The endpoint stalls.
    Stall(Moment),
    /// No answer; the host gives up.
    Timeout(Moment),
    /// The device drops off the bus, until it is plugged in again or, if `returns`, until it has restarted
    /// into its bootloader.
    Disconnect {
        /// Before or after the request took effect.
        moment: Moment,
        /// Whether it comes back by itself.
        returns: bool,
    },
    /// A bus error.
    Protocol(Moment),
    /// A device-to-host transfer is cut to so many bytes.
    ShortRead(usize),
    /// A device-to-host transfer brings more than was asked for.
    Babble,
    /// UPLOAD returns zeros.
    ReadZeros,
    /// UPLOAD returns 0xFF.
    ReadOnes,
    /// UPLOAD returns data with one bit, counted from the first byte's lowest, inverted (modulo its length).
    ReadFlipped(usize),
    /// UPLOAD returns different noise in every transfer.
    ReadUnstable,
    /// A flash write fails; the device stalls the GETSTATUS that carries it out, then says OK.
    WriteFails,
    /// A flash write changes nothing, and nothing tells.
    WriteSilent,
    /// Only the first so many bytes of a flash write arrive, and nothing tells.
    WriteHalf(usize),
    /// The DFU state is this when the request arrives, as something else has left it.
    State(u8),
    /// GETSTATUS says dfuDNBUSY, and nothing moves.
    Busy,
    /// GETSTATUS reports this `bwPollTimeout`, in milliseconds (24 bits).
    PollTimeout(u32),
    /// The configuration descriptor reports this `wTransferSize`.
    TransferSize(u16),
    /// A descriptor is replaced.
    Descriptor {
        /// `bDescriptorType`.
        kind: u8,
        /// Index, for strings.
        index: u8,
        /// What is sent in its place.
        bytes: Vec<u8>,
    },
    /// Another serial number.
    Serial(String),
}

impl Kind {
    /// One or more of every kind that concerns DFU requests, for tests that try them all.
    pub fn catalogue() -> Vec<Self> {
        let mut kinds = Vec::new();
        for moment in [Moment::Before, Moment::After] {
            kinds.extend([Self::Stall(moment), Self::Timeout(moment), Self::Protocol(moment)]);
            kinds.extend([true, false].map(|returns| Self::Disconnect { moment, returns }));
        }
        kinds.extend([0, 1, 5].map(Self::ShortRead));
        kinds.extend([Self::Babble, Self::ReadZeros, Self::ReadOnes, Self::ReadUnstable]);
        kinds.extend([0, 4321].map(Self::ReadFlipped));
        kinds.extend([Self::WriteFails, Self::WriteSilent, Self::WriteHalf(1), Self::WriteHalf(600)]);
        kinds.extend((0..=15).map(Self::State));
        kinds.extend([Self::Busy, Self::PollTimeout(0), Self::PollTimeout(0x00ff_ffff)]);
        kinds
    }
}

/// Which control transfers a fault counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// DFU requests only.
    Class,
    /// All of them, those of the enumeration too.
    All,
}

/// A defect and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// From which transfer, counted from 1 since the fault was armed.
    pub nth: u32,
    /// Which transfers count.
    pub counting: Counting,
    /// Only once, or every time from there on.
    pub once: bool,
}

impl Fault {
    /// `kind` at the `nth` DFU request, once.
    pub fn once(kind: Kind, nth: u32) -> Self {
        Self { kind, nth, counting: Counting::Class, once: true }
    }

    /// `kind` from the `nth` DFU request on.
    pub fn from(kind: Kind, nth: u32) -> Self {
        Self { kind, nth, counting: Counting::Class, once: false }
    }

    /// `kind` for every transfer, enumeration included.
    pub fn always(kind: Kind) -> Self {
        Self { kind, nth: 1, counting: Counting::All, once: false }
    }
}

/// Whether the host may use the device at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// As usual.
    #[default]
    Granted,
    /// The operating system refuses to open it.
    Denied,
    /// Another program holds its interface.
    Busy,
}

/// The faults of one Duo.
#[derive(Debug, Default)]
pub struct Faults {
    armed: Vec<Armed>,
    access: Access,
    noise: u64,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u32,
    acted: u32,
}

impl Faults {
    /// Arms a fault. Where several concern one transfer, the one armed first acts.
    pub fn arm(&mut self, fault: Fault) {
        self.armed.push(Armed { fault, seen: 0, acted: 0 });
    }

    /// Disarms all, and grants access.
    pub fn clear(&mut self) {
        *self = Self { noise: self.noise, ..Self::default() };
    }

    /// How often an armed fault has acted.
    pub fn acted(&self) -> u32 {
        self.armed.iter().map(|a| a.acted).sum()
    }

    /// Sets whether the device may be opened.
    pub fn set_access(&mut self, access: Access) {
        self.access = access;
    }

    /// Whether the device may be opened.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Counts a transfer and says which armed fault concerns it, if any.
    pub(super) fn next(&mut self, request: &Request) -> Option<Due> {
        let mut due = None;
        for (index, armed) in self.armed.iter_mut().enumerate() {
            if armed.fault.counting == Counting::Class && !request.is_class() {
                continue;
            }
            armed.seen = armed.seen.saturating_add(1);
            let spent = armed.fault.once && armed.acted > 0;
            if due.is_none()
                && !spent
                && armed.seen >= armed.fault.nth
                && concerns(&armed.fault.kind, request)
            {
                due = Some(Due { index, kind: armed.fault.kind.clone() });
            }
        }
        due
    }

    /// Notes that a fault acted.
    pub(super) fn acted_on(&mut self, due: &Due) {
        if let Some(armed) = self.armed.get_mut(due.index) {
            armed.acted = armed.acted.saturating_add(1);
        }
    }

    /// What becomes of a reply.
    pub(super) fn alter(&mut self, kind: &Kind, request: &Request, outcome: Outcome) -> Outcome {
        let Outcome::Data(mut bytes) = outcome else { return outcome };
        match kind {
            Kind::ShortRead(keep) => bytes.truncate(*keep),
            Kind::Babble => bytes.resize(usize::from(request.length) + 64, 0xbb),
            Kind::ReadZeros => bytes.fill(0),
            Kind::ReadOnes => bytes.fill(0xff),
            Kind::ReadFlipped(bit) => {
                let length = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(bit / 8 % length) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Kind::ReadUnstable => bytes.iter_mut().for_each(|b| *b ^= self.noise()),
            Kind::PollTimeout(ms) if bytes.len() == 6 => {
                bytes[1..4].copy_from_slice(&ms.to_le_bytes()[..3]);
            }
            Kind::TransferSize(size) => set_transfer_size(&mut bytes, *size),
            Kind::Descriptor { bytes: replacement, .. } => {
                bytes.clone_from(replacement);
                bytes.truncate(request.length.into());
            }
            Kind::Serial(text) => {
                bytes = super::duo::descriptors::string(text);
                bytes.truncate(request.length.into());
            }
            _ => {}
        }
        Outcome::Data(bytes)
    }

    fn noise(&mut self) -> u8 {
        self.noise =
            self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.noise.to_le_bytes()[7]
    }
}

/// An armed fault whose time has come.
#[derive(Debug)]
pub(super) struct Due {
    index: usize,
    pub kind: Kind,
}

impl Kind {
    /// The way in which the next flash write is spoilt.
    pub(super) fn write_fault(&self) -> Option<WriteFault> {
        match self {
            Self::WriteFails => Some(WriteFault::Fails),
            Self::WriteSilent => Some(WriteFault::Silent),
            Self::WriteHalf(bytes) => Some(WriteFault::Half(*bytes)),
            _ => None,
        }
    }
}

fn concerns(kind: &Kind, request: &Request) -> bool {
    let setup = &request.setup;
    let dfu_in = |number| setup.request_type == 0xa1 && setup.request == number;
    let descriptor = |kind, index| {
        setup.request_type == 0x80 && setup.request == 6 && setup.value.to_be_bytes() == [kind, index]
    };
    match kind {
        Kind::Stall(_) | Kind::Timeout(_) | Kind::Disconnect { .. } | Kind::Protocol(_) => true,
        Kind::State(_) => request.is_class(),
        Kind::ShortRead(_) | Kind::Babble => setup.request_type & 0x80 != 0,
        Kind::ReadZeros | Kind::ReadOnes | Kind::ReadFlipped(_) | Kind::ReadUnstable => {
            dfu_in(2) && setup.value >= 2
        }
        Kind::WriteFails | Kind::WriteSilent | Kind::WriteHalf(_) | Kind::Busy | Kind::PollTimeout(_) => {
            dfu_in(3)
        }
        Kind::TransferSize(_) => descriptor(2, 0),
        Kind::Descriptor { kind, index, .. } => descriptor(*kind, *index),
        Kind::Serial(_) => descriptor(3, 3),
    }
}

/// Finds the DFU functional descriptor in a configuration descriptor, which may be cut short.
fn set_transfer_size(configuration: &mut [u8], size: u16) {
    let mut at = 0;
    while let Some(&length) = configuration.get(at)
        && length >= 2
    {
        if configuration.get(at + 1) == Some(&0x21)
            && let Some(field) = configuration.get_mut(at + 5..at + 7)
        {
            field.copy_from_slice(&size.to_le_bytes());
        }
        at += usize::from(length);
    }
}
