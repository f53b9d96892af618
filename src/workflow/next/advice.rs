//! Makes the next steps after an operation that was cut short: to see, to finish, to go back.

use crate::workflow::describe::operation::Advice;
use std::path::Path;

use crate::journal::{Operation, OperationKind, Reached};
use crate::outcome::KeyState;
use crate::workflow::next::command_line::inspect;
use crate::workflow::next::operation::{Rollback, SoFar, key_in_hand, retry, rollback, tell_key, which};

fn advise(purpose: &str, command: String) -> Advice {
    Advice { purpose: purpose.to_owned(), command }
}

/// What to do next.
pub fn advice(operation: &Operation) -> Vec<Advice> {
    if !operation.kind().writes() {
        return [Some(without_a_write(operation)), put_away(operation)].into_iter().flatten().collect();
    }
    let mut next = Vec::new();
    let open = matches!(operation.key(), Some(KeyState::Unknown | KeyState::Wrong));
    if open || operation.left_a_field_open() {
        let (what, show) = match operation.kind() {
            OperationKind::ServerKeySet => ("see which server key it has", "server-key show"),
            OperationKind::DctRestore => ("see what its DCT holds", "dct show"),
            _ => ("see which key it has", "list"),
        };
        let command = format!("duo-provision {show}{}", which(&operation.started));
        next.push(advise(&format!("put the Duo into DFU mode, and {what}"), command));
    }
    next.push(match (operation.kind(), operation.key()) {
        (OperationKind::Reset, Some(KeyState::Written)) => after_reset(operation),
        _ => match key_in_hand(&operation.started) {
            // This is not a command, so it is part of the purpose.
            Some(again) => advise(&format!("to finish, {again}; to see which key it has"), list(operation)),
            None => advise("to finish", retry(&operation.started)),
        },
    });
    let wrote = operation.has(Reached::Writing);
    if wrote || operation.may_be_known() {
        next.extend(back(operation, wrote));
    }
    next.extend(put_away(operation));
    next
}

/// How to dismiss an operation that nothing else settles.
fn put_away(operation: &Operation) -> Option<Advice> {
    let purpose =
        "to put this away, if nothing else can settle what that cloud knows; it stays in the history";
    let command = || format!("duo-provision status --dismiss {}", operation.id);
    operation.is_doubt_about_cloud().then(|| advise(purpose, command()))
}

fn without_a_write(operation: &Operation) -> Advice {
    let kept = operation.started.request.file.as_deref().filter(|file| Path::new(file).exists());
    match (operation.kind(), kept) {
        (OperationKind::Backup | OperationKind::DctBackup, Some(file)) => {
            advise("the file is there: see whether it holds the key", inspect(file))
        }
        (OperationKind::FleetProvision, _) => advise(
            "to go on, with the token given as before: what is done is not sent again",
            retry(&operation.started),
        ),
        (OperationKind::Backup | OperationKind::DctBackup, None) => {
            advise("to make the backup", retry(&operation.started))
        }
        _ => advise(
            "to send it again, with the token given as before; if the address is a wrong one, a success at the right one \
             settles this, too",
            retry(&operation.started),
        ),
    }
}

/// How to restore what was there.
fn back(operation: &Operation, wrote: bool) -> Option<Advice> {
    let backup = operation.backup.as_deref();
    match rollback(&operation.started, SoFar { backup, wrote, told: operation.may_be_known() }) {
        Rollback::Command { what, command } => Some(advise(&format!("to go back to {what}"), command)),
        Rollback::Bytes { why, .. } => Some(advise(why, inspect(backup?))),
        Rollback::None(_) => None,
    }
}

/// A slot that was reset is not reset again: the Duo may have started since and have a new key.
fn after_reset(operation: &Operation) -> Advice {
    advise(
        "to finish: press RESET if the Duo is still in DFU mode, let it make its new key, bring it into DFU mode again, and \
         tell the cloud",
        tell_key(&operation.started).unwrap_or_else(|| list(operation)),
    )
}

fn list(operation: &Operation) -> String {
    format!("duo-provision list{}", which(&operation.started))
}
