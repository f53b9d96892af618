//! Many devices from a list: what a manifest says, what a ledger remembers, how fast a cloud is asked, and what is
//! reported in the end.
//!
//! Knows files of text and no network. What is asked of a cloud, and what reads a key file, is handed in.
//!
//! | module | knows |
//! |---|---|
//! | [`manifest`] | CSV, JSON and JSON lines, row by row; what a row may say; pure |
//! | [`check`] | the whole of a manifest: ids, duplicates, one key for two devices; pure |
//! | [`shard`] | which part of the devices is whose; pure |
//! | [`ledger`] | what was sent and what came of it: one writer, and how to go on |
//! | [`pace`] | when the next request may go out; pure, the time is handed in |
//! | [`choice`] | which key of several a device has; pure |
//! | [`report`] | the ledgers of one manifest together; pure |

pub mod check;
pub mod choice;
pub mod ledger;
pub mod manifest;
pub mod pace;
pub mod report;
pub mod shard;
