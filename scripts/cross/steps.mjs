/** The steps of each target. A step that throws has failed. If `compiled` fails, the steps after it do not run. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { cargo } from '../cargo.mjs'
import { ROOT } from '../prepare.mjs'
import { unpacked } from './debian.mjs'
import { node } from './node.mjs'
import { CACHE, must, ran } from './programs.mjs'
import { ranIn } from './root.mjs'
import { standardLibrary, withoutLibraries } from './rust.mjs'

/** @typedef {{ passed: number, failed: number, skipped: number, output: string }} Counts */
/** @typedef {{ name: string, run: () => Promise<Counts> }} Step */

/** @type {Record<string, () => Step[]>} */
export const TARGETS = {
  'x86_64-pc-windows-msvc': () => onlyTypes('x86_64-pc-windows-msvc'),
  'aarch64-apple-darwin': () => onlyTypes('aarch64-apple-darwin'),
  'x86_64-apple-darwin': () => onlyTypes('x86_64-apple-darwin'),
  'x86_64-pc-windows-gnu': windows,
  'x86_64-unknown-linux-musl': muslX64,
  'aarch64-unknown-linux-gnu': () => arm('aarch64-unknown-linux-gnu', 'linux-arm64-gnu'),
  'aarch64-unknown-linux-musl': () => arm('aarch64-unknown-linux-musl', 'linux-arm64-musl'),
  'armv7-unknown-linux-gnueabihf': () => arm('armv7-unknown-linux-gnueabihf', 'linux-arm-gnueabihf'),
}

/** Checks types and lints of the addon and the core. Compiles no C part, and links nothing. @returns {Step[]} */
function onlyTypes(/** @type {string} */ target) {
  const clippy = async () => {
    await standardLibrary(target)
    const options = ['--quiet', '--locked', '--lib', '--target', target, ...withoutLibraries(target)]
    return yesOrNo(await ran('cargo', ['clippy', ...options, '--', '-D', 'warnings']))
  }
  return [{ name: 'types and lints', run: clippy }]
}

/** The tests of the core that take longest and depend little on the system. They are a step of their own. */
const THOROUGH = [
  'workflow::matrix',
  'workflow::secrets',
  'workflow::dct_restore_whole',
  'workflow::addresses',
  'session::',
  'dfuse::',
  'fuzz::',
]

/** Transcripts that need what Windows does not have: a pseudo-terminal of util-linux, a resolver to replace, udev. */
const NOT_ON_WINDOWS = /\b(menu|resolver|udev|widths)\.test\.mjs$/

