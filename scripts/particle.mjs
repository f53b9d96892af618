/**
 * `npm run test:particle`: runs the tests with the real particle-cli. It is fetched from the npm registry into
 * `target/particle-cli`, once for each state of `__test__/particle/package-lock.json`, and no script of a package is
 * run. Exit status 77 means that the registry cannot be reached.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureAddon, NO_NETWORK, ROOT } from './prepare.mjs'

const SOURCE = join(ROOT, '__test__/particle')
const INSTALLED = join(ROOT, 'target/particle-cli')
const LOCK = 'package-lock.json'

/** If it equals the lock file, everything in the lock file is installed. */
const STAMP = join(INSTALLED, 'installed.json')

const UNAVAILABLE = 77

ensureAddon()
process.exitCode = install() ?? test()

/** @returns {number | undefined} the exit status if it fails */
function install() {
  const lock = readFileSync(join(SOURCE, LOCK), 'utf8')
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return undefined
  rmSync(STAMP, { force: true })
  mkdirSync(INSTALLED, { recursive: true })
  for (const name of ['package.json', LOCK]) cpSync(join(SOURCE, name), join(INSTALLED, name))
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1']
  const npm = process.env['npm_execpath']
  const [program, leading] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const { status, stdout, stderr, error } = spawnSync(program, [...leading, ...args], {
    cwd: INSTALLED,
    encoding: 'utf8',
    shell: program === 'npm' && process.platform === 'win32',
  })
  if (status === 0) {
    writeFileSync(STAMP, lock)
    return undefined
  }
  const said = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`
  process.stdout.write(`${said.trimEnd()}\n`)
  if (!NO_NETWORK.test(said)) return 1
  process.stdout.write('the npm registry cannot be reached\n')
  return UNAVAILABLE
}

function test() {
  const files = readdirSync(SOURCE).filter((name) => name.endsWith('.test.mjs'))
  const args = ['--test', '--test-reporter=spec', '--test-timeout=900000']
  const paths = files.sort().map((name) => join(SOURCE, name))
  return spawnSync(process.execPath, [...args, ...paths], { cwd: ROOT, stdio: 'inherit' }).status ?? 1
}
