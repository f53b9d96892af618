/** Results and events in words. */
import { facts, firmware, nameOf, printable, table } from './layout.mjs'
import { describeDump, describeField, describeManifest, describeServerKey, showDct } from './render-dct.mjs'
import { describeRestoredFields, describeServerKeyWrite } from './render-fields.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').ProgressEvent} ProgressEvent */

/** What happens while it happens. */
export function sayEvent(/** @type {ProgressEvent} */ event, /** @type {Output} */ output) {
  switch (event.type) {
    case 'phase':
      return output.progress.step(event.description)
    case 'found':
      return output.say(`using the ${nameOf(event.device)}`)
    case 'backed-up':
      return output.say(`${event.alreadyThere ? 'backup held already' : 'backup'}: ${event.path}`)
    case 'note':
      return output.note(event.message)
    case 'retry':
      return output.note(`${event.reason}; trying again in ${(event.delayMs / 1000).toFixed(1)} s`)
    case 'sending':
      // The lines of device-provisioning-helper, letter for letter, since scripts look for them.
      if (event.generic) output.print('using generic public key')
      return output.print(`attempting to add a new public key for device ${event.deviceId}`)
  }
}

/** A result, to standard output. */
export function describeResult(
  /** @type {string} */ command,
  /** @type {any} */ result,
  /** @type {Output} */ output,
) {
  DESCRIBE[command]?.(result, output)
}

/** @type {Record<string, (result: any, output: Output) => void>} */
const DESCRIBE = {
  list(/** @type {import('../../index.js').ListResult} */ { devices }, output) {
    if (devices.length === 0) {
      output.say('no Duo in DFU mode is connected')
      output.say(`\n${output.paintErr('cyan', 'hint:')} ${DFU_MODE}`)
      return
    }
    output.print(table(['PATH', 'DEVICE ID', 'BOOTLOADER', 'KEY'], devices.map(row), output))
    const hints = new Set(devices.flatMap(({ problem }) => problem?.hint ?? []))
    for (const hint of hints) output.say(`\n${output.paintErr('cyan', 'hint:')} ${hint}`)
  },

  backup(/** @type {import('../../index.js').BackupResult} */ result, output) {
    const what = result.fingerprint ? 'the key' : `the key slot (${result.slot}, no key)`
    const how = result.alreadyThere ? 'The archive holds' : 'Saved'
    output.print(`${output.paint('green', how)} ${what} of the ${nameOf(result.device)}`)
    output.print(
      facts({
        file: result.path,
        public: result.publicKeyPath,
        manifest: result.manifestPath,
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
        backup: result.backupPath,
      }),
    )
    if (result.dryRun) output.print('Dry run: nothing was written anywhere.')
    else if (result.left) output.print('It has left DFU mode and starts.')
    else output.print('It stays in DFU mode; press RESET to start it.')
  },

  reset(/** @type {import('../../index.js').ResetResult} */ result, output) {
    const how = result.dryRun ? 'Would erase' : result.written ? 'Erased and verified' : 'Nothing to erase in'
    output.print(`${output.paint('green', how)} the key slot of the ${nameOf(result.device)}`)
    output.print(facts({ before: result.previousFingerprint ?? 'no key', backup: result.backupPath }))
    if (result.dryRun) return output.print('Dry run: nothing was written anywhere.')
    output.print('It restarts, blinks white while it makes a new key, and restarts again.')
    output.print('Then provision it again: put it into DFU mode and run')
    const port = result.device.deviceIdSource === 'usb-serial' ? '' : ` --path ${result.device.path}`
    output.print(`  duo-provision ${result.device.deviceId ?? 'DEVICE_ID'} --from-device${port}`)
  },

  provision(/** @type {import('../../index.js').ProvisionResult} */ result, output) {
    const where = `${result.apiUrl}, product id ${result.productId}, key ${result.fingerprint.slice(0, 8)}`
    if (result.dryRun) {
      output.print(`Would send the ${result.source} public key for device ${result.deviceId}`)
      output.print(
        facts({ to: result.apiUrl, product: `${result.productId}`, fingerprint: result.fingerprint }),
      )
      return output.print('Dry run: nothing was sent.')
    }
    output.say(`accepted by ${where}`)
    output.print('Success - Device Provisioned!')
  },

  'dct backup'(/** @type {import('../../index.js').DctBackupResult} */ result, output) {
    const what = result.whole ? 'the whole DCT' : 'the DCT’s application section'
    const how = result.alreadyThere ? 'The archive holds' : 'Saved'
    output.print(`${output.paint('green', how)} ${what} of the ${nameOf(result.device)}`)
    output.print(
      facts({
        file: result.path,
        public: result.publicKeyPath,
        manifest: result.manifestPath,
        bytes: `${result.length}`,
        fingerprint: result.fingerprint ?? `none: its key slot holds no key (${result.slot})`,
      }),
    )
    output.note(
      `the file is a secret: it holds the Duo’s private key${result.whole ? ', and its Wi-Fi passwords' : ''}`,
    )
  },

  'dct show': showDct,

  'dct restore': describeRestoredFields,

  'server-key set': describeServerKeyWrite,

  'server-key restore': describeServerKeyWrite,

  'server-key show'(/** @type {import('../../index.js').ServerKeyShowResult} */ result, output) {
    const where = result.device ? nameOf(result.device) : printable(result.path ?? '')
    output.print(`The cloud that the ${result.device ? where : `file ${where}`} names`)
    output.print(describeServerKey(result.server))
  },

  inspect(/** @type {import('../../index.js').InspectResult} */ result, output) {
    if (result.dct) describeDump(result, output)
    else if (result.manifest) describeManifest(result, output)
    else if (result.kind === 'server-key') {
      output.print(`${result.path}: a cloud’s public key`)
      output.print(describeServerKey(result.server))
    } else describeKey(result, output)
    if (result.extracted) describeField(result.extracted, output)
  },

  verify(/** @type {import('../../index.js').VerifyResult} */ result, output) {
    const whose = result.device ? nameOf(result.device) : `device ${result.deviceId}`
    output.print(`${output.paint('green', 'Proven:')} the key of the ${whose} and the cloud’s are a pair`)
    output.print(
      facts({
        server: result.server,
        'server key': `${result.serverFingerprint}${result.particle ? ' (Particle’s own)' : ''}: the server has its private half`,
        device: `${result.deviceId}: the server knows it`,
        fingerprint: `${result.fingerprint}: the server knows the device by this key`,
      }),
    )
  },

  backups(/** @type {import('../../index.js').BackupsResult} */ { folder, backups, unreadable }, output) {
    if (backups.length === 0) output.say(`no backups in ${printable(folder)}`)
    for (const backup of backups) {
      const device = backup.deviceId ? `Duo ${backup.deviceId}` : 'Duo (id unknown)'
      output.print(output.paint('bold', `${backup.simulated ? 'virtual ' : ''}${device}`))
      output.print(
        facts({
          holds: HOLDS[backup.contents],
          key: backup.fingerprint ?? 'none',
          time: backup.createdAt ?? 'unknown',
          file: printable(backup.path),
          manifest: backup.manifest === 'sound' ? undefined : backup.manifestDescription,
        }),
      )
    }
    for (const reason of unreadable) output.note(printable(reason))
  },

  status(/** @type {import('../../index.js').StatusResult} */ { journal, inFlight, running, last }, output) {
    for (const operation of running) {
      output.print(`${output.paint('cyan', 'Running:')} ${subject(operation)}`)
    }
    for (const operation of inFlight) describeInFlight(operation, output)
    if (inFlight.length === 0) output.print(output.paint('green', 'Nothing is in flight.'))
    if (last.length === 0) return output.say(`no operations in ${printable(journal)}`)
    const rows = last.map((operation) => [
      operation.startedAt,
      `${operation.deviceId ?? `at ${operation.path}`}${operation.simulated ? ' (virtual)' : ''}`,
      operation.operation,
      operation.errorCode ? `${operation.outcome} [${operation.errorCode}]` : operation.outcome,
    ])
    output.print(`\n${table(['BEGUN', 'DUO', 'OPERATION', 'OUTCOME'], rows, output)}`)
  },
}

