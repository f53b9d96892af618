/**
 * Prepares what everything in this repository needs: node_modules and the compiled addon. It knows when each is out of
 * date and how to update it. It does not know what runs afterwards.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** Messages of npm that mean that there is no network, and not that the request is wrong. */
export const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT/

/** Everything that the addon is compiled from. */
const RUST_SOURCES = ['src', 'build.rs', 'Cargo.toml', 'Cargo.lock', '.cargo', 'package.json']

/** Installs node_modules if it is missing, or older than the lock file. */
export function ensureDependencies() {
  const installed = modified(join(ROOT, 'node_modules/.package-lock.json'))
  if (installed >= modified(join(ROOT, 'package-lock.json'))) return
  npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}

/** Compiles the addon if it is missing, or older than a source. */
export function ensureAddon() {
  if (addonTime() > newest(RUST_SOURCES.map((name) => join(ROOT, name)))) return
  requireCargo()
  process.stderr.write('Compiling the addon (a few minutes the first time) …\n')
  npm(['run', '--silent', 'build'])
}

/** The command line of a tool in node_modules. The entry of each tool is JavaScript. */
export function tool(/** @type {string} */ name) {
  return [process.execPath, join(ROOT, 'node_modules', TOOLS[name] ?? name)]
}

/** @type {Record<string, string>} */
const TOOLS = {
  biome: '@biomejs/biome/bin/biome',
  napi: '@napi-rs/cli/dist/cli.js',
  tsc: 'typescript/bin/tsc',
  typedoc: 'typedoc/bin/typedoc',
}

/** Ends the process with a readable message if there is no Rust toolchain. */
function requireCargo() {
  if (spawnSync('cargo', ['--version'], { cwd: ROOT }).status === 0) return
  process.stderr.write(
    'error: the addon is written in Rust, and `cargo` is not on the PATH\n\n' +
      'hint: install stable Rust from https://rustup.rs, open a new shell and try again\n',
  )
  process.exit(1)
}

/** Runs npm with its output on standard error, and ends the process with npm's status if it fails. */
function npm(/** @type {string[]} */ args) {
  // Under `npm start` and `npm test` this is npm's own script. Without it, `npm` is a batch file on Windows.
  const script = process.env.npm_execpath
  const [command, ...rest] = script?.endsWith('.js') ? [process.execPath, script, ...args] : ['npm', ...args]
  const { status, error } = spawnSync(/** @type {string} */ (command), rest, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  })
  if (status === 0) return
  process.stderr.write(`error: npm ${args[0]} failed${error ? `: ${error.message}` : ''}\n`)
  process.exit(status || 1)
}

/** When the newest compiled addon in the root was made; 0 if there is none. */
function addonTime() {
  return Math.max(
    0,
    ...readdirSync(ROOT)
      .filter((name) => name.endsWith('.node'))
      .map((name) => modified(join(ROOT, name))),
  )
}

/** The newest change among files and folders, in milliseconds, without `cli`: JavaScript is not in the addon. */
function newest(/** @type {string[]} */ paths) {
  let time = 0
  for (const path of paths) {
    if (!existsSync(path)) continue
    const entry = statSync(path)
    if (entry.isDirectory()) {
      const inside = readdirSync(path).filter((name) => name !== 'cli')
      time = Math.max(time, newest(inside.map((name) => join(path, name))))
    } else time = Math.max(time, entry.mtimeMs)
  }
  return time
}

/** When a file was last changed, in milliseconds; 0 if it does not exist. */
function modified(/** @type {string} */ path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
