//! A request to stop, which blocking code polls and asynchronous code awaits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::error::{Code, Error};

/// A request to stop; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    requested: AtomicBool,
    shielded: AtomicBool,
    notify: Notify,
}

/// As long as it exists, work goes on despite a request to stop: a write that has begun is read back.
#[must_use]
pub struct Shield(Cancel);

impl Drop for Shield {
    fn drop(&mut self) {
        self.0.0.shielded.store(false, Ordering::SeqCst);
    }
}

impl Cancel {
    /// Asks to stop.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// True once a stop was requested.
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// True once a stop was requested, unless work is shielded from it now.
    pub fn stops_now(&self) -> bool {
        self.is_requested() && !self.0.shielded.load(Ordering::SeqCst)
    }

    /// Shields work from requests to stop.
    pub(in crate::workflow) fn shield(&self) -> Shield {
        self.0.shielded.store(true, Ordering::SeqCst);
        Shield(self.clone())
    }

    /// Returns once a stop was requested.
    pub async fn requested(&self) {
        loop {
            // Registered before the flag is read, so that a request in between is not missed.
            let notified = self.0.notify.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.is_requested() {
                return;
            }
            notified.await;
        }
    }
}

/// The user asked to stop.
pub fn interrupted() -> Error {
    Error::new(Code::Interrupted, "stopped as asked")
}
