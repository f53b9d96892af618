//! What the workflows promise, on virtual Duos: nothing is lost, nothing is called done that isn't.

mod backup;
mod bench;
#[path = "../common/canary.rs"]
mod canary;
mod cancelling;
mod choosing;
mod encrypting;
mod journal;
mod key_files;
mod matrix;
mod provision;
mod reconciling;
mod recovering;
mod reset;
mod restore;
mod secrets;
#[path = "../virtual_duo/mod.rs"]
mod virtual_duo;
