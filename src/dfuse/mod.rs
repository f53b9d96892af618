//! dfuse
