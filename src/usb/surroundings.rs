//! Detects systems to which USB devices have to be passed through: containers, WSL, virtual machines.

use std::fs;
use std::path::Path;

/// What passes USB devices through to this system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// A container: it sees the kernel's devices, but has only the nodes that it was given.
    Container,
    /// Windows' Subsystem for Linux, version 2.
    Wsl,
    /// Any other virtual machine.
    VirtualMachine,
}

impl Surroundings {
    /// The surroundings of the Linux system with this root folder.
    pub(super) fn of(root: &Path) -> Option<Self> {
        // The marker files of Docker, and of podman and buildah.
        if [".dockerenv", "run/.containerenv"].iter().any(|mark| root.join(mark).exists()) {
            return Some(Self::Container);
        }
        let says = |name: &str, word: &str| {
            fs::read_to_string(root.join(name)).is_ok_and(|text| text.to_ascii_lowercase().contains(word))
        };
        if says("proc/sys/kernel/osrelease", "microsoft") {
            return Some(Self::Wsl);
        }
        // On x86 the processor shows it; elsewhere the product name does.
        let virtual_machine =
            says("proc/cpuinfo", " hypervisor") || says("sys/class/dmi/id/product_name", "virtual");
        virtual_machine.then_some(Self::VirtualMachine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Option<Surroundings> {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Surroundings::of(root.path())
    }

    #[test]
    fn what_passes_devices_through_is_known_by_its_marks() {
        let linux = ("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        let wsl = ("proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2\n");
        let guest = ("proc/cpuinfo", "flags\t\t: fpu vme hypervisor lahf_lm\n");
        assert_eq!(of(&[linux, ("proc/cpuinfo", "flags\t\t: fpu vme\n")]), None);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[linux, guest]), Some(Surroundings::VirtualMachine));
        assert_eq!(
            of(&[("sys/class/dmi/id/product_name", "KVM Virtual Machine\n")]),
            Some(Surroundings::VirtualMachine)
        );
        assert_eq!(of(&[wsl, guest]), Some(Surroundings::Wsl));
        assert_eq!(of(&[wsl, guest, (".dockerenv", "")]), Some(Surroundings::Container));
        assert_eq!(of(&[guest, ("run/.containerenv", "")]), Some(Surroundings::Container));
    }
}
