//! Which errors a kind of fault may lead to, written by hand from the documented exit codes: for example, a refused
//! permission must be reported as one. `promises.rs` checks what is true of the key afterwards; this file is about the
//! error code.
//!
//! It calls none of the code that it judges.
// Lines of a table: two may be equal, each for its own reason.
#![allow(clippy::match_same_arms)]

use duo_provision::error::Code;
use duo_provision::error::Code::{
    AddressUnproven, DctUnreadable, DeviceFault, DeviceIdUnverifiable, KeySlotGarbage, KeyStateUnknown,
    KeyWrong, LeaveFailed, NoDevice, NotADuo, ReadUnstable, SeveralDevices, UsbAccessDenied, UsbBusy,
    WriteFailed, WrongDevice,
};
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind, Lie, Moment};

use super::case::Case;
use super::course::Stage;
use super::undisturbed::course;

/// How a run under one fault may end.
struct Allowed {
    done: bool,
    errors: &'static [Code],
}

const fn done() -> Allowed {
    Allowed { done: true, errors: &[] }
}

const fn error(errors: &'static [Code]) -> Allowed {
    Allowed { done: false, errors }
}

const fn done_or(errors: &'static [Code]) -> Allowed {
    Allowed { done: true, errors }
}

/// Whether the fault may lead to this outcome; `None` is "done".
pub fn allows(case: &Case, fault: &Fault, outcome: Option<Code>) -> bool {
    let stage = course(case.subject, case.generation).stage(fault.nth);
    let of_a_step = case.subject.tries_twice() && stage > Stage::Read;
    // A step that was not taken has one error code, whichever step it was; `promises.rs` checks that it is true.
    if of_a_step && outcome.is_some_and(|code| case.subject.word_for_a_key(code) == KeyWrong) {
        return true;
    }
    let allows = |stage: Stage| {
        let Allowed { done, errors } = allowed(case, fault, stage);
        outcome.map_or(done, |code| errors.contains(&case.subject.word_for_a_key(code)))
    };
    // With two fields, the read-back of the first runs into the sending of the second.
    allows(stage)
        || case.subject.writes_several() && stage > Stage::Read && Stage::ALL.into_iter().any(allows)
}

/// Whether one of several faults may lead to this. Where they strike is unknown: one shifts the other.
pub fn either_allows(case: &Case, faults: &[Fault], outcome: Option<Code>) -> bool {
    let Some(code) = outcome.map(|code| case.subject.word_for_a_key(code)) else { return true };
    // The state of the key after a write has its own codes, whatever went wrong; `promises.rs` checks that they are
    // true.
    let of_a_write = [KeyStateUnknown, KeyWrong, WriteFailed, LeaveFailed];
    // The flash that holds the bootloader has the DCT's name, and the DCT has none: what is read is no DCT.
    let renamed = |fault: &Fault| matches!(fault.kind, Kind::AltName { alt: 0, .. });
    if code == DctUnreadable && faults.iter().any(renamed) {
        return true;
    }
    // Memories that change their names between two passes, or a pointer that was left at a wrong place twice.
    let names = faults.iter().all(|fault| matches!(fault.kind, Kind::AltName { .. }));
    let states = faults.iter().all(|fault| matches!(fault.kind, Kind::State(_)));
    if code == ReadUnstable && faults.len() > 1 && (names || states) {
        return true;
    }
    let mut each = faults.iter().flat_map(|fault| [true, false].map(|once| Fault { once, ..fault.clone() }));
    case.subject.writes() && of_a_write.contains(&code)
        || each
            .any(|fault| Stage::ALL.iter().any(|stage| allowed(case, &fault, *stage).errors.contains(&code)))
}

