/**
 * `npm run core-dump`: what of a private key is still in the memory of a process after its operation, for information.
 * A process makes a backup and writes it back, waits, and is dumped by `gcore` (of gdb); the dump is looked through for
 * pieces of the Duo's key. Node's heap and libusb's buffers are not ours to wipe, but ours are.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secretNumbers } from '../__test__/secrets/numbers.mjs'
import { Canaries, PIECE } from '../__test__/secrets/scanner.mjs'
import { backupKey, VirtualDuo } from '../index.js'
import { ROOT } from './prepare.mjs'

/** So much of a dump is looked at at a time. */
const BLOCK = 16 << 20

/** What the process that is dumped does. */
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
  // Its own arguments are in every process's memory: without them the dump would prove nothing.
  const control = { name: 'an argument, for comparison', secret: Buffer.from(folder) }
  const found = piecesIn(await dumpOperation(), [...numbers, control])
  for (const [name, { pieces, of }] of found) process.stdout.write(`${name}: ${pieces} of ${of} pieces\n`)
  if (found.get(control.name)?.pieces === 0) throw new Error('the dump does not hold what it has to')
} finally {
  await duo.stop()
  rmSync(folder, { recursive: true })
}

/** Runs the operation in a process of its own and dumps its memory; the dump's path. */
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

/** A file's contents in blocks that overlap by more than any piece takes. */
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
