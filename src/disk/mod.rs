//! Files and folders: new, whole and synced; for their owner alone; read within bounds.
//!
//! Knows the file system; knows nothing of keys and of devices. Every file that is named from outside is opened here.

mod error;
mod files;
mod folder;
mod lock;
mod lossy;
mod owner;
mod paths;
mod read;
mod shown;
mod user_folder;

pub use error::{FileError, check_utf8};
pub use files::{check_writable, create_folder, create_new, create_new_public, ensure_folder, is_kept};
pub(crate) use folder::Folder;
pub(crate) use lock::Lock;
pub use lock::Pause;
pub use lossy::lossy;
pub use owner::{Owner, Privacy, is_superuser};
pub use read::read_bounded;
pub(crate) use read::{Links, open};
pub use shown::{hidden, plain, plain_path, shown, unfit_json};
pub use user_folder::own_folder;
pub(crate) use user_folder::set;
