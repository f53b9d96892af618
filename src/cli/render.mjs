/** Prints results and events. */
import { describeAll } from './all.mjs'
import { describeDiagnosis } from './diagnosis.mjs'
import { describeFleet, sayDevice, sayProgress } from './fleet.mjs'
import { facts, firmware, nameOf, PAIR_BEFORE, printable, table } from './layout.mjs'
import { describeDump, describeField, describeManifest, describeServerKey, showDct } from './render-dct.mjs'
import { describeRestoredDct, describeServerKeyWrite } from './render-fields.mjs'
import { brief } from './words.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').ProgressEvent} ProgressEvent */

/** Events that are not shown with `--quiet`. */
const SAID_BY_THE_WAY = new Set(['found', 'backed-up', 'new-key'])

/** Prints an event when it happens. */
export function sayEvent(/** @type {ProgressEvent} */ event, /** @type {Output} */ output) {
  if (output.quiet && SAID_BY_THE_WAY.has(event.type)) return
  switch (event.type) {
    case 'phase':
      return output.progress.step(event.description)
    case 'found':
      return output.say(`using the ${nameOf(event.device)}`)
    case 'waiting':
      return output.say(describeWait(event))
    case 'backed-up':
      return output.write(brief(`${event.alreadyThere ? 'backup held already' : 'backup'}: ${event.file}`))
    case 'new-key':
      return output.write(
        brief(`${event.alreadyThere ? 'new key kept already' : 'new key kept'}: ${event.file}`),
      )
    case 'note':
      return output.note(event.message)
    case 'retry':
      return output.note(`${event.reason}; trying again in ${(event.delayMs / 1000).toFixed(1)} s`)
    case 'device':
    case 'device-asked':
      return sayDevice(event, output)
    case 'fleet-progress':
      return sayProgress(event, output)
    case 'fleet-paused':
      return output.note(`${event.reason}; everybody waits for ${(event.delayMs / 1000).toFixed(1)} s`)
    case 'sending':
      // Exactly the lines of device-provisioning-helper: scripts look for them.
      if (event.generic) output.print('using generic public key')
      return output.print(`attempting to add a new public key for device ${event.deviceId}`)
  }
}

/** Prints a result to standard output. */
export function describeResult(
  /** @type {string} */ command,
  /** @type {any} */ result,
  /** @type {Output} */ output,
  /** @type {object} */ options,
) {
  DESCRIBE[command]?.(result, output, options)
}

