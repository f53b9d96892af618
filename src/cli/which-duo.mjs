/** Which of several Duos is meant, if nothing says so and somebody is there to choose. */
import * as api from '../../index.js'
import { canChoose, choose } from './choose.mjs'
import { BOARDS } from './layout.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').ListedDuo} ListedDuo */

/**
 * The port of the Duo that is chosen; `undefined` if there is nothing to choose, or nobody.
 * @param {{ usbip?: string, path?: string, deviceId?: string }} options
 * @param {Output} output
 */
export async function choosePath({ usbip, path, deviceId }, output) {
  if (path !== undefined || !canChoose(output)) return undefined
  const { devices } = await api.listDevices({
    ...(usbip ? { usbip } : {}),
    ...(deviceId ? { deviceId } : {}),
  })
  const ready = devices.filter(isReady)
  if (ready.length < 2) return undefined
  return chosen(ready, output)
}

/** Whether it is in DFU mode. */
export const isReady = (/** @type {ListedDuo} */ { state }) => state !== 'running'

/** The port of one of these Duos, or what `choose` says. */
export async function chosen(/** @type {ListedDuo[]} */ devices, /** @type {Output} */ output) {
  output.progress.stop()
  const choices = devices.map((duo) => ({ text: duo.path, aside: describe(duo) }))
  const index = await choose('Which Duo?', choices, output)
  return index === undefined || index < 0 ? index : devices[index]?.path
}

/** A Duo in a line. */
export function describe(/** @type {ListedDuo} */ { device, key, problem }) {
  const board = BOARDS[device?.board ?? 'duo']
  const id = device?.deviceId ?? 'id not told (r3, r4)'
  const holds = key?.fingerprint
    ? `key ${key.fingerprint.slice(0, 8)}`
    : (key?.description ?? problem?.code ?? '')
  return `${device?.simulated ? 'virtual ' : ''}${board} ${id}, ${holds}`
}
