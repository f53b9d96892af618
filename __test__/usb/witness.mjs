/**
 * dfu-util as a witness: an independent program that reads and writes a Duo's DCT. No code of this project is between
 * these functions and the bytes.
 */
import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dfuUtil } from './lab.mjs'

export const USB_ID = '2b04:d058'

/** The DCT is what alternate setting 1 shows: one 16 KiB region. */
export const DCT = { alt: 1, start: 0, size: 16 * 1024 }

/** The private key's slot in it. */
export const KEY = { offset: 34, size: 1216 }
export const KEY_RANGE = `${KEY.offset}:${KEY.size}`

/** The start of every key that a Duo generates itself: 607 bytes, version 0, a modulus with its pad byte. */
export const KEY_HEADER = Buffer.from('3082025f02010002818100', 'hex')

/**
 * Reads a range, by default of the DCT.
 * @param {{ folder: string }} lab
 * @param {string} range dfu-util's `-s`
 * @param {{ alt?: number, usbId?: string, choose?: string[] }} [options] `choose` are dfu-util's options that choose
 *   a device
 */
export async function upload({ folder }, range, { alt = DCT.alt, usbId = USB_ID, choose = [] } = {}) {
  const file = join(folder, `up-${randomBytes(6).toString('hex')}`)
  const { status, stdout, stderr } = await dfuUtil(...target(usbId, alt, choose), '-s', range, '-U', file)
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /Upload done\./)
  return readFileSync(file)
}

/**
 * Writes to the DCT.
 * @param {{ folder: string }} lab
 * @param {string} range dfu-util's `-s`
 * @param {Buffer} bytes
 * @param {{ usbId?: string, choose?: string[] }} [options] `choose` as for `upload`
 */
export async function download({ folder }, range, bytes, { usbId = USB_ID, choose = [] } = {}) {
  const file = join(folder, `down-${randomBytes(6).toString('hex')}`)
  writeFileSync(file, bytes)
  const { status, stdout, stderr } = await dfuUtil(...target(usbId, DCT.alt, choose), '-s', range, '-D', file)
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /File downloaded successfully/)
}

function target(/** @type {string} */ usbId, /** @type {number} */ alt, /** @type {string[]} */ choose) {
  return ['-d', usbId, ...choose, '-a', `${alt}`]
}

/**
 * Random bytes for the key's slot. The first is not 0xFF: that means a blank slot, which the Duo fills when it starts.
 */
export function anySlot() {
  const slot = randomBytes(KEY.size)
  slot[0] = KEY_HEADER.readUInt8(0)
  return slot
}

/** Compares bytes, and names the first that differs instead of printing keys. */
export function assertSame(/** @type {Buffer} */ actual, /** @type {Buffer} */ expected) {
  assert.equal(actual.length, expected.length)
  assert.equal(
    actual.findIndex((byte, index) => byte !== expected[index]),
    -1,
    'the first byte that differs',
  )
}

/** SHA-256 of the SubjectPublicKeyInfo of the private key in a slot, as OpenSSL reads it. */
export function fingerprint(/** @type {Buffer} */ slot) {
  const key = slot.subarray(0, 4 + slot.readUInt16BE(2))
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs1' })
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return createHash('sha256').update(publicKey).digest('hex')
}

/** The line of `dfu-util -l` for one alternate setting of the Duo at a path. */
export async function listed(/** @type {string} */ path, alt = DCT.alt) {
  const { status, stdout } = await dfuUtil('-l')
  assert.equal(status, 0)
  const line = stdout
    .split('\n')
    .find((text) => text.includes(`[${USB_ID}]`) && text.includes(`path="${path}", alt=${alt},`))
  return line ?? assert.fail(`no alternate setting ${alt} at ${path} in:\n${stdout}`)
}

export async function serialNumber(/** @type {string} */ path) {
  return (await listed(path)).match(/serial="([^"]*)"/)?.[1] ?? ''
}
