/**
 * `npm run mutants -- ROOM [-- OPTIONS OF CARGO-MUTANTS]`: changes the code of a room in one place at a time and
 * sees whether a test notices (cargo-mutants). What no test has to notice, and why, is in `.cargo/mutants.toml`.
 *
 * Rooms import little, so that a room and what it imports is a crate of its own, which builds in seconds
 * where all of this crate would take half a minute, a thousand times. The copy is in `target/mutants`, and so
 * are the reports.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './prepare.mjs'

/**
 * Which modules make a crate, which test targets hold its promises, and which of its files are changed. What
 * touches the machine (`location`, `owner`: home folders, sudo) is left out.
 * @type {Record<string, { modules?: string[], tests: string[], files: string[], unit?: boolean }>}
 */
const ROOMS = {
  dct: { modules: ['dct'], tests: ['dct'], files: ['src/dct/**'], unit: true },
  keys: { modules: ['dct', 'keys'], tests: ['keys'], files: ['src/keys/**'], unit: true },
  dfuse: { modules: ['dfuse'], tests: ['dfuse'], files: ['src/dfuse/**'], unit: true },
  archive: {
    modules: ['dct', 'keys', 'archive'],
    tests: ['archive'],
    files: ['src/archive/{files,manifest,entry,names,mod}.rs'],
    unit: true,
  },
  journal: { tests: ['workflow'], files: ['src/archive/journal/*.rs'] },
  write: {
    tests: ['workflow', 'session', 'usb'],
    files: [
      'src/workflow/{write,patch,reconcile,leave,journaled,keep,backup,restore,reset}.rs',
      'src/usb/session/mod.rs',
      'src/usb/session/memories.rs',
    ],
  },
  verify: {
    tests: ['workflow', 'cloud'],
    files: ['src/workflow/verify.rs', 'src/cloud/{handshake,device_port}.rs'],
  },
}

process.exitCode = await main()

async function main() {
  const [name = '', ...options] = process.argv.slice(2).filter((option) => option !== '--')
  const room = ROOMS[name]
  if (!room) {
    process.stderr.write(`error: name a room: ${Object.keys(ROOMS).join(', ')}\n`)
    return 2
  }
  const crate = copy(name, room)
  const files = room.files.flatMap((file) => ['--file', file])
  const tests = room.tests.flatMap((test) => ['--test', test])
  const cargo = [
    '--',
    ...(room.modules ? [] : ['--no-default-features']),
    ...(room.unit ? ['--lib'] : []),
    ...tests,
  ]
  const args = ['mutants', '--in-place', '--no-shuffle', '--output', crate, ...files, ...options, ...cargo]
  // The dependencies have been compiled for the other tests.
  const env = { ...process.env, CARGO_TARGET_DIR: join(ROOT, 'target') }
  return run('cargo', args, crate, env)
}

/** Copies the crate, or what a room needs of it, to where it may be changed. */
function copy(/** @type {string} */ name, /** @type {(typeof ROOMS)[string]} */ room) {
  const crate = join(ROOT, 'target/mutants', name)
  for (const folder of ['src', '__test__', '.cargo'])
    rmSync(join(crate, folder), { recursive: true, force: true })
  mkdirSync(join(crate, 'src'), { recursive: true })
  for (const part of ['__test__/rust', '__test__/fixtures', '.cargo/mutants.toml', 'Cargo.lock']) {
    cpSync(join(ROOT, part), join(crate, part), { recursive: true })
  }
  // The tests run hundreds of times: a little optimisation pays, a library for Node does not.
  const manifest = readFileSync(join(ROOT, 'Cargo.toml'), 'utf8')
    .replace('"cdylib", ', '')
    .replaceAll(/\[\[example\]\]\n(?:.+\n)*/g, '')
    .replace('debug = "line-tables-only"', 'debug = false\nopt-level = 1')
  if (!room.modules) {
    for (const part of ['src', 'build.rs']) cpSync(join(ROOT, part), join(crate, part), { recursive: true })
    writeFileSync(join(crate, 'Cargo.toml'), manifest.replaceAll(/\[\[test\]\]\nname = "fuzz"\n.*\n/g, ''))
    return crate
  }
  for (const module of room.modules)
    cpSync(join(ROOT, 'src', module), join(crate, 'src', module), { recursive: true })
  writeFileSync(join(crate, 'src/lib.rs'), room.modules.map((module) => `pub mod ${module};\n`).join(''))
  writeFileSync(join(crate, 'Cargo.toml'), only(manifest, room.tests))
  return crate
}

/** The manifest with these tests only, and without what no room that is a crate of its own depends on. */
function only(/** @type {string} */ manifest, /** @type {string[]} */ tests) {
  const foreign =
    /^(napi|napi-\w+|clap|clap_\w+|strsim|schemars|url|tower-.*|rustls.*|rusb|hyper.*|http-.*|tokio.*|rcgen) = .*\n/gm
  return manifest
    .replaceAll(foreign, '')
    .replaceAll(/\[\[test\]\]\nname = "(\w+)"\n.*\n/g, (found, test) => (tests.includes(test) ? found : ''))
    .replace(/\[features\]\n(?:.+\n)*/, '')
    .replace('build = "build.rs"\n', '')
}

/** @returns {Promise<number>} */
function run(
  /** @type {string} */ program,
  /** @type {string[]} */ args,
  /** @type {string} */ cwd,
  /** @type {NodeJS.ProcessEnv} */ env,
) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: 'inherit' })
    child.on('error', () => resolve(1))
    child.on('close', (code) => resolve(code ?? 1))
  })
}
