/** Checks that the scanner finds what it looks for, in every form, and nothing else. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { canariesOf, KEY_FILES } from './folders.mjs'
import { secretNumbers } from './numbers.mjs'
import { scan } from './scan.mjs'
import { Canaries, PIECE } from './scanner.mjs'

const FIXTURES = new URL('../fixtures/', import.meta.url)
const TOKEN = '5ec4e7a1b2c3d4e5f60718293a4b5c6d7e8f9012'
const [vector = ''] = readFileSync(new URL('device-keys.jsonl', FIXTURES), 'utf8').split('\n')

/** A key in the Duo's own form. */
const DEVICE_KEY = Buffer.from(JSON.parse(vector).device, 'hex')

/** How a secret may be written. @type {[string, (bytes: Buffer) => string | Buffer][]} */
const ENCODINGS = [
  ['as it is', (bytes) => bytes],
  ['hexadecimal', (bytes) => bytes.toString('hex')],
  ['hexadecimal in capitals', (bytes) => bytes.toString('hex').toUpperCase()],
  ['hexadecimal behind a digit', (bytes) => `a${bytes.toString('hex')}`],
  ['pairs', (bytes) => bytes.toString('hex').replaceAll(/..(?=.)/g, '$& ')],
  [
    'pairs with colons',
    (bytes) =>
      bytes
        .toString('hex')
        .toUpperCase()
        .replaceAll(/..(?=.)/g, '$&:'),
  ],
  [
    'pairs as in C',
    (bytes) => [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', '),
  ],
  ['percent-encoded', (bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')],
  ['percent-encoded as URLs are', (bytes) => escape(bytes.toString('latin1'))],
  [
    'escaped as in Rust',
    (bytes) => [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  ],
  [
    'escaped as in JSON',
    (bytes) => [...bytes].map((byte) => `\\u${byte.toString(16).padStart(4, '0')}`).join(''),
  ],
  ['base64', (bytes) => bytes.toString('base64')],
  ['base64 behind one byte', (bytes) => Buffer.concat([Buffer.from('x'), bytes]).toString('base64')],
  ['base64 behind two bytes', (bytes) => Buffer.concat([Buffer.from('xy'), bytes]).toString('base64')],
  ['base64 in lines', (bytes) => bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')],
  ['base64url', (bytes) => bytes.toString('base64url')],
  ['base64 in the middle of a word', (bytes) => `abc${bytes.toString('base64')}`],
  ['a list', (bytes) => `[${[...bytes].join(', ')}]`],
  ['a list in lines', (bytes) => JSON.stringify([...bytes], undefined, 4)],
  ['a Buffer', (bytes) => inspect(bytes.subarray(0, 50))],
  ['a Buffer as JSON', (bytes) => JSON.stringify(bytes)],
]

/** @returns {import('./numbers.mjs').Secret[]} */
function secrets() {
  const pem = readFileSync(new URL('keys/rsa1024-pkcs8.pem', FIXTURES))
  const found = [...secretNumbers('a slot', DEVICE_KEY), ...secretNumbers('a PEM file', pem)]
  assert.equal(found.length, 12, 'd, p, q, dP, dQ and qInv of both')
  return [{ name: 'a token', secret: Buffer.from(TOKEN) }, ...found]
}

function canariesFor(/** @type {import('./numbers.mjs').Secret[]} */ list) {
  const canaries = new Canaries()
  for (const { name, secret, known } of list) canaries.add(name, secret, known)
  return canaries
}

for (const [encoding, encode] of ENCODINGS) {
  test(`every secret, whole and any piece of it, is found ${encoding}`, () => {
    const list = secrets()
    const canaries = canariesFor(list)
    for (const { name, secret } of list) {
      const places = [0, 1, 2, 3, Math.floor(secret.length / 2), secret.length - PIECE]
      for (const piece of [secret, ...places.map((at) => secret.subarray(at, at + PIECE))]) {
        const text = Buffer.concat([
          Buffer.from('<<', 'utf8'),
          Buffer.from(encode(piece)),
          Buffer.from('>> and more'),
        ])
        assert.ok(
          canaries.find(text).some(({ secret }) => secret === name),
          `${name}: ${text.toString('latin1')}`,
        )
      }
    }
  })
}

test('a token is found in capitals, too', () => {
  const canaries = canariesFor([{ name: 'a token', secret: Buffer.from(TOKEN) }])
  canaries.add('a token', Buffer.from(TOKEN.toUpperCase()))
  assert.equal(canaries.find(Buffer.from(`got ${TOKEN.toUpperCase()}`)).length > 0, true)
})

test('what is public, padding and seven bytes are not found', () => {
  const list = secrets()
  const canaries = canariesFor(list)
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const known = list.map(({ known }) => known ?? Buffer.alloc(0))
  const noise = Array.from({ length: 4096 }, (_, n) => createHash('sha256').update(`${n}`).digest())
  const clean = [
    ...known.flatMap((bytes) => ENCODINGS.map(([, encode]) => Buffer.from(encode(bytes)))),
    publicKey.export({ format: 'der', type: 'spki' }),
    Buffer.alloc(1216),
    Buffer.alloc(1216, 0xff),
    // Its headers, the modulus, the exponent, and the header of the first secret number.
    DEVICE_KEY.subarray(0, 147),
    ...list.map(({ secret }) =>
      Buffer.concat([secret.subarray(0, PIECE - 1), Buffer.from(' '), secret.subarray(-PIECE + 1)]),
    ),
    ...noise,
    ...noise.map((bytes) => Buffer.from(bytes.toString('hex'))),
    ...noise.map((bytes) => Buffer.from(bytes.toString('base64'))),
  ]
  for (const text of clean) assert.deepEqual(canaries.find(text), [], text.toString('latin1'))
})

test('the step finds what was planted, names it, and misses neither modes nor secrets', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'duo-provision-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const output = join(folder, 'output')
  assert.deepEqual(scan(output).problems.length, 2, 'nothing kept and no secret noted is no success')
  mkdirSync(output)
  mkdirSync(canariesOf(output))
  const noted = { name: 'a token', secret: Buffer.from(TOKEN).toString('hex'), known: '' }
  writeFileSync(join(canariesOf(output), 'one.jsonl'), `${JSON.stringify(noted)}\n`)
  writeFileSync(join(output, 'clean.txt'), 'nothing to see here\n')
  writeFileSync(join(output, KEY_FILES), `${JSON.stringify({ name: 'a.der', mode: '600' })}\n`)
  assert.deepEqual(scan(output).problems, [])
  writeFileSync(join(output, 'leak.txt'), `it was ${TOKEN.slice(3, 15)}\n`)
  writeFileSync(join(output, KEY_FILES), `${JSON.stringify({ name: 'a.der', mode: '644' })}\n`)
  const { problems } = scan(output)
  assert.equal(problems.length, 3, problems.join('\n'))
  assert.ok(problems.some((problem) => problem === 'leak.txt, byte 0: a piece of a token, as it is'))
  assert.ok(problems.some((problem) => problem === 'a.der has mode 644, not 600'))
})
