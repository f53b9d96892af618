//! Brings the device to dfuIDLE, from any state.
//!
//! Asks with `DFU_GETSTATE`, which has no side effects. In dfuDNLOAD-SYNC and dfuMANIFEST-SYNC, `DFU_GETSTATUS` would
//! commit a block, or a leave, of another program. So if `DFU_GETSTATE` is refused, `DFU_ABORT` comes first: it
//! discards both, and otherwise does nothing.

use std::time::Duration;

use super::error::{At, DfuError, Failure, Stage};
use super::machine::{Operation, Reply, Start, Step, enter};
use super::request::Command;
use super::status::{State, Status};

/// Number of requests after which a device counts as stuck. The longest sequence without waiting has eleven: out of
/// state 15, with a device that refuses `DFU_GETSTATE`. The rest is for a busy device. With the growing pauses below,
/// it gets 10 seconds.
pub const MAX_REQUESTS: u32 = 16;

/// The first pause while the device is busy. Each pause is twice as long as the last, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The illegal state that the Duo's bootloader enters if block 1 is uploaded. Besides dfuERROR, it is the only state
/// that `DFU_CLRSTATUS` leaves (to dfuERROR).
const AFTER_UPLOAD_OF_BLOCK_1: u8 = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    State,
    Discard,
    Status,
    Abort,
    Clear,
}

/// Brings the device to dfuIDLE. If it is already there, that takes one request.
#[derive(Debug)]
pub struct Recover {
    ask: Ask,
    seen: Option<State>,
    requests: u32,
    pause: Duration,
}

impl Recover {
    /// From any state.
    pub fn new() -> Self {
        Self { ask: Ask::State, seen: None, requests: 0, pause: FIRST_PAUSE }
    }

    fn judge(&mut self, state: State) -> Step<()> {
        self.seen = Some(state);
        self.ask = match state {
            State::DfuIdle => return Step::Done(Ok(())),
            State::DnloadSync | State::DnloadIdle | State::ManifestSync | State::UploadIdle => Ask::Abort,
            State::Error | State::Unknown(AFTER_UPLOAD_OF_BLOCK_1) => Ask::Clear,
            State::DnBusy | State::Manifest => return self.wait(),
            State::ManifestWaitReset => return Step::fail(DfuError::Leaving),
            State::AppIdle | State::AppDetach => return Step::fail(DfuError::NotInDfuMode(state)),
            State::Unknown(_) => return Step::fail(DfuError::UnexpectedState { at: self.at(), state }),
        };
        Step::Next
    }

    /// Ignores the poll time that may come with the state: the device was already busy, and it is not known since when.
    fn wait(&mut self) -> Step<()> {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        Step::Wait(pause)
    }

    fn read(&mut self, at: At, bytes: &[u8]) -> Step<()> {
        let state = match self.ask {
            Ask::State => <[u8; 1]>::try_from(bytes).ok().map(|[state]| State::from(state)),
            _ => Status::parse(bytes).map(|status| status.state),
        };
        match state {
            Some(state) => self.judge(state),
            None => Step::fail(DfuError::MalformedReply { at, length: bytes.len() }),
        }
    }
}

impl Start {
    /// The first state of an operation: `ready`, unless the device has to be brought to dfuIDLE first.
    pub(super) fn state<S>(self, recover: fn(Recover) -> S, ready: S) -> S {
        match self {
            Self::Unknown => recover(Recover::new()),
            Self::Ready => ready,
        }
    }
}

impl Default for Recover {
    fn default() -> Self {
        Self::new()
    }
}

impl Operation for Recover {
    type Output = ();

    fn stage(&self) -> Stage {
        Stage::Recover
    }

    fn command(&self) -> Command<'_> {
        match self.ask {
            Ask::State => Command::GetState,
            Ask::Status => Command::GetStatus,
            Ask::Discard | Ask::Abort => Command::Abort,
            Ask::Clear => Command::ClrStatus,
        }
    }

    fn reply(&mut self, reply: Reply<'_>) -> Step<()> {
        let at = self.at();
        self.requests += 1;
        let step = match (reply, self.ask) {
            (Reply::Data(bytes), Ask::State | Ask::Status) => self.read(at, bytes),
            (Reply::Failed(Failure::Stall), Ask::State) => enter(&mut self.ask, Ask::Discard),
            (Reply::Sent, Ask::Discard) => enter(&mut self.ask, Ask::Status),
            // Ask for the state again, whether the device accepted the request or refused it.
            (Reply::Sent | Reply::Failed(Failure::Stall), _) => enter(&mut self.ask, Ask::State),
            (Reply::Data(bytes), _) => Step::fail(DfuError::MalformedReply { at, length: bytes.len() }),
            (Reply::Failed(failure), _) => Step::fail(DfuError::Transfer { at, failure }),
        };
        if self.requests >= MAX_REQUESTS && !matches!(step, Step::Done(_)) {
            return Step::fail(DfuError::Stuck { state: self.seen, requests: self.requests });
        }
        step
    }
}
