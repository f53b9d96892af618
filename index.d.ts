/** Where the address after a cloud's key comes from. */
export type AddressSource =
  /** It is Particle's own address, with Particle's own key. */
  | 'built-in'
  /** The file has it after the key. */
  | 'file'
  /** It was given as an option. */
  | 'options'
  /** It is the one that the Duo already had. */
  | 'kept'
  /** There is no address, and the firmware uses its own. */
  | 'none'

/** The results of all Duos. Fulfilled even if some are not done: the counts say so. */
export interface AllBackupResult {
  /** How many Duos have which outcome. */
  counts: AllCounts
  /** Each Duo, ordered by path. */
  duos: Array<OneBackupResult>
  /** Why it was ended early. */
  stoppedBy?: Problem
}

/** How many Duos have which outcome; together they are `total`. */
export interface AllCounts {
  /** The connected Duos, and those in `paths` that are not connected. */
  total: number
  /** What was asked for was done. */
  done: number
  /** It was not done. */
  failed: number
  /** The cloud may have taken the key or not. */
  unknown: number
  /** It was not begun: a stop was requested before, or it was a dry run. */
  notReached: number
}

/** The results of all Duos. Fulfilled even if some are not done: the counts say so. */
export interface AllDctBackupResult {
  /** How many Duos have which outcome. */
  counts: AllCounts
  /** Each Duo, ordered by path. */
  duos: Array<OneDctBackupResult>
  /** Why it was ended early. */
  stoppedBy?: Problem
}

/** Options for all connected Duos. */
export interface AllDuos {
  /** With `--all`: a file with a line `path,id` for each Duo that does not tell its id (bootloaders r3 and r4). */
  paths?: string
}

/** The results of all Duos. Fulfilled even if some are not done: the counts say so. */
export interface AllProvisionResult {
  /** How many Duos have which outcome. */
  counts: AllCounts
  /** Each Duo, ordered by path. */
  duos: Array<OneProvisionResult>
  /** Why it was ended early. */
  stoppedBy?: Problem
}

/** The results of all Duos. Fulfilled even if some are not done: the counts say so. */
export interface AllVerifyResult {
  /** How many Duos have which outcome. */
  counts: AllCounts
  /** Each Duo, ordered by path. */
  duos: Array<OneVerifyResult>
  /** Why it was ended early. */
  stoppedBy?: Problem
}

/** A backup in the archive. */
export interface ArchivedBackup {
  /** The file with the bytes; absolute. */
  file: string
  /** What it holds: a key, the bytes of a slot without one, the application section of a DCT, or all of it. */
  contents: BackupContents
  /** The device: from the manifest, else from the file's name. */
  deviceId?: string
  /**
   * The fingerprint of the device's key; absent if the file holds none, or an encrypted key without a manifest or a
   * public key beside it.
   */
  fingerprint?: string
  /** True if the key is encrypted with a passphrase. */
  encrypted: boolean
  /** When the bytes were read or made, RFC 3339, if that is known. */
  createdAt?: string
  /** True if the manifest says that it was made by `rotateKey` and not read from a Duo. */
  newKey: boolean
  /** True if the manifest says that the Duo was a virtual one. */
  simulated: boolean
  /** The manifest beside the file. A backup without a manifest is still a backup. */
  manifest: ManifestState
  /** The same in words. */
  manifestDescription: string
}

/** What is in the backup. */
export type BackupContents =
  /** The device's private key. */
  | 'private-key'
  /** The device's private key, encrypted with a passphrase: PKCS#8 with PBES2, as PEM. */
  | 'encrypted-private-key'
  /** The bytes of a key slot that holds no key. */
  | 'raw-slot'
  /** The application section of the DCT, from address 0. */
  | 'dct'
  /** The whole DCT, both copies. */
  | 'whole-dct'

