//! Describes a case of the matrix: a workflow, a bootloader, what goes wrong, and the name of the case.

use std::fmt;
use std::str::FromStr;

use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind};

use super::subjects;
use super::workflow::Workflow;

/// The bootloaders that differ for a workflow. r3 has the same transfers as r4. r5 describes itself as r6 does (it
/// spells the same id in capitals) and writes its DCT as r4 does. `simulator/descriptors.rs` and `simulator/memory.rs`
/// check this for the virtual Duos, `session/` for the sessions.
pub const GENERATIONS: [Generation; 2] = [Generation::R4, Generation::R6];

/// A workflow, a bootloader, and what goes wrong.
#[derive(Clone)]
pub struct Case {
    pub subject: &'static dyn Workflow,
    pub generation: Generation,
    pub faults: Vec<Fault>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject.name(), self.generation)?;
        self.faults.iter().try_for_each(|fault| write!(f, " {fault}"))
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let mut words = name.split(' ');
        let (subject, generation) = words.next().zip(words.next()).ok_or("WORKFLOW GENERATION FAULT…")?;
        let subject = subjects::ALL.iter().find(|s| s.name() == subject).ok_or("no such workflow")?;
        let faults = words.map(|fault| fault.parse::<Fault>().map_err(|e| e.to_string()));
        Ok(Self {
            subject: *subject,
            generation: generation.parse()?,
            faults: faults.collect::<Result<_, _>>()?,
        })
    }
}

impl Case {
    /// The kinds of its faults without their numbers and texts.
    pub fn kinds(&self) -> String {
        let words = self.faults.iter().map(|fault| {
            let kind = fault.kind.to_string();
            let kind = kind.split('=').next().unwrap_or_default();
            if kind.starts_with("descriptor-") {
                return "descriptor".to_owned();
            }
            kind.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned()
        });
        words.collect::<Vec<_>>().join(" + ")
    }

    /// Whether another Duo may have replaced one without an id while it restarted: nothing can show that.
    pub fn is_swapped_unseen(&self) -> bool {
        let swapped = |fault: &Fault| matches!(fault.kind, Kind::Swap(_));
        self.subject.enters() && self.generation == Generation::R4 && self.faults.iter().any(swapped)
    }

    /// Whether an erasure may hit another place: its address cannot be proven beforehand.
    pub fn may_misdirect_an_erasure(&self) -> bool {
        let misleads =
            |fault: &Fault| matches!(fault.kind, Kind::AddressOnceWrong(_) | Kind::AddressStuck(_));
        self.faults.iter().any(misleads)
    }

    /// Whether a second Duo with the same id is plugged in.
    pub fn has_twin(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault.kind, Kind::Twin))
    }

    /// Whether the Duo may report a serial number that is not its own.
    pub fn may_be_nameless(&self) -> bool {
        let is_serial =
            |kind: &Kind| matches!(kind, Kind::Serial(_) | Kind::Descriptor { kind: 3, index: 3, .. });
        self.faults.iter().any(|fault| is_serial(&fault.kind))
    }

    /// Whether the device tells the same lie twice. Such a lie is believed, because nothing can show it.
    pub fn lies_twice(&self) -> bool {
        let lies = |fault: &Fault| {
            matches!(fault.kind, Kind::ReadZeros | Kind::ReadOnes | Kind::ReadFlipped(_)) && !fault.once
        };
        // Two faults that lie once are the same as one that lies twice.
        let once = |fault: &&Fault| matches!(fault.kind, Kind::ReadFlipped(_));
        self.faults.iter().any(lies) || self.faults.iter().filter(once).count() > 1
    }
}
