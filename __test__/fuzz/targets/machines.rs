//! Fuzzes GETSTATUS, and the machines against devices that give arbitrary answers.
//!
//! The first bytes choose an operation; the rest are the device's answers, repeated over and over.

use std::time::Duration;

use duo_provision::dfuse::machine::PROGRAM_TIMEOUT;
use duo_provision::dfuse::{
    Action, Block, Buffer, Command, DfuError, Download, Erase, Failure, Geometry, Leave, Machine, MemoryMap,
    Operation, Part, Recover, Reply, Start, State, Status, StatusCode, Touched, Upload,
};

use super::tape::Tape;

const DEADLINE: Duration = Duration::from_secs(60);
/// A machine whose answers never end it asks every 10 ms until its deadline: a request and a wait each.
const MOST_ACTIONS: usize = 2 * 6000 + 200;
const ADDRESS: u32 = 34;
/// Arbitrary bytes, as long as the key slot; no two neighbours are the same.
const SLOT: [u8; 1216] = {
    let mut bytes = [0; 1216];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = (at % 251).to_le_bytes()[0];
        at += 1;
    }
    bytes
};

/// What the device holds at the place of the write; no two neighbours are the same, and it contains no part of the
/// slot.
const PROOF: [u8; 300] = {
    let mut bytes = [0; 300];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = (250 - at % 251).to_le_bytes()[0];
        at += 1;
    }
    bytes
};
const SECTOR: u32 = 0x1000;
const SECTOR_SIZE: usize = 1024;

/// Drives one machine to its end.
pub fn run(bytes: &[u8]) {
    getstatus(bytes);
    let mut tape = Tape::new(bytes);
    let operation = tape.u8();
    let start = if tape.u8().is_multiple_of(4) { Start::Unknown } else { Start::Ready };
    let geometry = Geometry::new(MemoryMap::parse("@DCT Flash/0x0/01*016Kg").expect("a map"), 4096);
    match (operation, operation % 5) {
        (0xF8.., _) => erase(&tape, start),
        (_, 0) => recover(&tape),
        (_, 1) => leave(&tape, start),
        (_, 2) => download(&tape, &geometry, start, (operation / 5 % 3).into()),
        (_, 3) => upload(&tape, &geometry, start, &[Part::first(SLOT.len())]),
        _ => upload(&tape, &geometry, start, &[Part::first(16), Part { block: 1, length: 10_000 }]),
    }
}

/// Six bytes are a status; any other length is not.
fn getstatus(bytes: &[u8]) {
    assert_eq!(Status::parse(bytes).is_some(), bytes.len() == 6);
    let Some(head) = bytes.first_chunk::<6>() else { return };
    let status = Status::parse(head).expect("six bytes");
    let [code, low, middle, high, state, string] = *head;
    assert_eq!((status.code, status.string_index), (StatusCode(code), string));
    assert_eq!(status.poll_timeout.as_millis(), u128::from(u32::from_le_bytes([low, middle, high, 0])));
    assert_eq!(status.state, State::from(state));
    assert_eq!(matches!(status.state, State::Unknown(_)), state > 10);
}

fn recover(tape: &Tape<'_>) {
    let (trace, result) = drive(Recover::new(), tape, &[]);
    assert!(trace.sent.iter().all(|sent| !matches!(sent.request, Sent::Dnload(..) | Sent::Upload(..))));
    assert!(trace.sent.len() <= 16, "{} requests", trace.sent.len());
    if result.is_ok() {
        assert_eq!(trace.last_state(), Some(2), "dfuIDLE");
    }
}

fn leave(tape: &Tape<'_>, start: Start) {
    let (trace, result) = drive(Leave::new(start), tape, &[]);
    let leaves = trace.positions(|request| *request == Sent::Dnload(2, Vec::new()));
    assert!(leaves.len() <= 1, "one leave at most");
    assert_eq!(trace.downloads(), leaves.len(), "nothing but a leave is sent");
    match leaves.first() {
        Some(&at) if result.is_ok() => assert!(trace.sent[at].answer == Answer::Sent),
        // A device in this state is already leaving.
        None if result.is_ok() => assert_eq!(trace.last_state(), Some(8), "dfuMANIFEST-WAIT-RESET"),
        _ => {}
    }
}

