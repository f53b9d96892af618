/** The core's tests for another target: programs of Rust, which need no Node. */
import { cargo } from '../cargo.mjs'
import { ofRust, sum } from './results.mjs'

/** @typedef {import('./results.mjs').Counts} Counts */
/** @typedef {import('./system.mjs').System} System */

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

/**
 * Compiles some of the programs.
 * @param {string[]} which cargo's options for them
 * @param {string} target
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [program] what is started in place of cargo
 * @returns {Promise<string[]>} their paths, in the order in which they were named
 */
export async function compiledTests(which, target, env, program) {
  const features = ['--no-default-features', '--features=command-line']
  const args = ['test', '--locked', '--no-run', '--target', target, ...features, ...which]
  const { status, output, made } = await cargo(args, env, program)
  if (status !== 0) throw new Error(output)
  return which.map((option) => {
    const name = option === '--lib' ? 'duo_provision' : option.replace('--test=', '')
    const found = made.find((one) => one.test && one.name === name)?.executable
    if (!found) throw new Error(`cargo made no test program ${name}`)
    return found
  })
}

/** Runs all tests of the core but the longest, and but those of clouds. @returns {Promise<Counts>} */
export async function mostTests(/** @type {System} */ system) {
  const [lib = '', core = ''] = await system.programs(['--lib', '--test=core'])
  const { beyond = [] } = system
  const without = [...LONGEST, ...beyond].flatMap((name) => ['--skip', name])
  const ran = [ofRust(await system.start([lib])), ofRust(await system.start([core, ...without]))]
  return sum([...ran, { passed: 0, failed: 0, skipped: beyond.length, output: '' }])
}

/** Runs the longest tests, on a sample of their tables. @returns {Promise<Counts>} */
export async function longestTests(/** @type {System} */ system) {
  return ofRust(await system.start([...(await system.programs(['--test=core'])), ...LONGEST]))
}

/** Runs the tests of clouds, on a sample of their tables. @returns {Promise<Counts>} */
export async function cloudTests(/** @type {System} */ system) {
  return ofRust(await system.start(await system.programs(['--test=cloud'])))
}
