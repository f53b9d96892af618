//! Makes the commands that repeat or undo an operation, from its record alone.

use std::fmt;
use std::path::Path;

use crate::dct::{DeviceId, DeviceIdSource};
use crate::journal::{DeviceMark, OperationKind, Request, Started};
use crate::workflow::next::command_line::{
    choice, cloud, fields_from, fields_option, file, flag, option, restore_from, then, whole_from,
};

/// How far an operation got, as far as it matters for the undo.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoFar<'o> {
    /// The backup of what was there.
    pub backup: Option<&'o Path>,
    /// True if the device may have been written.
    pub wrote: bool,
    /// True if the cloud may have the new key.
    pub told: bool,
}

/// How to undo a write.
#[derive(Clone, Debug)]
pub enum Rollback {
    /// A command, and what it restores: "the key that was there".
    Command { what: &'static str, command: String },
    /// Nothing can be written back: why, and where the bytes are.
    Bytes { why: &'static str, backup: String },
    /// There is no way; why, unless nothing was changed.
    None(Option<&'static str>),
}

/// The command that repeats the operation. An existing backup is recognized, and not stored twice; `--no-backup` is not
/// repeated.
pub fn retry(started: &Started) -> String {
    if let Some(again) = key_in_hand(started) {
        return again;
    }
    let request = &started.request;
    let file = request.file.as_deref().map(|file| format!(" {}", self::file(file))).unwrap_or_default();
    let leave = flag("leave", request.leave);
    let other = flag("allow-other-device", request.allow_other_device);
    let encrypt = flag("encrypt", request.encrypt);
    let what = match started.operation {
        OperationKind::Backup => format!("backup{file}{}{encrypt}", flag("raw", request.raw)),
        OperationKind::DctBackup => format!("dct backup{file}{}", flag("whole", request.whole)),
        OperationKind::Restore => format!("restore{file}{leave}{other}{encrypt}"),
        OperationKind::Reset => format!("reset{encrypt}"),
        OperationKind::DctRestore if request.whole => format!("dct restore{file} --whole{other}{leave}"),
        OperationKind::DctRestore => {
            format!("dct restore{file}{}{other}{leave}", fields_option(&request.fields))
        }
        OperationKind::ServerKeySet if request.file.is_none() => format!("server-key restore{leave}"),
        OperationKind::ServerKeySet => {
            format!(
                "server-key set{file}{}{}{leave}",
                device_port(started),
                flag("no-address", request.no_address)
            )
        }
        OperationKind::Rotate => {
            let server = option("server-key", request.server_key.as_deref());
            let (port, cloud) = (device_port(started), cloud(request));
            format!("rotate{cloud}{server}{port}{}", flag("no-verify", request.no_verify))
        }
        OperationKind::Provision => return provision_again(started, &file),
        OperationKind::Verify => return format!("duo-provision verify{}", which(started)),
        OperationKind::FleetProvision => return fleet_again(request),
    };
    format!("duo-provision {what}{}", on_device(started))
}

fn provision_again(started: &Started, file: &str) -> String {
    let id = started.device.id.map(|id| id.to_string()).unwrap_or_default();
    let tell = match started.device.id.filter(|_| started.request.from_device) {
        Some(id) => tell_key_of(Some(id), &started.device, &started.request),
        None => format!("duo-provision {id}{file}{}", cloud(&started.request)),
    };
    tell + &proof(started)
}

/// The options that prove the pair after the key was sent, if that was asked for.
fn proof(started: &Started) -> String {
    if !started.request.verify {
        return String::new();
    }
    let server = option("server-key", started.request.server_key.as_deref());
    format!(" --verify{server}{}", device_port(started))
}

/// The command that continues a list.
pub fn fleet_again(request: &Request) -> String {
    let list = match request.file.as_deref() {
        Some("-") | None => "-".to_owned(),
        Some(list) => file(list),
    };
    let Some(fleet) = &request.fleet else { return format!("duo-provision fleet provision {list}") };
    let terms = &fleet.terms;
    let number =
        |name: &str, number: Option<u32>| option(name, number.map(|number| number.to_string()).as_deref());
    format!(
        "duo-provision fleet provision {list}{}{}{}{}{}{}{}{}{}{}",
        option("ledger", fleet.ledger_typed.then_some(fleet.ledger.as_str())),
        option("shard", terms.shard.as_deref()),
        option("rate", terms.rate.as_deref()),
        number("concurrency", terms.concurrency),
        number("max-failures", terms.max_failures),
        flag("skip-invalid", terms.skip_invalid),
        flag("allow-generic", terms.allow_generic),
        flag("allow-shared-keys", terms.allow_shared_keys),
        cloud(request),
        number("timeout", terms.timeout),
    )
}

/// The options that say where devices connect to, as they were typed.
fn device_port(started: &Started) -> String {
    let port = started.request.port.map(|port| port.to_string());
    option("host", started.request.host.as_deref()) + &option("port", port.as_deref())
}

/// The commands to finish and to undo.
pub fn hint(started: &Started, rollback: &Rollback) -> String {
    format!("{}{rollback}", finish(started))
}

/// The part of a hint after the command to finish.
impl fmt::Display for Rollback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { what, command } => write!(f, "; to go back to {what}: {command}"),
            Self::Bytes { why, backup } => write!(f, "; {why} are in {backup}"),
            Self::None(Some(why)) => write!(f, "; {why}"),
            Self::None(None) => Ok(()),
        }
    }
}

