//! `fleet verify`: asks the cloud what it knows of the devices of a list, or proves with their private keys that it
//! knows them by these keys.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::counts::{FleetCounts, rows};
use super::crowd::{self, Crowd, Work, the_same};
use super::list::List;
use crate::cloud::failure::CloudError;
use crate::cloud::reply::Refusal;
use crate::dct::DeviceId;
use crate::error::{Code, Error, exit};
use crate::fleet::manifest::{Mistake, Sound};
use crate::workflow::context::{Context, Event, FleetAnswer, FleetAsked, Phase, Timeout};
use crate::workflow::input::listed_key::listed_private_key;
use crate::workflow::input::token::CloudOptions;
use crate::workflow::network::api::Cloud;
use crate::workflow::network::pairing::{ServerChoice, ServerOptions, prove_quietly};

/// The options of `fleet verify`. No `Debug`: it may hold a token.
#[derive(Clone, Default)]
pub struct FleetVerifyOptions {
    /// The list, or `-` for standard input.
    pub manifest: String,
    /// Perform the devices' own handshake, with their private keys.
    pub handshake: bool,
    /// With `handshake`: the device port, if it is not Particle's.
    pub server: ServerOptions,
    /// Requests per second.
    pub rate: Option<String>,
    /// How many at once.
    pub concurrency: Option<u32>,
    /// Which cloud, and the token for it.
    pub cloud: CloudOptions,
    /// Seconds for one request.
    pub timeout: Option<u32>,
}

/// How many devices of a list the cloud knows; the sum is `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetVerifyCounts", rename_all = "camelCase")]
pub struct FleetVerifyCounts {
    /// Rows of the list.
    pub total: u32,
    /// The cloud has the device for this account.
    pub known: u32,
    /// The handshake proved that the cloud knows the device by this key.
    pub proven: u32,
    /// The cloud did not say. This does not prove that it does not know the device.
    pub not_told: u32,
    /// The cloud refused the device, or knows it by another key.
    pub refused: u32,
    /// The cloud could not be asked.
    pub failed: u32,
    /// The run was stopped before.
    pub not_reached: u32,
    /// The row names a problem.
    pub left_out: u32,
}

/// What the cloud knows of a list. The call also succeeds if the cloud does not know every device: see the counts.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FleetVerifyResult", rename_all = "camelCase")]
pub struct FleetVerified {
    /// Who was asked: the cloud's API, or host and port.
    pub server: String,
    /// True if the handshake was performed.
    pub handshake: bool,
    /// How many devices have which outcome.
    pub counts: FleetVerifyCounts,
    /// Why it ended early.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::error::Problem<'static>>"))]
    pub stopped_by: Option<Error>,
}

/// What is asked: the API, or the device port.
enum Whom {
    Api(Box<Cloud>),
    Devices { choice: Box<ServerChoice>, timeout: Timeout },
}

struct Asking {
    crowd: Crowd,
    whom: Whom,
    rows: Vec<Sound>,
    folder: PathBuf,
    tally: Mutex<FleetVerifyCounts>,
}

/// Asks about each device of a list, and reports each answer as an event.
pub fn verify_fleet(context: Context<'_>, options: &FleetVerifyOptions) -> Result<FleetVerified, Error> {
    let context = context.within(options.timeout)?;
    let (rate, at_once) = (crowd::rate(options.rate.as_deref())?, crowd::at_once(options.concurrency)?);
    let whom = whom(context, options)?;
    let list = List::open(&options.manifest)?;
    context.phase(Phase::CheckList);
    let (rows_to_ask, left_out) = rows_of(&list, options.handshake)?;
    let total = rows(rows_to_ask.len() as u64) + left_out;
    let server = match &whom {
        Whom::Api(cloud) => cloud.api_url(),
        Whom::Devices { choice, .. } => choice.named(),
    };
    if options.handshake {
        context.note(
            "the handshake speaks as the device: one that is online at this moment may be disconnected, and a cloud that was \
             last sent the generic key for it may take this key for its own from now on",
        );
    }
    let (crowd, mut events) = Crowd::new(rate, context.control.cancel().clone());
    let tally = FleetVerifyCounts { total, left_out, ..FleetVerifyCounts::default() };
    let folder = list.folder().to_owned();
    let asking = Arc::new(Asking { crowd, whom, rows: rows_to_ask, folder, tally: Mutex::new(tally) });
    context.phase(if options.handshake { Phase::Handshake } else { Phase::AskList });
    crowd::run(context, &asking, &mut events, at_once)?;
    let mut counts = *asking.tally();
    counts.not_reached = counts.total
        - (counts.known + counts.proven + counts.not_told + counts.refused + counts.failed + counts.left_out);
    let stopped_by = asking.crowd.why_stopped(counts.not_reached);
    Ok(FleetVerified { server, handshake: options.handshake, counts, stopped_by })
}

