/**
 * `npm run bench`: what the package costs, measured side by side with bare Node on this machine:
 * start-up time and resident memory of `duo-provision --version`, and the size of the addon.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

const ROUNDS = 31
const CLI = join(ROOT, 'src/cli/main.mjs')

/** The limits that the project set itself. */
const LIMITS = { startupMs: 15, residentMb: 8, addonMb: 8 }

ensureDependencies()
ensureAddon()
const rows = [startup(), memory(), addon()]
for (const { what, figure, limit } of rows) {
  process.stdout.write(`${what.padEnd(44)} ${figure.padStart(12)}   limit ${limit}\n`)
}
process.exitCode = rows.every((row) => row.within) ? 0 : 1

/** Median wall time of `--version` over that of an empty script, the two taken in turn. */
function startup() {
  const bare = []
  const ours = []
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(timed(['--eval', '0']))
    ours.push(timed([CLI, '--version']))
  }
  const extra = median(ours) - median(bare)
  return row('--version, start-up over bare Node', extra, 'ms', LIMITS.startupMs)
}

/** Median peak resident set of `--version` over that of an empty script. */
function memory() {
  const report = 'process.on("exit", () => console.error("rss", process.resourceUsage().maxRSS));'
  const preload = (/** @type {string} */ code) => `data:text/javascript,${encodeURIComponent(code)}`
  const bare = []
  const ours = []
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(resident(['--import', preload(report), '--eval', '0']))
    ours.push(resident(['--import', preload(report), CLI, '--version']))
  }
  return row('--version, memory over bare Node', median(ours) - median(bare), 'MB', LIMITS.residentMb)
}

function addon() {
  const name = readdirSync(ROOT).find((file) => file.endsWith('.node'))
  if (!name) throw new Error(`no addon in ${ROOT}`)
  return row(`${name}, stripped`, statSync(join(ROOT, name)).size / 1e6, 'MB', LIMITS.addonMb)
}

function row(
  /** @type {string} */ what,
  /** @type {number} */ value,
  /** @type {string} */ unit,
  /** @type {number} */ limit,
) {
  return { what, figure: `${value.toFixed(1)} ${unit}`, limit: `${limit} ${unit}`, within: value <= limit }
}

function timed(/** @type {string[]} */ args) {
  const started = performance.now()
  run(args)
  return performance.now() - started
}

/** Peak resident set in MB, as the process itself reports it (in KiB) when it ends. */
function resident(/** @type {string[]} */ args) {
  return (Number(run(args).match(/^rss (\d+)$/m)?.[1]) * 1024) / 1e6
}

/** Runs Node, insists on status 0, and returns standard error. */
function run(/** @type {string[]} */ args) {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with status ${status}:\n${stderr}`)
  return stderr
}

function median(/** @type {number[]} */ values) {
  return /** @type {number} */ (values.sort((a, b) => a - b)[values.length >> 1])
}
