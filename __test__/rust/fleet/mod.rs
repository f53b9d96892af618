//! Tests lists of devices: what they may contain, how a ledger continues, how fast a cloud is asked, and what is
//! reported.

mod choice;
mod ledger;
mod manifest;
mod pace;
mod report;
