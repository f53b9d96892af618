//! From the rooms' own errors to the one that leaves the crate: a code for each, and what to do about it.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use super::{ADDRESS_HINT, Code, Error, OWN_CLOUD_REFUSES, PASSPHRASE_HINT, SURROUNDINGS_PAGE, UDEV_BY_HAND};
use crate::bootloader::BootloaderGeneration;
use crate::bootloader::SessionError;
use crate::cloud::api_url::ApiUrlError;
use crate::cloud::device_port::PairingError;
use crate::cloud::failure::{CloudError, Unreachable};
use crate::cloud::handshake::Flaw;
use crate::cloud::network::NetworkError;
use crate::cloud::profile::ProfileError;
use crate::cloud::provisioning::RequestError;
use crate::cloud::reply::Refusal;
use crate::dct::{DeviceIdError, UnknownFieldError};
use crate::dfuse::DfuError;
use crate::disk::{FileError, plain_path};
use crate::fleet::ledger::LedgerError;
use crate::fleet::manifest::ManifestError;
use crate::journal::{JournalError, RecordError};
use crate::keys::{KeyError, Misread, PassphraseError, Slot};
use crate::usb::{NodeError, UsbError};

/// What helps against "Permission denied", whose causes no server tells apart.
const PERMISSION_HINT: &str = "this has several causes. The id is a name or mistyped: compare it with `duo-provision list`. \
    The Duo belongs to another account: its owner has to release it. The product id is wrong: a Duo's is 88. \
    The Duo was never provisioned at the factory: RedBear's guide says to send them the device id";

impl From<DeviceIdError> for Error {
    fn from(error: DeviceIdError) -> Self {
        let hint = match error {
            DeviceIdError::Empty => "the device id stands in the output of: duo-provision list",
            DeviceIdError::UsbId => "every Duo has that USB id; its own id is shown by: duo-provision list",
            DeviceIdError::Placeholder => {
                "put your Duo's own id in its place; it is shown by: duo-provision list"
            }
            _ => "a device id looks like 30001a000347343432313031 and is shown by: duo-provision list",
        };
        Self::new(Code::InvalidDeviceId, error.to_string()).hint(hint)
    }
}

impl From<PassphraseError> for Error {
    fn from(error: PassphraseError) -> Self {
        let hint = "a passphrase is the first line of its file, 1 to 1,024 bytes of UTF-8 text";
        Self::new(Code::PassphraseInvalid, error.to_string()).hint(hint)
    }
}

impl Error {
    /// A key file that holds no key that can be used.
    pub fn key_file(error: &KeyError, path: &Path) -> Self {
        let (code, hint) = match error {
            KeyError::Empty => (Code::KeyEmpty, "the file is empty; look for another backup"),
            KeyError::Truncated => {
                (Code::KeyTruncated, "the file is incomplete; copy it again, or look for another backup")
            }
            KeyError::Ec => (Code::KeyEc, "a Duo has an RSA key of 1024 bits"),
            KeyError::WrongSize { .. } => (
                Code::KeyWrongSize,
                "a Duo has a key of 1024 bits; one of 2048 bits may be the server's public key",
            ),
            KeyError::WrongExponent => {
                (Code::KeyWrongExponent, "make the key with the public exponent 65537")
            }
            KeyError::Encrypted => (Code::KeyEncrypted, PASSPHRASE_HINT),
            KeyError::WrongPassphrase => (Code::PassphraseWrong, "check the passphrase; nothing was touched"),
            KeyError::EncryptionScheme => (
                Code::KeyEncrypted,
                "encrypt it anew in the way that is known: openssl pkey -in FILE -aes256 -out NEW.pem",
            ),
            KeyError::TooMuchWork => {
                (Code::KeyEncrypted, "no program that means well asks for that; look for another backup")
            }
            KeyError::PublicKey => {
                (Code::KeyIsPublic, "a Duo needs the private key; its backups end in .der or .pem")
            }
            KeyError::Inconsistent(_) | KeyError::Malformed(_) | KeyError::BadPem(_) => {
                (Code::KeyInconsistent, "the file is damaged; look for another backup of this Duo")
            }
            KeyError::Zeros | KeyError::Blank => {
                (Code::KeyUnrecognized, "it was saved from a slot without a key; look for another backup")
            }
            KeyError::ResetImage => (
                Code::KeyUnrecognized,
                "to have the Duo make a new key: duo-provision reset. For its old key, look for another backup",
            ),
            KeyError::MisreadEc => {
                (Code::KeyEc, "take the key from what the Duo holds now: duo-provision list")
            }
            KeyError::MisreadPkcs8 => (
                Code::KeyMisreadByFirmware,
                "the Duo that it is of had a PKCS#8 key in its slot: save that with `duo-provision backup --raw`, then \
                 `duo-provision restore` that file, which writes it in the form that the firmware reads",
            ),
            _ => (
                Code::KeyUnrecognized,
                "a key file is PKCS#1, PKCS#8 or a public key, as DER or PEM, or a backup of this tool",
            ),
        };
        Self::new(code, format!("{}: {error}", plain_path(path))).hint(hint)
    }

