//! Converts the rooms' own errors to the one that leaves the crate: a code for each, and what to do about it.

mod cloud;
mod usb;

use std::io;
use std::path::Path;

use super::{Code, Error, PASSPHRASE_HINT};
use crate::dct::{DeviceIdError, UnknownFieldError};
use crate::disk::{FileError, plain_path};
use crate::fleet::ledger::LedgerError;
use crate::fleet::manifest::ManifestError;
use crate::journal::{JournalError, RecordError};
use crate::keys::{KeyError, Misread, PassphraseError, Slot};

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

/// The hint if a slot holds a key in a form that the firmware cannot read.
const SOUND_KEY_HINT: &str = "the key in it is sound: save it with `duo-provision backup --raw`, then `duo-provision restore` \
    that file, which writes it in the form that the firmware reads";

/// The hint if a slot holds no key for a Duo.
const NO_KEY_HINT: &str = "restore a backup of this Duo, or let it make a new key with: duo-provision reset";

impl Error {
    /// A key file without a usable key.
    pub fn key_file(error: &KeyError, path: &Path) -> Self {
        let (code, hint) = match error {
            KeyError::Empty => (Code::KeyEmpty, "the file is empty; look for another backup"),
            KeyError::Truncated => {
                (Code::KeyTruncated, "the file is incomplete; copy it again, or look for another backup")
            }
            KeyError::Ec => (Code::KeyEc, "a Duo has an RSA key of 1024 bits"),
            KeyError::WrongSize(_) => (
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
            Slot::Pkcs8(_) => (Code::KeySlotPkcs8, SOUND_KEY_HINT),
            Slot::Pem(_) => (Code::KeySlotPem, SOUND_KEY_HINT),
            Slot::Misread(..) => (
                Code::KeySlotMisread,
                "save it with `duo-provision backup`, then `duo-provision restore` that file, \
                 which writes it in the form that the firmware reads",
            ),
            Slot::Ec => (Code::KeySlotEc, NO_KEY_HINT),
            Slot::WrongSize(_) => (Code::KeySlotWrongSize, NO_KEY_HINT),
            Slot::Garbage(_) => (Code::KeySlotGarbage, NO_KEY_HINT),
        };
        Some(Self::new(code, format!("the key slot holds {slot}")).hint(hint))
    }
}

impl From<UnknownFieldError> for Error {
    fn from(error: UnknownFieldError) -> Self {
        Self::invalid(error.to_string())
            .hint(format!("the fields are: {}", UnknownFieldError::known().join(", ")))
    }
}

impl From<Misread> for Error {
    fn from(error: Misread) -> Self {
        Self::new(Code::KeyMisreadByFirmware, format!("{error} from this key"))
            .hint("this key cannot be used in a Duo; choose another")
    }
}

/// True if there is no room: the disk is full, or the user's quota is used up.
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

/// How to move the journal: the data directories are those of `disk/user_folder.rs`.
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
