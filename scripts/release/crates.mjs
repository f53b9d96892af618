/** Lists the crates that are linked into the addon of a target, with their licences. The list comes from cargo. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../prepare.mjs'

/** @typedef {{ name: string, version: string, license: string, folder: string }} Crate */

/** @returns {Crate[]} sorted by name */
export function linkedCrates(/** @type {string} */ target) {
  const args = ['metadata', '--format-version=1', '--locked', '--filter-platform', target]
  const options = /** @type {const} */ ({ cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 })
  const { packages, resolve } = JSON.parse(execFileSync('cargo', args, options))
  const byId = new Map(packages.map((/** @type {any} */ crate) => [crate.id, crate]))
  const nodes = new Map(resolve.nodes.map((/** @type {any} */ node) => [node.id, node]))
  const seen = new Set()
  const left = [resolve.root]
  for (let id = left.pop(); id; id = left.pop()) {
    if (seen.has(id) || isMacro(byId.get(id))) continue
    seen.add(id)
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      if (dep_kinds.some((/** @type {any} */ { kind }) => kind === null)) left.push(pkg)
    }
  }
  seen.delete(resolve.root)
  return [...seen].map((id) => described(byId.get(id))).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Whether it is a macro: it and its dependencies run in the compiler and are not linked. */
function isMacro(/** @type {any} */ crate) {
  return crate.targets.some((/** @type {any} */ { kind }) => kind.includes('proc-macro'))
}

function described(/** @type {any} */ { name, version, license, manifest_path }) {
  return { name, version, license: license ?? 'see its LICENSE', folder: dirname(manifest_path) }
}

/**
 * The text that comes with the addon: the licence of each crate in it, word for word. libusb is C source inside
 * libusb1-sys, with its own licence.
 */
export function notices(/** @type {Crate[]} */ crates) {
  const parts = crates.map(({ name, version, license, folder }) => {
    const texts = [...licenceTexts(folder), ...licenceTexts(join(folder, 'libusb'))]
    return `${'='.repeat(78)}\n${name} ${version}: ${license}\n\n${texts.join('\n\n') || 'No text comes with it.'}\n`
  })
  return (
    'The addon is made of these works. libusb is linked statically, under the LGPL 2.1 or later: its source is in the\n' +
    'crate libusb1-sys, and with the source of duo-provision the addon can be linked again with a changed libusb.\n\n' +
    parts.join('\n')
  )
}

function licenceTexts(/** @type {string} */ folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|copyright|notice)/i.test(entry.name))
    .map(({ name }) => readFileSync(join(folder, name), 'utf8').trim())
}
