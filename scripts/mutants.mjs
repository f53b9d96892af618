/**
 * `npm run mutants -- ROOM [-- OPTIONS OF CARGO-MUTANTS]`: changes the code of a room in one place at a time and
 * checks that a test fails (cargo-mutants). Mutants that no test has to catch are in `.cargo/mutants.toml`, with the
 * reason.
 *
 * Some rooms import little: such a room and its imports become a crate of their own, which builds in seconds. The whole
 * crate would take half a minute, a thousand times. Only the tests of the room are built. The copy and the reports are
 * in `target/mutants`.
 *
 * The tests try a sample of long tables: `DUO_PROVISION_TEST_ALL=1` may catch a mutant that is missed.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './prepare.mjs'

/**
 * @typedef {object} Room
 * @property {string[]} [modules] the modules of the small crate; the default is the whole crate
 * @property {string[]} tests the modules of `__test__/rust` that test it
 * @property {string[]} [shared] the parts of `__test__/rust/common` that these need; the default is all
 * @property {boolean} [cloud] whether the tests of the cloud test it too
 * @property {boolean} [unit] whether the tests in its sources run
 * @property {string[]} files the files to change. Files that depend on the machine (`location`, `owner`: home
 *   folders, sudo) are left out
 */

/** @type {Record<string, Room>} */
const ROOMS = {
  dct: { modules: ['dct'], tests: ['dct'], shared: ['sample'], files: ['src/dct/**'], unit: true },
  keys: { modules: ['dct', 'keys'], tests: ['keys'], shared: [], files: ['src/keys/**'], unit: true },
  dfuse: { modules: ['dfuse'], tests: ['dfuse'], shared: ['mock_duo'], files: ['src/dfuse/**'], unit: true },
  archive: {
    modules: ['dct', 'disk', 'keys', 'archive'],
    tests: ['archive'],
    shared: [],
    files: ['src/archive/{manifest,entry,names,mod}.rs'],
    unit: true,
  },
  journal: { tests: ['virtual_duo', 'workflow'], files: ['src/journal/*.rs'] },
  write: {
    tests: ['virtual_duo', 'workflow', 'session', 'usb'],
    files: [
      'src/workflow/{write,record,next}/*.rs',
      'src/workflow/device/{reconcile,leave}.rs',
      'src/workflow/commands/{backup,restore,reset}.rs',
      'src/bootloader/session/{mod,memories}.rs',
    ],
  },
  verify: {
    tests: ['virtual_duo', 'workflow'],
    cloud: true,
    files: [
      'src/workflow/commands/verify.rs',
      'src/workflow/network/pairing.rs',
      'src/cloud/{handshake,device_port}.rs',
    ],
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
  const tests = ['--test', 'core', ...(room.cloud ? ['--test', 'cloud'] : [])]
  const cargo = [
    '--',
    ...(room.modules ? [] : ['--no-default-features']),
    ...(room.unit ? ['--lib'] : []),
    ...tests,
  ]
  const args = ['mutants', '--in-place', '--no-shuffle', '--output', crate, ...files, ...options, ...cargo]
  // The dependencies there are compiled already, for the other tests.
  const env = { ...process.env, CARGO_TARGET_DIR: join(ROOT, 'target') }
  return run('cargo', args, crate, env)
}

/** Copies the crate, or the part that a room needs, to a folder where it may be changed. */
function copy(/** @type {string} */ name, /** @type {Room} */ room) {
  const crate = join(ROOT, 'target/mutants', name)
  for (const folder of ['src', '__test__', '.cargo'])
    rmSync(join(crate, folder), { recursive: true, force: true })
  mkdirSync(join(crate, 'src'), { recursive: true })
  for (const part of ['__test__/rust', '__test__/fixtures', '.cargo/mutants.toml', 'Cargo.lock']) {
    cpSync(join(ROOT, part), join(crate, part), { recursive: true })
  }
  writeFileSync(join(crate, '__test__/rust/main.rs'), testsOf(room))
  // The tests run hundreds of times: a little optimisation saves time, and so does leaving out the library for Node.
  const manifest = readFileSync(join(ROOT, 'Cargo.toml'), 'utf8')
    .replace('"cdylib", ', '')
    .replaceAll(/\[\[example\]\]\n(?:.+\n)*/g, '')
    .replace('debug = false', 'debug = false\nopt-level = 1')
  if (!room.modules) {
    for (const part of ['src', 'build.rs']) cpSync(join(ROOT, part), join(crate, part), { recursive: true })
    writeFileSync(join(crate, 'Cargo.toml'), manifest)
    return crate
  }
  for (const module of room.modules)
    cpSync(join(ROOT, 'src', module), join(crate, 'src', module), { recursive: true })
  writeFileSync(join(crate, 'src/lib.rs'), room.modules.map((module) => `pub mod ${module};\n`).join(''))
  writeFileSync(join(crate, 'Cargo.toml'), alone(manifest))
  return crate
}

/** The main file of the core's tests, with only the tests of a room. */
function testsOf(/** @type {Room} */ { tests, shared }) {
  const common = shared?.map((name) => `pub mod ${name}; `).join('')
  return ['common', ...tests]
    .map((name) =>
      name === 'common' && common !== undefined ? `mod common { ${common}}\n` : `mod ${name};\n`,
    )
    .join('')
}

/** The manifest for the crate of a room: without the dependencies, features and tests that no such room has. */
function alone(/** @type {string} */ manifest) {
  const foreign =
    /^(napi|napi-\w+|clap|clap_\w+|strsim|schemars|url|tower-.*|rustls.*|rusb|hyper.*|http-.*|tokio.*|rcgen) = .*\n/gm
  return manifest
    .replaceAll(foreign, '')
    .replace(/\[\[test\]\]\nname = "cloud"\n.*\n/, '')
    .replaceAll(/\[profile\.dev\.package\.hyper\]\n.*\n/g, '')
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
