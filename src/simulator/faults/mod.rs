//! Makes things go wrong with a Duo, at chosen times.
//!
//! A [`Fault`] is a [`Kind`] that is armed for the n-th counted control transfer, once or from there on. A kind that
//! affects one sort of request waits for the next request of that sort: a bad read armed for the third transfer acts on
//! the first UPLOAD from the third transfer on. So a test can go through every position of any exchange: count the
//! transfers of a clean run, then arm each kind at each of them.
//!
//! - [`kind`]: the defects, the written form of each, and the addresses that they change;
//! - [`catalogue`]: one or more of every kind, for tests that try them all;
//! - [`plan`]: what is armed, what has been counted, and what is due;
//! - `text`: a fault's name, as `stall-before@7+`;
//! - `alter`: changes replies.
//!
//! This room decides what goes wrong and rewrites replies. The [`Duo`](super::Duo) carries out the rest, and the
//! [`Hub`](super::Hub) does what concerns the bus: another Duo with the same id, and who may open what.
//!
//! # The name of a fault
//!
//! ```text
//! KIND@N    at the N-th control transfer since it was armed, the enumeration's standard requests included
//! KIND@N+   every time from there on
//! KIND@dfuN, KIND@dfuN+   the same, but DFU's class requests alone are counted
//! ```
//!
//! 1 is the first; 0, for the kinds that concern the bus (`denied`, `taken`, `twin`), means at once. [`Kind`] has the
//! names of the kinds. A printed fault can be read again.

mod alter;
pub mod catalogue;
pub mod kind;
pub mod plan;
mod text;

pub use kind::{Kind, Lie, Moment, Stuck};
pub(super) use plan::Due;
pub use plan::{Access, Counting, Fault, Faults};
pub use text::FaultError;
