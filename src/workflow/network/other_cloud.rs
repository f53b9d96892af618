//! Whether the cloud that a Duo names is the one whose API is talked to.
//!
//! The server key decides: it is Particle's or not, and so is the API. Of two clouds of one's own nothing here can tell
//! that they are two; the handshake can.

use crate::cloud::api_url::ApiUrl;
use crate::error::{Code, Error};
use crate::workflow::context::{Context, NamedCloud};
use crate::workflow::network::api::Cloud;

/// True if this is the API of Particle's cloud.
pub(in crate::workflow) fn is_particle_api(url: &str) -> bool {
    url.parse::<ApiUrl>().is_ok_and(|api| api.same_origin(&ApiUrl::default()))
}

/// True if a Duo that names Particle's cloud or not, as `particle` says, is meant for another one than this. What names
/// none is meant for none.
pub(in crate::workflow) fn is_other(particle: Option<bool>, cloud: &Cloud) -> bool {
    particle.is_some_and(|particle| particle != cloud.is_particle())
}

/// Refuses to talk to another cloud than the one that the Duo names, unless that was `allowed`. `which`: the arguments
/// that choose the Duo.
pub(in crate::workflow) fn check(
    context: Context<'_>,
    cloud: &Cloud,
    named: &NamedCloud,
    allowed: bool,
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
        .hint(way_out(cloud, which)))
}

/// What is said before a question if another cloud is talked to all the same.
pub(in crate::workflow) fn caution(named: &NamedCloud, cloud: &Cloud) -> Option<String> {
    is_other(named.particle, cloud).then(|| format!("{} (--allow-other-cloud)", difference(named, cloud)))
}

/// The two sides.
pub(in crate::workflow) fn difference(named: &NamedCloud, cloud: &Cloud) -> String {
    let whose = if cloud.is_particle() { "Particle's" } else { "not Particle's" };
    format!("the Duo names {}, and the API at {} is {whose}", named.description, cloud.api_url())
}

/// What to type: to make it one cloud, or to say that two are meant.
pub(in crate::workflow) fn way_out(cloud: &Cloud, which: &str) -> String {
    let give = if cloud.is_particle() {
        format!("duo-provision server-key restore{which}")
    } else {
        format!("duo-provision server-key set FILE --host NAME{which}")
    };
    format!(
        "if the Duo is to go to the cloud of that API, give it that cloud's public key and address first: {give}; if it is to stay with the one \
         that it names, give the API of that with --api-url URL; to talk to this one all the same, add --allow-other-cloud"
    )
}
