//! `status`: what was in flight when a process or a machine stopped, what that means for the key, and what to
//! type next. Offline: it reads the journal and asks no Duo.

use std::path::{Path, PathBuf};

use super::Context;
use super::command::{self, choice, dct_restore, fields_from, flag, option, quoted, server_key, whole_from};
use crate::archive::DeviceIdSource;
use crate::archive::journal::{End, Journal, KeyLeft, Operation, OperationKind, Reached, open};
use crate::dct::DeviceId;
use crate::error::{Error, KeyState};
use crate::keys::Fingerprint;

/// What `status` is asked for.
#[derive(Clone, Debug, Default)]
pub struct StatusOptions {
    /// Only what was done to this device.
    pub device: Option<DeviceId>,
}

/// What the journal says.
#[derive(Debug)]
pub struct Status {
    /// The journal; absolute. It need not be there.
    pub journal: PathBuf,
    /// What was cut short, or left a key that is wrong or not known, and is not settled since; oldest first.
    pub in_flight: Vec<OperationReport>,
    /// What other processes are doing at the moment.
    pub running: Vec<OperationReport>,
    /// The last operation on every device, in the order in which they began.
    pub last: Vec<OperationReport>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationReport {
    /// Its name in the journal.
    pub id: String,
    /// The command.
    pub operation: &'static str,
    /// The device id, where it is known.
    pub device_id: Option<DeviceId>,
    /// How the device id is known.
    pub device_id_source: Option<DeviceIdSource>,
    /// Bus and ports, where a device was attached.
    pub path: Option<String>,
    /// True for a virtual device.
    pub simulated: bool,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When the last of it was written down, RFC 3339.
    pub updated_at: String,
    /// `running`, `in-flight`, `done` or `failed`.
    pub outcome: &'static str,
    /// The step that it had come to, as the journal names it.
    pub reached: &'static str,
    /// What that means, in words.
    pub meaning: String,
    /// What is known of the device's key; `None` for what does not touch it.
    pub key_state: Option<KeyState>,
    /// The code of the error that it ended with.
    pub error_code: Option<String>,
    /// The key that was there before.
    pub before: Option<Fingerprint>,
    /// The key that was written or sent, or was to be.
    pub after: Option<Fingerprint>,
    /// The backup of what was there: the key slot, or the DCT; absolute.
    pub backup: Option<PathBuf>,
    /// The key that was made for it; absolute.
    pub new_key: Option<PathBuf>,
    /// What to do next; nothing where nothing is left to do.
    pub next: Vec<Advice>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What for, in words.
    pub purpose: String,
    /// The command, to be typed.
    pub command: String,
}

/// Reads the journal and says what is still open.
pub fn status(context: Context<'_>, options: &StatusOptions) -> Result<Status, Error> {
    let journal = Journal::locate(&context.env)?;
    let operations = journal.operations(&|time| context.clock.sleep(time))?;
    let wanted = |operation: &&Operation| {
        options.device.is_none_or(|id| {
            operation.started.device.id == Some(id) || operation.started.request.owner == Some(id)
        })
    };
    let (running, in_flight): (Vec<&Operation>, Vec<&Operation>) =
        open(&operations).into_iter().filter(wanted).partition(|operation| operation.running);
    let report_open = |operation: &&Operation| OperationReport {
        next: if operation.running { Vec::new() } else { advice(operation) },
        ..report(operation)
    };
    Ok(Status {
        journal: journal.path().to_owned(),
        in_flight: in_flight.iter().map(report_open).collect(),
        running: running.iter().map(report_open).collect(),
        last: last_of_each(operations.iter().filter(wanted)).into_iter().map(report).collect(),
    })
}

fn last_of_each<'a>(operations: impl Iterator<Item = &'a Operation>) -> Vec<&'a Operation> {
    let mut last: Vec<&Operation> = Vec::new();
    for operation in operations {
        last.retain(|earlier| !same_device(earlier, operation));
        last.push(operation);
    }
    last
}

/// For the list alone: by id, else by port.
fn same_device(one: &Operation, other: &Operation) -> bool {
    let (one, other) = (&one.started.device, &other.started.device);
    match (one.id, other.id) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.path == other.path && one.simulated == other.simulated,
        _ => false,
    }
}

