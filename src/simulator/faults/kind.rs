//! Defines the kinds of defects.

use std::fmt;

use crate::simulator::duo::memory::WriteFault;
use crate::simulator::duo::transfer::Request;

/// Bytes of a flash write that are written when its transfer is interrupted: half a key's slot.
const HALF_A_SLOT: usize = 608;

/// How far the request gets in the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The fault comes first: the device never receives the request.
    Before,
    /// It comes in the middle: data for the device arrives incomplete and is dropped, and half of a flash write is
    /// done.
    In,
    /// The device has carried out the request; only the answer is lost.
    After,
}

/// What is wrong with a descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lie {
    /// There is none: the request is refused.
    Missing,
    /// It has no bytes at all.
    Empty,
    /// A `bLength` of zero, so that a reader who follows it does not move forward. It is in the descriptor itself or,
    /// in a configuration, in the first one inside.
    Looping,
    /// It claims to be longer than it is: `bLength` 255, or `wTotalLength` 65535.
    TooLong,
    /// It claims to be shorter than it is: `bLength` 3, or `wTotalLength` 10.
    TooShort,
    /// These bytes are sent instead.
    Bytes(Vec<u8>),
}

/// How a pointer is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stuck {
    /// One bit of the address, counted from the lowest, is inverted.
    Bit(u8),
    /// The address always has this value.
    At(u32),
}

impl Stuck {
    fn of(self, address: u32) -> u32 {
        match self {
            Self::Bit(bit) => address ^ (1_u32 << (bit % 32)),
            Self::At(address) => address,
        }
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bit(bit) => write!(f, "{bit}"),
            Self::At(address) => write!(f, "{address:#010x}"),
        }
    }
}

/// A defect. The brackets hold its part of a [fault's name](super#the-name-of-a-fault); `BAMO` stands for `before`,
/// `in` or `after`, see [`Moment`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The endpoint stalls. [`stall-BAMO`]
    Stall(Moment),
    /// No answer; the host gives up. [`timeout-BAMO`]
    Timeout(Moment),
    /// The device drops off the bus, until it is plugged in again [`unplug-BAMO`] or, if `returns`, until it has
    /// restarted into its bootloader or, if its firmware ran, into that [`disconnect-BAMO`].
    Disconnect {
        /// How far the request got.
        moment: Moment,
        /// Whether it comes back by itself.
        returns: bool,
    },
    /// The device drops off the bus for some milliseconds and comes back under another address; its software does not
    /// restart. [`reenumerate-BAMO`]
    Reenumerate(Moment),
    /// Another Duo, with its own device id and key, takes its place in the port; the next time, the first one is put
    /// back. [`swap-BAMO`]
    Swap(Moment),
    /// A bus error. [`protocol-BAMO`]
    Protocol(Moment),
    /// A device-to-host transfer is cut to N bytes. [`short-read-N`]
    ShortRead(usize),
    /// A device-to-host transfer lacks its last N bytes. [`short-by-N`]
    ShortBy(usize),
    /// A device-to-host transfer returns more than was asked for. [`babble`]
    Babble,
    /// UPLOAD returns zeros. [`read-zeros`]
    ReadZeros,
    /// UPLOAD returns 0xFF. [`read-ones`]
    ReadOnes,
    /// UPLOAD returns data with one bit inverted, counted from the first byte's lowest (modulo its length).
    /// [`read-flipped-N`]
    ReadFlipped(usize),
    /// UPLOAD returns different noise in every transfer. [`read-unstable`]
    ReadUnstable,
    /// A flash write fails; the device stalls the GETSTATUS that carries it out, then reports OK. If an erasure fails,
    /// the device answers nothing until it is restarted. [`write-fails`]
    WriteFails,
    /// A flash write changes nothing, and nothing shows it. [`write-silent`]
    WriteSilent,
    /// Only the first N bytes of a flash write are written, and nothing shows it. [`write-half-N`]
    WriteHalf(usize),
    /// The power fails after N bytes of a flash write: the device drops off the bus and comes back in the bootloader.
    /// With 0 the old bytes are there, with all of them the new ones. [`power-cut-N`]
    PowerCut(usize),
    /// A SET ADDRESS, or an ERASE, is acknowledged and ignored: the pointer stays where it is. [`address-silent`]
    AddressSilent,
    /// It is carried out with one bit of its address inverted, counted from the lowest. [`address-once-wrong=BIT`]
    AddressOnceWrong(u8),
    /// It is carried out with this wrong address, and so is every later one. [`address-stuck=BIT`, or `=0xADDRESS` with
    /// eight digits]
    AddressStuck(Stuck),
    /// The DFU state is this when the request arrives, as if another program had left it so. [`state-N`]
    State(u8),
    /// GETSTATUS reports dfuDNBUSY, and nothing is carried out. [`busy`]
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
    /// A second Duo with the same device id and another key is plugged in. It stays. [`twin`]
    Twin,
    /// The operating system refuses to open the device. [`denied`]
    Denied,
    /// Another program has claimed its interface. [`taken`]
    Taken,
    /// The DNLOAD without data that asks it to leave is refused. [`leave-stalls`]
    LeaveStalls,
    /// It confirms the leave but stays. [`leave-hangs`]
    LeaveHangs,
    /// It drops off the bus when it is asked to leave, but does not start. [`leave-vanishes`]
    LeaveVanishes,
}

