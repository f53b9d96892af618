//! Lists the outcomes of an operation: the codes of the errors with their exit codes, and what is known of the device's
//! key. Each list is declared only here.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal => $exit:expr;)+) => {
        /// The stable names of errors: `err.code`, and `code` in `--json` output.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename = "ErrorCode")]
        pub enum Code { $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+ }

        impl Code {
            /// Every code, in the order of the exit codes.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The name in capitals, `NO_DEVICE`.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            /// What the code means, in a sentence or two.
            pub const fn explanation(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),+),)+ }
            }

            /// The exit code of the command line for it; see [`exit`].
            pub const fn exit_code(self) -> u8 {
                match self { $(Code::$variant => $exit,)+ }
            }
        }
    };
}

/// The exit codes of the command line, one for each kind of thing to do next.
pub mod exit {
    /// Done.
    pub const DONE: u8 = 0;
    /// A defect in this program.
    pub const INTERNAL: u8 = 1;
    /// Arguments, the contents of a given file, a missing token, plain HTTP, a refused confirmation.
    pub const USAGE: u8 = 2;
    /// No device, several, or the wrong one.
    pub const DEVICE: u8 = 3;
    /// USB access: permission, busy, driver, no USB at all.
    pub const USB: u8 = 4;
    /// The device is at fault. Its key is unchanged or, if only leaving DFU mode failed, the requested one.
    pub const FAULT: u8 = 5;
    /// The device's key, or another field that was written, is wrong or its state is unknown. The command that recovers
    /// it is printed.
    pub const KEY: u8 = 6;
    /// The cloud refused.
    pub const REFUSED: u8 = 7;
    /// Anything else about the cloud.
    pub const CLOUD: u8 = 8;
    /// Files and the system: missing, unreadable, exists, full.
    pub const SYSTEM: u8 = 9;
    /// Of many, some are not done.
    pub const SOME: u8 = 10;
    /// Stopped by the user.
    pub const INTERRUPTED: u8 = 130;
}