fn report(operation: &Operation) -> OperationReport {
    let device = &operation.started.device;
    let error_code = match &operation.end {
        Some(End::Failed(failure)) => Some(failure.code.clone()),
        _ => None,
    };
    OperationReport {
        id: operation.id.to_string(),
        operation: operation.kind().name(),
        device_id: device.id,
        device_id_source: device.source,
        path: device.path.clone(),
        simulated: device.simulated,
        started_at: operation.started_at.clone(),
        updated_at: operation.updated_at.clone(),
        outcome: match operation.end {
            _ if operation.running => "running",
            Some(End::Failed(_)) => "failed",
            _ if operation.is_done() => "done",
            _ => "in-flight",
        },
        reached: match operation.last() {
            Reached::Started => "started",
            Reached::BackedUp => "backed-up",
            Reached::Writing => "writing",
            Reached::Verified => "verified",
            Reached::Left => "left",
            Reached::NewKey => "new-key",
            Reached::Sending => "sending",
            Reached::Accepted => "accepted",
        },
        meaning: meaning(operation).to_owned(),
        key_state: operation.key().map(|key| match key {
            KeyLeft::Unchanged => KeyState::Unchanged,
            KeyLeft::Written => KeyState::Written,
            KeyLeft::Wrong => KeyState::Wrong,
            KeyLeft::Unknown => KeyState::Unknown,
        }),
        error_code,
        before: operation.started.before,
        after: operation.started.after,
        backup: operation.backup.clone(),
        new_key: operation.new_key.clone(),
        next: Vec::new(),
    }
}

fn meaning(operation: &Operation) -> &'static str {
    if operation.is_done() {
        return "everything was done that was asked for";
    }
    if operation.is_whole() {
        return meaning_for_whole(operation);
    }
    if matches!(operation.kind(), OperationKind::ServerKeySet | OperationKind::DctRestore) {
        return meaning_for_fields(operation);
    }
    match (operation.kind(), operation.key()) {
        (OperationKind::Backup | OperationKind::DctBackup, _) => {
            "nothing was written to the Duo, and no backup is known to be kept"
        }
        (OperationKind::Provision, _) if operation.is_finished() => "the cloud did not take the key",
        (OperationKind::Provision, _) => "the request may have reached the cloud: its outcome is not known",
        (OperationKind::Rotate, Some(key)) if operation.may_be_known() => meaning_of_rotation(operation, key),
        (_, Some(KeyLeft::Unchanged) | None) => "nothing was written to the Duo: its key is unchanged",
        (_, Some(KeyLeft::Written)) => {
            "the write was done and verified; the Duo may still be in DFU mode (RESET starts it)"
        }
        (_, Some(KeyLeft::Wrong)) => "the Duo's key is neither the old one nor the new one",
        (_, Some(KeyLeft::Unknown)) => "the write had begun: which key the Duo has is not known",
    }
}

/// The same for what writes other fields than the key, or more of them.
fn meaning_for_fields(operation: &Operation) -> &'static str {
    let one = operation.kind() == OperationKind::ServerKeySet;
    let wrong = operation.left_a_field_open() && operation.key() != Some(KeyLeft::Unknown);
    match (operation.key(), operation.verified()) {
        (Some(KeyLeft::Wrong), _) => "the Duo's key is neither the old one nor the new one",
        _ if wrong && one => "the Duo's server key is neither the old one nor the new one",
        _ if wrong => "a field of the Duo's DCT holds neither what was there nor what the dump has",
        (Some(KeyLeft::Unknown), _) if one => {
            "the write had begun: which server key the Duo has is not known"
        }
        (Some(KeyLeft::Unknown), _) => {
            "a write had begun: which of the fields hold what the dump has is not known"
        }
        (_, 0) if one => "nothing was written to the Duo: its server key is unchanged",
        (_, 0) => "nothing was written to the Duo: its DCT is unchanged",
        (_, verified) if verified < operation.fields().len() => {
            "some of the fields were written and verified, and the others are unchanged"
        }
        _ => "the write was done and verified; the Duo may still be in DFU mode (RESET starts it)",
    }
}

