//! `doctor`: says what is wrong with a Duo, its backups and what its cloud knows of it, and what to type. Reads only; a
//! proof is recorded in the journal.

mod asking;
mod checks;
mod finding;
mod proving;

use crate::archive::{DeviceIdSource, Entry};
use crate::error::{Code, Error};
use crate::journal::{DeviceMark, Operation, open};
use crate::keys::Fingerprint;
use crate::workflow::context::{Context, DeviceRef, Snapshot, Target};
use crate::workflow::describe::operation::{OperationReport, is_of, report};
use crate::workflow::device::enter_dfu::enter_dfu_if_none;
use crate::workflow::device::opened::{Opened, open_all};
use crate::workflow::network::unpaired::cloud_of;
use crate::workflow::next::command_line::option;
use crate::workflow::next::{tell_cloud_of, which_of};
use crate::workflow::record::backup::locate_archive;
use crate::workflow::record::journal::{operations, selection};
use crate::workflow::record::kept::kept_elsewhere;
use crate::workflow::record::newest::{known_of, was_done_to};

pub use crate::workflow::commands::doctor::asking::AskOptions;
pub use crate::workflow::commands::doctor::finding::{
    Examined, Finding, Fix, FixOperation, FixOptions, Severity, Verdict,
};

use crate::workflow::commands::doctor::checks::Patient;
use crate::workflow::commands::doctor::finding::Read;