function describeKey(
  /** @type {import('../../index.js').InspectResult} */ result,
  /** @type {Output} */ output,
) {
  output.print(`${result.path}: a ${result.private ? 'private' : 'public'} RSA-1024 key`)
  output.print(
    facts({
      form: result.form,
      behind: result.trailing > 0 ? `${result.trailing} bytes stand behind the key` : undefined,
      device: result.deviceId,
      fingerprint: result.fingerprint,
      firmware: firmware(result.firmwareReadsAsIs),
    }),
  )
  output.print(result.publicKey?.trimEnd() ?? '')
}

function describeInFlight(
  /** @type {import('../../index.js').OperationInfo} */ operation,
  /** @type {Output} */ output,
) {
  const failed = operation.errorCode ? `, ended with ${operation.errorCode}` : ''
  output.print(`${output.paint('yellow', 'In flight:')} ${subject(operation)}${failed}`)
  output.print(
    facts({
      'come to': operation.reached,
      meaning: operation.meaning,
      before: leavesKey(operation) ? undefined : (operation.previousFingerprint ?? 'no key'),
      key: ['backup', 'dct-backup'].includes(operation.operation) ? undefined : operation.fingerprint,
      backup: operation.backupPath && printable(operation.backupPath),
    }),
  )
  for (const { purpose, command } of operation.next) {
    output.print(`  ${purpose}:\n    ${output.paint('bold', command)}`)
  }
}

/** Whether it has nothing to do with the key that is in the Duo. */
function leavesKey(/** @type {import('../../index.js').OperationInfo} */ { operation, fingerprint }) {
  if (operation === 'dct-restore') return fingerprint === undefined
  return operation === 'provision' || operation === 'server-key-set'
}

function subject(/** @type {import('../../index.js').OperationInfo} */ operation) {
  const { simulated, deviceId, path, startedAt } = operation
  const duo = `${simulated ? 'virtual ' : ''}${deviceId ? `Duo ${deviceId}` : 'Duo (id unknown)'}`
  return `${operation.operation} of the ${duo}${path ? ` at ${path}` : ''}, begun ${startedAt}`
}

/** What stands in a backup, in words. */
const HOLDS = {
  'private-key': 'the private key',
  'raw-slot': 'the bytes of a slot without a key',
  dct: 'the application section of the DCT',
  'whole-dct': 'the whole DCT, both copies',
}

const DFU_MODE =
  'put the Duo into DFU mode: hold both buttons, release RESET, and release SETUP when the LED blinks yellow'

function row(/** @type {import('../../index.js').ListedDuo} */ { path, device, key, problem }) {
  const id = device?.deviceId ?? (device ? 'not told (r3, r4)' : '?')
  const state = problem
    ? `${problem.message} [${problem.code}]`
    : (key?.fingerprint ?? key?.description ?? '')
  return [path, id, device?.bootloader ?? '?', `${state}${device?.simulated ? ' (virtual)' : ''}`]
}
