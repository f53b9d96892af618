/** Where the address comes from that stands behind a cloud's key. */
export type AddressSource =
  /** It is Particle's own, with Particle's own key. */
  | 'built-in'
  /** The file has it behind the key. */
  | 'file'
  /** It was given as an option. */
  | 'options'
  /** It is the one that the Duo had. */
  | 'kept'
  /** There is none, and the firmware's own counts. */
  | 'none'

/** What all Duos came to. Fulfilled also if not every one is done: the counts say so. */
export interface AllBackupResult {
  /** How many came to what. */
  counts: AllCounts
  /** Each of them, ordered by path. */
  duos: Array<OneBackupResult>
  /** Why it was ended early. */
  stoppedBy?: Problem
}

/** How many Duos came to what; together they are `total`. */
export interface AllCounts {
  /** Duos that are connected, and those of `paths` that are not. */
  total: number
  /** What was asked for was done. */
  done: number
  /** It was not done. */
  failed: number
  /** The cloud may have taken the key or not. */
  unknown: number
  /** It was not begun: somebody asked to stop before, or it was a dry run. */
  notReached: number
}

/** What all Duos came to. Fulfilled also if not every one is done: the counts say so. */
export interface AllDctBackupResult {
  /** How many came to what. */
  counts: AllCounts
  /** Each of them, ordered by path. */
  duos: Array<OneDctBackupResult>
  /** Why it was ended early. */
  stoppedBy?: Problem
}

/** What is said of all Duos that are connected. */
export interface AllDuos {
  /** With `--all`: a file with a line `path,id` for each Duo that does not tell its id (bootloaders r3 and r4). */
  paths?: string
}

/** What all Duos came to. Fulfilled also if not every one is done: the counts say so. */
export interface AllProvisionResult {
  /** How many came to what. */
  counts: AllCounts
  /** Each of them, ordered by path. */
  duos: Array<OneProvisionResult>
  /** Why it was ended early. */
  stoppedBy?: Problem
}

/** What all Duos came to. Fulfilled also if not every one is done: the counts say so. */
export interface AllVerifyResult {
  /** How many came to what. */
  counts: AllCounts
  /** Each of them, ordered by path. */
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
   * The fingerprint of the device's key; absent if the file holds none, or an encrypted one that nothing beside
   * it names.
   */
  fingerprint?: string
  /** True if the key is behind a passphrase. */
  encrypted: boolean
  /** When the bytes were read, RFC 3339, where that is known. */
  createdAt?: string
  /** True if the manifest says that it was made by `rotateKey` and not read from a Duo. */
  newKey: boolean
  /** True if the manifest says that the Duo was a virtual one. */
  simulated: boolean
  /** What stands beside the file. A backup without a manifest is a backup all the same. */
  manifest: ManifestState
  /** The same in words. */
  manifestDescription: string
}

/** What stands in the backup. */
export type BackupContents =
  /** The device's private key. */
  | 'private-key'
  /** The device's private key behind a passphrase: PKCS#8 with PBES2, as PEM. */
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
   * The file to write, as PEM if its name ends in .pem; beside it go the public key (.pub.pem) and a manifest
   * (.json). Nothing is ever overwritten. Without it the backup goes to the archive.
   */
  file?: string
  /**
   * Save the bytes of the key slot even when they are no key.
   * @default false
   */
  raw?: boolean
  /**
   * Put the key behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
   * @default false
   */
  encrypt?: boolean
  /**
   * A file whose first line is the passphrase, or - for standard input. Else DUO_PROVISION_PASSPHRASE, which the
   * same user's processes can read; else it is asked for, on a terminal.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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
  /** The key's fingerprint, where the bytes hold a key. */
  fingerprint?: string
  /** The kind of thing that was saved. */
  slot: KeySlotKind
  /** True if the key is behind a passphrase. */
  encrypted: boolean
  /**
   * True if the archive held the same bytes of the same Duo already, or the same key behind this very
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

/** What the archive holds, and what is known of other places. */
export interface BackupsResult {
  /** The archive's folder; absolute. It need not be there. */
  folder: string
  /** The backups, by name. */
  backups: Array<ArchivedBackup>
  /** What has the name of a backup and cannot be read, and why. */
  unreadable: Array<string>
  /**
   * Backups in other places that were made on this machine, while their files are as they were written. Empty if a
   * folder was named.
   */
  elsewhere: Array<ArchivedBackup>
}

/** A bootloader's generation; of another board than the Duo its name, in lower case. */
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
   * The file to write; beside it go the public key (.pub.pem) and a manifest (.json). Nothing is ever
   * overwritten. Without it the backup goes to the archive.
   */
  file?: string
  /**
   * Both copies of the DCT, 32 KiB of the internal flash, in place of its application section. They hold the
   * Wi-Fi passwords, too.
   * @default false
   */
  whole?: boolean
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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
  /** The fingerprint of the device's key in it, where it holds one. */
  fingerprint?: string
  /** The kind of thing in its key slot. */
  slot: KeySlotKind
  /** True for both copies of the DCT, which hold the Wi-Fi passwords, too. */
  whole: boolean
  /** Bytes of the file. */
  length: number
  /** True if the archive held the same bytes of the same Duo already, and nothing was written. */
  alreadyThere: boolean
}

/** One of the two copies of a whole DCT. */
export interface DctCopyInfo {
  /** Which one. */
  copy: CopyName
  /** What is in its place. */
  holds: DctHalfKind
  /** The bootloaders whose firmware reads this copy, by their rule. */
  readBy: Array<DctReader>
  /** The fingerprint of the device's key in it. */
  fingerprint?: string
}

/** What a dump of a DCT is of. */
export type DctDumpKind =
  /** The application section and nothing else. */
  | 'section'
  /** 16 KiB through alternate setting 1, from address 0: the application section, and what lies behind it. */
  | 'from-start'
  /** 16,350 bytes through alternate setting 1, from the private key's address. */
  | 'from-private-key'
  /** One copy of the DCT, 16 KiB of the internal flash. */
  | 'one-copy'
  /** Both copies of the DCT, 32 KiB of the internal flash. */
  | 'whole'

/** A field of a DCT, described; nothing of what is secret in it is shown. */
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
  /** A copy, whether it counts or not. */
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
   * The copy that the fields are of, 0 or 1, of a whole DCT; absent if neither counts, or if which one does depends on
   * the Duo's firmware.
   */
  currentCopy?: number
  /** Both copies, of a whole DCT. */
  copies?: Array<DctCopyInfo>
  /** True if every byte is zero, or 0xFF: what a Duo answers that cannot read its DCT. */
  unreadable: boolean
  /** The fields, by offset. */
  fields: Array<DctFieldInfo>
}

/** Bootloaders that agree about which copy of a DCT counts. The same bytes may mean another copy to each family. */
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
   * All of the DCT, both copies, as they were read into a dump of 32 KiB: everything that was written to the Duo
   * since is lost.
   * @default false
   */
  whole?: boolean
  /**
   * Write what is known to be another device's.
   * @default false
   */
  allowOtherDevice?: boolean
  /**
   * Leave DFU mode once it is in place and verified.
   * @default false
   */
  leave?: boolean
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * Do not back up what is there now. If the write fails, that is lost. With bootloaders
   * r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
   * a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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

/** Fields of a DCT, or all of it, in place: each part read back and compared. */
export interface DctRestoreResult {
  /** The Duo. */
  device: DuoInfo
  /** True if all of the DCT was asked for, both copies. */
  whole: boolean
  /** False if the Duo held exactly these bytes already, and in a dry run. */
  written: boolean
  /**
   * The fields, in the order in which they are written: the private key last. Of a whole DCT, those in which the one
   * in the Duo differed.
   */
  fields: Array<RestoredFieldInfo>
  /** The key that was there; absent if the slot held none. */
  previousFingerprint?: string
  /** The key that is there now, where it was written, too; in a dry run, that would be. */
  fingerprint?: string
  /** Why the key is taken to be this Duo's; absent if none is written, and for a key that was made for it. */
  evidence?: KeyEvidence
  /** The same in words. */
  evidenceDescription?: string
  /** The backup of the DCT's application section as it was, or of all of the DCT; absolute. It is a secret. */
  backupFile?: string
  /** True if the Duo was told to leave DFU mode. */
  left: boolean
  /** True if nothing was to be written. */
  dryRun: boolean
}

/** Options of `showDct`. */
export interface DctShowOptions {
  /** A dump of a DCT, in place of an attached Duo. */
  file?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
  /** The Duo, where it was read from one. */
  device?: DuoInfo
  /** The file, where it was read from one; absolute. */
  file?: string
  /** The device that it is of, where that is known. */
  deviceId?: string
  /** What is there. */
  dct: DctInfo
}

