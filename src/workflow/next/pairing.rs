//! Says how to make the key in a Duo and the one in a cloud a pair again.

use crate::dct::DeviceId;
use crate::journal::{DeviceMark, Request};
use crate::workflow::next::operation::tell_key_of;

/// What is known of the API of the cloud that a Duo connects to: the API has another address than the one for devices.
pub enum CloudOf {
    /// It is Particle's cloud.
    Particle,
    /// A key of this Duo was sent to it with this request.
    Told(Box<Request>),
    /// Its API is not known.
    Unknown,
}

/// The two ways to do it. `device`: the attached Duo that the key is in, if it is in one; `request`: the options that
/// select it.
pub fn pair_again(id: DeviceId, device: &DeviceMark, request: Request, of: CloudOf) -> String {
    let tell = tell_cloud_of(Some(id), device, request, of);
    format!(
        "tell the cloud the key that is in the Duo: {tell}; or give the Duo the key that the cloud knows, with restore: its \
         backups are listed by: duo-provision backups --device {id}"
    )
}

/// The command that sends the key in the Duo to its cloud. What is not known has a placeholder.
pub fn tell_cloud_of(id: Option<DeviceId>, device: &DeviceMark, request: Request, of: CloudOf) -> String {
    let placeholder = if matches!(of, CloudOf::Unknown) { " --api-url URL" } else { "" };
    let told = if let CloudOf::Told(request) = of { *request } else { Request::default() };
    let Request { api_url, allow_http, product_id, .. } = told;
    tell_key_of(id, device, &Request { api_url, allow_http, product_id, ..request }) + placeholder
}
