//! The functions of the API, by subject. Each checks its options, hands them to a workflow, and decides nothing.

mod dct;
mod doctor;
mod files;
mod keys;
mod rotate;
mod server_key;
mod simulation;
mod udev;
