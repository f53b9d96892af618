/** What was written beside the key, in words. */
import { facts, nameOf } from './layout.mjs'
import { describeServerKey } from './render-dct.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DuoInfo} DuoInfo */

/** The result of `server-key set` and `server-key restore`. */
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
      backup: result.backupPath,
    }),
  )
  describeEnd(result, output)
}

/** The result of `dct restore`. */
export function describeRestoredFields(
  /** @type {import('../../index.js').DctRestoreResult} */ result,
  /** @type {Output} */ output,
) {
  const written = result.fields.filter((field) => field.written).length
  const how = result.dryRun ? 'Would write' : written > 0 ? 'Wrote and verified' : 'Nothing to write:'
  const fields = result.fields.length === 1 ? 'one field' : `${result.fields.length} fields`
  const what =
    result.dryRun || written > 0
      ? `${result.dryRun ? fields : `${written} of ${fields}`} of the DCT of`
      : 'all of it is already in'
  output.print(`${output.paint('green', how)} ${what} the ${nameOf(result.device)}`)
  for (const { name, previous, description, written } of result.fields) {
    output.print(`  ${output.paint('bold', name)}${written || result.dryRun ? '' : ' (was so already)'}`)
    output.print(
      facts({
        [result.dryRun ? 'then' : 'now']: description,
        before: previous === description ? undefined : previous,
      }),
    )
  }
  output.print(facts({ whose: result.evidenceDescription, backup: result.backupPath }))
  describeEnd(result, output)
}

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
