/** Finds the secret bytes of a private key: its private numbers, without what the public key has as well. */
import { createPrivateKey } from 'node:crypto'

/** The private numbers of an RSA key as JSON web keys name them (RFC 7518 §6.3.2). */
const SECRET = /** @type {const} */ (['d', 'p', 'q', 'dp', 'dq', 'qi'])

/** @typedef {{ name: string, secret: Buffer, known?: Buffer }} Secret */

/**
 * The numbers of the private key that a file or a slot holds or begins with; none if OpenSSL finds no RSA key in it.
 * @param {string} name
 * @param {Buffer} bytes DER or PEM, with any bytes after it
 * @returns {Secret[]}
 */
export function secretNumbers(name, bytes) {
  const key = read(bytes)
  const jwk = key?.asymmetricKeyType === 'rsa' ? key.export({ format: 'jwk' }) : {}
  const known = Buffer.from(jwk.n ?? '', 'base64url')
  return SECRET.flatMap((number) => {
    const secret = Buffer.from(jwk[number] ?? '', 'base64url')
    return secret.length > 0 ? [{ name: `${number} of ${name}`, secret, known }] : []
  })
}

function read(/** @type {Buffer} */ bytes) {
  const forms = /** @type {const} */ (['pkcs1', 'pkcs8'])
  /** @type {import('node:crypto').PrivateKeyInput[]} */
  const attempts = [
    { key: bytes.toString('latin1'), format: 'pem' },
    ...forms.map((type) => ({ key: whole(bytes), format: /** @type {const} */ ('der'), type })),
  ]
  for (const attempt of attempts) {
    try {
      return createPrivateKey(attempt)
    } catch {
      // Not in this form.
    }
  }
  return undefined
}

/** The SEQUENCE at the beginning, without what follows it (X.690 §8.1.3.5). */
function whole(/** @type {Buffer} */ bytes) {
  if (bytes.length < 4 || bytes[0] !== 0x30 || bytes[1] !== 0x82) return bytes
  return bytes.subarray(0, 4 + bytes.readUInt16BE(2))
}
