//! Which system calls have an effect outside the process, and what they are about.
//!
//! Knows the calling convention of Linux on x86-64. Files, folders and sockets count; the pipes and event
//! counters that Node's threads wake each other with do not.

use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::str::FromStr;

use nix::libc::{self, user_regs_struct};
use nix::unistd::Pid;
use serde::Serialize;

/// The class of an effect. Effects of one class happen one after the other, so that they can be numbered: a workflow
/// runs on one thread, and another thread writes the output for people. Files and sockets have separate counts: while a
/// workflow waits, the number of its questions to the bus varies, and the numbers of the file effects do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// On files and folders.
    File,
    /// On sockets.
    Socket,
    /// On standard output and standard error.
    Output,
}

impl FromStr for Class {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "file" => Ok(Self::File),
            "socket" => Ok(Self::Socket),
            "output" => Ok(Self::Output),
            other => Err(format!("no class is called {other}")),
        }
    }
}

/// A call that has an effect.
#[derive(Clone, Debug, Serialize)]
pub struct Effect {
    /// Which count it belongs to.
    pub class: Class,
    /// Its name, as in the manual.
    pub call: &'static str,
    /// The file or folder that it acts on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// What it is renamed or linked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PathBuf>,
    /// How many bytes are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The setup packet of the USB request that is sent, 16 hexadecimal digits (USB 2.0 §9.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
}

/// How to read a call's arguments; the numbers are their positions.
enum Shape {
    /// A path and flags: an effect if it may create or empty a file.
    Open { path: usize, flags: usize },
    /// A descriptor of the folder that the path starts in, a path and flags.
    OpenAt { folder: usize, path: usize, flags: usize },
    /// A path.
    Path(usize),
    /// Two paths.
    Paths(usize, usize),
    /// A descriptor of the folder that the path starts in, then the path.
    PathAt(usize),
    /// Two pairs of folder and path.
    PathsAt(usize, usize),
    /// A descriptor.
    Descriptor(usize),
    /// A descriptor, a buffer and its length.
    Data,
    /// A descriptor, and data in pieces.
    Pieces,
}

/// The calls that may have an effect.
const CALLS: [(i64, &str, Shape); 39] = {
    use Shape::{Data, Descriptor, Open, OpenAt, Path, PathAt, Paths, PathsAt, Pieces};
    [
        (libc::SYS_open, "open", Open { path: 0, flags: 1 }),
        (libc::SYS_openat, "openat", OpenAt { folder: 0, path: 1, flags: 2 }),
        (libc::SYS_creat, "creat", Path(0)),
        (libc::SYS_write, "write", Data),
        (libc::SYS_pwrite64, "pwrite64", Data),
        (libc::SYS_sendto, "sendto", Data),
        (libc::SYS_writev, "writev", Pieces),
        (libc::SYS_pwritev, "pwritev", Pieces),
        (libc::SYS_pwritev2, "pwritev2", Pieces),
        (libc::SYS_sendmsg, "sendmsg", Pieces),
        (libc::SYS_sendmmsg, "sendmmsg", Pieces),
        (libc::SYS_sendfile, "sendfile", Pieces),
        (libc::SYS_copy_file_range, "copy_file_range", Descriptor(2)),
        (libc::SYS_connect, "connect", Descriptor(0)),
        (libc::SYS_shutdown, "shutdown", Descriptor(0)),
        (libc::SYS_fsync, "fsync", Descriptor(0)),
        (libc::SYS_fdatasync, "fdatasync", Descriptor(0)),
        (libc::SYS_ftruncate, "ftruncate", Descriptor(0)),
        (libc::SYS_fallocate, "fallocate", Descriptor(0)),
        (libc::SYS_fchmod, "fchmod", Descriptor(0)),
        (libc::SYS_fchown, "fchown", Descriptor(0)),
        (libc::SYS_truncate, "truncate", Path(0)),
        (libc::SYS_chmod, "chmod", Path(0)),
        (libc::SYS_fchmodat, "fchmodat", PathAt(0)),
        (libc::SYS_chown, "chown", Path(0)),
        (libc::SYS_lchown, "lchown", Path(0)),
        (libc::SYS_fchownat, "fchownat", PathAt(0)),
        (libc::SYS_mkdir, "mkdir", Path(0)),
        (libc::SYS_mkdirat, "mkdirat", PathAt(0)),
        (libc::SYS_rmdir, "rmdir", Path(0)),
        (libc::SYS_unlink, "unlink", Path(0)),
        (libc::SYS_unlinkat, "unlinkat", PathAt(0)),
        (libc::SYS_rename, "rename", Paths(0, 1)),
        (libc::SYS_renameat, "renameat", PathsAt(0, 2)),
        (libc::SYS_renameat2, "renameat2", PathsAt(0, 2)),
        (libc::SYS_link, "link", Paths(0, 1)),
        (libc::SYS_linkat, "linkat", PathsAt(0, 2)),
        (libc::SYS_symlink, "symlink", Paths(0, 1)),
        (libc::SYS_symlinkat, "symlinkat", Paths(0, 2)),
    ]
};

