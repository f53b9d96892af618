//! Takes a call from JavaScript across the threads: options and control in, events and questions out, answers in, and a
//! result or an error out.

mod control;
mod errors;
mod objects;
mod refusal;
mod run;

pub(super) use errors::rejection;
pub(super) use objects::plain;
pub(super) use run::{Mapped, Plain, Promised, go, go_all, on_bus, read, spawn};
