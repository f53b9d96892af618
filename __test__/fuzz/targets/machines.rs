//! GETSTATUS, and the machines against devices that answer anything at all.
//!
//! The first bytes choose an operation, the rest are the device's answers, over and over the same.

use std::time::Duration;

use duo_provision::dfuse::machine::PROGRAM_TIMEOUT;
use duo_provision::dfuse::{
    Action, Buffer, Command, DfuError, Download, Failure, Geometry, Leave, Machine, MemoryMap, Operation,
    Recover, Reply, Start, State, Status, StatusCode, Touched, Upload,
};

use super::tape::Tape;

const DEADLINE: Duration = Duration::from_secs(60);
/// A machine that cannot end by its answers asks every 10 ms until its deadline: a request and a wait each.
const MOST_ACTIONS: usize = 2 * 6000 + 200;
const ADDRESS: u32 = 34;
/// As long as the key slot and of no meaning; no two neighbours are the same.
const SLOT: [u8; 1216] = {
    let mut bytes = [0; 1216];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = (at % 251).to_le_bytes()[0];
        at += 1;
    }
    bytes
};

/// Drives one machine to its end.
pub fn run(bytes: &[u8]) {
    getstatus(bytes);
    let mut tape = Tape::new(bytes);
    let operation = tape.u8();
    let start = match tape.u8() % 4 {
        0 => Start::Unknown,
        1 => Start::Idle,
        2 => Start::IdleAt(ADDRESS),
        _ => Start::IdleAt(ADDRESS + 1),
    };
    let geometry = Geometry::new(MemoryMap::parse("@DCT Flash/0x0/01*016Kg").expect("a map"), 4096);
    match operation % 5 {
        0 => recover(&tape),
        1 => leave(&tape, start),
        2 => download(&tape, &geometry, start),
        3 => upload(&tape, &geometry, start, SLOT.len(), 2),
        _ => upload(&tape, &geometry, start, 10_000, 1),
    }
}

/// Six bytes are a status, and nothing else is.
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
    let (trace, result) = drive(Recover::new(), tape);
    assert!(trace.sent.iter().all(|sent| !matches!(sent.request, Sent::Dnload(..) | Sent::Upload(..))));
    assert!(trace.sent.len() <= 16, "{} requests", trace.sent.len());
    if result.is_ok() {
        assert_eq!(trace.last_state(), Some(2), "dfuIDLE");
    }
}

fn leave(tape: &Tape<'_>, start: Start) {
    let (trace, result) = drive(Leave::new(start), tape);
    let leaves = trace.positions(|request| *request == Sent::Dnload(2, Vec::new()));
    assert!(leaves.len() <= 1, "one leave at most");
    assert_eq!(trace.downloads(), leaves.len(), "nothing but a leave is sent");
    match leaves.first() {
        Some(&at) if result.is_ok() => assert!(trace.sent[at].answer == Answer::Sent),
        // A device that is leaving already has left.
        None if result.is_ok() => assert_eq!(trace.last_state(), Some(8), "dfuMANIFEST-WAIT-RESET"),
        _ => {}
    }
}

/// Writes at most once, only the slot, only where it belongs, and tells whether it may have.
fn download(tape: &Tape<'_>, geometry: &Geometry, start: Start) {
    let data = Buffer::new(SLOT.to_vec());
    let operation = Download::new(geometry, start, ADDRESS, data).expect("within the map");
    let (trace, result) = drive(operation, tape);
    let blocks = trace.positions(|request| *request == Sent::Dnload(2, SLOT.to_vec()));
    assert!(blocks.len() <= 1, "a block is never sent twice");
    assert_eq!(trace.downloads(), trace.pointed() + blocks.len(), "nothing else is sent");
    assert!(!trace.sent.iter().any(|sent| matches!(sent.request, Sent::Upload(..))));
    let Some(&block) = blocks.first() else {
        assert_eq!(result.expect_err("nothing was written").touched(), Touched::No);
        return;
    };
    // The address was set, carried out and confirmed before.
    assert!(trace.settled(|request| *request == Sent::pointing(ADDRESS), 0..block));
    let taken = trace.sent[block].answer == Answer::Sent;
    let written =
        trace.settled(|request| *request == Sent::Dnload(2, SLOT.to_vec()), block..trace.sent.len());
    match result {
        Ok(()) => assert!(taken && written, "done means sent, written and back in dfuIDLE"),
        Err(error) if written => assert_eq!(error.touched(), Touched::Yes),
        Err(error) if taken => assert_eq!(error.touched(), Touched::Maybe),
        Err(error) => {
            let lost =
                matches!(trace.sent[block].answer, Answer::Failed(Failure::Timeout | Failure::Other(_)));
            assert!(!lost || error.touched() == Touched::Maybe, "without an answer it may lie in the device");
        }
    }
}

