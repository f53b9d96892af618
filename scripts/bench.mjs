/**
 * `npm run bench`: measures the package. Start-up time and resident memory of `duo-provision --version`, compared with
 * bare Node on this machine; the size of the addon; and the class requests of a backup and of a write, counted by a
 * virtual Duo (dfu-util's own figures are counted on the USB lane).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

const ROUNDS = 31
const CLI = join(ROOT, 'src/cli/main.cjs')

/** The limits that the project has set. */
const LIMITS = { startupMs: 15, residentMb: 8, addonMb: 8, backup: 9, write: 10 }

/** The class requests of dfu-util 0.11: for one read, and for a write without a read-back. */
const DFU_UTIL = { backup: 9, write: 12 }

ensureDependencies()
ensureAddon()
const rows = [startup(), memory(), addon(), ...(await requests())]
for (const { what, figure, limit } of rows) {
  process.stdout.write(`${what.padEnd(52)} ${figure.padStart(12)}   limit ${limit}\n`)
}
process.exitCode = rows.every((row) => row.within) ? 0 : 1

/** Median wall time of `--version`, less that of an empty script; the two take turns. */
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

/** Median peak resident set of `--version`, less that of an empty script. */
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

/** Class requests of a backup, and of a restore without the reads for its automatic backup. */
async function requests() {
  const { backupKey, resetKey, restoreKey, VirtualDuo } = await import('../index.js')
  const folder = mkdtempSync(join(tmpdir(), 'duo-provision-bench-'))
  for (const name of ['HOME', 'XDG_DATA_HOME', 'LOCALAPPDATA']) process.env[name] = folder
  const duo = await VirtualDuo.start()
  const counted = async (/** @type {() => Promise<unknown>} */ action) => {
    const before = duo.duos()[0]?.classRequests ?? 0
    await action()
    return (duo.duos()[0]?.classRequests ?? 0) - before
  }
  const usb = { usbip: duo.address, archive: folder }
  const file = join(folder, 'duo.der')
  try {
    const backup = await counted(() => backupKey({ usbip: duo.address, file }))
    const boots = duo.duos()[0]?.boots ?? 0
    await resetKey(usb)
    while (!duo.duos().every((state) => state.presence === 'dfu' && state.boots > boots)) await pause(20)
    const write = (await counted(() => restoreKey({ ...usb, file }))) - backup
    return [
      row(`backup, class requests (dfu-util: ${DFU_UTIL.backup})`, backup, '', LIMITS.backup),
      row(`write and read-back, class requests (dfu-util: ${DFU_UTIL.write})`, write, '', LIMITS.write),
    ]
  } finally {
    await duo.stop()
    rmSync(folder, { recursive: true })
  }
}

function row(
  /** @type {string} */ what,
  /** @type {number} */ value,
  /** @type {string} */ unit,
  /** @type {number} */ limit,
) {
  const digits = unit ? 1 : 0
  return {
    what,
    figure: `${value.toFixed(digits)} ${unit}`.trim(),
    limit: `${limit} ${unit}`.trim(),
    within: value <= limit,
  }
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

/** Runs Node, throws unless the status is 0, and returns standard error. */
function run(/** @type {string[]} */ args) {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with status ${status}:\n${stderr}`)
  return stderr
}

function median(/** @type {number[]} */ values) {
  return /** @type {number} */ (values.sort((a, b) => a - b)[values.length >> 1])
}
