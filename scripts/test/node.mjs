/** Runs the steps that are JavaScript and need the addon. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, tool } from '../prepare.mjs'
import { CORES, inCi, lastLine, notRun, OUTPUT, sum, withStatus } from './run.mjs'

/** @typedef {import('./run.mjs').Outcome} Outcome */
/** @typedef {import('./run.mjs').Run} Run */

/** The exit status of the USB lane and of the tests with particle-cli if they cannot run on this machine. */
const UNAVAILABLE = 77

/** Checks the types as Node resolves them, and as a bundler does. */
export async function types(/** @type {Run} */ run) {
  const compile = (/** @type {string} */ project, /** @type {string} */ name) => {
    const known = ['--incremental', '--tsBuildInfoFile', join(ROOT, `target/tsc/${name}.json`)]
    return run.check(tool('tsc'), [
      '--project',
      join(ROOT, project),
      '--noEmit',
      '--pretty',
      'false',
      ...known,
    ])
  }
  const asNode = await compile('.', 'node')
  return sum([asNode, await compile('__test__/types/tsconfig.bundler.json', 'bundler')])
}

/** Checks that the committed generated files are up to date. */
export async function drift(/** @type {Run} */ run) {
  const { status, output } = await run.capture(process.execPath, [join(ROOT, 'scripts/test/drift.mjs')])
  const [, passed = 0, failed = 0] = lastLine(output).match(/^(\d+) passed, (\d+) failed$/) ?? []
  return withStatus({ passed: Number(passed), failed: Number(failed), output }, status)
}

/** Tests API, command line, pages and examples. They often wait for Duos: more files than cores run at a time. */
export function nodeTest(/** @type {Run} */ run) {
  const folders = ['node', 'cli', 'docs', 'examples', 'secrets']
  return nodeTests(run, folders, { seconds: 300, atOnce: 2 * CORES })
}

/** Tests the packages as npm installs them. They contain the addon that the loader finds. */
export function packages(/** @type {Run} */ run) {
  return nodeTests(run, ['package'], { seconds: 300, atOnce: CORES, disk: true })
}

/** Tests kills and errors at system calls, under a tracer. Required in CI; elsewhere skipped if tracing fails. */
export async function crash(/** @type {Run} */ run) {
  const tracer = run.programs['tracer']
  if (process.platform !== 'linux' || process.arch !== 'x64') return notRun('it needs Linux on x86-64')
  const log = join(ROOT, 'target/tracer.log')
  const traced = await run.capture(tracer ?? 'tracer', [log, 'watch', '/bin/true'])
  if (traced.status !== 0) return notRun(`processes may not be traced here: ${traced.output.trim()}`)
  return nodeTests(run, ['crash'], { seconds: 1200, atOnce: CORES, disk: true })
}

/** Tests with the real particle-cli, which is fetched. Required in CI; elsewhere skipped without a registry. */
export function particle(/** @type {Run} */ run) {
  return elsewhereOptional(run, 'scripts/particle.mjs')
}

/** Runs the lane on a real USB stack. Required in CI; elsewhere skipped if the machine cannot run it. */
export function usb(/** @type {Run} */ run) {
  return elsewhereOptional(run, '__test__/usb/lane.mjs')
}

/** Searches everything that the steps before left behind for pieces of the tests' tokens and private keys. */
export async function secrets(/** @type {Run} */ run) {
  const script = join(ROOT, '__test__/secrets/scan.mjs')
  const { status, output } = await run.capture(process.execPath, [script, OUTPUT])
  const note = lastLine(output)
  return status === 0 ? { passed: 1, failed: 0, note } : { passed: 0, failed: 1, note, output }
}

/** Runs a program that reports as node:test does, and that may say that this machine cannot run it. */
async function elsewhereOptional(/** @type {Run} */ run, /** @type {string} */ script) {
  const { status, output } = await run.capture(process.execPath, [join(ROOT, script)])
  if (status === UNAVAILABLE && !inCi()) return notRun(lastLine(output))
  return withStatus({ ...counts(output), output }, status)
}

/**
 * @param {Run} run
 * @param {string[]} folders
 * @param {{ seconds: number, atOnce: number, disk?: boolean }} how `seconds` for each file, `atOnce` files at a time
 */
async function nodeTests(run, folders, { seconds, atOnce, disk = false }) {
  const files = folders.flatMap((name) => testFiles(`__test__/${name}`))
  const limits = [`--test-timeout=${seconds * 1000}`, `--test-concurrency=${atOnce}`]
  const args = ['--test', '--test-reporter=spec', ...limits, ...files]
  const { status, output } = await run.capture(process.execPath, args, { disk })
  return withStatus({ ...counts(output), output }, status)
}

/** The counts at the end of node:test's report, from any of its reporters. */
function counts(/** @type {string} */ output) {
  const count = (/** @type {string} */ word) =>
    Number(output.match(new RegExp(`^(?:#|ℹ) ${word} (\\d+)\\s*$`, 'm'))?.[1] ?? 0)
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  }
}

function testFiles(/** @type {string} */ folder) {
  const path = join(ROOT, folder)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter((name) => name.endsWith('.test.mjs'))
    .sort()
    .map((name) => join(path, name))
}
