//! Says in words how far an operation got, and what that means for the Duo.

use crate::journal::{Operation, OperationKind, Reached};
use crate::outcome::KeyState;

pub fn meaning(operation: &Operation) -> &'static str {
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
        (OperationKind::FleetProvision, _) if operation.is_finished() => {
            "not every device of the list is done; which are stands in its ledger"
        }
        (OperationKind::FleetProvision, _) => {
            "the run over the list broke off: what became of each device stands in its ledger"
        }
        (OperationKind::Provision, _) if operation.is_finished() => "the cloud did not take the key",
        (OperationKind::Provision, _) if operation.has(Reached::Accepted) => {
            "the cloud said that it took the key; that it and the Duo's are a pair is not proven"
        }
        (OperationKind::Provision, _) => "the request may have reached the cloud: its outcome is not known",
        (OperationKind::Rotate, Some(key)) if operation.may_be_known() => meaning_of_rotation(operation, key),
        (_, Some(KeyState::Unchanged) | None) => "nothing was written to the Duo: its key is unchanged",
        (_, Some(KeyState::Written)) => {
            "the write was done and verified; the Duo may still be in DFU mode (RESET starts it)"
        }
        (_, Some(KeyState::Wrong)) => "the Duo's key is neither the old one nor the new one",
        (_, Some(KeyState::Unknown)) => "the write had begun: which key the Duo has is not known",
    }
}

/// The same for operations that write other fields than the key, or several fields.
fn meaning_for_fields(operation: &Operation) -> &'static str {
    let one = operation.kind() == OperationKind::ServerKeySet;
    let wrong = operation.left_a_field_open() && operation.key() != Some(KeyState::Unknown);
    match (operation.key(), operation.verified()) {
        (Some(KeyState::Wrong), _) => "the Duo's key is neither the old one nor the new one",
        _ if wrong && one => "the Duo's server key is neither the old one nor the new one",
        _ if wrong => "a field of the Duo's DCT holds neither what was there nor what the dump has",
        (Some(KeyState::Unknown), _) if one => {
            "the write had begun: which server key the Duo has is not known"
        }
        (Some(KeyState::Unknown), _) => {
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

/// The same for operations that write the whole DCT.
fn meaning_for_whole(operation: &Operation) -> &'static str {
    if operation.left_a_field_open() {
        return match operation.key() {
            Some(KeyState::Written) => {
                "the Duo has the image's key, but not all of its DCT is the image's yet"
            }
            Some(KeyState::Unchanged) => {
                "the Duo has the key that was there, but not all of its DCT is as it was"
            }
            _ => "the Duo's DCT is neither what it was nor the image's, and so is its key",
        };
    }
    match operation.key() {
        Some(KeyState::Unknown) => {
            "the write of the whole DCT had begun: whether the Duo has the DCT of before or the image's is not known"
        }
        Some(KeyState::Written) => {
            "the write was done and verified; the Duo may still be in DFU mode (RESET starts it)"
        }
        _ => "nothing was written to the Duo: its DCT is unchanged",
    }
}

/// The same for a rotation whose new key the cloud may have.
fn meaning_of_rotation(operation: &Operation, key: KeyState) -> &'static str {
    match key {
        KeyState::Unchanged if operation.has(Reached::SendingOld) => {
            "the cloud has the new key or the old one again, and the Duo still has the old one"
        }
        KeyState::Unchanged if operation.has(Reached::Accepted) => {
            "the cloud has the new key, and the Duo still has the old one"
        }
        KeyState::Unchanged => "the Duo still has the old key, and the cloud may have the new one",
        KeyState::Written if operation.has(Reached::Proven) => {
            "the cloud and the Duo have the new key, and it is proven that the cloud's is the Duo's; the Duo may still be in \
             DFU mode (RESET starts it)"
        }
        KeyState::Written => {
            "the cloud and the Duo have the new key; it is not known whether they are a pair"
        }
        KeyState::Wrong => "the cloud has the new key, and the Duo's is neither the old one nor the new one",
        KeyState::Unknown => {
            "the cloud has the new key, and the write had begun: which key the Duo has is not known"
        }
    }
}
