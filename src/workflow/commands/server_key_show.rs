//! `server-key show`: shows which cloud a Duo or a file names: the cloud's public key and its address. Reads only.

use crate::workflow::describe::server::ServerReport;
use std::path::{Path, PathBuf};

use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::workflow::context::{Context, DeviceRef, ShowOptions};
use crate::workflow::device::opened::Opened;
use crate::workflow::input::dump_file::{self, DumpFile};

/// The cloud that a Duo or a file names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ServerKeyShowResult", rename_all = "camelCase")]
pub struct ServerKeyShown {
    /// The Duo, if it was read from one.
    pub device: Option<DeviceRef>,
    /// The file, if it was read from one; absolute.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: Option<PathBuf>,
    /// The cloud's key and address.
    pub server: ServerReport,
}

/// Reads the server's key and address from a Duo or from a file.
pub fn show_server_key(context: Context<'_>, options: &ShowOptions) -> Result<ServerKeyShown, Error> {
    let context = context.within(options.timeout)?;
    if let Some(file) = &options.file {
        dump_file::no_device(&options.target)?;
        let server = of_file(context, file)?;
        return Ok(ServerKeyShown { device: None, path: Some(dump_file::absolute(file)), server });
    }
    let mut opened = Opened::find(context, &options.target)?;
    let snapshot = opened.section()?;
    let id = opened.device.device_id.or_else(|| snapshot.image().device_id());
    let server = snapshot.image().server_key_slot().map(|field| ServerReport::of_field(field, id));
    let server = server.ok_or_else(|| Error::internal("the DCT was read short"))?;
    Ok(ServerKeyShown { device: Some(opened.device), path: None, server })
}

fn of_file(context: Context<'_>, path: &Path) -> Result<ServerReport, Error> {
    let file = DumpFile::read(context, path)?;
    if let Some(dump) = file.dump() {
        let id = file.device_id();
        return ServerReport::of_dump(&dump, id).ok_or_else(|| {
            Error::new(
                Code::ServerKeyInvalid,
                format!("{}: no copy of the DCT in it is current", plain_path(path)),
            )
            .hint("look at it with: duo-provision inspect FILE")
            .during("reading the file")
        });
    }
    ServerReport::of_key_file(&file.given.bytes).map_err(|error| {
        let message = format!("{}: {error}", plain_path(path));
        let unknown = Error::new(Code::ServerKeyInvalid, message)
            .hint("a cloud's public key is RSA with 2048 bits, as DER or PEM, or in a dump of a DCT");
        file.given.instead(path).unwrap_or(unknown).during("reading the file")
    })
}
