//! What a person is asked: the plan of a write, which is shown before the question, and the request for a passphrase.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::keys::Fingerprint;
use crate::workflow::context::snapshot::Snapshot;
use crate::workflow::context::target::DeviceRef;

/// What will be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "WriteAction", rename_all = "kebab-case")]
pub enum Action {
    /// A private key.
    Restore,
    /// The reset image.
    Reset,
    /// A cloud's public key and its address.
    SetServerKey,
    /// Fields out of a dump.
    RestoreDct,
    /// A whole DCT, both copies.
    RestoreWholeDct,
    /// A new private key, which is sent to the cloud first.
    Rotate,
}

/// Why a key is taken to be a Duo's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "KeyEvidence", rename_all = "kebab-case")]
pub enum Evidence {
    /// The manifest beside the file names this device.
    Manifest,
    /// The archive knows the key as this device's.
    Archive,
    /// The dump that the key comes from holds this device's id.
    Dump,
    /// The public key in the device's DCT belongs to this key.
    PublicKeySlot,
    /// The manifest, the archive or the dump names another device, and the user allowed that.
    AllowedOtherDevice,
    /// Nothing says whose key it is.
    None,
}

impl Evidence {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Manifest => "the manifest beside the file names this Duo",
            Self::Archive => "the archive knows the key as this Duo's",
            Self::Dump => "the device id in the dump is this Duo's",
            Self::PublicKeySlot => "it pairs with the public key in this Duo",
            Self::AllowedOtherDevice => "it is known to be ANOTHER device's key, and you allowed that",
            Self::None => "nothing says whether the key is this Duo's",
        }
    }
}

/// An [`Evidence`] as results show it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShownEvidence {
    /// Why the key is taken to be this Duo's; absent if no key is written, or if the key was made for it.
    evidence: Evidence,
    /// The same in words.
    evidence_description: &'static str,
}

pub(crate) fn shown_evidence<S: Serializer>(
    evidence: &(impl Copy + Into<Option<Evidence>>),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let evidence: Option<Evidence> = (*evidence).into();
    let shown = |evidence: Evidence| ShownEvidence { evidence, evidence_description: evidence.words() };
    evidence.map(shown).serialize(serializer)
}

/// Whether the key in the Duo and the cloud's were a pair before the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PairBefore", rename_all = "kebab-case")]
pub enum PairBefore {
    /// The handshake proved it.
    Proven,
    /// The cloud refused the key.
    Refused,
    /// It was not tried: the Duo holds no key, or the cloud may have the new one since an earlier attempt.
    NotTried,
}

/// A change besides the key, in words without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PlannedChange", rename_all = "camelCase")]
pub struct Change {
    /// The field, or the part of it.
    pub what: String,
    /// What is there now, in words; no secret is shown.
    pub now: String,
    /// What will be there, in words.
    pub then: String,
}

/// The cloud that a Duo names in its DCT. The server key says which one it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NamedCloud {
    /// True if its server key is that of Particle's own cloud; absent if the slot holds no key of a cloud, so that the
    /// cloud is not known.
    pub particle: Option<bool>,
    /// SHA-256 of the server key's SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub fingerprint: Option<Fingerprint>,
    /// Host and port that the Duo connects to.
    pub server: Option<String>,
    /// All of it in words.
    pub description: String,
}

/// What will be written; shown before the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "WritePlan", rename_all = "camelCase")]
pub struct Plan {
    /// What will be written.
    pub action: Action,
    /// The Duo.
    pub device: DeviceRef,
    /// The key in the Duo now, if there is one.
    #[serde(rename = "currentFingerprint")]
    pub current: Option<Fingerprint>,
    /// What is in the slot now, in words.
    #[serde(rename = "current")]
    pub current_words: String,
    /// The key to write; absent for a reset, and if the key stays as it is.
    #[serde(rename = "newFingerprint")]
    pub new: Option<Fingerprint>,
    /// Why the key is taken to be this Duo's; absent if no key is written, or if the key was made for it.
    #[serde(flatten, serialize_with = "shown_evidence")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<ShownEvidence>"))]
    pub evidence: Option<Evidence>,
    /// The public key in the Duo's DCT, if it does not belong to the key to write. It may be stale.
    #[serde(rename = "publicSlotFingerprint")]
    pub public_slot: Option<Fingerprint>,
    /// What changes besides the key.
    pub changes: Vec<Change>,
    /// Warnings shown before the question.
    pub cautions: Vec<String>,
    /// The cloud's API, if the new key is sent to the cloud before it is written.
    pub cloud: Option<String>,
    /// The cloud that the Duo names, if a key is sent to a cloud.
    pub duo_cloud: Option<NamedCloud>,
    /// Whether the key in the Duo and the cloud's are a pair now, if that is proven first.
    pub pair_before: Option<PairBefore>,
    /// The backup of what is there now; absent if none was made.
    #[serde(rename = "backupFile", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
}

impl Plan {
    /// A plan with what is in the Duo now, and nothing to write yet. `held`: `None` if no copy of its DCT counts.
    pub(in crate::workflow) fn of(action: Action, device: &DeviceRef, held: Option<&Snapshot>) -> Self {
        Self {
            action,
            device: device.clone(),
            current: held.and_then(Snapshot::fingerprint),
            current_words: held.map_or("no copy of the DCT counts".into(), |held| held.slot.to_string()),
            new: None,
            evidence: None,
            public_slot: None,
            changes: Vec::new(),
            cautions: Vec::new(),
            cloud: None,
            duo_cloud: None,
            pair_before: None,
            backup: None,
        }
    }
}

/// A request for a passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PassphraseRequest", rename_all = "camelCase")]
pub struct PassphraseRequest {
    /// To open a key file, or to encrypt a key with a new one.
    pub purpose: PassphrasePurpose,
    /// The key file to open.
    #[serde(rename = "file")]
    pub path: Option<String>,
    /// True if the last answer did not open it.
    pub again: bool,
}

/// What a passphrase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PassphrasePurpose", rename_all = "kebab-case")]
pub enum PassphrasePurpose {
    /// To open a key file.
    Open,
    /// To encrypt a key with a new passphrase. After a typing error, nobody could open the key.
    Encrypt,
}
