//! What the workflows promise, on virtual Duos: nothing is lost, nothing is called done that isn't.

mod backup;
mod bench;
mod boards;
#[path = "../common/canary.rs"]
mod canary;
mod cancelling;
mod choosing;
mod dct;
mod dct_restore;
mod dct_restore_whole;
mod doctor;
mod doctor_cloud;
mod encrypting;
mod entering;
mod inspecting;
mod journal;
mod key_files;
mod matrix;
mod provision;
mod reconciling;
mod records;
mod recovering;
mod reset;
mod restore;
mod rotate;
mod secrets;
mod server_key_set;
mod udev;
mod verify;
#[path = "../virtual_duo/mod.rs"]
mod virtual_duo;
