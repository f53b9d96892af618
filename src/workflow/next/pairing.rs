//! How to make a pair again of a key in a Duo and one in a cloud.

use crate::dct::DeviceId;
use crate::journal::{DeviceMark, Request};
use crate::workflow::next::operation::tell_key_of;

/// What is known of the cloud that a Duo connects to: its API is another address than the one for devices.
pub(in crate::workflow) enum CloudOf {
    /// Its key is Particle's.
    Particle,
    /// It was told a key of this Duo by this request.
    Told(Box<Request>),
    /// Its API is not known.
    Unknown,
}

/// The two ways. `device`: the attached Duo that the key is in, if it is in one; `request`: what selects it.
pub(in crate::workflow) fn pair_again(
    id: DeviceId,
    device: &DeviceMark,
    request: Request,
    of: CloudOf,
) -> String {
    let tell = tell_cloud_of(id, device, request, of);
    format!(
        "tell the cloud the key that is in the Duo: {tell}; or give the Duo the key that the cloud knows, with restore: its \
         backups are listed by: duo-provision backups --device {id}"
    )
}

/// The command that tells a Duo's cloud the key that is in the Duo.
pub(in crate::workflow) fn tell_cloud_of(
    id: DeviceId,
    device: &DeviceMark,
    request: Request,
    of: CloudOf,
) -> String {
    let placeholder = if matches!(of, CloudOf::Unknown) { " --api-url URL" } else { "" };
    let told = if let CloudOf::Told(request) = of { *request } else { Request::default() };
    let Request { api_url, allow_http, product_id, .. } = told;
    tell_key_of(id, device, &Request { api_url, allow_http, product_id, ..request }) + placeholder
}