/// The options of `doctor`. No `Debug`: it may hold a token.
#[derive(Clone, Default)]
pub struct DoctorOptions {
    /// Which Duos; all by default.
    pub target: Target,
    /// The archive's folder.
    pub archive: Option<String>,
    /// The options for the cloud.
    pub cloud: AskOptions,
    /// Prove that each Duo's key and its cloud's are a pair.
    pub verify: bool,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

/// Everything that was found.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DoctorResult", rename_all = "camelCase")]
pub struct Diagnosis {
    /// The verdict: the worst of the Duos' verdicts, and of the findings about no single Duo.
    pub verdict: Verdict,
    /// How many of the findings are problems.
    pub problems: usize,
    /// Findings about no single Duo: the archive, the journal, USB.
    pub general: Vec<Finding>,
    /// The Duos, ordered by path.
    pub duos: Vec<Examined>,
    /// The errors that prevented examining a Duo, or any; each is also a finding.
    #[serde(skip)]
    pub obstacles: Vec<Error>,
}

/// Examines the archive, the journal, and every Duo in DFU mode; then asks the cloud about each, if requested. What
/// cannot be read or reached is also a finding.
pub fn doctor(context: Context<'_>, options: &DoctorOptions) -> Result<Diagnosis, Error> {
    let context = context.within(options.timeout)?;
    let (mut general, mut obstacles) = (Vec::new(), Vec::new());
    let cloud = asking::find(context, &options.cloud, &mut general)?;
    let backups = backups(context, options, &mut general);
    let mut cut_short = cut_short(context, &mut general);
    let mut looking =
        Looking { context, options, backups, cut_short: &mut cut_short, obstacles: &mut obstacles };
    let mut duos = match looking.examine_all() {
        Err(error) if error.code() == Code::Interrupted => return Err(error),
        Err(error) => {
            general.push(Finding::of(&error));
            obstacles.push(error);
            Vec::new()
        }
        Ok(duos) => duos,
    };
    if duos.is_empty() && obstacles.is_empty() {
        // Find out why there is no Duo to examine.
        if let Err(error) = Opened::find(context, &options.target) {
            general.push(Finding::of(&error));
            obstacles.push(error);
        }
    }
    let others = cut_short.iter().filter(|operation| is_asked_for(operation, &options.target, &duos));
    general.extend(others.map(|operation| in_flight(&report(operation, false))));
    match &cloud {
        Some(cloud) => asking::ask(context, cloud, &options.cloud, &options.target, &mut duos, &mut general)?,
        None if !duos.is_empty() && !asking::has_no_token(&general) => general.push(asking::not_asked()),
        None => {}
    }
    duos.iter_mut().for_each(Examined::judge);
    let beside = general.iter().filter(|finding| finding.severity == Severity::Problem).count();
    let problems = duos.iter().map(|duo| duo.problems).sum::<usize>() + beside;
    let worst = duos.iter().map(|duo| duo.verdict).max().unwrap_or(Verdict::NoDuo);
    let verdict = if beside > 0 { worst.max(Verdict::Problems) } else { worst };
    Ok(Diagnosis { verdict, problems, general, duos, obstacles })
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

/// The operations that were cut short, on any Duo.
fn cut_short(context: Context<'_>, findings: &mut Vec<Finding>) -> Vec<Operation> {
    match operations(context, None) {
        Ok(known) => open(&known).into_iter().filter(|operation| !operation.running).cloned().collect(),
        Err(error) => {
            findings.push(Finding::of(&error));
            Vec::new()
        }
    }
}

/// Whether to report an operation of a Duo that was not examined. If a port was named, reports only operations at that
/// port, and only if no Duo was examined.
fn is_asked_for(operation: &Operation, target: &Target, duos: &[Examined]) -> bool {
    let at_port = match &target.path {
        Some(_) if !duos.is_empty() => false,
        Some(path) => operation.started.device.path.as_ref() == Some(path),
        None => true,
    };
    at_port && is_of(operation, target.device)
}

fn in_flight(report: &OperationReport) -> Finding {
    let duo = match (report.device_id, &report.path) {
        (Some(id), _) => format!("of the Duo {id}"),
        (None, Some(path)) => format!("of the Duo at {path}"),
        (None, None) => "of a Duo".to_owned(),
    };
    let message = format!(
        "a {} {duo}, begun {}, is in flight: {}",
        report.operation, report.started_at, report.meaning
    );
    Finding::problem("OPERATION_IN_FLIGHT", message).command("duo-provision status".to_owned())
}

/// If a Duo reports no id, and the user named its port and an id, it gets that id.
fn name(opened: &mut Opened<'_>, target: &Target) {
    let device = &mut opened.device;
    if device.device_id.is_none() && target.path.is_some() && target.device.is_some() {
        device.device_id = target.device;
        device.device_id_source = Some(DeviceIdSource::User);
    }
}

/// Examines the Duos.
struct Looking<'a, 'l> {
    context: Context<'a>,
    options: &'l DoctorOptions,
    backups: Vec<Entry>,
    /// The operations that were cut short and belong to none of the Duos so far.
    cut_short: &'l mut Vec<Operation>,
    obstacles: &'l mut Vec<Error>,
}

impl<'a> Looking<'a, '_> {
    fn examine_all(&mut self) -> Result<Vec<Examined>, Error> {
        let target = &self.options.target;
        enter_dfu_if_none(self.context, target)?;
        let mut examined = Vec::new();
        for (path, opened) in open_all(self.context, target)? {
            let path = path.to_string();
            let duo = match opened {
                Err(problem) => {
                    let findings = vec![Finding::of(&problem)];
                    self.obstacles.push(problem);
                    Examined::new(path, None, Read::Failed, findings, None)
                }
                Ok(mut opened) => {
                    name(&mut opened, target);
                    let found = opened.device.device_id;
                    if target.device.is_some_and(|id| found.is_some_and(|found| found != id)) {
                        continue;
                    }
                    self.examine(path, opened)?
                }
            };
            examined.push(duo);
        }
        Ok(examined)
    }

    fn examine(&mut self, path: String, mut opened: Opened<'a>) -> Result<Examined, Error> {
        let mut findings = vec![checks::bootloader(&opened.device)];
        let snapshot = match opened.snapshot() {
            Ok(snapshot) => snapshot,
            Err(error) if error.code() == Code::Interrupted => return Err(error),
            Err(error) => {
                findings.push(Finding::of(&error));
                self.obstacles.push(error);
                findings.extend(self.in_flight_of(&opened.device, None));
                return Ok(Examined::new(path, Some(opened.device), Read::Failed, findings, None));
            }
        };
        let selected = selection(self.context, &self.options.target);
        let proof = if self.options.verify { proving::prove(&opened, &snapshot, &selected)? } else { None };
        let proven = proof.as_ref().is_some_and(|(_, proven)| *proven);
        let (found, particle) = self.checks(&opened.device, &snapshot, proven);
        findings.extend(found);
        findings.extend(proof.map(|(finding, _)| finding));
        findings.extend(self.in_flight_of(&opened.device, snapshot.fingerprint()));
        // If the Duo reports no id, the command has to name one.
        let named = if opened.device.device_id.is_none() { " --device ID" } else { "" };
        let verify = || format!("duo-provision verify{named}{}", self.which(&opened.device));
        let read = if proven {
            Read::Proven
        } else {
            Read::Done { verify: opened.device.board.is_duo().then(verify) }
        };
        Ok(Examined::new(path, Some(opened.device), read, findings, particle))
    }

    /// The arguments that select a Duo.
    fn which(&self, device: &DeviceRef) -> String {
        which_of(&device.into(), &selection(self.context, &self.options.target))
    }

    /// The findings from what was read, and whether the Duo is meant for Particle's cloud.
    fn checks(&self, device: &DeviceRef, snapshot: &Snapshot, proven: bool) -> (Vec<Finding>, Option<bool>) {
        let archive = self.options.archive.as_deref();
        let arguments = self.which(device) + &option("archive", archive);
        let operations = known_of(self.context, &device.into());
        let elsewhere = kept_elsewhere(&operations, &self.backups);
        let mut patient = Patient {
            operations: &operations,
            device,
            snapshot,
            backups: &self.backups,
            elsewhere: &elsewhere,
            arguments: &arguments,
            usbip: self.context.bus.address(),
            archive,
            proven,
            asked: self.options.verify,
            tell: None,
        };
        let particle = patient.is_meant_for_particle();
        patient.tell = device.device_id.filter(|_| device.board.is_duo()).map(|id| {
            let cloud = cloud_of(self.context, Some(id), particle.unwrap_or_default());
            tell_cloud_of(Some(id), &device.into(), selection(self.context, &self.options.target), cloud)
        });
        (patient.findings(), particle)
    }

    /// Takes out the operations on this Duo that were cut short, as findings.
    fn in_flight_of(&mut self, device: &DeviceRef, key: Option<Fingerprint>) -> Vec<Finding> {
        let (mark, usbip) = (DeviceMark::from(device), self.context.bus.address());
        let is_its = |operation: &mut Operation| {
            let named = operation.started.device.id.or(operation.started.request.owner).and(mark.id);
            match named {
                Some(_) => was_done_to(operation, &mark, usbip.as_deref()),
                None => operation.worked_on(&mark, key),
            }
        };
        let its: Vec<Operation> = self.cut_short.extract_if(.., is_its).collect();
        its.iter().map(|operation| in_flight(&report(operation, false))).collect()
    }
}