/// The command to finish.
pub fn finish(started: &Started) -> String {
    format!("to finish: {}", retry(started))
}

/// How to finish a `restoreKey` of bytes that are in no file, in words: no command can do it.
pub fn key_in_hand(started: &Started) -> Option<String> {
    let of_bytes = started.operation == OperationKind::Restore && started.request.file.is_none();
    let key = started.after.filter(|_| of_bytes)?;
    Some(format!("call restoreKey again with the key of fingerprint {key}"))
}

/// How to undo the operation. A key slot that held no key is not written back.
pub fn rollback(started: &Started, so_far: SoFar<'_>) -> Rollback {
    if started.operation == OperationKind::Rotate {
        return rollback_of_rotation(started, so_far);
    }
    let Some(backup) = so_far.backup else {
        return Rollback::None(Some("no backup of what was there was made"));
    };
    let had_key = started.before.is_some();
    let fields = started.fields();
    let fields: Vec<&String> =
        fields.iter().filter(|field| had_key || *field != "device-private-key").collect();
    let (what, command) = match started.operation {
        OperationKind::DctRestore if started.is_whole() && had_key => {
            ("the DCT that was there", whole_from(backup))
        }
        OperationKind::DctRestore if started.is_whole() => {
            return Rollback::Bytes { why: NO_KEY_COUNTED, backup: file(backup) };
        }
        OperationKind::ServerKeySet | OperationKind::DctRestore if !fields.is_empty() => {
            ("what was there", fields_from(backup, &fields))
        }
        OperationKind::Restore | OperationKind::Reset if had_key => {
            ("the key that was there", restore_from(backup))
        }
        _ => return Rollback::Bytes { why: NO_KEY, backup: file(backup) },
    };
    Rollback::Command { what, command: command + &on_device(started) }
}

const NO_KEY: &str = "no key was there before; the bytes that were";

/// For a whole DCT. A copy that did not count may still hold a key.
const NO_KEY_COUNTED: &str =
    "no key counted before (`duo-provision backups` lists those that were found); the bytes that were there";

/// Restores the old key: in the Duo if it was written, and in the cloud if the new key was sent.
fn rollback_of_rotation(started: &Started, so_far: SoFar<'_>) -> Rollback {
    let backup = so_far.backup.filter(|_| so_far.wrote);
    match started.before {
        None => {
            return backup.map_or(Rollback::None(None), |backup| Rollback::Bytes {
                why: NO_KEY,
                backup: file(backup),
            });
        }
        // Resumed after the write: no earlier key is recorded.
        before if before == started.after => return Rollback::None(None),
        Some(_) => {}
    }
    let restore = backup.map(|backup| restore_from(backup) + &on_device(started));
    let tell = so_far.told.then(|| tell_key(started)).flatten();
    let commands = restore.into_iter().chain(tell);
    match commands.reduce(|first, second| then(&first, &second)) {
        Some(command) => Rollback::Command { what: "the key that was there", command },
        None => Rollback::None(None),
    }
}

/// The command that sends the key in the device to the operation's cloud.
pub fn tell_key(started: &Started) -> Option<String> {
    let id = started.device.id.or(started.request.owner)?;
    Some(tell_key_of(Some(id), &started.device, &started.request))
}

/// The command that sends the key in the device to the request's cloud. Without an id it has a placeholder.
pub fn tell_key_of(id: Option<DeviceId>, device: &DeviceMark, request: &Request) -> String {
    let id = id.map_or_else(|| "DEVICE_ID".to_owned(), |id| id.to_string());
    let attached = choice(None, path(device, request), request.usbip.as_deref());
    let unproven = flag("allow-unproven-address", request.allow_unproven_address);
    format!("duo-provision {id} --from-device{attached}{unproven}{}", cloud(request))
}

/// The arguments that select the device.
pub fn which(started: &Started) -> String {
    which_of(&started.device, &started.request)
}

/// The same, from a device mark and a request.
pub fn which_of(device: &DeviceMark, request: &Request) -> String {
    choice(device.id.or(request.owner), path(device, request), request.usbip.as_deref())
}

/// The same, for a command that stores what it reads, or writes.
pub fn on_device(started: &Started) -> String {
    let request = &started.request;
    let unproven = flag("allow-unproven-address", request.allow_unproven_address);
    option("archive", request.archive.as_deref()) + &which(started) + &unproven
}

/// The port, if it was typed or the Duo does not tell its id. A Duo that tells its id is found by it, whatever its port
/// is later.
fn path<'r>(device: &'r DeviceMark, request: &'r Request) -> Option<&'r str> {
    let tells_id = device.source == Some(DeviceIdSource::UsbSerial);
    let port = device.path.as_deref().filter(|_| !tells_id);
    request.path.as_deref().or(port)
}
