//! Everything that is printed to be typed, made from the record of an operation and nothing else, so that the hint of
//! an error, `status` and `doctor` cannot disagree.

mod advice;
pub(super) mod command_line;
mod operation;
mod pairing;
mod recovery;

pub use self::advice::Advice;
pub(super) use self::advice::advice;
pub(super) use self::operation::{Rollback, SoFar, finish, hint, rollback, tell_key, tell_key_of, which_of};
pub(super) use self::pairing::{CloudOf, pair_again};
pub(super) use self::recovery::Recovery;