    /// A key slot without a key that the firmware reads; `None` if it holds one.
    pub fn key_slot(slot: &Slot) -> Option<Self> {
        let (code, hint) = match slot {
            Slot::Key(_) => return None,
            Slot::Blank | Slot::ResetImage => (
                Code::KeySlotBlank,
                "press the button RESET: the Duo starts, and makes a key. In DFU mode again, save that key with `backup`, and tell its \
                 cloud with --from-device",
            ),
            Slot::Zeros => (
                Code::KeySlotZeroed,
                "the Duo never makes a key by itself while zeros are there; make it do so with: duo-provision reset",
            ),
            Slot::Pkcs8(_) => (
                Code::KeySlotPkcs8,
                "the key in it is sound: save it with `duo-provision backup --raw`, then `duo-provision restore` \
                 that file, which writes it in the form that the firmware reads",
            ),
            Slot::Pem(_) => (
                Code::KeySlotPem,
                "the key in it is sound: save it with `duo-provision backup --raw`, then `duo-provision restore` \
                 that file, which writes it in the form that the firmware reads",
            ),
            Slot::Misread(..) => (
                Code::KeySlotMisread,
                "save it with `duo-provision backup`, then `duo-provision restore` that file, \
                 which writes it in the form that the firmware reads",
            ),
            Slot::Ec => (
                Code::KeySlotEc,
                "restore a backup of this Duo, or let it make a new key with: duo-provision reset",
            ),
            Slot::WrongSize { .. } => (
                Code::KeySlotWrongSize,
                "restore a backup of this Duo, or let it make a new key with: duo-provision reset",
            ),
            Slot::Garbage(_) => (
                Code::KeySlotGarbage,
                "restore a backup of this Duo, or let it make a new key with: duo-provision reset",
            ),
        };
        Some(Self::new(code, format!("the key slot holds {slot}")).hint(hint))
    }
}

impl From<UnknownFieldError> for Error {
    fn from(error: UnknownFieldError) -> Self {
        Self::new(Code::InvalidArgument, error.to_string())
            .hint(format!("the fields are: {}", UnknownFieldError::known().join(", ")))
    }
}

impl From<Misread> for Error {
    fn from(error: Misread) -> Self {
        Self::new(Code::KeyMisreadByFirmware, format!("{error} from this key"))
            .hint("this key cannot be used in a Duo; choose another")
    }
}

impl From<UsbError> for Error {
    fn from(error: UsbError) -> Self {
        let (code, hint): (Code, Cow<'static, str>) = match &error {
            UsbError::AccessDenied => (Code::UsbAccessDenied, access_hint().into()),
            UsbError::Node(node) => {
                (Code::UsbAccessDenied, format!("{}; {SURROUNDINGS_PAGE}", node_hint(node)).into())
            }
            UsbError::Unavailable(_) => (
                Code::UsbUnavailable,
                "connect the Duo to a machine with USB (containers and servers often have none); provisioning \
                 without --from-device, inspect and demo work here"
                    .into(),
            ),
            UsbError::Busy => (
                Code::UsbBusy,
                "close the other program (dfu-util, a virtual machine, an IDE), then run the command again".into(),
            ),
            UsbError::WrongDriver(bcd_device) => {
                let generation = BootloaderGeneration::from_bcd_device(*bcd_device);
                let hint = driver_hint(generation.map(BootloaderGeneration::names_winusb));
                (Code::UsbWrongDriver, hint.into())
            }
            UsbError::NotConfigured => {
                (Code::UsbError, "unplug the Duo, plug it in again in DFU mode, and run the command again".into())
            }
            UsbError::Gone => {
                (Code::NoDevice, "leave the Duo connected in DFU mode and run the command again".into())
            }
            UsbError::NoServer(address, _) => {
                let start = format!("duo-provision simulate --usbip {}", address.port());
                (Code::UsbipUnreachable, format!("start one there, in another terminal: {start}").into())
            }
            UsbError::Server(_) => {
                (Code::UsbipUnreachable, "name the port at which `duo-provision simulate` listens".into())
            }
            UsbError::Other(_) => (Code::UsbError, "try another cable or USB port, without a hub".into()),
        };
        Self::new(code, error.to_string()).hint(hint).because(error)
    }
}

