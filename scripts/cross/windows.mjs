/** Windows: GNU's C compiler in place of Microsoft's, and Wine in place of Windows. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cargo } from '../cargo.mjs'
import { compiledTests } from './core.mjs'
import { unpacked } from './debian.mjs'
import { node } from './node.mjs'
import { CACHE, must, ran } from './programs.mjs'
import { inOrder, ofNode, sum, yesOrNo } from './results.mjs'
import { ranIn } from './root.mjs'
import { standardLibrary } from './rust.mjs'

/** Transcripts that need what Windows does not have: a pseudo-terminal of util-linux, a resolver to replace, udev. */
const NOT_ON_WINDOWS = /\b(menu|resolver|udev|widths)\.test\.mjs$/

const TARGET = 'x86_64-pc-windows-gnu'

/** @type {import('./system.mjs').System} */
export const WINDOWS = {
  target: TARGET,
  platform: 'win32-x64-msvc',
  compiled: async () => {
    const { status, output, made } = await cargo(
      ['build', '--locked', '--lib', '--target', TARGET],
      await tools(),
    )
    return {
      status,
      output,
      file: made.flatMap(({ files }) => files).find((file) => file.endsWith('.dll')) ?? '',
    }
  },
  programs: async (which) => compiledTests(which, TARGET, await tools()),
  start: inWine,
  node: async (args, env) => inWine([await node('win32-x64'), ...args], env),
  // Node's own runner would start each file as a process in Wine, and its output would be lost.
  suite: async (files, env) => {
    const program = await node('win32-x64')
    const one = async (/** @type {string} */ file) =>
      ofNode(await inWine([program, '--test-reporter=tap', file], env), NOT_ON_WINDOWS.test(file))
    return sum(await inOrder(files, one))
  },
  path: (path) => `Z:${path.replaceAll('/', '\\')}`,
}

/** Checks the lints of all code, tests included, with GNU's compiler. @returns {Promise<import('./results.mjs').Counts>} */
export async function windowsLints() {
  const options = ['--no-default-features', '--features=schema', '--all-targets', '--target', TARGET]
  const args = ['clippy', '--quiet', '--locked', ...options, '--', '-D', 'warnings']
  return yesOrNo(await ran('cargo', args, { env: await tools() }))
}

/** The environment in which cargo compiles and links for Windows. napi-build needs the names that Node exports. */
async function tools() {
  await standardLibrary(TARGET)
  const folder = await unpacked('mingw', {
    release: 'bookworm',
    processor: 'amd64',
    packages: ['gcc-mingw-w64-x86-64-win32'],
  })
  const bin = join(folder, 'usr/bin')
  const tool = (/** @type {string} */ name) => join(bin, `x86_64-w64-mingw32-${name}`)
  const library = join(CACHE, 'libnode')
  if (!existsSync(join(library, 'libnode.dll.a'))) {
    mkdirSync(library, { recursive: true })
    const exported = await must(tool('objdump'), ['-p', await node('win32-x64')])
    const names = [...new Set(exported.match(/\b(?:napi|node_api)_[a-z0-9_]+/g))].sort()
    writeFileSync(join(library, 'node.def'), `LIBRARY "node.exe"\nEXPORTS\n${names.join('\n')}\n`)
    writeFileSync(join(library, 'libnode.dll'), '')
    await must(tool('dlltool'), ['-d', join(library, 'node.def'), '-l', join(library, 'libnode.dll.a')])
  }
  return {
    ...process.env,
    PATH: `${bin}:${process.env['PATH']}`,
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER: tool('gcc-win32'),
    CC_x86_64_pc_windows_gnu: tool('gcc-win32'),
    AR_x86_64_pc_windows_gnu: tool('ar'),
    LIBNODE_PATH: library,
  }
}

/** Runs a Windows program in Wine 10, which Debian 13 has. */
async function inWine(/** @type {string[]} */ command, /** @type {Record<string, string>} */ more = {}) {
  const packages = ['base-files', 'busybox-static', 'coreutils', 'dash', 'libc-bin', 'wine', 'wine64']
  const root = await unpacked('wine', { release: 'trixie', processor: 'amd64', packages })
  const prefix = join(CACHE, 'wine-prefix')
  const env = {
    HOME: '/tmp',
    // Wine reads file names in this encoding.
    LC_ALL: 'C.UTF-8',
    PATH: '/usr/lib/wine:/usr/bin:/bin',
    WINEDEBUG: '-all',
    ...more,
    WINEPREFIX: prefix,
    // In memory, where syncs are fast. Wine uses these two as TEMP and TMP.
    WINETEMP: 'Z:\\tmp',
    WINETMP: 'Z:\\tmp',
    // zlib1.dll, which Wine's own libraries need.
    WINEPATH: 'Z:\\usr\\x86_64-w64-mingw32\\lib',
  }
  const wine = '/usr/lib/wine/wine64'
  // Errors during its setup (there is no 32-bit part and no display) do not matter: programs run in spite of them.
  if (!existsSync(join(prefix, 'system.reg'))) await ranIn(root, env, [wine, 'wineboot', '--init'])
  // A process that a test starts with a PATH of its own finds it here.
  const library = 'zlib1.dll'
  const [from, to] = ['usr/x86_64-w64-mingw32/lib', 'drive_c/windows/system32']
  copyFileSync(join(root, from, library), join(prefix, to, library))
  return ranIn(root, env, [wine, ...command])
}
