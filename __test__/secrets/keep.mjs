/**
 * Keeps what tests produce for `scan.mjs` to scan, and notes the secrets that must not be in it. Does nothing unless
 * `DUO_PROVISION_TEST_OUTPUT` names a folder, which `npm test` does.
 *
 * A file that is meant to hold a key is not kept. Its key is noted as a secret, and its name and mode are recorded.
 */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { inspect } from 'node:util'
import { backupKey } from '../../index.js'
import { filesBelow } from '../files-below.mjs'
import '../node/home.mjs'
import { canariesOf, KEY_FILES } from './folders.mjs'
import { secretNumbers } from './numbers.mjs'

const OUTPUT = process.env['DUO_PROVISION_TEST_OUTPUT']

/** Files that are meant to hold a private key: backups, and their temporary files before they are whole. */
const MEANT_FOR_KEYS = /\.(der|bin)$|^\.duo-provision-[0-9a-f]{16}\.tmp$/

let count = 0

/** A name that no other process and no other call has. */
function place(/** @type {string} */ folder, /** @type {string} */ name) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  count += 1
  return join(folder, `${process.pid}-${count}-${name.replaceAll(/[^\w.-]+/g, '-').slice(0, 80)}`)
}

/** Keeps a text: a stream, a transcript, JSON. */
export function keepText(/** @type {string} */ name, /** @type {string | Uint8Array} */ text) {
  if (OUTPUT !== undefined) writeFileSync(place(OUTPUT, name), text)
}

/** Keeps a result, an event or an error in all of its forms, hidden properties and causes included. */
export function keepValue(/** @type {string} */ name, /** @type {unknown} */ value) {
  if (OUTPUT === undefined) return
  const forms = [`${value}`, JSON.stringify(value) ?? '', inspect(value, { depth: null, showHidden: true })]
  for (let error = value; error instanceof Error; error = error.cause) {
    forms.push(`${error.stack}`, JSON.stringify(error, Object.getOwnPropertyNames(error)))
  }
  keepText(name, forms.join('\n'))
}

/**
 * Keeps every file of a folder, and its name. `inputs` are the test's own; they are not scanned.
 * @param {string} folder
 * @param {Iterable<string>} [inputs] paths
 */
export function keepFolder(folder, inputs = []) {
  if (OUTPUT === undefined) return
  const own = new Set(inputs)
  for (const path of filesBelow(folder)) {
    if (own.has(path)) canaryKey(basename(path), readFileSync(path))
    else keepFile(path, relative(folder, path))
  }
}

function keepFile(/** @type {string} */ path, /** @type {string} */ name) {
  const output = /** @type {string} */ (OUTPUT)
  if (!MEANT_FOR_KEYS.test(basename(path)))
    return keepText(name, Buffer.concat([Buffer.from(`${name}\n`), readFileSync(path)]))
  canaryKey(name, readFileSync(path))
  const mode = (statSync(path).mode & 0o777).toString(8)
  mkdirSync(output, { recursive: true })
  appendFileSync(join(output, KEY_FILES), `${JSON.stringify({ name, mode })}\n`)
}

/**
 * Notes a secret text, such as a token. It must not be a hexadecimal number: eight digits of one occur in some of
 * thousands of fingerprints.
 */
export function canaryText(/** @type {string} */ name, /** @type {string} */ text) {
  if (/^[0-9a-f]+$/i.test(text)) throw new Error(`${name} is a hexadecimal number`)
  note([{ name, secret: Buffer.from(text) }])
}

/** Notes the private numbers of a key, in any form. */
export function canaryKey(/** @type {string} */ name, /** @type {Buffer} */ bytes) {
  if (OUTPUT !== undefined) note(secretNumbers(name, bytes))
}

/** Notes the keys that virtual Duos have now. @param {import('../../index.js').VirtualDuo} duo */
export async function canaryDuos(duo) {
  if (OUTPUT === undefined) return
  const folder = mkdtempSync(join(tmpdir(), 'duo-provision-canary-'))
  for (const [number] of duo.duos().entries()) {
    const file = join(folder, `${number}.der`)
    const options = {
      usbip: duo.address,
      path: `1-${number + 1}`,
      file,
      archive: folder,
      raw: true,
      timeout: 5,
    }
    // A Duo that is away or broken has no key to note.
    await backupKey(options)
      .then(() => canaryKey(`Duo ${number + 1}`, readFileSync(file)))
      .catch(() => {})
  }
  rmSync(folder, { recursive: true })
}

/** @param {import('./numbers.mjs').Secret[]} secrets */
function note(secrets) {
  if (OUTPUT === undefined || secrets.length === 0) return
  const lines = secrets.map(({ name, secret, known }) =>
    JSON.stringify({ name, secret: secret.toString('hex'), known: known?.toString('hex') ?? '' }),
  )
  writeFileSync(place(canariesOf(OUTPUT), 'canaries.jsonl'), `${lines.join('\n')}\n`, { mode: 0o600 })
}