/// Writes nothing, reads what was asked for, and brings what came.
fn upload(tape: &Tape<'_>, geometry: &Geometry, start: Start, length: usize, passes: usize) {
    let operation = Upload::new(geometry, start, ADDRESS, length, passes).expect("within the map");
    let (trace, result) = drive(operation, tape);
    assert_eq!(trace.downloads(), trace.pointed(), "nothing is written");
    let (mut came, mut at) = (Vec::new(), 0);
    for sent in &trace.sent {
        let Sent::Upload(block, asked) = sent.request else { continue };
        assert_eq!(usize::from(block - 2) * 4096, at);
        assert!(asked > 0 && at + usize::from(asked) <= length, "not a byte more than asked for");
        if let Answer::Data(bytes) = &sent.answer {
            came.extend_from_slice(bytes);
        }
        at = (at + usize::from(asked)) % length;
    }
    let pointed = trace.settled(|request| *request == Sent::pointing(ADDRESS), 0..trace.sent.len());
    if let Ok(read) = result {
        assert!(pointed || start == Start::IdleAt(ADDRESS));
        assert_eq!(read.len(), passes);
        assert!(read.iter().all(|pass| pass.len() == length));
        assert_eq!(read.concat_bytes(), came);
    } else if let Err(error) = result {
        assert_eq!(error.touched(), Touched::No);
    }
}

trait ConcatBytes {
    fn concat_bytes(&self) -> Vec<u8>;
}

impl ConcatBytes for Vec<Buffer> {
    fn concat_bytes(&self) -> Vec<u8> {
        self.iter().flat_map(|buffer| buffer.iter().copied()).collect()
    }
}

/// A request as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sent {
    Dnload(u16, Vec<u8>),
    Upload(u16, u16),
    GetStatus,
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
            Command::ClrStatus | Command::GetState | Command::Abort => Self::Other,
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
    /// Mostly such as fits the request, since one that doesn't ends most operations.
    fn next(tape: &mut Tape<'_>, command: Command<'_>) -> Self {
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

/// Everything that was asked and answered.
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

    /// The last state that the device told.
    fn last_state(&self) -> Option<u8> {
        self.sent.iter().rev().find_map(|exchange| match &exchange.answer {
            Answer::Data(bytes) if bytes.len() == 6 => Some(bytes[4]),
            Answer::Data(bytes) if bytes.len() == 1 => Some(bytes[0]),
            _ => None,
        })
    }

    /// Whether the device took a request and said that it carried it out: dfuDNBUSY, then dfuDNLOAD-IDLE.
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

/// Drives a machine as `usb::drive` does; only waits and requests without an answer take time.
fn drive<O: Operation>(operation: O, answers: &Tape<'_>) -> (Trace, Result<O::Output, DfuError>) {
    let mut machine = Machine::new(operation, DEADLINE);
    let (mut trace, mut now, mut tape) = (Trace::default(), Duration::ZERO, answers.clone());
    for _ in 0..MOST_ACTIONS {
        if tape.is_empty() {
            tape = answers.clone();
        }
        let open = !machine.interruptible();
        let (command, timeout) = match machine.poll(now) {
            Action::Done => return (trace, machine.into_result()),
            Action::Wait { until } => {
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
        let answer = Answer::next(&mut tape, command);
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
