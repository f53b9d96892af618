//! Explains the error if a key in a Duo and the cloud's are not a pair, and says how to pair them.

use crate::cloud::api_url::is_particle;
use crate::dct::DeviceId;
use crate::error::{ADDRESS_HINT, Code, Error, OWN_CLOUD_REFUSES};
use crate::journal::{DeviceMark, Request};
use crate::workflow::context::{Context, DeviceRef};
use crate::workflow::next::{CloudOf, pair_again, which_of};
use crate::workflow::record::journal::last_told;

/// The hint if the Duo connects to the wrong cloud.
const SET_HINT: &str = "if the Duo looks for the wrong cloud, give it the right one: duo-provision server-key set FILE --host NAME";

/// A key whose proof failed.
pub struct Unpaired<'a> {
    pub id: DeviceId,
    /// The attached Duo that the key is in, if it is in one.
    pub device: Option<&'a DeviceRef>,
    /// The options that select it.
    pub selected: Request,
    /// True if Particle's cloud was asked for the proof.
    pub particle: bool,
    /// True if the address in the Duo was tried.
    pub named: bool,
}

impl Unpaired<'_> {
    /// Adds to the error the commands to type, if other keys would help.
    pub fn explained(self, error: Error, context: Context<'_>) -> Error {
        let device = self.device.map(DeviceMark::from).unwrap_or_default();
        let request = self.selected;
        match error.code() {
            Code::CloudUnreachable if self.named => {
                error.hint(format!("{ADDRESS_HINT}; {SET_HINT}{}", which_of(&device, &request)))
            }
            Code::PairingRefused | Code::PairingBroken => {
                let own_refuses = error.code() == Code::PairingRefused && !self.particle;
                let pair =
                    pair_again(self.id, &device, request, cloud_of(context, Some(self.id), self.particle));
                error.hint(if own_refuses { format!("{pair}; or, {OWN_CLOUD_REFUSES}") } else { pair })
            }
            _ => error,
        }
    }
}

/// The cloud of a Duo, as far as it is known.
pub fn cloud_of(context: Context<'_>, id: Option<DeviceId>, particle: bool) -> CloudOf {
    if particle {
        return CloudOf::Particle;
    }
    // A request to Particle's cloud does not help with a Duo that names another one.
    let own = |request: &Request| !request.api_url.as_deref().is_some_and(is_particle);
    let told = id.and_then(|id| last_told(context, id)).filter(own);
    told.map_or(CloudOf::Unknown, |request| CloudOf::Told(Box::new(request)))
}
