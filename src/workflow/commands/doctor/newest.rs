//! Finds the newest key that is known of a Duo. If the Duo holds another one, somebody changed the Duo's key, and its
//! cloud probably knows only the newest. Pure.
//!
//! The journal shows which key was written to the Duo, sent to a cloud or proven. The date of a backup shows that a key
//! was in the Duo at that time. A new key that was saved but never written does not count.

use std::path::PathBuf;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::archive::{Entry, Origin};
use crate::journal::{Operation, OperationKind};
use crate::keys::{Fingerprint, PublicKey};
use crate::outcome::KeyState;
use crate::workflow::network::other_cloud::is_particle_api;

/// How a key is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum How {
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
pub(super) struct Known {
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

    /// In words, with the date.
    pub fn words(&self) -> String {
        let at = &self.at;
        match &self.how {
            How::BackedUp => format!("it was backed up from the Duo {at}"),
            How::Written => format!("it was written to the Duo {at}"),
            How::Told { api_url: None } => format!("the cloud was told {at}"),
            How::Told { api_url: Some(url) } => format!("the cloud at {url} was told {at}"),
            How::Proven => format!("its cloud was proven to know the Duo by it {at}"),
        }
    }
}

/// What the journal knows of the key that an operation was about.
fn of_operation(operation: &Operation) -> Option<Known> {
    let request = &operation.started.request;
    let how = match operation.kind() {
        OperationKind::Verify => How::Proven,
        _ if operation.key() == Some(KeyState::Written) => How::Written,
        _ if operation.took_a_key() => How::Told { api_url: request.api_url.clone() },
        _ => return None,
    };
    Known::new(operation.started.after?, how, &operation.updated_at, None)
}

/// What a backup of the device shows.
fn of_backup(backup: &Entry) -> Option<Known> {
    let read = backup.fingerprint.filter(|_| backup.origin == Origin::Device)?;
    Known::new(read, How::BackedUp, backup.created_at.as_deref()?, Some(backup.path.clone()))
}

/// The newest key, if it is not `current` and no newer record speaks for `current`. `operations` are in the order in
/// which they began.
pub(super) fn newer<'k>(
    current: Fingerprint,
    operations: impl Iterator<Item = &'k Operation>,
    backups: impl Iterator<Item = &'k Entry>,
) -> Option<Known> {
    let mut known: Vec<Known> =
        backups.filter_map(of_backup).chain(operations.filter_map(of_operation)).collect();
    // The sort is stable: of two with the same time, the one that began later stays last.
    known.sort_by_key(Known::order);
    let mut settled: Vec<Known> = Vec::new();
    for known in known {
        // If it was sent the generic key, Particle's cloud takes the Duo's own key instead, whichever that is.
        let any = known.key == PublicKey::generic().fingerprint()
            && matches!(&known.how, How::Told { api_url } if api_url.as_deref().is_some_and(is_particle_api));
        settled.push(if any { Known { key: current, ..known } } else { known });
    }
    let last = |chosen: &dyn Fn(&Known) -> bool| settled.iter().rposition(chosen);
    let own = |known: &Known| known.key == current;
    let backed_up = |known: &Known| known.how == How::BackedUp;
    // A backup of the Duo's key does not show that a cloud knows it. It does show that an older backup is not newer.
    let told_other = last(&|known| !own(known) && !backed_up(known));
    let kept_other = last(&|known| !own(known) && backed_up(known));
    let told_other = told_other.filter(|at| last(&|known| own(known) && !backed_up(known)) < Some(*at));
    let kept_other = kept_other.filter(|at| last(&own) < Some(*at));
    settled.get(told_other.max(kept_other)?).cloned()
}
