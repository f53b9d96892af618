/** Reads the kernel's log: what it says of the devices in its ports, and of its own defects. */
import { closeSync, constants, openSync, readSync } from 'node:fs'

/** How a message about a defect begins. */
const COMPLAINT = /^(WARNING:|BUG:|Oops|general protection|INFO: task .* blocked)/

/** @typedef {{ path: string, number: number }} AnyPort a port's path, and its number on the controller's hub */

export class KernelLog {
  #file = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
  /** @type {string[]} */
  #ofDevices = []
  /** @type {string[]} */
  #complaints = []

  /** Reads the log from now on. */
  constructor() {
    this.#read()
    this.#ofDevices = []
    this.#complaints = []
  }

  /** Whether the kernel has said this of a port, or of the device in it, since the port was last forgotten. */
  said(/** @type {RegExp} */ what, /** @type {AnyPort} */ port) {
    this.#read()
    return this.#ofDevices.some((line) => about(port).test(line) && what.test(line))
  }

  /** Forgets what the kernel has said of a port. */
  forget(/** @type {AnyPort} */ port) {
    this.#read()
    this.#ofDevices = this.#ofDevices.filter((line) => !about(port).test(line))
  }

  /** What the kernel has said of its own defects. */
  complaints() {
    this.#read()
    return this.#complaints
  }

  close() {
    closeSync(this.#file)
  }

  /** One record a read: `priority,number,time,flags;text`. */
  #read() {
    const record = Buffer.alloc(8192)
    for (;;) {
      try {
        const length = readSync(this.#file, record)
        if (length === 0) return
        this.#note(record.toString('utf8', 0, length).replace(/^[^;]*;/, ''))
      } catch (error) {
        const { code } = /** @type {NodeJS.ErrnoException} */ (error)
        // EPIPE: the log has dropped old records; the next read continues after the gap.
        if (code === 'EAGAIN') return
        if (code !== 'EPIPE') throw error
      }
    }
  }

  #note(/** @type {string} */ line) {
    if (line.startsWith('usb ')) this.#ofDevices.push(line)
    if (COMPLAINT.test(line)) this.#complaints.push(line.trimEnd())
  }
}

function about(/** @type {AnyPort} */ { path, number }) {
  return new RegExp(`^usb (?:${path}|usb1-port${number + 1}): `)
}
