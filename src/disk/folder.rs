//! An open folder. New files are made in that very folder, even if its path leads elsewhere later: under sudo, the
//! owner of the folders above it can put a link in its place at any time.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::owner::Owner;
use super::sync::Syncable;

#[cfg(not(unix))]
use by_path as system;
#[cfg(unix)]
use handle as system;

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    handle: system::Handle,
}

/// A file without a name of its own yet. It is removed when dropped, unless it was given one.
#[derive(Debug)]
pub(super) struct Temporary<'a> {
    folder: &'a Folder,
    /// `None` once the file has a name of its own.
    name: Option<String>,
    pub(super) file: Syncable,
}

impl Folder {
    /// Opens an existing folder. Links on the way are followed: a person named it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { handle: system::open(path)?, path: path.to_owned() })
    }

    /// Opens a folder. If it is missing, makes it and those above it, mode 0700, synced, and owned by `owner`.
    pub(crate) fn open_or_make(path: &Path, owner: &Owner) -> Result<Self, FileError> {
        // The folders above exist or are made, so "does not exist" would be wrong for this path.
        let failed = |source: io::Error| FileError::NotWritable { path: path.to_owned(), source };
        match Self::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory && !path.is_file() => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(FileError::NotAFolder(path.to_owned()));
            }
            other => return other.map_err(failed),
        }
        let (above, name) = (super::paths::folder_of(path), path.file_name());
        let name = name.ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
        Self::open_or_make(above, owner)?.make(name, owner).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => FileError::NotAFolder(path.to_owned()),
            _ => failed(error),
        })
    }

    /// Makes a folder in this one, and gives it to the owner. A folder that another process made meanwhile is as good,
    /// and keeps its owner.
    fn make(&self, name: &OsStr, owner: &Owner) -> io::Result<Self> {
        let path = self.path.join(name);
        match system::make(&self.handle, name, owner) {
            Ok(handle) => {
                self.sync()?;
                Ok(Self { path, handle })
            }
            Err(_) if path.is_dir() => Self::open(&path),
            Err(error) => Err(error),
        }
    }

    /// Makes a file of mode 0600 that must not exist yet.
    pub(crate) fn create(&self, name: &OsStr) -> io::Result<Syncable> {
        system::create(&self.handle, name).map(Syncable::of)
    }

    /// A new file of mode 0600. Errors leave out its name, which means nothing to anybody.
    pub(super) fn temporary(&self) -> io::Result<Temporary<'_>> {
        let name = temporary_name()?;
        let file = self.create(name.as_ref())?;
        Ok(Temporary { folder: self, name: Some(name), file })
    }

    /// Syncs the names in it to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        system::sync(&self.handle)
    }
}

impl Temporary<'_> {
    /// Gives the file its name, which must be free. A check followed by a rename would not do: another process may
    /// create that name in between.
    pub(super) fn give(&mut self, name: &OsStr) -> io::Result<()> {
        let Some(temporary) = &self.name else { return Ok(()) };
        system::rename(&self.folder.handle, temporary.as_ref(), name)?;
        self.name = None;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = system::remove(&self.folder.handle, name.as_ref());
        }
    }
}

/// A name that nobody else uses, and that shows which program left it after a crash.
fn temporary_name() -> io::Result<String> {
    let random = getrandom::u64().map_err(io::Error::other)?;
    Ok(format!(".duo-provision-{random:016x}.tmp"))
}

pub(super) fn sync(path: &Path) -> io::Result<()> {
    Folder::open(path)?.sync()
}

#[cfg(unix)]
mod handle {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use rustix::fs::{self, AtFlags, CWD, Mode, OFlags};
    use rustix::io::Errno;

    use super::{Owner, Syncable};

    /// A folder is synced as it is opened: POSIX needs no right to write for that.
    pub(super) type Handle = Syncable;

    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    pub(super) fn open(path: &Path) -> io::Result<Handle> {
        Ok(Syncable::of(fs::openat(CWD, path, FOLDER, Mode::empty())?.into()))
    }

