/** One thing done with every Duo, in words: a line for each as it comes, and what all of them came to. */
import { dirname } from 'node:path'
import { facts, printable } from './layout.mjs'
import { hanging } from './words.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').ProgressEvent} ProgressEvent */
/** @typedef {{ counts: import('../../index.js').AllCounts, duos: any[], stoppedBy?: import('../../index.js').Problem }} OfAll */

/** Of many, some are not done. */
const SOME = 10

/** What is said of a Duo that is done. @type {Record<string, string>} */
const DONE = {
  'backup --all': 'saved',
  'dct backup --all': 'saved',
  'provision --all': 'sent',
  'verify --all': 'proven',
}

export const isOfAll = (/** @type {string} */ command) => Object.hasOwn(DONE, command)

/** Says what is of one of several Duos; false of anything else. */
export function sayOfAll(
  /** @type {ProgressEvent} */ event,
  /** @type {string} */ command,
  /** @type {Output} */ output,
) {
  if (event.type === 'duo-ended') sayEnded(event, command, output)
  else if (event.type === 'of-duo') sayMeanwhile(event, output)
  else return false
  return true
}

/** What happens to one while others are worked on: what is to be known, and on a terminal where it is. */
function sayMeanwhile(
  /** @type {ProgressEvent & { type: 'of-duo' }} */ { path, inner },
  /** @type {Output} */ output,
) {
  if (inner.type === 'note') output.note(`${path}: ${inner.message}`)
  if (inner.type === 'retry') output.note(`${path}: ${inner.reason}; trying again`)
  if (inner.type === 'phase') output.progress.update(`${path}: ${inner.description}`)
}

/** The line of a Duo that has come to its end. */
function sayEnded(
  /** @type {ProgressEvent & { type: 'duo-ended' }} */ ended,
  /** @type {string} */ command,
  /** @type {Output} */ output,
) {
  const { path, deviceId = 'id not known', simulated, outcome, fingerprint, alreadyThere, message } = ended
  const sent = outcome === 'not-reached' && fingerprint ? 'would send' : outcome.replace('-', ' ')
  const word = outcome === 'done' ? `${DONE[command]}` : sent
  const key = fingerprint ? `key ${fingerprint}` : outcome === 'done' ? 'no key' : ''
  const held = alreadyThere ? ', already in the archive' : ''
  const what = message ? `${printable(message)} [${ended.code}]` : `${key}${held}`
  const head = `${path.padEnd(5)} ${deviceId.padEnd(24)} `
  const tone = outcome === 'done' ? 'green' : outcome === 'not-reached' ? 'dim' : 'red'
  const text = `${what}${simulated ? ' (virtual)' : ''}`.trimStart()
  const indent = head.length + 11
  output.print(
    `${head}${output.paint(tone, word)}${' '.repeat(Math.max(1, 11 - word.length))}${hanging(text, indent)}`,
  )
}

/** The exit code: whether each Duo has come to what was asked for. */
export function exitOfAll(/** @type {any} */ { duos, stoppedBy }) {
  if (stoppedBy) return stoppedBy.exitCode
  return duos.every((/** @type {any} */ { result }) => result !== undefined) ? 0 : SOME
}

/** What all came to, behind their lines. */
function describe(/** @type {string} */ word, /** @type {OfAll} */ result, /** @type {Output} */ output) {
  const { counts, duos, stoppedBy } = result
  const dry = duos.some((duo) => duo.result?.dryRun)
  const done = dry ? counts.notReached : counts.done
  const all = done === counts.total
  const what = dry ? `Would be ${word}:` : all ? `All ${word}:` : `Not all ${word}:`
  const rest = [
    counts.failed > 0 && `${counts.failed} failed`,
    counts.unknown > 0 && `${counts.unknown} not known`,
    !dry && counts.notReached > 0 && `${counts.notReached} not reached`,
  ].filter(Boolean)
  const sum = all ? `${done}` : `${done} of ${counts.total}`
  const duosOf = `${sum} ${counts.total === 1 ? 'Duo' : 'Duos'}`
  output.print([`${output.paint(all ? 'green' : 'yellow', what)} ${duosOf}`, ...rest].join(', '))
  const results = duos.flatMap((duo) => duo.result ?? [])
  const { file, apiUrl, productId } = results[0] ?? {}
  const servers = new Set(results.flatMap(({ server }) => server ?? []))
  const about = facts({
    archive: file && printable(dirname(file)),
    to: apiUrl && `${apiUrl}, product id ${productId}`,
    'proven at': !dry && servers.size > 0 ? [...servers].map(printable).join(', ') : undefined,
  })
  if (about) output.print(about)
  if (dry) output.print('Dry run: nothing was sent.')
  sayHints(duos, output)
  if (stoppedBy) output.error(stoppedBy)
}

/** What to do, once for all that failed for one reason. */
function sayHints(/** @type {any[]} */ duos, /** @type {Output} */ output) {
  const said = new Set()
  for (const { problem } of duos) {
    if (!problem?.hint || said.has(problem.code)) continue
    said.add(problem.code)
    output.hint(problem.hint)
  }
}

/** @type {Record<string, (result: any, output: Output) => void>} */
export const describeAll = Object.fromEntries(
  Object.entries(DONE).map(([command, word]) => [
    command,
    (/** @type {OfAll} */ result, /** @type {Output} */ output) => describe(word, result, output),
  ]),
)
