/** Checks that a release may be published. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressProblems } from './address.mjs'
import { platformOf } from './elf.mjs'
import { tooNew } from './glibc.mjs'
import { readJson } from './platforms.mjs'

/** @typedef {import('./platforms.mjs').Platform} Platform */

/**
 * Every problem that prevents a release.
 * @param {string} root the repository
 * @param {Platform[]} platforms the platforms to publish
 * @param {string} addons the folder with their addons
 * @param {{ local?: boolean }} [options] whether the packages stay on this machine: then the addons may need a newer C
 *   library than Node 20 does, and the address of the repository may be unknown
 * @returns {string[]} one sentence each; empty if there is none
 */
export function problems(root, platforms, addons, { local = false } = {}) {
  const { version, napi, dependencies } = readJson(join(root, 'package.json'))
  const found = [
    ...(local ? [] : addressProblems(root)),
    ...(dependencies ? ['package.json: there are dependencies at run time'] : []),
    ...mismatch('Cargo.toml', version, read(join(root, 'Cargo.toml')).match(/^version = "(.*)"$/m)?.[1]),
    ...mismatch('index.js', version, read(join(root, 'index.js')).match(/expected (\S+) but got/)?.[1]),
  ]
  if (platforms.length === 0) found.push('package.json: no platform of napi.targets is to be published')
  for (const platform of platforms) {
    found.push(
      ...ofManifest(root, platform, version),
      ...ofAddon(join(addons, platform.addon), platform.name, local),
    )
  }
  if (new Set(napi.targets).size !== napi.targets.length)
    found.push('package.json: a target stands there twice')
  return found
}

function ofManifest(
  /** @type {string} */ root,
  /** @type {Platform} */ platform,
  /** @type {string} */ version,
) {
  const path = join('npm', platform.name, 'package.json')
  if (!existsSync(join(root, path))) return [`${path} does not exist: run \`npx napi create-npm-dirs\``]
  const manifest = readJson(join(root, path))
  const found = mismatch(path, version, manifest.version)
  if (manifest.name !== platform.package)
    found.push(`${path}: the name is ${manifest.name}, not ${platform.package}`)
  if (manifest.main !== platform.addon) found.push(`${path}: main is ${manifest.main}, not ${platform.addon}`)
  return found
}

function ofAddon(/** @type {string} */ path, /** @type {string} */ name, /** @type {boolean} */ local) {
  if (!existsSync(path)) return [`${path} does not exist`]
  const addon = readFileSync(path)
  const built = platformOf(addon)
  if (!`${name}-`.startsWith(`${built}-`)) return [`${path} is for ${built}, not for ${name}`]
  if (local || !name.includes('-gnu')) return []
  return tooNew(addon).map((symbol) => `${path} needs a newer C library than Node 20 does: ${symbol}`)
}

function mismatch(
  /** @type {string} */ path,
  /** @type {string} */ wanted,
  /** @type {string | undefined} */ found,
) {
  return found === wanted ? [] : [`${path}: the version is ${found}, not ${wanted}`]
}

function read(/** @type {string} */ path) {
  return readFileSync(path, 'utf8')
}
