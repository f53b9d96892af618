/**
 * Counts a Duo's control transfers with usbmon, the kernel's own wiretap (Documentation/usb/usbmon.rst): these really
 * went over the bus. Asks neither the program under test nor the simulator.
 */
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs'

/** A submitted control transfer: `… S Co:1:005:0 s 21 01 0002 0000 04c0 …`; bus, device and bmRequestType. */
const SUBMITTED = /^\S+ \d+ S C[io]:(\d+):(\d+):0 s ([0-9a-f]{2}) /

/** bmRequestType's two type bits: 01 is "class", which is what DFU's requests are. */
const TYPE = { mask: 0x60, class: 0x20 }

/** How often the kernel's buffer, which keeps about a hundred events, is emptied, in milliseconds. */
const EMPTY_EVERY = 5

/**
 * Runs an action and counts the class requests that a Duo gets during it.
 * @template T
 * @param {import('./lab.mjs').PluggedDuo} duo
 * @param {() => Promise<T>} action must end before the Duo leaves the bus or changes its address
 * @returns {Promise<{ requests: number, result: T }>}
 */
export async function countClassRequests({ path }, action) {
  const number = (/** @type {string} */ name) =>
    Number(readFileSync(`/sys/bus/usb/devices/${path}/${name}`, 'utf8'))
  const [bus, device] = [number('busnum'), number('devnum')]
  const tap = openSync(`/sys/kernel/debug/usb/usbmon/${bus}u`, constants.O_RDONLY | constants.O_NONBLOCK)
  const heard = { text: '' }
  const timer = setInterval(() => drain(tap, heard), EMPTY_EVERY)
  try {
    const result = await action()
    // A transfer is in the buffer before its submitter learns that it has ended, so nothing can be missing now.
    drain(tap, heard)
    const requests = heard.text.split('\n').filter((line) => isClassRequest(line, bus, device)).length
    return { requests, result }
  } finally {
    clearInterval(timer)
    closeSync(tap)
  }
}

function isClassRequest(/** @type {string} */ line, /** @type {number} */ bus, /** @type {number} */ device) {
  const [, onBus, toDevice, requestType] = line.match(SUBMITTED) ?? []
  return (
    Number(onBus) === bus &&
    Number(toDevice) === device &&
    (Number.parseInt(requestType ?? '', 16) & TYPE.mask) === TYPE.class
  )
}

/** Reads until the kernel has no more. */
function drain(/** @type {number} */ tap, /** @type {{ text: string }} */ heard) {
  const chunk = Buffer.alloc(16 * 1024)
  try {
    for (;;) {
      const length = readSync(tap, chunk)
      if (length === 0) return
      heard.text += chunk.toString('latin1', 0, length)
    }
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error
  }
}
