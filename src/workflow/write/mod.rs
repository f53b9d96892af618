//! The only room that changes flash.

mod field;
mod fields;
mod patch;
mod permitted;
mod proof;
mod transaction;
mod unbacked;
mod whole_dct;

pub(super) use self::fields::Fields;
pub(super) use self::patch::Patch;
pub(super) use self::permitted::{Permitted, is_own, reserved};
pub(super) use self::transaction::{Beside, Outcome, Proposal, Terms, Transaction, Writing};
pub(super) use self::whole_dct::WholeDct;
