/** Prints the events and results of the `fleet` commands. */
import { facts, printable } from './layout.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').FleetProvisionResult} FleetProvisionResult */
/** @typedef {import('../../index.js').FleetVerifyResult} FleetVerifyResult */
/** @typedef {import('../../index.js').FleetReportResult} FleetReportResult */

/** The exit code if some of the devices are not done. */
const SOME = 10

const number = (/** @type {number} */ count) => count.toLocaleString('en')
const devices = (/** @type {number} */ count) => `${number(count)} ${count === 1 ? 'device' : 'devices'}`

/** Prints a device that is not done or not known. The others, perhaps 100,000, are printed only with `--verbose`. */
export function sayDevice(/** @type {any} */ event, /** @type {Output} */ output) {
  const outcome = event.outcome ?? event.answer
  if (['done', 'known', 'proven'].includes(outcome) && output.verbose === 0) return
  const why = event.message ? `: ${printable(event.message)} [${event.code}]` : ''
  output.say(`${outcome.replace('-', ' ')}  ${event.deviceId} (line ${event.line})${why}`)
}

/** Shows the progress; only on a terminal, so that a log does not get a line every second. */
export function sayProgress(
  /** @type {import('../../index.js').ProgressEvent & { type: 'fleet-progress' }} */ event,
  /** @type {Output} */ output,
) {
  const { done, failed, unknown, notReached, rate, pausedMs } = event
  const left = rate > 0 ? `, ${duration(notReached / rate)} left` : ''
  const pause = pausedMs ? `, waiting ${Math.ceil(pausedMs / 1000)} s` : ''
  const bad = failed + unknown > 0 ? `, ${number(failed)} failed, ${number(unknown)} unknown` : ''
  output.progress.update(`${number(done)} done${bad}, ${number(notReached)} to go, ${rate}/s${left}${pause}`)
}

function duration(/** @type {number} */ seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** The exit code of a command: for a list, 0 only if every device is done. */
export function exitOfFleet(/** @type {string} */ command, /** @type {any} */ result) {
  if (result.stoppedBy) return result.stoppedBy.exitCode
  const { counts } = result
  switch (command) {
    case 'fleet provision': {
      const done = counts.done + counts.alreadyDone + (result.dryRun ? counts.notReached : 0)
      return done === counts.total ? 0 : SOME
    }
    case 'fleet verify':
      return counts.known + counts.proven === counts.total ? 0 : SOME
    case 'fleet report':
      return result.complete && counts.done === counts.total ? 0 : SOME
    default:
      return 0
  }
}

function stopped(
  /** @type {import('../../index.js').Problem | undefined} */ problem,
  /** @type {Output} */ output,
) {
  if (problem) output.error(problem)
}

/** The counts as text; a count of 0 is left out. */
function counted(/** @type {Record<string, number>} */ counts) {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, count > 0 ? number(count) : undefined]),
  )
}

/** @type {Record<string, (result: any, output: Output) => void>} */
export const describeFleet = {
  'fleet manifest'(/** @type {import('../../index.js').FleetManifestResult} */ result, output) {
    output.data(result.manifest.trimEnd())
    for (const reason of result.unreadable) output.note(printable(reason))
    const where = result.archive ? ` in ${printable(result.archive)}` : ''
    output.say(`${devices(result.devices)}${where}`)
    if (result.problems > 0) {
      output.note(
        `${number(result.problems)} of them name a problem in the last column, and would not be sent`,
      )
    }
  },

  'fleet provision'(/** @type {FleetProvisionResult} */ result, output) {
    const { counts, dryRun } = result
    const all = counts.done + counts.alreadyDone === counts.total
    const what = dryRun ? 'Would send' : all ? 'All done:' : 'Not all done:'
    const tone = all || dryRun ? 'green' : 'yellow'
    const sum = dryRun
      ? `${number(counts.notReached)} ${counts.notReached === 1 ? 'key' : 'keys'}`
      : devices(counts.total)
    output.print(`${output.paint(tone, what)} ${sum}${result.shard ? ` of shard ${result.shard}` : ''}`)
    output.print(
      facts({
        ...counted({
          done: counts.done,
          'done before': counts.alreadyDone,
          failed: counts.failed,
          unknown: counts.unknown,
          'not reached': dryRun ? 0 : counts.notReached,
          'left out': counts.leftOut,
          'not in list': result.dropped,
        }),
        to: result.apiUrl,
        ledger: result.ledger && printable(result.ledger),
      }),
    )
    if (dryRun) output.print('Dry run: nothing was sent.')
    stopped(result.stoppedBy, output)
    if (result.next) output.say(`\n${output.paintErr('cyan', 'to go on:')} ${result.next}`)
  },

  'fleet verify'(/** @type {FleetVerifyResult} */ { counts, server, handshake, stoppedBy }, output) {
    const all = counts.known + counts.proven === counts.total
    const what = all ? (handshake ? 'All proven:' : 'All known:') : 'Not all:'
    output.print(`${output.paint(all ? 'green' : 'yellow', what)} ${devices(counts.total)}`)
    output.print(
      facts({
        ...counted({
          known: counts.known,
          proven: counts.proven,
          'not told': counts.notTold,
          refused: counts.refused,
          failed: counts.failed,
          'not reached': counts.notReached,
          'left out': counts.leftOut,
        }),
        by: printable(server),
      }),
    )
    if (counts.known > 0) {
      output.say('By which key the cloud knows a device it does not tell; --handshake proves it.')
    }
    stopped(stoppedBy, output)
  },

  'fleet report'(/** @type {FleetReportResult} */ result, output) {
    const { counts, report } = result
    if (report) output.data(report.trimEnd())
    const done = counts.done === counts.total && result.complete
    output.say(
      `${output.paintErr(done ? 'green' : 'yellow', done ? 'All done:' : 'Not all done:')} ${devices(counts.total)}`,
    )
    output.say(
      facts(
        counted({
          done: counts.done,
          failed: counts.failed,
          unknown: counts.unknown,
          'not reached': counts.notReached,
          'left out': counts.leftOut,
          'not in list': result.dropped,
        }),
      ),
    )
    for (const problem of result.problems) output.note(printable(problem))
    if (result.output) output.say(`written to ${printable(result.output)}`)
  },
}
