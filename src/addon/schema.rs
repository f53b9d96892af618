//! Makes the JSON Schema of what `--json` prints, and of all types of the API, from the types themselves.
//!
//! The types in this file are only shapes, for what the command line puts together and the API does not. They never
//! have a value.
#![allow(dead_code, clippy::large_enum_variant)]

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use super::error_name::ErrorName;
use super::grammar::{
    AllDuos, BackupOptions, BackupsOptions, CloudFlavor, DctBackupOptions, DctRestoreOptions, DctShowOptions,
    DfuOptions, DoctorOptions, FleetManifestOptions, FleetProvisionOptions, FleetReportOptions,
    FleetVerifyOptions, HistoryOptions, InspectOptions, ListOptions, LocalCloudOptions, NewKeyOptions,
    ProvisionOptions, PublicKeyOptions, ReadKeyOptions, ResetOptions, RestoreOptions, RotateOptions,
    ServerKeyRestoreOptions, ServerKeySetOptions, ServerKeyShowOptions, StatusOptions, UdevInstallOptions,
    VerifyOptions, VirtualDuoOptions,
};
use crate::error::Problem;
use crate::simulator::VirtualDuoState;
use crate::simulator::cloud::Provisioned;
use crate::workflow::{
    AllDone, BackupDone, BackupsFound, DctBackupDone, DctRestored, DctShown, Diagnosis, EnterDone, Event,
    FleetManifest, FleetProvisioned, FleetReport, FleetVerified, History, Inspection, KeyRead, Listing,
    NewKeyDone, PassphraseRequest, Plan, ProvisionDone, PublicKeyDone, ResetDone, RestoreDone, RotateDone,
    SendPlan, ServerKeyShown, ServerKeyWritten, Status, UdevInstalled, UdevRule, VerifyDone,
};

/// Names the shape of the lines. Its number goes up when a line that was valid becomes invalid.
const ID: &str = "urn:duo-provision:output:1";

/// Names the shape of a list of devices.
const MANIFEST_ID: &str = "urn:duo-provision:manifest:1";

/// One line of what `duo-provision --json` prints: events, and at the end a result or an error. Later versions may add
/// members and kinds of events: ignore those that you do not know.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Line {
    Event(Event),
    Closing(ClosingLine),
}

/// The last line, and the only one of its kind.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "kebab-case")]
enum ClosingLine {
    /// The command succeeded.
    Result(CommandResult),
    /// The command failed, or the command line cannot be used.
    Error(Problem<'static>),
}

/// The result of a command.
#[derive(JsonSchema)]
#[schemars(tag = "command", rename_all = "kebab-case")]
enum CommandResult {
    List(Listing),
    Dfu(EnterDone),
    Backup(BackupDone),
    #[schemars(rename = "backup --all")]
    BackupAll(AllDone<BackupDone>),
    Restore(RestoreDone),
    Reset(ResetDone),
    Rotate(RotateDone),
    Provision(ProvisionDone),
    #[schemars(rename = "provision --all")]
    ProvisionAll(AllDone<ProvisionDone>),
    Verify(VerifyDone),
    #[schemars(rename = "verify --all")]
    VerifyAll(AllDone<VerifyDone>),
    #[schemars(rename = "dct backup")]
    DctBackup(DctBackupDone),
    #[schemars(rename = "dct backup --all")]
    DctBackupAll(AllDone<DctBackupDone>),
    #[schemars(rename = "dct show")]
    DctShow(DctShown),
    #[schemars(rename = "dct restore")]
    DctRestore(DctRestored),
    #[schemars(rename = "server-key show")]
    ServerKeyShow(ServerKeyShown),
    #[schemars(rename = "server-key set")]
    ServerKeySet(ServerKeyWritten),
    #[schemars(rename = "server-key restore")]
    ServerKeyRestore(ServerKeyWritten),
    Inspect(Inspection),
    #[schemars(rename = "key new")]
    KeyNew(NewKeyDone),
    #[schemars(rename = "key public")]
    KeyPublic(PublicKeyDone),
    #[schemars(rename = "fleet manifest")]
    FleetManifest(FleetManifest),
    #[schemars(rename = "fleet provision")]
    FleetProvision(FleetProvisioned),
    #[schemars(rename = "fleet verify")]
    FleetVerify(FleetVerified),
    #[schemars(rename = "fleet report")]
    FleetReport(FleetReport),
    Backups(BackupsFound),
    Status(Status),
    History(History),
    Doctor(Diagnosis),
    #[schemars(rename = "udev print")]
    UdevPrint(UdevRule),
    #[schemars(rename = "udev install")]
    UdevInstall(UdevInstalled),
    Simulate(SimulateResult),
    Demo(DemoResult),
    Completions(ScriptResult),
    ShellInit(ScriptResult),
    Man(ScriptResult),
}

/// Virtual Duos and a local cloud, which serve until the command is stopped.
#[derive(JsonSchema)]
struct SimulateResult {
    /// The value for `--usbip`.
    usbip: String,
    /// The Duos, ordered by path.
    duos: Vec<VirtualDuoState>,
    /// The faults that each of them has.
    faults: Vec<String>,
    /// The cloud.
    cloud: SimulatedCloud,
}

/// A local cloud.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct SimulatedCloud {
    /// The value for `--api-url`.
    url: String,
    /// A token that it accepts; only for this cloud.
    token: String,
    /// Which cloud's answers it gives.
    flavor: CloudFlavor,
    /// Where devices connect to; absent for another board without `--device-port`.
    device_address: Option<String>,
}

