//! What several rooms' tests share.

pub mod canary;
pub mod mock_bus;
pub mod mock_duo;
pub mod sample;