/// On Windows a device that another program has opened is "access denied", too.
fn access_hint() -> String {
    if cfg!(target_os = "linux") {
        format!(
            "let your user open it, once and for all: {UDEV_BY_HAND} (that rule is for whoever sits at this machine; for \
             others, over SSH, see docs/troubleshooting.md, \"Linux: who may open a Duo\")"
        )
    } else if cfg!(windows) {
        "close any other program that has opened it (dfu-util, a virtual machine, an IDE), and run the command again"
            .to_owned()
    } else {
        "run the command as a user who may open USB devices".to_owned()
    }
}

/// What lets a device be opened whose node says what stands in the way.
fn node_hint(node: &NodeError) -> String {
    match node {
        NodeError::NotListed(_) => {
            "let the container have USB devices: docker run -v /dev/bus/usb:/dev/bus/usb \
             --device-cgroup-rule 'c 189:* rmw'; a snap: sudo snap connect NAME:raw-usb"
                .to_owned()
        }
        NodeError::Missing(_) => {
            "let the container have all of them, since a Duo has another number whenever it restarts: \
             docker run -v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule 'c 189:* rmw'"
                .to_owned()
        }
        NodeError::Policy(_) => {
            "a policy such as SELinux's forbids it (sudo ausearch -m avc -ts recent says so); a container \
             is freed of it by: --security-opt label=disable"
                .to_owned()
        }
        NodeError::MappedRoot(_) => {
            format!("outside the container, let your own user open it, once and for all: {UDEV_BY_HAND}")
        }
    }
}

/// What gives a board the WinUSB driver, by whether its bootloader `names_winusb` to Windows by itself.
const fn driver_hint(names_winusb: Option<bool>) -> &'static str {
    match names_winusb {
        Some(false) => {
            "on Windows: bootloaders r3 and r4 do not tell Windows which driver they need. Start Zadig \
             (https://zadig.akeo.ie) with the Duo in DFU mode, choose \"Duo DFU Mode\" (Options, List All Devices), \
             choose WinUSB and install it; then run the command again"
        }
        Some(true) => {
            "on Windows: bootloaders r5 and r6 ask for the WinUSB driver by themselves, so another one was given to \
             this Duo, by hand or by Zadig. Do not use Zadig: in the Device Manager uninstall \"Duo DFU Mode\" together \
             with its driver, unplug the Duo, plug it in again in DFU mode, and run the command again"
        }
        None => {
            "on Windows: this bootloader is none of the Duo's (r3 to r6). If Windows gives it no driver by itself, \
             choose WinUSB for it with Zadig (https://zadig.akeo.ie), and run the command again"
        }
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        let (code, hint) = match error {
            SessionError::Usb(error) => return error.into(),
            SessionError::Cancelled { .. } => {
                return Self::new(Code::Interrupted, "stopped as asked");
            }
            SessionError::NoDct { .. }
            | SessionError::NameUnread { .. }
            | SessionError::SeveralDcts
            | SessionError::UnexpectedDct { .. }
            | SessionError::NoFunctional
            | SessionError::NotDfuSe { .. }
            | SessionError::Incapable { .. }
            | SessionError::UnknownGeneration { .. }
            | SessionError::Descriptor { .. }
            | SessionError::TransferSize { .. } => (
                Code::NotADuo,
                "this is not a RedBear Duo's bootloader as r3 to r6 are; nothing was read or written",
            ),
            SessionError::NoWholeDct { .. } => (
                Code::NotADuo,
                "use the application section in its place, which holds the keys: duo-provision dct backup, and dct restore \
                 with --fields",
            ),
            SessionError::NoBootloader { .. } | SessionError::Dfu(DfuError::PointerUnproven { .. }) => (
                Code::AddressUnproven,
                "run the same command again; if it ends like this every time, press RESET, put the Duo into DFU mode again, or \
                 try another cable or USB port",
            ),
            SessionError::Dfu(DfuError::Leaving) => (
                Code::DeviceFault,
                "the Duo is leaving DFU mode; put it back into DFU mode and run the command again",
            ),
            _ => (
                Code::DeviceFault,
                "unplug the Duo, put it into DFU mode again and run the same command; if that does not help, \
                 try another cable or USB port",
            ),
        };
        Self::new(code, error.to_string()).hint(hint).because(error)
    }
}

