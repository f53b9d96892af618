/**
 * The order in which data reaches the disk and the Duo: before the first byte of a key is sent, the backup of the old
 * key is synced, and so are its folder and every folder that was made for it.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Home, startDuo, writesKey } from './bench.mjs'
import { closing, trace } from './tracer.mjs'

/** @typedef {import('./tracer.mjs').Effect} Effect */

for (const command of /** @type {const} */ (['reset', 'restore'])) {
  test(`${command}: the backup is on the disk before the key goes out`, async (t) => {
    const { home, args } = await bench(t, command)
    const { effects, stdout } = await trace(args, home)
    const { written, backupFile } = closing(stdout)
    assert.equal(written, true)
    assertSynced(effects, backupFile)
  })
}

test('a folder that was made and not synced before a crash is synced all the same', async (t) => {
  const { home, args } = await bench(t, 'reset')
  // The state after a kill between mkdir and fsync: it is unknown whether the folder is on the disk.
  mkdirSync(home.archive, { recursive: true, mode: 0o700 })
  const { effects, stdout } = await trace(args, home)
  const { backupFile } = closing(stdout)
  assertSynced(effects, backupFile)
  const before = effects.slice(0, effects.findIndex(writesKey))
  assert.ok(synced(before, dirname(home.archive)), 'the folder that holds the archive is not synced')
})

test('a backup that the archive holds already is synced once more', async (t) => {
  const { home, args } = await bench(t, 'restore')
  const first = await trace(args, home)
  const { backupFile } = closing(first.stdout)
  // Restores the old key, so that the same bytes must be kept a second time.
  const back = ['restore', backupFile, '--yes', ...args.slice(args.indexOf('--usbip'))]
  assert.equal((await trace(back, home)).code, 0)
  const { effects, stdout } = await trace(args, home)
  assert.equal(closing(stdout).backupFile, backupFile)
  const before = effects.slice(0, effects.findIndex(writesKey))
  assert.ok(synced(before, backupFile))
  assert.ok(synced(before, dirname(backupFile)))
})

/** A Duo, a home, and a command that writes. */
async function bench(
  /** @type {import('node:test').TestContext} */ t,
  /** @type {'reset' | 'restore'} */ command,
) {
  const duo = await startDuo(t)
  const home = new Home()
  t.after(() => home.remove())
  const file = join(home.cwd, 'new.pem')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  const what = command === 'reset' ? ['reset'] : ['restore', file]
  return { home, args: [...what, '--yes', '--usbip', duo.address, '--json'] }
}

/** The backup's bytes, its name and the folders made for it are on the disk before the key is written. */
function assertSynced(/** @type {Effect[]} */ effects, /** @type {string} */ backup) {
  const write = effects.findIndex(writesKey)
  assert.ok(write > 0, 'nothing is written')
  const before = effects.slice(0, write)
  const named = before.findIndex((effect) => effect.to === backup)
  assert.ok(named > 0, 'the backup gets its name before the write')
  const temporary = before[named]?.path ?? ''
  const filled = before.findIndex((effect) => effect.path === temporary && effect.call === 'write')
  assert.equal(before[filled]?.bytes, 1216)
  assert.ok(synced(before.slice(filled, named), temporary), 'the bytes are synced before they get the name')
  assert.ok(synced(before.slice(named), dirname(backup)), 'the folder is synced after the file has its name')
  assertWrittenDown(before)
  for (const [index, { call, path }] of before.entries()) {
    if (call !== 'mkdirat' || path === undefined) continue
    assert.ok(synced(before.slice(index), dirname(path)), `${path} is synced`)
  }
}

/** The last thing before the write is a record in the journal, synced. */
function assertWrittenDown(/** @type {Effect[]} */ effects) {
  const onFiles = effects.filter((effect) => effect.class === 'file')
  const [record, sync] = onFiles.slice(-2)
  const path = record?.path ?? ''
  assert.match(path, /journal\/open\/[\w.]+\.jsonl$/)
  assert.ok(synced(effects, dirname(path)), 'so is the name of its file')
  assert.deepEqual([record?.call, record?.result === record?.bytes], ['write', true])
  assert.deepEqual([sync?.call, sync?.path, sync?.result], ['fsync', record?.path, 0])
}

/** True if a file or folder was synced and the system reported success. */
function synced(/** @type {Effect[]} */ effects, /** @type {string} */ path) {
  return effects.some((effect) => effect.call === 'fsync' && effect.path === path && effect.result === 0)
}
