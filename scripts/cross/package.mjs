/** The packages of a target, packed as for a release, installed, and started there. */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ADDON } from '../addon.mjs'
import { ensureAddon, ROOT } from '../prepare.mjs'
import { CACHE, must } from './programs.mjs'
import { sum, yesOrNo } from './results.mjs'

/** What a user's script does: it finds a Duo and backs up its key. It fails if it did not come from the packages. */
const SCRIPT = `import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { backupKey, VirtualDuo, version } from 'duo-provision'
const duo = await VirtualDuo.start()
const folder = mkdtempSync(join(tmpdir(), 'duo-provision-'))
const file = join(folder, 'key.der')
const { fingerprint } = await backupKey({ usbip: duo.address, file })
rmSync(folder, { recursive: true })
const same = fingerprint === duo.duos()[0].fingerprint
await duo.stop()
const here = import.meta.resolve('duo-provision').startsWith(new URL('node_modules/', import.meta.url).href)
console.log(version(), { same, here })
process.exitCode = same && here ? 0 : 1
`

/**
 * Installs the packages into a project, and starts from there the command line twice and a script that imports them.
 * @param {import('./system.mjs').System} system
 * @param {string} built its addon
 */
export async function packageTests(system, built) {
  const project = await installed(system.platform, built)
  const main = relative(ROOT, join(project, 'node_modules/duo-provision/src/cli/main.cjs'))
  const script = relative(ROOT, join(project, 'script.mjs'))
  writeFileSync(join(ROOT, script), SCRIPT)
  const all = []
  for (const args of [[main, '--version', '--verbose'], [main, 'demo'], [script]])
    all.push(yesOrNo(await system.node(args)))
  return sum(all)
}

/** Packs the main package and the target's, and lets npm install both tarballs. Returns the folder of the project. */
async function installed(/** @type {string} */ name, /** @type {string} */ built) {
  const addon = `duo-provision.${name}.node`
  const work = join(CACHE, 'packages', name)
  const addons = join(work, 'addons')
  const tarballs = join(work, 'tarballs')
  const project = join(work, 'project')
  rmSync(work, { recursive: true, force: true })
  for (const folder of [addons, tarballs, project]) mkdirSync(folder, { recursive: true })
  // This machine's own addon makes the man pages.
  ensureAddon()
  cpSync(join(ROOT, ADDON), join(addons, ADDON))
  cpSync(built, join(addons, addon))
  const pack = ['--local', '--only', name, '--addons', addons, '--output-dir', tarballs]
  await must(process.execPath, [join(ROOT, 'scripts/release/pack.mjs'), ...pack])
  const dependencies = Object.fromEntries(
    [`duo-provision-${name}`, 'duo-provision'].map((wanted) => [wanted, `file:${tarball(tarballs, wanted)}`]),
  )
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }))
  // npm runs on this machine, for which the package is not meant: by force.
  const quietly = ['--offline', '--no-audit', '--no-fund', '--omit=optional', '--loglevel=error', '--force']
  await must('npm', ['install', ...quietly], { cwd: project })
  return project
}

/** The file of a package: its name and a version. */
function tarball(/** @type {string} */ folder, /** @type {string} */ name) {
  const file = readdirSync(folder).find((one) => one.startsWith(name) && /^-\d/.test(one.slice(name.length)))
  if (!file) throw new Error(`${folder} has no tarball of ${name}`)
  return join(folder, file)
}
