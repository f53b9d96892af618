//! Makes and reads files and folders: new ones whole, synced and private, existing ones within bounds.
//!
//! Knows the file system; knows nothing of keys and of devices. Every file that is named from outside is opened here.

#[cfg(windows)]
mod access;
mod error;
mod files;
mod folder;
mod lock;
mod name;
mod owner;
mod paths;
mod read;
mod shown;
mod sync;
mod user_folder;

pub use error::FileError;
pub use files::{check_writable, create_folder, create_new, create_new_public, ensure_folder, is_kept};
pub(crate) use folder::Folder;
pub(crate) use lock::Lock;
pub use lock::Pause;
pub use name::{check_name, is_too_long};
pub use owner::{Owner, Privacy, is_superuser};
pub use paths::lossy;
pub use read::read_bounded;
pub(crate) use read::{Links, open, open_to_write};
pub use shown::{hidden, plain, plain_path, shown, unfit_json, unfit_json_line};
pub(crate) use sync::Syncable;
pub use user_folder::own_folder;
pub(crate) use user_folder::set;