fn allowed(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    if stage <= Stage::Meet
        && let Some(allowed) = of_entering(case, fault, stage)
    {
        return allowed;
    }
    match &fault.kind {
        Kind::Denied | Kind::Taken | Kind::Twin => of_the_bus(case, fault, stage),
        Kind::Descriptor { .. } | Kind::TransferSize(_) | Kind::AltName { .. } => of_descriptors(case, fault),
        Kind::Serial(_) => nameless(case),
        Kind::ReadZeros | Kind::ReadOnes | Kind::ReadFlipped(_) | Kind::ReadUnstable => {
            of_reads(case, fault, stage)
        }
        Kind::WriteFails | Kind::WriteSilent | Kind::WriteHalf(_) | Kind::PowerCut(_) => {
            of_writes(case, fault, stage)
        }
        Kind::AddressSilent | Kind::AddressOnceWrong(_) | Kind::AddressStuck(_) => of_addresses(case, stage),
        Kind::LeaveStalls | Kind::LeaveHangs | Kind::LeaveVanishes => error(&[LeaveFailed]),
        // The poll times of the bootloader are only a request; the host limits them both ways.
        Kind::PollTimeout(_) => done(),
        Kind::Busy => of_busy(case, fault, stage),
        Kind::State(left) => of_states(*left, fault.once, stage),
        Kind::Swap(_) => gone(stage, false),
        Kind::Disconnect { returns, .. } => gone(stage, *returns && fault.once),
        Kind::Reenumerate(_) => gone(stage, fault.once),
        Kind::Stall(_)
        | Kind::Timeout(_)
        | Kind::Protocol(_)
        | Kind::Babble
        | Kind::ShortRead(_)
        | Kind::ShortBy(_) => of_transfers(case, fault, stage),
    }
}

/// On the way into DFU mode; `None` if the same applies as while a Duo is opened. The result of the request to restart
/// does not matter: it is a success if the Duo comes back, and a failure if not.
fn of_entering(case: &Case, fault: &Fault, stage: Stage) -> Option<Allowed> {
    let back = || if fault.once { done() } else { error(&[DeviceFault, NoDevice]) };
    let stays = || error(&[DeviceFault]);
    Some(match (&fault.kind, stage) {
        (Kind::Twin, _) => return None,
        // A Duo that told an id while it ran must tell it again.
        (Kind::Serial(_) | Kind::Descriptor { kind: 3, index: 3, .. }, _)
            if case.generation == Generation::R6 =>
        {
            done_or(&[WrongDevice, DeviceIdUnverifiable])
        }
        // A device node that has just appeared gets its permissions late; every other node must have them.
        (Kind::Denied, Stage::Enter | Stage::Return) if fault.once => done(),
        (Kind::Denied, _) => error(&[UsbAccessDenied]),
        (Kind::Taken, _) => error(&[UsbBusy]),
        (Kind::State(_), _) if fault.once => done(),
        (Kind::State(left), _) => of_states(*left, false, Stage::Read),
        // Another maker's device in its place is waited out, an unknown bootloader is not.
        (Kind::Descriptor { kind: 1, lie: Lie::Bytes(_), .. }, Stage::Meet) if fault.once => {
            done_or(&[NotADuo])
        }
        // An r4 tells no id that distinguishes it from another one.
        (Kind::Swap(_), Stage::Enter | Stage::Return) if fault.once => match case.generation {
            Generation::R4 => done(),
            _ => error(&[WrongDevice]),
        },
        (Kind::Swap(_), Stage::Enter | Stage::Return) => error(&[DeviceFault, NoDevice, WrongDevice]),
        (Kind::Disconnect { returns: false, .. }, _) => stays(),
        (Kind::Disconnect { .. } | Kind::Reenumerate(_), Stage::Return) => back(),
        (Kind::Disconnect { moment, .. } | Kind::Reenumerate(moment), Stage::Enter) => match moment {
            Moment::After => back(),
            _ => stays(),
        },
        (Kind::Disconnect { .. } | Kind::Reenumerate(_) | Kind::Swap(_), _) => stays(),
        (Kind::Stall(moment) | Kind::Timeout(moment) | Kind::Protocol(moment), Stage::Enter) => {
            match moment {
                Moment::After if fault.once => done(),
                _ => stays(),
            }
        }
        // The Duo may be configured in spite of the error, or not.
        (Kind::Stall(_) | Kind::Timeout(_) | Kind::Protocol(_), Stage::Return) => done_or(&[DeviceFault]),
        (
            Kind::Stall(_)
            | Kind::Timeout(_)
            | Kind::Protocol(_)
            | Kind::Babble
            | Kind::ShortRead(_)
            | Kind::ShortBy(_),
            _,
        ) => of_transfers(case, fault, Stage::Open),
        _ => return None,
    })
}

