//! What to type after an operation that was cut short: to see, to finish, to go back.

use std::path::Path;

use super::Advice;
use crate::archive::DeviceIdSource;
use crate::journal::{Operation, OperationKind, Reached};
use crate::outcome::KeyState as KeyLeft;
use crate::workflow::command::{
    self, choice, dct_restore, fields_from, flag, option, restore_from, server_key, whole_from,
};
use crate::workflow::recovery::NO_KEY_COUNTED;

pub(super) fn advice(operation: &Operation) -> Vec<Advice> {
    let advise = |purpose: &str, command| Advice { purpose: purpose.to_owned(), command };
    if !operation.kind().writes() {
        let kept = operation.started.request.file.as_deref().filter(|file| Path::new(file).exists());
        return match (operation.kind(), kept) {
            (OperationKind::Backup | OperationKind::DctBackup, Some(file)) => {
                let command = command::inspect(file);
                vec![advise("the file is there: see whether it holds the key", command)]
            }
            (OperationKind::Backup | OperationKind::DctBackup, None) => {
                vec![advise("to make the backup", again(operation))]
            }
            _ => vec![advise("to send it again, with the token given as before", again(operation))],
        };
    }
    let mut next = Vec::new();
    let open = matches!(operation.key(), Some(KeyLeft::Unknown | KeyLeft::Wrong));
    if open || operation.left_a_field_open() {
        let (what, show) = match operation.kind() {
            OperationKind::ServerKeySet => ("see which server key it has", "server-key show"),
            OperationKind::DctRestore => ("see what its DCT holds", "dct show"),
            _ => ("see which key it has", "list"),
        };
        let command = format!("duo-provision {show}{}", which(operation));
        next.push(advise(&format!("put the Duo into DFU mode, and {what}"), command));
    }
    next.push(match (operation.kind(), operation.key()) {
        (OperationKind::Reset, Some(KeyLeft::Written)) => after_reset(operation),
        _ => advise("to finish", again(operation)),
    });
    if operation.kind() == OperationKind::Rotate {
        next.extend(back_from_rotation(operation));
        return next;
    }
    if let (Some(backup), true) = (&operation.backup, operation.has(Reached::Writing)) {
        next.push(back(operation, backup));
    }
    next
}

/// A slot that was reset is not reset again: the Duo may have started since, and have a new key by now.
fn after_reset(operation: &Operation) -> Advice {
    let device = &operation.started.device;
    let command = match device.id.or(operation.started.request.owner) {
        Some(id) => command::tell_key_of_device(id, path_unless_told(operation), &operation.started.request),
        None => format!("duo-provision list{}", which(operation)),
    };
    let purpose = "to finish: press RESET if the Duo is still in DFU mode, let it make its new key, bring it into DFU \
                   mode again, and tell the cloud";
    Advice { purpose: purpose.to_owned(), command }
}

/// How to get back what was there. A key slot without a key is not brought back.
fn back(operation: &Operation, backup: &Path) -> Advice {
    let advise = |purpose: &str, command| Advice { purpose: purpose.to_owned(), command };
    let key = operation.started.before.is_some();
    let fields = operation.fields();
    let fields: Vec<&str> =
        fields.iter().map(String::as_str).filter(|field| key || *field != "device-private-key").collect();
    match operation.kind() {
        OperationKind::DctRestore if operation.is_whole() && key => {
            advise("to go back to what was there", whole_from(backup) + &which(operation))
        }
        OperationKind::DctRestore if operation.is_whole() => {
            let command = command::inspect(backup);
            advise(NO_KEY_COUNTED, command)
        }
        OperationKind::ServerKeySet | OperationKind::DctRestore if !fields.is_empty() => {
            advise("to go back to what was there", fields_from(backup, &fields) + &worked_on(operation))
        }
        OperationKind::Restore | OperationKind::Reset if key => {
            let command = restore_from(backup) + &worked_on(operation);
            advise("to go back to the key that was there", command)
        }
        _ => {
            let command = command::inspect(backup);
            advise("no key was there before; the bytes that were", command)
        }
    }
}

/// Back to the old key: in the Duo, where it may not be there any more, and in the cloud, where it may not be either.
fn back_from_rotation(operation: &Operation) -> Option<Advice> {
    let id = operation.started.device.id?;
    // Of one that took up the new key after it was written, nothing is known of another.
    operation.started.before.filter(|before| Some(*before) != operation.started.after)?;
    let backup = operation.backup.as_ref().filter(|_| operation.has(Reached::Writing));
    let restore = backup.map(|backup| restore_from(backup) + &worked_on(operation));
    let tell = operation
        .may_be_known()
        .then(|| command::tell_key_of_device(id, path_unless_told(operation), &operation.started.request));
    let commands: Vec<String> = restore.into_iter().chain(tell).collect();
    let purpose = "to go back to the key that was there".to_owned();
    Some(Advice { purpose, command: commands.join(" && ") }).filter(|advice| !advice.command.is_empty())
}

/// The command that asks for the same once more. What was backed up already is recognized, and not kept twice;
/// `--no-backup` is not repeated.
fn again(operation: &Operation) -> String {
    let request = &operation.started.request;
    let file = request.file.as_deref().map(|file| format!(" {}", command::file(file))).unwrap_or_default();
    let archive = option("archive", request.archive.as_deref());
    let device = worked_on(operation);
    let encrypt = flag("encrypt", request.encrypt);
    match operation.kind() {
        OperationKind::Backup => {
            format!("duo-provision backup{file}{}{encrypt}{archive}{device}", flag("raw", request.raw))
        }
        OperationKind::DctBackup => {
            format!("duo-provision dct backup{file}{}{archive}{device}", flag("whole", request.whole))
        }
        OperationKind::Restore => {
            let leave = flag("leave", request.leave);
            let allowed = flag("allow-other-device", request.allow_other_device);
            format!("duo-provision restore{file}{leave}{allowed}{encrypt}{archive}{device}")
        }
        OperationKind::Reset => format!("duo-provision reset{encrypt}{archive}{device}"),
        OperationKind::ServerKeySet => server_key(request) + &device,
        OperationKind::DctRestore => dct_restore(request) + &device,
        OperationKind::Rotate => format!("{}{device}", command::rotate(request)),
        OperationKind::Provision => {
            let id = operation.started.device.id.map(|id| id.to_string()).unwrap_or_default();
            let cloud = command::cloud(request);
            let attached = if request.from_device { attached(operation) } else { String::new() };
            format!("duo-provision {id}{file}{attached}{cloud}")
        }
    }
}

/// The arguments that choose the device. One that tells its id is found by it, at whatever port it is by now.
fn which(operation: &Operation) -> String {
    let (device, request) = (&operation.started.device, &operation.started.request);
    choice(device.id.or(request.owner), path_unless_told(operation), request.usbip.as_deref())
}

/// The same, for a command that keeps what it reads, or writes.
fn worked_on(operation: &Operation) -> String {
    which(operation) + &flag("allow-unproven-address", operation.started.request.allow_unproven_address)
}

fn attached(operation: &Operation) -> String {
    let usbip = operation.started.request.usbip.as_deref();
    format!(" --from-device{}", choice(None, path_unless_told(operation), usbip))
}

fn path_unless_told(operation: &Operation) -> Option<&str> {
    let device = &operation.started.device;
    device.path.as_deref().filter(|_| device.source != Some(DeviceIdSource::UsbSerial))
}
