/** Lists the platform packages of a release: one for each of `napi.targets`, with its addon. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../prepare.mjs'

/** @typedef {{ target: string, name: string, package: string, addon: string }} Platform */

export const MANIFEST = readJson(join(ROOT, 'package.json'))

/** Node's names of processors. @type {Record<string, string>} */
const PROCESSORS = { x86_64: 'x64', aarch64: 'arm64', armv7: 'arm' }

/** @type {Platform[]} */
export const PLATFORMS = MANIFEST.napi.targets.map((/** @type {string} */ target) => {
  const name = nameOf(target)
  return {
    target,
    name,
    package: `${MANIFEST.name}-${name}`,
    addon: `${MANIFEST.napi.binaryName}.${name}.node`,
  }
})

/** npm's name of a target: `linux-x64-gnu` for `x86_64-unknown-linux-gnu`. */
function nameOf(/** @type {string} */ target) {
  const [machine, , system, library] = target.split('-')
  const processor = PROCESSORS[machine ?? '']
  if (system === 'darwin') return `darwin-${processor}`
  return `${system === 'windows' ? 'win32' : system}-${processor}-${library}`
}

/** @returns {any} */
export function readJson(/** @type {string} */ path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
