//! Answers the standard and vendor requests on a Duo's endpoint 0 (USB 2.0 §9.4, Microsoft OS descriptors 1.0).

use super::transfer::{Outcome, Request};
use super::{Duo, Presence, descriptors};

const GET_STATUS: u8 = 0;
const CLEAR_FEATURE: u8 = 1;
const SET_ADDRESS: u8 = 5;
const GET_DESCRIPTOR: u8 = 6;
const GET_CONFIGURATION: u8 = 8;
const SET_CONFIGURATION: u8 = 9;
const GET_INTERFACE: u8 = 10;
const SET_INTERFACE: u8 = 11;

const ALTS: u16 = 3;

impl Duo {
    /// Answers a request that is not of the DFU class.
    pub(super) fn standard(&mut self, request: &Request) -> Outcome {
        let setup = &request.setup;
        match (setup.request_type, setup.request) {
            (0x80, GET_DESCRIPTOR) => self.descriptor(request),
            // The bootloader's interface, and its DFU functional descriptor.
            (0x81, GET_DESCRIPTOR)
                if self.presence == Presence::Dfu && (setup.index, setup.value) == (0, 0x2100) =>
            {
                cut(descriptors::DFU_FUNCTIONAL.to_vec(), request)
            }
            // Self-powered, no remote wake-up.
            (0x80, GET_STATUS) => cut(vec![1, 0], request),
            (0x81 | 0x82, GET_STATUS) => cut(vec![0, 0], request),
            (0x02, CLEAR_FEATURE) | (0x00, SET_ADDRESS) => Outcome::Done,
            (0x80, GET_CONFIGURATION) => cut(vec![self.configuration], request),
            (0x00, SET_CONFIGURATION) => self.set_configuration(setup.value),
            (0x81, GET_INTERFACE) if self.configuration == 1 => self.interface(request),
            (0x01, SET_INTERFACE) => self.set_interface(setup.index, setup.value),
            (0xc0 | 0xc1, descriptors::MS_VENDOR_CODE) => self.ms_descriptor(request),
            _ => Outcome::Stall,
        }
    }

    fn descriptor(&self, request: &Request) -> Outcome {
        let [kind, index] = request.setup.value.to_be_bytes();
        let (board, generation) = (self.options.board, self.options.generation);
        let serial = generation.serial_number(&self.options.device_id);
        let normal = self.presence == Presence::Normal;
        let bytes = match (kind, index) {
            (1, 0) => Some(self.device_descriptor()),
            (2, 0) => Some(self.configuration_descriptor()),
            (3, index) if normal => descriptors::string_normal(board, generation, index, &serial),
            (3, index) => descriptors::string_dfu(board, generation, index, &serial),
            _ => None,
        };
        bytes.map_or(Outcome::Stall, |b| cut(b, request))
    }

    /// The configuration descriptor, in DFU mode or in normal mode.
    pub fn configuration_descriptor(&self) -> Vec<u8> {
        match self.presence {
            Presence::Normal => descriptors::configuration_normal(self.options.generation),
            _ => descriptors::configuration_dfu(),
        }
    }

    /// The 18 bytes of the device descriptor, in DFU mode or in normal mode.
    pub fn device_descriptor(&self) -> Vec<u8> {
        let (board, generation) = (self.options.board, self.options.generation);
        let class = match self.presence {
            Presence::Normal if generation.names_itself() => [0xef, 0x02, 0x01],
            Presence::Normal => [0x02, 0x00, 0x00],
            _ => [0, 0, 0],
        };
        let product = board.product(self.presence == Presence::Normal);
        descriptors::device(product, generation.bcd_device(), class)
    }

    /// Setting the same configuration again resets nothing.
    fn set_configuration(&mut self, value: u16) -> Outcome {
        match value {
            0 => self.configuration = 0,
            1 if self.configuration == 1 => {}
            1 => {
                self.configuration = 1;
                self.core.configured();
            }
            _ => return Outcome::Stall,
        }
        Outcome::Done
    }

    fn interface(&self, request: &Request) -> Outcome {
        match (self.presence, request.setup.index) {
            (Presence::Normal, interface) if interface < self.interfaces() => cut(vec![0], request),
            (Presence::Normal, _) => Outcome::Stall,
            _ => cut(vec![self.core.alt], request),
        }
    }

    fn set_interface(&mut self, interface: u16, alt: u16) -> Outcome {
        let alts = if self.presence == Presence::Normal { 1 } else { ALTS };
        if self.configuration != 1 || interface >= self.interfaces() || alt >= alts {
            return Outcome::Stall;
        }
        if self.presence == Presence::Dfu {
            self.core.alt = alt.to_le_bytes()[0];
        }
        Outcome::Done
    }

    /// How many interfaces it has, `bNumInterfaces`.
    fn interfaces(&self) -> u16 {
        self.configuration_descriptor().get(4).copied().unwrap_or_default().into()
    }

    fn ms_descriptor(&self, request: &Request) -> Outcome {
        if !self.options.generation.has_ms_descriptors() || self.presence == Presence::Normal {
            return Outcome::Stall;
        }
        match request.setup.index {
            4 => cut(descriptors::ms_compatible_id(), request),
            5 => cut(descriptors::ms_properties(), request),
            _ => Outcome::Stall,
        }
    }
}

/// Cuts a descriptor to the requested length.
fn cut(mut bytes: Vec<u8>, request: &Request) -> Outcome {
    bytes.truncate(request.length.into());
    Outcome::Data(bytes)
}
