//! Handles many devices from a list: what the manifest says, what the ledger records, how fast to ask a cloud, and the
//! report.
//!
//! Knows text files and no network. The caller talks to the cloud and reads the key files.
//!
//! | module | knows |
//! |---|---|
//! | [`manifest`] | CSV, JSON and JSON lines, row by row; what a row may say; pure |
//! | [`check`] | a whole manifest: ids, duplicates, one key for two devices; pure |
//! | [`shard`] | which machine does which part of the devices; pure |
//! | [`ledger`] | what was sent and the outcome: one writer, and how to continue |
//! | [`pace`] | when the next request may go out; pure, the caller gives the time |
//! | [`choice`] | which of several keys a device has; pure |
//! | [`report`] | the ledgers of one manifest together; pure |

pub mod check;
pub mod choice;
pub mod ledger;
pub mod manifest;
pub mod pace;
pub mod report;
pub mod shard;
