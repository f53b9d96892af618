//! Makes all commands that are printed for the user to type, from the record of an operation and nothing else. So error
//! hints, `status` and `doctor` cannot disagree.

mod advice;
pub mod command_line;
mod operation;
mod pairing;
pub mod particle_cli;
mod recovery;
mod shell;

pub use crate::workflow::next::advice::advice;
pub use crate::workflow::next::operation::{
    Rollback, SoFar, finish, fleet_again, hint, rollback, tell_key, tell_key_of, which, which_of,
};
pub use crate::workflow::next::pairing::{CloudOf, pair_again, tell_cloud_of};
pub use crate::workflow::next::recovery::Recovery;
pub use crate::workflow::next::shell::Shell;
