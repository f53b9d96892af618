//! Works with one Duo in DFU mode: its identity, its memories, a session with it. Also sends the request that restarts
//! a Duo into DFU mode.
//!
//! Connects the machines of `dfuse` to a bus: [`drive`] performs their transfers and keeps their time.

pub mod drive;
pub mod identity;
pub mod line_coding;
pub mod session;

pub use identity::BootloaderGeneration;
pub use session::{DfuSession, SessionError};
