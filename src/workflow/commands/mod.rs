//! The commands, one in each file or folder; no command imports another.

pub(in crate::workflow) mod backup;
pub(in crate::workflow) mod backups;
pub(in crate::workflow) mod dct_backup;
pub(in crate::workflow) mod dct_restore;
pub(in crate::workflow) mod dct_show;
pub(in crate::workflow) mod dfu;
pub(in crate::workflow) mod doctor;
pub(in crate::workflow) mod fleet;
pub(in crate::workflow) mod history;
pub(in crate::workflow) mod inspect;
pub(in crate::workflow) mod key_files;
pub(in crate::workflow) mod list;
pub(in crate::workflow) mod provision;
pub(in crate::workflow) mod read_key;
pub(in crate::workflow) mod reset;
pub(in crate::workflow) mod restore;
pub(in crate::workflow) mod rotate;
pub(in crate::workflow) mod server_key_set;
pub(in crate::workflow) mod server_key_show;
pub(in crate::workflow) mod status;
pub(in crate::workflow) mod udev;
pub(in crate::workflow) mod verify;
