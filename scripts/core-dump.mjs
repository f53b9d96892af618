/**
 * `npm run core-dump`: shows how much of a private key is in the memory of a process after its operation. It is for
 * information. A process makes a backup, writes it back and waits; `gcore` (of gdb) dumps it; then the dump is searched
 * for pieces of the Duo's key. We wipe our own buffers; we cannot wipe Node's heap and libusb's buffers.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secretNumbers } from '../__test__/secrets/numbers.mjs'
import { Canaries, PIECE } from '../__test__/secrets/scanner.mjs'
import { backupKey, VirtualDuo } from '../index.js'
import { ROOT } from './prepare.mjs'

/** How much of a dump is searched at a time, in bytes. */
const BLOCK = 16 << 20

/** The script of the process that is dumped. */
const OPERATION = `
  const { backupKey, restoreKey } = require(process.argv[1])
  const [, , usbip, folder] = process.argv
  const file = folder + '/dumped.der'
  backupKey({ usbip, file, archive: folder })
    .then(() => restoreKey({ usbip, file, archive: folder }))
    .then(() => { console.log('done'); setInterval(() => {}, 1000) })`

const folder = mkdtempSync(join(tmpdir(), 'duo-provision-core-'))
const duo = await VirtualDuo.start()
try {
  await backupKey({ usbip: duo.address, file: join(folder, 'known.der'), archive: folder })
  const numbers = secretNumbers('the key', readFileSync(join(folder, 'known.der')))
  // Every process has its own arguments in memory. If they are not found, the dump proves nothing.
  const control = { name: 'an argument, for comparison', secret: Buffer.from(folder) }
  const found = piecesIn(await dumpOperation(), [...numbers, control])
  for (const [name, { pieces, of }] of found) process.stdout.write(`${name}: ${pieces} of ${of} pieces\n`)
  if (found.get(control.name)?.pieces === 0) throw new Error('the dump does not hold what it has to')
} finally {
  await duo.stop()
  rmSync(folder, { recursive: true })
}

/** Runs the operation in a process of its own and dumps its memory. Returns the path of the dump. */
async function dumpOperation() {
  const args = ['--eval', OPERATION, join(ROOT, 'index.js'), duo.address, folder]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve)
      child.once('exit', () => reject(new Error('the operation failed')))
    })
    const { status, error } = spawnSync('gcore', ['-o', join(folder, 'core'), `${child.pid}`], {
      stdio: 'ignore',
    })
    if (error || status !== 0) throw new Error('gcore (of gdb) is needed, and the right to trace processes')
  } finally {
    child.kill('SIGKILL')
  }
  const name = readdirSync(folder).find((name) => name.startsWith('core'))
  return join(folder, name ?? '')
}

/**
 * How many pieces of each secret are in a file, as they are or in any encoding.
 * @param {string} path
 * @param {import('../__test__/secrets/numbers.mjs').Secret[]} secrets
 */
function piecesIn(path, secrets) {
  const canaries = new Canaries()
  for (const { name, secret, known } of secrets) {
    for (let at = 0; at + PIECE <= secret.length; at += 1) {
      canaries.add(`${at} ${name}`, secret.subarray(at, at + PIECE), known)
    }
  }
  const found = new Set()
  for (const block of blocks(path)) {
    for (const { secret } of canaries.find(block)) found.add(secret)
  }
  const names = [...found].map((place) => place.slice(place.indexOf(' ') + 1))
  return new Map(
    secrets.map(({ name, secret }) => [
      name,
      { pieces: names.filter((found) => found === name).length, of: secret.length - PIECE + 1 },
    ]),
  )
}

/** A file's contents in blocks. They overlap by more than the size of any piece. */
function* blocks(/** @type {string} */ path) {
  const file = openSync(path, 'r')
  const buffer = Buffer.alloc(BLOCK)
  for (let at = 0; ; at += BLOCK - 256) {
    const length = readSync(file, buffer, 0, BLOCK, at)
    if (length <= 256 && at > 0) return
    yield buffer.subarray(0, length)
    if (length < BLOCK) return
  }
}