/** @type {Record<string, (result: any, output: Output, options: any) => void>} */
const DESCRIBE = {
  list(/** @type {import('../../index.js').ListResult} */ { devices }, output, { usbip }) {
    if (devices.length === 0) {
      output.say('no Duo is connected')
      output.hint(`${DFU_MODE}; one that runs normally: add --enter-dfu`)
      return
    }
    output.print(table(['PATH', 'DEVICE ID', 'BOOTLOADER', 'STATE', 'KEY'], devices.map(row), output))
    const hints = new Set(devices.flatMap(({ problem }) => problem?.hint ?? []))
    for (const hint of hints) output.hint(hint)
    const restart = hintOfRunning(devices, usbip)
    if (restart) output.hint(restart)
  },

  dfu(/** @type {import('../../index.js').EnterDfuResult} */ { device, wasAlready }, output) {
    const how = wasAlready ? 'Already in DFU mode:' : 'In DFU mode:'
    output.print(`${output.paint('green', how)} the ${nameOf(device)}`)
    if (!wasAlready) output.print('Press RESET to start it again.')
  },

  backup(/** @type {import('../../index.js').BackupResult} */ result, output) {
    const what = result.fingerprint ? 'the key' : `the key slot (${result.slot}, no key)`
    const how = result.alreadyThere ? 'The archive holds' : 'Saved'
    const behind = result.encrypted ? ', behind the passphrase' : ''
    output.print(`${output.paint('green', how)} ${what} of the ${nameOf(result.device)}${behind}`)
    output.print(
      facts({
        file: result.file,
        public: result.publicKeyFile,
        manifest: result.manifestFile,
        fingerprint: result.fingerprint,
      }),
    )
  },

  restore(/** @type {import('../../index.js').RestoreResult} */ result, output) {
    const how = result.dryRun ? 'Would write' : result.written ? 'Wrote and verified' : 'Nothing to write:'
    const what = result.written || result.dryRun ? 'the key of' : 'this key is already in'
    output.print(`${output.paint('green', how)} ${what} the ${nameOf(result.device)}`)
    output.print(
      facts({
        fingerprint: result.fingerprint,
        whose: result.evidenceDescription,
        before: result.previousFingerprint ?? 'no key',
        backup: result.backupFile,
      }),
    )
    if (result.dryRun) output.print('Dry run: nothing was written anywhere.')
    else if (result.left) output.print('It has left DFU mode and starts.')
    else output.print('It stays in DFU mode; press RESET to start it.')
  },

  reset(/** @type {import('../../index.js').ResetResult} */ result, output) {
    const how = result.dryRun ? 'Would erase' : result.written ? 'Erased and verified' : 'Nothing to erase in'
    output.print(`${output.paint('green', how)} the key slot of the ${nameOf(result.device)}`)
    output.print(facts({ before: result.previousFingerprint ?? 'no key', backup: result.backupFile }))
    if (result.dryRun) return output.print('Dry run: nothing was written anywhere.')
    output.print('It restarts, blinks white while it makes a new key, and restarts again.')
    output.print('Then provision it again: put it into DFU mode and run')
    output.print(`  ${result.provisionCommand}`)
  },

  provision(/** @type {import('../../index.js').ProvisionResult} */ result, output) {
    const where = `${result.apiUrl}, product id ${result.productId}, key ${result.fingerprint.slice(0, 8)}`
    if (result.dryRun) {
      output.print(`Would send the ${result.source} public key for device ${result.deviceId}`)
      output.print(
        facts({
          to: result.apiUrl,
          'duo names': result.duoCloud?.description,
          product: `${result.productId}`,
          fingerprint: result.fingerprint,
          pairing: result.server && `would be proven at ${result.server}`,
        }),
      )
      return output.print('Dry run: nothing was sent.')
    }
    output.say(`accepted by ${where}`)
    if (result.server) output.say(`proven at ${result.server}`)
    output.print('Success - Device Provisioned!')
  },

  rotate(/** @type {import('../../index.js').RotateResult} */ result, output) {
    const how = result.dryRun ? 'Would give' : 'Gave'
    const what = result.takenUp ? 'the new key of an earlier attempt' : 'a new key'
    output.print(`${output.paint('green', how)} the ${nameOf(result.device)} and its cloud ${what}`)
    output.print(
      facts({
        fingerprint: result.fingerprint,
        'new key': result.newKeyFile,
        before: result.previousFingerprint ?? 'no key',
        backup: result.backupFile,
        cloud: `${result.apiUrl}, product id ${result.productId}`,
        'duo names': result.duoCloud.description,
        'pair before': result.pairBefore && PAIR_BEFORE[result.pairBefore],
        pairing: pairing(result),
      }),
    )
    if (result.dryRun) output.print('Dry run: no key was made, and nothing was written or sent.')
    else output.print('It has left DFU mode and starts.')
  },

  'key new'(/** @type {import('../../index.js').NewKeyResult} */ result, output) {
    output.print(
      `${output.paint('green', 'Made')} a new key${result.encrypted ? ', behind the passphrase' : ''}`,
    )
    output.print(facts({ file: result.file, public: result.publicKeyFile, fingerprint: result.fingerprint }))
  },

  'key public'(/** @type {import('../../index.js').PublicKeyResult} */ result, output) {
    output.print(result.publicKey.trimEnd())
    if (result.out) output.say(`written to ${result.out}`)
  },

  'dct backup'(/** @type {import('../../index.js').DctBackupResult} */ result, output) {
    const what = result.whole ? 'the whole DCT' : "the DCT's application section"
    const how = result.alreadyThere ? 'The archive holds' : 'Saved'
    output.print(`${output.paint('green', how)} ${what} of the ${nameOf(result.device)}`)
    output.print(
      facts({
        file: result.file,
        public: result.publicKeyFile,
        manifest: result.manifestFile,
        bytes: `${result.length}`,
        fingerprint: result.fingerprint ?? `none: its key slot holds no key (${result.slot})`,
      }),
    )
    const secrets = [
      ...(result.fingerprint ? ["the device's private key"] : []),
      ...(result.whole ? ['its Wi-Fi passwords'] : []),
    ]
    if (secrets.length > 0) output.note(`the file is a secret: it holds ${secrets.join(' and ')}`)
  },

  'dct show': showDct,

  'dct restore': describeRestoredDct,

  'server-key set': describeServerKeyWrite,

  'server-key restore': describeServerKeyWrite,

  'server-key show'(/** @type {import('../../index.js').ServerKeyShowResult} */ result, output) {
    const where = result.device ? nameOf(result.device) : printable(result.file ?? '')
    output.print(`The cloud that the ${result.device ? where : `file ${where}`} names`)
    output.print(describeServerKey(result.server))
  },

  inspect(/** @type {import('../../index.js').InspectResult} */ result, output) {
    if (result.dct) describeDump(result, output)
    else if (result.manifest) describeManifest(result, output)
    else if (result.kind === 'server-key') {
      output.print(`${result.file}: a cloud's public key`)
      output.print(describeServerKey(result.server))
    } else describeKey(result, output)
    if (result.extracted) describeField(result.extracted, output)
  },

  verify(/** @type {import('../../index.js').VerifyResult} */ result, output) {
    const whose = result.device ? nameOf(result.device) : `device ${result.deviceId}`
    output.print(`${output.paint('green', 'Proven:')} the key of the ${whose} and the cloud's are a pair`)
    output.print(
      facts({
        server: result.server,
        'server key': `${result.serverFingerprint}${result.particle ? " (Particle's own)" : ''}: the server has its private half`,
        device: `${result.deviceId}: the server knows it`,
        fingerprint: `${result.fingerprint}: the server knows the device by this key`,
      }),
    )
  },

  backups(/** @type {import('../../index.js').BackupsResult} */ result, output) {
    const { folder, backups, elsewhere, unreadable } = result
    const others = elsewhere.length > 0 ? '; in other places there are:' : ''
    if (backups.length === 0) output.say(`no backups in ${printable(folder)}${others}`)
    for (const backup of [...backups, ...elsewhere]) {
      const device = backup.deviceId ? `Duo ${backup.deviceId}` : 'Duo (id unknown)'
      output.print(output.paint('bold', `${backup.simulated ? 'virtual ' : ''}${device}`))
      output.print(
        facts({
          holds: HOLDS[backup.contents],
          key: backup.fingerprint ?? (backup.encrypted ? 'not known without the passphrase' : 'none'),
          origin: backup.newKey ? 'made by rotate; whether the Duo got it is not said here' : undefined,
          time: backup.createdAt ?? 'unknown',
          file: printable(backup.file),
          manifest: backup.manifest === 'sound' ? undefined : backup.manifestDescription,
        }),
      )
    }
    for (const reason of unreadable) output.note(printable(reason))
  },

  ...describeFleet,

  ...describeAll,

  doctor: describeDiagnosis,

  'udev print'(/** @type {import('../../index.js').UdevRule} */ { contents }, output) {
    output.print(contents.trimEnd())
  },

  'udev install'(/** @type {import('../../index.js').UdevInstallResult} */ { file: path, written }, output) {
    output.print(`${output.paint('green', written ? 'Wrote' : 'There already:')} ${printable(path)}`)
    output.print('udev has taken it up, for Duos that are plugged in, too.')
  },

  status(/** @type {import('../../index.js').StatusResult} */ { inFlight, running, dismissed }, output) {
    if (dismissed) {
      output.print(`${output.paint('green', 'Dismissed:')} ${subject(dismissed)}; it stays in the history`)
    }
    for (const operation of running) {
      output.print(`${output.paint('cyan', 'Running:')} ${subject(operation)}`)
    }
    for (const operation of inFlight) describeInFlight(operation, output)
    if (inFlight.length === 0) output.print(output.paint('green', 'Nothing is in flight.'))
    output.say('what was done before: duo-provision history')
  },

  history(/** @type {import('../../index.js').HistoryResult} */ result, output) {
    const { journal, operations, more, unreadable } = result
    const rows = operations.map((operation) => [
      operation.startedAt,
      `${operation.deviceId ?? (operation.path ? `at ${operation.path}` : 'a list')}${operation.simulated ? ' (virtual)' : ''}`,
      operation.operation,
      operation.errorCode ? `${operation.outcome} [${operation.errorCode}]` : operation.outcome,
    ])
    if (rows.length === 0) output.say(`no operations in ${printable(journal)}`)
    else output.print(table(['BEGUN', 'DUO', 'OPERATION', 'OUTCOME'], rows, output))
    if (more) output.note(`there are older ones: --limit ${2 * rows.length} lists more`)
    if (unreadable > 0) output.note(`${unreadable} lines of ${printable(journal)} cannot be read`)
  },
}

