//! What the workflows promise, on virtual Duos: nothing is lost, nothing is called done that isn't.

mod backup;
mod bench;
#[path = "../common/canary.rs"]
mod canary;
mod cancelling;
mod choosing;
mod journal;
mod matrix;
mod provision;
mod reconciling;
mod records;
mod recovering;
mod reset;
mod restore;
mod secrets;
mod verify;
#[path = "../virtual_duo/mod.rs"]
mod virtual_duo;
