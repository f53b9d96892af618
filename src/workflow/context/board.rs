//! The boards that this program knows: their bootloaders and DCTs have the layout of the Duo's.
//!
//! One row each. The ids are those of `platform_config.h` in particle-iot/firmware, and in redbear/firmware for the
//! Duo.

use std::fmt;

use crate::bootloader::BootloaderGeneration;

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(into = "BoardName")]
pub struct Board {
    /// Its name in the API.
    pub id: BoardName,
    /// Its name.
    pub name: &'static str,
    /// `idVendor` and `idProduct` in DFU mode.
    pub dfu_mode: (u16, u16),
}

/// A board that shares the Duo's bootloader and the layout of its DCT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "BoardName", rename_all = "kebab-case")]
pub enum BoardName {
    /// RedBear's Duo.
    Duo,
    /// Particle's Photon.
    Photon,
    /// Particle's P1.
    P1,
    /// Particle's Electron.
    Electron,
}

/// The bootloader's generation; for another board than the Duo, the board's name in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "BootloaderName", rename_all = "kebab-case")]
pub enum BootloaderName {
    /// System firmware up to 0.2.4.
    #[serde(rename = "r3-r4")]
    R3R4,
    /// System firmware from 0.3.0.
    #[serde(rename = "r5-r6")]
    R5R6,
    /// Particle's Photon.
    Photon,
    /// Particle's P1.
    P1,
    /// Particle's Electron.
    Electron,
}

impl BootloaderName {
    pub(in crate::workflow) const fn of(board: Board, generation: BootloaderGeneration) -> Self {
        match (board.id, generation) {
            (BoardName::Duo, BootloaderGeneration::R3R4) => Self::R3R4,
            (BoardName::Duo, BootloaderGeneration::R5R6) => Self::R5R6,
            (BoardName::Photon, _) => Self::Photon,
            (BoardName::P1, _) => Self::P1,
            (BoardName::Electron, _) => Self::Electron,
        }
    }
}

impl fmt::Display for BootloaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        serde::Serialize::serialize(self, f)
    }
}

/// RedBear Duo. All commands support it. The other boards are supported only by commands that need no more than the RSA
/// key slot.
pub const DUO: Board = Board { id: BoardName::Duo, name: "Duo", dfu_mode: (0x2b04, 0xd058) };

/// All of them.
pub const BOARDS: [Board; 4] = [
    DUO,
    Board { id: BoardName::Photon, name: "Photon", dfu_mode: (0x2b04, 0xd006) },
    Board { id: BoardName::P1, name: "P1", dfu_mode: (0x2b04, 0xd008) },
    // It connects to its cloud with an elliptic-curve key, which lies after the RSA key; `dct backup` keeps it.
    Board { id: BoardName::Electron, name: "Electron", dfu_mode: (0x2b04, 0xd00a) },
];

impl Board {
    /// The board with these ids in DFU mode.
    pub(in crate::workflow) fn of(dfu_mode: (u16, u16)) -> Option<Self> {
        BOARDS.into_iter().find(|board| board.dfu_mode == dfu_mode)
    }

    /// True for the Duo.
    pub fn is_duo(self) -> bool {
        self == DUO
    }
}

impl From<Board> for BoardName {
    fn from(board: Board) -> Self {
        board.id
    }
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The USB ids of these boards in DFU mode.
pub fn ids(boards: &[Board]) -> Vec<(u16, u16)> {
    boards.iter().map(|board| board.dfu_mode).collect()
}
