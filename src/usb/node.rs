//! Finds out why Linux does not open a device, from its node, `/dev/bus/usb/BUS/NUMBER`.
//!
//! libusb knows "no permission" (EACCES) and "no such device" (ENOENT), and calls everything else a fault. But some
//! cases need another remedy: a container that was given a single node, a list of devices without this one, a policy
//! that also applies to root. So after a failed open, the node is checked and the kernel is asked.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

// `errno` on Linux (errno(3)).
const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const EACCES: i32 = 13;

/// Why the node cannot be opened, apart from a plain lack of permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// EPERM: a list of devices (of a container or a snap) does not include this one.
    #[error("the system lets no program here open the USB device {0} (EPERM)")]
    NotListed(String),
    /// The kernel has the device, but there is no node: a container that was given another node, or none.
    #[error("the USB device is there, and its node {0} is not")]
    Missing(String),
    /// EACCES for the machine's own root: a policy, such as SELinux's.
    #[error("not even root may open the USB device {0} (EACCES)")]
    Policy(String),
    /// EACCES for a root that is another user outside: a rootless container.
    #[error("root in this container is another user outside, who may not open the USB device {0}")]
    MappedRoot(String),
}

/// A Linux machine, by its root folder.
pub(super) struct Machine<'a>(pub &'a Path);

impl Machine<'_> {
    /// Why a device cannot be opened; `None` if the node shows no more than libusb does.
    pub fn look(&self, path: &str, bus: u8, address: u8) -> Option<NodeError> {
        let node = format!("/dev/bus/usb/{bus:03}/{address:03}");
        let opened = OpenOptions::new().read(true).write(true).open(self.below(Path::new(&node)));
        self.judge(&opened.err()?, node, || self.kernel_has(path, address))
    }

    fn judge(&self, error: &io::Error, node: String, there: impl Fn() -> bool) -> Option<NodeError> {
        match error.raw_os_error()? {
            EPERM => Some(NodeError::NotListed(node)),
            ENOENT if there() => Some(NodeError::Missing(node)),
            EACCES if self.is_root() && self.is_mapped() => Some(NodeError::MappedRoot(node)),
            EACCES if self.is_root() => Some(NodeError::Policy(node)),
            _ => None,
        }
    }

    /// Whether the kernel still has this device, under this number.
    fn kernel_has(&self, path: &str, address: u8) -> bool {
        let number = Path::new("/sys/bus/usb/devices").join(path).join("devnum");
        fs::read_to_string(self.below(&number)).is_ok_and(|text| text.trim() == address.to_string())
    }

    /// Whether the process runs under the user id 0 (proc(5): real, effective, saved, file system).
    fn is_root(&self) -> bool {
        let Ok(status) = fs::read_to_string(self.below(Path::new("/proc/self/status"))) else { return false };
        let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        ids.and_then(|ids| ids.split_whitespace().nth(1)) == Some("0")
    }

    /// Whether user ids here differ from those of the machine (user_namespaces(7)).
    fn is_mapped(&self) -> bool {
        let Ok(map) = fs::read_to_string(self.below(Path::new("/proc/self/uid_map"))) else { return false };
        map.split_whitespace().ne(["0", "0", "4294967295"])
    }

    fn below(&self, absolute: &Path) -> PathBuf {
        self.0.join(absolute.strip_prefix("/").unwrap_or(absolute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that has a device at 1-2, number 7, and its node.
    fn machine() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("sys/bus/usb/devices/1-2/devnum", "7\n"),
            ("proc/self/uid_map", "         0          0 4294967295\n"),
            ("dev/bus/usb/001/007", ""),
        ] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn look(root: &Path) -> Option<NodeError> {
        Machine(root).look("1-2", 1, 7)
    }

    fn node() -> String {
        "/dev/bus/usb/001/007".into()
    }

    #[test]
    fn a_node_that_can_be_opened_says_nothing() {
        assert_eq!(look(machine().path()), None);
    }

    #[test]
    fn a_node_that_is_missing_is_told_from_a_device_that_went_away() {
        let root = machine();
        fs::remove_file(root.path().join("dev/bus/usb/001/007")).unwrap();
        assert_eq!(look(root.path()), Some(NodeError::Missing(node())));
        let number = root.path().join("sys/bus/usb/devices/1-2/devnum");
        fs::write(&number, "8\n").unwrap();
        assert_eq!(look(root.path()), None, "it came back under another number");
        fs::remove_file(&number).unwrap();
        assert_eq!(look(root.path()), None, "it went away");
    }

    #[test]
    fn the_same_errno_says_something_else_to_root() {
        let root = machine();
        let as_user = |id: u32| {
            fs::write(root.path().join("proc/self/status"), format!("Name:\tnode\nUid:\t0\t{id}\t0\t0\n"))
                .unwrap();
        };
        let judged = |errno| {
            let error = io::Error::from_raw_os_error(errno);
            Machine(root.path()).judge(&error, node(), || true)
        };
        for id in [0, 1000] {
            as_user(id);
            assert_eq!(judged(EPERM), Some(NodeError::NotListed(node())));
            assert_eq!(judged(ENOENT), Some(NodeError::Missing(node())));
            assert_eq!(judged(5), None);
        }
        assert_eq!(judged(EACCES), None);
        as_user(0);
        assert_eq!(judged(EACCES), Some(NodeError::Policy(node())));
        fs::write(root.path().join("proc/self/uid_map"), "0 1000 1\n1 100000 65536\n").unwrap();
        assert_eq!(judged(EACCES), Some(NodeError::MappedRoot(node())));
    }
}
