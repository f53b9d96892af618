//! Code that the tests of several rooms share.

pub mod canary;
pub mod mock_bus;
pub mod mock_duo;
pub mod sample;
