//! Asks the cloud about a Duo: decides whether to ask, and what the answer means.

use crate::cloud::device_record::{DeviceRecord, LastHeard};
use crate::cloud::failure::CloudError;
use crate::cloud::provisioning::DUO_PRODUCT_ID;
use crate::cloud::reply::Refusal;
use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::journal::Request;
use crate::workflow::commands::doctor::finding::{Examined, Finding, Severity};
use crate::workflow::context::{Context, DeviceRef, Target};
use crate::workflow::input::token::{self, CloudOptions};
use crate::workflow::network::api::Cloud;
use crate::workflow::network::other_cloud::{is_other, way_out};
use crate::workflow::next::command_line::{flag, option};
use crate::workflow::next::{tell_key_of, which_of};
use crate::workflow::record::journal::selection;

/// The options of `doctor` for the cloud. No `Debug`: it may hold a token.
#[derive(Clone, Default)]
pub struct AskOptions {
    /// True: ask with any token that is found, including particle-cli's login. False: never ask. By default, ask if a
    /// token is given.
    pub ask: Option<bool>,
    /// Which cloud, and the token for it.
    pub cloud: CloudOptions,
}

impl AskOptions {
    fn has_token(&self) -> bool {
        self.cloud.token.is_some() || self.cloud.token_file.is_some()
    }

    /// True if the typed options request a cloud; the environment alone does not count.
    fn is_typed(&self) -> bool {
        self.ask == Some(true)
            || self.has_token()
            || self.cloud.api_url.is_some()
            || self.cloud.allow_http
            || self.cloud.allow_other_cloud
    }

    /// The arguments that select the same cloud again, without the token.
    fn arguments(&self) -> String {
        option("api-url", self.cloud.api_url.as_deref())
            + &flag("allow-http", self.cloud.allow_http)
            + &flag("allow-other-cloud", self.cloud.allow_other_cloud)
    }
}

/// Decides which cloud is asked, if any; sends nothing yet. If only the environment requests it, an error becomes a
/// finding.
pub fn find(
    context: Context<'_>,
    options: &AskOptions,
    general: &mut Vec<Finding>,
) -> Result<Option<Cloud>, Error> {
    let contradiction = |message: &str| Err(Error::invalid(message));
    if options.ask == Some(false) {
        if options.is_typed() {
            return contradiction("the cloud is not to be asked, and yet a token or a URL for it is given");
        }
        return Ok(None);
    }
    if options.ask.is_none() && !options.has_token() && !token::is_in_environment(context) {
        if options.is_typed() {
            return contradiction(
                "--api-url, --allow-http and --allow-other-cloud are for the cloud, which is asked with --cloud, --token-file or \
                 PARTICLE_ACCESS_TOKEN",
            );
        }
        return Ok(None);
    }
    match Cloud::find(context, &options.cloud) {
        Ok(cloud) => Ok(Some(cloud)),
        // The Duo can still be examined.
        Err(error) if error.code() == Code::TokenMissing => {
            general.push(Finding { severity: Severity::Note, ..Finding::of(&error) });
            Ok(None)
        }
        Err(error) if options.is_typed() => Err(error),
        Err(error) => {
            general.push(Finding::of(&error));
            Ok(None)
        }
    }
}

/// The finding that no cloud was asked, and how to ask.
pub fn not_asked() -> Finding {
    Finding::note("CLOUD_NOT_ASKED", "the cloud was not asked what it knows of the Duo").advice(
        "to ask it, add --cloud, which takes the login of particle-cli, too, or --token-file FILE, or set \
         PARTICLE_ACCESS_TOKEN",
    )
}

/// The finding that Particle's cloud was not asked, because the Duo is meant for another one.
fn elsewhere() -> Finding {
    Finding::note(
        "CLOUD_NOT_ASKED",
        "the cloud was not asked: the Duo is meant for another one than Particle's",
    )
    .advice("ask that one, with --api-url URL; or Particle's all the same, with --cloud")
}

