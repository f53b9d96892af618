//! Parses the answer to `DFU_GETSTATUS`, with its states and status codes (DFU 1.1 §6.1.2 and appendix A).
//!
//! Knows the six bytes, but does not interpret them. Values that the specification does not define are kept: the Duo's
//! bootloader has an illegal state, 15, that must be recognised to be fixed.

use std::fmt;
use std::time::Duration;

/// Length of the answer to `DFU_GETSTATUS`.
pub const STATUS_LENGTH: u16 = 6;

/// `bState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// 0, appIDLE: the application runs, not the bootloader.
    AppIdle,
    /// 1, appDETACH.
    AppDetach,
    /// 2, dfuIDLE.
    DfuIdle,
    /// 3, dfuDNLOAD-SYNC: a block was received and waits for `DFU_GETSTATUS`.
    DnloadSync,
    /// 4, dfuDNBUSY: a block is being written.
    DnBusy,
    /// 5, dfuDNLOAD-IDLE: more blocks may follow.
    DnloadIdle,
    /// 6, dfuMANIFEST-SYNC: a leave was received and waits for `DFU_GETSTATUS`.
    ManifestSync,
    /// 7, dfuMANIFEST.
    Manifest,
    /// 8, dfuMANIFEST-WAIT-RESET: the device is about to leave DFU mode.
    ManifestWaitReset,
    /// 9, dfuUPLOAD-IDLE.
    UploadIdle,
    /// 10, dfuERROR.
    Error,
    /// A value that DFU 1.1 does not define.
    Unknown(u8),
}

impl State {
    /// The states that DFU 1.1 defines, by value, with their names.
    const DEFINED: [(Self, &'static str); 11] = [
        (Self::AppIdle, "appIDLE"),
        (Self::AppDetach, "appDETACH"),
        (Self::DfuIdle, "dfuIDLE"),
        (Self::DnloadSync, "dfuDNLOAD-SYNC"),
        (Self::DnBusy, "dfuDNBUSY"),
        (Self::DnloadIdle, "dfuDNLOAD-IDLE"),
        (Self::ManifestSync, "dfuMANIFEST-SYNC"),
        (Self::Manifest, "dfuMANIFEST"),
        (Self::ManifestWaitReset, "dfuMANIFEST-WAIT-RESET"),
        (Self::UploadIdle, "dfuUPLOAD-IDLE"),
        (Self::Error, "dfuERROR"),
    ];
}

impl From<u8> for State {
    fn from(value: u8) -> Self {
        Self::DEFINED.get(usize::from(value)).map_or(Self::Unknown(value), |(state, _)| *state)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(value) => write!(f, "unknown state {value}"),
            defined => {
                let named = Self::DEFINED.iter().find(|(state, _)| state == defined);
                f.write_str(named.map_or("", |(_, name)| name))
            }
        }
    }
}

/// `bStatus`, unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatusCode(pub u8);

impl StatusCode {
    /// No error. The Duo's bootloader also reports it after a failed write.
    pub const OK: Self = Self(0);

    /// The names of DFU 1.1 §6.1.2, by value.
    const NAMES: [&str; 16] = [
        "OK",
        "errTARGET",
        "errFILE",
        "errWRITE",
        "errERASE",
        "errCHECK_ERASED",
        "errPROG",
        "errVERIFY",
        "errADDRESS",
        "errNOTDONE",
        "errFIRMWARE",
        "errVENDOR",
        "errUSBR",
        "errPOR",
        "errUNKNOWN",
        "errSTALLEDPKT",
    ];
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.get(usize::from(self.0)) {
            Some(name) => f.write_str(name),
            None => write!(f, "unknown status {}", self.0),
        }
    }
}

/// The answer to `DFU_GETSTATUS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// `bStatus`.
    pub code: StatusCode,
    /// `bwPollTimeout`, 24 bits of milliseconds (up to 4 h 39 min). The reader has to limit it.
    pub poll_timeout: Duration,
    /// `bState`: the state that the device enters with this answer.
    pub state: State,
    /// `iString`.
    pub string_index: u8,
}

impl Status {
    /// Reads the six bytes. `None` for any other length.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[code, low, middle, high, state, string_index] = bytes else { return None };
        Some(Self {
            code: StatusCode(code),
            poll_timeout: Duration::from_millis(u64::from(u32::from_le_bytes([low, middle, high, 0]))),
            state: State::from(state),
            string_index,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_fields_in_their_places() {
        let status = Status::parse(&[8, 0x01, 0x02, 0x03, 10, 9]).unwrap();
        assert_eq!(status.code.to_string(), "errADDRESS");
        assert_eq!(status.poll_timeout, Duration::from_millis(0x03_0201));
        assert_eq!(status.state, State::Error);
        assert_eq!(status.string_index, 9);
    }

    #[test]
    fn refuses_every_other_length() {
        for length in (0..=64).filter(|&n| n != 6) {
            assert_eq!(Status::parse(&vec![2; length]), None, "{length}");
        }
    }

    #[test]
    fn keeps_what_the_specification_does_not_define() {
        assert_eq!(State::from(15), State::Unknown(15));
        assert_eq!(State::from(15).to_string(), "unknown state 15");
        assert_eq!(StatusCode(16).to_string(), "unknown status 16");
        assert_eq!(StatusCode(15).to_string(), "errSTALLEDPKT");
    }

    #[test]
    fn every_defined_state_has_its_own_value_and_name() {
        let names: Vec<String> = (0..=10).map(|n| State::from(n).to_string()).collect();
        assert_eq!(
            names.join(" "),
            "appIDLE appDETACH dfuIDLE dfuDNLOAD-SYNC dfuDNBUSY dfuDNLOAD-IDLE dfuMANIFEST-SYNC dfuMANIFEST \
             dfuMANIFEST-WAIT-RESET dfuUPLOAD-IDLE dfuERROR"
        );
    }
}