impl Kind {
    /// How far the request gets, if this kind interrupts the transfer.
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

    pub(in crate::simulator) fn write_fault(&self) -> Option<WriteFault> {
        match self {
            Self::WriteFails => Some(WriteFault::Fails),
            Self::WriteSilent => Some(WriteFault::Silent),
            Self::WriteHalf(bytes) | Self::PowerCut(bytes) => Some(WriteFault::Half(*bytes)),
            _ if self.moment() == Some(Moment::In) => Some(WriteFault::Half(HALF_A_SLOT)),
            _ => None,
        }
    }

    /// The command that the device carries out instead of a SET ADDRESS or an ERASE; its pointer is now `pointer`.
    pub(in crate::simulator) fn command_taken(&self, command: &[u8], pointer: u32) -> Option<Vec<u8>> {
        match self {
            // Sets the pointer to its current value (AN3156, "Set Address Pointer").
            Self::AddressSilent => Some([&[0x21][..], &pointer.to_le_bytes()].concat()),
            Self::AddressOnceWrong(bit) => Some(taken_for(command, Stuck::Bit(*bit))),
            Self::AddressStuck(stuck) => Some(taken_for(command, *stuck)),
            _ => None,
        }
    }

    /// True for a kind that lasts after it has begun, even if it is armed for one time.
    pub fn lasts(&self) -> bool {
        matches!(self, Self::AddressStuck(_))
    }

    /// True for a kind that does not act on a transfer, but on how the bus and the operating system show the device.
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
            Self::LeaveStalls | Self::LeaveHangs | Self::LeaveVanishes => {
                setup.request_type == 0x21 && setup.request == 1 && request.length == 0
            }
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
            // Only the commands with an address have five bytes.
            Self::AddressSilent | Self::AddressOnceWrong(_) | Self::AddressStuck(_) => {
                (setup.request_type, setup.request, setup.value, request.length) == (0x21, 1, 0, 5)
            }
            Self::TransferSize(_) => descriptor(2, 0),
            Self::Descriptor { kind, index, .. } => descriptor(*kind, *index),
            Self::AltName { alt, .. } => descriptor(3, alt.saturating_add(super::alter::FIRST_ALT_NAME)),
            Self::Serial(_) => descriptor(3, 3),
        }
    }
}

/// The command that the device carries out instead of `command`, which is SET ADDRESS or ERASE.
fn taken_for(command: &[u8], stuck: Stuck) -> Vec<u8> {
    let [code, address @ ..] = command else { return Vec::new() };
    let Ok(address) = <[u8; 4]>::try_from(address) else { return command.to_vec() };
    [&[*code][..], &stuck.of(u32::from_le_bytes(address)).to_le_bytes()].concat()
}