/// True if the cloud was to be asked and there is no token; that finding says how to ask.
pub fn has_no_token(general: &[Finding]) -> bool {
    general.iter().any(|finding| finding.code == Code::TokenMissing.name())
}

/// Asks about each Duo in turn. If the cloud does not answer, this is a finding, and the other Duos are not asked
/// about.
pub fn ask(
    context: Context<'_>,
    cloud: &Cloud,
    options: &AskOptions,
    typed: &Target,
    duos: &mut [Examined],
    general: &mut Vec<Finding>,
) -> Result<(), Error> {
    for duo in duos {
        let Some(device) = &duo.device else { continue };
        let asked = Asked { context, cloud, options, typed, device, particle: duo.particle };
        if asked.is_unasked_for() {
            duo.findings.push(elsewhere());
            continue;
        }
        if asked.is_other() && !options.cloud.allow_other_cloud {
            duo.findings.push(asked.other());
            continue;
        }
        let Some(id) = device.device_id else {
            duo.findings.push(asked.nameless());
            continue;
        };
        match cloud.ask_about(context, id)? {
            Ok(record) => duo.findings.extend(asked.known(id, &record)),
            Err(CloudError::Refused(Refusal::UnknownDevice(detail))) => {
                duo.findings.push(asked.unknown(id, &detail));
            }
            Err(CloudError::Refused(Refusal::UnlistedDevice(detail))) => {
                duo.findings.push(asked.unlisted(&detail));
            }
            Err(CloudError::Cancelled { .. }) => {
                return Err(Error::new(Code::Interrupted, "stopped as asked"));
            }
            Err(error) => {
                general.push(unanswered(error));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The finding for a request without an answer. It is a problem only if the token was refused: only this can be fixed
/// here.
fn unanswered(error: CloudError) -> Finding {
    let error = Error::from(error).during("asking the cloud");
    let found = Finding::of(&error);
    match error.code() {
        Code::CloudTokenInvalid | Code::CloudTokenExpired => found,
        _ => Finding { severity: Severity::Note, ..found },
    }
}

/// A cloud that was asked about a Duo.
struct Asked<'a> {
    context: Context<'a>,
    cloud: &'a Cloud,
    options: &'a AskOptions,
    /// The Duos that the options select.
    typed: &'a Target,
    device: &'a DeviceRef,
    /// Whether the Duo is meant for Particle's cloud, if that is known.
    particle: Option<bool>,
}

impl Asked<'_> {
    /// The options that were typed to select the Duo and its cloud.
    fn request(&self) -> Request {
        Request {
            api_url: self.options.cloud.api_url.clone(),
            allow_http: self.options.cloud.allow_http,
            allow_other_cloud: self.options.cloud.allow_other_cloud,
            ..selection(self.context, self.typed)
        }
    }

    /// The arguments that select the Duo.
    fn duo(&self) -> String {
        which_of(&self.device.into(), &self.request())
    }

    /// Adds the command that sends the Duo's key to the cloud. The product id of other boards is not known.
    fn provision(&self, found: Finding, id: DeviceId) -> Finding {
        if !self.device.board.is_duo() {
            return found;
        }
        found.command(tell_key_of(Some(id), &self.device.into(), &self.request()))
    }

    /// A token in the environment is not a request to ask Particle's cloud about a Duo that is meant for another cloud.
    /// The token may belong to that other cloud.
    fn is_unasked_for(&self) -> bool {
        !self.options.is_typed() && self.cloud.is_particle() && self.particle == Some(false)
    }

    /// True if it is not the cloud that the Duo names.
    fn is_other(&self) -> bool {
        is_other(self.particle, self.cloud)
    }

    /// The finding for a cloud that the Duo does not name: what it knows does not explain why the Duo does not connect.
    fn other(&self) -> Finding {
        let meant =
            if self.cloud.is_particle() { "another cloud than Particle's" } else { "Particle's cloud" };
        let message = format!(
            "the Duo is meant for {meant}, and not for the one at {}, which was not asked",
            self.cloud.api_url()
        );
        Finding::problem(Code::OtherCloud.name(), message).advice(way_out(
            self.context,
            self.cloud,
            self.device.device_id,
            &self.duo(),
        ))
    }

    fn nameless(&self) -> Finding {
        Finding::note("CLOUD_NOT_ASKED", "the cloud was not asked: which Duo this is has to be known")
            .command(format!(
                "duo-provision doctor --cloud --device ID{}{}",
                self.duo(),
                self.options.arguments()
            ))
    }

    fn known(&self, id: DeviceId, record: &DeviceRecord) -> Vec<Finding> {
        let name = record.name.as_ref().map(|name| format!(", as \"{name}\"")).unwrap_or_default();
        let known = format!("the cloud at {} has it for this account{name}", self.cloud.host());
        let known = Finding::ok("CLOUD_DEVICE", known)
            .advice(
                "which public key it has for it, no cloud tells; whether the keys are a pair is proven by",
            )
            .command(format!("duo-provision verify{}", self.duo()));
        [Some(known), Some(connection(record)), self.product(id, record)].into_iter().flatten().collect()
    }

    /// The finding if the cloud has another product id than the Duo's.
    fn product(&self, id: DeviceId, record: &DeviceRecord) -> Option<Finding> {
        let product = record.product_id.filter(|product| *product != DUO_PRODUCT_ID)?;
        if !self.device.board.is_duo() {
            return None;
        }
        let platform = record.platform_id.map(|number| format!(" on platform {number}")).unwrap_or_default();
        let message = format!("the cloud has it as product {product}{platform}; a Duo's is {DUO_PRODUCT_ID}");
        let advice = format!(
            "that is right for a product of your own; if it is none, tell the cloud its key again, as product {DUO_PRODUCT_ID}"
        );
        Some(self.provision(Finding::note("CLOUD_PRODUCT", message).advice(advice), id))
    }

    /// `detail`: the text of the cloud's reply.
    fn unknown(&self, id: DeviceId, detail: &str) -> Finding {
        const CODE: &str = "CLOUD_DEVICE_UNKNOWN";
        let message =
            format!("the cloud at {} does not have it for this account: {detail}", self.cloud.host());
        if self.is_other() {
            return Finding::note(CODE, message).advice(
                "the Duo is meant for another cloud than this one; ask that one, with --api-url URL",
            );
        }
        let advice = "nobody told it a key of this Duo, or nobody claimed the Duo, or another account did; a cloud does \
            not say which. Tell it the key in the Duo, start the Duo, and claim it: particle device add ID";
        self.provision(Finding::problem(CODE, message).advice(advice), id)
    }

    /// The same finding if it proves nothing.
    fn unlisted(&self, detail: &str) -> Finding {
        let message = format!("the cloud at {} does not list it: {detail}", self.cloud.host());
        Finding::note("CLOUD_DEVICE_UNKNOWN", message)
            .advice(
                "that proves nothing: such a server lists a Duo after its own next start only, and may hold its key all the \
                 while; whether the keys are a pair is proven by",
            )
            .command(format!("duo-provision verify{}", self.duo()))
    }
}

/// What the cloud reports about the connection of a Duo that is in DFU mode.
fn connection(record: &DeviceRecord) -> Finding {
    const CODE: &str = "CLOUD_CONNECTION";
    if record.online == Some(true) {
        return Finding::note(CODE, "the cloud takes it to be online, which no Duo in DFU mode is")
            .advice("the cloud notices that within a minute; if it stays so, another device has this id");
    }
    match record.last_heard {
        LastHeard::At(time) => {
            let time = time.replace_nanosecond(0).unwrap_or(time).to_offset(time::UtcOffset::UTC);
            let time = time.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
            Finding::ok(CODE, format!("the cloud last heard from it {time}"))
        }
        LastHeard::Never => Finding::note(CODE, "the cloud has never heard from it"),
        LastHeard::Untold => Finding::ok(CODE, "the cloud does not say when it last heard from it"),
    }
}