/** Options of `backupKey`. */
export interface BackupOptions {
  /**
   * The file to write, as PEM if its name ends in .pem. The public key (.pub.pem) and a manifest (.json) go beside
   * it. Nothing is ever overwritten. Without it the backup goes to the archive.
   */
  file?: string
  /**
   * Save the bytes of the key slot even if they are no key.
   * @default false
   */
  raw?: boolean
  /**
   * Encrypt the key file that this command makes with a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
   * @default false
   */
  encrypt?: boolean
  /**
   * A file whose first line is the passphrase of every key file that this command makes or reads, or - for standard
   * input. Else DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** A backup that is on the disk, synced and read back. */
export interface BackupResult {
  /** The Duo. */
  device: DuoInfo
  /** The file with the bytes; absolute. */
  file: string
  /** The public key's PEM beside it; absolute. */
  publicKeyFile?: string
  /** The manifest beside it; absolute. */
  manifestFile?: string
  /** The key's fingerprint, if the bytes hold a key. */
  fingerprint?: string
  /** The kind of contents that was saved. */
  slot: KeySlotKind
  /** True if the key is encrypted with a passphrase. */
  encrypted: boolean
  /**
   * True if the archive already held the same bytes of the same Duo, or the same key encrypted with the same
   * passphrase, and nothing was written.
   */
  alreadyThere: boolean
}

/** Options of `listBackups`. */
export interface BackupsOptions {
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /** Only the backups of this Duo: its device id, 24 hexadecimal digits. */
  deviceId?: string
}

/** What the archive holds, and which backups are known in other places. */
export interface BackupsResult {
  /** The archive's folder; absolute. It may not exist. */
  folder: string
  /** The backups, by name. */
  backups: Array<ArchivedBackup>
  /** The files that have a backup's name and cannot be read, each with the reason. */
  unreadable: Array<string>
  /**
   * Backups that were made on this machine in other places, if their files are unchanged. Empty if a folder was
   * named.
   */
  elsewhere: Array<ArchivedBackup>
}

/** The bootloader's generation; for another board than the Duo, the board's name in lower case. */
export type BootloaderName =
  /** System firmware up to 0.2.4. */
  | 'r3-r4'
  /** System firmware from 0.3.0. */
  | 'r5-r6'
  /** Particle's Photon. */
  | 'photon'
  /** Particle's P1. */
  | 'p1'
  /** Particle's Electron. */
  | 'electron'

/** Options of `backupDct`. */
export interface DctBackupOptions {
  /**
   * The file to write. The public key (.pub.pem) and a manifest (.json) go beside it. Nothing is ever overwritten.
   * Without it the backup goes to the archive.
   */
  file?: string
  /**
   * Save both copies of the DCT, 32 KiB of the internal flash, in place of its application section. They also hold
   * the Wi-Fi passwords.
   * @default false
   */
  whole?: boolean
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** A backup of a DCT that is on the disk, synced and read back. */
export interface DctBackupResult {
  /** The Duo. */
  device: DuoInfo
  /** The file with the bytes; absolute. It is a secret. */
  file: string
  /** The public key's PEM beside it; absolute. */
  publicKeyFile?: string
  /** The manifest beside it; absolute. */
  manifestFile?: string
  /** The fingerprint of the device's key in it, if it holds one. */
  fingerprint?: string
  /** The kind of contents in its key slot. */
  slot: KeySlotKind
  /** True for both copies of the DCT, which also hold the Wi-Fi passwords. */
  whole: boolean
  /** Size of the file in bytes. */
  length: number
  /** True if the archive already held the same bytes of the same Duo, and nothing was written. */
  alreadyThere: boolean
}

/** One of the two copies of a whole DCT. */
export interface DctCopyInfo {
  /** Which one. */
  copy: CopyName
  /** What the half of the DCT holds. */
  holds: DctHalfKind
  /** The bootloaders whose firmware reads this copy, by their rule. */
  readBy: Array<DctReader>
  /** The fingerprint of the device's key in it. */
  fingerprint?: string
}

/** Which part of a DCT a dump holds. */
export type DctDumpKind =
  /** The application section and nothing else. */
  | 'section'
  /** 16 KiB through alternate setting 1, from address 0: the application section, and what follows it. */
  | 'from-start'
  /** 16,350 bytes through alternate setting 1, from the private key's address. */
  | 'from-private-key'
  /** One copy of the DCT, 16 KiB of the internal flash. */
  | 'one-copy'
  /** Both copies of the DCT, 32 KiB of the internal flash. */
  | 'whole'

/** A field of a DCT, described; no secret is shown. */
export interface DctFieldInfo {
  /** Its name in the firmware's `dct.h`, with hyphens. */
  name: string
  /** Bytes from the start of the application section. */
  offset: number
  /** Size in bytes. */
  size: number
  /** What it holds, in words. */
  description: string
  /** The fingerprint of the key in it. */
  fingerprint?: string
}

/** What is in the place of a copy of a DCT. */
export type DctHalfKind =
  /** A copy, current or not. */
  | 'copy'
  /** Erased flash. */
  | 'erased'
  /** Something else. */
  | 'other'

/** A DCT, described. */
export interface DctInfo {
  /** What was read, and from where. */
  kind: DctDumpKind
  /**
   * The copy of a whole DCT that the fields are from, 0 or 1; absent if neither counts, or if it depends on the
   * Duo's firmware which one counts.
   */
  currentCopy?: number
  /** Both copies, if it is a whole DCT. */
  copies?: Array<DctCopyInfo>
  /** True if every byte is zero, or every byte is 0xFF: the answer of a Duo that cannot read its DCT. */
  unreadable: boolean
  /** The fields, by offset. */
  fields: Array<DctFieldInfo>
}

/** Bootloaders that agree on which copy of a DCT is current. The same bytes may mean another copy to each family. */
export type DctReader =
  /** r3, r4 and r5, and system firmware up to 0.3.1: the mark in a copy's header. */
  | 'r3-r5'
  /** r6, and system firmware from 0.3.2 on: the version record at a copy's end. */
  | 'r6'

/** Options of `restoreDct`. */
export interface DctRestoreOptions {
  /** The dump of a DCT: a backup, or what other tools read out of one. */
  file: string
  /** The fields to restore: device-private-key, server-public-key, …; without it, the error lists them. */
  fields?: Array<string>
  /**
   * Restore the whole DCT, both copies, from a dump of 32 KiB: everything that was written to the Duo since is lost.
   * @default false
   */
  whole?: boolean
  /**
   * Write data that is known to be another device's.
   * @default false
   */
  allowOtherDevice?: boolean
  /**
   * Leave DFU mode once everything is in place and verified.
   * @default false
   */
  leave?: boolean
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * Do not back up what is there now: what is written over is in no new backup. With bootloaders r3 to r5,
   * `--i-accept-that-the-key-may-be-lost` is needed too.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place,
   * so a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** Fields of a DCT, or all of it, that are in place: each part was read back and compared. */
export interface DctRestoreResult {
  /** The Duo. */
  device: DuoInfo
  /** True if the whole DCT, both copies, was requested. */
  whole: boolean
  /** False in a dry run, and if the Duo already held exactly these bytes. */
  written: boolean
  /**
   * The fields in the order in which they are written: the private key last. For a whole DCT: the fields that
   * differed in the Duo.
   */
  fields: Array<RestoredFieldInfo>
  /** The key that was there; absent if the slot held none. */
  previousFingerprint?: string
  /** The key that is there now, if a key was written; in a dry run, the key that would be. */
  fingerprint?: string
  /** Why the key is taken to be this Duo's; absent if no key is written, or if the key was made for it. */
  evidence?: KeyEvidence
  /** The same in words. */
  evidenceDescription?: string
  /** The backup of the DCT's previous application section, or of the whole DCT; absolute. It is a secret. */
  backupFile?: string
  /** True if the Duo was sent the request to leave DFU mode. */
  left: boolean
  /** True in a dry run: nothing was written. */
  dryRun: boolean
}

/** Options of `showDct`. */
export interface DctShowOptions {
  /** A dump of a DCT, in place of an attached Duo. */
  file?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** The DCT of a Duo or of a file. */
export interface DctShowResult {
  /** The Duo, if it was read from one. */
  device?: DuoInfo
  /** The file, if it was read from one; absolute. */
  file?: string
  /** The device that it belongs to, if that is known. */
  deviceId?: string
  /** The fields. */
  dct: DctInfo
}

/** How a device id is known. */
export type DeviceIdSource =
  /** From the Duo: its USB serial number (bootloaders r5 and r6). */
  | 'usb-serial'
  /** From the caller (bootloaders r3 and r4 do not report it). */
  | 'user'

/** Options of `enterDfu`. */
export interface DfuOptions {
  /**
   * The device id of the Duo, 24 hexadecimal digits. System firmware up to 0.2.4 does not tell it: with that, give
   * it together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into: 1-2 or 1-1.4. */
  path?: string
  /**
   * If no Duo is connected, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, restarting) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** One thing that was checked. */
export interface DoctorFinding {
  /** What it is about: an error's code, or a name, in capitals. */
  code: string
  /** How bad it is. */
  severity: Severity
  /** What was found. */
  message: string
  /** What to do about it, in words. */
  advice?: string
  /** What to type. */
  command?: string
  /** The same for a program, if it can be done without more input. */
  fix?: DoctorFix
}

/** A call that fixes a problem. It asks `confirm`, and backs up the key slot before a write. */
export interface DoctorFix {
  /** Which function: `backupKey`, `restoreKey` or `resetKey`. */
  operation: FixOperation
  /** Its options. */
  options: FixOptions
}

/** Options of `doctor`. */
export interface DoctorOptions {
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Prove by each Duo's own handshake that its key and its cloud's are a pair. Without it, no Duo is reported as
   * paired.
   * @default false
   */
  verify?: boolean
  /**
   * Ask the cloud what it knows of each Duo, with the token of `--token-file`, PARTICLE_ACCESS_TOKEN or the login
   * of particle-cli. Without it the cloud is asked only if one of the first two is given; with the variable
   * alone, Particle's cloud is asked only about a Duo that is meant for it. In the API, false never asks.
   * @default false
   */
  cloud?: boolean
  /**
   * The cloud's API; https://api.particle.io, or that of your particle-cli profile when its token is
   * used, unless given.
   * @default https://api.particle.io
   */
  apiUrl?: string
  /**
   * Send the token over plain HTTP to another machine, for your own cloud on a network you trust.
   * @default false
   */
  allowHttp?: boolean
  /**
   * Use this cloud although the Duo's server key is another cloud's. The Duo still connects to the other one.
   * @default false
   */
  allowOtherCloud?: boolean
  /**
   * A file that holds the access token, or - for standard input. Else PARTICLE_ACCESS_TOKEN, else the
   * login of particle-cli.
   */
  tokenFile?: string
  /** The access token itself; only in the API, since a command line is no place for a secret. */
  token?: string
  /**
   * Seconds that one step (finding, reading, asking with all retries) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** Everything that was found. */
export interface DoctorResult {
  /** The verdict: the worst of the Duos' verdicts, and of the findings about no single Duo. */
  verdict: DoctorVerdict
  /** How many of the findings are problems. */
  problems: number
  /** Findings about no single Duo: the archive, the journal, USB. */
  general: Array<DoctorFinding>
  /** The Duos, ordered by path. */
  duos: Array<ExaminedDuo>
}

/** The verdict. Only the first says that a Duo and its cloud are a pair. */
export type DoctorVerdict =
  /** No problem, and this run proved that the Duo's key and its cloud's are a pair. */
  | 'paired'
  /** No problem with the Duo; whether its cloud knows its key was not checked. */
  | 'cloud-not-checked'
  /** There is something to fix. */
  | 'problems'
  /** The Duo could not be opened or read. */
  | 'unreadable'
  /** There is no Duo to examine. */
  | 'no-duo'

/** The Duo that an operation worked on, or another board with the same layout. */
export interface DuoInfo {
  /** Which board it is. */
  board: BoardName
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, 24 hexadecimal digits in lower case, if it is known. */
  deviceId?: string
  /** How the device id is known: the Duo tells it over USB, or the caller gave it. */
  deviceIdSource?: DeviceIdSource
  /** The bootloader's generation; for another board than the Duo, the board's name in lower case. */
  bootloader: BootloaderName
  /** True for a virtual Duo. */
  simulated: boolean
}

/** What became of one of several Duos. */
export type DuoOutcome =
  /** What was asked for was done. */
  | 'done'
  /** It was not done. */
  | 'failed'
  /** The cloud may have taken the key or not. Sending it again does no harm. */
  | 'unknown'
  /** It was not begun: a stop was requested before, or it was a dry run. */
  | 'not-reached'

/** A Duo that is in DFU mode now. */
export interface EnterDfuResult {
  /** The Duo. */
  device: DuoInfo
  /** True if it already was in DFU mode, and nothing was done. */
  wasAlready: boolean
}

/** The stable names of errors: `err.code`, and `code` in `--json` output. */
export type ErrorCode =
  /** A defect in duo-provision itself. */
  | 'INTERNAL'
  /** An argument or option is unknown, missing or out of range. */
  | 'INVALID_ARGUMENT'
  /** The device id is not 24 hexadecimal digits. */
  | 'INVALID_DEVICE_ID'
  /** The format of the key file is unknown. */
  | 'KEY_UNRECOGNIZED'
  /** The key file is empty. */
  | 'KEY_EMPTY'
  /** The key file ends before the key does. */
  | 'KEY_TRUNCATED'
  /** The key file holds an elliptic-curve key; the Duo takes RSA only. */
  | 'KEY_EC'
  /** The RSA key does not have 1024 bits. */
  | 'KEY_WRONG_SIZE'
  /** The RSA key's public exponent is not 65537. */
  | 'KEY_WRONG_EXPONENT'
  /** The key file is encrypted, and there is no passphrase, or the encryption is not supported. */
  | 'KEY_ENCRYPTED'
  /** Encryption needs a passphrase, and there is none. */
  | 'PASSPHRASE_MISSING'
  /** The passphrase cannot be used: it is empty, too long, or cannot be typed. */
  | 'PASSPHRASE_INVALID'
  /** The passphrase does not open the key file. */
  | 'PASSPHRASE_WRONG'
  /** The key is damaged: its numbers do not belong together. */
  | 'KEY_INCONSISTENT'
  /** The file holds a public key, and a private key is needed. */
  | 'KEY_IS_PUBLIC'
  /** The Duo's firmware would read wrong numbers from this key. */
  | 'KEY_MISREAD_BY_FIRMWARE'
  /** The file does not hold a cloud's public key. */
  | 'SERVER_KEY_INVALID'
  /** This dump of a DCT cannot be restored: it is for another bootloader, or lacks what was asked for. */
  | 'DUMP_UNUSABLE'
  /** The manifest beside a key file cannot be read. */
  | 'MANIFEST_INVALID'
  /** The manifest beside a key file does not match the file. */
  | 'MANIFEST_MISMATCH'
  /** No access token was given or found. */
  | 'TOKEN_MISSING'
  /** The access token is malformed. */
  | 'TOKEN_INVALID'
  /** The API URL cannot be used. */
  | 'API_URL_INVALID'
  /** The access token would cross the network unencrypted. */
  | 'PLAIN_HTTP_REFUSED'
  /** The Duo's server key belongs to another cloud than the one of the API URL. */
  | 'OTHER_CLOUD'
  /** The list of devices has mistakes; nothing was sent. */
  | 'FLEET_MANIFEST_INVALID'
  /** A key file of the list has changed since the list was checked; its key was not sent. */
  | 'FLEET_KEY_CHANGED'
  /** The answer to the question before the write was not yes. */
  | 'CONFIRMATION_REFUSED'
  /** There is no terminal for the question, and `--yes` was not typed. */
  | 'CONFIRMATION_REQUIRED'
  /** This operation left more open than what a cloud knows, so it cannot be dismissed; it has to be settled. */
  | 'CANNOT_DISMISS'
  /** No Duo in DFU mode was found. */
  | 'NO_DEVICE'
  /** More than one Duo was found, and none was chosen. */
  | 'SEVERAL_DEVICES'
  /** The Duo found is not the one asked for. */
  | 'WRONG_DEVICE'
  /** A bootloader r3 or r4 does not tell its device id, so the port has to be named. */
  | 'DEVICE_ID_UNVERIFIABLE'
  /** The key is known to be another device's. */
  | 'KEY_OF_OTHER_DEVICE'
  /** USB cannot be used on this machine. */
  | 'USB_UNAVAILABLE'
  /** The operating system does not let this user open the device. */
  | 'USB_ACCESS_DENIED'
  /** Another program is using the device. */
  | 'USB_BUSY'
  /** The device is bound to a driver that cannot be used. */
  | 'USB_WRONG_DRIVER'
  /** The USB/IP server named with `--usbip` cannot be used. */
  | 'USBIP_UNREACHABLE'
  /** Any other failure of the USB driver. */
  | 'USB_ERROR'
  /** The device's descriptors are not those of a Duo's bootloader. */
  | 'NOT_A_DUO'
  /** The device stopped answering as it should; its key has not been changed. */
  | 'DEVICE_FAULT'
  /** The whole DCT reads as zeros, or as 0xFF: the device cannot read it at the moment. */
  | 'DCT_UNREADABLE'
  /** Two reads of the same bytes differ. */
  | 'READ_UNSTABLE'
  /** Nothing shows that the Duo reads and writes at the address it is given; nothing was written. */
  | 'ADDRESS_UNPROVEN'
  /** The device did not write; a read-back shows the key that was there before. */
  | 'WRITE_FAILED'
  /** The key is in place and verified, but the device did not leave DFU mode. */
  | 'LEAVE_FAILED'
  /** The key slot is blank; the Duo makes a key at its next start. */
  | 'KEY_SLOT_BLANK'
  /** The key slot holds zeros, which the firmware takes for a key. */
  | 'KEY_SLOT_ZEROED'
  /** The key slot holds a PKCS#8 key, which the firmware misreads. */
  | 'KEY_SLOT_PKCS8'
  /** The key slot holds PEM text, which the firmware cannot read. */
  | 'KEY_SLOT_PEM'
  /** The key slot holds a sound key in a form that the firmware misreads. */
  | 'KEY_SLOT_MISREAD'
  /** The key slot holds an elliptic-curve key. */
  | 'KEY_SLOT_EC'
  /** The key slot holds an RSA key of another size. */
  | 'KEY_SLOT_WRONG_SIZE'
  /** The key slot holds data that is not a key. */
  | 'KEY_SLOT_GARBAGE'
  /** The Duo holds no public key of a cloud. */
  | 'SERVER_KEY_SLOT_INVALID'
  /** The device's key is neither the old one nor the new one. */
  | 'KEY_WRONG'
  /** A write began, and its outcome is unknown. */
  | 'KEY_STATE_UNKNOWN'
  /** A field of the DCT, other than the key, holds neither what was there nor what was written. */
  | 'FIELD_WRONG'
  /** A write to a field of the DCT, other than the key, began, and its outcome is unknown. */
  | 'FIELD_STATE_UNKNOWN'
  /** The whole DCT is neither what was there nor the image that was to be written. */
  | 'DCT_WRONG'
  /** The cloud does not permit this account to provision this device. */
  | 'CLOUD_PERMISSION_DENIED'
  /** The cloud does not know the access token. */
  | 'CLOUD_TOKEN_INVALID'
  /** The access token has expired. */
  | 'CLOUD_TOKEN_EXPIRED'
  /** The cloud did not accept the public key. */
  | 'CLOUD_KEY_REJECTED'
  /** The cloud does not know the address or the device. */
  | 'CLOUD_NOT_FOUND'
  /** The cloud refused for another reason. */
  | 'CLOUD_REFUSED'
  /** The cloud turned the device away: it has another server key, or another public key for this device. */
  | 'PAIRING_REFUSED'
  /** The cloud's public key for the device does not match the Duo's private key. */
  | 'PAIRING_BROKEN'
  /** The server that answered does not have the server key that the Duo names. */
  | 'SERVER_KEY_MISMATCH'
  /** The cloud could not be reached; nothing was sent. */
  | 'CLOUD_UNREACHABLE'
  /** The request may have reached the cloud, but its answer did not come back. */
  | 'CLOUD_OUTCOME_UNKNOWN'
  /** The server's TLS certificate was not accepted; nothing was sent. */
  | 'CLOUD_TLS'
  /** No root certificates were found on this machine. */
  | 'CLOUD_NO_ROOTS'
  /** The cloud asked for fewer requests, until the deadline. */
  | 'CLOUD_RATE_LIMITED'
  /** The cloud answered with a server error until the deadline. */
  | 'CLOUD_UNAVAILABLE'
  /** The cloud accepted the key, but nothing has proven that it and the device's key are a pair. */
  | 'PAIRING_UNPROVEN'
  /** The cloud's answer is not one that its API gives. */
  | 'CLOUD_UNEXPECTED_REPLY'
  /** A file or folder does not exist. */
  | 'FILE_NOT_FOUND'
  /** The file is there already; nothing is ever overwritten. */
  | 'FILE_EXISTS'
  /** A file cannot be read. */
  | 'FILE_UNREADABLE'
  /** A file cannot be written. */
  | 'FILE_NOT_WRITABLE'
  /** This version cannot read a line of the journal of operations. */
  | 'JOURNAL_INVALID'
  /** The journal of operations cannot be kept, so nothing is written to a device. */
  | 'JOURNAL_UNWRITABLE'
  /** Another process is using the same ledger. */
  | 'FLEET_RUNNING'
  /** The file is not a ledger, or a line of it cannot be read. */
  | 'LEDGER_INVALID'
  /** The ledger cannot be kept, so nothing more is sent. */
  | 'LEDGER_UNWRITABLE'
  /** A simulated Duo or cloud could not be started. */
  | 'SIMULATOR_FAILED'
  /** Only root can do this. */
  | 'ROOT_REQUIRED'
  /** The udev rule is in place, but udev could not be made to reload its rules. */
  | 'UDEV_FAILED'
  /** This system has no udev. */
  | 'UDEV_UNAVAILABLE'
  /** Stopped by the user. */
  | 'INTERRUPTED'

/**
 * `err.name`: that of particle-usb's class (its `src/error.js`) with the same meaning, `AbortError` if a signal
 * stopped the operation, else `DuoProvisionError`.
 */
export type ErrorName =
  /** An error that particle-usb does not have. */
  | 'DuoProvisionError'
  /** The signal was aborted; `cause` is its reason. */
  | 'AbortError'
  /** There is no such device. */
  | 'NotFoundError'
  /** The system does not let this user open the device. */
  | 'NotAllowedError'
  /** USB failed. */
  | 'UsbError'
  /** The device stopped answering as it should. */
  | 'DeviceError'
  /** A defect. */
  | 'InternalError'

/** A Duo in DFU mode that was examined. */
export interface ExaminedDuo {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** What it reports about itself, if it could be opened. */
  device?: DuoInfo
  /** The verdict. */
  verdict: DoctorVerdict
  /** How many of the findings are problems. */
  problems: number
  /** What to type to check the cloud's half, if nothing else is wrong. */
  next?: string
  /** What was found, in the order of the checks. */
  findings: Array<DoctorFinding>
}

/** The kind of a file. */
export type FileKind =
  /** A device's private key, in any form. */
  | 'private-key'
  /** A device's public key. */
  | 'public-key'
  /** A cloud's public key, with or without an address. */
  | 'server-key'
  /** A DCT, or a part of one. */
  | 'dct'
  /** The manifest of a backup. */
  | 'manifest'

/** A function that fixes a problem. */
export type FixOperation =
  /** `backupKey`. */
  | 'backup'
  /** `restoreKey`. */
  | 'restore'
  /** `resetKey`. */
  | 'reset'

/** The options of a function that fixes a problem. */
export interface FixOptions {
  /** The backup to restore. */
  file?: string
  /** Bus and ports of the Duo. */
  path: string
  /** The Duo's id, if it is known. */
  deviceId?: string
  /** The USB/IP server of a virtual Duo. */
  usbip?: string
  /** The archive, if it is not the default one. */
  archive?: string
}

/** A cloud's answer about one device of a list. */
export type FleetAnswer =
  /** The cloud has the device in this account. */
  | 'known'
  /** The cloud knows the device by this key: the device's handshake proved it. */
  | 'proven'
  /** The cloud did not say. This is no proof that it does not know the device. */
  | 'not-told'
  /** The cloud refused the device, or knows it by another key. */
  | 'refused'
  /** The cloud could not be asked. */
  | 'failed'

/** How many devices of a list have which outcome; the sum is `total`. */
export interface FleetCounts {
  /** Rows of the list; with a shard, those of the shard. */
  total: number
  /** In this run, the cloud said that it took the key. */
  done: number
  /** The cloud said so in an earlier run, and nothing was sent. */
  alreadyDone: number
  /** The cloud did not take the key. */
  failed: number
  /** It is unknown whether the cloud took the key: for example, its reply was lost. */
  unknown: number
  /** Nothing was sent: the run was stopped before, or was a dry run. */
  notReached: number
  /** Nothing was sent: the row names a problem, or is wrong. */
  leftOut: number
}

/** Options of `fleetManifest`. */
export interface FleetManifestOptions {
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /** A file with a device id on each line: makes a list of these ids, without keys. */
  ids?: string
}

/** A list of devices, as CSV. */
export interface FleetManifestResult {
  /** The list: CSV with the columns device_id, key_file, fingerprint, note and problem. */
  manifest: string
  /** How many devices are in it. */
  devices: number
  /** How many of them have a problem, and would not be sent. */
  problems: number
  /** The archive that was looked through; absolute. */
  archive?: string
  /** What in the archive could not be read, and why. */
  unreadable: Array<string>
}

/** The outcome of a device. */
export type FleetOutcome =
  /** The cloud said that it took the key. */
  | 'done'
  /** The cloud did not take the key. */
  | 'failed'
  /** The cloud may have taken the key or not. It is safe to send it again. */
  | 'unknown'
  /** Nothing was sent. */
  | 'not-reached'

/** Options of `provisionFleet`. */
export interface FleetProvisionOptions {
  /** The list of devices: CSV, a JSON array or JSON lines, with device_id and key_file; - for standard input. */
  manifest: string
  /**
   * The ledger, which records the outcome of each device; beside the list, LIST.provision.jsonl unless given.
   * @default LIST.provision.jsonl
   */
  ledger?: string
  /**
   * Check the whole list and its keys, say how many would be sent, and send nothing.
   * @default false
   */
  dryRun?: boolean
  /**
   * The most requests in a second or (with /m) in a minute: 10, 10/s, 300/m, or none for no limit; 10 unless given.
   * @default 10
   */
  rate?: string
  /**
   * How many are sent at the same time, 1 to 64; 8 unless given.
   * @default 8
   */
  concurrency?: number
  /**
   * How many failures of the cloud or the network in a row stop the run; 50 unless given.
   * @default 50
   */
  maxFailures?: number
  /** Send only part K of N, chosen by the device id: for several machines that share one list. */
  shard?: string
  /**
   * Skip rows that are wrong, and send the rest.
   * @default false
   */
  skipInvalid?: boolean
  /**
   * Send the generic key, as device-provisioning-helper did, for rows without a key_file.
   * @default false
   */
  allowGeneric?: boolean
  /**
   * Send one key for several devices.
   * @default false
   */
  allowSharedKeys?: boolean
  /**
   * The product id for rows without one; 88, the Duo's, unless given.
   * @default 88
   */
  productId?: number
  /**
   * The cloud's API; https://api.particle.io, or that of your particle-cli profile when its token is
   * used, unless given.
   * @default https://api.particle.io
   */
  apiUrl?: string
  /**
   * Send the token over plain HTTP to another machine, for your own cloud on a network you trust.
   * @default false
   */
  allowHttp?: boolean
  /**
   * Use this cloud although the Duo's server key is another cloud's. The Duo still connects to the other one.
   * @default false
   */
  allowOtherCloud?: boolean
  /**
   * A file that holds the access token, or - for standard input. Else PARTICLE_ACCESS_TOKEN, else the
   * login of particle-cli.
   */
  tokenFile?: string
  /** The access token itself; only in the API, since a command line is no place for a secret. */
  token?: string
  /**
   * Seconds that one request may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** The result for a list. The call also succeeds if not every device is done: see the counts. */
export interface FleetProvisionResult {
  /** The run's name in the ledger, 16 hexadecimal digits; absent in a dry run. */
  run?: string
  /** The ledger; absolute. */
  ledger?: string
  /** Which part of the devices this is, `2/5`. */
  shard?: string
  /** The cloud's API. */
  apiUrl: string
  /** How many devices have which outcome. */
  counts: FleetCounts
  /** Devices of the ledger that are no longer in the list. */
  dropped: number
  /** Why the run ended early. */
  stoppedBy?: Problem
  /** The command that continues, if not every device is done. */
  next?: string
  /** True in a dry run: nothing was sent. */
  dryRun: boolean
}

/** Options of `fleetReport`. */
export interface FleetReportOptions {
  /** The ledgers that `fleet provision` has written; for a list in parts, those of all parts. */
  ledgers: Array<string>
  /** The list of devices; without it, the one that the ledgers name. */
  manifest?: string
  /**
   * The format of the devices: text, csv, jsonl, or manifest for the list of the next round; text unless given.
   * @default text
   */
  format?: string
  /**
   * Only devices with these outcomes: done, failed, unknown, not-reached, with commas between them. Without it, text
   * has those that are not done, and every other format has all.
   */
  only?: string
  /** Write the report to this new file. */
  output?: string
}

/** The outcomes of the devices of a list. */
export interface FleetReportResult {
  /** How many devices have which outcome, by the ledgers; devices that earlier runs finished count as `done`. */
  counts: FleetCounts
  /** True if no ledger is missing, and they belong together. */
  complete: boolean
  /** What is missing or does not fit together, in sentences. */
  problems: Array<string>
  /** The list, as the ledgers name it. */
  manifest: string
  /** The cloud's API. */
  apiUrl: string
  /** Devices of the ledgers that are no longer in the list. */
  dropped: number
  /** The report, unless it was written to a file. */
  report?: string
  /** The file that the report was written to; absolute. */
  output?: string
}

/** How many devices of a list the cloud knows; the sum is `total`. */
export interface FleetVerifyCounts {
  /** Rows of the list. */
  total: number
  /** The cloud has the device for this account. */
  known: number
  /** The handshake proved that the cloud knows the device by this key. */
  proven: number
  /** The cloud did not say. This does not prove that it does not know the device. */
  notTold: number
  /** The cloud refused the device, or knows it by another key. */
  refused: number
  /** The cloud could not be asked. */
  failed: number
  /** The run was stopped before. */
  notReached: number
  /** The row names a problem. */
  leftOut: number
}

/** Options of `verifyFleet`. */
export interface FleetVerifyOptions {
  /** The list of devices: CSV, a JSON array or JSON lines, with device_id; - for standard input. */
  manifest: string
  /**
   * Prove with the private keys of the list that the cloud has their public halves. This connects as the device: one
   * that is online may be disconnected.
   * @default false
   */
  handshake?: boolean
  /**
   * With `--handshake`: a file with the cloud's public key; Particle's own unless given.
   * @default own
   */
  serverKey?: string
  /**
   * With `--handshake`: the cloud's name or IPv4 address; device.spark.io unless given.
   * @default device.spark.io
   */
  host?: string
  /**
   * With `--handshake`: the TCP port that devices connect to; 5683 unless given.
   * @default 5683
   */
  port?: number
  /**
   * The most requests in a second or (with /m) in a minute: 10, 10/s, 300/m, or none for no limit; 10 unless given.
   * @default 10
   */
  rate?: string
  /**
   * How many are asked at the same time, 1 to 64; 8 unless given.
   * @default 8
   */
  concurrency?: number
  /**
   * The cloud's API; https://api.particle.io, or that of your particle-cli profile when its token is
   * used, unless given.
   * @default https://api.particle.io
   */
  apiUrl?: string
  /**
   * Send the token over plain HTTP to another machine, for your own cloud on a network you trust.
   * @default false
   */
  allowHttp?: boolean
  /**
   * Use this cloud although the Duo's server key is another cloud's. The Duo still connects to the other one.
   * @default false
   */
  allowOtherCloud?: boolean
  /**
   * A file that holds the access token, or - for standard input. Else PARTICLE_ACCESS_TOKEN, else the
   * login of particle-cli.
   */
  tokenFile?: string
  /** The access token itself; only in the API, since a command line is no place for a secret. */
  token?: string
  /**
   * Seconds that one request may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** What the cloud knows of a list. The call also succeeds if the cloud does not know every device: see the counts. */
export interface FleetVerifyResult {
  /** Who was asked: the cloud's API, or host and port. */
  server: string
  /** True if the handshake was performed. */
  handshake: boolean
  /** How many devices have which outcome. */
  counts: FleetVerifyCounts
  /** Why it ended early. */
  stoppedBy?: Problem
}

/** Options of `history`. */
export interface HistoryOptions {
  /** Only what was done to this Duo: its device id, 24 hexadecimal digits. */
  deviceId?: string
  /**
   * List at most this many operations, the newest; 100 unless given.
   * @default 100
   */
  limit?: number
}

/** The past operations. */
export interface HistoryResult {
  /** The folder of the journal; absolute. It may not exist. */
  journal: string
  /** The operations, newest first. Open ones are included. */
  operations: Array<OperationInfo>
  /** True if there are older ones. */
  more: boolean
  /** How many lines could not be read and were skipped. */
  unreadable: number
}

/** Options of `inspectKey`. */
export interface InspectOptions {
  /** The file to look at: a key in any form, a backup, a dump of a DCT, a cloud's public key, or a manifest. */
  file: string
  /**
   * Write one field of a dump to a new file: device-private-key, server-public-key, …; an unknown name lists them
   * all. A private key is written in the form that the Duo's firmware reads.
   */
  extract?: string
  /**
   * For a whole DCT: look at this copy, even if the Duo's firmware would not read it. Without it, at the copy that
   * the firmware reads; if that depends on the firmware, a field is taken only from a copy that you name.
   */
  copy?: CopyName
  /** The file for the field; without it, a file beside the dump, named after both. Nothing is ever overwritten. */
  out?: string
  /**
   * A file whose first line is the passphrase of the key file, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read. Without a passphrase, only the outside of an
   * encrypted key is described.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
}

/** What a file holds. */
export interface InspectResult {
  /** The file; absolute. */
  file: string
  /** The kind of the file. */
  kind: FileKind
  /** True if it holds a device's private key. */
  private: boolean
  /** The encoding, in words. */
  form: string
  /** How a key is encrypted, in words; absent if it is not encrypted. */
  encryption?: string
  /** Bytes of trailing data after a key. */
  trailing: number
  /**
   * SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits: of the device's key, or of the cloud's if the
   * file holds a cloud's key. Absent if a dump holds no key, and for an encrypted key without its passphrase.
   */
  fingerprint?: string
  /** The device's public key as PEM. */
  publicKey?: string
  /**
   * Whether the Duo's firmware would read exactly these bytes as this key; absent without a private key. A restore
   * writes the form that the firmware reads.
   */
  firmwareReadsAsIs?: boolean
  /** The device that it belongs to, from the manifest beside it or from the DCT in it. */
  deviceId?: string
  /** The fields of a dump. */
  dct?: DctInfo
  /** The cloud's key and address, from a dump or a file with a cloud's key. */
  server?: ServerKeyInfo
  /** What a manifest says, and whether it is true. */
  manifest?: ManifestInfo
  /** The key that the manifest beside the file names. */
  manifestFingerprint?: string
  /** The file that the field was written to; absolute. */
  extracted?: string
}

/** Why a key is taken to be a Duo's. */
export type KeyEvidence =
  /** The manifest beside the file names this device. */
  | 'manifest'
  /** The archive knows the key as this device's. */
  | 'archive'
  /** The dump that the key comes from holds this device's id. */
  | 'dump'
  /** The public key in the device's DCT belongs to this key. */
  | 'public-key-slot'
  /** The manifest, the archive or the dump names another device, and the user allowed that. */
  | 'allowed-other-device'
  /** Nothing says whose key it is. */
  | 'none'

/** What a key slot holds. */
export interface KeyInfo {
  /** The kind of contents in the slot. */
  slot: KeySlotKind
  /** The same in words. */
  description: string
  /** SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits, if there is a key. */
  fingerprint?: string
}

/** The kind of thing in a key slot. */
export type KeySlotKind =
  /** A key that the firmware reads. */
  | 'key'
  /** Nothing: the Duo makes a key when it starts. */
  | 'blank'
  /** The reset image, which does the same. */
  | 'reset'
  /** Zeros, which the firmware takes for a key. */
  | 'zeros'
  /** A PKCS#8 key, which the firmware misreads. */
  | 'pkcs8'
  /** PEM text, which the firmware cannot read. */
  | 'pem'
  /** A sound key in a form that the firmware misreads. */
  | 'misread'
  /** An elliptic-curve key. */
  | 'ec'
  /** An RSA key of another size. */
  | 'wrong-size'
  /** Something that is not a key. */
  | 'garbage'

/** What is known of the Duo's key. */
export type KeyState =
  /** Nothing was written to the device, or the old bytes are still there. */
  | 'unchanged'
  /** The new key is in place: it was read back and compared. */
  | 'written'
  /** It is neither the old key nor the new one. */
  | 'wrong'
  /** A write began, and its outcome could not be learned. */
  | 'unknown'

/** Options of `listDevices`. */
export interface ListOptions {
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** What `listDevices` found. */
export interface ListResult {
  /** The Duos, ordered by path; may be empty. The `state` of a Duo that is not in DFU mode is `running`. */
  devices: Array<ListedDuo>
}

/** A Duo that is connected. */
export interface ListedDuo {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, if the Duo reports it. */
  deviceId?: string
  /** True for a virtual Duo. */
  simulated: boolean
  /** What it reports about itself in DFU mode, if it could be opened. */
  device?: DuoInfo
  /** Whether its firmware can use its key. */
  state: ListedState
  /** What its key slot holds, if it could be read. */
  key?: KeyInfo
  /** The error that occurred. */
  problem?: Problem
}

/** Whether the Duo's firmware can use its key, if it can be read. It does not say whether its cloud knows the key. */
export type ListedState =
  /** The firmware reads the key, and no other key's public half is beside it. */
  | 'sound'
  /** The firmware reads the key, and another key's public half is beside it. */
  | 'foreign-public-key'
  /** The slot holds a sound key in a form that the firmware reads as another key, or not at all. */
  | 'misread'
  /** The slot is blank: at its next start, the Duo makes a new key, which its cloud does not know. */
  | 'blank'
  /** The slot holds something that is no key for a Duo. */
  | 'no-key'
  /** It could not be opened or read. */
  | 'unreadable'
  /** The Duo runs its firmware: its key can be read only in DFU mode. `enterDfu` puts it there. */
  | 'running'

/** Options of `LocalCloud.start`, and of the local cloud of `simulate`. */
export interface LocalCloudOptions {
  /**
   * Which cloud's answers to give; particle unless given.
   * @default particle
   */
  flavor?: CloudFlavor
  /** The port on 127.0.0.1; without it, a free one (8080 is a local cloud's usual one). */
  cloudPort?: number
  /**
   * Serve the devices' handshake, with which `verify` proves a pairing, on this port of 127.0.0.1; 0 takes a free
   * one (5683 is a cloud's usual one). Without it, `simulate` takes a free one for Duos, and the API has none.
   */
  devicePort?: number
  /** The access token to accept; without it, a new random one. */
  token?: string
}

/** What a manifest says, and whether it is true. */
export interface ManifestInfo {
  /** What the backup contains. */
  contents: BackupContents
  /** Size of the backup in bytes. */
  length: number
  /** When the bytes were read, RFC 3339. */
  createdAt?: string
  /** True for a backup of a virtual Duo. */
  simulated: boolean
  /** The file beside the manifest; absolute. */
  file?: string
  /** Whether that file has the bytes that the manifest describes. */
  matches?: boolean
}

/** The state of the manifest beside a backup. A key without one is still a backup. */
export type ManifestState =
  /** It describes the file. */
  | 'sound'
  /** There is none. */
  | 'missing'
  /** It cannot be read. */
  | 'invalid'
  /** It describes other bytes. */
  | 'of-other-bytes'

/** The cloud that a Duo names in its DCT. The server key says which one it is. */
export interface NamedCloud {
  /**
   * True if its server key is that of Particle's own cloud; absent if the slot holds no key of a cloud, so that the
   * cloud is not known.
   */
  particle?: boolean
  /** SHA-256 of the server key's SubjectPublicKeyInfo, 64 hexadecimal digits. */
  fingerprint?: string
  /** Host and port that the Duo connects to. */
  server?: string
  /** All of it in words. */
  description: string
}

/** Options of `newKey`. */
export interface NewKeyOptions {
  /**
   * The file to write, as PEM if its name ends in .pem. The public key (.pub.pem) goes beside it. Nothing is ever
   * overwritten. Without it, the file is named after the key's fingerprint, in the current folder.
   */
  file?: string
  /**
   * Encrypt the key file that this command makes with a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
   * @default false
   */
  encrypt?: boolean
  /**
   * A file whose first line is the passphrase of every key file that this command makes or reads, or - for standard
   * input. Else DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
}

/** A new key that is on the disk, synced and read back. */
export interface NewKeyResult {
  /** The file with the private key; absolute. */
  file: string
  /** The public key's PEM beside it; absolute. */
  publicKeyFile?: string
  /** SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits. */
  fingerprint: string
  /** The public key as PEM. */
  publicKey: string
  /** True if the key is encrypted with a passphrase. */
  encrypted: boolean
}

/** Something to do. */
export interface NextStep {
  /** The purpose, in words. */
  purpose: string
  /** The command to type. */
  command: string
}

/** The result of one of several Duos. */
export interface OneBackupResult {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, if it is known. */
  deviceId?: string
  /** What became of it. */
  outcome: DuoOutcome
  /** The result of the operation on this Duo. */
  result?: BackupResult
  /** Why it is not done. */
  problem?: Problem
}

/** The result of one of several Duos. */
export interface OneDctBackupResult {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, if it is known. */
  deviceId?: string
  /** What became of it. */
  outcome: DuoOutcome
  /** The result of the operation on this Duo. */
  result?: DctBackupResult
  /** Why it is not done. */
  problem?: Problem
}

/** The result of one of several Duos. */
export interface OneProvisionResult {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, if it is known. */
  deviceId?: string
  /** What became of it. */
  outcome: DuoOutcome
  /** The result of the operation on this Duo. */
  result?: ProvisionResult
  /** Why it is not done. */
  problem?: Problem
}

/** The result of one of several Duos. */
export interface OneVerifyResult {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, if it is known. */
  deviceId?: string
  /** What became of it. */
  outcome: DuoOutcome
  /** The result of the operation on this Duo. */
  result?: VerifyResult
  /** Why it is not done. */
  problem?: Problem
}

/** An operation of the journal. */
export interface OperationInfo {
  /** Its name in the journal. */
  id: string
  /** The command. */
  operation: OperationName
  /** What became of it. */
  outcome: OperationOutcome
  /** The last step that it reached. */
  reached: OperationStep
  /** What that means, in words. */
  meaning: string
  /** What is known of the Duo's key; absent if the operation does not touch it. */
  keyState?: KeyState
  /** The code of the error that it ended with. */
  errorCode?: ErrorCode
  /** The device id, 24 hexadecimal digits in lower case, if it is known. */
  deviceId?: string
  /** How the device id is known, if the Duo was attached. */
  deviceIdSource?: DeviceIdSource
  /** Bus and ports, if the Duo was attached. */
  path?: string
  /** True for a virtual Duo. */
  simulated: boolean
  /** When it began, RFC 3339. */
  startedAt: string
  /** When its last step was recorded, RFC 3339. */
  updatedAt: string
  /** The key that was there before. */
  previousFingerprint?: string
  /** The key that was written or sent, or was to be. */
  fingerprint?: string
  /** The backup of what was there: the key slot, or the DCT; absolute. */
  backupFile?: string
  /** The key that was made for it; absolute. */
  newKeyFile?: string
  /** For a list of devices: the ledger that says what became of each; absolute. */
  ledgerFile?: string
  /** What to do next; empty if nothing is left to do. */
  next: Array<NextStep>
}

/** The kinds of operation. */
export type OperationName =
  /** Saves the key; writes nothing to the device. */
  | 'backup'
  /** Writes a saved key to the device. */
  | 'restore'
  /** Erases the device's key. */
  | 'reset'
  /** Sends a public key to the cloud. */
  | 'provision'
  /** Saves the DCT; writes nothing to the device. */
  | 'dct-backup'
  /** Writes fields of a dump, or a whole dump, to the device. */
  | 'dct-restore'
  /** Writes a cloud's public key and address to the device. */
  | 'server-key-set'
  /** Gives the cloud and the device a new key. */
  | 'rotate'
  /** Proved that a private key and a cloud's public key for the device are a pair. Recorded once it is proven. */
  | 'verify'
  /** Sends the public keys of a list; the ledger has the outcome of each. */
  | 'fleet-provision'

/** What became of an operation. */
export type OperationOutcome =
  /** Another process is running it. */
  | 'running'
  /** It was cut short. */
  | 'in-flight'
  /** It was cut short, and a later operation has settled what it left open. */
  | 'cut-short'
  /** It was done. */
  | 'done'
  /** It ended with an error. */
  | 'failed'
  /** The user has dismissed what it left open. */
  | 'dismissed'

/** A step that an operation has reached. */
export type OperationStep =
  /** It began. */
  | 'started'
  /** The backup is on the disk. */
  | 'backed-up'
  /** The write was about to begin, or had begun. */
  | 'writing'
  /** What was written was read back and compared. */
  | 'verified'
  /** The device left DFU mode. */
  | 'left'
  /** The key that is to be there afterwards was made and is on the disk. */
  | 'new-key'
  /** The request to the cloud was about to go out, or had gone. */
  | 'sending'
  /** The cloud said that it took the public key. */
  | 'accepted'
  /** It was proven that the cloud has the key. */
  | 'proven'
  /** The request that gives the cloud the old key again was about to go out, or had gone. */
  | 'sending-old'
  /** It was proven that the cloud has the old key again. */
  | 'taken-back'

/** Whether the key in the Duo and the cloud's were a pair before the write. */
export type PairBefore =
  /** The handshake proved it. */
  | 'proven'
  /** The cloud refused the key. */
  | 'refused'
  /** It was not tried: the Duo holds no key, or the cloud may have the new one since an earlier attempt. */
  | 'not-tried'

/** What a passphrase is for. */
export type PassphrasePurpose =
  /** To open a key file. */
  | 'open'
  /** To encrypt a key with a new passphrase. After a typing error, nobody could open the key. */
  | 'encrypt'

/** A request for a passphrase. */
export interface PassphraseRequest {
  /** To open a key file, or to encrypt a key with a new one. */
  purpose: PassphrasePurpose
  /** The key file to open. */
  file?: string
  /** True if the last answer did not open it. */
  again: boolean
}

/** A step of an operation. */
export type PhaseName =
  /** looking for the Duo */
  | 'find'
  /** waiting for a Duo in DFU mode */
  | 'wait'
  /** putting the Duo into DFU mode */
  | 'enter-dfu'
  /** reading the Duo twice */
  | 'read'
  /** reading the DCT twice */
  | 'read-dct'
  /** keeping a backup */
  | 'backup'
  /** asking before the write */
  | 'confirm'
  /** writing to the Duo */
  | 'write'
  /** comparing what was written */
  | 'verify'
  /** waiting for the Duo, to see what it holds */
  | 'reconcile'
  /** leaving DFU mode */
  | 'leave'
  /** sending the public key */
  | 'send'
  /** asking the cloud about the Duo */
  | 'ask'
  /** looking for the cloud's device port */
  | 'greet'
  /** proving the keys to the cloud */
  | 'handshake'
  /** proving the old key to the cloud */
  | 'prove-old'
  /** proving the new key to the cloud */
  | 'prove-new'
  /** checking the list and its keys */
  | 'check-list'
  /** sending the public keys of the list */
  | 'send-list'
  /** asking the cloud about the devices of the list */
  | 'ask-list'

/** A change besides the key, in words without secrets. */
export interface PlannedChange {
  /** The field, or the part of it. */
  what: string
  /** What is there now, in words; no secret is shown. */
  now: string
  /** What will be there, in words. */
  then: string
}

/** A key that is about to be sent. */
export interface PlannedKey {
  /** The Duo. */
  device: DuoInfo
  /** The device id that the key is sent for. */
  deviceId: string
  /** The fingerprint of the key. */
  fingerprint: string
  /** The cloud that the Duo names. */
  duoCloud: NamedCloud
}

/** The state of a Duo on the bus. */
export type Presence =
  /** Not on the bus. */
  | 'absent'
  /** In its bootloader, 2b04:d058. */
  | 'dfu'
  /** Running, 2b04:c058. */
  | 'normal'

/** An error as a plain object; thrown errors have the same properties. */
export interface Problem {
  /** The stable name. */
  code: ErrorCode
  /** What went wrong, where, and what is known of the key. */
  message: string
  /** The next thing to type or do. */
  hint?: string
  /** The exit code of the command line. */
  exitCode: number
  /** What was being done. */
  phase?: string
  /** The Duo. */
  device?: string
  /** What is known of the Duo's key. */
  keyState?: KeyState
}

/** Something that happened. */
export type ProgressEvent =
  /** A step begins. */
  | {
    type: 'phase'
    /** Its name. */
    phase: PhaseName
    /** The same in words. */
    description: string
  }
  /**
   * Bytes come from the Duo (an upload) or go to it (a download). Names and numbers are those of particle-usb's
   * `progress`: how many bytes there will be, how many were read so far, how many more were written, how many in
   * all. A download is complete when it was read back and compared.
   */
  | {
    type: 'progress'
    /** How far the transfer is. */
    event: TransferEvent
    /** How many bytes; absent for a download that failed. */
    bytes?: number
  }
  /** The Duo that the operation works on was found. */
  | {
    type: 'found'
    /** The Duo. */
    device: DuoInfo
  }
  /** Waiting for a person to press the buttons of a Duo. */
  | {
    type: 'waiting'
    /** The longest wait, in milliseconds. */
    withinMs: number
    /** True if it is enough to plug in a Duo that runs its firmware. */
    enterDfu: boolean
  }
  /** A backup is on the disk, synced and read back. */
  | {
    type: 'backed-up'
    /** The file; absolute. */
    file: string
    /** True if the archive held the same bytes already. */
    alreadyThere: boolean
  }
  /** A key was made. It is on the disk, synced and read back. The Duo does not have it yet. */
  | {
    type: 'new-key'
    /** The file; absolute. */
    file: string
    /** True if an earlier attempt had made it. */
    alreadyThere: boolean
  }
  /** Information that is not an error. */
  | {
    type: 'note'
    /** A sentence or two. */
    message: string
  }
  /** The public key is sent to the cloud now. */
  | {
    type: 'sending'
    /** The device that it is for. */
    deviceId: string
    /** True if it is the generic key of device-provisioning-helper. */
    generic: boolean
  }
  /** The cloud will be asked again. */
  | {
    type: 'retry'
    /** Why. */
    reason: string
    /** The delay in milliseconds. */
    delayMs: number
  }
  /**
   * One device of a list is finished. Devices that were done before have no such event: `alreadyDone` counts them. A
   * device that failed because of the cloud is tried once more at the end, and has a second event.
   */
  | {
    type: 'device'
    /** Its line in the list. */
    line: number
    /** The device id. */
    deviceId: string
    /** What became of it. */
    outcome: FleetOutcome
    /** The key's fingerprint, if one was sent. */
    fingerprint?: string
    /** Why it is not done: the stable name. */
    code?: ErrorCode
    /** Why it is not done, in words. */
    message?: string
  }
  /** The cloud was asked about one device of a list. */
  | {
    type: 'device-asked'
    /** Its line in the list. */
    line: number
    /** The device id. */
    deviceId: string
    /** The answer. */
    answer: FleetAnswer
    /** Why it is not known: the stable name. */
    code?: ErrorCode
    /** Why it is not known, in words. */
    message?: string
  }
  /** One of several Duos that are worked on at once is finished. */
  | {
    type: 'duo-ended'
    /** Bus and ports, as dfu-util writes them: `1-2`. */
    path: string
    /** The device id, if it is known. */
    deviceId?: string
    /** True for a virtual Duo. */
    simulated: boolean
    /** What became of it. */
    outcome: DuoOutcome
    /** The fingerprint of its key, if there is one. */
    fingerprint?: string
    /** The backup; absolute. */
    file?: string
    /** True if the archive held that backup already. */
    alreadyThere: boolean
    /** Host and port where its pairing was proven. */
    server?: string
    /** Why it is not done: the stable name. */
    code?: ErrorCode
    /** Why it is not done, in words that do not repeat the id of the Duo. */
    message?: string
    /** What to do about it. */
    hint?: string
  }
  /** An event of one of several Duos that are worked on at once. */
  | {
    type: 'of-duo'
    /** Bus and ports of the Duo: `1-2`. */
    path: string
    /** The event. */
    inner: ProgressEvent
  }
  /** The progress of a list: once `provisionFleet` has checked it, and then once a second. */
  | {
    type: 'fleet-progress'
    /** Devices whose key the cloud took. */
    done: number
    /** Devices whose key it took before; nothing is sent for them. */
    alreadyDone: number
    /** Devices whose key it did not take. */
    failed: number
    /** Devices whose key it may have taken. */
    unknown: number
    /** Devices that are still to come. */
    notReached: number
    /** Devices per second since the start. */
    rate: number
    /** All requests pause, for this many milliseconds more. */
    pausedMs?: number
  }
  /** All requests pause: the cloud asks for fewer requests, or is in trouble. */
  | {
    type: 'fleet-paused'
    /** Why. */
    reason: string
    /** The pause in milliseconds. */
    delayMs: number
  }

/** Options of `provision`. */
export interface ProvisionOptions {
  /** The device id of the Duo, 24 hexadecimal digits. */
  deviceId: string
  /**
   * A key file whose public half is sent: public or private, PEM or DER. Without it and without `--from-device` the
   * generic key is sent, as device-provisioning-helper did.
   */
  keyFile?: string
  /**
   * A file whose first line is the passphrase of the key file, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /**
   * Send the public key that belongs to the private key in the attached Duo, read over USB. Recommended if you have
   * the Duo.
   * @default false
   */
  fromDevice?: boolean
  /**
   * With `--from-device` or a private key file: prove afterwards, by the Duo's own handshake, that the cloud has the
   * key. Succeeds only then.
   * @default false
   */
  verify?: boolean
  /**
   * With `--verify`: a file with the cloud's public key, RSA with 2048 bits, PEM or DER. Without it, the one in the
   * Duo; with a key file, Particle's own.
   */
  serverKey?: string
  /**
   * With `--verify`: the cloud's name or IPv4 address for devices. Without it, the one in the Duo, or
   * device.spark.io.
   */
  host?: string
  /** With `--verify`: the TCP port that devices connect to. Without it, the one in the Duo, or 5683. */
  port?: number
  /**
   * The product id; 88, the Duo's, unless given.
   * @default 88
   */
  productId?: number
  /**
   * The cloud's API; https://api.particle.io, or that of your particle-cli profile when its token is
   * used, unless given.
   * @default https://api.particle.io
   */
  apiUrl?: string
  /**
   * Send the token over plain HTTP to another machine, for your own cloud on a network you trust.
   * @default false
   */
  allowHttp?: boolean
  /**
   * Use this cloud although the Duo's server key is another cloud's. The Duo still connects to the other one.
   * @default false
   */
  allowOtherCloud?: boolean
  /**
   * A file that holds the access token, or - for standard input. Else PARTICLE_ACCESS_TOKEN, else the
   * login of particle-cli.
   */
  tokenFile?: string
  /** The access token itself; only in the API, since a command line is no place for a secret. */
  token?: string
  /** With `--from-device`: the USB port that the Duo is plugged into, as `list` shows it. */
  path?: string
  /**
   * With `--from-device`: if the Duo runs its firmware, put it into DFU mode first, through its
   * serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * With `--from-device`: if no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** With `--from-device`: work on a virtual Duo, the USB/IP server of a running `simulate`. */
  usbip?: string
  /**
   * Seconds that one step (reading, or sending with all retries) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
  /**
   * Check everything and say what would be sent; send nothing.
   * @default false
   */
  dryRun?: boolean
}

/** A public key that the cloud said it took (in a dry run: that would be sent). */
export interface ProvisionResult {
  /** The device id, in lower case. */
  deviceId: string
  /** The public key's fingerprint. */
  fingerprint: string
  /** Where the public key came from. */
  source: PublicKeySource
  /** The product id. */
  productId: number
  /** The cloud's API. */
  apiUrl: string
  /** The attached Duo, if its key was sent. */
  device?: DuoInfo
  /** The cloud that the attached Duo names, if its key was sent. */
  duoCloud?: NamedCloud
  /** Host and port at which the pairing was proven (in a dry run: would be); absent without `verify`. */
  server?: string
  /** True in a dry run: nothing was sent. */
  dryRun: boolean
}

/** A device that was provisioned at a local cloud. */
export interface ProvisionedDevice {
  /** The device id, as it was sent. */
  deviceId: string
  /** The public key as PEM, as it was sent. */
  publicKey: string
  /** The product id, as it was sent. */
  productId?: string
  /** The order, as it was sent. */
  order?: string
}

/** Options of `publicKey`. */
export interface PublicKeyOptions {
  /** The key file: public or private, PEM or DER, a backup, or a dump that begins with a key. */
  file: string
  /** Also write the public key to this new file: as DER if its name ends in .der, else as PEM. */
  out?: string
  /**
   * A file whose first line is the passphrase of the key file, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
}

/** The public key of a key file. */
export interface PublicKeyResult {
  /** SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits. */
  fingerprint: string
  /** The public key as PEM. */
  publicKey: string
  /** The file that the key was written to; absolute. */
  out?: string
}

/** Where a public key comes from. */
export type PublicKeySource =
  /** The generic key of device-provisioning-helper. */
  | 'generic'
  /** A file. */
  | 'file'
  /** The Duo. */
  | 'device'

/** Options of `readKey`. */
export interface ReadKeyOptions {
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** A Duo's key. The key itself is not serialized. No `Debug`. */
export interface ReadKeyResult {
  /** The Duo. */
  device: DuoInfo
  /** The key's fingerprint. */
  fingerprint: string
  /** The private key, PKCS#1 as minimal DER: every tool reads it, and `restoreKey` accepts it. It is a secret. */
  key: Uint8Array
}

/** Options of `resetKey`. */
export interface ResetOptions {
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * Do not back up what is there now: what is written over is in no new backup. With bootloaders r3 to r5,
   * `--i-accept-that-the-key-may-be-lost` is needed too.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place,
   * so a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * Encrypt the key file that this command makes with a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
   * @default false
   */
  encrypt?: boolean
  /**
   * A file whose first line is the passphrase of every key file that this command makes or reads, or - for standard
   * input. Else DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** The key slot now holds the reset image, and the Duo has left DFU mode. */
export interface ResetResult {
  /** The Duo. */
  device: DuoInfo
  /** The key that was there, if there was one. */
  previousFingerprint?: string
  /** The backup of what was there; absolute. */
  backupFile?: string
  /** False in a dry run, and if the slot already held the reset image. */
  written: boolean
  /** True in a dry run: nothing was written. */
  dryRun: boolean
  /** The command that sends the new key to the Duo's cloud. It is for later, when the Duo is in DFU mode again. */
  provisionCommand: string
}

/** Options of `restoreKey`. */
export interface RestoreOptions {
  /** The key file: a backup, or a private key as PKCS#1 or PKCS#8, DER or PEM. */
  file?: string
  /** The bytes of such a file, in place of a file: for code that stores keys itself. Only in the API. */
  key?: Uint8Array
  /**
   * Leave DFU mode once the key is in place and verified.
   * @default false
   */
  leave?: boolean
  /**
   * Write the key even though it is known to be another device's.
   * @default false
   */
  allowOtherDevice?: boolean
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * Do not back up what is there now: what is written over is in no new backup. With bootloaders r3 to r5,
   * `--i-accept-that-the-key-may-be-lost` is needed too.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place,
   * so a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * Encrypt the key file that this command makes with a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
   * @default false
   */
  encrypt?: boolean
  /**
   * A file whose first line is the passphrase of every key file that this command makes or reads, or - for standard
   * input. Else DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** A key that is in place: read back and compared. */
export interface RestoreResult {
  /** The Duo. */
  device: DuoInfo
  /** The key that was there, if there was one. */
  previousFingerprint?: string
  /** The key that is there now (in a dry run: the key that would be). */
  fingerprint: string
  /** Why the key is taken to be this Duo's; absent if no key is written, or if the key was made for it. */
  evidence: KeyEvidence
  /** The same in words. */
  evidenceDescription: string
  /** The backup of what was there; absolute. */
  backupFile?: string
  /** False in a dry run, and if the Duo already held exactly these bytes. */
  written: boolean
  /** True if the Duo was sent the request to leave DFU mode, and left it. */
  left: boolean
  /** True in a dry run: nothing was written. */
  dryRun: boolean
}

/** A field that is restored from a dump. */
export interface RestoredFieldInfo {
  /** Its name in `dct.h`, with hyphens. */
  name: string
  /** What was there, in words; no secret is shown. */
  previous: string
  /** What is there now, in words; in a dry run, what would be. */
  description: string
  /** False if the Duo held exactly these bytes already, and in a dry run. */
  written: boolean
}

/** Options of `rotateKey`. */
export interface RotateOptions {
  /**
   * The product id; 88, the Duo's, unless given.
   * @default 88
   */
  productId?: number
  /** The folder of the archive, for the old and the new key; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * Do not prove the keys by the Duo's own handshake before the Duo is written: for a cloud whose device port this
   * machine cannot reach.
   * @default false
   */
  noVerify?: boolean
  /**
   * Check everything and say what would be done; make no key, write and send nothing.
   * @default false
   */
  dryRun?: boolean
  /**
   * The cloud's API; https://api.particle.io, or that of your particle-cli profile when its token is
   * used, unless given.
   * @default https://api.particle.io
   */
  apiUrl?: string
  /**
   * Send the token over plain HTTP to another machine, for your own cloud on a network you trust.
   * @default false
   */
  allowHttp?: boolean
  /**
   * Use this cloud although the Duo's server key is another cloud's. The Duo still connects to the other one.
   * @default false
   */
  allowOtherCloud?: boolean
  /**
   * A file that holds the access token, or - for standard input. Else PARTICLE_ACCESS_TOKEN, else the
   * login of particle-cli.
   */
  tokenFile?: string
  /** The access token itself; only in the API, since a command line is no place for a secret. */
  token?: string
  /** A file with the cloud's public key, RSA with 2048 bits, PEM or DER. Without it, the one in the Duo. */
  serverKey?: string
  /** The cloud's name or IPv4 address for devices. Without it, the one in the Duo, or device.spark.io. */
  host?: string
  /** The TCP port that devices connect to. Without it, the one in the Duo, or 5683. */
  port?: number
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (reading, sending with all retries, writing, proving, leaving) may take, 1 to 3600;
   * 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** A new key: the cloud took it and was proven to have it. It is in the Duo, read back and compared. */
export interface RotateResult {
  /** The Duo. */
  device: DuoInfo
  /** The device id that the key was sent for. */
  deviceId: string
  /** The key that was there, if there was one. */
  previousFingerprint?: string
  /** The key that is there now; absent in a dry run that would make a new key. */
  fingerprint?: string
  /** The file of the new key in the archive; absolute. Absent in a dry run. */
  newKeyFile?: string
  /** True if an earlier attempt, which was cut short, made the key. */
  takenUp: boolean
  /** The backup of what was there; absolute. */
  backupFile?: string
  /** The product id. */
  productId: number
  /** The cloud's API. */
  apiUrl: string
  /** The cloud that the Duo names. */
  duoCloud: NamedCloud
  /** Host and port at which the pairing was proven (in a dry run: would be); absent with `noVerify`. */
  server?: string
  /** Whether the Duo's old key and the cloud's were a pair; absent with `noVerify` and in a dry run. */
  pairBefore?: PairBefore
  /** False in a dry run, and if the Duo already held the new key. */
  written: boolean
  /** True in a dry run: nothing was changed. */
  dryRun: boolean
}

/** The keys of all Duos that are about to be sent, shown before the one question. */
export interface SendPlan {
  /** The cloud's API. */
  apiUrl: string
  /** The product id. */
  productId: number
  /** The Duos, ordered by path. */
  duos: Array<PlannedKey>
  /** How many connected Duos have a key that is not sent; an event said why for each. */
  leftOut: number
}

/** A cloud's public key and its address. */
export interface ServerKeyInfo {
  /** SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits; absent if there is no usable key. */
  fingerprint?: string
  /** True if it is the key of Particle's own cloud. */
  particle: boolean
  /** Why there is no usable key. */
  keyProblem?: string
  /** True if an address is set; otherwise the firmware uses its own. */
  namesAddress: boolean
  /** The cloud's host name or IPv4 address as stored; `$id` in it stands for the device id. */
  host?: string
  /** The host that this device connects to, if its id is known. */
  connectsTo?: string
  /** The TCP port. */
  port?: number
  /** Why the address cannot be used. */
  addressProblem?: string
}

/** Options of `restoreServerKey`. */
export interface ServerKeyRestoreOptions {
  /**
   * Leave DFU mode once the key is in place and verified.
   * @default false
   */
  leave?: boolean
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * Do not back up what is there now: what is written over is in no new backup. With bootloaders r3 to r5,
   * `--i-accept-that-the-key-may-be-lost` is needed too.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place,
   * so a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** Options of `setServerKey`. */
export interface ServerKeySetOptions {
  /** The cloud's public key, RSA with 2048 bits, as DER or PEM; an address may follow it, as in the DCT. */
  file: string
  /**
   * The cloud's name or IPv4 address; `$id` in it stands for the device id. Without it, the one in the file, else
   * the one in the Duo is kept.
   */
  host?: string
  /**
   * The TCP port that devices connect to; with `--host`, 5683 unless given.
   * @default `--host`
   */
  port?: number
  /**
   * Write no address. The firmware then looks for the cloud at device.spark.io.
   * @default false
   */
  noAddress?: boolean
  /**
   * Leave DFU mode once the key is in place and verified.
   * @default false
   */
  leave?: boolean
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * Do not back up what is there now: what is written over is in no new backup. With bootloaders r3 to r5,
   * `--i-accept-that-the-key-may-be-lost` is needed too.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place,
   * so a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** Options of `showServerKey`. */
export interface ServerKeyShowOptions {
  /** A cloud's public key, with or without an address after it, or a dump of a DCT; in place of an attached Duo. */
  file?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** The cloud that a Duo or a file names. */
export interface ServerKeyShowResult {
  /** The Duo, if it was read from one. */
  device?: DuoInfo
  /** The file, if it was read from one; absolute. */
  file?: string
  /** The cloud's key and address. */
  server: ServerKeyInfo
}

/** A cloud's public key and its address, in place: read back and compared. */
export interface ServerKeyWriteResult {
  /** The Duo. */
  device: DuoInfo
  /** The cloud that the Duo named before. */
  previous: ServerKeyInfo
  /** The cloud that it names now; in a dry run, the one that it would name. */
  server: ServerKeyInfo
  /** Where the address comes from. */
  addressSource: AddressSource
  /** The backup of the DCT's previous application section; absolute. It is a secret. */
  backupFile?: string
  /** False in a dry run, and if the Duo already held exactly these bytes. */
  written: boolean
  /** True if the Duo was sent the request to leave DFU mode. */
  left: boolean
  /** True in a dry run: nothing was written. */
  dryRun: boolean
}

/** How bad a finding is. */
export type Severity =
  /** As it should be. */
  | 'ok'
  /** For information. */
  | 'note'
  /** Needs to be fixed. */
  | 'problem'

/** Options of `status`. */
export interface StatusOptions {
  /** Only what was done to this Duo: its device id, 24 hexadecimal digits. */
  deviceId?: string
  /**
   * Dismiss what this operation left open, by the id that `status` prints: whether a cloud took a key, if nothing
   * else settles that. It stays in the history. If it left the Duo's key or a field wrong or unknown, or the cloud
   * with a key that the Duo does not have, it cannot be dismissed.
   */
  dismiss?: string
}

/** The open operations. */
export interface StatusResult {
  /** The folder of the journal; absolute. It may not exist. */
  journal: string
  /** Operations that were cut short, or left a wrong or unknown key, and are not settled since; oldest first. */
  inFlight: Array<OperationInfo>
  /** What other processes are doing now. */
  running: Array<OperationInfo>
  /** The operation that was dismissed now; it is in the history. */
  dismissed?: OperationInfo
}

/**
 * How far a transfer is; the names are particle-usb's (`progress` in its `src/dfu.js`). An upload comes from the Duo,
 * a download goes to it.
 */
export type TransferEvent =
  /** `bytes` bytes are about to be read. */
  | 'start-upload'
  /** `bytes` bytes have been read so far. */
  | 'uploaded'
  /** All bytes were read; two reads agree. */
  | 'complete-upload'
  /** `bytes` bytes are about to be written. */
  | 'start-download'
  /** `bytes` more bytes were written. */
  | 'downloaded'
  /** All bytes were written, read back and compared. */
  | 'complete-download'
  /** The bytes were not written, or it is not known whether they were. */
  | 'failed-download'

/** Options of `installUdevRule`. */
export interface UdevInstallOptions {
  /**
   * For tests: another root folder in place of /, which you may write to. The rule goes below it, and the udevadm
   * below it is run.
   */
  root?: string
}

/** A udev rule that is in place, and that udev has loaded. */
export interface UdevInstallResult {
  /** The file. */
  file: string
  /** False if the file already had exactly these contents. */
  written: boolean
}

/** The udev rule that lets users open a Duo without being root. */
export interface UdevRule {
  /** Where it is installed. */
  file: string
  /** The whole file. */
  contents: string
}

/** Options of `verifyPairing`. */
export interface VerifyOptions {
  /**
   * A file with the private key, in any form; `--device` says whose it is. Without it, the key is read from the
   * attached Duo.
   */
  key?: string
  /**
   * A file whose first line is the passphrase of the key file, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /**
   * A file with the cloud's public key, RSA with 2048 bits, PEM or DER. Without it, the one in the Duo; with
   * `--key`, Particle's own.
   */
  serverKey?: string
  /** The cloud's name or IPv4 address. Without it, the one in the Duo, or device.spark.io. */
  host?: string
  /** The TCP port that devices connect to. Without it, the one in the Duo, or 5683. */
  port?: number
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4. */
  path?: string
  /**
   * If the Duo runs its firmware, put it into DFU mode first, through its serial port.
   * @default false
   */
  enterDfu?: boolean
  /**
   * If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
   * @default false
   */
  wait?: boolean
  /**
   * Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
   * cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
   * @default false
   */
  allowUnprovenAddress?: boolean
  /** Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only. */
  usbip?: string
  /**
   * Seconds that one step (reading, or the whole handshake) may take, 1 to 3600; 30 unless given.
   * @default 30
   */
  timeout?: number
}

/** A pairing that was proven by the device's own handshake. */
export interface VerifyResult {
  /** The device id that the cloud knows. */
  deviceId: string
  /** The key by which it knows the device, and which belongs to the private key. */
  fingerprint: string
  /** SHA-256 of the server key's SubjectPublicKeyInfo, 64 hexadecimal digits. */
  serverFingerprint: string
  /** True if it is the server key of Particle's own cloud. */
  particle: boolean
  /** Host and port of the server. */
  server: string
  /** The attached Duo, if the key came from it. */
  device?: DuoInfo
}

/** One of the Duos of a `VirtualDuo`. */
export interface VirtualDuoInfo {
  /** Bus and port: `1-1`. */
  path: string
  /** The device id: `VIRTUAL-DUO` and the port's number, in hexadecimal. */
  deviceId: string
  /** The fingerprint of the key in its slot, if it holds one. */
  fingerprint?: string
  /** Its state on the bus. */
  presence: Presence
  /** How often it has started its firmware. */
  boots: number
  /** How many keys it has made, the first included. */
  keysMade: number
  /** How many DFU class requests it has received. */
  classRequests: number
  /** How often its armed faults have acted. */
  faultsActed: number
}

/** Options of `VirtualDuo.start`, and of the virtual Duos of `simulate`. */
export interface VirtualDuoOptions {
  /**
   * The number of Duos, 1 to 16; 1 unless given.
   * @default 1
   */
  duos?: number
  /**
   * Another board with a Duo's layout, in their place; duo unless given.
   * @default duo
   */
  board?: BoardName
  /**
   * Their bootloader; r6 unless given.
   * @default r6
   */
  bootloader?: Bootloader
  /**
   * What they do at each start: stay in DFU mode, or run their firmware, with a serial port; dfu unless given.
   * @default dfu
   */
  mode?: DuoMode
  /** The port of the USB/IP server on 127.0.0.1; without it, a free one (3240 is USB/IP's own). */
  usbipPort?: number
  /**
   * A fault for every Duo: KIND@7 strikes once, at the seventh control transfer, KIND@7+ from then on, and KIND@dfu7
   * counts only DFU's requests. May be repeated. A mistyped one lists the kinds.
   */
  faults?: Array<string>
}

/** What will be written. */
export type WriteAction =
  /** A private key. */
  | 'restore'
  /** The reset image. */
  | 'reset'
  /** A cloud's public key and its address. */
  | 'set-server-key'
  /** Fields out of a dump. */
  | 'restore-dct'
  /** A whole DCT, both copies. */
  | 'restore-whole-dct'
  /** A new private key, which is sent to the cloud first. */
  | 'rotate'

/** What will be written; shown before the question. */
export interface WritePlan {
  /** What will be written. */
  action: WriteAction
  /** The Duo. */
  device: DuoInfo
  /** The key in the Duo now, if there is one. */
  currentFingerprint?: string
  /** What is in the slot now, in words. */
  current: string
  /** The key to write; absent for a reset, and if the key stays as it is. */
  newFingerprint?: string
  /** Why the key is taken to be this Duo's; absent if no key is written, or if the key was made for it. */
  evidence?: KeyEvidence
  /** The same in words. */
  evidenceDescription?: string
  /** The public key in the Duo's DCT, if it does not belong to the key to write. It may be stale. */
  publicSlotFingerprint?: string
  /** What changes besides the key. */
  changes: Array<PlannedChange>
  /** Warnings shown before the question. */
  cautions: Array<string>
  /** The cloud's API, if the new key is sent to the cloud before it is written. */
  cloud?: string
  /** The cloud that the Duo names, if a key is sent to a cloud. */
  duoCloud?: NamedCloud
  /** Whether the key in the Duo and the cloud's are a pair now, if that is proven first. */
  pairBefore?: PairBefore
  /** The backup of what is there now; absent if none was made. */
  backupFile?: string
}

/** What every function of this package throws. Its stack is that of the call that failed. */
export declare class DuoProvisionError extends Error {
  private constructor()

