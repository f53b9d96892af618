/**
 * Finds the particle-cli that npm has installed: its folder, the script that it starts with, and the module that
 * registers its commands. None of its code is loaded here.
 */
'use strict'

const { existsSync, readFileSync, realpathSync, statSync } = require('node:fs')
const { delimiter, dirname, join, parse, relative, resolve } = require('node:path')

/** The variable that names the folder of a particle-cli, or a file in it. If it is set, no other place is searched. */
const VARIABLE = 'DUO_PROVISION_PARTICLE_CLI'

/** The largest package.json that is read, in bytes; the real one has seven thousand. */
const MAX_PACKAGE = 1024 * 1024

/**
 * @typedef {object} ParticleCli
 * @property {string} folder its folder, with all symbolic links resolved
 * @property {string} version
 * @property {string} entry the script that it starts with
 * @property {string} commands the module whose export registers its commands
 * @property {string | undefined} unfit why no commands can be added to it
 */

/**
 * The particle-cli that a file or folder belongs to.
 * @returns {ParticleCli | undefined}
 */
function packageOf(/** @type {string} */ path) {
  let folder
  try {
    folder = realpathSync(path)
  } catch {
    return undefined
  }
  for (; ; folder = dirname(folder)) {
    const found = describe(folder)
    if (found || folder === parse(folder).root) return found
  }
}

/** @returns {ParticleCli | undefined} */
function describe(/** @type {string} */ folder) {
  let about
  try {
    const text = readFileSync(join(folder, 'package.json'), 'utf8')
    if (text.length <= MAX_PACKAGE) about = JSON.parse(text)
  } catch {
    return undefined
  }
  if (about?.name !== 'particle-cli') return undefined
  const bin = typeof about.bin === 'string' ? about.bin : about.bin?.particle
  const entry = join(folder, typeof bin === 'string' ? bin : 'src/index.js')
  // The code is in `src/` from 3.6 on; before that in `dist/`, compiled from it.
  const source = dirname(entry)
  const commands = join(source, 'cli/index.js')
  const version = String(about.version)
  const known = [entry, commands, join(source, 'app/cli.js'), join(source, 'app/command-processor.js')]
  const missing = known.find((file) => !existsSync(file))
  /** @type {string | undefined} */
  let unfit
  if (missing) unfit = `it has no ${relative(folder, missing).replaceAll('\\', '/')}`
  else if (about.type === 'module') unfit = 'it is made of ECMAScript modules'
  return { folder, version, entry, commands, unfit }
}

/**
 * The particle-cli to extend: the one that the variable names; if it is not set, the first of these: that of the
 * `particle` on the PATH; one installed beside this package, as by `npm install -g` of both; one in a `node_modules` at
 * or above the current folder; one in the global folder of this Node.
 * @returns {{ found: ParticleCli | undefined, places: string[] }} and the places that were searched
 */
function findParticleCli(env = process.env, here = process.cwd()) {
  const named = env[VARIABLE]
  const places = named ? [resolve(here, named)] : [...onPath(env), ...beside(), ...above(here), ...global()]
  for (const place of places) {
    const found = packageOf(place)
    if (found) return { found, places }
  }
  return { found: undefined, places }
}

/** A launcher script is smaller than this, in bytes; pnpm's have two thousand. */
const MAX_LAUNCHER = 64 * 1024

/**
 * Follows a `particle` on the PATH. It is a link into the package; or on Windows a script beside its `node_modules`; or
 * a script of pnpm, which names the package; or a link to Volta's program, which keeps the package in its own folder.
 */
function onPath(/** @type {NodeJS.ProcessEnv} */ env) {
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.flatMap((folder) => {
    const linked = join(folder, 'particle')
    const shim = join(folder, 'node_modules/particle-cli')
    const volta = join(dirname(folder), 'tools/image/packages/particle-cli')
    const kept = ['lib/node_modules', 'node_modules'].map((modules) => join(volta, modules, 'particle-cli'))
    return [...(process.platform === 'win32' ? [shim] : [linked]), ...launched(folder, linked), ...kept]
  })
}

/** The scripts that a package manager's launcher starts. */
function launched(/** @type {string} */ folder, /** @type {string} */ path) {
  let text = ''
  try {
    if (statSync(path).size <= MAX_LAUNCHER) text = readFileSync(path, 'latin1')
  } catch {
    // It is not there, or may not be read.
  }
  if (!text.startsWith('#!')) return []
  const named = [...text.matchAll(/"([^"\n]*[\\/]particle-cli[\\/][^"\n]*\.js)"/g)]
  return named.map(([, name = '']) => resolve(folder, name.replaceAll('$basedir', folder)))
}

/** In the `node_modules` that this package is in, if it is in one. */
function beside() {
  return above(dirname(__dirname)).filter((folder) => existsSync(folder))
}

function above(/** @type {string} */ here) {
  const folders = []
  for (let folder = resolve(here); ; folder = dirname(folder)) {
    folders.push(join(folder, 'node_modules/particle-cli'))
    if (folder === parse(folder).root) return folders
  }
}

function global() {
  const prefix = dirname(process.execPath)
  return process.platform === 'win32'
    ? [join(prefix, 'node_modules/particle-cli')]
    : [join(dirname(prefix), 'lib/node_modules/particle-cli')]
}

module.exports = { VARIABLE, findParticleCli, packageOf }
