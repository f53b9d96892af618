//! `history`: lists past operations, newest first.

use crate::workflow::context::Context;
use crate::workflow::describe::operation::{OperationReport, is_of, report};
use std::collections::HashSet;
use std::path::PathBuf;

use crate::dct::DeviceId;
use crate::error::Error;
use crate::journal::{Journal, Operation, open};

/// How many are listed by default.
const LIMIT: u32 = 100;

/// The options of `history`.
#[derive(Clone, Debug, Default)]
pub struct HistoryOptions {
    /// Only operations on this device.
    pub device: Option<DeviceId>,
    /// How many operations at most, the newest; 100 by default.
    pub limit: Option<u32>,
}

/// The past operations.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "HistoryResult", rename_all = "camelCase")]
pub struct History {
    /// The folder of the journal; absolute. It may not exist.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub journal: PathBuf,
    /// The operations, newest first. Open ones are included.
    pub operations: Vec<OperationReport>,
    /// True if there are older ones.
    pub more: bool,
    /// How many lines could not be read and were skipped.
    pub unreadable: u32,
}

/// Reads past operations: for each Duo, from the end, only as many as are listed.
pub fn history(context: Context<'_>, options: &HistoryOptions) -> Result<History, Error> {
    let limit = options.limit.unwrap_or(LIMIT) as usize;
    if limit == 0 {
        return Err(Error::invalid("a history of no operations says nothing")
            .hint("the least that --limit takes is 1"));
    }
    let journal = Journal::locate(&context.env)?;
    let known = journal.operations(None, &|time| context.clock.sleep(time))?;
    let still_open: HashSet<_> = open(&known).into_iter().map(|operation| operation.id.clone()).collect();
    let there: HashSet<_> = known.iter().map(|operation| operation.id.clone()).collect();
    let mut newest = Newest { limit, operations: Vec::new(), more: false };
    newest.add(known.into_iter().rev().filter(|operation| is_of(operation, options.device)));
    let mut unreadable = 0;
    let mut add = |past: crate::journal::Past| {
        let sound = past.filter_map(|line| line.inspect_err(|_| unreadable += 1).ok());
        // After a crash, an operation can be in both places: count it once.
        newest.add(sound.filter(|operation| !there.contains(&operation.id)));
    };
    match options.device {
        Some(device) => add(journal.past(device)?),
        None => journal.pasts()?.try_for_each(|past| past.map(&mut add))?,
    }
    newest.cut();
    let listed = newest.operations.iter();
    Ok(History {
        journal: journal.path().to_owned(),
        operations: listed.map(|operation| report(operation, !still_open.contains(&operation.id))).collect(),
        more: newest.more,
        unreadable,
    })
}

/// The newest operations, at most `limit`.
struct Newest {
    limit: usize,
    operations: Vec<Operation>,
    more: bool,
}

impl Newest {
    /// Adds the operations of one Duo, newest first.
    fn add(&mut self, operations: impl Iterator<Item = Operation>) {
        // One more than is listed, to find out whether there are more.
        self.operations.extend(operations.take(self.limit.saturating_add(1)));
        self.cut();
    }

    fn cut(&mut self) {
        self.operations.sort_by(|one, other| other.started_at.cmp(&one.started_at));
        self.more |= self.operations.len() > self.limit;
        self.operations.truncate(self.limit);
    }
}