/// A refusal from the start allows only this error. A later one prevents nothing, because what is open stays open and
/// nothing is opened again.
fn of_the_bus(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    match (&fault.kind, fault.nth, stage) {
        (Kind::Denied, 0, _) => error(&[UsbAccessDenied]),
        // The interface is claimed at the end of opening, just before the alternate setting is chosen.
        (Kind::Taken, 0, _) => error(&[UsbBusy]),
        (Kind::Taken, _, Stage::Open) => done_or(&[UsbBusy]),
        // All are listed. An id does not choose between two; a port does, and r4 needs the port anyway.
        (Kind::Twin, 0, _) if ["list", "doctor"].contains(&case.subject.name()) => done(),
        (Kind::Twin, 0, _) if case.subject.needs_id() && case.generation == Generation::R4 => done(),
        (Kind::Twin, 0, _) => error(&[SeveralDevices]),
        _ => done(),
    }
}

/// A serial number without the form of a device id is no id, and a command that must know which Duo this is reports
/// that. r4 tells no id anyway.
fn nameless(case: &Case) -> Allowed {
    if asks_for_a_name(case) {
        return error(&[DeviceIdUnverifiable]);
    }
    done()
}

/// Commands that must act on one certain device, or that use a file with a device's id.
fn asks_for_a_name(case: &Case) -> bool {
    let asks = case.subject.needs_id() || case.subject.name().starts_with("dct-restore");
    asks && case.generation != Generation::R4
}

fn of_descriptors(case: &Case, fault: &Fault) -> Allowed {
    match &fault.kind {
        Kind::Descriptor { kind: 3, index: 3, .. } => nameless(case),
        // Without a list of languages, English is used.
        Kind::Descriptor { kind: 3, index: 0, .. } => done(),
        Kind::Descriptor { kind: 3, .. } => error(&[NotADuo]),
        // Only the 18 bytes that every device descriptor has are read.
        Kind::Descriptor { kind: 1, lie: Lie::TooLong, .. } => done(),
        // The host knows another device at that address, so the Duo is gone for it.
        Kind::Descriptor { kind: 1, lie: Lie::Bytes(_), .. } => error(&[NotADuo, NoDevice]),
        Kind::Descriptor { lie: Lie::Missing, .. } => error(&[DeviceFault]),
        // It is read twice: the first time only its header, which has no inner descriptors.
        Kind::Descriptor { kind: 2, lie: Lie::Looping, .. } => only_in_the_second_read(fault),
        Kind::TransferSize(0 | 64) => only_in_the_second_read(fault),
        // A size larger than the bootloader's buffer is not believed and not used.
        Kind::TransferSize(_) => done(),
        _ => error(&[NotADuo]),
    }
}

fn only_in_the_second_read(fault: &Fault) -> Allowed {
    if fault.once { done_or(&[NotADuo]) } else { error(&[NotADuo]) }
}

/// What is read before the first write is read twice, and both reads must agree. A wrong read-back is read again before
/// it is believed. A lie that is told every time is believed unless it is nonsense.
fn of_reads(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    let whole = case.subject.name().ends_with("-whole");
    match (&fault.kind, fault.once, stage) {
        // The lie may be equal to what is there.
        (_, _, Stage::Prove) => done_or(&[AddressUnproven]),
        // Nothing of the whole DCT is believed before the bootloader is found in front of it.
        (_, _, Stage::Open | Stage::Read) if whole => done_or(&[
            AddressUnproven,
            DctUnreadable,
            ReadUnstable,
            KeySlotGarbage,
            KeyWrong,
            KeyStateUnknown,
        ]),
        (Kind::ReadOnes, once, Stage::Open | Stage::Read) if keeps_a_section(case) => done_or(if once {
            &[ReadUnstable]
        } else {
            &[DctUnreadable, ReadUnstable, KeyStateUnknown, AddressUnproven]
        }),
        // Most of a DCT is erased flash, which reads as ones anyway.
        (Kind::ReadOnes, _, Stage::Open | Stage::Read)
            if case.subject.name().starts_with("dct-") || case.subject.name().starts_with("server-key-") =>
        {
            done_or(&[DctUnreadable, ReadUnstable])
        }
        (Kind::ReadUnstable, _, Stage::Open | Stage::Read) | (_, true, Stage::Open | Stage::Read) => {
            error(&[ReadUnstable])
        }
        (Kind::ReadZeros | Kind::ReadOnes, false, Stage::Open | Stage::Read) => {
            error(&[DctUnreadable, ReadUnstable])
        }
        // All of the DCT is read, so the flipped bit is in everything that is compared.
        (Kind::ReadFlipped(_), false, _) if case.subject.tries_twice() => {
            done_or(&[ReadUnstable, KeySlotGarbage, KeyWrong, KeyStateUnknown])
        }
        // The flipped bit may be in the key or not.
        (Kind::ReadFlipped(_), false, Stage::Open | Stage::Read) => {
            done_or(&[ReadUnstable, KeySlotGarbage, KeyWrong])
        }
        (_, true, _) => done(),
        (Kind::ReadFlipped(_), false, _) => done_or(&[KeyWrong, KeyStateUnknown]),
        // The end of what is read back may be ones anyway, and is not compared on r4. At the end of a whole restore the
        // bootloader need not answer.
        (_, false, Stage::Verify) => done_or(&[KeyStateUnknown]),
        (_, false, _) => error(&[KeyStateUnknown]),
    }
}

