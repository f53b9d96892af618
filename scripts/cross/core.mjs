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

/** Runs all tests but the longest. @returns {Promise<Counts>} */
export async function mostTests(
  /** @type {Record<string, string>} */ programs,
  /** @type {(command: string[]) => Promise<Ended>} */ run,
) {
  const skipped = LONGEST.flatMap((name) => ['--skip', name])
  const tested = async (/** @type {string} */ name, /** @type {string[]} */ ...args) => {
    const counts = ofRust(await run([programs[name] ?? name, ...args]))
    return { ...counts, output: `${name}:\n${counts.output}` }
  }
  return sum([await tested('duo_provision'), await tested('core', ...skipped), await tested('cloud')])
}

/** Runs the longest tests, on a sample of their tables. @returns {Promise<Counts>} */
export async function longestTests(
  /** @type {Record<string, string>} */ programs,
  /** @type {(command: string[]) => Promise<Ended>} */ run,
) {
  return ofRust(await run([programs['core'] ?? '', ...LONGEST]))
}
