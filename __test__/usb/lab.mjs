/**
 * The lab, guest side: virtual Duos on the kernel's real USB bus. Starts the simulator as a USB/IP server, plugs its
 * Duos into the kernel's virtual host controller and pulls them out again, and runs the programs under test. Knows the
 * kernel's and usbip's files; knows nothing of DFU or of keys.
 *
 * Nothing here sleeps for a fixed time: every wait ends when a change can be seen, and has a deadline.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { PROGRAM } from '../program.mjs'
import { canaryText, keepFolder, keepText } from '../secrets/keep.mjs'
import { COMMAND_LIMIT, PATIENCE, TEST_LIMIT } from './limits.mjs'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The USB/IP port: usbip's own, so that `usbip attach` needs no option. */
const USBIP_PORT = 3240

const VHCI = '/sys/devices/platform'
const USBIP_RECORDS = '/var/run/vhci_hcd'

/** How the simulator is started; this is the only place that knows. */
function simulatorCommand(/** @type {Required<LabOptions>} */ { duos, board, generation, mode }) {
  return [
    ...[process.execPath, PROGRAM, 'simulate'],
    ...['--duos', `${duos}`, '--board', board, '--bootloader', generation, '--mode', mode],
    ...['--usbip', `${USBIP_PORT}`, '--full'],
  ]
}

/** The simulator's announcement of one Duo. The fingerprint is the SHA-256 of its SubjectPublicKeyInfo. */
const ANNOUNCEMENT = /^duo (?<busid>\S+) id (?<id>[0-9a-f]{24}) fingerprint (?<fingerprint>[0-9a-f]{64})$/gm

function announced(/** @type {string} */ text) {
  return [...text.matchAll(ANNOUNCEMENT)].map(
    ({ groups }) => /** @type {{ busid: string, id: string, fingerprint: string }} */ ({ ...groups }),
  )
}

/** The simulator's announcement of its cloud. */
function announcedCloud(/** @type {string} */ text) {
  const { url = '', token = '' } = text.match(/^cloud (?<url>\S+) token (?<token>\S+)$/m)?.groups ?? {}
  return { url, token }
}

/**
 * Without options: one r6 Duo that is always in DFU mode.
 * @typedef {object} LabOptions
 * @property {number} [duos]
 * @property {'duo' | 'photon' | 'p1' | 'electron'} [board]
 * @property {'r3' | 'r4' | 'r5' | 'r6'} [generation]
 * @property {'dfu' | 'normal'} [mode]
 */

/**
 * A Duo as the kernel sees it.
 * @typedef {object} PluggedDuo
 * @property {string} busid what the simulator calls it, such as `1-1`
 * @property {string} path bus and port on this machine, as dfu-util and `--path` write them
 * @property {number} port of the virtual host controller
 */

/**
 * A test with virtual Duos. None of them is plugged in yet.
 * @param {string} name
 * @param {LabOptions} options
 * @param {(lab: Awaited<ReturnType<typeof openLab>>) => Promise<void>} body
 */
export function labTest(name, options, body) {
  return test(name, { timeout: TEST_LIMIT }, async (t) => body(await openLab(t, options)))
}

/**
 * Starts the simulator for one test and stops it, unplugging everything, when the test ends.
 * @param {import('node:test').TestContext} t
 * @param {LabOptions} options
 */
async function openLab(t, { duos = 1, board = 'duo', generation = 'r6', mode = 'dfu' }) {
  const [program, ...args] = simulatorCommand({ duos, board, generation, mode })
  const simulator = spawn(/** @type {string} */ (program), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { text: '' }
  for (const stream of [simulator.stdout, simulator.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said.text += text
    })
  }
  const folder = mkdtempSync('/tmp/lane-')
  const gone = new Promise((resolve) => simulator.once('close', resolve))
  t.after(async () => {
    for (const { port } of plugged()) await unplug(port)
    simulator.kill('SIGINT')
    const stopped = await Promise.race([gone, pause(PATIENCE, 'still there', { ref: false })])
    keepFolder(folder, inputs(folder))
    rmSync(folder, { recursive: true })
    if (stopped !== 'still there') return
    simulator.kill('SIGKILL')
    throw new Error(`the simulator ignored SIGINT; it had said:\n${said.text}`)
  })
  simulator.once('error', (error) => {
    said.text += error.message
  })
  await until(
    () => `the simulator to list its Duos; it said: ${said.text}`,
    () => {
      if (simulator.pid === undefined || simulator.exitCode !== null) throw new Error(said.text)
      return announced(said.text).length === duos && announcedCloud(said.text).url !== ''
    },
  )

  canaryText('the lane’s token', announcedCloud(said.text).token)
  return {
    /** A folder for this test's files; gone when it ends. */
    folder,
    /** What the simulator says of its Duos, in the order of their bus ids. */
    duos: announced(said.text),
    /** The simulator's local cloud. */
    cloud: announcedCloud(said.text),
    /** Its USB/IP server. */
    address: `127.0.0.1:${USBIP_PORT}`,
    attach,
    detach: (/** @type {PluggedDuo} */ duo) => unplug(duo.port),
    waitUntilGone,
  }
}

