//! Wraps the [`Control`] for the operation on one of several Duos: each event says which Duo it is from.

use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::dct::DeviceId;
use crate::workflow::context::{Cancel, Control, Event, PassphraseRequest, Phase, Plan, SendPlan};

/// Passes everything on, and remembers what the final result needs.
pub(super) struct ToldOf<'a> {
    control: &'a dyn Control,
    path: &'a str,
    seen: Mutex<Seen>,
}

/// How far the operation got.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    /// The id of the Duo that was found.
    pub id: Option<DeviceId>,
    /// True while its key is being sent to the cloud.
    pub sending: bool,
}

impl<'a> ToldOf<'a> {
    pub fn new(control: &'a dyn Control, path: &'a str) -> Self {
        Self { control, path, seen: Mutex::default() }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Control for ToldOf<'_> {
    fn event(&self, event: Event) {
        match &event {
            Event::Found { device } => self.seen().id = device.device_id,
            Event::Phase(phase) => self.seen().sending = *phase == Phase::Send,
            _ => {}
        }
        self.control.event(Event::OfDuo { path: self.path.to_owned(), inner: Box::new(event) });
    }

    fn confirm(&self, plan: &Plan) -> bool {
        self.control.confirm(plan)
    }

    fn confirm_all(&self, plan: &SendPlan) -> bool {
        self.control.confirm_all(plan)
    }

    fn asks(&self) -> bool {
        self.control.asks()
    }

    fn passphrase(&self, request: &PassphraseRequest) -> Option<Zeroizing<String>> {
        self.control.passphrase(request)
    }

    fn cancel(&self) -> &Cancel {
        self.control.cancel()
    }
}