function describeKey(
  /** @type {import('../../index.js').InspectResult} */ result,
  /** @type {Output} */ output,
) {
  const unopened = result.fingerprint === undefined
  const kind = `${result.private ? 'private' : 'public'} ${unopened ? 'key behind a passphrase' : 'RSA-1024 key'}`
  output.print(`${result.file}: a ${kind}`)
  output.print(
    facts({
      form: result.form,
      encryption: result.encryption,
      trailing: result.trailing > 0 ? `${result.trailing} bytes (padding)` : undefined,
      device: result.deviceId,
      fingerprint: unopened ? unproven(result.manifestFingerprint) : result.fingerprint,
      firmware: firmware(result.firmwareReadsAsIs),
    }),
  )
  if (result.publicKey) return output.print(result.publicKey.trimEnd())
  output.say(
    '\nThe file was not opened. With its passphrase (--passphrase-file FILE) the key itself is looked at.',
  )
}

/** The fingerprint that the manifest gives for an encrypted file that was not opened. */
function unproven(/** @type {string | undefined} */ fingerprint) {
  return fingerprint && `${fingerprint}, by the manifest`
}

function describeInFlight(
  /** @type {import('../../index.js').OperationInfo} */ operation,
  /** @type {Output} */ output,
) {
  const failed = operation.errorCode ? `, ended with ${operation.errorCode}` : ''
  output.print(`${output.paint('yellow', 'In flight:')} ${subject(operation)}${failed}`)
  output.print(
    facts({
      stage: operation.reached,
      meaning: operation.meaning,
      before: leavesKey(operation) ? undefined : (operation.previousFingerprint ?? 'no key'),
      key: ['backup', 'dct-backup'].includes(operation.operation) ? undefined : operation.fingerprint,
      backup: operation.backupFile && printable(operation.backupFile),
      ledger: operation.ledgerFile && printable(operation.ledgerFile),
      'new key': operation.newKeyFile && printable(operation.newKeyFile),
    }),
  )
  for (const { purpose, command } of operation.next) {
    output.print(`  ${purpose}:\n    ${output.paint('bold', command)}`)
  }
}

