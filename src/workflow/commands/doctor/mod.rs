//! `doctor`: what is wrong with a Duo, with what is kept of it and with what its cloud knows of it, and what to type.
//! Reads only.

mod asking;
mod checks;
mod examined;
mod finding;

use crate::archive::{DeviceIdSource, Entry};
use crate::error::{Code, Error};
use crate::journal::{Operation, OperationKind, Request, open};
use crate::keys::Fingerprint;
use crate::workflow::context::{Context, DeviceRef, Target, Timeout};
use crate::workflow::describe::operation::{OperationReport, is_of, report};
use crate::workflow::device::enter_dfu::enter_dfu_if_none;
use crate::workflow::device::opened::{Attempt, Opened, open_all};
use crate::workflow::next::command_line::option;
use crate::workflow::next::which_of;
use crate::workflow::record::backup::locate_archive;
use crate::workflow::record::journal::{operations, past};

pub use self::examined::Examined;
pub use crate::workflow::commands::doctor::asking::AskOptions;
pub use crate::workflow::commands::doctor::finding::{Finding, Fix, FixOperation, FixOptions, Severity};

use crate::workflow::commands::doctor::checks::Patient;

/// What `doctor` is asked for. No `Debug`: it may hold a token.
#[derive(Clone, Default)]
pub struct DoctorOptions {
    /// Which Duos; all of them unless given.
    pub target: Target,
    /// The archive's folder.
    pub archive: Option<String>,
    /// What the cloud is asked, if at all.
    pub cloud: AskOptions,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// Everything that was found.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DoctorResult", rename_all = "camelCase")]
pub struct Diagnosis {
    /// How many of the findings are problems.
    pub problems: usize,
    /// What is of no one Duo: the archive, the journal, USB.
    pub general: Vec<Finding>,
    /// The Duos, ordered by path.
    pub duos: Vec<Examined>,
    /// What stood in the way of looking at one, or at any; each is among the findings.
    #[serde(skip)]
    pub obstacles: Vec<Error>,
}

/// Looks at the archive, the journal, and every Duo in DFU mode, and then asks the cloud about each, where that was
/// asked for. What cannot be read or reached is a finding, too.
pub fn doctor(context: Context<'_>, options: &DoctorOptions) -> Result<Diagnosis, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    let (mut general, mut obstacles) = (Vec::new(), Vec::new());
    let cloud = asking::find(context, &options.cloud, timeout, &mut general)?;
    let backups = backups(context, options, &mut general);
    journal(context, options, &mut general);
    let mut duos = match examine_all(context, options, &backups, timeout, &mut obstacles) {
        Err(error) if error.code() == Code::Interrupted => return Err(error),
        Err(error) => {
            general.push(Finding::of(&error));
            obstacles.push(error);
            Vec::new()
        }
        Ok(duos) => duos,
    };
    if duos.is_empty() && obstacles.is_empty() {
        // Why there is no Duo to look at.
        if let Err(error) = Opened::find(context, &options.target, timeout) {
            general.push(Finding::of(&error));
            obstacles.push(error);
        }
    }
    match &cloud {
        Some(cloud) => asking::ask(context, cloud, &options.cloud, &options.target, &mut duos, &mut general)?,
        None if !duos.is_empty() => general.push(asking::not_asked()),
        None => {}
    }
    let all = duos.iter().flat_map(|duo| &duo.findings).chain(&general);
    let problems = all.filter(|finding| finding.severity == Severity::Problem).count();
    Ok(Diagnosis { problems, general, duos, obstacles })
}

/// The backups in the archive, and what is wrong with it.
fn backups(context: Context<'_>, options: &DoctorOptions, findings: &mut Vec<Finding>) -> Vec<Entry> {
    let archive = locate_archive(context, options.archive.as_deref());
    let survey = archive.and_then(|archive| archive.survey().map_err(Error::from));
    match survey {
        Ok(survey) => {
            let unreadable = survey.unreadable.iter().map(|error| {
                Finding::note("BACKUP_UNREADABLE", error.to_string()).advice("it is no backup as it is now")
            });
            findings.extend(unreadable);
            survey.entries
        }
        Err(error) => {
            findings.push(Finding::of(&error));
            Vec::new()
        }
    }
}

/// What was cut short.
fn journal(context: Context<'_>, options: &DoctorOptions, findings: &mut Vec<Finding>) {
    match operations(context, None) {
        Ok(known) => {
            let cut_short = open(&known).into_iter().filter(|operation| !operation.running);
            let wanted = cut_short.filter(|operation| is_of(operation, options.target.device));
            findings.extend(wanted.map(|operation| in_flight(&report(operation, false))));
        }
        Err(error) => findings.push(Finding::of(&error)),
    }
}

fn in_flight(report: &OperationReport) -> Finding {
    let duo = match (report.device_id, &report.path) {
        (Some(id), _) => format!("of the Duo {id}"),
        (None, Some(path)) => format!("of the Duo at {path}"),
        (None, None) => "of a Duo".to_owned(),
    };
    let message = format!(
        "a {} {duo}, begun {}, is in flight: {}",
        report.operation.name(),
        report.started_at,
        report.meaning
    );
    Finding::problem("OPERATION_IN_FLIGHT", message).command("duo-provision status".to_owned())
}

fn examine_all(
    context: Context<'_>,
    options: &DoctorOptions,
    backups: &[Entry],
    timeout: Timeout,
    obstacles: &mut Vec<Error>,
) -> Result<Vec<Examined>, Error> {
    enter_dfu_if_none(context, &options.target, timeout)?;
    let mut examined = Vec::new();
    for Attempt { path, opened } in open_all(context, &options.target, timeout)? {
        let duo = match opened {
            Err(problem) => {
                let findings = vec![Finding::of(&problem)];
                obstacles.push(problem);
                Examined { path, device: None, findings, particle: None }
            }
            Ok(mut opened) => {
                name(&mut opened, &options.target);
                let wanted = options
                    .target
                    .device
                    .is_none_or(|id| opened.device.device_id.is_none_or(|found| found == id));
                if !wanted {
                    continue;
                }
                let (findings, particle) = examine(&mut opened, options, backups, obstacles)?;
                Examined { path, device: Some(opened.device), findings, particle }
            }
        };
        examined.push(duo);
    }
    Ok(examined)
}

/// The keys that rotations are known to have put into a Duo, and whether one is in flight. A journal that cannot be
/// read is a finding already.
fn rotations(context: Context<'_>, device: &DeviceRef) -> (Vec<Fingerprint>, bool) {
    let Some(id) = device.device_id else { return (Vec::new(), false) };
    let known = operations(context, Some(&device.into())).unwrap_or_default();
    let of_this = |operation: &Operation| {
        operation.kind() == OperationKind::Rotate
            && operation.started.device.simulated == device.simulated
            && operation.started.device.id == Some(id)
    };
    let rotating = open(&known).into_iter().any(of_this);
    let put = known.into_iter().chain(past(context, id)).filter(of_this);
    let put = put.filter(|operation| operation.verified() > 0);
    (put.filter_map(|operation| operation.started.after).collect(), rotating)
}

/// A Duo that tells no id is the one that was named where its port was named, too.
fn name(opened: &mut Opened<'_>, target: &Target) {
    let device = &mut opened.device;
    if device.device_id.is_none() && target.path.is_some() && target.device.is_some() {
        device.device_id = target.device;
        device.device_id_source = Some(DeviceIdSource::User);
    }
}

/// What there is to be said of it, and whether it is meant for Particle's cloud.
fn examine(
    opened: &mut Opened<'_>,
    options: &DoctorOptions,
    backups: &[Entry],
    obstacles: &mut Vec<Error>,
) -> Result<(Vec<Finding>, Option<bool>), Error> {
    let context = opened.context;
    let mut findings = vec![checks::bootloader(&opened.device)];
    let snapshot = match opened.snapshot() {
        Ok(snapshot) => snapshot,
        Err(error) if error.code() == Code::Interrupted => return Err(error),
        Err(error) => {
            findings.push(Finding::of(&error));
            obstacles.push(error);
            return Ok((findings, None));
        }
    };
    let archive = options.archive.as_deref();
    let request =
        Request { usbip: context.bus.address(), path: options.target.path.clone(), ..Request::default() };
    let arguments = which_of(&(&opened.device).into(), &request) + &option("archive", archive);
    let (rotated, rotating) = rotations(context, &opened.device);
    let patient = Patient {
        rotated,
        rotating,
        device: &opened.device,
        snapshot: &snapshot,
        backups,
        arguments: &arguments,
        usbip: context.bus.address(),
        archive,
    };
    findings.extend(patient.findings());
    Ok((findings, patient.is_meant_for_particle()))
}
