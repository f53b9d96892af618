//! The boards that this program knows: those whose bootloader and DCT are laid out as a Duo's.
//!
//! One row each. The ids are those of `platform_config.h` in particle-iot/firmware, and in redbear/firmware for the
//! Duo.

use std::fmt;

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its name.
    pub name: &'static str,
    /// `idVendor` and `idProduct` in DFU mode.
    pub dfu_mode: (u16, u16),
}

/// RedBear Duo. All commands know it; the others are known to those that read or write the RSA key slot alone.
pub(super) const DUO: Board = Board { name: "Duo", dfu_mode: (0x2b04, 0xd058) };

/// All of them.
pub(super) const BOARDS: [Board; 4] = [
    DUO,
    Board { name: "Photon", dfu_mode: (0x2b04, 0xd006) },
    Board { name: "P1", dfu_mode: (0x2b04, 0xd008) },
    // Its cloud is reached with the elliptic-curve key behind the RSA key, which is read with the whole DCT.
    Board { name: "Electron", dfu_mode: (0x2b04, 0xd00a) },
];

impl Board {
    /// The board with these ids in DFU mode.
    pub(super) fn of(dfu_mode: (u16, u16)) -> Option<Self> {
        BOARDS.into_iter().find(|board| board.dfu_mode == dfu_mode)
    }

    /// True for the Duo.
    pub fn is_duo(self) -> bool {
        self == DUO
    }
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The ids of some boards in DFU mode, to be looked for.
pub(super) fn ids(boards: &[Board]) -> Vec<(u16, u16)> {
    boards.iter().map(|board| board.dfu_mode).collect()
}