/// A command that writes reads the whole application section first.
fn keeps_a_section(case: &Case) -> bool {
    case.subject.writes()
}

/// A read at a wrong place is noticed, by the other pass or by what should be there; no write is made at a wrong place.
fn of_addresses(case: &Case, stage: Stage) -> Allowed {
    match stage {
        // The address of an erasure cannot be proven beforehand, and an erasure at a wrong place has its own codes.
        stage if stage >= Stage::Send && case.subject.tries_twice() => {
            done_or(&[AddressUnproven, KeyWrong, KeyStateUnknown])
        }
        // A pointer that is stuck at the block's own place passes the proof, but the read-back fails.
        Stage::Prove => error(&[AddressUnproven, KeyStateUnknown]),
        Stage::Verify => done_or(&[KeyStateUnknown]),
        _ => done_or(&[AddressUnproven, ReadUnstable, DctUnreadable, DeviceFault]),
    }
}

fn of_writes(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    let too_late = stage > Stage::Program || !case.subject.writes();
    match (&fault.kind, stage) {
        _ if too_late => done(),
        // A Duo whose flash does not erase stops answering.
        (Kind::WriteFails, _) if case.subject.tries_twice() => {
            done_or(&[WriteFailed, KeyWrong, KeyStateUnknown])
        }
        // A step that was not written is repeated.
        _ if case.subject.tries_twice() && fault.once => done_or(&[KeyWrong]),
        _ if case.subject.tries_twice() => error(&[WriteFailed, KeyWrong]),
        // The GETSTATUS after the one that writes does not write.
        (_, Stage::Program) => done_or(&[WriteFailed, KeyWrong]),
        (Kind::WriteFails | Kind::WriteSilent | Kind::PowerCut(0), _) => error(&[WriteFailed]),
        // The reset image starts with 0xFF, which a slot without a key already has.
        (Kind::WriteHalf(1), _) => error(&[WriteFailed, KeyWrong]),
        (Kind::PowerCut(1216), _) => done(),
        _ => error(&[KeyWrong]),
    }
}

/// An address counts as taken once the device has reported that it is busy with it. A device that reports this and does
/// nothing keeps its pointer, and the data that is read shows it.
fn of_busy(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    match (fault.once, stage) {
        (_, Stage::Leave) => done_or(&[LeaveFailed]),
        // If the bootloader cannot read its own DCT, the whole DCT is read without the bootloader.
        (_, Stage::Open | Stage::Read) if case.subject.name().ends_with("-whole") => {
            done_or(&[ReadUnstable, DctUnreadable, DeviceFault, AddressUnproven])
        }
        (_, Stage::Open | Stage::Read) => error(&[ReadUnstable, DctUnreadable, DeviceFault, AddressUnproven]),
        (_, Stage::Prove) => error(&[AddressUnproven, DeviceFault]),
        (true, Stage::Program) if case.subject.tries_twice() => done_or(&[KeyWrong]),
        (true, _) => done(),
        (false, Stage::Send) => error(&[DeviceFault]),
        (false, _) => done_or(&[KeyStateUnknown]),
    }
}

