//! Speaks the `DfuSe` protocol (DFU 1.1 with ST's extensions, AN3156) of the Duo's bootloader.
//!
//! This room knows requests, states, descriptors, memory maps and the order of requests that a bootloader needs. It
//! knows nothing of USB libraries, threads or clocks: it never performs a transfer and never asks for the time.
//! `bootloader::drive` does both for it.
//!
//! # Driving a machine
//! Each operation ([`Upload`], [`Download`], [`Erase`], [`Leave`], [`Recover`]) is wrapped in a [`Machine`] together
//! with its deadline. Times are [`Duration`](std::time::Duration)s since an origin that the driver chooses; they never
//! go back. The driver repeats these steps until it gets [`Action::Done`]:
//!
//! 1. If [`Machine::interruptible`] is true, it may stop for good (a cancellation). If not, a block or a leave has been
//!    sent and its outcome is still open, or there is already a result.
//! 2. It calls [`Machine::poll`] with the current time.
//! 3. On [`Action::Send`] it performs that one transfer within its time limit and passes the outcome to
//!    [`Machine::reply`]. On [`Action::Wait`] it waits until that time and polls again.
//!
//! Then [`Machine::into_result`] is the outcome. `poll` is idempotent: a second call gives the same answer. A reply
//! without a request is ignored. A machine always ends, whatever the device answers: by its deadline or, if no time
//! passes, by the number of its requests.
//!
//! # What the bootloader does differently
//! From redbear/firmware `usbd_dfu_core.c`, `usbd_dfu_mal.c` and `usbd_dct_if.c`, and observed on a bus:
//!
//! - The address of a block is `(wBlockNum - 2) * 4096 + pointer`, whatever its length. So all blocks of a transfer
//!   except the last have 4096 bytes.
//! - A block is written during the first `DFU_GETSTATUS` after its `DFU_DNLOAD`. So that request may take long, and a
//!   stall of it is the only sign of a failed write.
//! - For the same reason, the state of an unknown device is read with `DFU_GETSTATE`: a `DFU_GETSTATUS` would commit a
//!   block, or a leave, that another program left pending. `DFU_ABORT` discards it.
//! - `DFU_UPLOAD` is accepted only in dfuIDLE and dfuUPLOAD-IDLE; block 1 leads to the illegal state 15.
//! - `DFU_CLRSTATUS` outside dfuERROR puts the device into dfuERROR.
//! - Neither `DFU_ABORT` nor `DFU_UPLOAD` moves the address pointer, so a block goes to the address of the read before
//!   it.
//! - `bwPollTimeout` keeps its last value in states that have nothing to wait for.

pub mod descriptors;
pub mod download;
pub mod erase;
pub mod error;
pub mod geometry;
pub mod leave;
pub mod machine;
pub mod memory_map;
mod poll_status;
pub mod recover;
pub mod request;
mod set_address;
pub mod status;
pub mod suffix;
pub mod upload;

pub use download::{Block, Download};
pub use erase::Erase;
pub use error::{At, DfuError, Failure, Stage, Touched};
pub use geometry::{BLOCK, Geometry, RangeError};
pub use leave::Leave;
pub use machine::{Action, Buffer, Machine, Operation, Reply, Start, Step, Transfer};
pub use memory_map::{Access, MapError, MemoryMap};
pub use recover::Recover;
pub use request::{Command, Request};
pub use status::{State, Status, StatusCode};
pub use upload::{Part, Upload};
