/** Keys encrypted with a passphrase, and key files without a Duo. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IS_WINDOWS, restarted, Sandbox } from './harness.mjs'

const PASSPHRASE = 'Zwölf Boxkämpfer jagen Viktor'

/** A sandbox with its passphrase in a file. The passphrase must never be shown. */
function prepare(/** @type {import('node:test').TestContext} */ t) {
  const sandbox = new Sandbox(t)
  sandbox.name(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\b/g, '<time>')
  sandbox.name(/^ {2}MI\S+\n(?: {2}\S+\n)+(?= {2}-----END)/gm, '  <base64>\n')
  sandbox.file('passphrase', `${sandbox.secret(PASSPHRASE)}\n`, 0o600)
  return sandbox
}

test('an encrypted backup: made, held, listed, inspected and restored', async (t) => {
  const sandbox = prepare(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const known = ['--passphrase-file', 'passphrase']
  const before = duo.duos()[0]?.fingerprint
  for (const [args, status] of /** @type {[string[], number][]} */ ([
    [['backup', 'duo.pem', '--encrypt', ...known, ...usbip], 0],
    [['backup', '--encrypt', ...known, ...usbip], 0],
    [['backup', '--encrypt', ...known, ...usbip], 0],
    [['backups'], 0],
    [['inspect', 'duo.pem'], 0],
    [['inspect', 'duo.pem', ...known], 0],
    [['reset', '--yes', '--encrypt', ...known, ...usbip], 0],
    [['restore', 'duo.pem', '--yes', ...usbip], 2],
    [['restore', 'duo.pem', '--yes', '--encrypt', ...known, ...usbip], 0],
  ])) {
    const boots = duo.duos()[0]?.boots ?? 0
    assert.equal((await sandbox.run(args)).status, status, args.join(' '))
    if (args[0] === 'reset') await restarted(duo, boots)
  }
  assert.equal(duo.duos()[0]?.fingerprint, before)
  if (!IS_WINDOWS) assert.equal(statSync(join(sandbox.cwd, 'duo.pem')).mode & 0o777, 0o600)
  assert.ok(!sandbox.files().some((name) => name.endsWith('.der')), 'no key is in the clear')
  for (const name of sandbox.files().filter((name) => name.endsWith('.bin'))) {
    const slot = readFileSync(join(sandbox.folder, name)).subarray(34, 1250)
    assert.ok(
      slot.every((byte) => byte === 0xff),
      `${name}: what lies beside the key is kept with a blank slot`,
    )
  }
  sandbox.matches('encrypted')
})

test('openssl and Node open an encrypted backup', async (t) => {
  const sandbox = prepare(t)
  const duo = await sandbox.duo()
  const made = ['backup', 'duo.pem', '--encrypt', '--passphrase-file', '-', '--usbip', duo.address]
  assert.equal((await sandbox.run(made, { stdin: `${PASSPHRASE}\nnot this line\n` })).status, 0)
  const file = join(sandbox.cwd, 'duo.pem')
  const expected = readFileSync(join(sandbox.cwd, 'duo.pub.pem'), 'utf8')
  const opened = createPrivateKey({ key: readFileSync(file), passphrase: PASSPHRASE })
  assert.equal(createPublicKey(opened).export({ type: 'spki', format: 'pem' }), expected)
  const passin = `file:${join(sandbox.cwd, 'passphrase')}`
  const openssl = spawnSync('openssl', ['pkey', '-in', file, '-passin', passin, '-pubout'], {
    encoding: 'utf8',
  })
  if (openssl.error) return t.diagnostic(`openssl was not run: ${openssl.error.message}`)
  assert.deepEqual([openssl.status, openssl.stdout], [0, expected])
})

test('passphrases that are missing, wrong or none', async (t) => {
  const sandbox = prepare(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const known = ['--passphrase-file', 'passphrase']
  assert.equal((await sandbox.run(['backup', 'duo.pem', '--encrypt', ...known, ...usbip])).status, 0)
  sandbox.file('wrong', 'not this one\n')
  sandbox.file('empty', '\n')
  const requests = duo.duos()[0]?.classRequests
  for (const args of [
    ['backup', '--encrypt', ...usbip],
    ['backup', '--encrypt', '--passphrase-file', 'empty', ...usbip],
    ['backup', '--encrypt', '--passphrase-file', 'nowhere', ...usbip],
    ['backup', ...known, ...usbip],
    ['reset', '--yes', '--encrypt', '--no-backup', ...known, ...usbip],
    ['restore', 'duo.pem', '--yes', '--passphrase-file', 'wrong', ...usbip],
    ['30001a000347343432313031', 'duo.pem', '--token-file', '-', '--passphrase-file', '-'],
    ['verify', '--key', 'duo.pem'],
    ['inspect', 'duo.pem', '--passphrase-file', 'wrong', '--json'],
  ]) {
    assert.notEqual((await sandbox.run(args)).status, 0, args.join(' '))
  }
  assert.equal(duo.duos()[0]?.classRequests, requests, 'no Duo was asked for anything')
  sandbox.matches('bad-passphrases')
})

test('key new and key public', async (t) => {
  const sandbox = prepare(t)
  const known = ['--passphrase-file', 'passphrase']
  for (const args of [
    ['key', 'new', 'new.der'],
    ['inspect', 'new.der'],
    ['key', 'new', 'new.der'],
    ['key', 'new', '--encrypt', ...known],
    ['key', 'public', 'new.der'],
    ['key', 'public', 'new.der', '--out', 'copy.pem'],
    ['key', 'public', 'new.der', '--out', 'copy.pem'],
    ['key', 'public', 'nowhere.der'],
    ['key'],
    ['key', 'nwe'],
  ]) {
    await sandbox.run(args)
  }
  const read = (/** @type {string} */ name) => readFileSync(join(sandbox.cwd, name), 'utf8')
  assert.equal(read('copy.pem'), read('new.pub.pem'))
  assert.equal(statSync(join(sandbox.cwd, 'new.der')).size, 1216)
  sandbox.matches('key')
})
