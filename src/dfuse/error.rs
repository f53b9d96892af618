//! Defines the errors between host and bootloader. Each one shows how far the operation got.
//!
//! Every error answers three questions: at which [`Stage`] and request it happened, what the device reported, and
//! whether its flash may have changed ([`DfuError::touched`]).

use std::fmt;

use super::geometry::RangeError;
use super::request::Request;
use super::status::{State, StatusCode};

/// Whether an operation that failed may have changed the device's flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Touched {
    /// Nothing was written: the request that makes the bootloader write was not sent.
    No,
    /// The flash may hold the old bytes, the new bytes, or neither. Only a read-back shows which.
    Maybe,
    /// The bootloader reported no error for the write. Something after it failed.
    Yes,
}

/// What an operation was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Bringing the device to dfuIDLE, from any state.
    Recover,
    /// Setting the address pointer.
    SetAddress,
    /// Reading a block.
    Read,
    /// Sending a block and writing it.
    Write,
    /// Going back to dfuIDLE at the end.
    Finish,
    /// Leaving DFU mode.
    Leave,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recover => "while bringing the device to dfuIDLE",
            Self::SetAddress => "while setting the address",
            Self::Read => "while reading",
            Self::Write => "while writing",
            Self::Finish => "while going back to dfuIDLE",
            Self::Leave => "while leaving DFU mode",
        })
    }
}

/// The place where an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// What it was doing.
    pub stage: Stage,
    /// The request in question.
    pub request: Request,
    /// Whether the flash may have changed.
    pub touched: Touched,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.stage, self.request)
    }
}

/// Why a transfer failed, as the driver of a machine reports it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The device refused the request.
    #[error("the device refused the request (STALL)")]
    Stall,
    /// No answer within the time limit.
    #[error("no answer within the time limit")]
    Timeout,
    /// The device is gone.
    #[error("the device was disconnected")]
    Disconnected,
    /// Anything else, in the transport's own words.
    #[error("{0}")]
    Other(String),
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DfuError {
    /// Refused before anything was sent: the range may not be read, written or erased.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// A transfer failed.
    #[error("{at}: {failure}")]
    Transfer {
        /// Where.
        at: At,
        /// How.
        failure: Failure,
    },
    /// The device reports an error.
    #[error("{at}: the device reports {code} in state {state}")]
    Device {
        /// Where.
        at: At,
        /// `bStatus`.
        code: StatusCode,
        /// `bState`.
        state: State,
    },
    /// The device is in a state that is not expected here.
    #[error("{at}: the device is in state {state}, which is not expected here")]
    UnexpectedState {
        /// Where.
        at: At,
        /// `bState`.
        state: State,
    },
    /// An answer with the wrong length.
    #[error("{at}: the device answered with {length} bytes")]
    MalformedReply {
        /// Where.
        at: At,
        /// How many bytes came.
        length: usize,
    },
    /// The bootloader refused this address. Nothing was written.
    #[error("the device refused the address {0:#010x}")]
    AddressRefused(u32),
    /// The bytes at the pointer are not the known contents: the device took another address, or its reads are not
    /// reliable. Nothing was written. With the address that was set.
    #[error("what the device reads at {0:#010x} is not what lay there before; nothing was written")]
    PointerUnproven(u32),
    /// A block was shorter than requested; the bootloader never does that by itself.
    #[error("a read at {address:#010x} brought {got} bytes in place of {expected}")]
    ShortRead {
        /// Address of the block.
        address: u32,
        /// Bytes asked for.
        expected: usize,
        /// Bytes that came.
        got: usize,
    },
    /// The bootloader stalled the `DFU_GETSTATUS` during which it writes. This is how it reports a failed write.
    #[error("the device refused to write {length} bytes at {address:#010x}")]
    WriteRefused {
        /// Address of the block.
        address: u32,
        /// Its length in bytes.
        length: usize,
    },
    /// The `DFU_GETSTATUS` during which the bootloader writes got no answer.
    #[error("it is not known whether {length} bytes were written at {address:#010x}: {failure}")]
    OutcomeUnknown {
        /// Address of the block.
        address: u32,
        /// Its length in bytes.
        length: usize,
        /// How the request failed.
        failure: Failure,
    },
    /// The device is about to leave DFU mode (dfuMANIFEST-WAIT-RESET) and accepts no more requests.
    #[error("the device is leaving DFU mode")]
    Leaving,
    /// The device runs its application (appIDLE, appDETACH). With its `bState`.
    #[error("the device is not in DFU mode (state {0})")]
    NotInDfuMode(State),
    /// The device did not reach dfuIDLE within a number of requests that is enough from every state.
    #[error("the device did not come to dfuIDLE within {requests} requests; {}", last_state(*state))]
    Stuck {
        /// The last state seen.
        state: Option<State>,
        /// How many requests were sent.
        requests: u32,
    },
    /// The deadline passed. With what would have come next.
    #[error("{0}: the time allowed is over")]
    Deadline(At),
}

fn last_state(state: Option<State>) -> String {
    state.map_or_else(|| "its state is not known".to_owned(), |s| format!("its last state was {s}"))
}

impl DfuError {
    /// Whether the device's flash may have changed.
    pub fn touched(&self) -> Touched {
        match self {
            Self::Transfer { at, .. }
            | Self::Device { at, .. }
            | Self::UnexpectedState { at, .. }
            | Self::MalformedReply { at, .. }
            | Self::Deadline(at) => at.touched,
            Self::WriteRefused { .. } | Self::OutcomeUnknown { .. } => Touched::Maybe,
            Self::Range(_)
            | Self::AddressRefused(_)
            | Self::PointerUnproven(_)
            | Self::ShortRead { .. }
            | Self::Leaving
            | Self::NotInDfuMode(_)
            | Self::Stuck { .. } => Touched::No,
        }
    }

    /// True if the device is known to be gone.
    pub fn is_disconnected(&self) -> bool {
        matches!(
            self,
            Self::Transfer { failure: Failure::Disconnected, .. }
                | Self::OutcomeUnknown { failure: Failure::Disconnected, .. }
        )
    }
}
