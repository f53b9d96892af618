//! Proves that the key in a Duo and its cloud's are a pair, for `doctor --verify`.

use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::journal::{DeviceMark, Request};
use crate::keys::PrivateKey;
use crate::workflow::commands::doctor::finding::Finding;
use crate::workflow::context::{Context, DeviceRef, Snapshot};
use crate::workflow::device::opened::Opened;
use crate::workflow::network::pairing::{Server, ServerChoice};
use crate::workflow::network::unpaired::Unpaired;
use crate::workflow::record::journal::record_proof;

/// Performs the Duo's own handshake with the cloud that it names. Returns the finding, and whether the pair is proven.
/// If the firmware does not read the key, there already is a finding, and nothing is proven.
pub fn prove(
    opened: &Opened<'_>,
    snapshot: &Snapshot,
    selected: &Request,
) -> Result<Option<(Finding, bool)>, Error> {
    let (device, context) = (&opened.device, opened.context);
    if !device.board.is_duo() {
        let message = "whether its key and its cloud's are a pair can be proven of a Duo alone";
        return Ok(Some((Finding::note("PAIRING_NOT_PROVEN", message), false)));
    }
    let Ok(key) = snapshot.own_key() else { return Ok(None) };
    match handshake(opened, snapshot, key, selected) {
        Ok((id, server)) => {
            let mark = DeviceMark { id: Some(id), ..device.into() };
            let request = Request { from_device: true, ..selected.clone() };
            record_proof(context, mark, key.public_key().fingerprint(), request);
            let message = format!("the cloud at {} knows this Duo by the key in it: proven now", server.port);
            Ok(Some((Finding::ok("PAIRED", message), true)))
        }
        Err(error) if error.code() == Code::Interrupted => Err(error),
        Err(error) => Ok(Some((Finding::of(&error), false))),
    }
}

fn handshake(
    opened: &Opened<'_>,
    snapshot: &Snapshot,
    key: &PrivateKey,
    selected: &Request,
) -> Result<(DeviceId, Server), Error> {
    let (device, context): (&DeviceRef, Context<'_>) = (&opened.device, opened.context);
    opened.check_place(snapshot)?;
    let id = device.device_id.ok_or_else(|| {
        let message = "which Duo this is has to be known, to prove its key";
        Error::new(Code::DeviceIdUnverifiable, message)
            .hint(format!("say which one it is: add --device ID --path {}", device.path))
    })?;
    let server = ServerChoice::default().of_device(snapshot, id)?;
    server.caution(context, id, true);
    server.prove(context, id, key).map_err(|error| {
        let particle = server.key.is_particle();
        let selected = selected.clone();
        Unpaired { id, device: Some(device), selected, particle, named: true }.explained(error, context)
    })?;
    Ok((id, server))
}
