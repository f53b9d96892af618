//! Talks to a cloud.

pub mod api;
pub mod other_cloud;
pub mod other_key;
pub mod pairing;
pub mod runtime;
pub mod unpaired;
