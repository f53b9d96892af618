//! Simulates Duos and clouds. It is part of the product: users test their own pipelines with it.
//!
//! This room knows how a Duo behaves, from its bootloader's descriptors to the layout of its flash. It knows nothing of
//! how this crate talks to a Duo. Everything is written from the firmware's own sources with its own literals. It
//! imports neither `dct` nor `dfuse`, so that a wrong offset cannot be in both.
//!
//! - [`duo`]: one emulated Duo, a state machine with time as a parameter;
//! - [`faults`]: what goes wrong with it, and when;
//! - [`hub`]: the ports that Duos are plugged into, and a clock that jumps instead of sleeping, shared by the two ways to
//!   reach them:
//! - [`bus`]: the crate's own `Bus` and `Transport` traits, in-process;
//! - [`usbip`]: a USB/IP server on loopback, for a Linux kernel or any other USB/IP client;
//! - [`bench`]: Duos with new keys, plugged in and exported, in one call;
//! - [`cloud`]: a local cloud with the answers of the three existing servers.
//!
//! Nothing listens until it is started, and nothing here touches a real device.

pub mod bench;
pub mod bus;
pub mod cloud;
pub mod duo;
pub mod faults;
pub mod hub;
pub mod usbip;

pub use bench::{Bench, BenchError, BenchOptions, NoSuchPort, VirtualDuoState};
pub use bus::VirtualBus;
pub use duo::{Board, DeviceKey, Duo, DuoOptions, Generation, KeyMaker};
pub use hub::{Hub, VirtualClock};
pub use usbip::UsbIpServer;