fn whom(context: Context<'_>, options: &FleetVerifyOptions) -> Result<Whom, Error> {
    if !options.handshake && options.server.is_typed() {
        let message = "--server-key, --host and --port are for the devices' own handshake";
        return Err(Error::invalid(message).hint("add --handshake, or leave them out"));
    }
    options.server.check_whole()?;
    crowd::check_standard_input(&options.manifest, options.cloud.token_file.as_deref())?;
    if options.handshake {
        let choice = Box::new(ServerChoice::read(&options.server)?);
        return Ok(Whom::Devices { choice, timeout: context.timeout });
    }
    Cloud::find(context, &options.cloud).map(Box::new).map(Whom::Api)
}

/// The rows that can be asked about, and how many rows name a problem. A wrong row is an error, because its device
/// would be missing in the result.
fn rows_of(list: &List, handshake: bool) -> Result<(Vec<Sound>, u32), Error> {
    let (mut sound, mut left_out, mut wrong) = (Vec::new(), 0, Vec::<Mistake>::new());
    list.rows(&mut |row| {
        match row {
            Ok(row) if !row.problem.trim().is_empty() => left_out += 1,
            Ok(row) => match row.sound(!handshake) {
                Ok(row) => sound.push(row),
                Err(mistake) => wrong.push(mistake),
            },
            Err(mistake) => wrong.push(mistake),
        }
        Ok(())
    })?;
    match wrong.first() {
        None => Ok((sound, left_out)),
        Some(first) => Err(Error::new(
            Code::FleetManifestInvalid,
            format!("{}: {} rows are wrong, the first: {first}", crate::disk::plain(&list.name), wrong.len()),
        )
        .hint("`fleet provision LIST --dry-run` lists what is wrong with the rows")),
    }
}

impl Asking {
    fn tally(&self) -> MutexGuard<'_, FleetVerifyCounts> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, cloud: &Cloud, device: DeviceId) -> (FleetAnswer, Option<Error>) {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let began = self.crowd.now();
            let Err(error) = cloud.try_to_ask(device).await else {
                self.crowd.pace().went_well();
                return (FleetAnswer::Known, None);
            };
            if self.crowd.tries_again(&error, began, attempt).await {
                continue;
            }
            // spark-server answers 404 for a device whose key it has, and takes half a minute for one that is offline.
            let untold = matches!(
                &error,
                CloudError::Refused(Refusal::UnknownDevice(_)) | CloudError::NoAnswer { .. }
            );
            let error = Error::from(error);
            if matches!(error.code(), Code::CloudTokenInvalid | Code::CloudTokenExpired) {
                self.crowd.stop(the_same(&error).during("asking the cloud"));
            }
            return (if untold { FleetAnswer::NotTold } else { FleetAnswer::Failed }, Some(error));
        }
    }

    async fn prove(
        &self,
        choice: &ServerChoice,
        row: &Sound,
        timeout: Timeout,
    ) -> (FleetAnswer, Option<Error>) {
        let Some(name) = &row.key_file else {
            let error = Error::new(Code::KeyIsPublic, "the row names no key file");
            return (FleetAnswer::Failed, Some(error));
        };
        let path = self.folder.join(name);
        let key = tokio::task::spawn_blocking(move || listed_private_key(&path)).await;
        let key = key.unwrap_or_else(|defect| Err(Error::internal(defect)));
        let key = match key {
            Ok(key) => key,
            Err(error) => return (FleetAnswer::Failed, Some(error)),
        };
        match prove_quietly(choice, row.device, &key, timeout).await {
            Ok(()) => (FleetAnswer::Proven, None),
            Err(error) if error.code().exit_code() == exit::REFUSED => (FleetAnswer::Refused, Some(error)),
            Err(error) => (FleetAnswer::Failed, Some(error)),
        }
    }
}

impl Work for Asking {
    fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    fn pieces(&self) -> usize {
        self.rows.len()
    }

    async fn work(self: Arc<Self>, piece: usize) {
        let Some(row) = self.rows.get(piece) else { return };
        if !self.crowd.turn().await {
            return;
        }
        let (answer, error) = match &self.whom {
            Whom::Api(cloud) => self.ask(cloud, row.device).await,
            Whom::Devices { choice, timeout } => self.prove(choice, row, *timeout).await,
        };
        let mut tally = self.tally();
        *(match answer {
            FleetAnswer::Known => &mut tally.known,
            FleetAnswer::Proven => &mut tally.proven,
            FleetAnswer::NotTold => &mut tally.not_told,
            FleetAnswer::Refused => &mut tally.refused,
            FleetAnswer::Failed => &mut tally.failed,
        }) += 1;
        drop(tally);
        self.crowd.tell(Event::DeviceAsked(FleetAsked {
            line: u32::try_from(row.line).unwrap_or(u32::MAX),
            device_id: row.device,
            answer,
            code: error.as_ref().map(Error::code),
            message: error.map(|error| error.message().to_owned()),
        }));
    }

    fn progress(&self) -> Event {
        let counts = *self.tally();
        let done = counts.known + counts.proven;
        let (failed, unknown) = (counts.refused + counts.failed, counts.not_told);
        let not_reached = counts.total - counts.left_out - done - failed - unknown;
        let shown = FleetCounts { done, failed, unknown, not_reached, ..FleetCounts::default() };
        self.crowd.progress(shown, done + failed + unknown)
    }
}
