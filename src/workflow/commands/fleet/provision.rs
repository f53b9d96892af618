//! `fleet provision`: sends the keys of a list to the cloud, and continues where it was stopped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::counts::{FleetCounts, rows};
use super::crowd::{self, Crowd};
use super::list::{List, Rules};
use super::send::{Rounds, Sending};
use crate::cloud::provisioning::DUO_PRODUCT_ID;
use crate::disk::Owner;
use crate::error::{Code, Error};
use crate::fleet::check::Checked;
use crate::fleet::ledger::{self, Known, Ledger, LedgerError, Record, RunRecord, VERSION};
use crate::fleet::pace::Rate;
use crate::fleet::shard::Shard;
use crate::journal::{DeviceMark, FleetRequest, FleetTerms, Operation, OperationKind, Request};
use crate::workflow::context::{Context, Phase};
use crate::workflow::input::token::CloudOptions;
use crate::workflow::network::api::{Cloud, check_product};
use crate::workflow::next::fleet_again;
use crate::workflow::record::journal::{Records, operations, started};

/// How many failures in a row end a run, by default.
const MAX_FAILURES: u32 = 50;

/// The options of `fleet provision`. No `Debug`: it may hold a token.
#[derive(Clone, Default)]
pub struct FleetProvisionOptions {
    /// The list, or `-` for standard input.
    pub manifest: String,
    /// The ledger; beside the list by default.
    pub ledger: Option<PathBuf>,
    /// Check everything, but send nothing.
    pub dry_run: bool,
    /// How the keys are sent.
    pub terms: FleetTerms,
    /// The product id for rows that name none.
    pub product_id: Option<u32>,
    /// Which cloud, and the token for it.
    pub cloud: CloudOptions,
}

/// The result for a list. The call also succeeds if not every device is done: see the counts.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetProvisionResult", rename_all = "camelCase")]
pub struct FleetProvisioned {
    /// The run's name in the ledger, 16 hexadecimal digits; absent in a dry run.
    pub run: Option<String>,
    /// The ledger; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub ledger: Option<PathBuf>,
    /// Which part of the devices this is, `2/5`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub shard: Option<Shard>,
    /// The cloud's API.
    pub api_url: String,
    /// How many devices have which outcome.
    pub counts: FleetCounts,
    /// Devices of the ledger that are no longer in the list.
    pub dropped: u32,
    /// Why the run ended early.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::error::Problem<'static>>"))]
    pub stopped_by: Option<Error>,
    /// The command that continues, if not every device is done.
    pub next: Option<String>,
    /// True in a dry run: nothing was sent.
    pub dry_run: bool,
}

/// The options, parsed.
struct Asked {
    rate: Rate,
    at_once: u32,
    shard: Option<Shard>,
    max_failures: u32,
}

/// Checks the whole list; then sends the key of each device that is not done, and records the outcome in the ledger.
pub fn provision_fleet(
    context: Context<'_>,
    options: &FleetProvisionOptions,
) -> Result<FleetProvisioned, Error> {
    let asked = asked(options)?;
    let context = context.within(options.terms.timeout)?;
    let cloud = Cloud::find(context, &options.cloud)?;
    let list = List::open(&options.manifest)?;
    let path = ledger_of(&list, options, asked.shard)?;
    let api = cloud.api_url();
    let open = || Ledger::open(&path, &Owner::detect(&context.env));
    // The ledger is created only if there is something to write: a wrong list leaves no file behind.
    let ledger = if path.exists() && !options.dry_run { Some(open()?) } else { None };
    let looked_at = if path.exists() && options.dry_run { Some(ledger::read(&path)?) } else { None };
    let known = ledger.as_ref().map(Ledger::known).or(looked_at.as_ref());

    context.phase(Phase::CheckList);
    let rules = Rules {
        product_id: options.product_id.unwrap_or(DUO_PRODUCT_ID),
        terms: &options.terms,
        shard: asked.shard,
        before: known.map(|known| (known, api.as_str())),
    };
    let checked = list.check(&rules, context.control.cancel())?;
    for mistake in &checked.mistakes {
        context.note(format!("left out, {mistake}"));
    }
    let dropped = dropped(known, &api, &checked);
    let was_there = known.is_some();
    let before = counts(&checked);
    context.control.event(before.event(0.0, None));
    let mut result = FleetProvisioned {
        run: None,
        ledger: path.exists().then(|| path.clone()),
        shard: asked.shard,
        api_url: api,
        counts: before,
        dropped,
        stopped_by: None,
        next: None,
        dry_run: options.dry_run,
    };
    let request = request(options, &list, &path, &result.api_url);
    if !options.dry_run && !checked.wishes.is_empty() {
        let ledger = ledger.map_or_else(open, Ok)?;
        // Another process created and used the ledger while the list was checked.
        if !was_there && ledger.known().last_run.is_some() {
            return Err(LedgerError::Running(path).into());
        }
        run(context, ledger, cloud, &list, checked, &asked, &request, &mut result)?;
    } else if !options.dry_run {
        settle(context, &request);
    }
    let left = result.counts.failed + result.counts.unknown + result.counts.not_reached;
    result.next = (left > 0 && !options.dry_run).then(|| fleet_again(&request));
    Ok(result)
}

