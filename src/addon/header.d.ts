/** The stable names of errors: `err.code`, and `code` in `--json` output. */
export type ErrorCode =
  | 'INTERNAL'
  | 'INVALID_ARGUMENT'
  | 'INVALID_DEVICE_ID'
  | 'KEY_UNRECOGNIZED'
  | 'KEY_EMPTY'
  | 'KEY_TRUNCATED'
  | 'KEY_EC'
  | 'KEY_WRONG_SIZE'
  | 'KEY_WRONG_EXPONENT'
  | 'KEY_ENCRYPTED'
  | 'PASSPHRASE_MISSING'
  | 'PASSPHRASE_INVALID'
  | 'PASSPHRASE_WRONG'
  | 'KEY_INCONSISTENT'
  | 'KEY_IS_PUBLIC'
  | 'KEY_MISREAD_BY_FIRMWARE'
  | 'SERVER_KEY_INVALID'
  | 'DUMP_UNUSABLE'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_MISMATCH'
  | 'TOKEN_MISSING'
  | 'TOKEN_INVALID'
  | 'API_URL_INVALID'
  | 'PLAIN_HTTP_REFUSED'
  | 'CONFIRMATION_REFUSED'
  | 'CONFIRMATION_REQUIRED'
  | 'NO_DEVICE'
  | 'SEVERAL_DEVICES'
  | 'WRONG_DEVICE'
  | 'DEVICE_ID_UNVERIFIABLE'
  | 'KEY_OF_OTHER_DEVICE'
  | 'USB_UNAVAILABLE'
  | 'USB_ACCESS_DENIED'
  | 'USB_BUSY'
  | 'USB_WRONG_DRIVER'
  | 'USBIP_UNREACHABLE'
  | 'USB_ERROR'
  | 'NOT_A_DUO'
  | 'DEVICE_FAULT'
  | 'DCT_UNREADABLE'
  | 'READ_UNSTABLE'
  | 'ADDRESS_UNPROVEN'
  | 'WRITE_FAILED'
  | 'LEAVE_FAILED'
  | 'KEY_SLOT_BLANK'
  | 'KEY_SLOT_ZEROED'
  | 'KEY_SLOT_PKCS8'
  | 'KEY_SLOT_PEM'
  | 'KEY_SLOT_MISREAD'
  | 'KEY_SLOT_EC'
  | 'KEY_SLOT_WRONG_SIZE'
  | 'KEY_SLOT_GARBAGE'
  | 'SERVER_KEY_SLOT_INVALID'
  | 'KEY_WRONG'
  | 'KEY_STATE_UNKNOWN'
  | 'FIELD_WRONG'
  | 'FIELD_STATE_UNKNOWN'
  | 'DCT_WRONG'
  | 'CLOUD_PERMISSION_DENIED'
  | 'CLOUD_TOKEN_INVALID'
  | 'CLOUD_TOKEN_EXPIRED'
  | 'CLOUD_KEY_REJECTED'
  | 'CLOUD_NOT_FOUND'
  | 'CLOUD_REFUSED'
  | 'PAIRING_REFUSED'
  | 'PAIRING_BROKEN'
  | 'SERVER_KEY_MISMATCH'
  | 'CLOUD_UNREACHABLE'
  | 'CLOUD_OUTCOME_UNKNOWN'
  | 'CLOUD_TLS'
  | 'CLOUD_NO_ROOTS'
  | 'CLOUD_RATE_LIMITED'
  | 'CLOUD_UNAVAILABLE'
  | 'PAIRING_UNPROVEN'
  | 'CLOUD_UNEXPECTED_REPLY'
  | 'FILE_NOT_FOUND'
  | 'FILE_EXISTS'
  | 'FILE_UNREADABLE'
  | 'FILE_NOT_WRITABLE'
  | 'JOURNAL_INVALID'
  | 'JOURNAL_UNWRITABLE'
  | 'SIMULATOR_FAILED'
  | 'ROOT_REQUIRED'
  | 'UDEV_FAILED'
  | 'UDEV_UNAVAILABLE'
  | 'INTERRUPTED'

/** The kind of thing in a key slot. */
export type KeySlotKind =
  | 'key'
  | 'blank'
  | 'reset'
  | 'zeros'
  | 'pkcs8'
  | 'pem'
  | 'misread'
  | 'ec'
  | 'wrong-size'
  | 'garbage'

/** Why a key is taken to be a Duo's. */
export type KeyEvidence = 'manifest' | 'archive' | 'dump' | 'public-key-slot' | 'allowed-other-device' | 'none'

/** What stands in a backup. */
export type BackupContents = 'private-key' | 'encrypted-private-key' | 'raw-slot' | 'dct' | 'whole-dct'

/** What kind of thing a file is. */
export type FileKind = 'private-key' | 'public-key' | 'server-key' | 'dct' | 'manifest'

/**
 * What a dump of a DCT is of: the application section alone; 16 KiB from its beginning; 16,350 bytes from the private
 * key on; one copy of the DCT; both.
 */
export type DctDumpKind = 'section' | 'from-start' | 'from-private-key' | 'one-copy' | 'whole'

/** What is in the place of a copy of a DCT. */
export type DctHalfKind = 'copy' | 'erased' | 'other'

/** Bootloaders that agree about which copy of a DCT counts. */
export type DctReader = 'r3-r5' | 'r6'

/** A step of an operation. */
export type PhaseName =
  | 'find'
  | 'wait'
  | 'enter-dfu'
  | 'read'
  | 'read-dct'
  | 'backup'
  | 'confirm'
  | 'write'
  | 'verify'
  | 'reconcile'
  | 'leave'
  | 'send'
  | 'ask'
  | 'greet'
  | 'handshake'

/** How far a transfer is; particle-usb's names. */
export type TransferEvent =
  | 'start-upload'
  | 'uploaded'
  | 'complete-upload'
  | 'start-download'
  | 'downloaded'
  | 'complete-download'
  | 'failed-download'

/** `err.name`: that of particle-usb's class where it means the same, else `DuoProvisionError`. */
export type ErrorName =
  | 'DuoProvisionError'
  | 'NotFoundError'
  | 'NotAllowedError'
  | 'UsbError'
  | 'DeviceError'
  | 'InternalError'

/** What every function of this package throws. */
export interface DuoProvisionError extends Error {
  name: ErrorName
  /** The stable name. */
  code: ErrorCode
  /** The exit code of the command line. */
  exitCode: number
  /** The next thing to type or do. */
  hint?: string
  /** What was being done. */
  phase?: string
  /** The Duo. */
  device?: string
  /** What is known of the Duo's key. */
  keyState?: 'unchanged' | 'written' | 'wrong' | 'unknown'
}