    /// Makes a folder, and gives it its final name once it is the owner's. Until then nobody puts anything into it: if
    /// something is in it, it is not the folder that was made.
    pub(super) fn make(above: &Handle, name: &OsStr, owner: &Owner) -> io::Result<Handle> {
        let temporary = super::temporary_name()?;
        let temporary = OsStr::new(&temporary);
        fs::mkdirat(&**above, temporary, Mode::RWXU)?;
        let named = || {
            let made = open_made(above, temporary)?;
            owner.take(&made)?;
            name_folder(above, temporary, name)?;
            Ok(made)
        };
        named().inspect_err(|_| {
            let _ = fs::unlinkat(&**above, temporary, AtFlags::REMOVEDIR);
        })
    }

    /// Never replaces anything. If the file system cannot promise that, replaces at most an empty folder.
    fn name_folder(above: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match rename_new(above, from, to) {
            Err(error) if is_unknown(error) => Ok(fs::renameat(&**above, from, &**above, to)?),
            done => Ok(done?),
        }
    }

    /// Opens the folder that was just made. Fails if something has replaced it: a link, or a folder with something in
    /// it.
    pub(super) fn open_made(above: &Handle, name: &OsStr) -> io::Result<Handle> {
        let made = fs::openat(&**above, name, FOLDER.union(OFlags::NOFOLLOW), Mode::empty())?;
        let made = Syncable::of(made.into());
        let entries = fs::Dir::read_from(&*made)?;
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_bytes().to_owned()));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        if names.iter().all(|name| matches!(name.as_slice(), b"." | b"..")) {
            return Ok(made);
        }
        Err(io::Error::new(io::ErrorKind::ResourceBusy, "another folder took its place"))
    }

    pub(super) fn create(folder: &Handle, name: &OsStr) -> io::Result<File> {
        let new = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&**folder, name, new, Mode::RUSR | Mode::WUSR)?.into())
    }

    pub(super) fn rename(folder: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match rename_new(folder, from, to) {
            // The file system may allow a second name for the file instead.
            Err(error) if is_unknown(error) => {
                fs::linkat(&**folder, from, &**folder, to, AtFlags::empty())?;
                remove(folder, from)
            }
            done => Ok(done?),
        }
    }

    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    fn rename_new(folder: &Handle, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
        fs::renameat_with(&**folder, from, &**folder, to, fs::RenameFlags::NOREPLACE)
    }

    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    fn rename_new(_folder: &Handle, _from: &OsStr, _to: &OsStr) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }

    /// True if this system or file system has no rename that refuses to replace.
    fn is_unknown(error: Errno) -> bool {
        matches!(error, Errno::INVAL | Errno::NOSYS | Errno::NOTSUP)
    }

    pub(super) fn remove(folder: &Handle, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&**folder, name, AtFlags::empty())?)
    }

    pub(super) fn sync(folder: &Handle) -> io::Result<()> {
        folder.sync()
    }
}

/// Windows has no sudo, and nobody there can swap a folder that is not theirs.
#[cfg(not(unix))]
mod by_path {
    use std::ffi::OsStr;
    use std::fs::{self, File};
    use std::io;
    use std::path::{Path, PathBuf};

    use super::Owner;

    pub(super) type Handle = PathBuf;

