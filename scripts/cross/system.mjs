/** The steps of a target whose programs can run here, the same for each. */
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../prepare.mjs'
import { cloudTests, longestTests, mostTests } from './core.mjs'
import { packageTests } from './package.mjs'
import { yesOrNo } from './results.mjs'

/** @typedef {import('./programs.mjs').Ended} Ended */

/**
 * A system in which programs of a target run.
 * @typedef {{
 *   target: string,
 *   platform: string,
 *   compiled: () => Promise<Ended & { file: string }>,
 *   programs: (which: string[]) => Promise<string[]>,
 *   start: (command: string[], env?: Record<string, string>) => Promise<Ended>,
 *   node: (args: string[], env?: Record<string, string>) => Promise<Ended>,
 *   suite: (files: string[], env?: Record<string, string>) => Promise<import('./results.mjs').Counts>,
 *   path: (path: string) => string,
 *   beyond?: string[],
 * }} System
 * `platform` is the end of the package's name; `compiled` builds the addon, and `programs` the core's tests that
 * cargo's options name; `start` starts a program of the target, and `node` its Node, both in the root; `suite` runs
 * files of tests in Node; `path` is how the system writes the path of a file of this machine; `beyond` names the core's
 * tests that it cannot run.
 */

/** @returns {import('./steps.mjs').Step[]} */
export function stepsOf(/** @type {System} */ system) {
  let built = ''
  const compile = async () => {
    const { file, ...ended } = await system.compiled()
    built = file
    return yesOrNo(ended)
  }
  const suite = async (/** @type {string} */ folder, /** @type {Record<string, string>} */ env = {}) =>
    withAddon(built, system.platform, () => system.suite(testsIn(folder), env))
  const transcripts = async () => {
    const { MADE, PROGRAM } = await import('../../__test__/program.mjs')
    return suite('__test__/cli', { [MADE]: system.path(PROGRAM) })
  }
  const demo = async () => yesOrNo(await system.node(['src/cli/main.cjs', 'demo']))
  return [
    { name: 'compiled', run: compile },
    { name: "the core's tests", run: () => mostTests(system) },
    { name: 'its longest tests', run: () => longestTests(system) },
    { name: 'tests of clouds', run: () => cloudTests(system) },
    { name: '__test__/node', run: () => suite('__test__/node') },
    { name: 'transcripts', run: transcripts },
    { name: 'package', run: () => packageTests(system, built) },
    { name: 'demo', run: () => withAddon(built, system.platform, demo) },
  ]
}

/**
 * Puts the addon where the loader looks for it while `work` runs, and then removes it.
 * @template T
 * @param {string} built
 * @param {string} platform
 * @param {() => Promise<T>} work
 */
async function withAddon(built, platform, work) {
  const place = join(ROOT, `duo-provision.${platform}.node`)
  copyFileSync(built, place)
  try {
    return await work()
  } finally {
    rmSync(place)
  }
}

/** The test files of a folder, with paths relative to the root. */
function testsIn(/** @type {string} */ folder) {
  const files = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.test.mjs'))
  return files.sort().map((file) => join(folder, file))
}
