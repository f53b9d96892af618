//! Decides who owns new files: the process's user, or under sudo the user who called it. Says who else can read them.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::PathBuf;

/// Who can read a file that was made for its owner only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// Only its owner.
    OwnerAlone,
    /// Others, too: the file system has no modes (FAT, some network drives). On Windows: the folder's access list
    /// allows it.
    Others,
}

impl Privacy {
    #[cfg(unix)]
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions());
        // The last six bits are the rights of the group and of all others.
        Ok(if mode.trailing_zeros() >= 6 { Self::OwnerAlone } else { Self::Others })
    }

    /// A file that is made on Windows gets its access list from its folder.
    #[cfg(windows)]
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn of(file: &File) -> io::Result<Self> {
        Ok(if super::access::is_for_owner_alone(file) { Self::OwnerAlone } else { Self::Others })
    }
}

/// The user that new files and folders are given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User and group id that files are given to; `None` if the process's own are right.
    ids: Option<(u32, u32)>,
}

impl Owner {
    /// The process's user; nothing is given away.
    pub const fn caller() -> Self {
        Self { ids: None }
    }

    /// Under sudo (root, with `SUDO_UID` and `SUDO_GID` in the environment) the user who called it.
    pub fn detect(env: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let id = |name| env(name)?.to_str()?.parse::<u32>().ok().filter(|id| *id != 0);
        if !is_superuser() {
            return Self::caller();
        }
        Self { ids: id("SUDO_UID").zip(id("SUDO_GID")) }
    }

    /// The home folder of the user who called sudo; `None` without sudo.
    #[cfg(unix)]
    pub fn home(&self) -> Option<PathBuf> {
        let (user, _) = self.ids?;
        let entry = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(user)).ok()??;
        Some(entry.dir)
    }

    /// Only Unix has sudo.
    #[cfg(not(unix))]
    pub fn home(&self) -> Option<PathBuf> {
        None
    }

    /// Gives an open file or folder to the owner. It was just made with a mode for its owner only.
    #[cfg(unix)]
    pub fn take(&self, file: &File) -> io::Result<()> {
        let Some((user, group)) = self.ids else { return Ok(()) };
        match std::os::unix::fs::fchown(file, Some(user), Some(group)) {
            // A file system without modes has no owners either.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => match Privacy::of(file)? {
                Privacy::Others => Ok(()),
                Privacy::OwnerAlone => Err(error),
            },
            taken => taken,
        }
    }

    /// Only Unix has sudo.
    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps)]
    pub fn take(&self, _file: &File) -> io::Result<()> {
        Ok(())
    }
}

/// True if the process may do anything: its user id is 0.
#[cfg(unix)]
pub fn is_superuser() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Only Unix has a user id 0.
#[cfg(not(unix))]
pub fn is_superuser() -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::Owner;

    #[test]
    fn without_sudo_the_files_are_the_callers() {
        assert_eq!(Owner::detect(&|_| None), Owner::caller());
    }

    #[test]
    fn under_sudo_the_files_go_to_who_called_it() {
        let env = |name: &str| match name {
            "SUDO_UID" | "SUDO_GID" => Some("1000".into()),
            _ => None,
        };
        let owner = Owner::detect(&env);
        if nix::unistd::geteuid().is_root() {
            assert_eq!(owner, Owner { ids: Some((1000, 1000)) });
        } else {
            assert_eq!(owner, Owner::caller(), "SUDO_UID means nothing to a user who is not root");
        }
    }

    /// An immutable file stands in for one on a file system without owners: even root cannot give it away.
    #[cfg(target_os = "linux")]
    #[test]
    fn where_there_are_no_owners_nothing_is_handed_over_and_that_is_no_failure() {
        use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
        use std::os::unix::fs::PermissionsExt;
        let owner = Owner { ids: Some((1000, 1000)) };
        let file = tempfile::tempfile().unwrap();
        let immutable = |on: bool| {
            let flags = ioctl_getflags(&file)?;
            ioctl_setflags(&file, if on { flags | IFlags::IMMUTABLE } else { flags - IFlags::IMMUTABLE })
        };
        if !nix::unistd::geteuid().is_root() || immutable(true).is_err() {
            eprintln!("skipped: only root, and not on every file system, can make a file immutable");
            return;
        }
        let taken_with = |mode| {
            immutable(false).unwrap();
            file.set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
            immutable(true).unwrap();
            owner.take(&file).is_ok()
        };
        let outcomes = (taken_with(0o600), taken_with(0o755));
        immutable(false).unwrap();
        assert_eq!(outcomes, (false, true));
    }
}
