//! `server-key set` and `server-key restore`: write which cloud a Duo connects to, read it back and compare.

use std::path::{Path, PathBuf};

use crate::dct::{DEFAULT_SERVER_NAME, SERVER_FIELD, SERVER_PUBLIC_KEY, ServerAddress, ServerAddressError};
use crate::disk::plain_path;
use crate::error::{Code, Error, KeyState};
use crate::journal::{OperationKind, Request};
use crate::keys::{KeyError, ServerKey};
use crate::workflow::context::{Action, Change, Context, DUO, DeviceRef, Plan, Snapshot};
use crate::workflow::describe::server::{ServerReport, field_of_key_file};
use crate::workflow::input::given_file::GivenFile;
use crate::workflow::network::pairing::address_of;
use crate::workflow::record::journal::absolute;
use crate::workflow::write::{Fields, Patch, Proposal, Terms, Transaction, WriteOptions};

/// The options of `server-key set` and `server-key restore`.
#[derive(Clone, Debug, Default)]
pub struct ServerKeySetOptions {
    /// Which Duo, and the options that every write has.
    pub write: WriteOptions,
    /// The cloud's public key, with or without an address after it; Particle's own key and address by default.
    pub file: Option<PathBuf>,
    /// The cloud's name or IPv4 address. By default the one in the file, else the one in the Duo.
    pub host: Option<String>,
    /// The cloud's TCP port; with a host, 5683 by default.
    pub port: Option<u16>,
    /// Write no address, so that the firmware uses its own.
    pub no_address: bool,
    /// Leave DFU mode afterwards.
    pub leave: bool,
}

/// Where the address after a cloud's key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "AddressSource", rename_all = "kebab-case")]
pub enum AddressSource {
    /// It is Particle's own address, with Particle's own key.
    BuiltIn,
    /// The file has it after the key.
    File,
    /// It was given as an option.
    Options,
    /// It is the one that the Duo already had.
    Kept,
    /// There is no address, and the firmware uses its own.
    None,
}

impl AddressSource {
    /// The words that follow the address.
    const fn words(self) -> &'static str {
        match self {
            Self::BuiltIn | Self::None => "",
            Self::File => " (from the file)",
            Self::Options => " (as typed)",
            Self::Kept => " (kept: the file holds a bare key)",
        }
    }
}

/// A cloud's public key and its address, in place: read back and compared.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ServerKeyWriteResult", rename_all = "camelCase")]
pub struct ServerKeyWritten {
    /// The Duo.
    pub device: DeviceRef,
    /// The cloud that the Duo named before.
    pub previous: ServerReport,
    /// The cloud that it names now; in a dry run, the one that it would name.
    pub server: ServerReport,
    /// Where the address comes from.
    pub address_source: AddressSource,
    /// The backup of the DCT's previous application section; absolute. It is a secret.
    #[serde(rename = "backupFile", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// False in a dry run, and if the Duo already held exactly these bytes.
    pub written: bool,
    /// True if the Duo was sent the request to leave DFU mode.
    pub left: bool,
    /// True in a dry run: nothing was written.
    pub dry_run: bool,
}

/// Checks the key, backs up what is there, asks, writes key and address in one block, reads back, compares.
pub fn set_server_key(
    context: Context<'_>,
    options: &ServerKeySetOptions,
) -> Result<ServerKeyWritten, Error> {
    let write = &options.write;
    let context = context.within(write.timeout)?;
    let cloud = Cloud::of(context, options)?;
    let terms = Terms { options: write, boards: &[DUO], encrypt: None, leave: options.leave };
    let mut transaction = Transaction::open(context, terms)?;
    let held = transaction.opened.section_before_write()?;
    let device = transaction.opened.device.clone();
    let id = device.device_id.or_else(|| held.image().device_id());
    let old = held.image().server_key_slot().ok_or_else(too_short)?;
    let (address, address_source) =
        cloud.address_for(old).map_err(|error| error.on(&device, KeyState::Unchanged))?;
    let new = ServerAddress::write(&cloud.key.spki_der(), address.as_ref()).ok_or_else(too_short)?;
    note(context, address.as_ref(), address_source);
    let caution = itself(address.as_ref()).filter(|_| !device.simulated);
    let (previous, server) = (ServerReport::of_field(old, id), ServerReport::of_field(&new, id));
    // Record what the file does not say: later, the Duo may not have it any more.
    let typed =
        address.as_ref().filter(|_| matches!(address_source, AddressSource::Options | AddressSource::Kept));
    let request = Request {
        file: options.file.as_ref().map(absolute),
        host: typed.map(ServerAddress::host_as_written),
        port: typed.map(ServerAddress::port),
        no_address: address_source == AddressSource::None,
        ..Request::default()
    };
    let started = transaction.started(OperationKind::ServerKeySet, (held.fingerprint(), None), request);
    let plan = Plan {
        cautions: caution.into_iter().collect(),
        ..plan(&device, &held, (&previous, &server), address_source)
    };
    let writing = Fields::of_dct(held, vec![Patch::field_of(SERVER_PUBLIC_KEY, &new)?]);
    let already = "the Duo holds exactly this key and this address already; nothing is written";
    let outcome = transaction.commit(Proposal::new(started, writing, plan, already))?;
    Ok(ServerKeyWritten {
        device,
        previous,
        server,
        address_source,
        backup: outcome.backup,
        written: outcome.written,
        left: outcome.left,
        dry_run: write.dry_run,
    })
}

