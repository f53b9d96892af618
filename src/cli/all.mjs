/** Prints the result of a command with `--all`: a line for each Duo when it ends, and a summary. */
import { dirname } from 'node:path'
import { facts, printable } from './layout.mjs'
import { hanging } from './words.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').ProgressEvent} ProgressEvent */
/** @typedef {{ counts: import('../../index.js').AllCounts, duos: any[], stoppedBy?: import('../../index.js').Problem }} OfAll */

/** The exit code if some of the Duos are not done. */
const SOME = 10

/** The word for a Duo that is done. @type {Record<string, string>} */
const DONE = {
  'backup --all': 'saved',
  'dct backup --all': 'saved',
  'provision --all': 'sent',
  'verify --all': 'proven',
}

export const isOfAll = (/** @type {string} */ command) => Object.hasOwn(DONE, command)

/** Prints an event of one of several Duos; returns false for any other event. */
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

/** Prints the notes and retries of a Duo that is not done yet; on a terminal also its current step. */
function sayMeanwhile(
  /** @type {ProgressEvent & { type: 'of-duo' }} */ { path, inner },
  /** @type {Output} */ output,
) {
  if (inner.type === 'note') output.note(`${path}: ${inner.message}`)
  if (inner.type === 'retry') output.note(`${path}: ${inner.reason}; trying again`)
  if (inner.type === 'phase') output.progress.update(`${path}: ${inner.description}`)
}

/** Prints the line of a Duo that has ended. */
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

/** The exit code: 0 if every Duo has a result. */
export function exitOfAll(/** @type {any} */ { duos, stoppedBy }) {
  if (stoppedBy) return stoppedBy.exitCode
  return duos.every((/** @type {any} */ { result }) => result !== undefined) ? 0 : SOME
}

/** Prints the summary below the lines of the Duos. */
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

/** Prints what to do, once for each error code. */
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
