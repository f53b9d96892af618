//! The core's promises. All in one program: linking is what costs. (`cloud/` is the other one, since it counts
//! what is allocated.)

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
