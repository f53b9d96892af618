//! What goes wrong with a Duo, and when.
//!
//! A [`Fault`] is a [`Kind`] armed for the n-th control transfer that the plan counts, once or from there
//! on. Kinds that concern one sort of request wait for the next of that sort: a spoilt read armed for the
//! third transfer acts on the first UPLOAD from the third transfer on. The same plan therefore runs through
//! every position of any exchange: count the transfers of a clean run, then arm each kind at each of them.
//!
//! - [`kind`]: the defects, and how each of them is written;
//! - [`catalogue`]: one or more of every kind, for tests that try them all;
//! - [`plan`]: what is armed, what has been counted, and what is due;
//! - `text`: a fault's name, as `stall-before@7+`;
//! - `address`: what becomes of an address;
//! - `alter`: what becomes of a reply.
//!
//! This room decides what is spoilt and rewrites replies. The [`Duo`](super::Duo) carries out the rest, and
//! the [`Hub`](super::Hub) what concerns the bus: another Duo with the same name, and who may open what.
//!
//! # The name of a fault
//!
//! ```text
//! KIND@N    at the N-th control transfer since it was armed, the enumeration's standard requests included
//! KIND@N+   every time from there on
//! KIND@dfuN, KIND@dfuN+   the same, but DFU's class requests alone are counted
//! ```
//!
//! 1 is the first; 0, for the kinds that concern the bus (`denied`, `taken`, `twin`), is at once. What the
//! kinds are called is said at [`Kind`]. A fault printed is a fault that can be read again.

mod address;
mod alter;
pub mod catalogue;
pub mod kind;
pub mod plan;
mod text;

pub use address::Stuck;
pub use kind::{Kind, Lie, Moment};
pub(super) use plan::Due;
pub use plan::{Access, Counting, Fault, Faults};
pub use text::FaultError;
