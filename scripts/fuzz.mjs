/**
 * `npm run fuzz -- [TARGET]… [--seconds N] [--keep]`: looks for inputs on which a parser breaks its promises.
 *
 * cargo-fuzz builds the targets of `__test__/fuzz`. The named ones, or all if none is named, run in parallel for N
 * seconds (60). Inputs that they find stay in `target/fuzz-corpus` from run to run; an input that fails is in
 * `target/fuzz-failures`. `--keep` copies inputs that cover new code into the repository's corpus; `npm test` replays
 * that corpus.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './prepare.mjs'

const FUZZ = join(ROOT, '__test__/fuzz')
const BUILT = join(ROOT, 'target/fuzz')

/** The limits of an input in seconds, and of the process in MB. Above them the input has failed. */
const LIMITS = ['-timeout=10', '-rss_limit_mb=1024']

process.exitCode = await main()

async function main() {
  const { targets, seconds, keep } = readOptions()
  const triple = await build()
  if (!triple) return 1
  const outcomes = await Promise.all(targets.map((target) => fuzz(target, triple, seconds)))
  if (keep && !outcomes.includes(false)) for (const target of targets) await take(target, triple)
  return outcomes.includes(false) ? 1 : 0
}

/** The targets by name: the functions of `__test__/fuzz/targets` that cargo-fuzz has an entry for. */
function known() {
  return readdirSync(join(FUZZ, 'fuzz_targets'))
    .map((file) => basename(file, '.rs'))
    .sort()
}

/**
 * Builds the targets and returns the platform that they were built for. The instrumentation needs unstable options of
 * the compiler, which a stable toolchain accepts with RUSTC_BOOTSTRAP. No sanitizer: the tested code has no `unsafe`,
 * and without a sanitizer there are more executions.
 */
async function build() {
  const options = ['--fuzz-dir', FUZZ, '--target-dir', BUILT, '--sanitizer', 'none']
  const env = { ...process.env, RUSTC_BOOTSTRAP: '1' }
  const status = await run('cargo', ['fuzz', 'build', ...options], { env, stdio: 'inherit' })
  if (status !== 0) {
    process.stderr.write('error: the targets were not built\n\nhint: cargo install cargo-fuzz\n')
    return undefined
  }
  return readdirSync(BUILT).find((name) => existsSync(join(BUILT, name, 'release', known()[0] ?? '')))
}

/** Runs one target and prints a line about it; false if an input failed. */
async function fuzz(
  /** @type {string} */ target,
  /** @type {string} */ triple,
  /** @type {number} */ seconds,
) {
  const [found, failures] = ['fuzz-corpus', 'fuzz-failures'].map((name) => join(ROOT, 'target', name, target))
  for (const folder of [found, failures]) mkdirSync(/** @type {string} */ (folder), { recursive: true })
  const dictionary = join(FUZZ, 'dictionaries', `${target}.dict`)
  const options = [...LIMITS, `-max_total_time=${seconds}`, `-artifact_prefix=${failures}/`]
  options.push('-print_final_stats=1', ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []))
  let log = ''
  const status = await run(join(BUILT, triple, 'release', target), [...options, `${found}`, kept(target)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    onError: (text) => {
      log = (log + text).slice(-100_000)
    },
  })
  const executions = log.match(/number_of_executed_units: (\d+)/)?.[1] ?? '?'
  const edges = log.match(/cov: (\d+)(?![\s\S]*cov: )/)?.[1] ?? '?'
  process.stdout.write(`${target.padEnd(14)} ${executions.padStart(12)} executions, ${edges} edges\n`)
  if (status !== 0) process.stdout.write(`${log.slice(-4_000)}\nthe input is in ${failures}\n`)
  return status === 0
}

/** Copies into the repository's corpus the inputs that reach an edge that no input there reaches. */
async function take(/** @type {string} */ target, /** @type {string} */ triple) {
  const found = join(ROOT, 'target/fuzz-corpus', target)
  const options = ['-merge=1', '-use_counters=0', kept(target), found]
  await run(join(BUILT, triple, 'release', target), options, { stdio: 'ignore' })
  for (const hash of readdirSync(kept(target)).filter((name) => /^[0-9a-f]{40}$/.test(name))) {
    renameSync(join(kept(target), hash), join(kept(target), `found-${hash.slice(0, 8)}`))
  }
}

function kept(/** @type {string} */ target) {
  return join(FUZZ, 'corpus', target)
}

/**
 * Runs a program in the root and returns its exit status.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { onError?: (text: string) => void }} options
 * @returns {Promise<number>}
 */
function run(program, args, { onError, ...options }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, ...options })
    child.stderr?.setEncoding('utf8').on('data', (text) => onError?.(text))
    child.on('error', () => resolve(1))
    child.on('close', (code) => resolve(code ?? 1))
  })
}

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seconds: { type: 'string', default: '60' }, keep: { type: 'boolean', default: false } },
    })
    const targets = known()
    const unknown = positionals.find((name) => !targets.includes(name))
    if (unknown) throw new Error(`no target is called ${unknown}; there are ${targets.join(', ')}`)
    const seconds = Number(values.seconds)
    if (!Number.isInteger(seconds) || seconds < 1) throw new Error('--seconds takes a whole number')
    return { targets: positionals.length > 0 ? positionals : targets, seconds, keep: values.keep }
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`)
    process.exit(2)
  }
}
