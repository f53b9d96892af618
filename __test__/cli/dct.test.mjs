/** `dct`, `server-key show`, and `inspect` of a dump. */
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IS_WINDOWS, Sandbox } from './harness.mjs'

test('the DCT is saved whole and in part, shown, and looked at from a file', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<YYYY-MM-DDTHH:MM:SSZ>')
  sandbox.name(/-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----/gs, '<public key>')
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  assert.equal((await sandbox.run(['dct', 'show', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['dct', 'backup', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['dct', 'backup', 'whole.bin', '--whole', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['backups'])).status, 0)
  assert.equal((await sandbox.run(['inspect', 'whole.bin'])).status, 0)
  assert.equal((await sandbox.run(['inspect', 'whole.json'])).status, 0)
  assert.equal((await sandbox.run(['dct', 'show', 'whole.bin', '--json'])).status, 0)
  if (!IS_WINDOWS) assert.equal(statSync(join(sandbox.cwd, 'whole.bin')).mode & 0o777, 0o600)
  sandbox.matches('dct')
})

test('a field is taken out of a dump, and nothing is overwritten', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(/-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----/gs, '<public key>')
  const duo = await sandbox.duo()
  const slot = duo.keySlot('1-1')
  await sandbox.run(['dct', 'backup', 'dump.bin', '--usbip', duo.address])
  const key = ['inspect', 'dump.bin', '--extract', 'device-private-key', '--out', 'duo.der', '--json']
  assert.equal((await sandbox.run(key)).status, 0)
  assert.deepEqual(readFileSync(join(sandbox.cwd, 'duo.der')), slot)
  assert.equal((await sandbox.run(key)).status, 9)
  const blank = await sandbox.run(['inspect', 'dump.bin', '--extract', 'alt-device-private-key'])
  assert.equal(blank.status, 0)
  assert.match(blank.stderr, /alt-device-private-key was never set/)
  assert.equal((await sandbox.run(['inspect', 'dump.bin', '--extract', 'wifi-password'])).status, 2)
  assert.equal((await sandbox.run(['inspect', 'duo.der', '--extract', 'claim-code'])).status, 2)
  sandbox.matches('extract')
})

test('server-key show: of the Duo, of a file, and of a file that is none', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  assert.equal((await sandbox.run(['server-key', 'show', '--usbip', duo.address])).status, 0)
  assert.equal((await sandbox.run(['server-key', 'show', '--usbip', duo.address, '--json'])).status, 0)
  sandbox.file('no-key.txt', 'no key\n')
  assert.equal((await sandbox.run(['server-key', 'show', 'no-key.txt'])).status, 2)
  sandbox.matches('server-key-show')
})

test('an unfinished or mistyped command of a group says what there is', async (t) => {
  const sandbox = new Sandbox(t)
  for (const args of [['dct'], ['dct', 'bakcup'], ['server-key'], ['dtc'], ['dct', '--json']]) {
    assert.equal((await sandbox.run(args)).status, 2)
  }
  sandbox.matches('groups')
})

test('a DCT that is read both ways: both copies are shown, and the one that is named is taken', async (t) => {
  const sandbox = new Sandbox(t)
  const cut = readFileSync(new URL('../fixtures/dct/r6-0.3.3-cut.bin', import.meta.url))
  sandbox.file('cut.bin', cut)
  assert.equal((await sandbox.run(['inspect', 'cut.bin'])).status, 0)
  const key = ['inspect', 'cut.bin', '--extract', 'device-private-key']
  assert.equal((await sandbox.run(key)).status, 2)
  assert.equal((await sandbox.run([...key, '--copy', 'third'])).status, 2)
  assert.equal((await sandbox.run([...key, '--copy', 'second', '--out', 'duo.der'])).status, 0)
  const slot = 16_384 + 7548 + 34
  assert.deepEqual(readFileSync(join(sandbox.cwd, 'duo.der')), cut.subarray(slot, slot + 1216))
  sandbox.matches('dct-two-copies')
})

test('without a backup, a Duo that can lose both keys needs more than --no-backup', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ bootloader: 'r4' })
  const reset = ['reset', '--yes', '--no-backup', '--usbip', duo.address]
  assert.equal((await sandbox.run(reset)).status, 2)
  assert.equal((await sandbox.run([...reset, '--i-accept-that-the-key-may-be-lost'])).status, 0)
  sandbox.matches('no-backup')
})
