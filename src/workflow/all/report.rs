//! Reports the result of each Duo as soon as it is known, and gathers the results of all of them.

use std::collections::BTreeMap;

use super::at_once::Ended;
use super::find::Place;
use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::journal::may_be_taken;
use crate::workflow::context::{Context, DuoEnded, DuoOutcome, Event, interrupted};

/// How many Duos have which outcome; together they are `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "AllCounts", rename_all = "camelCase")]
pub struct AllCounts {
    /// The connected Duos, and those in `paths` that are not connected.
    pub total: u32,
    /// What was asked for was done.
    pub done: u32,
    /// It was not done.
    pub failed: u32,
    /// The cloud may have taken the key or not.
    pub unknown: u32,
    /// It was not begun: a stop was requested before, or it was a dry run.
    pub not_reached: u32,
}

/// The result of one of several Duos.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "One{T}"))]
#[serde(rename_all = "camelCase")]
pub struct OneDone<T> {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// The device id, if it is known.
    pub device_id: Option<DeviceId>,
    /// What became of it.
    pub outcome: DuoOutcome,
    /// The result of the operation on this Duo.
    pub result: Option<T>,
    /// Why it is not done.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::error::Problem<'static>>"))]
    pub problem: Option<Error>,
}

/// The results of all Duos. Fulfilled even if some are not done: the counts say so.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "All{T}"))]
#[serde(rename_all = "camelCase")]
pub struct AllDone<T> {
    /// How many Duos have which outcome.
    pub counts: AllCounts,
    /// Each Duo, ordered by path.
    pub duos: Vec<OneDone<T>>,
    /// Why it was ended early.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::error::Problem<'static>>"))]
    pub stopped_by: Option<Error>,
}

/// A result of the operation on one Duo.
pub trait OfOne {
    /// Adds the result to the event of this Duo.
    fn tell(&self, line: &mut DuoEnded);

    /// True if nothing was done because it was a dry run.
    fn is_dry(&self) -> bool {
        false
    }
}

/// Gathers the results.
pub struct Report<'a, T> {
    context: Context<'a>,
    duos: BTreeMap<usize, OneDone<T>>,
}

impl<'a, T: OfOne> Report<'a, T> {
    pub fn new(context: Context<'a>) -> Self {
        Self { context, duos: BTreeMap::new() }
    }

    /// Adds the result of one Duo.
    pub fn add(&mut self, place: &Place, ended: Ended<T>) {
        let outcome = outcome(&ended);
        // The id that the list gives for the port is not that of another Duo that was found there.
        let another = ended.result.as_ref().is_err_and(|error| error.code() == Code::WrongDevice);
        let id = ended.id.or(place.known_id().filter(|_| !another));
        let Ended { result, .. } = ended;
        let (result, problem) = match result {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error)),
        };
        self.keep(place, OneDone { path: place.path.clone(), device_id: id, outcome, result, problem });
    }

    fn keep(&mut self, place: &Place, one: OneDone<T>) {
        let mut line = DuoEnded::new(&one.path, one.device_id, one.outcome, one.problem.as_ref());
        line.simulated = self.context.bus.is_virtual();
        if let Some(result) = &one.result {
            result.tell(&mut line);
        }
        self.context.control.event(Event::DuoEnded(line));
        self.duos.insert(place.nth, one);
    }

    /// Marks the places without a result as not begun, and returns the report.
    pub fn finish<'p>(mut self, places: impl Iterator<Item = &'p Place>) -> AllDone<T> {
        for place in places {
            if !self.duos.contains_key(&place.nth) {
                let (path, device_id) = (place.path.clone(), place.known_id());
                let outcome = DuoOutcome::NotReached;
                self.keep(place, OneDone { path, device_id, outcome, result: None, problem: None });
            }
        }
        let duos: Vec<OneDone<T>> = self.duos.into_values().collect();
        let stopped = |one: &OneDone<T>| match &one.problem {
            Some(problem) => problem.code() == Code::Interrupted,
            None => one.result.is_none(),
        };
        let stopped_by = duos.iter().any(stopped).then(interrupted);
        AllDone { counts: AllCounts::of(&duos), duos, stopped_by }
    }
}

fn outcome<T: OfOne>(ended: &Ended<T>) -> DuoOutcome {
    match &ended.result {
        Ok(result) if result.is_dry() => DuoOutcome::NotReached,
        Ok(_) => DuoOutcome::Done,
        Err(error) if ended.sending && may_be_taken(error.code().name()) => DuoOutcome::Unknown,
        Err(_) => DuoOutcome::Failed,
    }
}

impl AllCounts {
    fn of<T>(duos: &[OneDone<T>]) -> Self {
        let mut counts = Self::default();
        for one in duos {
            counts.total += 1;
            match one.outcome {
                DuoOutcome::Done => counts.done += 1,
                DuoOutcome::Failed => counts.failed += 1,
                DuoOutcome::Unknown => counts.unknown += 1,
                DuoOutcome::NotReached => counts.not_reached += 1,
            }
        }
        counts
    }
}
