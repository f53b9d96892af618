/**
 * `npm run cross`: compiles the code for other platforms, and runs it as far as one machine with Debian 12 can. It
 * downloads what it needs (from rustup, Debian, PyPI and crates.io) into `target/cross`; nothing is installed.
 *
 *   npm run cross [-- TARGET… [--without STEP]…]
 *
 * Prints a line for each step, a table at the end, and a last line `N passed, N failed, N skipped`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CACHE } from './cross/programs.mjs'
import { TARGETS } from './cross/steps.mjs'
import { ensureDependencies } from './prepare.mjs'

/** @typedef {import('./cross/results.mjs').Counts} Counts */
/** @typedef {{ target: string, step: string, counts: Counts | undefined, seconds: number }} Row */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { without: { type: 'string', multiple: true, default: [] } },
})
process.exitCode = await main(positionals)

async function main(/** @type {string[]} */ asked) {
  const unknown = asked.find((target) => !Object.hasOwn(TARGETS, target))
  if (unknown !== undefined) {
    process.stderr.write(
      `error: ${unknown} is no target here; there are: ${Object.keys(TARGETS).join(', ')}\n`,
    )
    return 2
  }
  ensureDependencies()
  mkdirSync(CACHE, { recursive: true })
  /** @type {Row[]} */
  const rows = []
  for (const target of asked.length > 0 ? asked : Object.keys(TARGETS))
    rows.push(...(await tryTarget(target)))
  process.stdout.write(`\n| target | step | result | seconds |\n|---|---|---|---|\n`)
  for (const { target, step, counts, seconds } of rows) {
    process.stdout.write(`| ${target} | ${step} | ${inWords(counts)} | ${seconds.toFixed(0)} |\n`)
  }
  const total = (/** @type {'passed' | 'failed' | 'skipped'} */ what) =>
    rows.reduce((sum, { counts }) => sum + (counts?.[what] ?? 0), 0)
  process.stdout.write(
    `\n${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped\n`,
  )
  return rows.every(({ counts }) => counts?.failed === 0) ? 0 : 1
}

async function tryTarget(/** @type {string} */ target) {
  /** @type {Row[]} */
  const rows = []
  const steps = TARGETS[target]?.() ?? []
  for (const { name, run } of steps.filter(({ name }) => !values.without.includes(name))) {
    const stopped = rows.some(({ step, counts }) => step === 'compiled' && counts?.failed !== 0)
    const began = performance.now()
    const counts = stopped ? undefined : await run().catch(crash)
    const seconds = (performance.now() - began) / 1000
    rows.push({ target, step: name, counts, seconds })
    process.stdout.write(
      `${target.padEnd(28)} ${name.padEnd(18)} ${inWords(counts)}, ${seconds.toFixed(0)} s\n`,
    )
    if (!counts || counts.failed === 0) continue
    const log = join(CACHE, `${target}-${name.replaceAll(/\W+/g, '-')}.log`)
    writeFileSync(log, counts.output)
    const said = counts.output.trimEnd().split('\n').slice(0, 20).join('\n  ')
    process.stdout.write(`  ${said}\n  what it printed is in ${log}\n`)
  }
  return rows
}

/** @returns {Counts} */
function crash(/** @type {unknown} */ error) {
  const output = error instanceof Error ? (error.stack ?? error.message) : `${error}`
  return { passed: 0, failed: 1, skipped: 0, output }
}

function inWords(/** @type {Counts | undefined} */ counts) {
  if (!counts) return 'not run'
  const { passed, failed, skipped } = counts
  return [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`]
    .filter(Boolean)
    .join(', ')
}