fn asked(options: &FleetProvisionOptions) -> Result<Asked, Error> {
    let refused = |message: String, hint: &str| Err(Error::invalid(message).hint(hint));
    crowd::check_standard_input(&options.manifest, options.cloud.token_file.as_deref())?;
    let shard = match options.terms.shard.as_deref().map(str::parse::<Shard>).transpose() {
        Ok(shard) => shard,
        Err(error) => return refused(error.to_string(), "leave --shard out to send all of the list"),
    };
    let max_failures = options.terms.max_failures.unwrap_or(MAX_FAILURES);
    if max_failures == 0 {
        return refused("0 failures are none".to_owned(), "leave --max-failures out for 50 in a row");
    }
    check_product(options.product_id)?;
    Ok(Asked {
        rate: crowd::rate(options.terms.rate.as_deref())?,
        at_once: crowd::at_once(options.terms.concurrency)?,
        shard,
        max_failures,
    })
}

fn ledger_of(list: &List, options: &FleetProvisionOptions, shard: Option<Shard>) -> Result<PathBuf, Error> {
    let typed =
        options.ledger.as_deref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    typed.or_else(|| list.ledger(shard)).ok_or_else(|| {
        Error::invalid("a list from standard input has no place for its ledger beside it")
            .hint("name one: add --ledger FILE; the same file goes on with the same list")
    })
}

/// The counts before anything is sent.
fn counts(checked: &Checked) -> FleetCounts {
    FleetCounts {
        total: rows(checked.total - checked.others),
        already_done: rows(checked.done),
        not_reached: rows(checked.wishes.len() as u64),
        left_out: rows(checked.left_out + checked.wrong),
        ..FleetCounts::default()
    }
}

/// How many devices of the ledger are no longer in the list. A device whose row is left out still counts as in the
/// list.
fn dropped(known: Option<&Known>, api: &str, checked: &Checked) -> u32 {
    let Some(known) = known else { return 0 };
    rows(known.devices(api).filter(|(device, _)| !checked.names(*device)).count() as u64)
}

fn request(options: &FleetProvisionOptions, list: &List, ledger: &Path, api: &str) -> Request {
    Request {
        file: Some(list.name.clone()),
        api_url: Some(api.to_owned()),
        allow_http: options.cloud.allow_http,
        product_id: options.product_id,
        fleet: Some(FleetRequest {
            ledger: ledger.to_string_lossy().into_owned(),
            ledger_typed: options.ledger.is_some(),
            terms: options.terms.clone(),
        }),
        ..Request::default()
    }
}

/// Nothing is left to send: closes the open operation of a run that broke off after its last device.
fn settle(context: Context<'_>, request: &Request) {
    let ledger = |request: &Request| request.fleet.as_ref().map(|fleet| fleet.ledger.clone());
    let broke_off = |operation: &Operation| {
        operation.kind() == OperationKind::FleetProvision
            && !operation.running
            && ledger(&operation.started.request) == ledger(request)
    };
    if operations(context, None).is_ok_and(|open| open.iter().any(broke_off)) {
        let started =
            started(OperationKind::FleetProvision, DeviceMark::default(), (None, None), request.clone());
        let _ = Records::wished(context).follow(context, started, |_| Ok(()));
    }
}

/// Sends what is left to send. The journal has one line for all of it.
#[allow(clippy::too_many_arguments)]
fn run(
    context: Context<'_>,
    ledger: Ledger,
    cloud: Cloud,
    list: &List,
    checked: Checked,
    asked: &Asked,
    request: &Request,
    result: &mut FleetProvisioned,
) -> Result<(), Error> {
    let name = format!("{:016x}", getrandom::u64().map_err(Error::internal)?);
    let header = RunRecord {
        v: VERSION,
        run: name.clone(),
        at: context.timestamp(),
        manifest: list.name.clone(),
        sha256: list.sha256.clone(),
        rows: checked.total,
        mine: checked.total - checked.others,
        sound: checked.done + checked.wishes.len() as u64,
        shard: asked.shard,
        api: result.api_url.clone(),
        tool: concat!("duo-provision ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    result.ledger = Some(ledger.path().to_owned());
    result.run = Some(name);
    let writer = ledger.writer()?;
    writer.append_now(&Record::Run(Box::new(header)))?;
    let started =
        started(OperationKind::FleetProvision, DeviceMark::default(), (None, None), request.clone());
    let (crowd, mut events) = Crowd::new(asked.rate, context.control.cancel().clone());
    let folder = list.folder().to_owned();
    let sending = Arc::new(Sending {
        crowd,
        cloud,
        writer,
        wishes: checked.wishes,
        folder,
        max_failures: asked.max_failures,
        tally: Mutex::new(result.counts),
        rounds: Rounds::default(),
    });
    let mut ended_early = false;
    // In the journal, a run that did not finish every device ends with an error.
    let told = Records::wished(context).follow(context, started, |_| {
        context.phase(Phase::SendList);
        crowd::run(context, &sending, &mut events, asked.at_once)?;
        if sending.second_round() {
            crowd::run(context, &sending, &mut events, asked.at_once)?;
        }
        result.counts = sending.counts();
        let stopped = sending.crowd.why_stopped(result.counts.not_reached);
        ended_early = stopped.is_some();
        match stopped {
            Some(error) => Err(error),
            None if result.counts.failed + result.counts.unknown > 0 => {
                Err(Error::new(Code::CloudRefused, "not every device is done"))
            }
            None => Ok(()),
        }
    });
    result.stopped_by = told.err().filter(|_| ended_early || result.counts.not_reached > 0);
    // Releases the lock when the whole ledger is on the disk.
    if let Ok(sending) = Arc::try_unwrap(sending) {
        sending.writer.end();
    }
    Ok(())
}