/**
 * Plugs a Duo of the simulator in and waits until the kernel has configured it. The server refuses a Duo that is
 * restarting, so this asks again until the deadline.
 * @param {string} [busid]
 * @returns {Promise<PluggedDuo>}
 */
export async function attach(busid = '1-1') {
  await until(`usbip to attach ${busid}`, async () => {
    const { status } = await run('usbip', ['attach', '--remote', '127.0.0.1', '--busid', busid])
    return status === 0
  })
  return until(`the kernel to configure ${busid}`, () => {
    const duo = plugged().find((candidate) => candidate.busid === busid)
    return duo && usable(duo.path) ? duo : undefined
  })
}

/** Waits until a Duo has left the bus by itself and its port is free. */
export async function waitUntilGone(/** @type {PluggedDuo} */ { port, path }) {
  await until(`${path} to leave the bus`, () => portsInUse().every((used) => used.port !== port))
  await until(`${path} to leave sysfs`, () => !existsSync(join('/sys/bus/usb/devices', path)))
}

/**
 * Runs the real dfu-util.
 * @param {string[]} args
 */
export function dfuUtil(...args) {
  return run('dfu-util', args)
}

/**
 * Runs the command-line tool of this working tree.
 * @param {string[]} args
 * @param {{ input?: string, env?: Record<string, string> }} [options]
 */
export function duoProvision(args, options) {
  const ended = run(process.execPath, [PROGRAM, ...args], options)
  return ended.then((said) => {
    keepText('lane', [args.join(' '), said.stdout, said.stderr].join('\n'))
    return said
  })
}

/**
 * The files that a test, or dfu-util for it, has put into its folder. The tool's own files have a manifest beside them.
 */
function inputs(/** @type {string} */ folder) {
  const own = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
  const made = (/** @type {string} */ path) =>
    /\.(json|pub\.pem)$/.test(path) || (path.endsWith('.der') && existsSync(path.replace(/der$/, 'json')))
  return own.map(({ name }) => join(folder, name)).filter((path) => !made(path))
}

/**
 * Runs a program to its end, or kills it at the limit; a failing status is a result, not an error.
 * @param {string} program
 * @param {string[]} args
 * @param {{ input?: string, env?: Record<string, string> }} [options]
 * @returns {Promise<{ status: number | string, stdout: string, stderr: string }>} status is the signal's
 *   name if a signal ended it
 */
export function run(program, args, { input = '', env = {} } = {}) {
  const options = {
    encoding: /** @type {const} */ ('utf8'),
    timeout: COMMAND_LIMIT,
    killSignal: /** @type {const} */ ('SIGKILL'),
    env: { ...process.env, ...env },
  }
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error && typeof error.code === 'string') reject(error)
      else resolve({ status: error?.signal ?? error?.code ?? 0, stdout, stderr })
    })
    child.stdin?.on('error', () => {}).end(input)
  })
}

/**
 * Asks until the answer is truthy, and returns it.
 * @template T
 * @param {string | (() => string)} what for the message when the deadline passes
 * @param {() => T | Promise<T>} ask
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, ask) {
  const deadline = performance.now() + PATIENCE
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > deadline) {
      throw new Error(`waited ${PATIENCE / 1000} s for ${typeof what === 'string' ? what : what()}`)
    }
    await pause(50)
  }
}

/** Unplugs a Duo and waits until its port is free. */
async function unplug(/** @type {number} */ port) {
  await run('usbip', ['detach', '--port', `${port}`])
  await until(`port ${port} to become free`, () => portsInUse().every((used) => used.port !== port))
}

/** Every Duo on the virtual host controllers, by usbip's own record of what was attached to which port. */
function plugged() {
  return portsInUse().flatMap(({ port, path }) => {
    const record = join(USBIP_RECORDS, `port${port}`)
    if (!existsSync(record)) return []
    const busid = readFileSync(record, 'utf8').trim().split(' ').at(-1)
    return busid ? [{ port, path, busid }] : []
  })
}

/** The controllers' ports that hold a device: `hub port sta spd dev sockfd local_busid`, sta 004 being free. */
function portsInUse() {
  return readdirSync(VHCI)
    .filter((name) => name.startsWith('vhci_hcd.'))
    .flatMap((controller) => {
      const status = `status${controller === 'vhci_hcd.0' ? '' : controller.slice('vhci_hcd'.length)}`
      const file = join(VHCI, 'vhci_hcd.0', status)
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(1) : []
    })
    .map((line) => line.trim().split(/\s+/))
    .filter(([hub, , state]) => hub && state !== '004')
    .map((fields) => ({ port: Number(fields[1]), path: fields[6] ?? '' }))
}

/** Whether the kernel has read a device's descriptors, configured it, and made its node. */
export function usable(/** @type {string} */ path) {
  const device = join('/sys/bus/usb/devices', path)
  if (!existsSync(join(device, `${path}:1.0`))) return false
  const number = (/** @type {string} */ name) =>
    readFileSync(join(device, name), 'utf8').trim().padStart(3, '0')
  try {
    return existsSync(`/dev/bus/usb/${number('busnum')}/${number('devnum')}`)
  } catch {
    // The device left between the check and the read.
    return false
  }
}