/** How a device id is known. */
export type DeviceIdSource =
  /** Told by the Duo: its USB serial number (bootloaders r5 and r6). */
  | 'usb-serial'
  /** The caller's word (bootloaders r3 and r4 do not tell). */
  | 'user'

/** Options of `enterDfu`. */
export interface DfuOptions {
  /**
   * The device id of the Duo, 24 hexadecimal digits. System firmware up to 0.2.4 does not tell it: there you say it,
   * together with `--path`.
   */
  deviceId?: string
  /** The USB port that the Duo is plugged into: 1-2 or 1-1.4. */
  path?: string
  /**
   * Where no Duo is connected, show what to press and wait for one, up to ten minutes.
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

/** One thing that was looked at. */
export interface DoctorFinding {
  /** What it is about: an error's code, or a name of its own, in capitals. */
  code: string
  /** How bad it is. */
  severity: Severity
  /** What was found. */
  message: string
  /** What to do about it, in words. */
  advice?: string
  /** What to type. */
  command?: string
  /** The same for a program, where it can be done without asking anything else. */
  fix?: DoctorFix
}

/** A call that would put something right. It asks `confirm`, and keeps what is in the key slot before a write. */
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
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Prove by each Duo's own handshake that its key and its cloud's are a pair. Without it no Duo is called paired.
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
   * Ask this cloud although the Duo's server key is another cloud's.
   * @default false
   */
  allowOtherCloud?: boolean
  /** A file that holds the access token, or - for standard input. */
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
  /** What it comes to: the worst of the Duos' verdicts, and of what is of no one Duo. */
  verdict: DoctorVerdict
  /** How many of the findings are problems. */
  problems: number
  /** What is of no one Duo: the archive, the journal, USB. */
  general: Array<DoctorFinding>
  /** The Duos, ordered by path. */
  duos: Array<ExaminedDuo>
}

/** What it comes to. Only the first says that a Duo and its cloud are a pair. */
export type DoctorVerdict =
  /** No problem, and the Duo's key and its cloud's were proven to be a pair in this run. */
  | 'paired'
  /** No problem with the Duo; whether its cloud knows its key was not checked. */
  | 'cloud-not-checked'
  /** Something is to be put right. */
  | 'problems'
  /** The Duo could not be opened or read. */
  | 'unreadable'
  /** There is no Duo to look at. */
  | 'no-duo'

