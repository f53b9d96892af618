//! Finds one Duo, brings it into DFU mode, reads it, makes it leave.

pub(in crate::workflow) mod enter_dfu;
pub(in crate::workflow) mod leave;
pub(in crate::workflow) mod located;
pub(in crate::workflow) mod opened;
pub(in crate::workflow) mod reconcile;
pub(in crate::workflow) mod whole_dct;