/// States that a Duo can be brought out of, and states that need a restart.
fn of_states(left: u8, once: bool, stage: Stage) -> Allowed {
    const CURABLE: [u8; 7] = [2, 3, 5, 6, 9, 10, 15];
    let curable = once && CURABLE.contains(&left);
    match stage {
        Stage::Ask | Stage::Enter | Stage::Return | Stage::Meet | Stage::Open => {
            done_or(if curable { &[] } else { &[DeviceFault] })
        }
        Stage::Read | Stage::Prove => done_or(&[DeviceFault, KeyStateUnknown]),
        Stage::Send => done_or(&[DeviceFault, KeyStateUnknown, WriteFailed]),
        // In 8, dfuMANIFEST-WAIT-RESET, it restarts by itself and can be asked afterwards.
        Stage::Program if curable || left == 8 => done_or(&[WriteFailed, KeyStateUnknown]),
        Stage::Program => done_or(&[KeyStateUnknown]),
        // In 6, dfuMANIFEST-SYNC, it leaves if it is asked for its state.
        Stage::Verify if curable && left != 6 => done_or(&[LeaveFailed]),
        Stage::Verify => done_or(&[KeyStateUnknown, LeaveFailed]),
        Stage::Leave => done_or(&[LeaveFailed]),
    }
}

/// The Duo drops off the bus; `back` if it can be asked afterwards.
fn gone(stage: Stage, back: bool) -> Allowed {
    match stage {
        Stage::Ask | Stage::Enter | Stage::Return | Stage::Meet => error(&[DeviceFault]),
        Stage::Open | Stage::Read | Stage::Prove | Stage::Send => error(&[DeviceFault]),
        Stage::Program if back => done_or(&[WriteFailed, KeyWrong]),
        Stage::Verify if back => done(),
        Stage::Program | Stage::Verify => error(&[KeyStateUnknown]),
        // After it has agreed to leave, a missing Duo is a success.
        Stage::Leave => done_or(&[LeaveFailed]),
    }
}

/// Transfers that fail, or return too little or too much.
fn of_transfers(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    let lost = matches!(fault.kind, Kind::Timeout(_) | Kind::Protocol(_));
    let whole = case.subject.name().ends_with("-whole");
    match (fault.once, stage) {
        // A memory that could not be selected is selected again before the read that needs it.
        (true, Stage::Open) if lost && whole => done_or(&[DeviceFault]),
        (_, Stage::Ask | Stage::Enter | Stage::Return | Stage::Meet) => error(&[DeviceFault]),
        // A lost transfer is always an error; a device may refuse a string because it does not have it.
        (_, Stage::Open) if lost => error(&[DeviceFault]),
        (_, Stage::Open) if asks_for_a_name(case) => done_or(&[DeviceFault, NotADuo, DeviceIdUnverifiable]),
        (_, Stage::Open) => done_or(&[DeviceFault, NotADuo]),
        // The first read is tried twice.
        (true, Stage::Read) if !case.subject.writes() => done(),
        (true, Stage::Read) => done_or(&[DeviceFault]),
        // Longer than every other answer, so only a block is cut; the next block is that of the read-back.
        (false, Stage::Read) if matches!(fault.kind, Kind::ShortRead(6..)) => {
            done_or(&[DeviceFault, KeyStateUnknown])
        }
        (false, Stage::Read) => done_or(&[DeviceFault]),
        (_, Stage::Prove) if matches!(fault.kind, Kind::ShortRead(6..)) => done_or(&[DeviceFault]),
        (_, Stage::Prove) => error(&[DeviceFault]),
        (_, Stage::Send) if !lost => error(&[DeviceFault]),
        // The block may be in the Duo; asking it shows that it was not written.
        (true, Stage::Send) => error(&[WriteFailed]),
        (false, Stage::Send) => error(&[KeyStateUnknown]),
        (true, Stage::Program) if fault.kind.to_string().ends_with("before") => done_or(&[WriteFailed]),
        (true, Stage::Program | Stage::Verify) => done(),
        (false, Stage::Program | Stage::Verify) => done_or(&[KeyStateUnknown]),
        (_, Stage::Leave) => done_or(&[LeaveFailed]),
    }
}