/** Whether the Duo's previous key is not shown: the operation is not about it. */
function leavesKey(/** @type {import('../../index.js').OperationInfo} */ { operation, fingerprint }) {
  if (operation === 'dct-restore') return fingerprint === undefined
  return ['provision', 'server-key-set', 'fleet-provision'].includes(operation)
}

function subject(/** @type {import('../../index.js').OperationInfo} */ operation) {
  const { simulated, deviceId, path, startedAt } = operation
  if (operation.operation === 'fleet-provision') return `fleet provision, begun ${startedAt}`
  const duo = `${simulated ? 'virtual ' : ''}${deviceId ? `Duo ${deviceId}` : 'Duo (id unknown)'}`
  return `${operation.operation} of the ${duo}${path ? ` at ${path}` : ''}, begun ${startedAt}`
}

/** What a backup contains, in words. */
const HOLDS = {
  'private-key': 'the private key',
  'encrypted-private-key': 'the private key, behind a passphrase',
  'raw-slot': 'the bytes of a slot without a key',
  dct: 'the application section of the DCT',
  'whole-dct': 'the whole DCT, both copies',
}

const DFU_MODE =
  'put the Duo into DFU mode: hold both buttons, release RESET, and release SETUP when the LED blinks yellow'

function pairing(/** @type {import('../../index.js').RotateResult} */ { server, dryRun }) {
  if (!server) return 'not proven (--no-verify)'
  return dryRun ? `would be proven at ${server}` : `proven at ${server}`
}