/// What happened to a virtual Duo's key.
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
    /// True if that is the first one again, and the cloud has it.
    same: bool,
}

/// A text for another program.
#[derive(JsonSchema)]
struct ScriptResult {
    /// The text.
    text: String,
}

/// The options of the functions.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Options(
    (BackupOptions, BackupsOptions, DctBackupOptions, DctRestoreOptions, DctShowOptions, DfuOptions),
    (DoctorOptions, FleetManifestOptions, FleetProvisionOptions, FleetReportOptions, FleetVerifyOptions),
    (HistoryOptions, InspectOptions, ListOptions, LocalCloudOptions, NewKeyOptions, ProvisionOptions),
    (PublicKeyOptions, ReadKeyOptions, ResetOptions, RestoreOptions, RotateOptions, ServerKeyRestoreOptions),
    (ServerKeySetOptions, ServerKeyShowOptions, StatusOptions, UdevInstallOptions, VerifyOptions),
    VirtualDuoOptions,
);

/// All types of the API: the lines, and what it has in addition to them.
#[derive(JsonSchema)]
struct Api((Line, Options, Plan, SendPlan, AllDuos), (PassphraseRequest, Provisioned, KeyRead, ErrorName));

/// A device of a list. The report also has the members that are not named here.
#[derive(JsonSchema)]
struct FleetRow {
    /// The device id.
    #[schemars(regex(pattern = r"^[0-9A-Fa-f]{24}$"))]
    device_id: String,
    /// The key, public or private; relative to the list, or absolute. If it is missing or empty, the row is wrong
    /// unless the generic key is allowed.
    key_file: Option<String>,
    /// SHA-256 of the key's SubjectPublicKeyInfo: the key must match it.
    #[schemars(regex(pattern = r"^([0-9A-Fa-f]{64})?$"))]
    fingerprint: Option<String>,
    /// The product id.
    product_id: Option<ProductId>,
    /// Why the row is not to be sent.
    problem: Option<String>,
}

/// A number, or its digits.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum ProductId {
    Number(u32),
    Text(String),
}

/// Three schemas: `output` for the lines of `--json`, `manifest` for a list of devices as an array (in JSON lines each
/// line is an item of it), and `types` with all types of the API.
pub fn schema() -> Value {
    let mut manifest = of::<Vec<FleetRow>>();
    manifest.insert("$id".to_owned(), MANIFEST_ID.into());
    manifest.insert("title".to_owned(), "A list of devices for duo-provision fleet".into());
    let mut output = of::<Line>();
    output.insert("$id".to_owned(), ID.into());
    output.insert("title".to_owned(), "A line of duo-provision --json".into());
    serde_json::json!({ "output": output, "manifest": manifest, "types": of::<Api>().get("$defs") })
}

fn of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with_transform(RecursiveTransform(plain));
    settings.into_generator().into_root_schema_for::<T>()
}

/// Absent members are left out and never null; and `uint32` is no format that JSON Schema knows.
fn plain(schema: &mut Schema) {
    schema.remove("format");
    let absent = schema.get("properties").and_then(Value::as_object).map(nullable).unwrap_or_default();
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !absent.iter().any(|absent| name == absent));
    }
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

/// The members that may be null.
fn nullable(members: &Map<String, Value>) -> Vec<String> {
    let null = Value::from("null");
    let is_null = |schema: &Value| schema["type"] == null;
    let may_be = |schema: &Value| {
        schema["type"].as_array().is_some_and(|types| types.contains(&null))
            || schema["anyOf"].as_array().is_some_and(|choices| choices.iter().any(is_null))
    };
    members.iter().filter(|(_, schema)| may_be(schema)).map(|(name, _)| name.clone()).collect()
}
