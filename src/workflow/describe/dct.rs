//! Describes a DCT for results.

use crate::dct::{CopyRule, DeviceId, Dump, DumpKind, Half, WhichCopy};
use crate::keys::{Fingerprint, Slot};
use crate::workflow::describe::dct_fields::{FieldReport, describe};

/// A DCT, described.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctInfo", rename_all = "camelCase")]
pub struct DctReport {
    /// What was read, and from where.
    pub kind: DumpKind,
    /// The copy of a whole DCT that the fields are from, 0 or 1; absent if neither counts, or if it depends on the
    /// Duo's firmware which one counts.
    pub current_copy: Option<usize>,
    /// Both copies, if it is a whole DCT.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CopyReport>,
    /// True if every byte is zero, or every byte is 0xFF: the answer of a Duo that cannot read its DCT.
    pub unreadable: bool,
    /// The fields, by offset.
    pub fields: Vec<FieldReport>,
}

/// One of the two copies of a whole DCT.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctCopyInfo", rename_all = "camelCase")]
pub struct CopyReport {
    /// Which one.
    pub copy: WhichCopy,
    /// What the half of the DCT holds.
    #[serde(rename = "holds")]
    pub half: Half,
    /// The bootloaders whose firmware reads this copy, by their rule.
    pub read_by: Vec<CopyRule>,
    /// The fingerprint of the device's key in it.
    pub fingerprint: Option<Fingerprint>,
}

impl CopyReport {
    fn of(dump: &Dump<'_>, copy: WhichCopy) -> Option<Self> {
        let whole = dump.whole()?;
        let half = whole.copies()[copy.index()].half();
        let reads = |rule: &CopyRule| whole.current(*rule) == Some(copy.index());
        let slot = dump.of_copy(copy.index()).private_key_slot().map(Slot::classify);
        let key = slot.as_ref().filter(|_| half == Half::Copy).and_then(Slot::key);
        Some(Self {
            copy,
            half,
            read_by: CopyRule::ALL.into_iter().filter(reads).collect(),
            fingerprint: key.map(|read| read.key.public_key().fingerprint()),
        })
    }
}

impl DctReport {
    /// Describes a dump.
    pub(in crate::workflow) fn of(dump: &Dump<'_>, id: Option<DeviceId>) -> Self {
        Self {
            kind: dump.kind(),
            current_copy: dump.copy(),
            copies: WhichCopy::BOTH.into_iter().filter_map(|copy| CopyReport::of(dump, copy)).collect(),
            unreadable: dump.is_unreadable(),
            fields: describe(dump, id),
        }
    }
}
