/** `demo`: shows what happens to a Duo's key, on a virtual Duo and a local cloud. Needs no hardware and no account. */
import { createHash, createPublicKey } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  backupKey,
  LocalCloud,
  listDevices,
  provision,
  resetKey,
  restoreKey,
  VirtualDuo,
} from '../../index.js'
import { report } from './report.mjs'
import { hanging } from './words.mjs'

/** @typedef {import('./output.mjs').Output} Output */

/** How long a virtual Duo may take to restart, in milliseconds. */
const RESTART_MS = 20_000

/** @returns {Promise<number>} the exit code */
export async function demo(/** @type {Output} */ output) {
  const folder = await mkdtemp(join(tmpdir(), 'duo-provision-demo-'))
  // The demo writes a journal too, but not into the user's own.
  for (const name of ['HOME', 'XDG_DATA_HOME', 'LOCALAPPDATA']) process.env[name] = folder
  delete process.env['SUDO_UID']
  /** @type {VirtualDuo | undefined} */
  let duo
  /** @type {LocalCloud | undefined} */
  let cloud
  try {
    duo = await VirtualDuo.start()
    cloud = await LocalCloud.start()
    const same = await tell(duo, cloud, folder, output)
    return same ? 0 : 1
  } catch (error) {
    return report(error, output)
  } finally {
    await Promise.all([duo?.stop(), cloud?.stop()])
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * @param {VirtualDuo} duo
 * @param {LocalCloud} cloud
 * @param {string} folder
 * @param {Output} output
 */
async function tell(duo, cloud, folder, output) {
  const { paint } = output
  const usb = { usbip: duo.address, archive: join(folder, 'archive') }
  const short = (/** @type {string | undefined} */ fingerprint) =>
    paint('cyan', fingerprint?.slice(0, 8) ?? 'no key')
  /** @type {(typed: string, seen: string) => void} */
  const tellStep = (typed, seen) => {
    if (!output.json) output.print(`${paint('bold', `$ duo-provision ${typed}`)}\n    ${hanging(seen, 4)}`)
  }
  if (!output.json) {
    output.print(
      hanging(
        'A virtual Duo and a local cloud, in this process: no hardware, no USB, nothing leaves this machine.',
        0,
      ),
    )
    output.print(
      hanging(
        'The Duo is reached in-process over USB/IP on loopback; with a real one the commands are the same.\n',
        0,
      ),
    )
  }

  const { devices } = await listDevices({ usbip: duo.address })
  const device = devices[0]?.device
  const id = device?.deviceId ?? ''
  tellStep(
    'list',
    `Duo ${id} at ${device?.path}, bootloader ${device?.bootloader}, key ${short(devices[0]?.key?.fingerprint)}`,
  )

  const file = join(folder, 'duo.der')
  const saved = await backupKey({ usbip: duo.address, file })
  tellStep(
    'backup duo.der',
    `read twice, saved for its owner alone: duo.der, duo.pub.pem, duo.json; key ${short(saved.fingerprint)}`,
  )

  const sent = await provision({
    deviceId: id,
    fromDevice: true,
    usbip: duo.address,
    apiUrl: cloud.url,
    token: cloud.token,
  })
  const held = () => fingerprintOf(cloud.provisioned().find((known) => known.deviceId === id)?.publicKey)
  tellStep(
    `${id} --from-device`,
    `Success - Device Provisioned! The Duo has the key ${short(sent.fingerprint)}, the cloud its public half ${short(held())}`,
  )

  const boots = duo.duos()[0]?.boots ?? 0
  const erased = await resetKey(usb)
  const renewed = await restarted(duo, boots)
  tellStep(
    'reset',
    `backup ${basename(erased.backupFile ?? '')}; restarted, and made a new key: ${short(renewed)}`,
  )

  const restored = await restoreKey({ ...usb, file, leave: true })
  tellStep(
    'restore duo.der --leave',
    `the key ${short(renewed)} was backed up first; wrote ${short(restored.fingerprint)} and read it back`,
  )

  await restarted(duo, boots + 1)
  const after = (await listDevices({ usbip: duo.address })).devices[0]?.key?.fingerprint
  const same = after === saved.fingerprint && after === held()
  tellStep(
    'list',
    `key ${short(after)}: ${same ? paint('green', 'the same key as at the start, and the cloud still knows it') : 'ANOTHER key'}`,
  )
  output.result('demo', { deviceId: id, first: saved.fingerprint, renewed, last: after, same })
  return same
}

/** The fingerprint of a public key: SHA-256 of its SubjectPublicKeyInfo. */
function fingerprintOf(/** @type {string | undefined} */ pem) {
  if (pem === undefined) return undefined
  const der = createPublicKey(pem).export({ format: 'der', type: 'spki' })
  return createHash('sha256').update(der).digest('hex')
}

/** Waits until the Duo has started once more and is back in DFU mode; returns its key's fingerprint. */
async function restarted(/** @type {VirtualDuo} */ duo, /** @type {number} */ before) {
  const deadline = performance.now() + RESTART_MS
  for (;;) {
    const [state] = duo.duos()
    if (state && state.presence === 'dfu' && state.boots > before) return state.fingerprint
    if (performance.now() > deadline) throw new Error('the virtual Duo did not come back')
    await pause(20)
  }
}
