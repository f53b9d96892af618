/** Runs the steps that are Rust: compiles everything once, before it is needed, and runs the core's tests. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BUILT, buildAddon, install } from '../addon.mjs'
import { cargo, FEATURES } from '../cargo.mjs'
import { NOT_HERE } from '../cross/programs.mjs'
import { ROOT, tool } from '../prepare.mjs'
import { sum, withStatus } from './run.mjs'

/** @typedef {import('./run.mjs').Outcome} Outcome */
/** @typedef {import('./run.mjs').Run} Run */

/** The folder of the release addon. It is not the root, so that the committed loader and types are not replaced. */
const RELEASE = join(ROOT, 'target/addon')

/** The calls to hostile clouds mostly wait, so more of them run at a time than there are cores. */
const CLOUD = ['--test-threads=8']

/**
 * Compiles the core's tests and the tracer. They need no Node.
 * @returns {Promise<Outcome>}
 */
export async function compile(/** @type {Run} */ run) {
  const { status, output, made } = await cargo(['test', ...FEATURES, '--no-run'], run.env())
  for (const { name, executable } of made) if (executable) run.programs[name] = executable
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, output }
}

/** Runs the tests in the sources, and those of all rooms except the cloud. */
export async function core(/** @type {Run} */ run) {
  return sum([await rustTest(run, 'duo_provision'), await rustTest(run, 'core')])
}

export function cloud(/** @type {Run} */ run) {
  return rustTest(run, 'cloud', CLOUD)
}

async function rustTest(
  /** @type {Run} */ run,
  /** @type {string} */ name,
  /** @type {string[]} */ args = [],
) {
  const { status, output } = await run.capture(run.programs[name] ?? name, args)
  /** @type {Outcome} */
  const outcome = { passed: 0, failed: 0, skipped: 0, output }
  for (const found of output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored;/gm)) {
    outcome.passed += Number(found[1])
    outcome.failed += Number(found[2])
    outcome.skipped = (outcome.skipped ?? 0) + Number(found[3])
  }
  return withStatus(outcome, status)
}

/** Builds the addon in the fast profile, with its loader, its types and its schema. */
export async function addon(/** @type {Run} */ run) {
  const { status, output } = await buildAddon()
  if (status !== 0) return { passed: 0, failed: 1, output }
  if (!run.all) install(BUILT)
  return { passed: 1, failed: 0 }
}

/**
 * Builds the addon in the release profile.
 * @returns {Promise<Outcome>}
 */
export async function release(/** @type {Run} */ run) {
  rmSync(RELEASE, { recursive: true, force: true })
  mkdirSync(RELEASE, { recursive: true })
  const args = ['build', '--platform', '--release', '--output-dir', RELEASE]
  const { status, output } = await run.capture(tool('napi'), args)
  const file = readdirSync(RELEASE).find((name) => name.endsWith('.node'))
  if (status !== 0 || !file) return { passed: 0, failed: 1, output }
  install(RELEASE)
  return { passed: 1, failed: 0, note: file }
}

/** Lints the addon, and the core with all of its tests and the schema. The tests are the same with the addon. */
export async function clippy(/** @type {Run} */ run) {
  const lint = (/** @type {string[]} */ ...options) =>
    run.check('cargo', ['clippy', '--quiet', ...options, '--', '-D', 'warnings'])
  const shipped = await lint('--lib', '--examples')
  return sum([shipped, await lint('--no-default-features', '--features', 'schema', '--all-targets')])
}

/**
 * Checks the addon's types and lints for the systems for which it cannot be linked here.
 * @returns {Promise<Outcome>}
 */
export function platforms(/** @type {Run} */ run) {
  return cross(run, ['x86_64-pc-windows-msvc', 'aarch64-apple-darwin', 'x86_64-apple-darwin'])
}

/** Runs the tests and the packages for Windows, in Wine. `platforms` has the lints, for Microsoft's compiler. */
export function windows(/** @type {Run} */ run) {
  const without = ['lints', 'its longest tests', 'transcripts'].flatMap((step) => ['--without', step])
  return cross(run, ['x86_64-pc-windows-gnu', ...without])
}

/** Runs the API's tests and the packages on a system whose only C library is musl. */
export function musl(/** @type {Run} */ run) {
  const without = ["the core's tests", 'its longest tests', 'tests of clouds', 'transcripts'].flatMap(
    (step) => ['--without', step],
  )
  return cross(run, ['x86_64-unknown-linux-musl', ...without])
}

/**
 * Runs `npm run cross`, which downloads what it needs. A step that this machine cannot run is not a failure.
 * @returns {Promise<Outcome>}
 */
async function cross(/** @type {Run} */ run, /** @type {string[]} */ args) {
  const { output } = await run.capture(process.execPath, [join(ROOT, 'scripts/cross.mjs'), ...args])
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(output) ?? []
  const [, ...untried] = output.split(NOT_HERE)
  const [why] = untried.map((reason) => `not run: ${reason.split('\n')[0]}`)
  return {
    passed: Number(passed ?? 0),
    // `npm run cross` counts a step that this machine cannot run as failed.
    failed: Number(failed ?? 1 + untried.length) - untried.length,
    skipped: Number(skipped ?? 0),
    output,
    ...(why ? { note: why } : {}),
  }
}
