//! The types for an operation on all Duos: the result of one of them, and the plan of what is sent.

use std::path::PathBuf;

use serde::Serialize;

use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::keys::Fingerprint;
use crate::workflow::context::plan::NamedCloud;
use crate::workflow::context::target::DeviceRef;

/// What became of one of several Duos.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DuoOutcome", rename_all = "kebab-case")]
pub enum DuoOutcome {
    /// What was asked for was done.
    Done,
    /// It was not done.
    Failed,
    /// The cloud may have taken the key or not. Sending it again does no harm.
    Unknown,
    /// It was not begun: a stop was requested before, or it was a dry run.
    #[default]
    NotReached,
}

/// The result of one of several Duos.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "camelCase")]
pub struct DuoEnded {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// The device id, if it is known.
    pub device_id: Option<DeviceId>,
    /// True for a virtual Duo.
    pub simulated: bool,
    /// What became of it.
    pub outcome: DuoOutcome,
    /// The fingerprint of its key, if there is one.
    pub fingerprint: Option<Fingerprint>,
    /// The backup; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub file: Option<PathBuf>,
    /// True if the archive held that backup already.
    pub already_there: bool,
    /// Host and port where its pairing was proven.
    pub server: Option<String>,
    /// Why it is not done: the stable name.
    pub code: Option<Code>,
    /// Why it is not done, in words that do not repeat the id of the Duo.
    pub message: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl DuoEnded {
    /// A Duo's outcome and, if it is not done, the reason; the other fields are empty.
    pub(in crate::workflow) fn new(
        path: &str,
        device_id: Option<DeviceId>,
        outcome: DuoOutcome,
        problem: Option<&Error>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            device_id,
            outcome,
            code: problem.map(Error::code),
            message: problem.map(Error::in_short),
            hint: problem.and_then(Error::hint_text).map(str::to_owned),
            ..Self::default()
        }
    }
}

/// A key that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PlannedKey", rename_all = "camelCase")]
pub struct PlannedKey {
    /// The Duo.
    pub device: DeviceRef,
    /// The device id that the key is sent for.
    pub device_id: DeviceId,
    /// The fingerprint of the key.
    pub fingerprint: Fingerprint,
    /// The cloud that the Duo names.
    pub duo_cloud: NamedCloud,
}

/// The keys of all Duos that are about to be sent, shown before the one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "SendPlan", rename_all = "camelCase")]
pub struct SendPlan {
    /// The cloud's API.
    pub api_url: String,
    /// The product id.
    pub product_id: u32,
    /// The Duos, ordered by path.
    pub duos: Vec<PlannedKey>,
    /// How many connected Duos have a key that is not sent; an event said why for each.
    pub left_out: u32,
}