/** Uses GNU's C compiler in place of Microsoft's, and Wine in place of Windows. @returns {Step[]} */
function windows() {
  const target = 'x86_64-pc-windows-gnu'
  const addon = 'duo-provision.win32-x64-msvc.node'
  /** The programs of the tests, by their names. @type {Record<string, string>} */
  const tests = {}
  let built = ''
  const lints = async () => {
    await standardLibrary(target)
    const options = ['--no-default-features', '--features=schema', '--all-targets', '--target', target]
    const env = await windowsTools()
    return yesOrNo(
      await ran('cargo', ['clippy', '--quiet', '--locked', ...options, '--', '-D', 'warnings'], { env }),
    )
  }
  const compile = async () => {
    const env = { ...process.env, ...(await windowsTools()) }
    await standardLibrary(target)
    // Not the tests of hostile clouds: they need sockets that close as they do on Linux.
    const core = ['--no-default-features', '--features=command-line', '--lib', '--test=core', '--no-run']
    const made = await cargo(['test', '--locked', '--target', target, ...core], env)
    for (const { name, test, executable } of made.made) if (test && executable) tests[name] = executable
    const shipped = await cargo(['build', '--locked', '--lib', '--target', target], env)
    built = shipped.made.flatMap(({ files }) => files).find((file) => file.endsWith('.dll')) ?? ''
    return sum([yesOrNo(made), yesOrNo(shipped)])
  }
  const tested = async (/** @type {string} */ name, /** @type {string[]} */ ...args) =>
    ofRust(await inWine([tests[name] ?? name, ...args]))
  const mostOfCore = async () =>
    sum([
      await tested('duo_provision'),
      await tested('core', ...THOROUGH.flatMap((name) => ['--skip', name])),
    ])
  const api = () =>
    withAddon(built, addon, async () => {
      const program = await node('win32-x64')
      const one = async (/** @type {string} */ file) =>
        ofNode(await inWine([program, '--test-reporter=tap', file]))
      return sum(await inOrder(testsIn('__test__/node'), one))
    })
  const transcripts = () =>
    withAddon(built, addon, async () => {
      const program = await node('win32-x64')
      const { MADE, PROGRAM } = await import('../../__test__/program.mjs')
      const made = { [MADE]: `Z:${PROGRAM.replaceAll('/', '\\')}` }
      const one = async (/** @type {string} */ file) =>
        ofNode(await inWine([program, '--test-reporter=tap', file], made), NOT_ON_WINDOWS.test(file))
      return sum(await inOrder(testsIn('__test__/cli'), one))
    })
  const demo = () =>
    withAddon(built, addon, async () =>
      yesOrNo(await inWine([await node('win32-x64'), 'src/cli/main.cjs', 'demo'])),
    )
  return [
    { name: 'lints', run: lints },
    { name: 'compiled', run: compile },
    { name: "the core's tests", run: mostOfCore },
    { name: 'its longest tests', run: () => tested('core', ...THOROUGH) },
    { name: '__test__/node', run: api },
    { name: 'transcripts', run: transcripts },
    { name: 'demo', run: demo },
  ]
}

