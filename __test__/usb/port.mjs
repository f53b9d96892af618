/**
 * A port of the kernel's virtual host controller, and the cable in it: imports a Duo from a USB/IP server and hands the
 * connection to the kernel, as `usbip attach` does, but into a port of its own choice, so that a Duo that comes back
 * has the same path. Knows USB/IP's import and the kernel's files; nothing of DFU.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until, usable } from './lab.mjs'

const CONTROLLER = '/sys/devices/platform/vhci_hcd.0'
/** The state of a port without a device, in the controller's `status` (`vhci_hcd.h`, VDEV_ST_NULL). */
const FREE = '004'

/** USB/IP (the kernel's usbip_protocol.rst): OP_REQ_IMPORT, and where its reply has what the kernel needs. */
const IMPORT = { version: 0x0111, code: 0x8003, length: 40, busid: 8 }
const REPLY = { status: 4, refused: 8, length: 320, bus: 296, device: 300, speed: 304 }
/** A Duo that is there but is not given out: `denied`, or taken by another client. */
const REFUSED = { notAvailable: 1, busy: 2 }

/** How often a port is checked, and how often the server is asked for an absent Duo, in milliseconds. */
const ASK_AGAIN = 100

/** How long the kernel may take over a device that it cannot use. After that, it is assumed to have given up. */
const ENUMERATION_LIMIT = 10_000

/** What the kernel says when it is done with a device without configuring it. */
const GIVEN_UP = /unable to enumerate USB device|no configuration chosen|can't set config/

export class Port {
  #address
  #busid
  #plugged = false
  #isRefused = false
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

  /** Plugs the cable in. From now on the Duo itself decides when it is on the bus, as behind a real hub. */
  plugIn() {
    if (this.#plugged) return
    this.#plugged = true
    this.#isRefused = false
    this.#keeper = this.#keep()
  }

  /** Pulls the cable, and waits until the kernel has noticed. */
  async pull() {
    this.#plugged = false
    await this.#keeper
    if (!this.isFree()) this.#detach()
    await until(`port ${this.number} to become free`, () => this.isFree())
    await this.whenGone()
  }

  /** Waits until the Duo can be used. */
  async whenUsable() {
    await until(`the kernel to configure ${this.path}`, () => usable(this.path))
  }

  /** Waits until the Duo can be used, the kernel has given it up, or the server does not give it out. */
  async whenSettled(/** @type {import('./kernel-log.mjs').KernelLog} */ log) {
    const deadline = performance.now() + ENUMERATION_LIMIT
    while (!usable(this.path) && performance.now() < deadline) {
      if (this.#isRefused || log.said(GIVEN_UP, this)) return
      await pause(ASK_AGAIN)
    }
  }

  /** Waits until the kernel no longer knows the Duo. */
  async whenGone() {
    await until(`${this.path} to leave sysfs`, () => !this.#isKnown())
  }

  isFree() {
    const free = `hs  ${`${this.number}`.padStart(4, '0')} ${FREE}`
    return readFileSync(join(CONTROLLER, 'status'), 'utf8').includes(free)
  }

  /** Whether the kernel still has a device there. */
  #isKnown() {
    return existsSync(join('/sys/bus/usb/devices', this.path))
  }

  #detach() {
    try {
      writeFileSync(join(CONTROLLER, 'detach'), `${this.number}`)
    } catch (error) {
      // The Duo left by itself after the check.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EINVAL') throw error
    }
  }

  /**
   * Waits until the kernel has noticed that a device left before it attaches the next one. Otherwise the kernel takes
   * both for the same device: unlike a hub, this controller leaves its port enabled, and the kernel believes that the
   * new device is at the old one's alternate setting.
   */
  async #keep() {
    while (this.#plugged) {
      if (!this.isFree() || this.#isKnown() || !(await this.#attach())) await pause(ASK_AGAIN)
    }
  }

  /** Imports the Duo, if the server gives it out at the moment. */
  async #attach() {
    const [host, port] = this.#address.split(':')
    const socket = connect({ host: host ?? '', port: Number(port), noDelay: true })
    try {
      const reply = await imported(socket, this.#busid)
      const status = reply?.readUInt32BE(REPLY.status)
      this.#isRefused = status === REFUSED.notAvailable || status === REFUSED.busy
      if (!reply || status !== 0) return false
      const id = (reply.readUInt32BE(REPLY.bus) << 16) | reply.readUInt32BE(REPLY.device)
      // The kernel takes over the connection by its file descriptor. Node has no public name for it.
      const { fd } = /** @type {any} */ (socket)._handle
      const speed = reply.readUInt32BE(REPLY.speed)
      writeFileSync(join(CONTROLLER, 'attach'), `${this.number} ${fd} ${id} ${speed}`)
      return true
    } catch {
      // The Duo or the port was busy with something; the next try shows what it is.
      return false
    } finally {
      socket.destroy()
    }
  }
}

/** The reply to an import; undefined if it is incomplete. Nothing after it is read. */
async function imported(/** @type {import('node:net').Socket} */ socket, /** @type {string} */ busid) {
  const request = Buffer.alloc(IMPORT.length)
  request.writeUInt16BE(IMPORT.version, 0)
  request.writeUInt16BE(IMPORT.code, 2)
  request.write(busid, IMPORT.busid)
  socket.write(request)
  let reply = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    reply = Buffer.concat([reply, chunk])
    const isRefused = reply.length >= REPLY.refused && reply.readUInt32BE(REPLY.status) !== 0
    if (isRefused || reply.length >= REPLY.length) break
  }
  socket.pause()
  return reply.length === REPLY.refused || reply.length === REPLY.length ? reply : undefined
}