/** Says which buttons to press while the command waits for a Duo. */
function describeWait(/** @type {{ withinMs: number, enterDfu: boolean }} */ { withinMs, enterDfu }) {
  const first = enterDfu
    ? 'Plug the Duo in; if it runs, that is enough. Otherwise, by its buttons:'
    : 'Plug the Duo in, and put it into DFU mode by its buttons:'
  return `${first}
  1. hold both, RESET and SETUP
  2. release RESET, and keep holding SETUP
  3. release SETUP when the LED blinks yellow
Do not hold on for longer. While SETUP is held the LED shows
  magenta  from 1 s    safe mode
  yellow   from 3 s    DFU mode: release now
  green    from 6.5 s  factory reset
  white    from 10 s   factory reset, and the Wi-Fi passwords are erased
Waiting for up to ${Math.round(withinMs / 60_000)} minutes; Ctrl-C stops.`
}

/** How to put the running Duos into DFU mode, if there are any. */
export function hintOfRunning(
  /** @type {import('../../index.js').ListedDuo[]} */ devices,
  /** @type {string | undefined} */ usbip,
) {
  const running = devices.filter(({ state }) => state === 'running')
  const [first] = running
  if (!first) return undefined
  const what = running.length === 1 ? 'the Duo that runs' : 'one that runs, here the first,'
  const bus = usbip ? ` --usbip ${usbip}` : ''
  return `to put ${what} into DFU mode: duo-provision dfu --path ${first.path}${bus}`
}

/** @type {Record<import('../../index.js').ListedState, string>} */
const STATES = {
  sound: 'sound',
  'foreign-public-key': "another's public key",
  misread: 'misread by the firmware',
  blank: 'blank',
  'no-key': 'no key',
  unreadable: 'unreadable',
  running: 'running',
}

function row(
  /** @type {import('../../index.js').ListedDuo} */ {
    path,
    deviceId,
    simulated,
    device,
    state,
    key,
    problem,
  },
) {
  const tellsNone = device || (state === 'running' && !problem)
  const id = deviceId ?? (tellsNone ? 'not told (r3, r4)' : '?')
  const holds = problem
    ? `${problem.message} [${problem.code}]`
    : (key?.fingerprint ?? key?.description ?? '')
  const virtual = simulated ? ' (virtual)' : ''
  return [path, id, device?.bootloader ?? '?', STATES[state], `${holds}${virtual}`.trimStart()]
}
