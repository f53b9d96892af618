//! Finds out what each transfer of an undisturbed run is for.
//!
//! It decides by the setup packets, with numbers of its own.

use duo_provision::simulator::duo::Logged;
use duo_provision::simulator::duo::transfer::Request;
use duo_provision::simulator::faults::Kind;

use crate::workflow::bench::is_data;

/// What a transfer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// A Duo that runs its firmware is asked who it is.
    Ask,
    /// It is asked to restart into DFU mode.
    Enter,
    /// It is back, and the host configures it; the code that waits for it does not see the result.
    Return,
    /// It is asked who it is once more.
    Meet,
    /// Descriptors are read and the alternate setting is chosen.
    Open,
    /// What is there is read.
    Read,
    /// The address of a write is set, and what lies there is compared.
    Prove,
    /// The block is sent; nothing is written yet.
    Send,
    /// It is written, and the Duo is asked whether it is done.
    Program,
    /// It is read back.
    Verify,
    /// The Duo is told to leave, and seen to agree.
    Leave,
}

impl Stage {
    pub const ALL: [Self; 11] = [
        Self::Ask,
        Self::Enter,
        Self::Return,
        Self::Meet,
        Self::Open,
        Self::Read,
        Self::Prove,
        Self::Send,
        Self::Program,
        Self::Verify,
        Self::Leave,
    ];
}

/// An undisturbed run.
#[derive(Clone)]
pub struct Course {
    log: Vec<Logged>,
    stages: Vec<Stage>,
}

impl Course {
    /// Builds the course from the log of a run that begins at `stage`.
    pub fn new(log: Vec<Logged>, mut stage: Stage) -> Self {
        let mut stages = Vec::new();
        for transfer in &log {
            stage = next(stage, transfer);
            stages.push(stage);
        }
        let mut course = Self { log, stages };
        course.tell_proofs();
        course.tell_erasures();
        course
    }

    /// The transfers between the last command before a block and the block are its proof; only the block shows that.
    fn tell_proofs(&mut self) {
        for send in (0..self.log.len()).filter(|at| is_data(&self.log[*at])) {
            let command = (0..send).rev().find(|at| is_command(&self.log[*at])).unwrap_or(send);
            self.stages[command..send].fill(Stage::Prove);
        }
    }

    /// An erasure is looked at, sent, carried out and read back; only the order of the commands shows these parts.
    fn tell_erasures(&mut self) {
        for (range, _) in self.writes().into_iter().filter(|(_, block)| *block == 0) {
            let mut commands = 0;
            for nth in range {
                let at = nth as usize - 1;
                let is_command = is_command(&self.log[at]);
                commands += u32::from(is_command);
                self.stages[at] = match commands {
                    1 => Stage::Prove,
                    2 if is_command => Stage::Send,
                    2 => Stage::Program,
                    _ => Stage::Verify,
                };
            }
        }
    }

    /// The transfers, counted from 1, at which `kind` can act; 0 is before all of them.
    pub fn where_it_acts(&self, kind: &Kind) -> Vec<u32> {
        let of_the_bus = matches!(kind, Kind::Twin | Kind::Denied | Kind::Taken);
        let concerned = |nth: &u32| of_the_bus || kind.concerns(&self.request(*nth));
        (u32::from(!of_the_bus)..=self.transfers()).filter(concerned).collect()
    }

    /// How many transfers it takes.
    pub fn transfers(&self) -> u32 {
        self.log.len().try_into().unwrap()
    }

    /// The operations on the flash after the reads: the erasure of a sector, or the write of a block, with its
    /// read-back. Each has the numbers of its transfers and the length of its block, 0 for an erasure.
    pub fn writes(&self) -> Vec<(std::ops::Range<u32>, u16)> {
        let begins: Vec<usize> = (0..self.log.len()).filter(|at| is_command(&self.log[*at])).collect();
        let number =
            |at: usize| u32::try_from(begins.get(at).copied().unwrap_or(self.log.len()) + 1).unwrap();
        let operation = |(at, begin): (usize, &usize)| {
            let end = begins.get(at + 1).copied().unwrap_or(self.log.len());
            let transfers = &self.log[*begin..end];
            let block = transfers.iter().find(|transfer| is_data(transfer)).map(|transfer| transfer.length);
            // An erasure is the only command without a read after it. The command before it looks at the sector; the
            // command after it reads the sector back.
            let erases = block.is_none() && transfers.iter().all(|t| t.setup.request != 2);
            let from = if erases { at.saturating_sub(1) } else { at };
            (block.is_some() || erases).then(|| (number(from)..number(at + 2), block.unwrap_or(0)))
        };
        begins.iter().enumerate().filter_map(operation).collect()
    }

    fn request(&self, nth: u32) -> Request<'static> {
        let Logged { setup, length, .. } = self.log[nth as usize - 1];
        Request { setup, length, data: &[] }
    }

    /// What the `nth` transfer is for; 0 counts as the first, and a number after the end as the last.
    pub fn stage(&self, nth: u32) -> Stage {
        self.stages[nth.clamp(1, self.transfers()) as usize - 1]
    }
}

/// SET ADDRESS or ERASE.
fn is_command(transfer: &Logged) -> bool {
    let setup = transfer.setup;
    (setup.request_type, setup.request, setup.value, transfer.length) == (0x21, 1, 0, 5)
}

fn next(stage: Stage, transfer: &Logged) -> Stage {
    let (kind, request) = (transfer.setup.request_type, transfer.setup.request);
    match stage {
        // SET_LINE_CODING
        Stage::Ask if (kind, request) == (0x21, 0x20) => Stage::Enter,
        Stage::Enter => Stage::Return,
        Stage::Return => Stage::Meet,
        // Every opening begins with the device descriptor.
        Stage::Meet if (kind, request, transfer.setup.value) == (0x80, 6, 0x0100) => Stage::Open,
        Stage::Open if kind & 0x60 == 0x20 => Stage::Read,
        _ if is_data(transfer) => Stage::Send,
        // GETSTATUS
        Stage::Send | Stage::Program if request == 3 => Stage::Program,
        // DNLOAD without data
        _ if (kind, request, transfer.length) == (0x21, 1, 0) => Stage::Leave,
        Stage::Program => Stage::Verify,
        stage => stage,
    }
}
