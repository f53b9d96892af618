//! The defects.

use super::address::{self, Stuck};
use crate::simulator::duo::memory::WriteFault;
use crate::simulator::duo::transfer::Request;

/// Bytes of a flash write that have landed when the transfer in which it happens is cut: half a key's slot.
const HALF_A_SLOT: usize = 608;

/// How far the request gets in the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The fault comes first: the device never sees the request.
    Before,
    /// It comes in the middle: data for the device does not arrive whole and is dropped, and of a flash write
    /// one half has landed.
    In,
    /// The device has done what was asked, and only the answer is lost.
    After,
}

/// What is wrong with a descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lie {
    /// There is none: the request is refused.
    Missing,
    /// It has no bytes at all.
    Empty,
    /// A `bLength` of zero, so that a reader who follows it stays where it is: of the descriptor itself or, in
    /// a configuration, of the first one inside.
    Looping,
    /// It says that it is longer than it is: `bLength` 255, or `wTotalLength` 65535.
    TooLong,
    /// It says that it is shorter than it is: `bLength` 3, or `wTotalLength` 10.
    TooShort,
    /// These bytes are sent in its place.
    Bytes(Vec<u8>),
}

/// A defect. In brackets, what it is called in a [fault's name](super#the-name-of-a-fault); `BAMO` stands for
/// `before`, `in` or `after`, see [`Moment`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The endpoint stalls. [`stall-BAMO`]
    Stall(Moment),
    /// No answer; the host gives up. [`timeout-BAMO`]
    Timeout(Moment),
    /// The device drops off the bus, until it is plugged in again [`unplug-BAMO`] or, if `returns`, until it
    /// has restarted into its bootloader (where its firmware ran: into that) [`disconnect-BAMO`].
    Disconnect {
        /// How far the request got.
        moment: Moment,
        /// Whether it comes back by itself.
        returns: bool,
    },
    /// The device drops off the bus for some milliseconds and comes back under another address, what runs in it
    /// as it was. [`reenumerate-BAMO`]
    Reenumerate(Moment),
    /// Another Duo, with a device id and a key of its own, takes its place in the port; the next time, it is
    /// put back. [`swap-BAMO`]
    Swap(Moment),
    /// A bus error. [`protocol-BAMO`]
    Protocol(Moment),
    /// A device-to-host transfer is cut to so many bytes. [`short-read-N`]
    ShortRead(usize),
    /// A device-to-host transfer lacks its last so many bytes. [`short-by-N`]
    ShortBy(usize),
    /// A device-to-host transfer brings more than was asked for. [`babble`]
    Babble,
    /// UPLOAD returns zeros. [`read-zeros`]
    ReadZeros,
    /// UPLOAD returns 0xFF. [`read-ones`]
    ReadOnes,
    /// UPLOAD returns data with one bit, counted from the first byte's lowest, inverted (modulo its length).
    /// [`read-flipped-N`]
    ReadFlipped(usize),
    /// UPLOAD returns different noise in every transfer. [`read-unstable`]
    ReadUnstable,
    /// A flash write fails; the device stalls the GETSTATUS that carries it out, then says OK. Of an erasure, the
    /// device answers nothing any more, until it is started anew. [`write-fails`]
    WriteFails,
    /// A flash write changes nothing, and nothing tells. [`write-silent`]
    WriteSilent,
    /// Only the first so many bytes of a flash write arrive, and nothing tells. [`write-half-N`]
    WriteHalf(usize),
    /// The power goes when so many bytes of a flash write have landed: off the bus, then back in the
    /// bootloader. With 0 the old bytes are there, with all of them the new ones. [`power-cut-N`]
    PowerCut(usize),
    /// A SET ADDRESS, or an ERASE, is acknowledged and ignored: the pointer stays where it is. [`address-silent`]
    AddressSilent,
    /// It is taken with one bit of its address inverted, counted from the lowest. [`address-once-wrong=BIT`]
    AddressOnceWrong(u8),
    /// It is taken with this, and so is every one from there on. [`address-stuck=BIT`, or `=0xADDRESS` with eight
    /// digits]
    AddressStuck(Stuck),
    /// The DFU state is this when the request arrives, as something else has left it. [`state-N`]
    State(u8),
    /// GETSTATUS says dfuDNBUSY, and nothing moves. [`busy`]
    Busy,
    /// GETSTATUS reports this `bwPollTimeout`, in milliseconds (24 bits). [`poll-timeout-N`]
    PollTimeout(u32),
    /// The configuration descriptor reports this `wTransferSize`. [`transfer-size-N`]
    TransferSize(u16),
    /// A descriptor is not what it should be. [`descriptor-KIND.INDEX-LIE`, with the lie `missing`, `empty`,
    /// `looping`, `too-long`, `too-short` or the bytes in hexadecimal]
    Descriptor {
        /// `bDescriptorType`.
        kind: u8,
        /// Index, for strings.
        index: u8,
        /// What is wrong with it.
        lie: Lie,
    },
    /// An alternate setting has this name, which holds its memory map. [`alt-name-ALT=TEXT`, the text
    /// percent-encoded]
    AltName {
        /// The alternate setting.
        alt: u8,
        /// Its name.
        text: String,
    },
    /// Another serial number. [`serial=TEXT`, percent-encoded]
    Serial(String),
    /// A second Duo with the same device id, and another key, is plugged in. It stays. [`twin`]
    Twin,
    /// The operating system refuses to open the device. [`denied`]
    Denied,
    /// Another program holds its interface. [`taken`]
    Taken,
    /// The DNLOAD without data that asks it to leave is refused. [`leave-stalls`]
    LeaveStalls,
    /// It agrees to leave and stays. [`leave-hangs`]
    LeaveHangs,
    /// It drops off the bus when it is asked to leave, and does not start. [`leave-vanishes`]
    LeaveVanishes,
}

