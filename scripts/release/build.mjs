/**
 * `npm run build:release`: builds the addon that is published. It differs from `npm run build` in two ways. On Linux it
 * needs no newer C library than Node 20 itself. And it contains no path of the machine that built it, so that another
 * folder, or another machine with the same tools, produces the same bytes.
 *
 *   npm run build:release -- [--target TRIPLE] [--output-dir FOLDER] [--quickly]
 *
 * `--quickly` compiles without optimisation, for an addon that is only tested.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, tool } from '../prepare.mjs'
import { GLIBC_FLOOR } from './glibc.mjs'

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: hostTriple() },
    quickly: { type: 'boolean', default: false },
    'output-dir': { type: 'string', default: join(ROOT, 'target/release-addon') },
  },
})
process.exitCode = build(values.target, resolve(values['output-dir']))

function build(/** @type {string} */ target, /** @type {string} */ folder) {
  mkdirSync(folder, { recursive: true })
  const [program, ...leading] = tool('napi')
  const linux = target.includes('-linux-')
  const asked = target.includes('-linux-gnu') ? `${target}.${GLIBC_FLOOR}` : target
  const profile = values.quickly ? [] : ['--release']
  const args = ['build', '--platform', ...profile, '--target', asked, ...(linux ? ['--cross-compile'] : [])]
  const path = linux ? [zig(), process.env.PATH].join(delimiter) : process.env.PATH
  return run(
    /** @type {string} */ (program),
    [...leading, ...args, '--output-dir', folder, '--', '--locked'],
    { ...withoutPaths(target), PATH: path },
  )
}

/** The folder with zig's programs, in exactly the versions of requirements.txt. Installed once, into `target/zig`. */
function zig() {
  const venv = join(ROOT, 'target/zig')
  const programs = join(venv, 'bin')
  if (existsSync(join(programs, 'cargo-zigbuild'))) return programs
  const requirements = join(ROOT, 'scripts/release/requirements.txt')
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes']
  const done =
    run('python3', ['-m', 'venv', venv]) || run(join(programs, 'python3'), [...install, '-r', requirements])
  if (done !== 0) process.exit(1)
  return programs
}

/**
 * The environment that gives the folders of this machine the same names as on any other. Compiled code of the standard
 * library has such names already; the paths of code that is inlined from it into this crate are mapped here.
 */
function withoutPaths(/** @type {string} */ target) {
  const folders = [
    [rustc('--print', 'sysroot'), '/rust'],
    [process.env.CARGO_HOME ?? join(homedir(), '.cargo'), '/cargo'],
    [ROOT, '/duo-provision'],
  ]
  const rustFlags = folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
  if (target.endsWith('-musl')) rustFlags.push('-Ctarget-feature=-crt-static')
  const cFlags = folders.map(([from, to]) => `'-ffile-prefix-map=${from}=${to}'`)
  return {
    CARGO_ENCODED_RUSTFLAGS: rustFlags.join('\x1f'),
    MACOSX_DEPLOYMENT_TARGET: '11.0',
    ...(target.includes('-windows-')
      ? {}
      : { CC_SHELL_ESCAPED_FLAGS: '1', [`CFLAGS_${target.replaceAll('-', '_')}`]: cFlags.join(' ') }),
  }
}

function hostTriple() {
  return rustc('--print', 'host-tuple')
}

/** Runs a program that shares the output of this one, and returns its exit code. */
function run(
  /** @type {string} */ program,
  /** @type {string[]} */ args,
  /** @type {NodeJS.ProcessEnv} */ environment = {},
) {
  const env = { ...process.env, ...environment }
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env })
  if (error) process.stderr.write(`error: ${program}: ${error.message}\n`)
  return status ?? 1
}

/** What rustc prints, without surrounding whitespace. */
function rustc(/** @type {string[]} */ ...args) {
  const { status, stdout, error } = spawnSync('rustc', args, { cwd: ROOT, encoding: 'utf8' })
  if (status === 0) return stdout.trim()
  process.stderr.write(`error: rustc ${args.join(' ')} failed${error ? `: ${error.message}` : ''}\n`)
  process.exit(1)
}
