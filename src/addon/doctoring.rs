//! `doctor` and its result.

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::grammar;
use super::results::{DuoInfo, text};
use super::run::{on_bus, read, spawn};
use super::schema;
use crate::workflow::{self, AskOptions, Target};

/// A call that would put something right. It asks `confirm`, and keeps what is in the key slot before a write.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DoctorFix {
    /// Which function: `backupKey`, `restoreKey` or `resetKey`.
    #[napi(ts_type = "'backup' | 'restore' | 'reset'")]
    #[schemars(extend("enum" = ["backup", "restore", "reset"]))]
    pub operation: String,
    /// Its options.
    #[napi(ts_type = "BackupOptions & { file?: string }")]
    #[schemars(with = "schema::FixOptions")]
    pub options: Value,
}

/// One thing that was looked at.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DoctorFinding {
    /// What it is about: an error's code, or a name of its own, in capitals.
    pub code: String,
    /// How bad it is.
    #[napi(ts_type = "'ok' | 'note' | 'problem'")]
    #[schemars(extend("enum" = ["ok", "note", "problem"]))]
    pub severity: String,
    /// What was found.
    pub message: String,
    /// What to do about it, in words.
    pub advice: Option<String>,
    /// What to type.
    pub command: Option<String>,
    /// The same for a program, where it can be done without asking anything else.
    pub fix: Option<DoctorFix>,
}

/// A Duo in DFU mode, looked at.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ExaminedDuo {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// What it tells of itself, where it could be opened.
    pub device: Option<DuoInfo>,
    /// What was found, in the order in which it was looked at.
    pub findings: Vec<DoctorFinding>,
}

/// Everything that was found.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DoctorResult {
    /// How many of the findings are problems.
    pub problems: u32,
    /// What is of no one Duo: the archive, the journal, USB.
    pub general: Vec<DoctorFinding>,
    /// The Duos, ordered by path.
    pub duos: Vec<ExaminedDuo>,
}

/// Looks at every Duo in DFU mode, at the archive and at the journal, asks the cloud about each Duo where a token is
/// given or `cloud` is true, and says what is wrong and what to type. Reads only; problems are findings, not errors,
/// and so is a cloud that cannot be reached.
#[napi(ts_return_type = "Promise<DoctorResult>")]
pub fn doctor<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DoctorOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, DoctorResult>> {
    let prepared = read(env, options).and_then(|given: grammar::DoctorOptions| {
        let options = workflow::DoctorOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            archive: given.archive,
            cloud: AskOptions {
                ask: given.cloud,
                api_url: given.api_url,
                allow_http: given.allow_http.unwrap_or_default(),
                token_file: given.token_file,
                token: given.token,
            },
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::doctor(context, &options))
    });
    spawn(env, control, work)
}

impl From<workflow::Fix> for DoctorFix {
    fn from(fix: workflow::Fix) -> Self {
        let members = [
            ("file", fix.file.as_deref().map(text)),
            ("path", Some(fix.path)),
            ("device", fix.device_id.map(|id| id.to_string())),
            ("usbip", fix.usbip),
            ("archive", fix.archive),
        ];
        let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        Self { operation: fix.operation.to_owned(), options: Value::Object(given.collect::<Map<_, _>>()) }
    }
}

impl From<workflow::Finding> for DoctorFinding {
    fn from(finding: workflow::Finding) -> Self {
        Self {
            code: finding.code.to_owned(),
            severity: finding.severity.name().to_owned(),
            message: finding.message,
            advice: finding.advice,
            command: finding.command,
            fix: finding.fix.map(Into::into),
        }
    }
}

impl From<workflow::Diagnosis> for DoctorResult {
    fn from(diagnosis: workflow::Diagnosis) -> Self {
        let all = |findings: Vec<workflow::Finding>| findings.into_iter().map(Into::into).collect();
        let examined = |duo: workflow::Examined| ExaminedDuo {
            path: duo.path,
            device: duo.device.map(Into::into),
            findings: all(duo.findings),
        };
        Self {
            problems: u32::try_from(diagnosis.problems()).unwrap_or(u32::MAX),
            general: all(diagnosis.general),
            duos: diagnosis.duos.into_iter().map(examined).collect(),
        }
    }
}
