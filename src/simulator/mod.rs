//! simulator

pub mod cloud;
