//! Keeps the armed faults, counts transfers, and says which fault is due.

use super::alter::{Noise, alter};
use super::kind::Kind;
use crate::simulator::duo::transfer::{Outcome, Request};

/// Which control transfers a fault counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counting {
    /// DFU requests only.
    Class,
    /// All of them, including those of the enumeration.
    All,
}

/// A defect and its time. Written as its [name](super#the-name-of-a-fault), and read from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// The first transfer, counted from 1 since the fault was armed.
    pub nth: u32,
    /// Which transfers count.
    pub counting: Counting,
    /// Only once, or every time from there on.
    pub once: bool,
}

impl Fault {
    /// `kind` at the `nth` DFU request, once.
    pub fn once(kind: Kind, nth: u32) -> Self {
        Self { kind, nth, counting: Counting::Class, once: true }
    }

    /// `kind` from the `nth` DFU request on.
    pub fn from(kind: Kind, nth: u32) -> Self {
        Self { kind, nth, counting: Counting::Class, once: false }
    }

    /// `kind` for every transfer, enumeration included.
    pub fn always(kind: Kind) -> Self {
        Self { kind, nth: 1, counting: Counting::All, once: false }
    }
}

/// Whether the host may use the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// As usual.
    #[default]
    Granted,
    /// The operating system refuses to open it.
    Denied,
    /// Another program has claimed its interface.
    Busy,
}

/// The faults of one Duo.
#[derive(Debug, Default)]
pub struct Faults {
    armed: Vec<Armed>,
    access: Access,
    /// Access is refused only to the next request for it.
    access_once: bool,
    twin: bool,
    noise: Noise,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u32,
    acted: u32,
}

impl Armed {
    fn is_due(&self) -> bool {
        let once = self.fault.once && !self.fault.kind.lasts();
        let spent = self.acted > 0 && (once || self.fault.kind.is_of_the_bus());
        !spent && self.seen >= self.fault.nth
    }
}

impl Faults {
    /// Arms a fault. If several apply to one transfer, the one armed first acts.
    pub fn arm(&mut self, fault: Fault) {
        self.armed.push(Armed { fault, seen: 0, acted: 0 });
        self.touch_bus();
    }

    /// Disarms all faults, and grants access.
    pub fn clear(&mut self) {
        *self = Self { noise: std::mem::take(&mut self.noise), ..Self::default() };
    }

    /// How often the armed faults have acted.
    pub fn acted(&self) -> u32 {
        self.armed.iter().map(|a| a.acted).sum()
    }

    /// Sets whether the device may be opened.
    pub fn set_access(&mut self, access: Access) {
        (self.access, self.access_once) = (access, false);
    }

    /// Whether the device may be opened.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Whether the device may be opened, at an attempt to open it. If a fault refuses only once, this was that time.
    pub(in crate::simulator) fn admit(&mut self, refusal: Access) -> bool {
        if self.access != refusal {
            return true;
        }
        if self.access_once {
            self.set_access(Access::Granted);
        }
        false
    }

    /// True once if a second Duo with the same id is due.
    pub(in crate::simulator) fn take_twin(&mut self) -> bool {
        std::mem::take(&mut self.twin)
    }

    /// Counts a transfer and returns the armed fault that applies to it, if any.
    pub(in crate::simulator) fn next(&mut self, request: &Request) -> Option<Due> {
        let counts = |armed: &Armed| armed.fault.counting == Counting::All || request.is_class();
        for armed in self.armed.iter_mut().filter(|armed| counts(armed)) {
            armed.seen = armed.seen.saturating_add(1);
        }
        self.touch_bus();
        self.armed
            .iter()
            .position(|armed| counts(armed) && armed.is_due() && armed.fault.kind.concerns(request))
            .map(|index| Due { index, kind: self.armed[index].fault.kind.clone() })
    }

    /// Lets faults of the bus act if they are due; they need no request.
    fn touch_bus(&mut self) {
        for armed in &mut self.armed {
            if !armed.fault.kind.is_of_the_bus() || !armed.is_due() {
                continue;
            }
            armed.acted = 1;
            match armed.fault.kind {
                Kind::Twin => self.twin = true,
                Kind::Denied => (self.access, self.access_once) = (Access::Denied, armed.fault.once),
                _ => (self.access, self.access_once) = (Access::Busy, armed.fault.once),
            }
        }
    }

    pub(in crate::simulator) fn acted_on(&mut self, due: &Due) {
        if let Some(armed) = self.armed.get_mut(due.index) {
            armed.acted = armed.acted.saturating_add(1);
        }
    }

    pub(in crate::simulator) fn alter(
        &mut self,
        kind: &Kind,
        request: &Request,
        outcome: Outcome,
    ) -> Outcome {
        alter(kind, request, outcome, &mut self.noise)
    }
}

/// An armed fault that is due.
#[derive(Debug)]
pub(in crate::simulator) struct Due {
    index: usize,
    pub kind: Kind,
}
