//! Compares what the fields of a Duo hold with what a dump holds.

use crate::dct::{DeviceId, Dump, Field};
use crate::workflow::context::{Change, DeviceRef, Snapshot};
use crate::workflow::describe::dct_fields::{FieldReport, describe_these};

/// A field that is restored from a dump.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "RestoredFieldInfo", rename_all = "camelCase")]
pub struct RestoredField {
    /// Its name in `dct.h`, with hyphens.
    pub name: String,
    /// What was there, in words; no secret is shown.
    pub previous: String,
    /// What is there now, in words; in a dry run, what would be.
    #[serde(rename = "description")]
    pub holds: String,
    /// False if the Duo held exactly these bytes already, and in a dry run.
    pub written: bool,
}

impl RestoredField {
    /// The change, for the plan.
    pub(in crate::workflow) fn change(&self) -> Change {
        let then = &self.holds;
        let same = self.previous == *then;
        Change {
            what: self.name.clone(),
            now: self.previous.clone(),
            then: if same { format!("{then}, with other bytes") } else { then.clone() },
        }
    }
}

/// What the fields hold in the Duo and in the dump. `id`: the device that the dump is from.
pub fn fields_against(
    fields: &[Field],
    section: &Snapshot,
    device: &DeviceRef,
    dump: &Dump<'_>,
    id: Option<DeviceId>,
) -> Vec<RestoredField> {
    let here = Dump::of_section(section.image().bytes());
    let now = describe_these(fields, &here, device.device_id.or_else(|| section.image().device_id()));
    let then = describe_these(fields, dump, id);
    let name = Field::kebab_name;
    let restored = |field: &Field| RestoredField {
        name: name(field),
        previous: words(&now, &name(field)),
        holds: words(&then, &name(field)),
        written: false,
    };
    fields.iter().map(restored).collect()
}

fn words(reports: &[FieldReport], name: &str) -> String {
    let report = reports.iter().find(|report| report.name == name);
    report.map_or_else(String::new, |report| match report.fingerprint {
        Some(fingerprint) => format!("{}: {fingerprint}", report.holds),
        None => report.holds.clone(),
    })
}
