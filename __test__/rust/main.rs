//! Tests the core's promises, in one program because linking takes most of the time. (`cloud/` is the other program,
//! because it counts memory allocations.)

mod agreement;
mod archive;
mod common;
mod dct;
mod dfuse;
mod fleet;
#[path = "../fuzz/replay.rs"]
mod fuzz;
mod imports;
mod keys;
mod layers;
mod session;
mod simulator;
mod usb;
mod usbip;
mod virtual_duo;
mod workflow;
