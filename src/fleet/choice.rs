//! Chooses the key that a device has now, from all the keys that it is known to have had.
//!
//! It is the newest that was seen in it or written to it. A key that was made for it counts only if it is known to have
//! been written; if that is not known, nothing is guessed.

use crate::keys::Fingerprint;

/// What a device held at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// This key.
    Key(Fingerprint),
    /// A key that it made itself after a reset, and that was not read since.
    Unread,
    /// Unknown: a write broke off.
    Unknown,
}

/// A record of what a device held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The time, in seconds since 1970; `None` if it is not recorded.
    pub at: Option<i64>,
    /// What it held.
    pub held: Held,
}

/// A key that was made for a device, and is not known to have been written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The time, in seconds since 1970; `None` if it is not recorded.
    pub at: Option<i64>,
    /// The key.
    pub key: Fingerprint,
}

/// The key that a device has, or why it cannot be known.
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