/// Writes at most once, only the slot, only to its place, only right after that place returned the proof, and reports
/// correctly whether it may have written.
fn download(tape: &Tape<'_>, geometry: &Geometry, start: Start, behind: u16) {
    let (proof, data) = (Buffer::new(PROOF.to_vec()), Buffer::new(SLOT.to_vec()));
    let block = Block { pointer: ADDRESS, proof, block: behind, data };
    let operation = Download::new(geometry, start, block).expect("within the map");
    let (trace, result) = drive(operation, tape, &PROOF);
    let the_block = Sent::Dnload(2 + behind, SLOT.to_vec());
    let the_proof = Sent::Upload(2, PROOF.len().try_into().expect("300"));
    let blocks = trace.positions(|request| *request == the_block);
    assert!(blocks.len() <= 1, "a block is never sent twice");
    assert_eq!(trace.downloads(), trace.pointed() + blocks.len(), "nothing else is sent");
    let uploads = trace.positions(|request| matches!(request, Sent::Upload(..)));
    assert!(uploads.len() <= 1 && uploads.iter().all(|&at| trace.sent[at].request == the_proof));
    let Some(&block) = blocks.first() else {
        assert_eq!(result.expect_err("nothing was written").touched(), Touched::No);
        return;
    };
    // The address was set and carried out, all bytes of the proof came, and nothing happened in between.
    assert!(trace.reads_behind(ADDRESS, block - 2));
    let came = Answer::Data(PROOF.to_vec());
    assert_eq!((&trace.sent[block - 2].request, &trace.sent[block - 2].answer), (&the_proof, &came));
    assert_eq!(
        (&trace.sent[block - 1].request, &trace.sent[block - 1].answer),
        (&Sent::Abort, &Answer::Sent)
    );
    let taken = trace.sent[block].answer == Answer::Sent;
    let written = trace.settled(|request| *request == the_block, block..trace.sent.len());
    told(&trace.sent[block].answer, taken, written, result);
}

/// Checks what the result says of the flash after a request that changes it.
fn told(answer: &Answer, taken: bool, settled: bool, result: Result<(), DfuError>) {
    match result {
        Ok(()) => assert!(taken && settled, "done means sent and carried out"),
        Err(error) if taken => assert!(!settled && error.touched() == Touched::Maybe, "{error}"),
        Err(error) => {
            let lost = matches!(answer, Answer::Failed(Failure::Timeout | Failure::Other(_)));
            assert!(!lost || error.touched() == Touched::Maybe, "without an answer it may lie in the device");
        }
    }
}

/// Erases one sector, at most once, and reports correctly whether it may have erased.
fn erase(tape: &Tape<'_>, start: Start) {
    let map = MemoryMap::parse("@X/0x1000/4*001Kg").expect("a map");
    let operation = Erase::new(&Geometry::new(map, 4096), start, SECTOR, SECTOR_SIZE).expect("a sector");
    let (trace, result) = drive(operation, tape, &[]);
    let the_command = Sent::Dnload(0, [&[0x41][..], &SECTOR.to_le_bytes()].concat());
    let commands = trace.positions(|request| *request == the_command);
    assert!(commands.len() <= 1 && trace.downloads() == commands.len(), "it and nothing else is sent");
    assert!(trace.positions(|request| matches!(request, Sent::Upload(..))).is_empty());
    let Some(&command) = commands.first() else {
        assert_eq!(result.expect_err("nothing was erased").touched(), Touched::No);
        return;
    };
    let taken = trace.sent[command].answer == Answer::Sent;
    let settled = trace.settled(|request| *request == the_command, command..trace.sent.len());
    told(&trace.sent[command].answer, taken, settled, result);
}

