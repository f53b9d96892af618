//! Talks to a cloud.

pub mod api;
pub mod other_cloud;
pub mod pairing;
pub mod runtime;
pub mod unpaired;
