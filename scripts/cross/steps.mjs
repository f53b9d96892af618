/** The targets of `npm run cross`, and their steps. A step that throws has failed. If `compiled` fails, no step after it runs. */
import { arm, MUSL_X64 } from './linux.mjs'
import { ran } from './programs.mjs'
import { yesOrNo } from './results.mjs'
import { standardLibrary, withoutLibraries } from './rust.mjs'
import { stepsOf } from './system.mjs'
import { WINDOWS, windowsLints } from './windows.mjs'

/** @typedef {{ name: string, run: () => Promise<import('./results.mjs').Counts> }} Step */

/** @type {Record<string, () => Step[]>} */
export const TARGETS = {
  'x86_64-pc-windows-msvc': () => onlyTypes('x86_64-pc-windows-msvc'),
  'aarch64-apple-darwin': () => onlyTypes('aarch64-apple-darwin'),
  'x86_64-apple-darwin': () => onlyTypes('x86_64-apple-darwin'),
  'x86_64-pc-windows-gnu': () => [{ name: 'lints', run: windowsLints }, ...stepsOf(WINDOWS)],
  'x86_64-unknown-linux-musl': () => stepsOf(MUSL_X64),
  'aarch64-unknown-linux-gnu': () => stepsOf(arm('aarch64-unknown-linux-gnu', 'linux-arm64-gnu')),
  'aarch64-unknown-linux-musl': () => stepsOf(arm('aarch64-unknown-linux-musl', 'linux-arm64-musl')),
  'armv7-unknown-linux-gnueabihf': () => stepsOf(arm('armv7-unknown-linux-gnueabihf', 'linux-arm-gnueabihf')),
}

/** Checks types and lints of the addon and the core. Compiles no C part, and links nothing. @returns {Step[]} */
function onlyTypes(/** @type {string} */ target) {
  const clippy = async () => {
    await standardLibrary(target)
    const options = ['--quiet', '--locked', '--lib', '--target', target, ...withoutLibraries(target)]
    return yesOrNo(await ran('cargo', ['clippy', ...options, '--', '-D', 'warnings']))
  }
  return [{ name: 'types and lints', run: clippy }]
}