/// Writes nothing, sets an address, reads what was asked for from there, and returns what came.
fn upload(tape: &Tape<'_>, geometry: &Geometry, start: Start, parts: &[Part]) {
    let operation = Upload::new(geometry, start, ADDRESS, parts).expect("within the map");
    let (trace, result) = drive(operation, tape, &[]);
    assert_eq!(trace.downloads(), trace.pointed(), "nothing is written");
    // Each block of each part, in order.
    let mut expected = parts.iter().flat_map(|part| {
        (0..part.length.div_ceil(4096)).map(|block| {
            let number = 2 + part.block + u16::try_from(block).expect("few");
            (number, u16::try_from((part.length - block * 4096).min(4096)).expect("at most 4096"))
        })
    });
    let uploads = trace.positions(|request| matches!(request, Sent::Upload(..)));
    if let Some(&first) = uploads.first() {
        assert!(trace.reads_behind(ADDRESS, first));
        assert_eq!(*uploads.last().expect("one") - first + 1, uploads.len(), "nothing comes in between");
    }
    let mut came = Vec::new();
    for &at in &uploads {
        let Sent::Upload(block, asked) = trace.sent[at].request else { unreachable!() };
        assert_eq!(Some((block, asked)), expected.next(), "not a byte more than asked for");
        if let Answer::Data(bytes) = &trace.sent[at].answer {
            came.extend_from_slice(bytes);
        }
    }
    match result {
        Ok(read) => {
            assert_eq!(expected.next(), None);
            assert!(read.iter().map(|part| part.len()).eq(parts.iter().map(|part| part.length)));
            let read: Vec<u8> = read.iter().flat_map(|buffer| buffer.iter().copied()).collect();
            assert_eq!(read, came);
        }
        Err(error) => assert_eq!(error.touched(), Touched::No),
    }
}

/// A request as the test saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sent {
    Dnload(u16, Vec<u8>),
    Upload(u16, u16),
    GetStatus,
    Abort,
    Other,
}

impl Sent {
    fn pointing(address: u32) -> Self {
        Self::Dnload(0, [&[0x21][..], &address.to_le_bytes()].concat())
    }

    fn of(command: Command<'_>) -> Self {
        match command {
            Command::Dnload { block, data } => Self::Dnload(block, data.to_vec()),
            Command::Upload { block, length } => Self::Upload(block, length),
            Command::GetStatus => Self::GetStatus,
            Command::Abort => Self::Abort,
            Command::ClrStatus | Command::GetState => Self::Other,
        }
    }
}

/// A made-up answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Sent,
    Data(Vec<u8>),
    Failed(Failure),
}

impl Answer {
    /// Most answers fit the request, because one that does not fit ends most operations. If an operation waits for a
    /// `proof`, half of the answers are the proof, and some are nearly the proof.
    fn next(tape: &mut Tape<'_>, command: Command<'_>, proof: &[u8]) -> Self {
        let choice = tape.u8();
        match (choice, command.reply_length()) {
            (0xF0, _) => Self::Failed(Failure::Stall),
            (0xF1, _) => Self::Failed(Failure::Timeout),
            (0xF2, _) => Self::Failed(Failure::Disconnected),
            (0xF3, _) => Self::Failed(Failure::Other("CRC".to_owned())),
            (0xF4, _) | (..=0xF4, None) => Self::Sent,
            (0xF5..=0xFF, _) => {
                let length = usize::from(tape.u8());
                Self::Data(tape.take(length).to_vec())
            }
            (state, Some(1)) => Self::Data(vec![state & 15]),
            (state, Some(6)) if state & 0x40 == 0 => Self::Data(vec![0, state >> 4, 0, 0, state & 15, 0]),
            (state, Some(6)) => Self::Data(vec![tape.u8(), tape.u8(), tape.u8(), tape.u8(), state & 15, 0]),
            (0x00..=0x7F, Some(_)) if !proof.is_empty() => Self::Data(proof.to_vec()),
            (choice @ 0x80..=0xBF, Some(_)) if !proof.is_empty() => {
                let mut nearly = proof.to_vec();
                let at = usize::from(tape.u16()) % nearly.len();
                match choice {
                    0x80..=0x9F => nearly[at] ^= tape.u8().max(1),
                    0xA0..=0xAF => nearly.truncate(at),
                    _ => nearly.push(tape.u8()),
                }
                Self::Data(nearly)
            }
            (fill, Some(length)) => {
                let odd = tape.u8();
                let short = if odd == 0xFF { usize::from(tape.u16()) } else { usize::from(length) };
                let mut data = vec![fill; short];
                if let Some(last) = data.last_mut() {
                    *last = odd;
                }
                Self::Data(data)
            }
        }
    }
}

struct Exchange {
    request: Sent,
    answer: Answer,
}

/// All requests and answers.
#[derive(Default)]
struct Trace {
    sent: Vec<Exchange>,
}

impl Trace {
    fn positions(&self, wanted: impl Fn(&Sent) -> bool) -> Vec<usize> {
        (0..self.sent.len()).filter(|&at| wanted(&self.sent[at].request)).collect()
    }

