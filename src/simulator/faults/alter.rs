//! Changes replies.

use super::{Kind, Lie};
use crate::simulator::duo::descriptors;
use crate::simulator::duo::transfer::{Outcome, Request};

/// The string index of the first alternate setting's name.
pub(super) const FIRST_ALT_NAME: u8 = 6;

const CONFIGURATION: u8 = 2;
/// Bytes of a configuration descriptor without the descriptors inside it.
const CONFIGURATION_HEAD: usize = 9;
const DFU_FUNCTIONAL: u8 = 0x21;

/// Noise that is the same in every run.
#[derive(Debug, Default)]
pub(super) struct Noise(u64);

impl Noise {
    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.to_le_bytes()[7]
    }
}

/// The answer that is sent instead of `outcome`.
pub(super) fn alter(kind: &Kind, request: &Request, outcome: Outcome, noise: &mut Noise) -> Outcome {
    let length = usize::from(request.length);
    let replaced = match kind {
        Kind::Descriptor { lie: Lie::Missing, .. } => return Outcome::Stall,
        Kind::Descriptor { lie: Lie::Bytes(bytes), .. } => Some(bytes.clone()),
        Kind::AltName { text, .. } | Kind::Serial(text) => Some(descriptors::string(text)),
        _ => None,
    };
    if let Some(mut bytes) = replaced {
        bytes.truncate(length);
        return Outcome::Data(bytes);
    }
    let Outcome::Data(mut bytes) = outcome else { return outcome };
    match kind {
        Kind::ShortRead(keep) => bytes.truncate(*keep),
        Kind::ShortBy(lacking) => bytes.truncate(bytes.len().saturating_sub(*lacking)),
        Kind::Babble => bytes.resize(length + 64, 0xbb),
        Kind::ReadZeros => bytes.fill(0),
        Kind::ReadOnes => bytes.fill(0xff),
        Kind::ReadFlipped(bit) => {
            let length = bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(bit / 8 % length) {
                *byte ^= 1 << (bit % 8);
            }
        }
        Kind::ReadUnstable => bytes.iter_mut().for_each(|b| *b ^= noise.byte()),
        Kind::PollTimeout(ms) if bytes.len() == 6 => {
            bytes[1..4].copy_from_slice(&ms.to_le_bytes()[..3]);
        }
        Kind::TransferSize(size) => set_transfer_size(&mut bytes, *size),
        Kind::Descriptor { kind, lie, .. } => lie_in(&mut bytes, *kind, lie),
        _ => {}
    }
    Outcome::Data(bytes)
}

/// Puts the lie into a descriptor, which may be cut short.
fn lie_in(bytes: &mut Vec<u8>, kind: u8, lie: &Lie) {
    let configuration = kind == CONFIGURATION;
    let mut put = |at: usize, field: &[u8]| {
        if let Some(place) = bytes.get_mut(at..at + field.len()) {
            place.copy_from_slice(field);
        }
    };
    match lie {
        Lie::Looping => put(if configuration { CONFIGURATION_HEAD } else { 0 }, &[0]),
        Lie::TooLong if configuration => put(2, &[0xff, 0xff]),
        Lie::TooLong => put(0, &[0xff]),
        Lie::TooShort if configuration => put(2, &[10, 0]),
        Lie::TooShort => put(0, &[3]),
        Lie::Empty => bytes.clear(),
        Lie::Missing | Lie::Bytes(_) => {}
    }
}

/// Sets the transfer size in the DFU functional descriptor of a configuration descriptor, which may be cut short.
fn set_transfer_size(configuration: &mut [u8], size: u16) {
    let mut at = 0;
    while let Some(&length) = configuration.get(at)
        && length >= 2
    {
        if configuration.get(at + 1) == Some(&DFU_FUNCTIONAL)
            && let Some(field) = configuration.get_mut(at + 5..at + 7)
        {
            field.copy_from_slice(&size.to_le_bytes());
        }
        at += usize::from(length);
    }
}
