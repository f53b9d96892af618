/** The compilers of a release: what cargo is told, so that an addon needs no newer C library, and contains no path of this machine. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ROOT } from '../prepare.mjs'
import { GLIBC_FLOOR } from './glibc.mjs'

/**
 * What cargo, and napi, are given for a target. `zig` says whether zig links it: then `cargo-zigbuild` takes cargo's
 * place, and `triple` names the oldest C library.
 * @returns {{ triple: string, zig: boolean, env: NodeJS.ProcessEnv }}
 */
export function toolchain(/** @type {string} */ target) {
  const zig = target.includes('-linux-')
  const triple = target.includes('-linux-gnu') ? `${target}.${GLIBC_FLOOR}` : target
  const PATH = zig ? [zigPrograms(), process.env.PATH].join(delimiter) : process.env.PATH
  return { triple, zig, env: { ...process.env, ...withoutPaths(target), PATH } }
}

/** The folder with zig's programs, in exactly the versions of requirements.txt. Installed once, into `target/zig`. */
function zigPrograms() {
  const venv = join(ROOT, 'target/zig')
  const programs = join(venv, 'bin')
  if (existsSync(join(programs, 'cargo-zigbuild'))) return programs
  const requirements = join(ROOT, 'scripts/release/requirements.txt')
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes']
  must('python3', ['-m', 'venv', venv])
  must(join(programs, 'python3'), [...install, '-r', requirements])
  return programs
}

/**
 * The environment that gives the folders of this machine the same names as on any other. Compiled code of the standard
 * library has such names already; the paths of code that is inlined from it into this crate are mapped here.
 */
function withoutPaths(/** @type {string} */ target) {
  const folders = [
    [must('rustc', ['--print', 'sysroot']), '/rust'],
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

export function hostTriple() {
  return must('rustc', ['--print', 'host-tuple'])
}

/** What a program prints, without surrounding whitespace. Throws if the program fails. */
function must(/** @type {string} */ program, /** @type {string[]} */ args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' })
  if (status === 0) return stdout.trim()
  throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? stderr.trim()}`)
}