/// True if there is no room: on the disk, or in what the user may have of it.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        let (code, hint) = match &error {
            FileError::Exists(_) => (Code::FileExists, "choose another name"),
            FileError::NotFound(_) => (Code::FileNotFound, "check the path"),
            FileError::IsFolder(_) => (Code::FileUnreadable, "name the file itself"),
            FileError::NotUtf8(_) => (
                Code::InvalidArgument,
                "a name that is not UTF-8 can be neither printed nor typed again, and nothing was touched: give the file or \
                 the folder another name",
            ),
            FileError::NameTooLong(_) => (
                Code::InvalidArgument,
                "choose a shorter name: .pub.pem and .json files stand beside a backup",
            ),
            FileError::NotOnWindows { .. } => (Code::InvalidArgument, "give the file another name"),
            FileError::NotAFolder(_) => {
                (Code::FileNotWritable, "name a folder for the backups with --archive DIR")
            }
            FileError::NotAFile(_) => {
                (Code::FileUnreadable, "save it to a file first; a token can come from standard input (-)")
            }
            FileError::TooLarge { .. } => {
                (Code::KeyUnrecognized, "this is far larger than what is expected there; check the path")
            }
            FileError::Unreadable { .. } => (Code::FileUnreadable, "check the file's permissions"),
            FileError::NotWritable { source, .. } if is_full(source) => {
                (Code::FileNotWritable, "make room on the disk, or choose another folder with --archive DIR")
            }
            FileError::NotWritable { .. } => (
                Code::FileNotWritable,
                "choose a folder that you may write to (for automatic backups: --archive DIR)",
            ),
            FileError::ReadBackDiffers(_) => {
                (Code::FileNotWritable, "this disk does not keep what is written to it; choose another")
            }
        };
        Self::new(code, error.to_string()).hint(hint).because(error)
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        let aside = |path: &Path| {
            format!(
                "move {path} elsewhere and run the command again; what was in flight is then not known any more: look \
                 at each Duo with `duo-provision list`, and at what was saved with `duo-provision backups`",
                path = plain_path(path)
            )
        };
        let (code, hint) = match &error {
            JournalError::NoPlace => (Code::JournalUnwritable, JOURNAL_ELSEWHERE.to_owned()),
            JournalError::Invalid { bad, .. } if matches!(bad.reason, RecordError::Newer(_)) => {
                (Code::JournalInvalid, "use that version, or a later one".to_owned())
            }
            JournalError::Invalid { path, .. } | JournalError::TooLarge(path) => {
                (Code::JournalInvalid, aside(path))
            }
            JournalError::NotAFile(path) => (Code::JournalUnwritable, aside(path)),
            JournalError::Locked(_) => (
                Code::JournalUnwritable,
                "wait until the other duo-provision has ended, and run the command again".to_owned(),
            ),
            JournalError::Unreadable { .. } => {
                (Code::FileUnreadable, "check the permissions of the file and its folder".to_owned())
            }
            JournalError::Unwritable { source, .. }
            | JournalError::Folder(FileError::NotWritable { source, .. })
                if is_full(source) =>
            {
                (Code::JournalUnwritable, format!("make room on the disk, or {JOURNAL_ELSEWHERE}"))
            }
            JournalError::Folder(FileError::NotUtf8(_) | FileError::NotOnWindows { .. }) => {
                (Code::JournalUnwritable, JOURNAL_ELSEWHERE.to_owned())
            }
            JournalError::Unwritable { .. } | JournalError::Folder(_) => (
                Code::JournalUnwritable,
                format!("check the permissions of the file and its folder, or {JOURNAL_ELSEWHERE}"),
            ),
        };
        Self::new(code, error.to_string()).hint(hint).because(error)
    }
}

