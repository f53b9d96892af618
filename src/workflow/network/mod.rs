//! Talks to a cloud.

pub(in crate::workflow) mod api;
pub(in crate::workflow) mod other_cloud;
pub(in crate::workflow) mod pairing;
pub(in crate::workflow) mod runtime;
pub(in crate::workflow) mod unpaired;
