/** Linux: musl in a root folder of its own, and ARM in qemu. */
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toolchain } from '../release/toolchain.mjs'
import { compiledTests } from './core.mjs'
import { unpacked } from './debian.mjs'
import { node } from './node.mjs'
import { CACHE, ran } from './programs.mjs'
import { ofNode } from './results.mjs'
import { ranIn } from './root.mjs'
import { standardLibrary } from './rust.mjs'

/** @typedef {import('./programs.mjs').Ended} Ended */

/** Linux on x64 with musl as its only C library, busybox and bash: packages of Debian in a root folder of their own. */
export const MUSL_X64 = linux('x86_64-unknown-linux-musl', 'linux-x64-musl', async (env) => {
  const packages = ['bash-static', 'busybox-static', 'musl']
  const root = await unpacked('musl-x64', { release: 'trixie', processor: 'amd64', packages, alone: true })
  if (!existsSync(join(root, 'bin'))) {
    for (const name of ['bin', 'lib']) symlinkSync(join('usr', name), join(root, name))
    symlinkSync('bash-static', join(root, 'usr/bin/bash'))
    await ranIn(root, {}, ['/usr/bin/busybox', '--install', '-s', '/usr/bin'])
  }
  const start = (/** @type {string[]} */ command) =>
    ranIn(root, { HOME: '/tmp', PATH: '/usr/bin', ...env }, command)
  return { start, node: await node('linux-x64-musl') }
})

/** The packages of the system that qemu shows to a program of the platform. */
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
 * In qemu's user mode, a program that cannot be started is a child that ends with status 127: a new process has a copy
 * of its parent's memory, and not the memory itself, so it cannot tell the parent why.
 */
const BEYOND_QEMU = ['workflow::udev::a_failure_of_udev_is_told_and_is_no_success']

/**
 * ARM in qemu-user. If a test starts Node again, it starts a script, which starts qemu.
 * @param {string} target
 * @param {keyof typeof ARM} name
 */
export function arm(target, name) {
  const { processor, packages, alone } = ARM[name]
  const system = linux(target, name, async (env) => {
    const qemu = await unpacked('qemu', {
      release: 'bookworm',
      processor: 'amd64',
      packages: ['qemu-user-static'],
      alone: true,
    })
    const root = await unpacked(name, { release: 'trixie', processor, packages: [...packages], alone })
    if (!existsSync(join(root, 'lib'))) symlinkSync('usr/lib', join(root, 'lib'))
    // Where there is one of these, qemu shows it in place of this machine's.
    for (const name of ['dev', 'home', 'proc', 'root', 'run', 'sys', 'tmp'])
      rmSync(join(root, name), { recursive: true, force: true })
    // The loader reads it to find out which C library the system has, and would read this machine's.
    if (name.endsWith('-musl')) writeFileSync(join(root, 'usr/bin/ldd'), '# musl\n')
    const folder = join(CACHE, `run-${name}`)
    mkdirSync(folder, { recursive: true })
    const [script, preload] = [join(folder, 'node'), join(folder, 'exec-path.cjs')]
    const emulator = join(qemu, `usr/bin/qemu-${processor === 'arm64' ? 'aarch64' : 'arm'}-static`)
    const program = name === 'linux-arm-gnueabihf' ? join(root, 'usr/bin/node') : await node(name)
    writeFileSync(script, `#!/bin/sh\nexec ${emulator} -L ${root} ${program} "$@"\n`)
    chmodSync(script, 0o755)
    writeFileSync(preload, `process.execPath = ${JSON.stringify(script)}\n`)
    const start = (/** @type {string[]} */ command) => {
      const [first = '', ...args] = command[0] === script ? command : [emulator, '-L', root, ...command]
      return ran(first, args, { env: { ...env, NODE_OPTIONS: `--require ${preload}` }, seconds: 3600 })
    }
    return { start, node: script }
  })
  return { ...system, beyond: BEYOND_QEMU }
}

/**
 * @param {string} target
 * @param {string} platform
 * @param {(env?: Record<string, string>) => Promise<{ start: (command: string[]) => Promise<Ended>, node: string }>} within
 *   prepares the system, and says how to start a program in it and where its Node is
 * @returns {import('./system.mjs').System}
 */
function linux(target, platform, within) {
  const folder = join(CACHE, 'addons', target)
  const node = async (
    /** @type {string[]} */ args,
    /** @type {Record<string, string> | undefined} */ env,
  ) => {
    const { start, node } = await within(env)
    return start([node, ...args])
  }
  return {
    target,
    platform,
    compiled: async () => {
      await standardLibrary(target)
      const args = ['scripts/release/build.mjs', '--quickly', '--target', target, '--output-dir', folder]
      return { ...(await ran(process.execPath, args)), file: join(folder, `duo-provision.${platform}.node`) }
    },
    programs: async (which) => {
      const { triple, env } = toolchain(target)
      return compiledTests(which, triple, env, 'cargo-zigbuild')
    },
    start: async (command, env) => (await within(env)).start(command),
    node,
    suite: async (files, env) => ofNode(await node(['--test', '--test-reporter=tap', ...files], env)),
    path: (path) => path,
  }
}