/// The question to the user; `servers`: the current one and the new one.
fn plan(
    device: &DeviceRef,
    held: &Snapshot,
    servers: (&ServerReport, &ServerReport),
    source: AddressSource,
) -> Plan {
    let key = |server: &ServerReport| match server.fingerprint {
        Some(fingerprint) => format!("{fingerprint} ({})", server.words()),
        None => server.words(),
    };
    let change = |what: &str, now, then| Change { what: what.to_owned(), now, then };
    let (previous, server) = servers;
    let address = server.address_words() + source.words();
    let changes = vec![
        change("server key", key(previous), key(server)),
        change("address", previous.address_words(), address),
    ];
    Plan { changes, ..Plan::of(Action::SetServerKey, device, Some(held)) }
}

/// Says which address the Duo gets if the file holds none.
fn note(context: Context<'_>, address: Option<&ServerAddress>, source: AddressSource) {
    match (source, address) {
        (AddressSource::Kept, Some(address)) => context.note(format!(
            "the file holds a bare key, which would lose the address: the Duo keeps its own, now {address} \
             (--host NAME gives another, --no-address none)"
        )),
        (AddressSource::None, _) => context.note(format!(
            "no address is written: the Duo will look for its cloud at {DEFAULT_SERVER_NAME}, which is Particle's \
             (--host NAME gives another)"
        )),
        _ => {}
    }
}

/// The warning if the address means the Duo itself.
fn itself(address: Option<&ServerAddress>) -> Option<String> {
    let address = address.filter(|address| address.is_the_device_itself())?;
    Some(format!(
        "to a Duo, {} is the Duo itself: it would find no cloud there. Give the address that the cloud's machine has on the \
         network",
        address.host_as_written()
    ))
}

/// The requested cloud.
struct Cloud {
    key: ServerKey,
    address: Wanted,
}

/// The requested address.
enum Wanted {
    /// This one.
    This(ServerAddress, AddressSource),
    /// The one in the Duo, with this port if one was typed.
    Kept { port: Option<u16> },
    /// No address.
    None,
}

impl Cloud {
    fn of(context: Context<'_>, options: &ServerKeySetOptions) -> Result<Self, Error> {
        let typed = typed_address(options)?;
        let Some(file) = &options.file else {
            let address = Wanted::This(ServerAddress::default(), AddressSource::BuiltIn);
            return Ok(Self { key: ServerKey::particle(), address });
        };
        let during = "reading the server's public key";
        let given = GivenFile::read(context, file, during)?;
        let key = ServerKey::read(&given.bytes)
            .map_err(|error| given.instead(file).unwrap_or_else(|| refused(file, &error)).during(during))?;
        let field = field_of_key_file(&key, &given.bytes);
        let behind = || ServerAddress::read(&field).map_err(|error| unusable(file, &error).during(during));
        let address = match typed {
            Some(address) => Wanted::This(address, AddressSource::Options),
            None if options.no_address => Wanted::None,
            None => match (behind()?, options.port) {
                (Some(address), None) => Wanted::This(address, AddressSource::File),
                // The file's host with another port counts as typed, not as the file's address.
                (Some(address), Some(port)) => Wanted::This(address.with_port(port), AddressSource::Options),
                (None, port) => Wanted::Kept { port },
            },
        };
        Ok(Self { key, address })
    }

    /// The address to write to a Duo whose field is `old`.
    fn address_for(&self, old: &[u8; SERVER_FIELD]) -> Result<(Option<ServerAddress>, AddressSource), Error> {
        let port = match &self.address {
            Wanted::This(address, source) => return Ok((Some(address.clone()), *source)),
            Wanted::None => return Ok((None, AddressSource::None)),
            Wanted::Kept { port } => *port,
        };
        match ServerAddress::read(old) {
            Ok(Some(address)) => {
                let port = port.unwrap_or(address.port());
                Ok((Some(address.with_port(port)), AddressSource::Kept))
            }
            Ok(None) if port.is_some() => {
                let message =
                    "--port is given, and neither the file nor the Duo names the host that it belongs to";
                Err(Error::invalid(message).hint("give both: add --host NAME"))
            }
            Ok(None) => Ok((None, AddressSource::None)),
            Err(error) => Err(Error::new(
                Code::ServerKeySlotInvalid,
                format!("the file holds a bare key, and the address in the Duo cannot be kept: {error}"),
            )
            .hint("say where the cloud is: add --host NAME; or --no-address for the firmware's own")),
        }
    }
}

/// The address in the options, if there is one; an error if it is not valid.
fn typed_address(options: &ServerKeySetOptions) -> Result<Option<ServerAddress>, Error> {
    if options.port == Some(0) {
        return Err(Error::invalid("0 is no port that a cloud listens on").hint("leave --port out for 5683"));
    }
    if options.no_address && (options.host.is_some() || options.port.is_some()) {
        return Err(Error::invalid("--no-address writes no address, and one is given")
            .hint("leave out --no-address, or --host and --port"));
    }
    options.host.as_ref().map(|host| address_of(host, options.port.unwrap_or(0))).transpose()
}

fn refused(file: &Path, error: &KeyError) -> Error {
    let hint = match error {
        KeyError::PrivateKey => {
            "a cloud's private key belongs nowhere but into the cloud; make its public half with: \
             openssl pkey -in FILE -pubout -out server.pub.pem"
        }
        _ => {
            "a cloud's public key is RSA with 2048 bits, as DER or PEM; out of a dump of a DCT: \
             duo-provision dct restore FILE --fields server-public-key"
        }
    };
    Error::new(Code::ServerKeyInvalid, format!("{}: {error}", plain_path(file))).hint(hint)
}

fn unusable(file: &Path, error: &ServerAddressError) -> Error {
    Error::new(Code::ServerKeyInvalid, format!("{}: behind the key: {error}", plain_path(file)))
        .hint("say where the cloud is: add --host NAME; or --no-address for the firmware's own")
}

fn too_short() -> Error {
    Error::internal("the server's field was read short")
}
