//! The only room that changes flash.

mod field;
mod fields;
mod patch;
mod permitted;
mod proof;
mod transaction;
mod whole_dct;

pub use crate::workflow::write::field::check_key;
pub use crate::workflow::write::fields::Fields;
pub use crate::workflow::write::patch::Patch;
pub use crate::workflow::write::permitted::{Permitted, is_own, reserved};
pub use crate::workflow::write::transaction::{Beside, Outcome, Proposal, Terms, Transaction, WriteOptions};
pub use crate::workflow::write::whole_dct::WholeDct;
