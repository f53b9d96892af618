/** Prints the results of writes to other fields than the key. */
import { facts, nameOf } from './layout.mjs'
import { describeServerKey } from './render-dct.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DuoInfo} DuoInfo */

/** Prints the result of `server-key set` and `server-key restore`. */
export function describeServerKeyWrite(
  /** @type {import('../../index.js').ServerKeyWriteResult} */ result,
  /** @type {Output} */ output,
) {
  const how = result.dryRun ? 'Would write' : result.written ? 'Wrote and verified' : 'Nothing to write:'
  const what =
    result.written || result.dryRun
      ? 'a server key and its address to'
      : 'this server key and this address are already in'
  output.print(`${output.paint('green', how)} ${what} the ${nameOf(result.device)}`)
  output.print(describeServerKey(result.server))
  output.print(
    facts({
      before: result.previous.fingerprint ?? 'no key of a cloud',
      'its address': addressOf(result.previous),
      backup: result.backupFile,
    }),
  )
  describeEnd(result, output)
}

/** Prints the result of `dct restore`. */
export function describeRestoredDct(
  /** @type {import('../../index.js').DctRestoreResult} */ result,
  /** @type {Output} */ output,
) {
  const { dryRun, written, device } = result
  const how = dryRun ? 'Would write' : written ? 'Wrote and verified' : 'Nothing to write:'
  const what = dryRun || written ? whatOf(result) : 'all of it is already in'
  output.print(`${output.paint('green', how)} ${what} the ${nameOf(device)}`)
  for (const { name, previous, description, written } of result.fields) {
    output.print(`  ${output.paint('bold', name)}${written || dryRun ? '' : ' (was so already)'}`)
    output.print(
      facts({
        [dryRun ? 'then' : 'now']: description,
        before: previous === description ? undefined : previous,
      }),
    )
  }
  output.print(
    facts({
      key: result.whole ? result.fingerprint : undefined,
      whose: result.evidenceDescription,
      backup: result.backupFile,
    }),
  )
  if (result.whole && !dryRun) output.print(AS_OF_THE_IMAGE)
  describeEnd(result, output)
}

/** What was written, or would be. */
function whatOf(/** @type {import('../../index.js').DctRestoreResult} */ { whole, dryRun, fields }) {
  if (whole) return 'all of the DCT, both copies, to'
  const written = fields.filter((field) => field.written).length
  const named = fields.length === 1 ? 'one field' : `${fields.length} fields`
  return `${dryRun ? named : `${written} of ${named}`} of the DCT of`
}

const AS_OF_THE_IMAGE =
  'Its key, its cloud, its Wi-Fi networks and its claim code are the image’s. Whether the cloud knows that key says: duo-provision verify'

function describeEnd(
  /** @type {{ dryRun: boolean, left: boolean }} */ { dryRun, left },
  /** @type {Output} */ output,
) {
  if (dryRun) output.print('Dry run: nothing was written anywhere.')
  else if (left) output.print('It has left DFU mode and starts.')
  else output.print('It stays in DFU mode; press RESET to start it.')
}

function addressOf(
  /** @type {import('../../index.js').ServerKeyInfo} */ { namesAddress, host, port, addressProblem },
) {
  if (addressProblem) return addressProblem
  return namesAddress ? `${host}:${port}` : `none, so the firmware's own: ${host}:${port}`
}
