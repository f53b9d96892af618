/**
 * The lane on a real USB stack, host side: boots a machine whose kernel has a virtual USB host controller and
 * runs the `*.lane.mjs` tests beside this file in it, against this working tree and this machine's own Node.
 *
 *   node __test__/usb/lane.mjs [--console] [FILE.lane.mjs]…
 *
 * Status 0: all passed. 1: something failed. 77: this machine cannot run it; the last line says why.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureAddon, ensureDependencies } from '../../scripts/prepare.mjs'
import { canariesOf } from '../secrets/folders.mjs'
import { kernel } from './host/kernel.mjs'
import { boot, initramfs } from './host/machine.mjs'
import { LANE_LIMITS } from './limits.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = dirname(dirname(HERE))
const CACHE = join(ROOT, 'target/usb-lane')
const UNAVAILABLE = 77

/** The folder in the guest's share for the output of the tests. They write it to memory; it is copied when they end. */
const KEPT = 'kept'

/**
 * An emulator must translate anew all code that a just-in-time compiler writes: without one, the lane is at least a
 * tenth faster.
 */
const NO_JIT = 'NODE_OPTIONS=--jitless'

/** Programs the lane runs here or in the guest, and the Debian packages that bring them. */
const PROGRAMS = {
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  modprobe: 'kmod',
  cpio: 'cpio',
  usbip: 'usbip',
  'dfu-util': 'dfu-util',
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
}

// Exits in order, so that the machine is not left running.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

process.exitCode = await main(process.argv.slice(2))

async function main(/** @type {string[]} */ args) {
  const missing = unavailable()
  if (missing) return refuse(missing)
  const { vmlinuz, modules, problem } = findKernel()
  if (problem) return refuse(problem)

  // A build in the guest would take too long.
  ensureDependencies()
  ensureAddon()
  const out = join(CACHE, 'out')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  // Made here and now: it needs the dependencies, and in the guest nobody may write to the tree.
  const { MADE, PROGRAM } = await import('../program.mjs')
  const command = guestCommand(
    `${MADE}=${PROGRAM}`,
    chosenTests(args.filter((word) => !word.startsWith('--'))),
  )
  const busybox = /** @type {string} */ (find('busybox'))
  const archive = initramfs({ folder: join(CACHE, 'initramfs'), modules, busybox, command })
  const console = join(CACHE, 'console.log')
  const machine = { vmlinuz, archive, out, console, seconds: LANE_LIMITS.machine }
  const onConsole = (/** @type {string} */ text) => process.stderr.write(text)
  const ran = await boot(args.includes('--console') ? { ...machine, onConsole } : machine)
  process.stdout.write(`the machine ran on ${ran.on}\n`)
  takeOver(out)
  return report(out, ran.ended, ran.consoleText)
}

/** Copies the output of the tests, and the secrets that must not be in it, for the step that scans the output. */
function takeOver(/** @type {string} */ out) {
  const output = process.env['DUO_PROVISION_TEST_OUTPUT']
  for (const [from, to] of [
    [join(out, KEPT), output],
    [canariesOf(join(out, KEPT)), output && canariesOf(output)],
  ]) {
    if (to && from && existsSync(from)) cpSync(from, join(to, 'usb'), { recursive: true })
    if (from) rmSync(from, { recursive: true, force: true })
  }
}

/** Prints what the tests said. If they did not finish, also prints the end of the machine's console. */
function report(/** @type {string} */ out, /** @type {string} */ ended, /** @type {string} */ consoleText) {
  process.stdout.write(read(join(out, 'report')) ?? '')
  const status = read(join(out, 'status'))?.trim()
  if (ended === 'power-off' && status !== undefined) return status === '0' ? 0 : 1
  process.stdout.write(
    `\nThe machine did not finish the tests: ${ended === 'timeout' ? `no end after ${LANE_LIMITS.machine} s` : ended}.\n` +
      `The end of its console:\n${printable(consoleText).trimEnd().split('\n').slice(-40).join('\n')}\n`,
  )
  return 1
}

/** What the guest runs: node's test runner, one file at a time since they share the bus. */
function guestCommand(/** @type {string} */ program, /** @type {string[]} */ tests) {
  const runner = [process.execPath, ...['--test', '--test-concurrency=1', '--test-reporter=spec'], ...tests]
  const limited = `timeout -k 5 ${LANE_LIMITS.tests} "$@" >/run/lane/report 2>&1`
  // Without the output, nothing could be said of the secrets in it.
  const script = `cd "$0" && mkdir /run/${KEPT} && export ${NO_JIT} DUO_PROVISION_TEST_OUTPUT=/run/${KEPT} ${program} && ${limited}; status=$?; cp -r /run/${KEPT}* /run/lane/ || status=1; echo $status >/run/lane/status`
  return ['/bin/sh', '-c', script, ROOT, ...runner]
}

function chosenTests(/** @type {string[]} */ names) {
  if (names.length > 0) return names.map((name) => resolve(name))
  return readdirSync(HERE)
    .filter((name) => name.endsWith('.lane.mjs'))
    .sort()
    .map((name) => join(HERE, name))
}

/** Why this machine cannot run the lane, or undefined. */
function unavailable() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'the lane needs Linux on x86-64 (it shows this machine’s programs to an emulated one)'
  const packages = Object.entries(PROGRAMS).filter(([program]) => !find(program))
  if (packages.length > 0)
    return `the lane needs Debian’s packages ${packages.map(([, name]) => name).join(', ')}`
  return undefined
}

function findKernel() {
  try {
    return { ...kernel(CACHE), problem: undefined }
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').join(' ') : String(error)
    return { vmlinuz: '', modules: [], problem: `no kernel for the lane could be fetched: ${reason}` }
  }
}

function refuse(/** @type {string} */ reason) {
  process.stdout.write(`${reason}\n`)
  return UNAVAILABLE
}

/** Finds a program on the PATH, or in the folders that only root has on its PATH. */
function find(/** @type {string} */ program) {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path))
}

/** A console's text without its escape sequences and carriage returns. */
function printable(/** @type {string} */ text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
  return text.replace(/\u001b(?:\[[0-9;?]*[A-Za-z]|c)|\r/g, '')
}

function read(/** @type {string} */ path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
