//! Which key a device has by now, of all that it is known to have had.
//!
//! The newest that was seen in it, or written to it. A key that was made for it counts only if it is known that it was
//! written; where that is not known, nothing is guessed.

use crate::keys::Fingerprint;

/// What a device held at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// This key.
    Key(Fingerprint),
    /// A key that it made itself, and that nobody has read since: it was reset.
    Unread,
    /// Nobody knows: a write broke off.
    Unknown,
}

/// Something that tells what a device held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, in seconds since 1970; `None` if that is not said.
    pub at: Option<i64>,
    /// What.
    pub held: Held,
}

/// A key that was made for a device, and is not known to have been written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// When, in seconds since 1970; `None` if that is not said.
    pub at: Option<i64>,
    /// The key.
    pub key: Fingerprint,
}

/// Which key a device has; why nobody can say, if so.
pub fn choose(seen: &[Seen], made: &[Made]) -> Result<Fingerprint, String> {
    let last = seen.iter().filter_map(|seen| seen.at).max();
    let newest = seen.iter().filter(|seen| seen.at == last || seen.at.is_none());
    let mut newest: Vec<Held> = newest.map(|seen| seen.held).collect();
    newest.dedup();
    let key = match newest.as_slice() {
        [Held::Key(key)] => *key,
        [first, rest @ ..] if rest.iter().all(|held| held == first) => match first {
            Held::Key(key) => *key,
            Held::Unread => return Err(UNREAD.to_owned()),
            Held::Unknown => return Err(UNKNOWN.to_owned()),
        },
        [] => return Err(unproven(made)),
        several if several.contains(&Held::Unknown) => return Err(UNKNOWN.to_owned()),
        several if several.contains(&Held::Unread) => return Err(UNREAD.to_owned()),
        several => {
            let keys = several.iter().filter_map(|held| match held {
                Held::Key(key) => Some(key.short().clone()),
                _ => None,
            });
            let keys: Vec<String> = keys.collect();
            return Err(format!("which key is newer is not known: {}", keys.join(" or ")));
        }
    };
    let later = |made: &&Made| made.key != key && (made.at.is_none() || made.at >= last);
    match made.iter().find(later) {
        Some(made) => Err(format!(
            "two keys are possible: {} was in the Duo, and {} was made by rotate; whether it was written is in no journal here",
            key.short(),
            made.key.short()
        )),
        None => Ok(key),
    }
}

const UNREAD: &str = "it was reset after its last backup: the key that it made itself is in no backup";

const UNKNOWN: &str = "a write to it broke off: which key it has is not known";

fn unproven(made: &[Made]) -> String {
    match made {
        [] => "no key of it is known".to_owned(),
        [made, ..] => {
            format!(
                "the key {} was made by rotate; whether it was written is in no journal here",
                made.key.short()
            )
        }
    }
}
