//! What the workflows promise, on virtual Duos: nothing is lost, nothing is called done that isn't.

mod addresses;
mod backup;
mod bench;
mod boards;
mod cancelling;
mod choosing;
mod commands;
mod dct;
mod dct_bench;
mod dct_restore;
mod dct_restore_whole;
mod doctor;
mod doctor_cloud;
mod doubts;
mod encrypting;
mod entering;
#[cfg(feature = "command-line")]
pub mod grammar;
mod inspecting;
mod journal;
mod key_files;
mod matrix;
mod naming;
mod other_cloud;
mod provision;
mod reconciling;
mod records;
mod recovering;
mod reset;
mod restore;
mod rotate;
mod secrets;
mod server_key_set;
mod typed;
mod udev;
mod unbacked;
mod verify;