/** The Duo that an operation worked on, or another board that is laid out as one. */
export interface DuoInfo {
  /** Which board it is. */
  board: BoardName
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, 24 hexadecimal digits in lower case, where it is known. */
  deviceId?: string
  /** How the device id is known: told by the Duo over USB, or the word of the caller. */
  deviceIdSource?: DeviceIdSource
  /** The bootloader's generation; of another board than the Duo its name, in lower case. */
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
  /** It was not begun: somebody asked to stop before, or it was a dry run. */
  | 'not-reached'

/** A Duo that is in DFU mode now. */
export interface EnterDfuResult {
  /** The Duo. */
  device: DuoInfo
  /** True if it was in DFU mode from the start, and nothing was done. */
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
  /** The key file is in no form that is known. */
  | 'KEY_UNRECOGNIZED'
  /** The key file is empty. */
  | 'KEY_EMPTY'
  /** The key file ends before the key does. */
  | 'KEY_TRUNCATED'
  /** The key file holds an elliptic-curve key; the Duo takes RSA only. */
  | 'KEY_EC'
  /** The RSA key is not of 1024 bits. */
  | 'KEY_WRONG_SIZE'
  /** The RSA key's public exponent is not 65537. */
  | 'KEY_WRONG_EXPONENT'
  /** The key file is encrypted, and no passphrase was given, or it is encrypted in a way that is not known here. */
  | 'KEY_ENCRYPTED'
  /** A passphrase is needed to encrypt, and none was given. */
  | 'PASSPHRASE_MISSING'
  /** What was given as passphrase cannot be one: it is empty, too long, or cannot be typed. */
  | 'PASSPHRASE_INVALID'
  /** The passphrase does not open the key file. */
  | 'PASSPHRASE_WRONG'
  /** The numbers of the key do not belong together: it has been damaged. */
  | 'KEY_INCONSISTENT'
  /** A public key where a private key is needed. */
  | 'KEY_IS_PUBLIC'
  /** The Duo's firmware would read other numbers from this key than it holds. */
  | 'KEY_MISREAD_BY_FIRMWARE'
  /** The file given as a cloud's public key holds none. */
  | 'SERVER_KEY_INVALID'
  /** The file is no dump of a DCT that can be restored: of another bootloader's, or without what was asked for. */
  | 'DUMP_UNUSABLE'
  /** The manifest beside a key file cannot be read. */
  | 'MANIFEST_INVALID'
  /** The manifest beside a key file describes other bytes than the file has. */
  | 'MANIFEST_MISMATCH'
  /** No access token was given or found. */
  | 'TOKEN_MISSING'
  /** What was given as access token cannot be one. */
  | 'TOKEN_INVALID'
  /** The API URL cannot be used. */
  | 'API_URL_INVALID'
  /** The access token would have crossed the network in the clear. */
  | 'PLAIN_HTTP_REFUSED'
  /** The cloud that the Duo names by its server key is not the one whose API was to be told or asked. */
  | 'OTHER_CLOUD'
  /** The list of devices cannot be used as it is: nothing was sent. */
  | 'FLEET_MANIFEST_INVALID'
  /** A key file of the list has changed since the list was checked: its key was not sent. */
  | 'FLEET_KEY_CHANGED'
  /** The question before the write was not answered with yes. */
  | 'CONFIRMATION_REFUSED'
  /** There is no terminal to ask on, and `--yes` was not typed. */
  | 'CONFIRMATION_REQUIRED'
  /** An operation that left more open than what a cloud knows cannot be put away; only what settles it does that. */
  | 'CANNOT_DISMISS'
  /** No Duo in DFU mode was found. */
  | 'NO_DEVICE'
  /** More than one Duo was found, and none was chosen. */
  | 'SEVERAL_DEVICES'
  /** The Duo found is another than the one asked for. */
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
  /** The Duo does not read, or nothing shows that it reads, where it is told to; nothing was written. */
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
  /** The key slot holds PEM text, of which the firmware reads nothing. */
  | 'KEY_SLOT_PEM'
  /** The key slot holds a sound key in a form that the firmware misreads. */
  | 'KEY_SLOT_MISREAD'
  /** The key slot holds an elliptic-curve key. */
  | 'KEY_SLOT_EC'
  /** The key slot holds an RSA key of another size. */
  | 'KEY_SLOT_WRONG_SIZE'
  /** The key slot holds something that is no key. */
  | 'KEY_SLOT_GARBAGE'
  /** The Duo holds no public key of a cloud. */
  | 'SERVER_KEY_SLOT_INVALID'
  /** The device's key is neither the old one nor the new one. */
  | 'KEY_WRONG'
  /** A write began and its outcome could not be learned. */
  | 'KEY_STATE_UNKNOWN'
  /** A field of the DCT, other than the key, holds neither what was there nor what was written. */
  | 'FIELD_WRONG'
  /** A write to a field of the DCT, other than the key, began and its outcome could not be learned. */
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
  /** The cloud refused for a reason of its own. */
  | 'CLOUD_REFUSED'
  /** The cloud turned the device away: its server key is another, or it does not know the device by this key. */
  | 'PAIRING_REFUSED'
  /** The cloud knows the device by another public key than the one of the Duo's private key. */
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
  /** The cloud said that it took the key, but it could not be proven that it and the device's are a pair. */
  | 'PAIRING_UNPROVEN'
  /** The answer is not one of this API. */
  | 'CLOUD_UNEXPECTED_REPLY'
  /** A file or folder does not exist. */
  | 'FILE_NOT_FOUND'
  /** The file is there already; nothing is ever overwritten. */
  | 'FILE_EXISTS'
  /** A file cannot be read. */
  | 'FILE_UNREADABLE'
  /** A file cannot be written. */
  | 'FILE_NOT_WRITABLE'
  /** A line of the journal of operations is not one that this version can read. */
  | 'JOURNAL_INVALID'
  /** The journal of operations cannot be kept, so nothing is written to a device. */
  | 'JOURNAL_UNWRITABLE'
  /** Another process is at work with the same ledger. */
  | 'FLEET_RUNNING'
  /** The file named as a ledger is none, or a line of it cannot be read. */
  | 'LEDGER_INVALID'
  /** The ledger cannot be kept, so nothing more is sent. */
  | 'LEDGER_UNWRITABLE'
  /** A simulated Duo or cloud could not be started. */
  | 'SIMULATOR_FAILED'
  /** What was asked for is root's to do. */
  | 'ROOT_REQUIRED'
  /** The udev rule is in place, but udev could not be told of it. */
  | 'UDEV_FAILED'
  /** This system has no udev. */
  | 'UDEV_UNAVAILABLE'
  /** Stopped by the user. */
  | 'INTERRUPTED'

/**
 * `err.name`: that of particle-usb's class (its `src/error.js`) where it means the same, `AbortError` of what a signal
 * stopped, else `DuoProvisionError`.
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

/** A Duo in DFU mode, looked at. */
export interface ExaminedDuo {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** What it tells of itself, where it could be opened. */
  device?: DuoInfo
  /** What it comes to. */
  verdict: DoctorVerdict
  /** How many of the findings are problems. */
  problems: number
  /** What to type to have the cloud's half checked, where nothing else is wrong. */
  next?: string
  /** What was found, in the order in which it was looked at. */
  findings: Array<DoctorFinding>
}

/** What kind of thing a file is. */
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

/** A function that puts something right. */
export type FixOperation =
  /** `backupKey`. */
  | 'backup'
  /** `restoreKey`. */
  | 'restore'
  /** `resetKey`. */
  | 'reset'

/** The options of a function that puts something right. */
export interface FixOptions {
  /** The backup to be restored. */
  file?: string
  /** Bus and ports of the Duo. */
  path: string
  /** The Duo's id, where it is known. */
  deviceId?: string
  /** The USB/IP server, of a virtual Duo. */
  usbip?: string
  /** The archive, where another than the usual one was named. */
  archive?: string
}

/** What a cloud told of one device of a list. */
export type FleetAnswer =
  /** It has the device for this account. */
  | 'known'
  /** It knows the device by this key: the device's own handshake proved it. */
  | 'proven'
  /** It did not tell, which is no proof that it does not know the device. */
  | 'not-told'
  /** It turned the device away, or knows it by another key. */
  | 'refused'
  /** It could not be asked. */
  | 'failed'

/** How many devices of a list came to what; together they are `total`. */
export interface FleetCounts {
  /** Rows of the list; with a shard, those of the shard. */
  total: number
  /** The cloud said now that it took the key. */
  done: number
  /** It had said so before, and nothing was sent. */
  alreadyDone: number
  /** It did not take the key. */
  failed: number
  /** It may have taken the key or not: its answer did not come back. */
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
  /** A file with a device id on each line: a list of these, without keys. */
  ids?: string
}

/** A list of devices, as CSV. */
export interface FleetManifestResult {
  /** The list: CSV with the columns device_id, key_file, fingerprint, note and problem. */
  manifest: string
  /** How many devices are in it. */
  devices: number
  /** How many of them name a problem, and would not be sent. */
  problems: number
  /** The archive that was looked through; absolute. */
  archive?: string
  /** What of the archive could not be read, and why. */
  unreadable: Array<string>
}

/** What became of a device. */
export type FleetOutcome =
  /** The cloud said that it took the key. */
  | 'done'
  /** The cloud did not take the key. */
  | 'failed'
  /** The cloud may have taken the key or not. Sending it again does no harm. */
  | 'unknown'
  /** Nothing was sent. */
  | 'not-reached'

/** Options of `provisionFleet`. */
export interface FleetProvisionOptions {
  /** The list of devices: CSV, a JSON array or JSON lines, with device_id and key_file; - for standard input. */
  manifest: string
  /**
   * The ledger, which says what became of each device; LIST.provision.jsonl beside the list unless given.
   * @default list
   */
  ledger?: string
  /**
   * Check the whole list and its keys, say how many would be sent, and send nothing.
   * @default false
   */
  dryRun?: boolean
  /**
   * How many requests go out at most, a second or (with /m) a minute: 10, 10/s, 300/m; none for as many as there are.
   * 10 a second unless given.
   * @default second
   */
  rate?: string
  /**
   * How many are sent at once, 1 to 64; 8 unless given.
   * @default 8
   */
  concurrency?: number
  /**
   * How many failures of the cloud or the network in a row end the run; 50 unless given.
   * @default 50
   */
  maxFailures?: number
  /** Send part K of N alone, by the device id: for several machines that share one list. */
  shard?: string
  /**
   * Leave out rows that are wrong, and send the rest.
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
   * The product id of rows that name none; 88, the Duo's, unless given.
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
   * Tell this cloud although the Duo's server key is another cloud's, to which the Duo goes on connecting.
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

/** What became of a list. Fulfilled also if not every device is done: the counts say so. */
export interface FleetProvisionResult {
  /** The run's name in the ledger, 16 hexadecimal digits; absent of a dry run. */
  run?: string
  /** The ledger; absolute. */
  ledger?: string
  /** Which part of the devices this is, `2/5`. */
  shard?: string
  /** The cloud's API. */
  apiUrl: string
  /** How many devices came to what. */
  counts: FleetCounts
  /** Devices of the ledger that are in the list no more. */
  dropped: number
  /** Why the run was ended early. */
  stoppedBy?: Problem
  /** The command that goes on, if not every device is done. */
  next?: string
  /** True if nothing was sent because nothing was to be. */
  dryRun: boolean
}

/** Options of `fleetReport`. */
export interface FleetReportOptions {
  /** The ledgers that `fleet provision` has written; of a list in parts, those of all parts. */
  ledgers: Array<string>
  /**
   * The list of devices; where the ledgers name it unless given.
   * @default it
   */
  manifest?: string
  /**
   * How the devices are written: text, csv, jsonl, or manifest for the list of the next round; text unless given.
   * @default text
   */
  format?: string
  /**
   * Only devices of these outcomes: done, failed, unknown, not-reached, with commas between them. In text, those that
   * are not done unless given; in all other formats, all.
   * @default text
   */
  only?: string
  /** Write the report to this new file. */
  output?: string
}

/** What became of the devices of a list. */
export interface FleetReportResult {
  /** How many devices came to what, by the ledgers; what was done in earlier runs is among `done`. */
  counts: FleetCounts
  /** True if the ledgers are all that there should be, and belong together. */
  complete: boolean
  /** What is missing or does not fit together, in sentences. */
  problems: Array<string>
  /** The list, as the ledgers name it. */
  manifest: string
  /** The cloud's API. */
  apiUrl: string
  /** Devices of the ledgers that are in the list no more. */
  dropped: number
  /** The report, unless it was written to a file. */
  report?: string
  /** The file that it was written to; absolute. */
  output?: string
}

/** How many devices of a list the cloud knows; together they are `total`. */
export interface FleetVerifyCounts {
  /** Rows of the list. */
  total: number
  /** The cloud has the device for this account. */
  known: number
  /** The handshake proved that the cloud knows the device by this key. */
  proven: number
  /** The cloud did not tell. That is no proof that it does not know the device. */
  notTold: number
  /** The cloud turned the device away, or knows it by another key. */
  refused: number
  /** It could not be asked. */
  failed: number
  /** It was stopped before. */
  notReached: number
  /** The row names a problem. */
  leftOut: number
}

/** Options of `verifyFleet`. */
export interface FleetVerifyOptions {
  /** The list of devices: CSV, a JSON array or JSON lines, with device_id; - for standard input. */
  manifest: string
  /**
   * Prove with the private keys of the list that the cloud knows the devices by them. This speaks as the device: one
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
   * How many requests go out at most, a second or (with /m) a minute: 10, 10/s, 300/m; none for as many as there are.
   * 10 a second unless given.
   * @default second
   */
  rate?: string
  /**
   * How many are asked at once, 1 to 64; 8 unless given.
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
   * Tell this cloud although the Duo's server key is another cloud's, to which the Duo goes on connecting.
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

/** What the cloud knows of a list. Fulfilled also if it does not know every device: the counts say so. */
export interface FleetVerifyResult {
  /** Who was asked: the cloud's API, or host and port. */
  server: string
  /** True if the handshake was performed. */
  handshake: boolean
  /** How many devices came to what. */
  counts: FleetVerifyCounts
  /** Why it was ended early. */
  stoppedBy?: Problem
}

/** Options of `history`. */
export interface HistoryOptions {
  /** Only what was done to this Duo: its device id, 24 hexadecimal digits. */
  deviceId?: string
  /**
   * List this many operations at most, the newest; 100 unless given.
   * @default 100
   */
  limit?: number
}

/** What was done. */
export interface HistoryResult {
  /** The folder of the journal; absolute. It need not be there. */
  journal: string
  /** The operations, the newest first. What is open is among them. */
  operations: Array<OperationInfo>
  /** True if there are older ones. */
  more: boolean
  /** How many lines could not be read, and were left aside. */
  unreadable: number
}

/** Options of `inspectKey`. */
export interface InspectOptions {
  /** The file to look at: a key in any form, a backup, a dump of a DCT, a cloud's public key, or a manifest. */
  file: string
  /**
   * Write one field of a dump to a new file: device-private-key, server-public-key, …; a name that there is
   * not lists them all. A private key is written in the form that the Duo's firmware reads.
   */
  extract?: string
  /**
   * Of a whole DCT, look at this copy, whether the Duo's firmware would read it or not. Without it, at the copy that
   * the firmware reads; if that depends on the firmware, a field is taken out only of a copy that is named.
   */
  copy?: CopyName
  /**
   * The file for the field; beside the dump, and named for both, unless given. Nothing is ever overwritten.
   * @default dump
   */
  out?: string
  /**
   * A file whose first line is the passphrase of the key file, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else an encrypted key is described from
   * outside.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
}

/** What a file holds. */
export interface InspectResult {
  /** The file; absolute. */
  file: string
  /** What kind of thing it is. */
  kind: FileKind
  /** True if it holds a device's private key. */
  private: boolean
  /** The encoding, in words. */
  form: string
  /** How a key is encrypted, in words; absent if it is not. */
  encryption?: string
  /** Bytes behind a key. */
  trailing: number
  /**
   * SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits: of the device's key, or of a cloud's where
   * the file is one. Absent if a dump holds no key, and for an encrypted key without its passphrase.
   */
  fingerprint?: string
  /** The device's public key as PEM. */
  publicKey?: string
  /**
   * Whether the Duo's firmware would read these very bytes as this key; absent without a private key. A
   * restore writes the form that it does read.
   */
  firmwareReadsAsIs?: boolean
  /** The device that it belongs to: as the manifest beside it names it, or the DCT in it. */
  deviceId?: string
  /** The fields of a dump. */
  dct?: DctInfo
  /** The cloud's key and address, of a dump or of a cloud's key. */
  server?: ServerKeyInfo
  /** What a manifest says, and whether it is so. */
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
  /** The public key in the device's DCT is the one of this key. */
  | 'public-key-slot'
  /** The manifest or the archive names another device, and that was allowed by name. */
  | 'allowed-other-device'
  /** Nothing says whose key it is. */
  | 'none'

/** What a key slot holds. */
export interface KeyInfo {
  /** The kind of thing in the slot. */
  slot: KeySlotKind
  /** The same in words. */
  description: string
  /** SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits, where there is a key. */
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
  /** PEM text, of which the firmware reads nothing. */
  | 'pem'
  /** A sound key in a form that the firmware misreads. */
  | 'misread'
  /** An elliptic-curve key. */
  | 'ec'
  /** An RSA key of another size. */
  | 'wrong-size'
  /** Something that is no key. */
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
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
  /** The Duos, ordered by path; maybe none. The `state` of those that are not in DFU mode is `running`. */
  devices: Array<ListedDuo>
}

/** A Duo that is connected. */
export interface ListedDuo {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, where it tells it. */
  deviceId?: string
  /** True for a virtual Duo. */
  simulated: boolean
  /** What it tells of itself in DFU mode, where it could be opened. */
  device?: DuoInfo
  /** What its key is worth to its firmware. */
  state: ListedState
  /** What its key slot holds, where it could be read. */
  key?: KeyInfo
  /** What stood in the way. */
  problem?: Problem
}

/** What a Duo's key is worth to its firmware, if it can be read. Whether its cloud knows it is another question. */
export type ListedState =
  /** The firmware reads the key, and no other public key stands beside it. */
  | 'sound'
  /** The firmware reads the key, and another key's public half stands beside it. */
  | 'foreign-public-key'
  /** There is a sound key, in a form of which the firmware reads another one, or none. */
  | 'misread'
  /** The slot is blank: the Duo makes a new key at its next start, which its cloud does not know. */
  | 'blank'
  /** The slot holds something that is no key for a Duo. */
  | 'no-key'
  /** It could not be opened or read. */
  | 'unreadable'
  /** The Duo runs its firmware: its key can be read in DFU mode alone, where `enterDfu` puts it. */
  | 'running'

/** Options of `LocalCloud.start`, and of the local cloud of `simulate`. */
export interface LocalCloudOptions {
  /**
   * Whose answers to give; particle unless given.
   * @default particle
   */
  flavor?: CloudFlavor
  /**
   * The port on 127.0.0.1; a free one unless given (8080 is a local cloud's usual one).
   * @default one
   */
  cloudPort?: number
  /**
   * Serve the devices' own handshake too, with which `verify` proves a pairing, on this port of 127.0.0.1; 0
   * takes a free one (5683 is a cloud's usual one). Starting takes up to a second longer, for the cloud's key.
   */
  devicePort?: number
  /**
   * The access token to accept; a new random one unless given.
   * @default one
   */
  token?: string
}

/** What a manifest says, and whether it is so. */
export interface ManifestInfo {
  /** What stands in the backup. */
  contents: BackupContents
  /** Bytes of the backup. */
  length: number
  /** When the bytes were read, RFC 3339. */
  createdAt?: string
  /** True for a virtual Duo's. */
  simulated: boolean
  /** The file beside the manifest; absolute. */
  file?: string
  /** Whether that file has the bytes that the manifest describes. */
  matches?: boolean
}

/** What becomes of the manifest beside a backup. A key without one is a backup all the same. */
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
   * True if its server key is that of Particle's own cloud; absent if the slot holds no key of a cloud, which says
   * nothing.
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
   * The file to write, as PEM if its name ends in .pem; beside it goes the public key (.pub.pem). Nothing is ever
   * overwritten. Without it the file is called after the key's fingerprint, in the current folder.
   */
  file?: string
  /**
   * Put the key behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
   * @default false
   */
  encrypt?: boolean
  /**
   * A file whose first line is the passphrase, or - for standard input. Else DUO_PROVISION_PASSPHRASE, which the
   * same user's processes can read; else it is asked for, on a terminal.
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
  /** True if the key is behind a passphrase. */
  encrypted: boolean
}

/** Something to do. */
export interface NextStep {
  /** What for, in words. */
  purpose: string
  /** The command, to be typed. */
  command: string
}

/** What one of several Duos came to. */
export interface OneBackupResult {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, where it is known. */
  deviceId?: string
  /** What became of it. */
  outcome: DuoOutcome
  /** What the operation on this Duo alone would have given. */
  result?: BackupResult
  /** Why it is not done. */
  problem?: Problem
}

/** What one of several Duos came to. */
export interface OneDctBackupResult {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, where it is known. */
  deviceId?: string
  /** What became of it. */
  outcome: DuoOutcome
  /** What the operation on this Duo alone would have given. */
  result?: DctBackupResult
  /** Why it is not done. */
  problem?: Problem
}

/** What one of several Duos came to. */
export interface OneProvisionResult {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, where it is known. */
  deviceId?: string
  /** What became of it. */
  outcome: DuoOutcome
  /** What the operation on this Duo alone would have given. */
  result?: ProvisionResult
  /** Why it is not done. */
  problem?: Problem
}

/** What one of several Duos came to. */
export interface OneVerifyResult {
  /** Bus and ports, as dfu-util writes them: `1-2`. */
  path: string
  /** The device id, where it is known. */
  deviceId?: string
  /** What became of it. */
  outcome: DuoOutcome
  /** What the operation on this Duo alone would have given. */
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
  /** The step that it had come to. */
  reached: OperationStep
  /** What that means, in words. */
  meaning: string
  /** What is known of the Duo's key; absent for what does not touch it. */
  keyState?: KeyState
  /** The code of the error that it ended with. */
  errorCode?: ErrorCode
  /** The device id, 24 hexadecimal digits in lower case, where it is known. */
  deviceId?: string
  /** How the device id is known, where the Duo was attached. */
  deviceIdSource?: DeviceIdSource
  /** Bus and ports, where the Duo was attached. */
  path?: string
  /** True for a virtual Duo. */
  simulated: boolean
  /** When it began, RFC 3339. */
  startedAt: string
  /** When the last of it was written down, RFC 3339. */
  updatedAt: string
  /** The key that was there before. */
  previousFingerprint?: string
  /** The key that was written or sent, or was to be. */
  fingerprint?: string
  /** The backup of what was there: the key slot, or the DCT; absolute. */
  backupFile?: string
  /** The key that was made for it; absolute. */
  newKeyFile?: string
  /** Of a list of devices, the ledger that says what became of each; absolute. */
  ledgerFile?: string
  /** What to do next; empty if nothing is left to do. */
  next: Array<NextStep>
}

/** What is done. */
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
  /** Writes fields of a dump, or a whole one, to the device. */
  | 'dct-restore'
  /** Writes a cloud's public key and address to the device. */
  | 'server-key-set'
  /** Gives the cloud and the device a new key. */
  | 'rotate'
  /** Proved that a private key and a cloud's public key for the device are a pair. Written down once it is proven. */
  | 'verify'
  /** Sends the public keys of a list; what became of each is in its ledger. */
  | 'fleet-provision'

/** What became of an operation. */
export type OperationOutcome =
  /** Another process is at it. */
  | 'running'
  /** It was cut short. */
  | 'in-flight'
  /** It was cut short, and a later one has made plain what it left open. */
  | 'cut-short'
  /** Done, as it was asked for. */
  | 'done'
  /** It ended with an error. */
  | 'failed'
  /** What it left open was put away by the user. */
  | 'dismissed'

/** A step that an operation has behind it. */
export type OperationStep =
  /** It began. */
  | 'started'
  /** The backup is kept. */
  | 'backed-up'
  /** The write was about to begin, or had begun. */
  | 'writing'
  /** What was written was read back and compared. */
  | 'verified'
  /** The device left DFU mode. */
  | 'left'
  /** The key that is to be there afterwards was made, and is kept. */
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
  /** It was proven by the handshake. */
  | 'proven'
  /** The cloud turned the key away. */
  | 'refused'
  /** It was not tried: the Duo holds no key, or the cloud may have the new one since an earlier attempt. */
  | 'not-tried'

/** What a passphrase is for. */
export type PassphrasePurpose =
  /** To open a key file. */
  | 'open'
  /** To encrypt a key: a new one, which a typing error would make a secret to everybody. */
  | 'encrypt'

/** What a passphrase is asked for. */
export interface PassphraseRequest {
  /** To open a key file, or to encrypt a key with a new one. */
  purpose: PassphrasePurpose
  /** The key file to be opened. */
  file?: string
  /** True if the last answer did not open it. */
  again: boolean
}

/** A step of an operation. */
export type PhaseName =
  /** Looking for the Duo. */
  | 'find'
  /** Waiting for a person to plug a Duo in, or to put it into DFU mode. */
  | 'wait'
  /** Putting a Duo that runs its firmware into DFU mode. */
  | 'enter-dfu'
  /** Reading the DCT, twice. */
  | 'read'
  /** Reading the DCT at greater length, twice. */
  | 'read-dct'
  /** Keeping a backup. */
  | 'backup'
  /** Asking for consent. */
  | 'confirm'
  /** Writing a field, the key slot as a rule. */
  | 'write'
  /** Reading it back. */
  | 'verify'
  /** Waiting for a Duo that went away in the middle of a write. */
  | 'reconcile'
  /** Leaving DFU mode. */
  | 'leave'
  /** Telling the cloud a key. */
  | 'send'
  /** Asking the cloud what it knows of the Duo. */
  | 'ask'
  /** Seeing that a cloud listens where the Duo would connect to. */
  | 'greet'
  /** Performing the Duo's handshake with its cloud. */
  | 'handshake'
  /** The same with the key that is in the Duo, before another takes its place. */
  | 'prove-old'
  /** The same with the key that the Duo is to get. */
  | 'prove-new'
  /** Looking at a whole list of devices, before anything is sent. */
  | 'check-list'
  /** Telling the cloud the keys of a list. */
  | 'send-list'
  /** Asking the cloud about the devices of a list. */
  | 'ask-list'

/** Something that changes beside the key, in words that tell no secret. */
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

/** Where a Duo is, seen from the bus. */
export type Presence =
  /** Not on the bus. */
  | 'absent'
  /** In its bootloader, 2b04:d058. */
  | 'dfu'
  /** Running, 2b04:c058. */
  | 'normal'

/** Why something did not work, as a plain object; thrown errors carry the same properties. */
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
   * `progress`: how many there will be, how many have been read so far, how many more were written, how many in all.
   * A download is complete when it was read back and compared.
   */
  | {
    type: 'progress'
    /** How far they are. */
    event: TransferEvent
    /** How many bytes; absent of a download that failed. */
    bytes?: number
  }
  /** This is the Duo that the operation works on. */
  | {
    type: 'found'
    /** The Duo. */
    device: DuoInfo
  }
  /** A person is waited for, who is to press the buttons of a Duo. */
  | {
    type: 'waiting'
    /** For how many milliseconds at most. */
    withinMs: number
    /** True if plugging in a Duo that runs its firmware will do. */
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
  /** A key was made, and is on the disk, synced and read back. The Duo does not have it yet. */
  | {
    type: 'new-key'
    /** The file; absolute. */
    file: string
    /** True if an earlier attempt had made it. */
    alreadyThere: boolean
  }
  /** Something to know, which is no error. */
  | {
    type: 'note'
    /** A sentence or two. */
    message: string
  }
  /** The public key goes to the cloud now. */
  | {
    type: 'sending'
    /** The device it is for. */
    deviceId: string
    /** True if it is the generic key of device-provisioning-helper. */
    generic: boolean
  }
  /** The cloud will be asked again. */
  | {
    type: 'retry'
    /** Why. */
    reason: string
    /** In how many milliseconds. */
    delayMs: number
  }
  /**
   * One device of a list has come to its end. One that was done before has no such event: `alreadyDone` counts it. What
   * the cloud was at fault for is tried once more at the end, and told again.
   */
  | {
    type: 'device'
    /** Its line in the list. */
    line: number
    /** The device id. */
    deviceId: string
    /** What became of it. */
    outcome: FleetOutcome
    /** The key's fingerprint, where one was sent. */
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
    /** What the cloud told. */
    answer: FleetAnswer
    /** Why it is not known: the stable name. */
    code?: ErrorCode
    /** Why it is not known, in words. */
    message?: string
  }
  /** One of several Duos that are worked on at once has come to its end. */
  | {
    type: 'duo-ended'
    /** Bus and ports, as dfu-util writes them: `1-2`. */
    path: string
    /** The device id, where it is known. */
    deviceId?: string
    /** True for a virtual Duo. */
    simulated: boolean
    /** What became of it. */
    outcome: DuoOutcome
    /** The fingerprint of its key, where there is one. */
    fingerprint?: string
    /** The backup; absolute. */
    file?: string
    /** True if the archive held that backup already. */
    alreadyThere: boolean
    /** Host and port where its pairing was proven. */
    server?: string
    /** Why it is not done: the stable name. */
    code?: ErrorCode
    /** Why it is not done, in words that do not name the Duo once more. */
    message?: string
    /** What to do about it. */
    hint?: string
  }
  /** Something that happened to one of several Duos that are worked on at once. */
  | {
    type: 'of-duo'
    /** Bus and ports of the Duo: `1-2`. */
    path: string
    /** What happened. */
    inner: ProgressEvent
  }
  /** How far a list is: when `provisionFleet` has looked at it, and then once a second. */
  | {
    type: 'fleet-progress'
    /** The cloud took the key. */
    done: number
    /** It had taken it before, and nothing is sent. */
    alreadyDone: number
    /** It did not. */
    failed: number
    /** It may have. */
    unknown: number
    /** These are still to come. */
    notReached: number
    /** How many devices a second, since it began. */
    rate: number
    /** Everybody waits, for so many milliseconds more. */
    pausedMs?: number
  }
  /** Everybody waits: the cloud asks for fewer requests, or is in trouble. */
  | {
    type: 'fleet-paused'
    /** Why. */
    reason: string
    /** For how many milliseconds. */
    delayMs: number
  }

/** Options of `provision`. */
export interface ProvisionOptions {
  /** The device id of the Duo, 24 hexadecimal digits. */
  deviceId: string
  /**
   * A key file whose public half is sent: public or private, PEM or DER. Without it and without
   * `--from-device` the generic key is sent, as device-provisioning-helper did.
   */
  keyFile?: string
  /**
   * A file whose first line is the passphrase of the key file, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else it is asked for, on a terminal.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /**
   * Send the public key that belongs to the private key in the attached Duo, read over USB.
   * Recommended where the Duo is at hand.
   * @default false
   */
  fromDevice?: boolean
  /**
   * With `--from-device` or a private key file: prove afterwards, by the Duo's own handshake, that the cloud has the key.
   * Only then is it a success.
   * @default false
   */
  verify?: boolean
  /**
   * With `--verify`: a file with the cloud's public key, RSA with 2048 bits, PEM or DER. Else the one in the Duo; with a
   * key file, Particle's own.
   */
  serverKey?: string
  /** With `--verify`: the cloud's name or IPv4 address for devices. Else the one in the Duo, or device.spark.io. */
  host?: string
  /** With `--verify`: the TCP port that devices connect to. Else the one in the Duo, or 5683. */
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
   * Tell this cloud although the Duo's server key is another cloud's, to which the Duo goes on connecting.
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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

/** A public key that the cloud said it took (in a dry run: that would have been sent). */
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
  /** The attached Duo, where its key was sent. */
  device?: DuoInfo
  /** The cloud that the attached Duo names, where its key was sent. */
  duoCloud?: NamedCloud
  /** Host and port where the pairing was proven (in a dry run: would be); absent without `verify`. */
  server?: string
  /** True if nothing was sent. */
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
  /** Write the public key to this new file, too: as DER if its name ends in .der, else as PEM. */
  out?: string
  /**
   * A file whose first line is the passphrase of the key file, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else it is asked for, on a terminal.
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
  /** The file that it was written to; absolute. */
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
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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

/** A Duo's key. The key itself is no part of what is serialized. No `Debug`. */
export interface ReadKeyResult {
  /** The Duo. */
  device: DuoInfo
  /** The key's fingerprint. */
  fingerprint: string
  /** The private key, PKCS#1 as minimal DER: what every tool reads, and `restoreKey` takes. It is a secret. */
  key: Uint8Array
}

/** Options of `resetKey`. */
export interface ResetOptions {
  /** The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory. */
  archive?: string
  /**
   * Do not back up what is in the key slot now. That key is then lost. With bootloaders
   * r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
   * a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Put the backup behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
   * @default false
   */
  encrypt?: boolean
  /**
   * A file whose first line is the passphrase, or - for standard input. Else DUO_PROVISION_PASSPHRASE, which the
   * same user's processes can read; else it is asked for, on a terminal.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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

/** A key slot that holds the reset image, of a Duo that has left DFU mode. */
export interface ResetResult {
  /** The Duo. */
  device: DuoInfo
  /** The key that was there, where there was one. */
  previousFingerprint?: string
  /** The backup of what was there; absolute. */
  backupFile?: string
  /** False if the slot held the reset image already, and in a dry run. */
  written: boolean
  /** True if nothing was to be written. */
  dryRun: boolean
}

/** Options of `restoreKey`. */
export interface RestoreOptions {
  /** The key file: a backup, or a private key as PKCS#1 or PKCS#8, DER or PEM. */
  file?: string
  /** The bytes of such a file, in place of one: for code that keeps keys by itself. Only in the API. */
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
   * Do not back up what is in the key slot now. If the write fails, that key is lost. With bootloaders
   * r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
   * a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Put the backup behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
   * @default false
   */
  encrypt?: boolean
  /**
   * A file whose first line is the passphrase, of the key file and of the backup, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else it is asked for, on a terminal.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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
  /** The key that was there, where there was one. */
  previousFingerprint?: string
  /** The key that is there now (in a dry run: that would be). */
  fingerprint: string
  /** Why the key is taken to be this Duo's; absent if none is written, and for a key that was made for it. */
  evidence: KeyEvidence
  /** The same in words. */
  evidenceDescription: string
  /** The backup of what was there; absolute. */
  backupFile?: string
  /** False if the Duo held exactly these bytes already, and in a dry run. */
  written: boolean
  /** True if the Duo was told to leave DFU mode, and did. */
  left: boolean
  /** True if nothing was to be written. */
  dryRun: boolean
}

/** A field that holds what the dump has of it. */
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
  /**
   * The folder of the archive, which the old key and the new one go to; else DUO_PROVISION_ARCHIVE, else your
   * data directory.
   */
  archive?: string
  /**
   * Do not prove the keys by the Duo's own handshake before the Duo is written: for a cloud whose device port cannot be
   * reached from here.
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
   * Tell this cloud although the Duo's server key is another cloud's, to which the Duo goes on connecting.
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
  /** A file with the cloud's public key, RSA with 2048 bits, PEM or DER. Else the one in the Duo. */
  serverKey?: string
  /** The cloud's name or IPv4 address for devices. Else the one in the Duo, or device.spark.io. */
  host?: string
  /** The TCP port that devices connect to. Else the one in the Duo, or 5683. */
  port?: number
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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

/** A new key: the cloud took it and was proven to have it, and it is in the Duo, read back and compared. */
export interface RotateResult {
  /** The Duo. */
  device: DuoInfo
  /** The device id that the cloud was told the key of. */
  deviceId: string
  /** The key that was there, where there was one. */
  previousFingerprint?: string
  /** The key that is there now; absent in a dry run that would make one. */
  fingerprint?: string
  /** Where the new key lies in the archive; absolute. Absent in a dry run. */
  newKeyFile?: string
  /** True if an earlier attempt, which was cut short, had made it. */
  takenUp: boolean
  /** The backup of what was there; absolute. */
  backupFile?: string
  /** The product id. */
  productId: number
  /** The cloud's API. */
  apiUrl: string
  /** The cloud that the Duo names. */
  duoCloud: NamedCloud
  /** Host and port where the pairing was proven (in a dry run: would be); absent with `noVerify`. */
  server?: string
  /** Whether the Duo's old key and the cloud's were a pair; absent with `noVerify` and in a dry run. */
  pairBefore?: PairBefore
  /** False if the Duo held the new key already, and in a dry run. */
  written: boolean
  /** True if nothing was to be changed. */
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
  /** How many Duos are connected whose key is not sent; why was said of each. */
  leftOut: number
}

/** A cloud's public key and its address. */
export interface ServerKeyInfo {
  /** SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits; absent if there is no key to be used. */
  fingerprint?: string
  /** True if it is the key of Particle's own cloud. */
  particle: boolean
  /** Why there is no key to be used. */
  keyProblem?: string
  /** True if an address is named; otherwise it is the firmware's own. */
  namesAddress: boolean
  /** The cloud's name or IPv4 address as it stands there; `$id` in it stands for the device id. */
  host?: string
  /** The same for this very device, where it is known. */
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
   * Do not back up what is there now. If the write fails, that is lost. With bootloaders
   * r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
   * a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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
  /** The cloud's public key, RSA with 2048 bits, as DER or PEM; an address may stand behind it, as in the DCT. */
  file: string
  /**
   * The cloud's name or IPv4 address; `$id` in it stands for the device id. Else the one in the file, else the
   * one in the Duo is kept.
   */
  host?: string
  /**
   * The TCP port that devices connect to; with `--host`, 5683 unless given.
   * @default `--host`
   */
  port?: number
  /**
   * Write no address, so that the Duo looks for its cloud at device.spark.io, as the firmware does then.
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
   * Do not back up what is there now. If the write fails, that is lost. With bootloaders
   * r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
   * @default false
   */
  noBackup?: boolean
  /**
   * With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
   * a power cut can leave neither the old key nor the new one.
   * @default false
   */
  iAcceptThatTheKeyMayBeLost?: boolean
  /**
   * Check everything and say what would be done; write nothing anywhere.
   * @default false
   */
  dryRun?: boolean
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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
  /** A cloud's public key, with or without an address behind it, or a dump of a DCT; in place of an attached Duo. */
  file?: string
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
  /** The Duo, where it was read from one. */
  device?: DuoInfo
  /** The file, where it was read from one; absolute. */
  file?: string
  /** What is there. */
  server: ServerKeyInfo
}

/** A cloud's public key and its address, in place: read back and compared. */
export interface ServerKeyWriteResult {
  /** The Duo. */
  device: DuoInfo
  /** The cloud that the Duo named before. */
  previous: ServerKeyInfo
  /** The cloud that it names now; in a dry run, that it would name. */
  server: ServerKeyInfo
  /** Where the address comes from. */
  addressSource: AddressSource
  /** The backup of the DCT's application section as it was; absolute. It is a secret. */
  backupFile?: string
  /** False if the Duo held exactly these bytes already, and in a dry run. */
  written: boolean
  /** True if the Duo was told to leave DFU mode. */
  left: boolean
  /** True if nothing was to be written. */
  dryRun: boolean
}

/** How bad a finding is. */
export type Severity =
  /** As it should be. */
  | 'ok'
  /** To be known. */
  | 'note'
  /** To be put right. */
  | 'problem'

/** Options of `status`. */
export interface StatusOptions {
  /** Only what was done to this Duo: its device id, 24 hexadecimal digits. */
  deviceId?: string
  /**
   * Put away what this operation left open, by the id that `status` prints: whether a cloud took a key, where nothing
   * else settles that. It stays in the history. What left the Duo's key or a field wrong or not known, or the cloud
   * with a key that the Duo does not have, cannot be put away.
   */
  dismiss?: string
}

/** What is open. */
export interface StatusResult {
  /** The folder of the journal; absolute. It need not be there. */
  journal: string
  /** What was cut short, or left a key that is wrong or not known, and is not settled since; oldest first. */
  inFlight: Array<OperationInfo>
  /** What other processes are doing at the moment. */
  running: Array<OperationInfo>
  /** What was put away now; it is in the history. */
  dismissed?: OperationInfo
}

/**
 * How far a transfer is; particle-usb's names (`progress` in its `src/dfu.js`). An upload comes from the Duo, a download
 * goes to it.
 */
export type TransferEvent =
  /** So many bytes are about to be read. */
  | 'start-upload'
  /** So many have been read, by now. */
  | 'uploaded'
  /** That was all; two reads agree. */
  | 'complete-upload'
  /** So many bytes are about to be written. */
  | 'start-download'
  /** So many more have been written. */
  | 'downloaded'
  /** That was all; it was read back and compared. */
  | 'complete-download'
  /** They were not written, or it is not known that they were. */
  | 'failed-download'

/** Options of `installUdevRule`. */
export interface UdevInstallOptions {
  /**
   * For tests: another root folder in place of /, which the caller may write to. The rule goes below it, and the
   * udevadm below it is run.
   */
  root?: string
}

/** A udev rule that is in place, and that udev has taken up. */
export interface UdevInstallResult {
  /** The file. */
  file: string
  /** False if it was there already, with these very contents. */
  written: boolean
}

/** The udev rule that lets users open a Duo without being root. */
export interface UdevRule {
  /** Where it goes. */
  file: string
  /** The whole file. */
  contents: string
}

/** Options of `verifyPairing`. */
export interface VerifyOptions {
  /** A file with the private key, in any form; `--device` says whose it is. Else the key is read from the attached Duo. */
  key?: string
  /**
   * A file whose first line is the passphrase of the key file, or - for standard input. Else
   * DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else it is asked for, on a terminal.
   */
  passphraseFile?: string
  /** The passphrase itself; only in the API, since a command line is no place for a secret. */
  passphrase?: string
  /**
   * A file with the cloud's public key, RSA with 2048 bits, PEM or DER. Else the one in the Duo; with `--key`,
   * Particle's own.
   */
  serverKey?: string
  /** The cloud's name or IPv4 address. Else the one in the Duo, or device.spark.io. */
  host?: string
  /** The TCP port that devices connect to. Else the one in the Duo, or 5683. */
  port?: number
  /**
   * The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there you say it,
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
   * Go on although nothing shows that the Duo reads from the address that it is told: it tells no device id over
   * USB, and no cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or
   * damaged.
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
  /** The key that it knows the device by, and that the private key belongs to. */
  fingerprint: string
  /** SHA-256 of the server key's SubjectPublicKeyInfo, 64 hexadecimal digits. */
  serverFingerprint: string
  /** True if it is the server key of Particle's own cloud. */
  particle: boolean
  /** Host and port that were talked to. */
  server: string
  /** The attached Duo, where the key came from it. */
  device?: DuoInfo
}

/** One of the Duos of a `VirtualDuo`. */
export interface VirtualDuoInfo {
  /** Bus and port: `1-1`. */
  path: string
  /** The device id: `VIRTUAL-DUO` and the port's number, in hexadecimal. */
  deviceId: string
  /** The fingerprint of the key in its slot, where it holds one. */
  fingerprint?: string
  /** Where it is, seen from the bus. */
  presence: Presence
  /** How often it has started its firmware. */
  boots: number
  /** How many keys it has made, the first included. */
  keysMade: number
  /** How many DFU class requests it has received. */
  classRequests: number
  /** How often the faults that it is armed with have acted. */
  faultsActed: number
}

/** Options of `VirtualDuo.start`, and of the virtual Duos of `simulate`. */
export interface VirtualDuoOptions {
  /**
   * How many Duos, 1 to 16; 1 unless given.
   * @default 1
   */
  duos?: number
  /**
   * Another board that is laid out as a Duo, to be in their place; duo unless given.
   * @default duo
   */
  board?: BoardName
  /**
   * The bootloader they have; r6 unless given.
   * @default r6
   */
  bootloader?: Bootloader
  /**
   * What they do whenever they start: stay in DFU mode, or run their firmware, with a serial port; dfu unless given.
   * @default dfu
   */
  mode?: DuoMode
  /**
   * The port of the USB/IP server on 127.0.0.1; a free one unless given (3240 is USB/IP's own).
   * @default one
   */
  usbipPort?: number
  /**
   * A fault that every Duo is armed with: KIND@7 strikes once, at the seventh control transfer, KIND@7+ from
   * there on, and KIND@dfu7 counts DFU's requests alone. May be repeated. A mistyped one lists the kinds.
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
  /** A new private key, of which the cloud is told first. */
  | 'rotate'

/** What is about to be written, shown before the question. */
export interface WritePlan {
  /** What will be written. */
  action: WriteAction
  /** The Duo. */
  device: DuoInfo
  /** The key in the Duo now, where there is one. */
  currentFingerprint?: string
  /** What is in the slot now, in words. */
  current: string
  /** The key to be written; absent for a reset, and where the key stays as it is. */
  newFingerprint?: string
  /** Why the key is taken to be this Duo's; absent if none is written, and for a key that was made for it. */
  evidence?: KeyEvidence
  /** The same in words. */
  evidenceDescription?: string
  /** The public key in the Duo's DCT, where it is another than the key's. It may be stale. */
  publicSlotFingerprint?: string
  /** What changes beside the key. */
  changes: Array<PlannedChange>
  /** Warnings shown before the question. */
  cautions: Array<string>
  /** The cloud's API, where the cloud is told of the new key before it is written. */
  cloud?: string
  /** The cloud that the Duo names, where a cloud is told. */
  duoCloud?: NamedCloud
  /** Whether the key in the Duo and the cloud's are a pair now, where that is proven first. */
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
  /** The API's URL, what the option `apiUrl` takes. */
  get url(): string
  /** A token that it accepts; good for this cloud only. */
  get token(): string
  /** Where devices connect to, `127.0.0.1:PORT`; absent without `devicePort`. */
  get deviceAddress(): string | null
  /** The cloud's own public key, RSA-2048, as PEM; absent without `devicePort`. */
  get serverKey(): string | null
  /** What was provisioned so far, one entry a device; nothing after `stop`. */
  provisioned(): Array<ProvisionedDevice>
  /** Lets requests in flight finish and stops. A second call does nothing. */
  stop(): Promise<void>
  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Virtual Duos behind a USB/IP server on loopback. A simulation: no hardware is involved. */
export declare class VirtualDuo {
  /**
   * Starts one Duo or several. Each has a new key. It is in DFU mode, and comes back in it by itself after a
   * restart, as if somebody held its buttons; with the mode `normal` it runs its firmware whenever it starts.
   */
  static start(options?: VirtualDuoOptions): Promise<VirtualDuo>
  /** What the option `usbip` takes: `127.0.0.1:PORT`. */
  get address(): string
  /** The Duos as they are now, ordered by path; none after `stop`. */
  duos(): Array<VirtualDuoInfo>
  /**
   * The names of faults to try: one or more of every kind, without the transfer at which they strike. A
   * fault is armed as `NAME@7` (at the seventh control transfer, once), `NAME@7+` (from there on),
   * `NAME@dfu7` or `NAME@dfu7+` (counting DFU's class requests alone).
   */
  static faults(): Array<string>
  /**
   * Arms the Duo in a port with a fault, such as `timeout-after@dfu9`. Counting begins now. A name that is
   * none, and a port without a Duo, are `INVALID_ARGUMENT`.
   */
  arm(path: string, fault: string): void
  /** Disarms every fault of the Duo in a port. */
  clearFaults(path: string): void
  /** Pulls the cable of the Duo in a port. */
  unplug(path: string): void
  /**
   * Plugs the cable in again: the Duo starts, and is in its mode some 700 ms later. Nothing happens where
   * it is plugged in.
   */
  plugIn(path: string): void
  /** Presses RESET: the Duo drops off the bus, starts, and is in its mode some 700 ms later. */
  pressReset(path: string): void
  /**
   * Presses both buttons, and releases SETUP at the right time: the Duo is in DFU mode some 700 ms later,
   * whatever its mode.
   */
  pressButtons(path: string): void
  /**
   * Puts another Duo in the place of the one in a port, with an id and a key of its own; the next time, the
   * first one is put back. It is in DFU mode some 700 ms later. Faults that are armed stay with the port.
   */
  swap(path: string): void
  /** The 1,216 bytes of a Duo's key slot, read behind the back of any host. */
  keySlot(path: string): Buffer
  /** Changes the 1,216 bytes of a Duo's key slot behind the back of any host. */
  setKeySlot(path: string, bytes: Uint8Array): void
  /**
   * Writes a cloud's public key, PEM, and its address into the DCT of every Duo, as the
   * tools of one's own cloud do: what `verify` then uses. The address is `HOST:PORT`.
   */
  setServer(serverKey: string, address: string): void
  /** Closes every connection; the port is free when the promise is fulfilled. A second call does nothing. */
  stop(): Promise<void>
  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Does what `backupKey` does with every Duo that is connected, up to 16 at a time; each backup goes to the archive.
 * Fulfilled also if not every one is saved: `counts` and `duos` say so.
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
 * Does what `backupDct` does with every Duo that is connected, up to 16 at a time; each backup goes to the archive.
 * Fulfilled also if not every one is saved: `counts` and `duos` say so.
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
 * Saves the Duo's DCT to a new file: its application section, or both copies whole; read twice and compared, for
 * its owner alone, synced and read back. It is a secret. Writes nothing to the Duo.
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
 * Saves the Duo's private key to a new file: read twice and compared, for its owner alone, synced and read back, with
 * its public key and a manifest beside it. Writes nothing to the Duo.
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

/** Whose answers a local cloud gives. */
export type CloudFlavor = 'particle' | 'spark' | 'brewskey'

/**
 * How an operation is watched and stopped.
 *
 * The shape alone, for `index.d.ts`: the object is read member by member, so that a wrong one is named.
 */
export interface Control {
  /**
   * Stops the operation between two transfers, or while it waits for an answer. A write that has begun is finished
   * and read back first. With one that is aborted already nothing is begun. The error is an `AbortError`, its `cause`
   * the signal's `reason`.
   */
  signal?: AbortSignal
  /**
   * Told what happens, while it happens. What it throws, and what a promise of it rejects with, becomes a warning of
   * the process.
   */
  onEvent?: (event: ProgressEvent) => unknown
  /**
   * Asked after the backup and before the first byte is written, with the Duo still open. Without it the
   * call is the consent. Anything but `true`, a throw included, is a refusal.
   */
  confirm?: (plan: WritePlan) => boolean | Promise<boolean>
  /**
   * Asked once by `provisionAll`, when all Duos have been read and before the first key is sent. Without it the call is
   * the consent. Anything but `true`, a throw included, is a refusal.
   */
  confirmAll?: (plan: SendPlan) => boolean | Promise<boolean>
  /**
   * Asked for a passphrase that is needed and was not given, before any Duo is touched. Anything but a text, a
   * throw included, means that there is none.
   */
  passphrase?: (request: PassphraseRequest) => string | undefined | Promise<string | undefined>
}

/** One of the two copies of a whole DCT. */
export type CopyName = 'first' | 'second'

/**
 * Looks at every Duo in DFU mode, at the archive and at the journal, asks the cloud about each Duo where a token is
 * given or `cloud` is true, and says what is wrong and what to type; with `verify` it proves that each Duo's key and its
 * cloud's are a pair. Reads only; problems are findings, not errors, and so is a cloud that cannot be reached.
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

/** What a virtual Duo does whenever it starts. */
export type DuoMode = 'dfu' | 'normal'

/**
 * Puts a Duo that runs its firmware into DFU mode through its serial port, and waits until it is there. One that is
 * there already is left alone. Neither its key nor anything else in its flash is touched.
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
 * Makes a list of what would be sent, to be read by a person first: of an archive the newest key of each device, or of
 * ids the ids alone. Where two keys of a device are possible, its row says so and is not sent.
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
 * Puts the ledgers of a list together: what became of each device, and whether a shard is missing. Sends nothing.
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
 * Lists what was done to which Duo, the newest first: reads the journal in the user's data directory. Needs no Duo.
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
 * Says what a file holds: a key in any form, a dump of a DCT, a cloud's public key, a manifest; and whether the
 * Duo's firmware would read the key. Takes one field out of a dump, to a new file. Needs no Duo.
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
 * Writes the udev rule to /etc/udev/rules.d, as root, and has udev take it up (`udevadm`, the only program that is
 * ever started from here). A file of that name with other contents is left alone. Never becomes root by itself.
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
 * Lists the backups in the archive, by name, with the device and the key of each, and those in other places that were
 * made on this machine. Needs no Duo.
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
 * Lists the Duos: those in DFU mode with the fingerprints of their keys, and those that run their firmware. Reads only.
 * One that cannot be opened or read is listed with the reason; none at all is an empty list.
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
 * Makes a new key as a Duo makes it, in a new file for its owner alone: byte for byte as a backup would be, or
 * behind a passphrase; with its public key beside it. Needs no Duo.
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
 * Sends the Duo's public key to the cloud, and succeeds when the cloud says that it took it; with `verify`, when a
 * handshake has shown that it has.
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
 * Does what `provision` does with the own key of every Duo that is connected, up to 16 at a time: all are read, then
 * `confirmAll` of the control is asked once, then the keys are sent. Two Duos with one id are not sent. Fulfilled also if
 * not every one is done: `counts` and `duos` say so.
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
 * Sends the public keys of a list of devices. The whole list is looked at before the first request; what became of each
 * device is in the ledger beside it, and the same call goes on where it was stopped. Fulfilled also if not every device
 * is done: `counts` and `stoppedBy` say so.
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
 * Takes the public key out of a key file of any kind; of a private key nothing else leaves it. Needs no Duo.
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
 * Reads the Duo's private key and returns its bytes: for code that keeps keys by itself, in a vault for one. This is the
 * one way by which a private key leaves other than into a file, so treat the result as the secret that it is. Everybody
 * else is better off with `backupKey`. Writes nothing anywhere.
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
 * Erases the Duo's private key after a backup, verifies it and restarts the Duo, which then makes a new key
 * and has to be provisioned again.
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
 * Writes fields out of a dump back to the Duo, each in one block, each read back and compared; or, with `whole`, all
 * of the DCT as it was read. The DCT is backed up first. What holds the dump's bytes already is left alone, so the
 * same call goes on where one was cut short.
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
 * Writes a saved private key to the Duo: what is there is backed up first, and the write counts once it was
 * read back and compared.
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
 * Writes the public key and the address of Particle's own cloud to the Duo, which are built in; otherwise as
 * `setServerKey`.
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
 * Gives the Duo and the cloud a new key. The old key is backed up and the new one kept in the archive; `confirm` is
 * asked, and shown whether the old key and the cloud's are a pair; the cloud is told, and has to take the new key in the
 * Duo's own handshake, which is made from here; only then is the Duo written, read back and compared, and leaves DFU
 * mode. A refusal by the cloud leaves both as they were. What was cut short is taken up, with the same new key, by the same
 * call.
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
 * Writes a cloud's public key and address to the Duo, so that it connects to that cloud: the DCT is backed up
 * first, and the write counts once it was read back and compared. A bare key keeps the address in the Duo.
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
 * Says what the fields of a DCT hold, of the attached Duo or of a file. Shows no secret: a private key as its
 * fingerprint, a claim code as being there or not. Reads only.
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
 * Says what was in flight when a process or a machine stopped, and what to type next: reads what is open in the
 * journal in the user's data directory. With `dismiss` it first puts away what one operation left open, if that is no
 * more than whether a cloud took a key (else `CANNOT_DISMISS`). Needs no Duo.
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
 * The udev rule (Linux) that lets whoever sits at the machine open a Duo, and that keeps ModemManager from its
 * serial port.
 *
 * @example
 * ```js
 * const { file, contents } = udevRule()
 * ```
 */
export declare function udevRule(): UdevRule

/**
 * Does what `verifyPairing` does with every Duo that is connected, up to 16 at a time. Fulfilled also if not every pair is
 * proven: `counts` and `duos` say so.
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
 * Asks the cloud what it knows of each device of a list, or with `handshake` proves with the private keys that it knows
 * them by those. Fulfilled also if it does not know every device: `counts` and `stoppedBy` say so.
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
 * Fulfilled only if the server has the private half of the server key that the Duo names, knows this device,
 * and knows it by the public half of this key. Writes nothing anywhere.
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
