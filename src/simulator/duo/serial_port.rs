//! Simulates the serial port of the running system firmware: the class requests on endpoint 0 (CDC PSTN 1.2 §6.3), the
//! other endpoints, and the speeds with a special meaning.
//!
//! Nothing is connected to the port: data sent to it is accepted and ignored, and no data ever comes.

use std::time::Duration;

use super::transfer::{Outcome, Request, Transfer};
use super::{Duo, Presence};

const SET_LINE_CODING: u8 = 0x20;
const GET_LINE_CODING: u8 = 0x21;
const SET_CONTROL_LINE_STATE: u8 = 0x22;

/// dwDTERate, bCharFormat, bParityType, bDataBits.
const LINE_CODING_SIZE: usize = 7;
/// 9600 baud, one stop bit, no parity, eight bits.
pub(super) const FIRST_LINE_CODING: [u8; LINE_CODING_SIZE] = [0x80, 0x25, 0, 0, 0, 0, 8];

/// Restarts it into its bootloader (redbear/firmware `system_update.cpp`).
const DFU_SPEED: u32 = 14_400;
/// Restarts it.
const RESET_SPEED: u32 = 1200;
/// Makes it listen for Wi-Fi credentials; it stays on the bus.
const LISTENING_SPEED: u32 = 28_800;

/// The type of an endpoint other than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// No endpoint.
    Missing,
    /// One that never sends anything.
    Silent,
    /// One that accepts everything.
    Sink,
}

/// The endpoint with this number and direction, for a Duo with this presence: 0x83 notifies, 0x01 and 0x81 carry the
/// data (redbear/firmware `usbd_composite.c`, `usbd_mcdc.c`). The bootloader has none.
pub fn pipe(presence: Presence, endpoint: u32, is_in: bool) -> Pipe {
    match (presence, endpoint, is_in) {
        (Presence::Normal, 1 | 3, true) => Pipe::Silent,
        (Presence::Normal, 1, false) => Pipe::Sink,
        _ => Pipe::Missing,
    }
}

impl Duo {
    /// Carries out a class request to the running firmware.
    pub(super) fn serial_port(&mut self, now: Duration, request: &Request) -> Transfer {
        let setup = &request.setup;
        let outcome = match (setup.request_type, setup.request) {
            _ if self.configuration != 1 || setup.index != 0 => Outcome::Stall,
            (0x21, SET_LINE_CODING) if request.data.len() == LINE_CODING_SIZE => {
                self.line_coding.copy_from_slice(request.data);
                self.speed_changed(now)
            }
            (0xa1, GET_LINE_CODING) => {
                let mut coding = self.line_coding.to_vec();
                coding.truncate(request.length.into());
                Outcome::Data(coding)
            }
            (0x21, SET_CONTROL_LINE_STATE) => Outcome::Done,
            _ => Outcome::Stall,
        };
        Transfer { outcome, takes: Duration::ZERO }
    }

    /// The firmware checks the speed before it acknowledges the request. A request that restarts it is not
    /// acknowledged.
    fn speed_changed(&mut self, now: Duration) -> Outcome {
        let [a, b, c, d, ..] = self.line_coding;
        match u32::from_le_bytes([a, b, c, d]) {
            DFU_SPEED => self.enter_dfu(now),
            RESET_SPEED => self.restart(now),
            LISTENING_SPEED => {
                self.listening = true;
                return Outcome::Done;
            }
            _ => return Outcome::Done,
        }
        Outcome::Disconnected
    }

    /// True once it listens for Wi-Fi credentials instead of running its application.
    pub fn is_listening(&self) -> bool {
        self.listening
    }
}