impl Kind {
    /// How far the request gets, of a kind that breaks the transfer off.
    pub(in crate::simulator) fn moment(&self) -> Option<Moment> {
        match self {
            Self::Stall(moment)
            | Self::Timeout(moment)
            | Self::Protocol(moment)
            | Self::Reenumerate(moment)
            | Self::Swap(moment)
            | Self::Disconnect { moment, .. } => Some(*moment),
            Self::LeaveStalls => Some(Moment::Before),
            Self::LeaveVanishes => Some(Moment::After),
            _ => None,
        }
    }

    /// The way in which the next flash write is spoilt.
    pub(in crate::simulator) fn write_fault(&self) -> Option<WriteFault> {
        match self {
            Self::WriteFails => Some(WriteFault::Fails),
            Self::WriteSilent => Some(WriteFault::Silent),
            Self::WriteHalf(bytes) | Self::PowerCut(bytes) => Some(WriteFault::Half(*bytes)),
            _ if self.moment() == Some(Moment::In) => Some(WriteFault::Half(HALF_A_SLOT)),
            _ => None,
        }
    }

    /// What the device takes a SET ADDRESS or an ERASE for, while its pointer stands at `pointer`.
    pub(in crate::simulator) fn command_taken(&self, command: &[u8], pointer: u32) -> Option<Vec<u8>> {
        match self {
            Self::AddressSilent => Some(address::without_effect(pointer)),
            Self::AddressOnceWrong(bit) => Some(address::taken_for(command, Stuck::Bit(*bit))),
            Self::AddressStuck(stuck) => Some(address::taken_for(command, *stuck)),
            _ => None,
        }
    }

    /// True for what lasts once it has begun, whether or not it is armed for one time.
    pub fn lasts(&self) -> bool {
        matches!(self, Self::AddressStuck(_))
    }

    /// True for what concerns no transfer, but the device as the bus and the operating system show it.
    pub(super) fn is_of_the_bus(&self) -> bool {
        matches!(self, Self::Twin | Self::Denied | Self::Taken)
    }

    /// Whether it can act on this request.
    pub fn concerns(&self, request: &Request) -> bool {
        let setup = &request.setup;
        let dfu_in = |number| setup.request_type == 0xa1 && setup.request == number;
        let descriptor = |kind, index| {
            setup.request_type == 0x80 && setup.request == 6 && setup.value.to_be_bytes() == [kind, index]
        };
        match self {
            Self::Stall(_)
            | Self::Timeout(_)
            | Self::Disconnect { .. }
            | Self::Reenumerate(_)
            | Self::Swap(_)
            | Self::Protocol(_) => true,
            Self::Twin | Self::Denied | Self::Taken => false,
            Self::State(_) => request.is_class(),
            Self::ShortRead(_) | Self::ShortBy(_) | Self::Babble => setup.request_type & 0x80 != 0,
            Self::ReadZeros | Self::ReadOnes | Self::ReadFlipped(_) | Self::ReadUnstable => {
                dfu_in(2) && setup.value >= 2
            }
            Self::WriteFails
            | Self::WriteSilent
            | Self::WriteHalf(_)
            | Self::PowerCut(_)
            | Self::Busy
            | Self::PollTimeout(_) => dfu_in(3),
            // The commands with an address are of five bytes, and no others.
            Self::AddressSilent | Self::AddressOnceWrong(_) | Self::AddressStuck(_) => {
                (setup.request_type, setup.request, setup.value, request.length) == (0x21, 1, 0, 5)
            }
            Self::LeaveStalls | Self::LeaveHangs | Self::LeaveVanishes => {
                setup.request_type == 0x21 && setup.request == 1 && request.length == 0
            }
            Self::TransferSize(_) => descriptor(2, 0),
            Self::Descriptor { kind, index, .. } => descriptor(*kind, *index),
            Self::AltName { alt, .. } => descriptor(3, alt.saturating_add(super::alter::FIRST_ALT_NAME)),
            Self::Serial(_) => descriptor(3, 3),
        }
    }
}
