//! Lists the boards that share the Duo's bootloader and DCT layout, with what they show on the bus.
//!
//! Numbers and strings: particle-iot/firmware `platform_config.h` and `usbd_desc.c`; redbear/firmware for the Duo.

/// A board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Board {
    /// RedBear's Duo.
    #[default]
    Duo,
    /// Particle's Photon.
    Photon,
    /// Particle's P1, a module.
    P1,
    /// Particle's Electron. Its cloud speaks UDP and identifies it by an elliptic-curve key.
    Electron,
}

impl Board {
    /// `idProduct` of the running system firmware, or of the bootloader. The low byte is the platform's number.
    pub(super) fn product(self, is_running: bool) -> u16 {
        let platform = match self {
            Self::Photon => 0x06,
            Self::P1 => 0x08,
            Self::Electron => 0x0a,
            Self::Duo => 0x58,
        };
        platform | if is_running { 0xc000 } else { 0xd000 }
    }

    /// `iManufacturer`.
    pub(super) fn maker(self) -> &'static str {
        if self == Self::Duo { "RedBear" } else { "Particle" }
    }

    /// The board's name; `iProduct` begins with it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Duo => "Duo",
            Self::Photon => "Photon",
            Self::P1 => "P1",
            Self::Electron => "Electron",
        }
    }
}
