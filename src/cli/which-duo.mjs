/** Lets the user choose one of several Duos, if the options do not select one. */
import * as api from '../../index.js'
import { canChoose, choose } from './choose.mjs'
import { BOARDS } from './layout.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').ListedDuo} ListedDuo */

/**
 * The port of the chosen Duo; `undefined` if there is nothing to choose, or no terminal to choose on.
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

/** Asks for one of these Duos. Returns its port, or `undefined` or `INTERRUPTED` as `choose` does. */
export async function chosen(/** @type {ListedDuo[]} */ devices, /** @type {Output} */ output) {
  output.progress.stop()
  const choices = devices.map((duo) => ({ text: duo.path, aside: describe(duo) }))
  const index = await choose('Which Duo?', choices, output)
  return index === undefined || index < 0 ? index : devices[index]?.path
}

/** Describes a Duo in one line. */
export function describe(/** @type {ListedDuo} */ { device, key, problem }) {
  const board = BOARDS[device?.board ?? 'duo']
  const id = device?.deviceId ?? 'id not told (r3, r4)'
  const holds = key?.fingerprint
    ? `key ${key.fingerprint.slice(0, 8)}`
    : (key?.description ?? problem?.code ?? '')
  return `${device?.simulated ? 'virtual ' : ''}${board} ${id}, ${holds}`
}
