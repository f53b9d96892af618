/**
 * Packs the main package and this platform's, and installs them with npm from the tarballs only, into a project of its
 * own. What runs there finds no Rust: its PATH has Node and the system's programs, its HOME is empty.
 *
 * `DUO_PROVISION_TARBALLS` names a folder with the tarballs of a release, to test those instead of new ones.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '')
export const WORK = mkdtempSync(join(tmpdir(), 'duo-provision-package-'))
after(() => rmSync(WORK, { recursive: true, force: true }))

/** This machine's name among the platforms. */
export const PLATFORM = `${process.platform}-${process.arch}${suffix()}`

function suffix() {
  if (process.platform !== 'linux') return process.platform === 'win32' ? '-msvc' : ''
  const { header } = /** @type {any} */ (process.report.getReport())
  return header.glibcVersionRuntime ? '-gnu' : '-musl'
}

/** The folder with the tarballs. */
export const TARBALLS = process.env.DUO_PROVISION_TARBALLS ?? packed()

function packed() {
  const built = join(ROOT, 'target/addon')
  const addons = existsSync(join(built, `duo-provision.${PLATFORM}.node`)) ? built : ROOT
  const output = join(WORK, 'tarballs')
  const args = ['--local', '--only', PLATFORM, '--addons', addons, '--output-dir', output]
  const { status, stderr } = run(process.execPath, [join(ROOT, 'scripts/release/pack.mjs'), ...args], {
    cwd: ROOT,
  })
  assert.equal(status, 0, stderr)
  return output
}

export const MAIN_TARBALL = tarball(/^duo-provision-\d/)
export const PART_TARBALL = tarball(new RegExp(`^duo-provision-${PLATFORM}-\\d`))

function tarball(/** @type {RegExp} */ pattern) {
  const name = readdirSync(TARBALLS).find((entry) => pattern.test(entry))
  assert.ok(name, `no tarball ${pattern} in ${TARBALLS}`)
  return join(TARBALLS, name)
}

/** Programs, Node among them, but no cargo. */
function pathWithoutCargo() {
  const folder = join(WORK, 'bin')
  if (!existsSync(folder)) {
    mkdirSync(folder)
    for (const name of ['node', 'npm', 'npx'])
      symlinkSync(join(dirname(process.execPath), name), join(folder, name))
  }
  return [folder, '/usr/bin', '/bin'].join(':')
}

/** A project that depends on the tarballs, installed without a network. */
export function project(/** @type {string} */ name, /** @type {string[]} */ ...flags) {
  const folder = join(WORK, name)
  mkdirSync(join(folder, 'home'), { recursive: true })
  const part = `duo-provision-${PLATFORM}`
  const dependencies = { 'duo-provision': `file:${MAIN_TARBALL}`, [part]: `file:${PART_TARBALL}` }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, dependencies }))
  const args = ['install', '--offline', '--no-audit', '--no-fund', '--omit=optional', ...flags]
  const installed = inProject(folder, 'npm', args)
  assert.equal(installed.status, 0, installed.stderr)
  return folder
}

/** Runs a program in a project as on a machine without Rust. */
export function inProject(
  /** @type {string} */ folder,
  /** @type {string} */ program,
  /** @type {string[]} */ args,
  /** @type {NodeJS.ProcessEnv} */ more = {},
) {
  const env = {
    PATH: pathWithoutCargo(),
    HOME: join(folder, 'home'),
    NO_COLOR: '1',
    npm_config_offline: 'true',
    ...more,
  }
  return run(program, args, { cwd: folder, env })
}

export function run(
  /** @type {string} */ program,
  /** @type {string[]} */ args,
  /** @type {{ cwd: string, env?: NodeJS.ProcessEnv }} */ { cwd, env = process.env },
) {
  const ended = spawnSync(program, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 120_000,
    killSignal: 'SIGKILL',
  })
  if (ended.error) throw ended.error
  return ended
}
