/** Lists the steps of `npm test`, in the order in which they should start. docs/contributing.md explains each. */
import { tool } from '../prepare.mjs'
import * as node from './node.mjs'
import * as rust from './rust.mjs'

/** @typedef {import('./run.mjs').Run} Run */
/** @typedef {import('./schedule.mjs').Step} Step */

/** Steps that only `npm test -- --all` has. */
export const ONLY_IN_ALL = ['release', 'particle', 'platforms', 'windows', 'musl', 'usb']

/** cargo allows only one build at a time in a folder. */
const lock = 'cargo'

/**
 * All steps. A step that needs the addon gets the one of the fast profile, or with `--all` the release addon.
 * @returns {Step[]}
 */
export function steps(/** @type {Run} */ run) {
  const tested = [run.all ? 'release' : 'addon']
  /** @type {Step[]} */
  const all = [
    { name: 'rustfmt', run: () => run.check('cargo', ['fmt', '--check', '--', '--color=never']) },
    { name: 'biome', run: () => run.check(tool('biome'), ['ci', '--colors=off', '--error-on-warnings']) },
    { name: 'addon', lock, run: () => rust.addon(run) },
    { name: 'compile', lock, run: () => rust.compile(run) },
    { name: 'release', run: () => rust.release(run) },
    // It takes longest, so it starts early: the steps below run beside it.
    { name: 'usb', needs: tested, run: () => node.usb(run) },
    { name: 'types', run: () => node.types(run) },
    { name: 'core', needs: ['compile'], run: () => rust.core(run) },
    { name: 'node-test', needs: tested, run: () => node.nodeTest(run) },
    { name: 'clippy', lock, needs: ['compile'], run: () => rust.clippy(run) },
    { name: 'platforms', lock, needs: ['compile'], run: () => rust.platforms(run) },
    { name: 'windows', lock, needs: ['compile', ...tested], run: () => rust.windows(run) },
    { name: 'musl', lock, needs: ['compile', ...tested], run: () => rust.musl(run) },
    { name: 'crash', needs: ['compile', ...tested], run: () => node.crash(run) },
    { name: 'cloud', needs: ['compile'], run: () => rust.cloud(run) },
    { name: 'package', needs: tested, run: () => node.packages(run) },
    { name: 'drift', needs: ['addon', ...tested], run: () => node.drift(run) },
    { name: 'particle', needs: tested, run: () => node.particle(run) },
    { name: 'secrets', last: true, run: () => node.secrets(run) },
  ]
  return all.filter(({ name }) => run.all || !ONLY_IN_ALL.includes(name))
}
