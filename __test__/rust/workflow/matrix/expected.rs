//! Which errors a kind of fault may lead to, written down by hand from the documented exit codes: a permission that
//! is refused has to be called that, and so on. What is true of the key afterwards is looked at elsewhere
//! (`promises.rs`); this is about the word for it.
//!
//! Calls nothing of what it judges.
// Lines of a table: two may say the same, each for a reason of its own.
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

/// What a run under one fault may end in.
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

/// Whether this is what the fault may lead to; `None` is "done".
pub fn allows(case: &Case, fault: &Fault, outcome: Option<Code>) -> bool {
    let stage = course(case.subject, case.generation).stage(fault.nth);
    let of_a_step = case.subject.tries_twice() && stage > Stage::Read;
    // Which step of many was not taken has one word; whether it is true is looked at elsewhere.
    if of_a_step && outcome.is_some_and(|code| case.subject.word_for_a_key(code) == KeyWrong) {
        return true;
    }
    let allows = |stage: Stage| {
        let Allowed { done, errors } = allowed(case, fault, stage);
        outcome.map_or(done, |code| errors.contains(&case.subject.word_for_a_key(code)))
    };
    // Between two fields the read-back of one goes over into the sending of the next.
    allows(stage)
        || case.subject.writes_several() && stage > Stage::Read && Stage::ALL.into_iter().any(allows)
}

