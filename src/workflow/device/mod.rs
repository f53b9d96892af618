//! Finds one Duo, brings it into DFU mode, reads it, makes it leave.

pub mod enter_dfu;
pub mod leave;
pub mod located;
pub mod opened;
pub mod reconcile;
pub mod whole_dct;
