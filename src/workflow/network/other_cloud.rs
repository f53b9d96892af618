//! Checks that the cloud that a Duo names is the one whose API is used.
//!
//! The server key decides: it is Particle's or not, and so is the API. This check cannot tell two private clouds apart;
//! the handshake can.

use crate::cloud::api_url::{ApiUrl, is_particle};
use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::journal::Request;
use crate::workflow::context::{Context, NamedCloud};
use crate::workflow::network::api::Cloud;
use crate::workflow::next::command_line::cloud as cloud_again;
use crate::workflow::record::journal::last_told;

/// True if the Duo's cloud and this one differ: one of them is Particle's, and the other is not. `particle`: whether
/// the Duo names Particle's cloud; with `None` (it names no cloud) the result is false.
pub fn is_other(particle: Option<bool>, cloud: &Cloud) -> bool {
    particle.is_some_and(|particle| particle != cloud.is_particle())
}

/// Refuses to talk to another cloud than the one that the Duo names, unless that is `allowed`. `which`: the arguments
/// that select the Duo.
pub fn check(
    context: Context<'_>,
    cloud: &Cloud,
    named: &NamedCloud,
    allowed: bool,
    id: DeviceId,
    which: &str,
) -> Result<(), Error> {
    if named.particle.is_none() {
        let (named, api) = (&named.description, cloud.api_url());
        context.note(format!(
            "the Duo names {named}: whether {api} is the one that it is meant for is not known"
        ));
    }
    if allowed || !is_other(named.particle, cloud) {
        return Ok(());
    }
    Err(Error::new(Code::OtherCloud, format!("{}; nothing was sent", difference(named, cloud)))
        .hint(way_out(context, cloud, Some(id), which)))
}

/// The warning before the question, if the cloud is another one and that is allowed.
pub fn caution(named: &NamedCloud, cloud: &Cloud) -> Option<String> {
    is_other(named.particle, cloud).then(|| format!("{} (--allow-other-cloud)", difference(named, cloud)))
}

/// Says which cloud the Duo names, and which one the API is of.
pub fn difference(named: &NamedCloud, cloud: &Cloud) -> String {
    let whose = if cloud.is_particle() { "Particle's" } else { "not Particle's" };
    format!("the Duo names {}, and the API at {} is {whose}", named.description, cloud.api_url())
}

/// The hint: how to make both the same cloud, or how to allow that they differ. `which`: the arguments that select the
/// Duo.
pub fn way_out(context: Context<'_>, cloud: &Cloud, id: Option<DeviceId>, which: &str) -> String {
    let (give, own) = if cloud.is_particle() {
        // The API of another cloud is only known from an earlier request.
        let told = id.and_then(|id| last_told(context, id));
        let told = told.filter(|request| !request.api_url.as_deref().is_some_and(is_particle));
        let Request { api_url, allow_http, .. } = told.unwrap_or_default();
        let api_url = api_url.or_else(|| Some("URL".to_owned()));
        let own = Request { api_url, allow_http, ..Request::default() };
        (format!("duo-provision server-key restore{which}"), own)
    } else {
        let own = Request { api_url: Some(ApiUrl::default().to_string()), ..Request::default() };
        (format!("duo-provision server-key set FILE --host NAME{which}"), own)
    };
    let api = cloud.api_url();
    format!(
        "if the Duo is to stay with the cloud that it names, add{}; if it is to go to the cloud at {api}, give it that cloud's \
         public key and address first: {give}; to talk to {api} all the same, add --allow-other-cloud",
        cloud_again(&own)
    )
}
