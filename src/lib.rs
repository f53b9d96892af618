//! `duo-provision`: back up, restore, reset and provision the keys of a RedBear Duo.

pub mod archive;
pub mod bootloader;
pub mod cloud;
pub mod dct;
pub mod dfuse;
pub mod disk;
pub mod error;
pub mod fleet;
pub mod journal;
pub mod keys;
pub mod outcome;
pub mod simulator;
pub mod usb;
pub mod workflow;

// napi registers nothing in a unit test, so every export would count as unused.
#[cfg(all(feature = "command-line", not(test)))]
pub mod addon;