/// Whether one of several faults may lead to this. Where they strike is not known: one moves the other.
pub fn either_allows(case: &Case, faults: &[Fault], outcome: Option<Code>) -> bool {
    let Some(code) = outcome.map(|code| case.subject.word_for_a_key(code)) else { return true };
    // What is known of the key after a write has words of its own, whatever went wrong; they are held to the truth.
    let of_a_write = [KeyStateUnknown, KeyWrong, WriteFailed, LeaveFailed];
    // The flash that holds the bootloader under the DCT's name, and the DCT under none: it reads as nothing.
    let renamed = |fault: &Fault| matches!(fault.kind, Kind::AltName { alt: 0, .. });
    if code == DctUnreadable && faults.iter().any(renamed) {
        return true;
    }
    // Memories that change their names between two passes, or a pointer that was left elsewhere twice.
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
        // The poll times of the bootloader are a wish; they are bounded both ways.
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

/// On the way into DFU mode; `None` for what is the same as while a Duo is opened. How the request to restart ends says
/// nothing: a Duo that comes in spite of it is success, and one that does not come is not.
fn of_entering(case: &Case, fault: &Fault, stage: Stage) -> Option<Allowed> {
    let back = || if fault.once { done() } else { error(&[DeviceFault, NoDevice]) };
    let stays = || error(&[DeviceFault]);
    Some(match (&fault.kind, stage) {
        (Kind::Twin, _) => return None,
        // What has told an id while it ran is not taken for it without one.
        (Kind::Serial(_) | Kind::Descriptor { kind: 3, index: 3, .. }, _)
            if case.generation == Generation::R6 =>
        {
            done_or(&[WrongDevice, DeviceIdUnverifiable])
        }
        // A node that has just appeared gets its permissions late; any other is to have them.
        (Kind::Denied, Stage::Enter | Stage::Return) if fault.once => done(),
        (Kind::Denied, _) => error(&[UsbAccessDenied]),
        (Kind::Taken, _) => error(&[UsbBusy]),
        (Kind::State(_), _) if fault.once => done(),
        (Kind::State(left), _) => of_states(*left, false, Stage::Read),
        // Another maker's device in its place is waited out, an unknown bootloader is not.
        (Kind::Descriptor { kind: 1, lie: Lie::Bytes(_), .. }, Stage::Meet) if fault.once => {
            done_or(&[NotADuo])
        }
        // An r4 has no name by which another one could be told from it.
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
        // Configured all the same, or not.
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

/// Refused from the start it is the only word; refused later, it keeps nothing from being done, as what is open
/// stays open, and nothing has to be opened again.
fn of_the_bus(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    match (&fault.kind, fault.nth, stage) {
        (Kind::Denied, 0, _) => error(&[UsbAccessDenied]),
        // The interface is claimed at the end of opening, just before the alternate setting is chosen.
        (Kind::Taken, 0, _) => error(&[UsbBusy]),
        (Kind::Taken, _, Stage::Open) => done_or(&[UsbBusy]),
        // All are listed. A name alone does not choose between two; a port does, which r4 needs anyway.
        (Kind::Twin, 0, _) if ["list", "doctor"].contains(&case.subject.name()) => done(),
        (Kind::Twin, 0, _) if case.subject.needs_id() && case.generation == Generation::R4 => done(),
        (Kind::Twin, 0, _) => error(&[SeveralDevices]),
        _ => done(),
    }
}

/// A serial number that is none of a device id's form is no name, and a command that has to know which Duo this is
/// says so. r4 tells no name anyway.
fn nameless(case: &Case) -> Allowed {
    if asks_for_a_name(case) {
        return error(&[DeviceIdUnverifiable]);
    }
    done()
}

/// What has to be done to one device, or holds a key that names its own.
fn asks_for_a_name(case: &Case) -> bool {
    let asks = case.subject.needs_id() || case.subject.name().starts_with("dct-restore");
    asks && case.generation != Generation::R4
}

fn of_descriptors(case: &Case, fault: &Fault) -> Allowed {
    match &fault.kind {
        Kind::Descriptor { kind: 3, index: 3, .. } => nameless(case),
        // Without a list of languages there is still English.
        Kind::Descriptor { kind: 3, index: 0, .. } => done(),
        Kind::Descriptor { kind: 3, .. } => error(&[NotADuo]),
        // The 18 bytes that every device descriptor has are all that is read of it.
        Kind::Descriptor { kind: 1, lie: Lie::TooLong, .. } => done(),
        // To a host that knows another device at that address, the Duo is not there any more.
        Kind::Descriptor { kind: 1, lie: Lie::Bytes(_), .. } => error(&[NotADuo, NoDevice]),
        Kind::Descriptor { lie: Lie::Missing, .. } => error(&[DeviceFault]),
        // It is read twice: at first its head alone, which has no inner descriptors.
        Kind::Descriptor { kind: 2, lie: Lie::Looping, .. } => only_in_the_second_read(fault),
        Kind::TransferSize(0 | 64) => only_in_the_second_read(fault),
        // More than the bootloader's buffer holds is not believed, and not used.
        Kind::TransferSize(_) => done(),
        _ => error(&[NotADuo]),
    }
}

fn only_in_the_second_read(fault: &Fault) -> Allowed {
    if fault.once { done_or(&[NotADuo]) } else { error(&[NotADuo]) }
}

/// What is read before anything else is written is read twice and has to agree; what is read back wrong is read
/// again before it is believed. A lie told every time is believed only as far as it is no nonsense.
fn of_reads(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    let whole = case.subject.name().ends_with("-whole");
    match (&fault.kind, fault.once, stage) {
        // What reads as ones, or has the bit anyway, is no lie there.
        (_, _, Stage::Prove) => done_or(&[AddressUnproven]),
        // Of the whole DCT nothing is believed before the bootloader was found in front of it.
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
        // Where all of the DCT is read, it is in all that is compared with it.
        (Kind::ReadFlipped(_), false, _) if case.subject.tries_twice() => {
            done_or(&[ReadUnstable, KeySlotGarbage, KeyWrong, KeyStateUnknown])
        }
        // A flipped bit is in the key, or it is not.
        (Kind::ReadFlipped(_), false, Stage::Open | Stage::Read) => {
            done_or(&[ReadUnstable, KeySlotGarbage, KeyWrong])
        }
        (_, true, _) => done(),
        (Kind::ReadFlipped(_), false, _) => done_or(&[KeyWrong, KeyStateUnknown]),
        // The end of what is read back may be ones anyway, and on r4 is not compared; the bootloader that is asked at the end
        // of a whole restore need not answer.
        (_, false, Stage::Verify) => done_or(&[KeyStateUnknown]),
        (_, false, _) => error(&[KeyStateUnknown]),
    }
}

/// What writes reads the whole application section before.
fn keeps_a_section(case: &Case) -> bool {
    case.subject.writes()
}

/// A read somewhere else is noticed, by its neighbour or by what should lie there; a write somewhere else is not made.
fn of_addresses(case: &Case, stage: Stage) -> Allowed {
    match stage {
        // An erasure cannot be proven beforehand, and what follows from one that went elsewhere has words of its own.
        stage if stage >= Stage::Send && case.subject.tries_twice() => {
            done_or(&[AddressUnproven, KeyWrong, KeyStateUnknown])
        }
        // Stuck at the very place of the block it is proven there, and cannot be read back.
        Stage::Prove => error(&[AddressUnproven, KeyStateUnknown]),
        Stage::Verify => done_or(&[KeyStateUnknown]),
        _ => done_or(&[AddressUnproven, ReadUnstable, DctUnreadable, DeviceFault]),
    }
}

fn of_writes(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    let too_late = stage > Stage::Program || !case.subject.writes();
    match (&fault.kind, stage) {
        _ if too_late => done(),
        // A Duo whose flash does not erase is silent from then on.
        (Kind::WriteFails, _) if case.subject.tries_twice() => {
            done_or(&[WriteFailed, KeyWrong, KeyStateUnknown])
        }
        // What was not written at first is written then.
        _ if case.subject.tries_twice() && fault.once => done_or(&[KeyWrong]),
        _ if case.subject.tries_twice() => error(&[WriteFailed, KeyWrong]),
        // The GETSTATUS that follows the one that writes writes nothing.
        (_, Stage::Program) => done_or(&[WriteFailed, KeyWrong]),
        (Kind::WriteFails | Kind::WriteSilent | Kind::PowerCut(0), _) => error(&[WriteFailed]),
        // The reset image begins with the 0xFF that was there before, in a slot without a key.
        (Kind::WriteHalf(1), _) => error(&[WriteFailed, KeyWrong]),
        (Kind::PowerCut(1216), _) => done(),
        _ => error(&[KeyWrong]),
    }
}

/// An address counts as taken once the device was busy with it. One that says so and does nothing keeps its pointer,
/// which shows in what is read.
fn of_busy(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    match (fault.once, stage) {
        (_, Stage::Leave) => done_or(&[LeaveFailed]),
        // The whole DCT is read without the bootloader where that cannot read its own.
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

/// States that a Duo can be brought out of, and those that it has to be restarted from.
fn of_states(left: u8, once: bool, stage: Stage) -> Allowed {
    const CURABLE: [u8; 7] = [2, 3, 5, 6, 9, 10, 15];
    let curable = once && CURABLE.contains(&left);
    match stage {
        Stage::Ask | Stage::Enter | Stage::Return | Stage::Meet | Stage::Open => {
            done_or(if curable { &[] } else { &[DeviceFault] })
        }
        Stage::Read | Stage::Prove => done_or(&[DeviceFault, KeyStateUnknown]),
        Stage::Send => done_or(&[DeviceFault, KeyStateUnknown, WriteFailed]),
        // Out of 8, dfuMANIFEST-WAIT-RESET, it restarts by itself, and can be asked.
        Stage::Program if curable || left == 8 => done_or(&[WriteFailed, KeyStateUnknown]),
        Stage::Program => done_or(&[KeyStateUnknown]),
        // In 6, dfuMANIFEST-SYNC, it leaves when it is asked for its state.
        Stage::Verify if curable && left != 6 => done_or(&[LeaveFailed]),
        Stage::Verify => done_or(&[KeyStateUnknown, LeaveFailed]),
        Stage::Leave => done_or(&[LeaveFailed]),
    }
}

/// Off the bus in the middle; `back` where it can be asked afterwards.
fn gone(stage: Stage, back: bool) -> Allowed {
    match stage {
        Stage::Ask | Stage::Enter | Stage::Return | Stage::Meet => error(&[DeviceFault]),
        Stage::Open | Stage::Read | Stage::Prove | Stage::Send => error(&[DeviceFault]),
        Stage::Program if back => done_or(&[WriteFailed, KeyWrong]),
        Stage::Verify if back => done(),
        Stage::Program | Stage::Verify => error(&[KeyStateUnknown]),
        // To be gone is what it was asked for, once it has agreed.
        Stage::Leave => done_or(&[LeaveFailed]),
    }
}

/// Transfers that fail, or bring too little or too much.
fn of_transfers(case: &Case, fault: &Fault, stage: Stage) -> Allowed {
    let lost = matches!(fault.kind, Kind::Timeout(_) | Kind::Protocol(_));
    let whole = case.subject.name().ends_with("-whole");
    match (fault.once, stage) {
        // A memory that could not be selected at first is selected again, with the read that wanted it.
        (true, Stage::Open) if lost && whole => done_or(&[DeviceFault]),
        (_, Stage::Ask | Stage::Enter | Stage::Return | Stage::Meet) => error(&[DeviceFault]),
        // A string is refused by a device that does not have it, and cut by nothing that breaks a request.
        (_, Stage::Open) if lost => error(&[DeviceFault]),
        (_, Stage::Open) if asks_for_a_name(case) => done_or(&[DeviceFault, NotADuo, DeviceIdUnverifiable]),
        (_, Stage::Open) => done_or(&[DeviceFault, NotADuo]),
        // The first read is tried twice.
        (true, Stage::Read) if !case.subject.writes() => done(),
        (true, Stage::Read) => done_or(&[DeviceFault]),
        // Longer than every other answer: only a block is cut, the next of which is the read-back.
        (false, Stage::Read) if matches!(fault.kind, Kind::ShortRead(6..)) => {
            done_or(&[DeviceFault, KeyStateUnknown])
        }
        (false, Stage::Read) => done_or(&[DeviceFault]),
        (_, Stage::Prove) if matches!(fault.kind, Kind::ShortRead(6..)) => done_or(&[DeviceFault]),
        (_, Stage::Prove) => error(&[DeviceFault]),
        (_, Stage::Send) if !lost => error(&[DeviceFault]),
        // The block may lie in the Duo; that it was not written is learned by asking.
        (true, Stage::Send) => error(&[WriteFailed]),
        (false, Stage::Send) => error(&[KeyStateUnknown]),
        (true, Stage::Program) if fault.kind.to_string().ends_with("before") => done_or(&[WriteFailed]),
        (true, Stage::Program | Stage::Verify) => done(),
        (false, Stage::Program | Stage::Verify) => done_or(&[KeyStateUnknown]),
        (_, Stage::Leave) => done_or(&[LeaveFailed]),
    }
}
