//! Sends the only request to a Duo's serial port: SET_LINE_CODING (CDC PSTN 1.2 §6.3.10), with the speed at which the
//! firmware restarts into DFU mode (redbear/firmware `system_update.cpp`).
//!
//! No other speed is ever sent: 1200 baud resets a Duo, and 28800 makes it stop its application.

use std::time::Duration;

use crate::usb::{Setup, TransferError, Transport};

/// The interface of the serial port (redbear/firmware `usbd_composite.c`).
pub const SERIAL_INTERFACE: u8 = 0;

/// The speed that restarts a Duo into DFU mode.
pub const DFU_SPEED: u32 = 14_400;

/// A Duo restarts before it acknowledges the request; this limit is for one that does not.
const TIME_LIMIT: Duration = Duration::from_secs(2);

const SET_LINE_CODING: Setup =
    Setup { request_type: 0x21, request: 0x20, value: 0, index: SERIAL_INTERFACE as u16 };

/// dwDTERate, then one stop bit, no parity, eight data bits.
const fn line_coding(speed: u32) -> [u8; 7] {
    let [a, b, c, d] = speed.to_le_bytes();
    [a, b, c, d, 0, 0, 8]
}

/// Asks a Duo whose serial port is claimed to restart into DFU mode. An error does not mean that it will not: it leaves
/// the bus before the transfer ends. Only the device that comes back shows the outcome.
pub fn ask_for_dfu_mode(transport: &mut dyn Transport) -> Result<(), TransferError> {
    transport.control_out(SET_LINE_CODING, &line_coding(DFU_SPEED), TIME_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::{DFU_SPEED, line_coding};

    #[test]
    fn a_line_coding_is_the_speed_and_8n1() {
        assert_eq!(line_coding(DFU_SPEED), [0x40, 0x38, 0, 0, 0, 0, 8]);
    }
}