/// What moves the journal, by the data directories of `archive/location.rs`.
const JOURNAL_ELSEWHERE: &str = if cfg!(windows) {
    "set LOCALAPPDATA to a folder that you may write to"
} else if cfg!(target_os = "macos") {
    "set HOME to a folder that you may write to"
} else {
    "set XDG_DATA_HOME to a folder that you may write to"
};

impl From<ManifestError> for Error {
    fn from(error: ManifestError) -> Self {
        let code = match &error {
            ManifestError::Unreadable(_) => Code::FileUnreadable,
            _ => Code::FleetManifestInvalid,
        };
        Self::new(code, error.to_string()).hint(
            "a list of devices is CSV with a column device_id, a JSON array, or JSON lines; see docs/many.md. Nothing was \
             sent",
        )
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        let (code, hint) = match &error {
            LedgerError::Running(_) => {
                (Code::FleetRunning, "wait until it has ended, or stop it; the same command then goes on")
            }
            LedgerError::Invalid { .. } => (
                Code::LedgerInvalid,
                "name the ledger with --ledger FILE; one that is damaged can be moved away, and then all devices are sent \
                 once more, which does no harm",
            ),
            LedgerError::Unwritable { .. } => (
                Code::LedgerUnwritable,
                "make room on the disk, or name another place with --ledger FILE; the same command then goes on",
            ),
            LedgerError::File(_) => (
                Code::LedgerUnwritable,
                "name a file in a folder that you may write to with --ledger FILE; nothing was sent",
            ),
        };
        let code = match &error {
            LedgerError::File(FileError::NotFound(_)) => Code::FileNotFound,
            _ => code,
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

impl From<ApiUrlError> for Error {
    fn from(error: ApiUrlError) -> Self {
        let (code, hint) = match error {
            ApiUrlError::PlainHttp { .. } => (
                Code::PlainHttpRefused,
                "use https://, or add --allow-http if it is your own cloud on a network you trust",
            ),
            _ => (
                Code::ApiUrlInvalid,
                "an API URL looks like https://api.particle.io or http://localhost:8080",
            ),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

impl From<ProfileError> for Error {
    fn from(error: ProfileError) -> Self {
        let message = format!("particle-cli's login: {error}");
        match error {
            ProfileError::ApiUrl { .. } => Self::new(Code::ApiUrlInvalid, message)
                .hint("give the login a whole URL, http://HOST:8080 for one"),
            _ => Self::new(Code::TokenInvalid, message)
                .hint("log in again with particle-cli, or give the token with --token-file FILE"),
        }
    }
}

impl From<NetworkError> for Error {
    fn from(error: NetworkError) -> Self {
        let (code, hint) = match &error {
            NetworkError::NoRoots { named, .. } if !named.is_empty() => {
                let hint = format!("correct or unset {}", named.join(" and "));
                return Self::new(Code::CloudNoRoots, error.to_string()).hint(hint);
            }
            NetworkError::NoRoots { .. } => (
                Code::CloudNoRoots,
                "install the package ca-certificates, or point SSL_CERT_FILE at a bundle",
            ),
            NetworkError::ExtraRoots { .. } => (Code::CloudNoRoots, "correct or unset NODE_EXTRA_CA_CERTS"),
            NetworkError::Proxy => (Code::CloudUnreachable, "correct or unset HTTPS_PROXY"),
            NetworkError::Setup(_) => (Code::Internal, "please report this"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        Self::new(Code::Internal, error.to_string())
    }
}

impl From<CloudError> for Error {
    fn from(error: CloudError) -> Self {
        let (code, hint) = match error {
            CloudError::ApiUrl(error) => return error.into(),
            CloudError::Network(error) => return error.into(),
            CloudError::Refused(refusal) => return refusal.into(),
            CloudError::Unreachable {
                reason: Unreachable::Tls(ref problem), ref host, ref roots, ..
            } => {
                let hint = problem.remedy(host, roots);
                return Self::new(Code::CloudTls, error.to_string()).hint(hint);
            }
            CloudError::Unreachable { .. } => {
                (Code::CloudUnreachable, "check the network and --api-url, then run the command again")
            }
            CloudError::OutcomeUnknown { .. } => (
                Code::CloudOutcomeUnknown,
                "run the same command again: sending the same key twice does no harm",
            ),
            CloudError::NoAnswer { .. } => {
                (Code::CloudUnreachable, "run the command again; asking changes nothing")
            }
            CloudError::Cancelled { sent: true } => (
                Code::Interrupted,
                "whether the cloud took the key is not known; run the same command again to be sure",
            ),
            CloudError::Cancelled { sent: false } => (Code::Interrupted, "nothing was sent"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (code, hint) = match &refusal {
            Refusal::PermissionDenied { .. }
            | Refusal::UnknownDevice { .. }
            | Refusal::UnlistedDevice { .. } => (Code::CloudPermissionDenied, PERMISSION_HINT),
            Refusal::TokenInvalid { .. } => {
                (Code::CloudTokenInvalid, "copy the access token again, or log in again with particle-cli")
            }
            Refusal::TokenExpired { .. } => (Code::CloudTokenExpired, "log in again for a new access token"),
            Refusal::NotFound { .. } => (Code::CloudNotFound, "check --api-url and the device id"),
            Refusal::KeyRejected { .. } => {
                (Code::CloudKeyRejected, "look at the key with: duo-provision inspect FILE")
            }
            Refusal::RateLimited { .. } => {
                (Code::CloudRateLimited, "wait a minute, then run the command again")
            }
            Refusal::Timeout | Refusal::ServerError { .. } => {
                (Code::CloudUnavailable, "wait a minute, then run the command again")
            }
            Refusal::Redirect { .. } | Refusal::Unexpected { .. } | Refusal::TooLarge { .. } => (
                Code::CloudUnexpectedReply,
                "check --api-url: something else than a Particle cloud seems to answer there (a proxy, a login page?)",
            ),
            Refusal::OtherDevice { .. } => (
                Code::CloudUnexpectedReply,
                "run the command again; if it stays so, report it to the cloud's operator",
            ),
            Refusal::Refused { .. } => (Code::CloudRefused, "the cloud's own words say why"),
        };
        Self::new(code, refusal.to_string()).hint(hint)
    }
}

/// What to do where the cloud does not know the device by its key.
const PAIR_HINT: &str =
    "tell the cloud the key that is in the Duo, or give the Duo the key that the cloud knows";

impl From<PairingError> for Error {
    fn from(error: PairingError) -> Self {
        let (code, hint) = match &error {
            PairingError::Unreachable { .. } => (Code::CloudUnreachable, ADDRESS_HINT),
            PairingError::NoNonce(_) => (
                Code::CloudUnexpectedReply,
                "devices connect to a port of their own, 5683 unless told otherwise: give it with --port",
            ),
            PairingError::Closed(_) => {
                let hint = format!("{PAIR_HINT}; or, {OWN_CLOUD_REFUSES}");
                return Self::new(Code::PairingRefused, closed(&error)).hint(hint);
            }
            PairingError::Unanswered(_) | PairingError::CutShort(_) => {
                (Code::CloudOutcomeUnknown, "run the command again; nothing was changed anywhere")
            }
            PairingError::Flawed { flaw: Flaw::OtherDeviceKey, .. } => (Code::PairingBroken, PAIR_HINT),
            PairingError::Flawed { flaw: Flaw::ForeignServer, .. } => (
                Code::ServerKeyMismatch,
                "the Duo is meant for another cloud than the one at this address; compare both",
            ),
            PairingError::Key(_) => (Code::Internal, "this is a defect; please report it"),
            PairingError::Cancelled => return Self::new(Code::Interrupted, "stopped as asked"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

/// What a connection that was closed instead of an answer may mean.
fn closed(error: &PairingError) -> String {
    let PairingError::Closed(port) = error else { return error.to_string() };
    format!(
        "{port} closed the connection instead of answering: its server key is another than the Duo's, or it does not know \
         this device, or knows it by another public key (a cloud does not say which)"
    )
}
