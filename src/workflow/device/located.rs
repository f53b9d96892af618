//! Checks that a DCT was read from the right place.
//!
//! A device can acknowledge one address and use another, and then all later reads agree with each other. So the read
//! must show something known at its place: the device id that the Duo tells over USB (bootloaders r5 and r6), or the
//! head of the cloud's public key, which is the same in every RSA-2048 key.

use crate::dct::{DEVICE_ID, DeviceId, Field, SERVER_PUBLIC_KEY};
use crate::error::{Code, Error};
use crate::keys::ServerKey;

/// Checks the place of `bytes`, read from the beginning of a DCT: true if something known is at its place, false if
/// nothing known is found; an error if it is found at another place.
pub fn is_in_place(bytes: &[u8], told: Option<DeviceId>) -> Result<bool, Error> {
    let id = told.map(|id| (DEVICE_ID, id.as_bytes().to_vec()));
    let server = (SERVER_PUBLIC_KEY, ServerKey::HEAD.to_vec());
    let known: Vec<(Field, Vec<u8>)> = id.into_iter().chain([server]).collect();
    if known.iter().any(|(field, thing)| bytes.get(field.offset..).is_some_and(|at| at.starts_with(thing))) {
        return Ok(true);
    }
    let found = known.iter().find_map(|(field, thing)| {
        let at = bytes.windows(thing.len()).position(|window| window == thing)?;
        Some((field.kebab_name(), field.offset, at))
    });
    let Some((name, offset, at)) = found else { return Ok(false) };
    Err(Error::new(
        Code::AddressUnproven,
        format!("what should lie at {offset} in the DCT ({name}) was read at {at}: the Duo does not read where it is told to"),
    )
    .hint("press RESET, put the Duo into DFU mode again and run the same command; if it stays so, try another cable or USB port"))
}

/// The error if nothing shows the place.
pub fn unproven() -> Error {
    Error::new(
        Code::AddressUnproven,
        "nothing shows that the DCT was read from its beginning: no device id is to be found in it that the Duo tells over \
         USB, and no cloud's public key",
    )
    .hint(
        "run the same command again; if you know that the server key's slot of this Duo is blank or damaged, add \
         --allow-unproven-address",
    )
}