codes! {
    /// A defect in duo-provision itself.
    Internal = "INTERNAL" => exit::INTERNAL;

    /// An argument or option is unknown, missing or out of range.
    InvalidArgument = "INVALID_ARGUMENT" => exit::USAGE;
    /// The device id is not 24 hexadecimal digits.
    InvalidDeviceId = "INVALID_DEVICE_ID" => exit::USAGE;
    /// The format of the key file is unknown.
    KeyUnrecognized = "KEY_UNRECOGNIZED" => exit::USAGE;
    /// The key file is empty.
    KeyEmpty = "KEY_EMPTY" => exit::USAGE;
    /// The key file ends before the key does.
    KeyTruncated = "KEY_TRUNCATED" => exit::USAGE;
    /// The key file holds an elliptic-curve key; the Duo takes RSA only.
    KeyEc = "KEY_EC" => exit::USAGE;
    /// The RSA key does not have 1024 bits.
    KeyWrongSize = "KEY_WRONG_SIZE" => exit::USAGE;
    /// The RSA key's public exponent is not 65537.
    KeyWrongExponent = "KEY_WRONG_EXPONENT" => exit::USAGE;
    /// The key file is encrypted, and there is no passphrase, or the encryption is not supported.
    KeyEncrypted = "KEY_ENCRYPTED" => exit::USAGE;
    /// Encryption needs a passphrase, and there is none.
    PassphraseMissing = "PASSPHRASE_MISSING" => exit::USAGE;
    /// The passphrase cannot be used: it is empty, too long, or cannot be typed.
    PassphraseInvalid = "PASSPHRASE_INVALID" => exit::USAGE;
    /// The passphrase does not open the key file.
    PassphraseWrong = "PASSPHRASE_WRONG" => exit::USAGE;
    /// The key is damaged: its numbers do not belong together.
    KeyInconsistent = "KEY_INCONSISTENT" => exit::USAGE;
    /// The file holds a public key, and a private key is needed.
    KeyIsPublic = "KEY_IS_PUBLIC" => exit::USAGE;
    /// The Duo's firmware would read wrong numbers from this key.
    KeyMisreadByFirmware = "KEY_MISREAD_BY_FIRMWARE" => exit::USAGE;
    /// The file does not hold a cloud's public key.
    ServerKeyInvalid = "SERVER_KEY_INVALID" => exit::USAGE;
    /// This dump of a DCT cannot be restored: it is for another bootloader, or lacks what was asked for.
    DumpUnusable = "DUMP_UNUSABLE" => exit::USAGE;
    /// The manifest beside a key file cannot be read.
    ManifestInvalid = "MANIFEST_INVALID" => exit::USAGE;
    /// The manifest beside a key file does not match the file.
    ManifestMismatch = "MANIFEST_MISMATCH" => exit::USAGE;
    /// No access token was given or found.
    TokenMissing = "TOKEN_MISSING" => exit::USAGE;
    /// The access token is malformed.
    TokenInvalid = "TOKEN_INVALID" => exit::USAGE;
    /// The API URL cannot be used.
    ApiUrlInvalid = "API_URL_INVALID" => exit::USAGE;
    /// The access token would cross the network unencrypted.
    PlainHttpRefused = "PLAIN_HTTP_REFUSED" => exit::USAGE;
    /// The Duo's server key belongs to another cloud than the one of the API URL.
    OtherCloud = "OTHER_CLOUD" => exit::USAGE;
    /// The list of devices has mistakes; nothing was sent.
    FleetManifestInvalid = "FLEET_MANIFEST_INVALID" => exit::USAGE;
    /// A key file of the list has changed since the list was checked; its key was not sent.
    FleetKeyChanged = "FLEET_KEY_CHANGED" => exit::USAGE;
    /// The answer to the question before the write was not yes.
    ConfirmationRefused = "CONFIRMATION_REFUSED" => exit::USAGE;
    /// There is no terminal for the question, and `--yes` was not typed.
    ConfirmationRequired = "CONFIRMATION_REQUIRED" => exit::USAGE;
    /// This operation left more open than what a cloud knows, so it cannot be dismissed; it has to be settled.
    CannotDismiss = "CANNOT_DISMISS" => exit::USAGE;

    /// No Duo in DFU mode was found.
    NoDevice = "NO_DEVICE" => exit::DEVICE;
    /// More than one Duo was found, and none was chosen.
    SeveralDevices = "SEVERAL_DEVICES" => exit::DEVICE;
    /// The Duo found is not the one asked for.
    WrongDevice = "WRONG_DEVICE" => exit::DEVICE;
    /// A bootloader r3 or r4 does not tell its device id, so the port has to be named.
    DeviceIdUnverifiable = "DEVICE_ID_UNVERIFIABLE" => exit::DEVICE;
    /// The key is known to be another device's.
    KeyOfOtherDevice = "KEY_OF_OTHER_DEVICE" => exit::DEVICE;

    /// USB cannot be used on this machine.
    UsbUnavailable = "USB_UNAVAILABLE" => exit::USB;
    /// The operating system does not let this user open the device.
    UsbAccessDenied = "USB_ACCESS_DENIED" => exit::USB;
    /// Another program is using the device.
    UsbBusy = "USB_BUSY" => exit::USB;
    /// The device is bound to a driver that cannot be used.
    UsbWrongDriver = "USB_WRONG_DRIVER" => exit::USB;
    /// The USB/IP server named with `--usbip` cannot be used.
    UsbipUnreachable = "USBIP_UNREACHABLE" => exit::USB;
    /// Any other failure of the USB driver.
    UsbError = "USB_ERROR" => exit::USB;

    /// The device's descriptors are not those of a Duo's bootloader.
    NotADuo = "NOT_A_DUO" => exit::FAULT;
    /// The device stopped answering as it should; its key has not been changed.
    DeviceFault = "DEVICE_FAULT" => exit::FAULT;
    /// The whole DCT reads as zeros, or as 0xFF: the device cannot read it at the moment.
    DctUnreadable = "DCT_UNREADABLE" => exit::FAULT;
    /// Two reads of the same bytes differ.
    ReadUnstable = "READ_UNSTABLE" => exit::FAULT;
    /// Nothing shows that the Duo reads and writes at the address it is given; nothing was written.
    AddressUnproven = "ADDRESS_UNPROVEN" => exit::FAULT;
    /// The device did not write; a read-back shows the key that was there before.
    WriteFailed = "WRITE_FAILED" => exit::FAULT;
    /// The key is in place and verified, but the device did not leave DFU mode.
    LeaveFailed = "LEAVE_FAILED" => exit::FAULT;
    /// The key slot is blank; the Duo makes a key at its next start.
    KeySlotBlank = "KEY_SLOT_BLANK" => exit::FAULT;
    /// The key slot holds zeros, which the firmware takes for a key.
    KeySlotZeroed = "KEY_SLOT_ZEROED" => exit::FAULT;
    /// The key slot holds a PKCS#8 key, which the firmware misreads.
    KeySlotPkcs8 = "KEY_SLOT_PKCS8" => exit::FAULT;
    /// The key slot holds PEM text, which the firmware cannot read.
    KeySlotPem = "KEY_SLOT_PEM" => exit::FAULT;
    /// The key slot holds a sound key in a form that the firmware misreads.
    KeySlotMisread = "KEY_SLOT_MISREAD" => exit::FAULT;
    /// The key slot holds an elliptic-curve key.
    KeySlotEc = "KEY_SLOT_EC" => exit::FAULT;
    /// The key slot holds an RSA key of another size.
    KeySlotWrongSize = "KEY_SLOT_WRONG_SIZE" => exit::FAULT;
    /// The key slot holds data that is not a key.
    KeySlotGarbage = "KEY_SLOT_GARBAGE" => exit::FAULT;
    /// The Duo holds no public key of a cloud.
    ServerKeySlotInvalid = "SERVER_KEY_SLOT_INVALID" => exit::FAULT;

    /// The device's key is neither the old one nor the new one.
    KeyWrong = "KEY_WRONG" => exit::KEY;
    /// A write began, and its outcome is unknown.
    KeyStateUnknown = "KEY_STATE_UNKNOWN" => exit::KEY;
    /// A field of the DCT, other than the key, holds neither what was there nor what was written.
    FieldWrong = "FIELD_WRONG" => exit::KEY;
    /// A write to a field of the DCT, other than the key, began, and its outcome is unknown.
    FieldStateUnknown = "FIELD_STATE_UNKNOWN" => exit::KEY;
    /// The whole DCT is neither what was there nor the image that was to be written.
    DctWrong = "DCT_WRONG" => exit::KEY;

    /// The cloud does not permit this account to provision this device.
    CloudPermissionDenied = "CLOUD_PERMISSION_DENIED" => exit::REFUSED;
    /// The cloud does not know the access token.
    CloudTokenInvalid = "CLOUD_TOKEN_INVALID" => exit::REFUSED;
    /// The access token has expired.
    CloudTokenExpired = "CLOUD_TOKEN_EXPIRED" => exit::REFUSED;
    /// The cloud did not accept the public key.
    CloudKeyRejected = "CLOUD_KEY_REJECTED" => exit::REFUSED;
    /// The cloud does not know the address or the device.
    CloudNotFound = "CLOUD_NOT_FOUND" => exit::REFUSED;
    /// The cloud refused for another reason.
    CloudRefused = "CLOUD_REFUSED" => exit::REFUSED;
    /// The cloud turned the device away: it has another server key, or another public key for this device.
    PairingRefused = "PAIRING_REFUSED" => exit::REFUSED;
    /// The cloud's public key for the device does not match the Duo's private key.
    PairingBroken = "PAIRING_BROKEN" => exit::REFUSED;
    /// The server that answered does not have the server key that the Duo names.
    ServerKeyMismatch = "SERVER_KEY_MISMATCH" => exit::REFUSED;

    /// The cloud could not be reached; nothing was sent.
    CloudUnreachable = "CLOUD_UNREACHABLE" => exit::CLOUD;
    /// The request may have reached the cloud, but its answer did not come back.
    CloudOutcomeUnknown = "CLOUD_OUTCOME_UNKNOWN" => exit::CLOUD;
    /// The server's TLS certificate was not accepted; nothing was sent.
    CloudTls = "CLOUD_TLS" => exit::CLOUD;
    /// No root certificates were found on this machine.
    CloudNoRoots = "CLOUD_NO_ROOTS" => exit::CLOUD;
    /// The cloud asked for fewer requests, until the deadline.
    CloudRateLimited = "CLOUD_RATE_LIMITED" => exit::CLOUD;
    /// The cloud answered with a server error until the deadline.
    CloudUnavailable = "CLOUD_UNAVAILABLE" => exit::CLOUD;
    /// The cloud accepted the key, but nothing has proven that it and the device's key are a pair.
    PairingUnproven = "PAIRING_UNPROVEN" => exit::CLOUD;
    /// The cloud's answer is not one that its API gives.
    CloudUnexpectedReply = "CLOUD_UNEXPECTED_REPLY" => exit::CLOUD;

    /// A file or folder does not exist.
    FileNotFound = "FILE_NOT_FOUND" => exit::SYSTEM;
    /// The file is there already; nothing is ever overwritten.
    FileExists = "FILE_EXISTS" => exit::SYSTEM;
    /// A file cannot be read.
    FileUnreadable = "FILE_UNREADABLE" => exit::SYSTEM;
    /// A file cannot be written.
    FileNotWritable = "FILE_NOT_WRITABLE" => exit::SYSTEM;
    /// This version cannot read a line of the journal of operations.
    JournalInvalid = "JOURNAL_INVALID" => exit::SYSTEM;
    /// The journal of operations cannot be kept, so nothing is written to a device.
    JournalUnwritable = "JOURNAL_UNWRITABLE" => exit::SYSTEM;
    /// Another process is using the same ledger.
    FleetRunning = "FLEET_RUNNING" => exit::SYSTEM;
    /// The file is not a ledger, or a line of it cannot be read.
    LedgerInvalid = "LEDGER_INVALID" => exit::SYSTEM;
    /// The ledger cannot be kept, so nothing more is sent.
    LedgerUnwritable = "LEDGER_UNWRITABLE" => exit::SYSTEM;
    /// A simulated Duo or cloud could not be started.
    SimulatorFailed = "SIMULATOR_FAILED" => exit::SYSTEM;

    /// Only root can do this.
    RootRequired = "ROOT_REQUIRED" => exit::SYSTEM;
    /// The udev rule is in place, but udev could not be made to reload its rules.
    UdevFailed = "UDEV_FAILED" => exit::SYSTEM;
    /// This system has no udev.
    UdevUnavailable = "UDEV_UNAVAILABLE" => exit::SYSTEM;

    /// Stopped by the user.
    Interrupted = "INTERRUPTED" => exit::INTERRUPTED;
}

/// What is known of the Duo's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "KeyState", rename_all = "kebab-case")]
pub enum KeyState {
    /// Nothing was written to the device, or the old bytes are still there.
    Unchanged,
    /// The new key is in place: it was read back and compared.
    Written,
    /// It is neither the old key nor the new one.
    Wrong,
    /// A write began, and its outcome could not be learned.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_a_name_of_its_own_and_an_explanation() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.explanation().trim().ends_with('.')));
    }
}