  /** The hint as code has it: a command is a call, and its options are properties. */
  get apiHint(): string | undefined

  name: ErrorName
  /** The stable name. */
  code: ErrorCode
  /** The next thing to type or do. */
  hint?: string
  /** The exit code of the command line. */
  exitCode: number
  /** What was being done. */
  phase?: string
  /** The Duo. */
  device?: string
  /** What is known of the Duo's key. */
  keyState?: KeyState
}

/**
 * True if an error is a DuoProvisionError, and has the code, if one is given. Unlike `instanceof` it knows those of
 * another realm, too: of a worker, or of a second installation of this package.
 *
 * @example
 * ```js
 * try {
 *   await backupKey()
 * } catch (error) {
 *   if (isDuoProvisionError(error, 'NO_DEVICE')) console.log('Connect a Duo in DFU mode.')
 *   else throw error
 * }
 * ```
 */
export declare function isDuoProvisionError(error: unknown, code?: ErrorCode): error is DuoProvisionError

/** A cloud on loopback that takes public keys and remembers them. A simulation: nothing leaves the machine. */
export declare class LocalCloud {
  /** Starts a cloud on 127.0.0.1. */
  static start(options?: LocalCloudOptions): Promise<LocalCloud>
  /** The API's URL, for the option `apiUrl`. */
  get url(): string
  /** A token that it accepts; only for this cloud. */
  get token(): string
  /** Where devices connect to, `127.0.0.1:PORT`; absent without `devicePort`. */
  get deviceAddress(): string | null
  /** The cloud's own public key, RSA-2048, as PEM; absent without `devicePort`. */
  get serverKey(): string | null
  /** What was provisioned so far, one entry for each device; nothing after `stop`. */
  provisioned(): Array<ProvisionedDevice>
  /** Lets requests in flight finish and stops. A second call does nothing. */
  stop(): Promise<void>
  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Virtual Duos behind a USB/IP server on loopback. A simulation: no hardware is involved. */
export declare class VirtualDuo {
  /**
   * Starts one Duo or several. Each has a new key. It is in DFU mode, and returns to it after each restart, as if
   * its buttons were held. With the mode `normal` it runs its firmware at each start.
   */
  static start(options?: VirtualDuoOptions): Promise<VirtualDuo>
  /** The value for the option `usbip`: `127.0.0.1:PORT`. */
  get address(): string
  /** The Duos as they are now, ordered by path; none after `stop`. */
  duos(): Array<VirtualDuoInfo>
  /**
   * The names of faults to try: one or more of every kind, without the transfer at which they strike. Arm a fault as
   * `NAME@7` (once, at the seventh control transfer), `NAME@7+` (from then on), `NAME@dfu7` or `NAME@dfu7+` (counts
   * only DFU's class requests).
   */
  static faults(): Array<string>
  /**
   * Arms the Duo in a port with a fault, such as `timeout-after@dfu9`. Counting begins now. An unknown name, or a
   * port without a Duo, is `INVALID_ARGUMENT`.
   */
  arm(path: string, fault: string): void
  /** Disarms every fault of the Duo in a port. */
  clearFaults(path: string): void
  /** Pulls the cable of the Duo in a port. */
  unplug(path: string): void
  /**
   * Plugs the cable in again: the Duo starts, and is in its mode some 700 ms later. Does nothing if it is plugged
   * in.
   */
  plugIn(path: string): void
  /** Presses RESET: the Duo drops off the bus, starts, and is in its mode some 700 ms later. */
  pressReset(path: string): void
  /**
   * Presses both buttons, and releases SETUP at the right time: the Duo is in DFU mode some 700 ms later, in either
   * mode.
   */
  pressButtons(path: string): void
  /**
   * Replaces the Duo in a port by another one with its own id and key; the next call puts the first one back. The
   * Duo in the port is in DFU mode some 700 ms later. Armed faults stay with the port.
   */
  swap(path: string): void
  /** The 1,216 bytes of a Duo's key slot, read without USB. */
  keySlot(path: string): Buffer
  /** Changes the 1,216 bytes of a Duo's key slot, without USB. */
  setKeySlot(path: string, bytes: Uint8Array): void
  /**
   * Writes a cloud's public key, PEM, and its address into the DCT of every Duo, as the tools for a cloud of one's
   * own do. `verify` then uses them. The address is `HOST:PORT`.
   */
  setServer(serverKey: string, address: string): void
  /** Closes every connection; the port is free when the promise is fulfilled. A second call does nothing. */
  stop(): Promise<void>
  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Does what `backupKey` does with every connected Duo, up to 16 at a time; each backup goes to the archive. The
 * promise is also fulfilled if some are not saved: `counts` and `duos` say so.
 *
 * @example
 * ```js
 * const { counts, duos } = await backupAll()
 * for (const { path, problem } of duos) if (problem) console.error(path, problem.message)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function backupAll(options?: Omit<BackupOptions, 'file' | 'deviceId' | 'path' | 'wait'> & AllDuos, control?: Control): Promise<AllBackupResult>

/**
 * Does what `backupDct` does with every connected Duo, up to 16 at a time; each backup goes to the archive. The
 * promise is also fulfilled if some are not saved: `counts` and `duos` say so.
 *
 * @example
 * ```js
 * const { counts } = await backupAllDcts({ whole: true })
 * console.log(`${counts.done} of ${counts.total} saved`)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function backupAllDcts(options?: Omit<DctBackupOptions, 'file' | 'deviceId' | 'path' | 'wait'> & AllDuos, control?: Control): Promise<AllDctBackupResult>

/**
 * Saves the Duo's DCT to a new file: its application section, or both copies whole. The DCT is read twice and
 * compared; the file is for its owner only, synced and read back. It is a secret. Writes nothing to the Duo.
 *
 * @example
 * ```js
 * const { file } = await backupDct({ whole: true })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function backupDct(options?: DctBackupOptions, control?: Control): Promise<DctBackupResult>

/**
 * Saves the Duo's private key to a new file. The key is read twice and compared; the file is for its owner only,
 * synced and read back, with the public key and a manifest beside it. Writes nothing to the Duo.
 *
 * @example
 * ```js
 * const { file, fingerprint } = await backupKey({ file: 'duo.der' })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function backupKey(options?: BackupOptions, control?: Control): Promise<BackupResult>

/** A board that shares the Duo's bootloader and the layout of its DCT. */
export type BoardName = 'duo' | 'photon' | 'p1' | 'electron'

/** A release of the Duo's bootloader. */
export type Bootloader = 'r3' | 'r4' | 'r5' | 'r6'

/** Which cloud's answers a local cloud gives. */
export type CloudFlavor = 'particle' | 'spark' | 'brewskey'

/**
 * Watches and stops an operation.
 *
 * Only the shape, for `index.d.ts`: the object is read member by member, so that errors can name the wrong one.
 */
export interface Control {
  /**
   * Stops the operation between two transfers, or while it waits for an answer. A write that has begun is finished
   * and read back first. If it is aborted already, nothing begins. The error is an `AbortError`, and its `cause` is
   * the signal's `reason`.
   */
  signal?: AbortSignal
  /**
   * Called with each event, while it happens. What it throws, or its promise rejects with, becomes a warning of the
   * process.
   */
  onEvent?: (event: ProgressEvent) => unknown
  /**
   * Asked after the backup and before the first byte is written, while the Duo is open. Without it, the call is the
   * consent. Anything but `true` is a refusal, and so is a throw.
   */
  confirm?: (plan: WritePlan) => boolean | Promise<boolean>
  /**
   * Asked once by `provisionAll`, after all Duos were read and before the first key is sent. Without it, the call is
   * the consent. Anything but `true` is a refusal, and so is a throw.
   */
  confirmAll?: (plan: SendPlan) => boolean | Promise<boolean>
  /**
   * Asked for a passphrase that is needed and was not given, before any Duo is touched. Anything but a text means
   * that there is none, and so does a throw.
   */
  passphrase?: (request: PassphraseRequest) => string | undefined | Promise<string | undefined>
}

/** One of the two copies of a whole DCT. */
export type CopyName = 'first' | 'second'

/**
 * Looks at every Duo in DFU mode, at the archive and at the journal, and says what is wrong and what to type. Asks the
 * cloud about each Duo if a token is given or `cloud` is true. With `verify` it proves that each Duo's key and its
 * cloud's are a pair. Reads only. Problems are findings, not errors, and so is a cloud that cannot be reached.
 *
 * @example
 * ```js
 * const { problems, duos } = await doctor()
 * if (problems > 0) console.log(duos.flatMap(({ findings }) => findings.map(({ message }) => message)))
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function doctor(options?: DoctorOptions, control?: Control): Promise<DoctorResult>

/** What a virtual Duo does at each start. */
export type DuoMode = 'dfu' | 'normal'

/**
 * Puts a Duo that runs its firmware into DFU mode through its serial port, and waits until it is there. A Duo in DFU
 * mode is left alone. Neither its key nor anything else in its flash is touched.
 *
 * @example
 * ```js
 * await enterDfu({ deviceId: '30001a000347343432313031' })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function enterDfu(options?: DfuOptions, control?: Control): Promise<EnterDfuResult>

/**
 * Makes a list of what would be sent, for a person to read first: the newest key of each device in an archive or, from
 * a list of ids, only the ids. If two keys of a device are possible, its row says so and is not sent.
 *
 * @example
 * ```js
 * const { manifest, problems } = await fleetManifest({ archive: 'batch-7' })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function fleetManifest(options?: FleetManifestOptions, control?: Control): Promise<FleetManifestResult>

/**
 * Combines the ledgers of a list: the outcome of each device, and whether a shard is missing. Sends nothing.
 *
 * @example
 * ```js
 * const { complete, problems } = await fleetReport({ ledgers: ['devices.provision.jsonl'] })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function fleetReport(options: FleetReportOptions, control?: Control): Promise<FleetReportResult>

/**
 * Lists what was done to which Duo, the newest first. Reads the journal in the user's data directory. Needs no Duo.
 *
 * @example
 * ```js
 * const { operations } = await history({ deviceId: '30001a000347343432313031', limit: 10 })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function history(options?: HistoryOptions, control?: Control): Promise<HistoryResult>

/**
 * Says what a file holds: a key in any form, a dump of a DCT, a cloud's public key, a manifest; and whether the Duo's
 * firmware would read the key. Can write one field of a dump to a new file. Needs no Duo.
 *
 * @example
 * ```js
 * const { kind, fingerprint } = await inspectKey({ file: 'duo.der' })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function inspectKey(options: InspectOptions, control?: Control): Promise<InspectResult>

/**
 * Writes the udev rule to /etc/udev/rules.d, as root, and reloads udev's rules (with `udevadm`, the only program that
 * this package ever starts). An existing file with other contents is left alone. Never becomes root by itself.
 *
 * @example
 * ```js
 * const { file, written } = await installUdevRule()
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function installUdevRule(options?: UdevInstallOptions, control?: Control): Promise<UdevInstallResult>

/**
 * Lists the backups in the archive, by name, with the device and the key of each, and those that were saved in other
 * places on this machine. Needs no Duo.
 *
 * @example
 * ```js
 * const { backups } = await listBackups()
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function listBackups(options?: BackupsOptions, control?: Control): Promise<BackupsResult>

/**
 * Lists the Duos: those in DFU mode with the fingerprints of their keys, and those that run their firmware. Reads
 * only. A Duo that cannot be opened or read is listed with the reason. If there are none, the list is empty.
 *
 * @example
 * ```js
 * const { devices } = await listDevices()
 * for (const { path, deviceId, state, problem } of devices) console.log(path, deviceId, state, problem?.code)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function listDevices(options?: ListOptions, control?: Control): Promise<ListResult>

/**
 * Makes a new key as a Duo does, in a new file for its owner only: in the same bytes as a backup, or encrypted with a
 * passphrase. The public key goes beside it. Needs no Duo.
 *
 * @example
 * ```js
 * const { file, fingerprint } = await newKey({ file: 'new.der' })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function newKey(options?: NewKeyOptions, control?: Control): Promise<NewKeyResult>

/**
 * Sends the Duo's public key to the cloud. Succeeds if the cloud says that it took the key; with `verify`, only if a
 * handshake also proves it.
 *
 * @example
 * ```js
 * await provision({ deviceId: '30001a000347343432313031', fromDevice: true })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function provision(options: ProvisionOptions, control?: Control): Promise<ProvisionResult>

/**
 * Does what `provision` does, with the own key of every connected Duo, up to 16 at a time. All Duos are read, then
 * `confirmAll` of the control is asked once, then the keys are sent. Two Duos with one id are not sent. The promise is
 * also fulfilled if some Duos failed: `counts` and `duos` say so.
 *
 * @example
 * ```js
 * const { counts } = await provisionAll({ fromDevice: true }, { confirmAll: ({ duos }) => duos.length === 40 })
 * console.log(`${counts.done} of ${counts.total} sent`)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function provisionAll(options: Omit<ProvisionOptions, 'deviceId' | 'keyFile' | 'passphrase' | 'passphraseFile' | 'path' | 'wait'> & AllDuos & { fromDevice: true }, control?: Control): Promise<AllProvisionResult>

/**
 * Sends the public keys of a list of devices. Checks the whole list before the first request. The ledger beside the
 * list records the outcome of each device, and the same call continues after a stop. The promise is also fulfilled if
 * some devices are not done: `counts` and `stoppedBy` say so.
 *
 * @example
 * ```js
 * const { counts, stoppedBy } = await provisionFleet({ manifest: 'devices.csv' })
 * if (counts.done + counts.alreadyDone < counts.total) console.error(stoppedBy?.message ?? counts)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function provisionFleet(options: FleetProvisionOptions, control?: Control): Promise<FleetProvisionResult>

/**
 * Takes the public key out of a key file of any kind. Nothing else of a private key leaves it. Needs no Duo.
 *
 * @example
 * ```js
 * const { publicKey: pem } = await publicKey({ file: 'duo.der' })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function publicKey(options: PublicKeyOptions, control?: Control): Promise<PublicKeyResult>

/**
 * Reads the Duo's private key and returns its bytes: for code that stores keys itself, for example in a vault. Only
 * this function gives out a private key other than in a file, so treat the result as a secret. In all other cases use
 * `backupKey`. Writes nothing anywhere.
 *
 * @example
 * ```js
 * const { key, fingerprint } = await readKey()
 * await vault.put(`duo/${fingerprint}`, key)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function readKey(options?: ReadKeyOptions, control?: Control): Promise<ReadKeyResult>

/**
 * Erases the Duo's private key after a backup, verifies that, and restarts the Duo. The Duo then makes a new key and
 * has to be provisioned again.
 *
 * @example
 * ```js
 * const { backupFile } = await resetKey({ deviceId: '30001a000347343432313031' })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function resetKey(options?: ResetOptions, control?: Control): Promise<ResetResult>

/**
 * Writes fields of a dump back to the Duo, each in one block, each read back and compared; or, with `whole`, the whole
 * DCT as it was read. The DCT is backed up first. What holds the dump's bytes already is left alone, so the same call
 * continues an interrupted one.
 *
 * @example
 * ```js
 * await restoreDct({ file: 'whole.bin', fields: ['server-public-key'] })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function restoreDct(options: DctRestoreOptions, control?: Control): Promise<DctRestoreResult>

/**
 * Writes a saved private key to the Duo. The present key is backed up first, and the write succeeds only if it is read
 * back and compared.
 *
 * @example
 * ```js
 * const { written, backupFile } = await restoreKey(
 *   { file: 'duo.der', leave: true },
 *   { confirm: (plan) => plan.evidence !== 'none' },
 * )
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function restoreKey(options: RestoreOptions & ({ file: string } | { key: Uint8Array }), control?: Control): Promise<RestoreResult>

/**
 * Writes the built-in public key and address of Particle's own cloud to the Duo; otherwise the same as `setServerKey`.
 *
 * @example
 * ```js
 * await restoreServerKey({ leave: true })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function restoreServerKey(options?: ServerKeyRestoreOptions, control?: Control): Promise<ServerKeyWriteResult>

/**
 * Gives the Duo and the cloud a new key. The old key is backed up, and the new one is stored in the archive. `confirm`
 * is asked, and sees whether the old key and the cloud's are a pair. The new key is sent to the cloud, and this
 * machine proves with the Duo's own handshake that the cloud has it. Only then is the Duo written, read back and
 * compared, and it leaves DFU mode. If the cloud refuses, both stay as they were. The same call resumes an interrupted
 * one, with the same new key.
 *
 * @example
 * ```js
 * const { fingerprint, newKeyFile } = await rotateKey({}, { signal: AbortSignal.timeout(120_000) })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function rotateKey(options?: RotateOptions, control?: Control): Promise<RotateResult>

/**
 * Writes a cloud's public key and address to the Duo, so that it connects to that cloud. The DCT is backed up first,
 * and the write succeeds only if it is read back and compared. With a file that has no address, the Duo keeps its own.
 *
 * @example
 * ```js
 * await setServerKey({ file: 'server.pub.pem', host: 'cloud.example.org' })
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function setServerKey(options: ServerKeySetOptions, control?: Control): Promise<ServerKeyWriteResult>

/**
 * Says what the fields of a DCT hold, from the attached Duo or from a file. Shows no secret: for a private key its
 * fingerprint, for a claim code only whether there is one. Reads only.
 *
 * @example
 * ```js
 * const { dct } = await showDct({ file: 'whole.bin' })
 * for (const { name, description } of dct.fields) console.log(name, description)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function showDct(options?: DctShowOptions, control?: Control): Promise<DctShowResult>

/**
 * Says which cloud the attached Duo, or a file, names: the cloud's public key and its address. Reads only.
 *
 * @example
 * ```js
 * const { server } = await showServerKey()
 * console.log(server.particle, server.host)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function showServerKey(options?: ServerKeyShowOptions, control?: Control): Promise<ServerKeyShowResult>

/**
 * Says what was in flight when a process or a machine stopped, and what to type next. Reads the open operations in the
 * journal in the user's data directory. With `dismiss` it first dismisses what one operation left open, if that is
 * only whether a cloud took a key (else `CANNOT_DISMISS`). Needs no Duo.
 *
 * @example
 * ```js
 * const { inFlight } = await status()
 * for (const { meaning, next } of inFlight) console.log(meaning, next)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function status(options?: StatusOptions, control?: Control): Promise<StatusResult>

/**
 * The udev rule (Linux) that lets the user who sits at the machine open a Duo, and keeps ModemManager from its serial
 * port.
 *
 * @example
 * ```js
 * const { file, contents } = udevRule()
 * ```
 */
export declare function udevRule(): UdevRule

/**
 * Does what `verifyPairing` does with every connected Duo, up to 16 at a time. The promise is also fulfilled if some
 * pairs are not proven: `counts` and `duos` say so.
 *
 * @example
 * ```js
 * const { counts } = await verifyAll()
 * console.log(`${counts.done} of ${counts.total} proven`)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function verifyAll(options?: Omit<VerifyOptions, 'key' | 'passphrase' | 'passphraseFile' | 'deviceId' | 'path' | 'wait'> & AllDuos, control?: Control): Promise<AllVerifyResult>

/**
 * Asks the cloud what it knows of each device of a list. With `handshake`, proves with the private keys that the cloud
 * has their public halves. The promise is also fulfilled if the cloud does not know every device: `counts` and
 * `stoppedBy` say so.
 *
 * @example
 * ```js
 * const { counts } = await verifyFleet({ manifest: 'devices.csv' })
 * console.log(`${counts.known} known, ${counts.notTold} not told`)
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function verifyFleet(options: FleetVerifyOptions, control?: Control): Promise<FleetVerifyResult>

/**
 * Proves that the Duo's private key and the cloud's public key for it are a pair, by the Duo's own handshake.
 * Fulfilled only if the server has the private half of the server key that the Duo names, knows this device, and knows
 * it by the public half of this key. Writes nothing anywhere.
 *
 * @example
 * ```js
 * const { server } = await verifyPairing()
 * ```
 *
 * @throws {DuoProvisionError}
 */
export declare function verifyPairing(options?: VerifyOptions, control?: Control): Promise<VerifyResult>

/** The version of this package. */
export declare function version(): string
