//! `udev print` and `udev install`: print or install the rule that lets a user open a board without being root. Linux
//! only.
//!
//! With the tag `uaccess`, systemd gives a device to the user who sits at the machine. systemd acts on the tag in
//! `73-seat-late.rules` (systemd `src/login/73-seat-late.rules.in`). Rules are read in the order of their file names
//! (udev(7)), so this file's name has to sort before that one. `ID_MM_DEVICE_IGNORE` keeps ModemManager from talking to
//! the serial port of a board that runs (ModemManager API reference, "Common udev tags").
//!
//! Only root can write the file: nothing here becomes root, and without root nothing is written.

mod udevadm;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::archive::{FileError, create_new_public, is_superuser, read_bounded};
use crate::disk::plain_path;
use crate::error::{Code, Error, UDEV_BY_HAND};
use crate::workflow::context::{BOARDS, Context, NORMAL_MODE};
use crate::workflow::next::command_line as command;
use crate::workflow::next::command_line::file;
use udevadm::Udevadm;

/// Where the rule is installed. 60 comes before 73.
const RULE_PATH: &str = "/etc/udev/rules.d/60-duo-provision.rules";

/// More than the size of any rules file that is compared, in bytes.
const RULE_LIMIT: u64 = 1 << 16;

/// The commands after the file is written: udev reads it, and applies it to the boards that are plugged in.
const TAKE_UP: [&[&str]; 2] =
    [&["control", "--reload"], &["trigger", "--subsystem-match=usb", "--attr-match=idVendor=2b04"]];

/// The udev rule that lets users open a Duo without being root.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "UdevRule", rename_all = "camelCase")]
pub struct UdevRule {
    /// Where it is installed.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: PathBuf,
    /// The whole file.
    pub contents: String,
}

/// The rule for the known boards in DFU mode, and for a Duo that runs its firmware.
pub fn udev_rule() -> UdevRule {
    let mut contents = String::from(
        "# Boards that duo-provision works on: whoever sits at this machine may open them, and ModemManager\n\
         # leaves their serial ports alone. The name of this file has to sort before 73-seat-late.rules,\n\
         # in which systemd acts on the tag \"uaccess\".\n",
    );
    let boards = BOARDS.iter().map(|board| (format!("{board} in DFU mode"), board.dfu_mode));
    for (what, (vendor, product)) in [("Duo that runs".to_owned(), NORMAL_MODE)].into_iter().chain(boards) {
        let _ = write!(
            contents,
            "\n# {what}\nSUBSYSTEMS==\"usb\", ATTRS{{idVendor}}==\"{vendor:04x}\", ATTRS{{idProduct}}==\"{product:04x}\", \
             TAG+=\"uaccess\", ENV{{ID_MM_DEVICE_IGNORE}}=\"1\"\n"
        );
    }
    UdevRule { path: RULE_PATH.into(), contents }
}

/// The machine that the rule is installed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its root folder.
    pub root: PathBuf,
    /// Whether the caller may write there.
    pub superuser: bool,
    /// Whether it can have udev.
    pub linux: bool,
}

impl Machine {
    /// This machine, or the folder `root` as one. That folder counts as writable: its rights are the caller's concern.
    pub fn at(root: Option<PathBuf>) -> Self {
        let superuser = root.is_some() || is_superuser();
        Self { root: root.unwrap_or_else(|| "/".into()), superuser, linux: cfg!(target_os = "linux") }
    }

    fn path(&self, absolute: &Path) -> PathBuf {
        self.root.join(absolute.strip_prefix("/").unwrap_or(absolute))
    }
}

/// A udev rule that is in place, and that udev has loaded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "UdevInstallResult", rename_all = "camelCase")]
pub struct UdevInstalled {
    /// The file.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: PathBuf,
    /// False if the file already had exactly these contents.
    pub written: bool,
}

/// Writes the rule, and makes udev load it. Never overwrites a file of that name with other contents.
pub fn install_udev_rule(context: Context<'_>, machine: &Machine) -> Result<UdevInstalled, Error> {
    let UdevRule { path, contents } = udev_rule();
    if !machine.linux {
        return Err(not_linux());
    }
    if !machine.superuser {
        return Err(not_root(&path));
    }
    let file = machine.path(&path);
    let written = write_rule(&file, contents.as_bytes())?;
    let udevadm =
        Udevadm::below(&machine.root).ok_or_else(|| not_taken_up(&file, "there is no udevadm here"))?;
    for arguments in TAKE_UP {
        udevadm.run(context.clock, arguments).map_err(|reason| not_taken_up(&file, &reason))?;
    }
    Ok(UdevInstalled { path: file, written })
}

/// Writes the file; false if it already has exactly these contents.
fn write_rule(file: &Path, contents: &[u8]) -> Result<bool, Error> {
    const WRITING: &str = "writing the udev rule";
    match create_new_public(file, contents) {
        Ok(()) => Ok(true),
        Err(FileError::Exists(_)) => match read_bounded(file, RULE_LIMIT) {
            Ok(there) if there.as_slice() == contents => Ok(false),
            _ => Err(other_contents(file).during(WRITING)),
        },
        Err(error @ FileError::NotFound(_)) => Err(Error::from(error)
            .hint("this system keeps no udev rules there; `duo-provision udev print` prints the rule")
            .during(WRITING)),
        Err(error) => Err(Error::from(error)
            .hint("nothing was written; `duo-provision udev print` prints the rule")
            .during(WRITING)),
    }
}

fn not_linux() -> Error {
    Error::new(Code::UdevUnavailable, "udev is a part of Linux, and this is another system").hint(
        "macOS needs no rule; on Windows the error about a Duo that cannot be opened says what to do. \
         `duo-provision udev print` prints the rule for another machine",
    )
}

fn not_root(rule: &Path) -> Error {
    Error::new(Code::RootRequired, format!("only root may write {}; nothing was written", file(rule)))
        .hint(UDEV_BY_HAND)
}

fn other_contents(file: &Path) -> Error {
    let name = command::file(file);
    Error::new(Code::FileExists, format!("{} exists already, with other contents", plain_path(file))).hint(format!(
        "it was not touched. Compare it with the output of `duo-provision udev print`; to have that one, run the \
         command again after: sudo mv {name} {name}.old"
    ))
}

fn not_taken_up(file: &Path, reason: &str) -> Error {
    let message = format!("{} is in place, but udev was not told of it: {reason}", plain_path(file));
    Error::new(Code::UdevFailed, message)
        .hint("unplug the Duo and plug it in again; if it still cannot be opened, restart the machine")
}