/** The environment in which cargo compiles and links for Windows. napi-build needs the names that Node exports. */
async function windowsTools() {
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

/** @returns {Step[]} */
function muslX64() {
  const target = 'x86_64-unknown-linux-musl'
  const addon = 'duo-provision.linux-x64-musl.node'
  const run = async (/** @type {string[]} */ args) => {
    const packages = ['busybox-static', 'musl']
    const root = await unpacked('musl-x64', { release: 'trixie', processor: 'amd64', packages, alone: true })
    if (!existsSync(join(root, 'lib'))) symlinkSync('usr/lib', join(root, 'lib'))
    return ranIn(root, { HOME: '/tmp', PATH: '/usr/bin' }, [await node('linux-x64-musl'), ...args])
  }
  return onLinux(target, addon, run)
}

/** The packages of the system that qemu shows to a program of the target. */
const ARM = /** @type {const} */ ({
  'linux-arm64-gnu': {
    processor: 'arm64',
    packages: ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'],
    alone: true,
  },
  'linux-arm64-musl': { processor: 'arm64', packages: ['musl'], alone: true },
  // Debian's Node: PyPI has none for this platform.
  'linux-arm-gnueabihf': { processor: 'armhf', packages: ['base-files', 'nodejs'], alone: false },
})

/**
 * Uses qemu-user. If a test starts Node again, it starts a script, which starts qemu.
 * @param {string} target
 * @param {keyof typeof ARM} name
 * @returns {Step[]}
 */
function arm(target, name) {
  const { processor, packages, alone } = ARM[name]
  const addon = `duo-provision.${name}.node`
  const run = async (/** @type {string[]} */ args) => {
    const qemu = await unpacked('qemu', {
      release: 'bookworm',
      processor: 'amd64',
      packages: ['qemu-user-static'],
      alone: true,
    })
    const root = await unpacked(name, { release: 'trixie', processor, packages: [...packages], alone })
    if (!existsSync(join(root, 'lib'))) symlinkSync('usr/lib', join(root, 'lib'))
    const folder = join(CACHE, `run-${name}`)
    mkdirSync(folder, { recursive: true })
    const [script, preload] = [join(folder, 'node'), join(folder, 'exec-path.cjs')]
    const emulator = join(qemu, `usr/bin/qemu-${processor === 'arm64' ? 'aarch64' : 'arm'}-static`)
    const program = name === 'linux-arm-gnueabihf' ? join(root, 'usr/bin/node') : await node(name)
    // The loader would detect this machine's C library, which is not musl.
    const library = name.endsWith('-musl') ? `NAPI_RS_NATIVE_LIBRARY_PATH=${join(ROOT, addon)} ` : ''
    writeFileSync(script, `#!/bin/sh\n${library}exec ${emulator} -L ${root} ${program} "$@"\n`)
    chmodSync(script, 0o755)
    writeFileSync(preload, `process.execPath = ${JSON.stringify(script)}\n`)
    return ran(script, args, { env: { NODE_OPTIONS: `--require ${preload}` } })
  }
  return onLinux(target, addon, run)
}

/**
 * @param {string} target
 * @param {string} addon
 * @param {(args: string[]) => Promise<{ status: number, output: string }>} run Node of the target
 * @returns {Step[]}
 */
function onLinux(target, addon, run) {
  const folder = join(CACHE, 'addons', target)
  const compile = async () => {
    await standardLibrary(target)
    const args = ['scripts/release/build.mjs', '--quickly', '--target', target, '--output-dir', folder]
    return yesOrNo(await ran(process.execPath, args))
  }
  const api = async () => ofNode(await run(['--test', '--test-reporter=tap', ...testsIn('__test__/node')]))
  const demo = async () => yesOrNo(await run(['src/cli/main.cjs', 'demo']))
  const there = (/** @type {() => Promise<Counts>} */ work) => withAddon(join(folder, addon), addon, work)
  return [
    { name: 'compiled', run: compile },
    { name: '__test__/node', run: () => there(api) },
    { name: 'demo', run: () => there(demo) },
  ]
}

/**
 * Puts the addon where the loader looks for it while `work` runs, and then removes it.
 * @template T
 * @param {string} built
 * @param {string} addon
 * @param {() => Promise<T>} work
 */
async function withAddon(built, addon, work) {
  const place = join(ROOT, addon)
  copyFileSync(built, place)
  try {
    return await work()
  } finally {
    rmSync(place)
  }
}

/** The test files of a folder, with paths relative to the root. */
function testsIn(/** @type {string} */ folder) {
  const files = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.test.mjs'))
  return files.sort().map((file) => join(folder, file))
}

/** @returns {Promise<Counts[]>} */
async function inOrder(/** @type {string[]} */ items, /** @type {(item: string) => Promise<Counts>} */ work) {
  const all = []
  for (const item of items) {
    const counts = await work(item)
    all.push({ ...counts, output: counts.failed > 0 ? `${item}:\n${counts.output}` : '' })
  }
  return all
}

/** @returns {Counts} */
function yesOrNo(/** @type {{ status: number, output: string }} */ { status, output }) {
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0, output }
}

/** @returns {Counts} */
function ofRust(/** @type {{ status: number, output: string }} */ { status, output }) {
  const found = [
    .../** @type {any} */ (output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored;/gm)),
  ]
  return counted(status, output, found[0])
}

/** @returns {Counts} */
function ofNode(/** @type {{ status: number, output: string }} */ { status, output }, maySkipAll = false) {
  const found = /^# pass (\d+)\s+# fail (\d+)[\s\S]*?^# skipped (\d+)/m.exec(output) ?? undefined
  return counted(status, output, found, maySkipAll)
}

/** A failing status without a failed test, or no test that passed, counts as one failure. @returns {Counts} */
function counted(
  /** @type {number} */ status,
  /** @type {string} */ output,
  /** @type {string[] | undefined} */ found,
  maySkipAll = false,
) {
  const [passed = 0, failed = 0, skipped = 0] = (found ?? []).slice(1).map(Number)
  const none = passed === 0 && !(maySkipAll && skipped > 0)
  const broken = failed === 0 && (status !== 0 || none)
  return { passed, failed: broken ? 1 : failed, skipped, output }
}

/** @returns {Counts} */
function sum(/** @type {Counts[]} */ all) {
  const total = (/** @type {'passed' | 'failed' | 'skipped'} */ what) =>
    all.reduce((so_far, counts) => so_far + counts[what], 0)
  const output = all.map((counts) => (counts.failed > 0 ? counts.output : '')).join('\n')
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped'), output }
}
