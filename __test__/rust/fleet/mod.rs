//! Lists of devices: what they may say, how a ledger goes on, how fast a cloud is asked, what is reported.

mod choice;
mod ledger;
mod manifest;
mod pace;
mod report;
