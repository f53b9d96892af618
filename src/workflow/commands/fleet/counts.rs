//! Counts the devices by outcome.

use std::time::Duration;

use crate::fleet::report::Outcome;
use crate::workflow::context::Event;

/// How many devices of a list have which outcome; the sum is `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetCounts", rename_all = "camelCase")]
pub struct FleetCounts {
    /// Rows of the list; with a shard, those of the shard.
    pub total: u32,
    /// In this run, the cloud said that it took the key.
    pub done: u32,
    /// The cloud said so in an earlier run, and nothing was sent.
    pub already_done: u32,
    /// The cloud did not take the key.
    pub failed: u32,
    /// It is unknown whether the cloud took the key: for example, its reply was lost.
    pub unknown: u32,
    /// Nothing was sent: the run was stopped before, or was a dry run.
    pub not_reached: u32,
    /// Nothing was sent: the row names a problem, or is wrong.
    pub left_out: u32,
}

impl FleetCounts {
    /// The count of this outcome.
    pub(super) fn of(&mut self, outcome: Outcome) -> &mut u32 {
        match outcome {
            Outcome::Done => &mut self.done,
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
            Outcome::NotReached => &mut self.not_reached,
        }
    }

    /// The event that reports them.
    pub(super) fn event(self, rate: f64, paused: Option<Duration>) -> Event {
        let Self { done, already_done, failed, unknown, not_reached, .. } = self;
        Event::FleetProgress { done, already_done, failed, unknown, not_reached, rate, paused }
    }
}

/// Converts a number of rows; a list has at most a million.
pub(super) fn rows(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
