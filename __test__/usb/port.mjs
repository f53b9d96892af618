/**
 * A port of the kernel's virtual host controller, and the cable in it: imports a Duo from a USB/IP server and
 * hands the connection to the kernel, as `usbip attach` does, but into a port of its own choice, so that a Duo
 * that comes back comes back under the same path. Knows USB/IP's import and the kernel's files; nothing of DFU.
 */
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until, usable } from './lab.mjs'

const CONTROLLER = '/sys/devices/platform/vhci_hcd.0'
/** The state of a port without a device, in the controller's `status` (`vhci_hcd.h`, VDEV_ST_NULL). */
const FREE = '004'

/** USB/IP (the kernel's usbip_protocol.rst): OP_REQ_IMPORT, and where its reply has what the kernel wants. */
const IMPORT = { version: 0x0111, code: 0x8003, length: 40, busid: 8 }
const REPLY = { status: 4, refused: 8, length: 320, bus: 296, device: 300, speed: 304 }

/** How often a Duo that is not there is asked for, in milliseconds. */
const ASK_AGAIN = 20

/** How long a kernel may take over a device that it cannot use before it is taken to have given up. */
const ENUMERATION_LIMIT = 20_000

/** What the kernel says when it is done with a device and has not configured it. */
const GIVEN_UP = /unable to enumerate USB device|no configuration chosen|can't set config/

export class Port {
  #address
  #busid
  #plugged = false
  /** @type {Promise<void>} */
  #keeper = Promise.resolve()

  /**
   * @param {number} number of the port on the controller's full-speed hub, from 0
   * @param {string} address of the USB/IP server
   * @param {string} busid what that server calls the Duo
   */
  constructor(number, address, busid) {
    this.number = number
    this.path = `1-${number + 1}`
    this.#address = address
    this.#busid = busid
  }

  /** Plugs the cable in. From now on the Duo is on the bus whenever it wants to be, as behind a real hub. */
  plugIn() {
    if (this.#plugged) return
    this.#plugged = true
    this.#keeper = this.#keep()
  }

  /** Pulls the cable, and waits until the kernel has noticed. */
  async pull() {
    this.#plugged = false
    await this.#keeper
    if (!this.isFree()) writeFileSync(join(CONTROLLER, 'detach'), `${this.number}`)
    await until(`port ${this.number} to become free`, () => this.isFree())
    await this.whenGone()
  }

  /** Waits until the Duo can be used. */
  async whenUsable() {
    await until(`the kernel to configure ${this.path}`, () => usable(this.path))
  }

  /** Waits until the Duo can be used, or the kernel has given it up; true in the first case. */
  async whenSettled(/** @type {KernelLog} */ log) {
    const deadline = performance.now() + ENUMERATION_LIMIT
    while (!usable(this.path)) {
      if (log.said(GIVEN_UP, this) || performance.now() > deadline) return false
      await pause(ASK_AGAIN)
    }
    return true
  }

  /** Waits until nothing is left of the Duo. */
  async whenGone() {
    await until(`${this.path} to leave sysfs`, () => !existsSync(join('/sys/bus/usb/devices', this.path)))
  }

  isFree() {
    const status = readFileSync(join(CONTROLLER, 'status'), 'utf8')
    const number = `${this.number}`.padStart(4, '0')
    return new RegExp(`^hs +${number} +${FREE} `, 'm').test(status)
  }

  async #keep() {
    while (this.#plugged) {
      if (!this.isFree() || !(await this.#attach())) await pause(ASK_AGAIN)
    }
  }

  /** Imports the Duo, if the server gives it out at the moment. */
  async #attach() {
    const [host, port] = this.#address.split(':')
    const socket = connect({ host: host ?? '', port: Number(port), noDelay: true })
    try {
      const reply = await imported(socket, this.#busid)
      if (!reply) return false
      const id = (reply.readUInt32BE(REPLY.bus) << 16) | reply.readUInt32BE(REPLY.device)
      // The kernel takes the connection over by its descriptor, which Node has no public name for.
      const { fd } = /** @type {any} */ (socket)._handle
      const speed = reply.readUInt32BE(REPLY.speed)
      writeFileSync(join(CONTROLLER, 'attach'), `${this.number} ${fd} ${id} ${speed}`)
      return true
    } catch {
      // The Duo or the port was in the middle of something; the next look tells.
      return false
    } finally {
      socket.destroy()
    }
  }
}

/** The reply to an import, or undefined where the server refuses. Nothing is read beyond it. */
async function imported(/** @type {import('node:net').Socket} */ socket, /** @type {string} */ busid) {
  const request = Buffer.alloc(IMPORT.length)
  request.writeUInt16BE(IMPORT.version, 0)
  request.writeUInt16BE(IMPORT.code, 2)
  request.write(busid, IMPORT.busid)
  socket.write(request)
  let reply = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    reply = Buffer.concat([reply, chunk])
    const refused = reply.length >= REPLY.refused && reply.readUInt32BE(REPLY.status) !== 0
    if (refused) return undefined
    if (reply.length >= REPLY.length) break
  }
  socket.pause()
  return reply.length === REPLY.length ? reply : undefined
}

/** What the kernel says, from now on. */
export class KernelLog {
  #file = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
  /** @type {string[]} */
  #lines = []

  constructor() {
    this.#read()
    this.#lines = []
  }

  /** Whether it has said this of the device in a port, or of the port, since it was last asked to forget. */
  said(/** @type {RegExp} */ what, /** @type {{ path: string, number: number }} */ { path, number }) {
    this.#read()
    const about = new RegExp(`usb (?:${path}|usb1-port${number + 1}): `)
    return this.#lines.some((line) => about.test(line) && what.test(line))
  }

  /** Forgets what it has said of one port. */
  forget(/** @type {{ path: string, number: number }} */ { path, number }) {
    this.#read()
    const about = new RegExp(`usb (?:${path}|usb1-port${number + 1}): `)
    this.#lines = this.#lines.filter((line) => !about.test(line))
  }

  /** Every line so far that was not forgotten. */
  lines() {
    this.#read()
    return this.#lines
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
        this.#lines.push(record.toString('utf8', 0, length).replace(/^[^;]*;/, '').trimEnd())
      } catch (error) {
        const { code } = /** @type {NodeJS.ErrnoException} */ (error)
        // EPIPE: it has said more than it remembers; the next read goes on behind the gap.
        if (code === 'EAGAIN') return
        if (code !== 'EPIPE') throw error
      }
    }
  }
}
