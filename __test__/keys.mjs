/** Public keys for tests and benchmarks: any odd number of 1024 bits is accepted as a modulus. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** `SubjectPublicKeyInfo` of an RSA-1024 key up to the modulus, and what follows it: e = 65537. */
const HEAD = Buffer.from('30819f300d06092a864886f70d010101050003818d0030818902818100', 'hex')
const TAIL = Buffer.from('0203010001', 'hex')

/** A new one, as PEM. */
export function publicPem() {
  const modulus = randomBytes(128)
  modulus[0] = (modulus[0] ?? 0) | 0x80
  modulus[127] = (modulus[127] ?? 0) | 1
  const base64 = Buffer.concat([HEAD, modulus, TAIL]).toString('base64')
  const lines = base64.match(/.{1,64}/g) ?? []
  return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`
}

/** The id of the device with a number. */
export const idOf = (/** @type {number} */ number) => `30001a00${number.toString(16).padStart(16, '0')}`

/** Writes a list of `count` devices, and a public key for each, into a folder. Returns the list's path. */
export function writeList(/** @type {string} */ folder, /** @type {number} */ count) {
  const rows = Array.from({ length: count }, (_, number) => {
    writeFileSync(join(folder, `${number}.pem`), publicPem())
    return `${idOf(number)},${number}.pem,S${number}`
  })
  const list = join(folder, 'devices.csv')
  writeFileSync(list, `device_id,key_file,serial\n${rows.join('\n')}\n`)
  return list
}
