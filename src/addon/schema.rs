//! The JSON Schema of what `--json` prints, made from the types that the lines are made of.
//!
//! The feature `schema` exports it; without it nothing of this is left in the addon. The types here are shapes alone:
//! what the command line, and not the API, puts together. No value of them is ever made.
#![allow(dead_code, clippy::large_enum_variant)]

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::dct::DctBackupResult;
use super::doctoring::DoctorResult;
use super::fields::{DctRestoreResult, ServerKeyWriteResult};
use super::kept::{BackupsResult, HistoryResult, StatusResult};
use super::key_files::{NewKeyResult, PublicKeyResult};
use super::looked_at::{DctShowResult, InspectResult, ServerKeyShowResult};
use super::machine::{UdevInstallResult, UdevRule};
use super::results::{
    BackupResult, EnterDfuResult, ListResult, Problem, ProgressEvent, ProvisionResult, ResetResult,
    RestoreResult, VerifyResult,
};
use super::rotating::RotateResult;
use super::simulation::VirtualDuoInfo;

/// Names the shape of the lines. Its number goes up when a line that was valid before no longer would be.
const ID: &str = "urn:duo-provision:output:1";

/// The words that a text can be, where more than one type has them.
pub(super) mod words {
    use crate::error::Code;

    pub const SLOT: [&str; 10] =
        ["key", "blank", "reset", "zeros", "pkcs8", "pem", "misread", "ec", "wrong-size", "garbage"];
    pub const EVIDENCE: [&str; 6] =
        ["manifest", "archive", "dump", "public-key-slot", "allowed-other-device", "none"];
    pub const CONTENTS: [&str; 5] = ["private-key", "encrypted-private-key", "raw-slot", "dct", "whole-dct"];
    pub const FILE: [&str; 5] = ["private-key", "public-key", "server-key", "dct", "manifest"];
    pub const DUMP: [&str; 5] = ["section", "from-start", "from-private-key", "one-copy", "whole"];
    pub const COPY: [&str; 2] = ["first", "second"];
    pub const HALF: [&str; 3] = ["copy", "erased", "other"];
    pub const READER: [&str; 2] = ["r3-r5", "r6"];
    pub const PHASE: [&str; 15] = [
        "find",
        "wait",
        "enter-dfu",
        "read",
        "read-dct",
        "backup",
        "confirm",
        "write",
        "verify",
        "reconcile",
        "leave",
        "send",
        "ask",
        "greet",
        "handshake",
    ];

    pub const TRANSFER: [&str; 7] = [
        "start-upload",
        "uploaded",
        "complete-upload",
        "start-download",
        "downloaded",
        "complete-download",
        "failed-download",
    ];

    pub fn error_codes() -> Vec<&'static str> {
        Code::ALL.iter().map(|code| code.name()).collect()
    }
}

/// One line of what `duo-provision --json` prints: events, and at the end a result or an error. Members and kinds of
/// events may be added; what is not known is to be passed over.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Line {
    Event(ProgressEvent),
    Closing(ClosingLine),
}

/// The last line, and the only one of its kind.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "kebab-case")]
enum ClosingLine {
    /// The command did what it was asked to.
    Result(CommandResult),
    /// The command failed, or the command line cannot be used.
    Error(Problem),
}

/// What a command came to.
#[derive(JsonSchema)]
#[schemars(tag = "command", rename_all = "kebab-case")]
enum CommandResult {
    List(ListResult),
    Dfu(EnterDfuResult),
    Backup(BackupResult),
    Restore(RestoreResult),
    Reset(ResetResult),
    Rotate(RotateResult),
    Provision(ProvisionResult),
    Verify(VerifyResult),
    #[schemars(rename = "dct backup")]
    DctBackup(DctBackupResult),
    #[schemars(rename = "dct show")]
    DctShow(DctShowResult),
    #[schemars(rename = "dct restore")]
    DctRestore(DctRestoreResult),
    #[schemars(rename = "server-key show")]
    ServerKeyShow(ServerKeyShowResult),
    #[schemars(rename = "server-key set")]
    ServerKeySet(ServerKeyWriteResult),
    #[schemars(rename = "server-key restore")]
    ServerKeyRestore(ServerKeyWriteResult),
    Inspect(InspectResult),
    #[schemars(rename = "key new")]
    KeyNew(NewKeyResult),
    #[schemars(rename = "key public")]
    KeyPublic(PublicKeyResult),
    Backups(BackupsResult),
    Status(StatusResult),
    History(HistoryResult),
    Doctor(DoctorResult),
    #[schemars(rename = "udev print")]
    UdevPrint(UdevRule),
    #[schemars(rename = "udev install")]
    UdevInstall(UdevInstallResult),
    Simulate(SimulateResult),
    Demo(DemoResult),
    Completions(ScriptResult),
    ShellInit(ScriptResult),
    Man(ScriptResult),
}

/// Virtual Duos and a local cloud, which serve until the command is stopped.
#[derive(JsonSchema)]
struct SimulateResult {
    /// What `--usbip` takes.
    usbip: String,
    /// The Duos, ordered by path.
    duos: Vec<VirtualDuoInfo>,
    /// The faults that each of them is armed with.
    faults: Vec<String>,
    /// The cloud.
    cloud: SimulatedCloud,
}

/// A local cloud.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct SimulatedCloud {
    /// What `--api-url` takes.
    url: String,
    /// A token that it accepts; good for this cloud only.
    token: String,
    /// Whose replies it gives.
    #[schemars(extend("enum" = ["particle", "spark", "brewskey"]))]
    flavor: String,
    /// Where devices connect to, with `--device-port`.
    device_address: Option<String>,
}

/// The story of a virtual Duo's key.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct DemoResult {
    /// The virtual Duo's device id.
    device_id: String,
    /// The fingerprint of the key that was backed up.
    first: String,
    /// The fingerprint of the key that the Duo made after the reset.
    renewed: String,
    /// The fingerprint of the key that the Duo has at the end.
    last: String,
    /// True where that is the first one again, and the cloud knows it.
    same: bool,
}

/// What another program is to read.
#[derive(JsonSchema)]
struct ScriptResult {
    /// The text, as that program reads it.
    text: String,
}

/// The options of a function that puts something right.
#[derive(JsonSchema)]
pub(super) struct FixOptions {
    /// The backup to be restored.
    file: Option<String>,
    /// Bus and ports of the Duo.
    path: String,
    /// The Duo's id, where it is known.
    device: Option<String>,
    /// The USB/IP server, of a virtual Duo.
    usbip: Option<String>,
    /// The archive, where another than the usual one was named.
    archive: Option<String>,
}

/// The schema, as JSON text.
#[cfg_attr(feature = "schema", napi_derive::napi(skip_typescript))]
pub fn output_schema() -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.transforms.push(Box::new(RecursiveTransform(plain)));
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Line>();
    schema.insert("$id".to_owned(), ID.into());
    schema.insert("title".to_owned(), "A line of duo-provision --json".into());
    schema.to_value().to_string()
}

/// What is absent is left out of a line and never null; and `uint32` is no format that JSON Schema knows.
fn plain(schema: &mut Schema) {
    schema.remove("format");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let null = serde_json::json!({ "type": "null" });
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| *choice != null);
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            only.into_iter().for_each(|(name, value)| {
                schema.insert(name, value);
            });
        }
    }
}