/// The same for what writes all of the DCT.
fn meaning_for_whole(operation: &Operation) -> &'static str {
    if operation.left_a_field_open() {
        return match operation.key() {
            Some(KeyLeft::Written) => {
                "the Duo has the image's key, but not all of its DCT is the image's yet"
            }
            Some(KeyLeft::Unchanged) => {
                "the Duo has the key that was there, but not all of its DCT is as it was"
            }
            _ => "the Duo's DCT is neither what it was nor the image's, and so is its key",
        };
    }
    match operation.key() {
        Some(KeyLeft::Unknown) => {
            "the write of the whole DCT had begun: whether the Duo has the DCT of before or the image's is not known"
        }
        Some(KeyLeft::Written) => {
            "the write was done and verified; the Duo may still be in DFU mode (RESET starts it)"
        }
        _ => "nothing was written to the Duo: its DCT is unchanged",
    }
}

/// What a rotation has come to of which the cloud may know.
fn meaning_of_rotation(operation: &Operation, key: KeyLeft) -> &'static str {
    match key {
        KeyLeft::Unchanged if operation.has(Reached::Accepted) => {
            "the cloud has the new key, and the Duo still has the old one"
        }
        KeyLeft::Unchanged => "the Duo still has the old key, and the cloud may have the new one",
        KeyLeft::Written => "the cloud and the Duo have the new key; it is not known whether they are a pair",
        KeyLeft::Wrong => "the cloud has the new key, and the Duo's is neither the old one nor the new one",
        KeyLeft::Unknown => {
            "the cloud has the new key, and the write had begun: which key the Duo has is not known"
        }
    }
}

fn advice(operation: &Operation) -> Vec<Advice> {
    let advise = |purpose: &str, command| Advice { purpose: purpose.to_owned(), command };
    if !operation.kind().writes() {
        let kept = operation.started.request.file.as_deref().filter(|file| Path::new(file).exists());
        return match (operation.kind(), kept) {
            (OperationKind::Backup | OperationKind::DctBackup, Some(file)) => {
                let command = format!("duo-provision inspect {}", quoted(file));
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
        next.push(back(operation, &backup.to_string_lossy()));
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
fn back(operation: &Operation, backup: &str) -> Advice {
    let advise = |purpose: &str, command| Advice { purpose: purpose.to_owned(), command };
    let key = operation.started.before.is_some();
    let fields = operation.fields();
    let fields: Vec<&str> =
        fields.iter().map(String::as_str).filter(|field| key || *field != "device-private-key").collect();
    match operation.kind() {
        OperationKind::DctRestore if operation.is_whole() && key => {
            advise("to go back to what was there", whole_from(&quoted(backup)) + &which(operation))
        }
        OperationKind::DctRestore if operation.is_whole() => {
            let command = format!("duo-provision inspect {}", quoted(backup));
            advise("no key was there before; the bytes that were", command)
        }
        OperationKind::ServerKeySet | OperationKind::DctRestore if !fields.is_empty() => {
            advise("to go back to what was there", fields_from(backup, &fields) + &which(operation))
        }
        OperationKind::Restore | OperationKind::Reset if key => {
            let command = format!("duo-provision restore {}{}", quoted(backup), which(operation));
            advise("to go back to the key that was there", command)
        }
        _ => {
            let command = format!("duo-provision inspect {}", quoted(backup));
            advise("no key was there before; the bytes that were", command)
        }
    }
}

/// Back to the old key: in the Duo, where it may not be there any more, and in the cloud, where it may not be either.
fn back_from_rotation(operation: &Operation) -> Option<Advice> {
    let id = operation.started.device.id?;
    // Of one that took up the new key after it was written, nothing is known of another.
    operation.started.before.filter(|before| Some(*before) != operation.started.after)?;
    let restore = operation.backup.as_ref().filter(|_| operation.has(Reached::Writing)).map(|backup| {
        format!("duo-provision restore {}{}", quoted(&backup.to_string_lossy()), which(operation))
    });
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
    let file = request.file.as_deref().map(|file| format!(" {}", quoted(file))).unwrap_or_default();
    let archive = option("archive", request.archive.as_deref());
    let device = which(operation);
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

fn attached(operation: &Operation) -> String {
    let usbip = operation.started.request.usbip.as_deref();
    format!(" --from-device{}", choice(None, path_unless_told(operation), usbip))
}

fn path_unless_told(operation: &Operation) -> Option<&str> {
    let device = &operation.started.device;
    device.path.as_deref().filter(|_| device.source != Some(DeviceIdSource::UsbSerial))
}
