//! The `DfuSe` protocol (DFU 1.1 with ST's extensions, AN3156) as the Duo's bootloader speaks it.
//!
//! This room knows requests, states, descriptors, memory maps and in which order a bootloader wants to be
//! asked. It knows nothing of USB libraries, threads or clocks: it never performs a transfer and never asks
//! what time it is. `bootloader::drive` does both on its behalf.
//!
//! # Driving a machine
//! Each operation ([`Upload`], [`Download`], [`Erase`], [`Leave`], [`Recover`]) is wrapped in a [`Machine`] together
//! with its deadline. Times are [`Duration`](std::time::Duration)s since an origin of the driver's choice,
//! which never go back. The driver repeats, until told [`Action::Done`]:
//!
//! 1. Where [`Machine::interruptible`] is true, it may stop for good (a cancellation). Where it is not, a
//!    block or a leave has been handed over and its outcome is still open, or there is a result already.
//! 2. It calls [`Machine::poll`] with the present time.
//! 3. On [`Action::Send`] it performs that one transfer within its time limit and hands what came of it to
//!    [`Machine::reply`]. On [`Action::Wait`] it lets the time pass and polls again.
//!
//! Then [`Machine::into_result`] is the outcome. `poll` is idempotent: asked twice, it answers the same. A
//! reply nobody asked for is ignored. Whatever the device answers, a machine ends: by its deadline, and
//! where no time passes, by the number of its requests.
//!
//! # What the bootloader does differently
//! From redbear/firmware `usbd_dfu_core.c`, `usbd_dfu_mal.c` and `usbd_dct_if.c`, and shown on a bus:
//!
//! - A block lies at `(wBlockNum - 2) * 4096 + pointer`, whatever length is asked for, so all blocks of a
//!   transfer but the last are of 4096 bytes.
//! - A block is written while the first `DFU_GETSTATUS` after its `DFU_DNLOAD` completes, so that request
//!   may take long, and a stall of it is the only sign of a failed write.
//! - For the same reason the state of an unknown device is asked for with `DFU_GETSTATE`: a `DFU_GETSTATUS`
//!   would commit a block, or a leave, that somebody else left pending. `DFU_ABORT` discards it.
//! - `DFU_UPLOAD` is taken in dfuIDLE and dfuUPLOAD-IDLE only; block 1 leads to the illegal state 15.
//! - `DFU_CLRSTATUS` outside dfuERROR puts the device into dfuERROR.
//! - Neither `DFU_ABORT` nor `DFU_UPLOAD` moves the address pointer, so a block goes where a read before it came from.
//! - `bwPollTimeout` is repeated in states that have nothing to wait for.

mod buffer;
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

pub use buffer::Buffer;
pub use download::{Block, Download};
pub use erase::Erase;
pub use error::{At, DfuError, Failure, Stage, Touched};
pub use geometry::{BLOCK, Geometry, RangeError};
pub use leave::Leave;
pub use machine::{Action, Machine, Operation, Reply, Start, Step, Transfer};
pub use memory_map::{Access, MapError, MemoryMap};
pub use recover::Recover;
pub use request::{Command, Request};
pub use status::{State, Status, StatusCode};
pub use upload::{Part, Upload};
