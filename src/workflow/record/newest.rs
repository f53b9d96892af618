//! Finds the newest key that is known of a Duo. If the Duo holds another one, its key was changed, and its cloud
//! probably knows only the newest.
//!
//! The journal shows which key was written to the Duo, sent to a cloud or proven. The date of a backup shows that a key
//! was in the Duo at that time. A new key that was saved but never written does not count.
//!
//! What the cloud has is one question, what is in the Duo another: a key that was written to the Duo later than the
//! cloud was told of another one is the newest in the Duo, and the pair is broken all the same.

use std::path::PathBuf;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::archive::{Entry, Origin};
use crate::cloud::api_url::is_particle;
use crate::journal::{DeviceMark, Operation, OperationKind};
use crate::keys::{Fingerprint, PublicKey};
use crate::outcome::KeyState;
use crate::workflow::context::Context;
use crate::workflow::record::journal::{operations, past, pasts};

/// How a key is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It was read from the Duo.
    BackedUp,
    /// It was written to the Duo.
    Written,
    /// A cloud took it as the Duo's key.
    Told { api_url: Option<String> },
    /// It was proven that a cloud knows the Duo by it.
    Proven,
}

/// A key, and how and when it became known.
#[derive(Clone, Debug)]
pub struct Known {
    pub key: Fingerprint,
    pub how: How,
    /// RFC 3339.
    pub at: String,
    /// The backup that it was read into.
    pub file: Option<PathBuf>,
    time: OffsetDateTime,
}

impl Known {
    fn new(key: Fingerprint, how: How, at: &str, file: Option<PathBuf>) -> Option<Self> {
        let time = OffsetDateTime::parse(at, &Rfc3339).ok()?;
        Some(Self { key, how, at: at.to_owned(), file, time })
    }

    /// Within the same second, a write comes after the backup that is made before it.
    fn order(&self) -> (OffsetDateTime, bool) {
        (self.time, self.how != How::BackedUp)
    }

    /// True if a cloud has, or had, the key.
    fn is_of_a_cloud(&self) -> bool {
        matches!(self.how, How::Told { .. } | How::Proven)
    }

    /// In words, with the date.
    pub fn words(&self) -> String {
        let at = &self.at;
        match &self.how {
            How::BackedUp => format!("it was backed up from the Duo at {at}"),
            How::Written => format!("it was written to the Duo at {at}"),
            How::Told { api_url: None } => format!("the cloud was told it at {at}"),
            How::Told { api_url: Some(url) } => format!("the cloud at {url} was told it at {at}"),
            How::Proven => format!("its cloud was proven to know the Duo by it at {at}"),
        }
    }
}

/// What the journal knows of the key that an operation was about. A rotation may have told the cloud of it, and then
/// written it.
fn of_operation(operation: &Operation) -> impl Iterator<Item = Known> {
    let request = &operation.started.request;
    let told = operation.took_a_key().then(|| How::Told { api_url: request.api_url.clone() });
    // A proof with another cloud says nothing about the Duo's own.
    let proof = operation.kind() == OperationKind::Verify && operation.is_of_the_devices_own_cloud();
    let proven = proof.then_some(How::Proven);
    let written = (operation.key() == Some(KeyState::Written)).then_some(How::Written);
    let key = operation.started.after;
    let known = move |how| Known::new(key?, how, &operation.updated_at, None);
    [told, proven, written].into_iter().flatten().filter_map(known)
}

/// What a backup of the device shows.
fn of_backup(backup: &Entry) -> Option<Known> {
    let read = backup.fingerprint.filter(|_| backup.origin == Origin::Device)?;
    Known::new(read, How::BackedUp, backup.created_at.as_deref()?, Some(backup.path.clone()))
}

/// The records of one Duo.
pub struct Records<'k> {
    /// The key to compare: the one in the Duo, or the one that is to be written to it, if there is one.
    pub current: Option<Fingerprint>,
    /// The key in the Duo, if there is one.
    pub held: Option<Fingerprint>,
    /// Whether the Duo is meant for Particle's cloud, if that is known: what the other kind of cloud was told does not
    /// matter to it.
    pub particle: Option<bool>,
    /// In the order in which they began.
    pub operations: Vec<&'k Operation>,
}

impl Records<'_> {
    /// The newest key, if it is not `current` and no newer record speaks for `current`: the one that a cloud has or,
    /// where none is known to have another, the one that was in the Duo.
    pub fn newer<'b>(&self, backups: impl Iterator<Item = &'b Entry>) -> Option<Known> {
        let known = self.known(backups);
        let last =
            |own, chosen: fn(&Known) -> bool| known.iter().rposition(|k| self.is_own(k) == own && chosen(k));
        let newer = |other, own| last(false, other).filter(|at| last(true, own) < Some(*at));
        // Only a cloud's word shows that it has the Duo's key.
        let told = newer(Known::is_of_a_cloud, Known::is_of_a_cloud);
        // A backup of the Duo's key does not show that it was written later than another one. It does show that an older
        // backup is not newer.
        let written = newer(|known| known.how == How::Written, |known| known.how != How::BackedUp);
        let kept = newer(|known| known.how == How::BackedUp, |_| true);
        known.get(told.or(written.max(kept))?).cloned()
    }

    /// The key that a cloud has, as far as it is known, if it is not `current`.
    pub fn told_other(&self) -> Option<Known> {
        self.newer([].into_iter()).filter(Known::is_of_a_cloud)
    }

    fn is_own(&self, known: &Known) -> bool {
        Some(known.key) == self.current
    }

    /// What is known, the oldest first.
    fn known<'b>(&self, backups: impl Iterator<Item = &'b Entry>) -> Vec<Known> {
        let done = self.operations.iter().flat_map(|operation| of_operation(operation));
        let mut known: Vec<Known> = backups.filter_map(of_backup).chain(done).collect();
        known.retain(|known| match (&known.how, self.particle) {
            (How::Told { api_url: Some(url) }, Some(particle)) => is_particle(url) == particle,
            _ => true,
        });
        // The sort is stable: of two with the same time, the one that began later stays last.
        known.sort_by_key(Known::order);
        for known in &mut known {
            // If it was sent the generic key, Particle's cloud takes the Duo's own key instead, whichever that is.
            if known.key == PublicKey::generic().fingerprint()
                && matches!(&known.how, How::Told { api_url: Some(url) } if is_particle(url))
            {
                known.key = self.held.unwrap_or(known.key);
            }
        }
        known
    }
}

/// What the journal knows of a Duo, in the order in which the operations began. A journal that cannot be read is empty.
pub fn known_of(context: Context<'_>, device: &DeviceMark) -> Vec<Operation> {
    let settled: Vec<Operation> = match device.id {
        Some(id) => past(context, id).collect(),
        None => pasts(context),
    };
    let open = operations(context, Some(device)).unwrap_or_default();
    settled.into_iter().rev().chain(open).collect()
}

/// Whether an operation was done to this Duo, or told a cloud of its key. `usbip`: the address of the server that has
/// the Duo.
pub fn was_done_to(operation: &Operation, device: &DeviceMark, usbip: Option<&str>) -> bool {
    let Operation { started, .. } = operation;
    let (its, request) = (&started.device, &started.request);
    // Virtual Duos are new after every start of their server, with the same ids.
    let same_server = request.usbip.is_none() || request.usbip.as_deref() == usbip;
    device.id.is_some()
        && its.id.or(request.owner) == device.id
        && (its.simulated == device.simulated || its.path.is_none())
        && same_server
}
