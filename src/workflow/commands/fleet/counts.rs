//! How many devices came to what.

/// How many devices of a list came to what; together they are `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetCounts", rename_all = "camelCase")]
pub struct FleetCounts {
    /// Rows of the list; with a shard, those of the shard.
    pub total: u32,
    /// The cloud said now that it took the key.
    pub done: u32,
    /// It had said so before, and nothing was sent.
    pub already_done: u32,
    /// It did not take the key.
    pub failed: u32,
    /// It may have taken the key or not: its answer did not come back.
    pub unknown: u32,
    /// Nothing was sent: the run was stopped before, or was a dry run.
    pub not_reached: u32,
    /// Nothing was sent: the row names a problem, or is wrong.
    pub left_out: u32,
}

impl FleetCounts {
    /// True if the cloud has every key of the list.
    pub const fn is_all_done(&self) -> bool {
        self.total == self.done + self.already_done
    }
}

/// A number of rows, of which there are at most a million.
pub(super) fn rows(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