    pub(super) fn open(path: &Path) -> io::Result<Handle> {
        let is_folder = fs::metadata(path)?.is_dir();
        if is_folder { Ok(path.to_owned()) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    pub(super) fn make(above: &Handle, name: &OsStr, _owner: &Owner) -> io::Result<Handle> {
        let path = above.join(name);
        fs::create_dir(&path)?;
        Ok(path)
    }

    pub(super) fn create(folder: &Handle, name: &OsStr) -> io::Result<File> {
        File::options().read(true).write(true).create_new(true).open(folder.join(name))
    }

    pub(super) fn rename(folder: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
        let temporary = tempfile::TempPath::try_from_path(folder.join(from))?;
        temporary.persist_noclobber(folder.join(to)).map_err(|refused| refused.error)
    }

    pub(super) fn remove(folder: &Handle, name: &OsStr) -> io::Result<()> {
        fs::remove_file(folder.join(name))
    }

    /// Windows syncs a folder's entries with the file itself and has no handle to do it separately.
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn sync(_folder: &Handle) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::path::Path;

    use super::{Folder, Owner, system};

    const USER: u32 = 1000;

    fn under_sudo() -> Option<Owner> {
        let env = |name: &str| name.starts_with("SUDO_").then(|| OsString::from(USER.to_string()));
        let owner = Owner::detect(&env);
        if owner == Owner::caller() {
            eprintln!("skipped: only root can hand a folder over");
            return None;
        }
        Some(owner)
    }

    fn owner_of(path: &Path) -> u32 {
        path.symlink_metadata().unwrap().uid()
    }

    #[test]
    fn what_is_made_is_the_callers_and_what_was_there_stays_whose_it_is() {
        let Some(owner) = under_sudo() else { return };
        let root = tempfile::tempdir().unwrap();
        let made = root.path().join("a/b");
        Folder::open_or_make(&made, &owner).unwrap();
        assert_eq!([made.as_path(), &root.path().join("a"), root.path()].map(owner_of), [USER, USER, 0]);
        assert_eq!(made.metadata().unwrap().mode() & 0o777, 0o700);
    }

    /// Covers the moment between making a folder and opening it, when something may replace it.
    #[test]
    fn what_took_the_place_of_a_new_folder_is_not_opened() {
        let root = tempfile::tempdir().unwrap();
        let place = |name: &str| root.path().join(name);
        fs::create_dir(place("target")).unwrap();
        symlink(place("target"), place("link")).unwrap();
        symlink(place("none"), place("dangling")).unwrap();
        fs::write(place("file"), "").unwrap();
        fs::create_dir_all(place("used/something")).unwrap();
        let above = system::open(root.path()).unwrap();
        for name in ["link", "dangling", "file", "used"] {
            assert!(system::open_made(&above, name.as_ref()).is_err(), "{name}");
        }
        assert!(system::open_made(&above, "target".as_ref()).is_ok());
    }

    #[test]
    fn a_folder_is_made_by_one_and_used_by_all_who_want_it_at_once() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/c");
        let together = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for nth in 0..4 {
                let (path, together) = (&path, &together);
                scope.spawn(move || {
                    together.wait();
                    let folder = Folder::open_or_make(path, &Owner::caller()).unwrap();
                    folder.create(format!("{nth}").as_ref()).unwrap();
                });
            }
        });
        assert_eq!(fs::read_dir(&path).unwrap().count(), 4);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing temporary is left");
    }

    #[test]
    fn a_file_is_made_in_the_folder_that_was_opened_and_through_no_link() {
        let root = tempfile::tempdir().unwrap();
        let (folder, elsewhere) = (root.path().join("folder"), root.path().join("elsewhere"));
        fs::create_dir(&folder).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        let open = Folder::open(&folder).unwrap();
        let aside = root.path().join("aside");
        fs::rename(&folder, &aside).unwrap();
        symlink(&elsewhere, &folder).unwrap();
        let mut temporary = open.temporary().unwrap();
        temporary.give("key".as_ref()).unwrap();
        symlink(elsewhere.join("through"), aside.join("link")).unwrap();
        assert!(open.create("link".as_ref()).is_err());
        assert!(open.temporary().unwrap().give("key".as_ref()).is_err(), "never over another file");
        drop(temporary);
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        assert_eq!(fs::read_dir(&aside).unwrap().count(), 2, "the key and the link, and nothing temporary");
    }
}
