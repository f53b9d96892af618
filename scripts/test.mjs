/**
 * `npm test`: runs the checks of the repository in parallel. Prints a line when each ends, and a last line
 * `N passed, N failed`. A check with a yes-or-no result (formatting, lints, types) counts as one test.
 *
 *   npm test -- [--all] [--only STEP]… [--skip-usb] [--list]
 *
 * Without `--all`, only a sample of long tables is tried, and the checks that matter only to a release are left out.
 */
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { canariesOf } from '../__test__/secrets/folders.mjs'
import { ensureDependencies } from './prepare.mjs'
import { Report } from './test/report.mjs'
import { CORES, inCi, OUTPUT, Run } from './test/run.mjs'
import { sideBySide } from './test/schedule.mjs'
import { ONLY_IN_ALL, steps } from './test/steps.mjs'

/** @typedef {import('./test/schedule.mjs').Step} Step */

process.exitCode = await main()

async function main() {
  const { list, only, skipUsb, all } = readOptions()
  const run = new Run(all)
  const chosen = steps(run).filter(({ name }) => !(skipUsb && name === 'usb'))
  if (list) for (const { name } of chosen) process.stdout.write(`${name}\n`)
  if (list) return 0
  ensureDependencies()
  if (only.join() !== 'secrets') {
    for (const folder of [OUTPUT, canariesOf(OUTPUT)]) rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', () => run.end())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
  const report = new Report()
  await sideBySide(only.length > 0 ? withNeeds(chosen, only) : chosen, CORES, report)
  return report.close()
}

/** The named steps and what they need. @returns {Step[]} */
function withNeeds(/** @type {Step[]} */ all, /** @type {string[]} */ names) {
  const needed = all.filter(({ name }) => names.includes(name)).flatMap(({ needs = [] }) => needs)
  const more = needed.filter((name) => !names.includes(name))
  return more.length > 0
    ? withNeeds(all, [...names, ...more])
    : all.filter(({ name }) => names.includes(name))
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        all: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        'skip-usb': { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    })
    const { only, list, 'skip-usb': skipUsb } = values
    const known = steps(new Run(true)).map(({ name }) => name)
    const unknown = only.find((name) => !known.includes(name))
    if (unknown) throw new Error(`no step is called ${unknown}; --list shows them`)
    if (skipUsb && inCi()) throw new Error('the USB lane may not be skipped in CI')
    return { only, skipUsb, list, all: values.all || only.some((name) => ONLY_IN_ALL.includes(name)) }
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`)
    process.exit(2)
  }
}
