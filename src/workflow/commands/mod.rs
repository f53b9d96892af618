//! The commands, one in each file or folder; no command imports another.

pub mod backup;
pub mod backups;
pub mod dct_backup;
pub mod dct_restore;
pub mod dct_show;
pub mod dfu;
pub mod doctor;
pub mod fleet;
pub mod history;
pub mod inspect;
pub mod key_files;
pub mod list;
pub mod provision;
pub mod read_key;
pub mod reset;
pub mod restore;
pub mod rotate;
pub mod server_key_set;
pub mod server_key_show;
pub mod status;
pub mod udev;
pub mod verify;
