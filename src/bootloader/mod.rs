//! One Duo in DFU mode: who it is, what it can hold, a session with it; and the request that restarts a Duo into DFU
//! mode.
//!
//! Here the machines of `dfuse` meet a bus: [`drive`] performs their transfers and keeps their time.

pub mod drive;
pub mod identity;
pub mod line_coding;
pub mod session;

pub use identity::BootloaderGeneration;
pub use session::{DfuSession, SessionError};