    fn downloads(&self) -> usize {
        self.positions(|request| matches!(request, Sent::Dnload(..))).len()
    }

    fn pointed(&self) -> usize {
        self.positions(|request| *request == Sent::pointing(ADDRESS)).len()
    }

    /// The last state that the device reported.
    fn last_state(&self) -> Option<u8> {
        self.sent.iter().rev().find_map(|exchange| match &exchange.answer {
            Answer::Data(bytes) if bytes.len() == 6 => Some(bytes[4]),
            Answer::Data(bytes) if bytes.len() == 1 => Some(bytes[0]),
            _ => None,
        })
    }

    /// Whether the request at `position` reads from this address: the address was taken and carried out (dfuDNBUSY,
    /// with no answer after that), and `DFU_ABORT` was taken.
    fn reads_behind(&self, address: u32, position: usize) -> bool {
        let before = &self.sent[..position];
        let Some((abort, polls)) = before.split_last() else { return false };
        let Some((busy, polls)) = polls.split_last() else { return false };
        let Some(command) = polls.iter().rev().find(|exchange| exchange.request != Sent::GetStatus) else {
            return false;
        };
        let is_busy = matches!(&busy.answer, Answer::Data(bytes) if matches!(bytes[..], [0, _, _, _, 4, _]));
        (&abort.request, &abort.answer) == (&Sent::Abort, &Answer::Sent)
            && (busy.request == Sent::GetStatus && is_busy)
            && (&command.request, &command.answer) == (&Sent::pointing(address), &Answer::Sent)
    }

    /// Whether the device took a request and reported that it carried it out: dfuDNBUSY, then dfuDNLOAD-IDLE.
    fn settled(&self, wanted: impl Fn(&Sent) -> bool, within: std::ops::Range<usize>) -> bool {
        let mut exchanges = self.sent[within].iter().skip_while(|exchange| !wanted(&exchange.request));
        let taken = exchanges.next().is_some_and(|exchange| exchange.answer == Answer::Sent);
        let states: Vec<u8> = exchanges
            .take_while(|exchange| exchange.request == Sent::GetStatus)
            .filter_map(|exchange| match exchange.answer {
                Answer::Data(ref status) if status.len() == 6 && status[0] == 0 => Some(status[4]),
                _ => None,
            })
            .collect();
        let busy = states.iter().position(|&state| state == 4);
        taken && busy.is_some_and(|busy| states[busy..].contains(&5))
    }
}

/// Drives a machine as `bootloader::drive` does; only waits and requests without an answer take time.
fn drive<O: Operation>(
    operation: O,
    answers: &Tape<'_>,
    proof: &[u8],
) -> (Trace, Result<O::Output, DfuError>) {
    let mut machine = Machine::new(operation, DEADLINE);
    let (mut trace, mut now, mut tape) = (Trace::default(), Duration::ZERO, answers.clone());
    for _ in 0..MOST_ACTIONS {
        if tape.is_empty() {
            tape = answers.clone();
        }
        let open = !machine.interruptible();
        let (command, timeout) = match machine.poll(now) {
            Action::Done => return (trace, machine.into_result()),
            Action::Wait(until) => {
                assert!(until > now && until <= DEADLINE + PROGRAM_TIMEOUT, "waits end");
                now = until;
                continue;
            }
            Action::Send(transfer) => (transfer.command, transfer.timeout),
        };
        assert!(!timeout.is_zero() && timeout <= PROGRAM_TIMEOUT);
        assert!(now + timeout <= DEADLINE + PROGRAM_TIMEOUT);
        assert!(open || now + timeout <= DEADLINE, "only what is open may pass the deadline");
        assert_ne!(command.value(), 1, "block 1 leads to the illegal state 15 (usbd_dfu_mal.c)");
        let answer = Answer::next(&mut tape, command, proof);
        trace.sent.push(Exchange { request: Sent::of(command), answer: answer.clone() });
        if answer == Answer::Failed(Failure::Timeout) {
            now += timeout;
        }
        machine.reply(
            now,
            match &answer {
                Answer::Sent => Reply::Sent,
                Answer::Data(bytes) => Reply::Data(bytes),
                Answer::Failed(failure) => Reply::Failed(failure.clone()),
            },
        );
    }
    panic!("the machine did not end by {now:?}");
}