/// The numbers of the calls that may have an effect.
pub fn numbers() -> impl Iterator<Item = i64> {
    CALLS.iter().map(|(number, ..)| *number)
}

/// The effect of the call that is about to happen, if it has one.
pub fn of(process: Pid, registers: &user_regs_struct) -> Option<Effect> {
    let number = i64::from_ne_bytes(registers.orig_rax.to_ne_bytes());
    let (_, call, shape) = CALLS.iter().find(|(known, ..)| *known == number)?;
    let process = Process(process);
    let arguments = [registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9];
    let on_path =
        |path, to| Some(Effect { class: Class::File, call, path: Some(path), to, bytes: None, setup: None });
    match *shape {
        Shape::Open { flags, .. } | Shape::OpenAt { flags, .. } if !changes(arguments[flags]) => None,
        Shape::OpenAt { folder, path, .. } => {
            on_path(process.path_in(arguments[folder], arguments[path]), None)
        }
        Shape::PathAt(at) => on_path(process.path_in(arguments[at], arguments[at + 1]), None),
        Shape::PathsAt(from, to) => on_path(
            process.path_in(arguments[from], arguments[from + 1]),
            Some(process.path_in(arguments[to], arguments[to + 1])),
        ),
        Shape::Open { path, .. } | Shape::Path(path) => on_path(process.path(arguments[path]), None),
        Shape::Paths(from, to) => on_path(process.path(arguments[from]), Some(process.path(arguments[to]))),
        Shape::Descriptor(which) => process.on_descriptor(call, low(arguments[which])),
        Shape::Pieces => process.on_descriptor(call, low(arguments[0])),
        Shape::Data => {
            let mut effect = process.on_descriptor(call, low(arguments[0]))?;
            effect.bytes = Some(arguments[2]);
            effect.setup =
                process.setup(arguments[1], arguments[2]).filter(|_| effect.class == Class::Socket);
            Some(effect)
        }
    }
}

/// Whether opening a file with these flags may create or empty it.
fn changes(flags: u64) -> bool {
    low(flags) & (libc::O_CREAT | libc::O_TRUNC) != 0
}

/// The half of a register that holds an `int`.
fn low(register: u64) -> i32 {
    let [a, b, c, d, ..] = register.to_ne_bytes();
    i32::from_ne_bytes([a, b, c, d])
}

/// A traced process that is stopped, so that its memory and its descriptors can be read.
struct Process(Pid);

impl Process {
    fn on_descriptor(&self, call: &'static str, descriptor: i32) -> Option<Effect> {
        let found = std::fs::read_link(format!("/proc/{}/fd/{descriptor}", self.0)).ok()?;
        let class = match descriptor {
            1 | 2 => Class::Output,
            _ if found.to_string_lossy().starts_with("socket:") => Class::Socket,
            _ => Class::File,
        };
        let path = found.is_absolute().then_some(found);
        let outside = class != Class::File || path.as_deref().is_some_and(|p| !p.starts_with("/dev"));
        outside.then_some(Effect { class, call, path, to: None, bytes: None, setup: None })
    }

    fn path(&self, address: u64) -> PathBuf {
        let mut bytes = self.memory(address, 4096);
        bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
        std::ffi::OsString::from_vec(bytes).into()
    }

    /// A path that starts in the folder of a descriptor. An absolute path stays as it is.
    fn path_in(&self, folder: u64, address: u64) -> PathBuf {
        let path = self.path(address);
        let folder = std::fs::read_link(format!("/proc/{}/fd/{}", self.0, low(folder)));
        folder.map_or_else(|_| path.clone(), |folder| folder.join(&path))
    }

    /// The setup packet: the last eight bytes of the 48-byte header of a USBIP_CMD_SUBMIT (Linux
    /// `Documentation/usb/usbip_protocol.rst`). The first word of a key is never 1, so a key is not taken for a header.
    fn setup(&self, address: u64, length: u64) -> Option<String> {
        if length < 48 || self.memory(address, 4) != [0, 0, 0, 1] {
            return None;
        }
        let setup: [u8; 8] = self.memory(address + 40, 8).try_into().ok()?;
        Some(format!("{:016x}", u64::from_be_bytes(setup)))
    }

    /// The readable bytes, at most `length`.
    fn memory(&self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let mut filled = 0;
        if let Ok(memory) = File::open(format!("/proc/{}/mem", self.0)) {
            // A read may end at a page boundary, if the next page is not mapped.
            while filled < length
                && let Ok(more) = memory.read_at(&mut bytes[filled..], address + filled as u64)
                && more > 0
            {
                filled += more;
            }
        }
        bytes.truncate(filled);
        bytes
    }
}
