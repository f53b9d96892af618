/** The whole output of `server-key set`, `server-key restore` and `dct restore`. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, Sandbox } from './harness.mjs'

/** Two backups of the same second differ in a number after the time. */
const NUMBERED = /\b(\d{8}T\d{6}Z)-\d+\b/g

/** A cloud's key pair, as Node makes it. */
function ownCloud() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}

test('another cloud is set, and Particle’s again; a bare key keeps the address', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(NUMBERED, '$1')
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const { publicKey, privateKey } = ownCloud()
  sandbox.file('own.pub.pem', publicKey)
  sandbox.file('own.pem', privateKey)
  const set = ['server-key', 'set', 'own.pub.pem']
  assert.equal((await sandbox.run([...set, '--host', '192.168.1.10', ...usbip])).status, 2, 'nobody to ask')
  assert.equal((await sandbox.run([...set, '--host', '192.168.1.10', '--dry-run', ...usbip])).status, 0)
  assert.equal((await sandbox.run([...set, '--host', '192.168.1.10', '--yes', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['server-key', 'show', ...usbip])).status, 0)
  assert.equal((await sandbox.run([...set, '--yes', ...usbip])).status, 0, 'it is there already')
  const { stdout } = await sandbox.run([...set, '--port', '5684', '--yes', '--json', ...usbip])
  assert.equal(jsonLines(stdout).at(-1).server.port, 5684)
  assert.equal((await sandbox.run(['server-key', 'restore', '--yes', '--leave', ...usbip])).status, 0)
  sandbox.matches('server-key-set')
})

test('what cannot be a cloud’s key or address is refused, and no private key is shown', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address, '--yes']
  const { publicKey, privateKey } = ownCloud()
  sandbox.file('own.pub.pem', publicKey)
  sandbox.file('own.pem', privateKey)
  for (const args of [
    ['own.pem'],
    ['own.pub.pem', '--host', 'http://cloud.local'],
    ['own.pub.pem', '--no-address', '--port', '80'],
    ['own.pub.pem', '--port', '0'],
    ['own.pub.pem', '--host', '192.168.1.300'],
    // As for `keys server` of particle-cli.
    ['own.pub.pem', '192.168.1.20'],
  ]) {
    assert.equal((await sandbox.run(['server-key', 'set', ...args, ...usbip])).status, 2)
  }
  sandbox.matches('server-key-refused')
})

test('fields of a dump are written back by name, what is there already is left alone', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(NUMBERED, '$1')
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const first = duo.duos()[0]?.fingerprint
  const { publicKey } = ownCloud()
  sandbox.file('own.pub.pem', publicKey)
  const set = ['server-key', 'set', 'own.pub.pem', '--host', '10.0.0.1', '--yes', ...usbip]
  await sandbox.run(['dct', 'backup', 'dct.bin', ...usbip])
  assert.equal((await sandbox.run(set)).status, 0)
  duo.setKeySlot('1-1', Buffer.alloc(1216))
  const restore = ['dct', 'restore', 'dct.bin']
  const both = ['--fields', 'device-private-key,server-public-key']
  assert.equal((await sandbox.run([...restore, '--yes', ...usbip])).status, 2, 'which fields there are')
  assert.equal((await sandbox.run([...restore, ...both, '--dry-run', ...usbip])).status, 0)
  assert.equal((await sandbox.run([...restore, ...both, '--yes', ...usbip])).status, 0)
  assert.equal(duo.duos()[0]?.fingerprint, first)
  assert.equal((await sandbox.run([...restore, ...both, '--yes', ...usbip])).status, 0)
  const flags = ['--fields', 'system-flags', '--yes', ...usbip]
  assert.equal((await sandbox.run([...restore, ...flags])).status, 2)
  sandbox.matches('dct-restore')
})

test('a whole DCT is written back as it was read; what is there already is left alone', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(NUMBERED, '$1')
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const first = duo.duos()[0]?.fingerprint
  await sandbox.run(['dct', 'backup', 'both.bin', '--whole', ...usbip])
  await sandbox.run(['key', 'new', 'other.der'])
  assert.equal((await sandbox.run(['restore', 'other.der', '--yes', ...usbip])).status, 0)
  const whole = ['dct', 'restore', 'both.bin', '--whole']
  assert.equal((await sandbox.run([...whole, ...usbip])).status, 2, 'nobody to ask')
  assert.equal((await sandbox.run([...whole, '--fields', 'claim-code', ...usbip])).status, 2)
  assert.equal((await sandbox.run([...whole, '--dry-run', ...usbip])).status, 0)
  assert.notEqual(duo.duos()[0]?.fingerprint, first)
  assert.equal((await sandbox.run([...whole, '--yes', ...usbip])).status, 0)
  assert.equal(duo.duos()[0]?.fingerprint, first)
  assert.equal((await sandbox.run([...whole, '--yes', ...usbip])).status, 0, 'it is there already')
  await sandbox.run(['dct', 'backup', 'after.bin', '--whole', ...usbip])
  const read = (/** @type {string} */ name) => readFileSync(join(sandbox.cwd, name))
  assert.ok(read('after.bin').equals(read('both.bin')))
  sandbox.file('blank.bin', Buffer.alloc(32_768, 0xff))
  assert.equal((await sandbox.run(['dct', 'restore', 'blank.bin', '--whole', '--yes', ...usbip])).status, 2)
  sandbox.matches('dct-restore-whole')
})

test('a whole restore that is cut short says so, and what it prints finishes it', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(NUMBERED, '$1')
  sandbox.name(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<YYYY-MM-DDTHH:MM:SSZ>')
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  await sandbox.run(['dct', 'backup', 'both.bin', '--whole', ...usbip])
  await sandbox.run(['key', 'new', 'other.der'])
  await sandbox.run(['restore', 'other.der', '--yes', ...usbip])
  duo.arm('1-1', 'write-half-600@1+')
  const whole = ['dct', 'restore', 'both.bin', '--whole', '--yes', ...usbip]
  const { status, stdout } = await sandbox.run([...whole, '--json'])
  const { code, hint, keyState } = jsonLines(stdout).at(-1)
  assert.deepEqual([status, code, keyState], [6, 'DCT_WRONG', 'written'])
  duo.clearFaults('1-1')
  assert.equal((await sandbox.run(['status'])).status, 0)
  const again = hint.slice('to finish: duo-provision '.length, hint.indexOf(';')).split(' ')
  assert.equal((await sandbox.run([...again, '--yes'])).status, 0)
  sandbox.matches('dct-restore-whole-cut')
})
