/** The core's tests for another target: programs of Rust, which need no Node. */
import { cargo } from '../cargo.mjs'
import { ofRust, sum } from './results.mjs'

/** @typedef {import('./results.mjs').Counts} Counts */
/** @typedef {import('./programs.mjs').Ended} Ended */

/** The tests that take longest and depend little on the system. They are a step of their own. */
const LONGEST = [
  'workflow::matrix',
  'workflow::secrets',
  'workflow::dct_restore_whole',
  'workflow::addresses',
  'session::',
  'dfuse::',
  'fuzz::',
]

const FEATURES = ['--no-default-features', '--features=command-line']
const PROGRAMS = ['--lib', '--test=core', '--test=cloud', '--no-run']

/**
 * Compiles the programs.
 * @param {string} target
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [program] what is started in place of cargo
 * @returns {Promise<Record<string, string>>} the path of each, by its name
 */
export async function compiledTests(target, env, program) {
  const { status, output, made } = await cargo(
    ['test', '--locked', '--target', target, ...FEATURES, ...PROGRAMS],
    env,
    program,
  )
  if (status !== 0) throw new Error(output)
  return Object.fromEntries(
    made.flatMap(({ name, test, executable }) => (test && executable ? [[name, executable]] : [])),
  )
}

/** @typedef {(command: string[]) => Promise<import('./programs.mjs').Ended>} Run */

/** Runs all tests of the core but the longest, and but those of clouds. @returns {Promise<Counts>} */
export async function mostTests(/** @type {Record<string, string>} */ programs, /** @type {Run} */ run) {
  const skipped = LONGEST.flatMap((name) => ['--skip', name])
  return sum([await tested(programs, run, 'duo_provision'), await tested(programs, run, 'core', ...skipped)])
}

/** Runs the longest tests, on a sample of their tables. */
export function longestTests(/** @type {Record<string, string>} */ programs, /** @type {Run} */ run) {
  return tested(programs, run, 'core', ...LONGEST)
}

/** Runs the tests of clouds, of which a few are slow or hostile, on a sample of their tables. */
export function cloudTests(/** @type {Record<string, string>} */ programs, /** @type {Run} */ run) {
  return tested(programs, run, 'cloud')
}

async function tested(
  /** @type {Record<string, string>} */ programs,
  /** @type {Run} */ run,
  /** @type {string} */ name,
  /** @type {string[]} */ ...args
) {
  const counts = ofRust(await run([programs[name] ?? name, ...args]))
  return { ...counts, output: `${name}:\n${counts.output}` }
}
