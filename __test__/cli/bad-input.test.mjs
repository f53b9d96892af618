/** What people get wrong: an exit code, a message to act on, nothing touched and nothing left behind. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { KEYS, Sandbox } from './harness.mjs'

const ID = '30001a000347343432313031'

test('key files that are none of a Duo', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.file('empty.der', '')
  const files = ['ec-sec1.der', 'rsa2048-pkcs8.pem', 'rsa1024-e3.pem', 'encrypted-pkcs1.pem'].map((name) =>
    join(KEYS, name),
  )
  for (const file of [...files, 'empty.der']) {
    assert.equal((await sandbox.run(['inspect', file])).status, 2)
  }
  for (const file of ['.', 'nowhere.der']) assert.equal((await sandbox.run(['inspect', file])).status, 9)
  assert.deepEqual(sandbox.files(), ['here/empty.der'])
  sandbox.matches('bad-key-files')
})

test('arguments, tokens and URLs', async (t) => {
  const sandbox = new Sandbox(t)
  for (const args of [
    [],
    ['--json'],
    ['list', '--jsn'],
    ['my-duo'],
    ['list', '--timeout', '0'],
    [ID],
    ['list', '--bogus', '--json'],
  ]) {
    assert.equal((await sandbox.run(args)).status, 2)
  }
  const env = { PARTICLE_ACCESS_TOKEN: 'abc' }
  assert.equal((await sandbox.run([ID, '--api-url', 'http://192.168.1.20:8080'], { env })).status, 2)
  assert.equal((await sandbox.run([ID], { env: { PARTICLE_ACCESS_TOKEN: 'ab\nc' } })).status, 2)
  assert.deepEqual(sandbox.files(), [])
  sandbox.matches('bad-arguments')
})

test('truncated, binary and huge key files, for the device and for the cloud', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const before = duo.duos()[0]
  const whole = readFileSync(join(KEYS, 'rsa1024-pkcs1.der'))
  sandbox.file('truncated.der', whole.subarray(0, 400))
  sandbox.file('binary.bin', Buffer.alloc(700, 0xa5))
  sandbox.file('huge.der', Buffer.alloc(2 * 1024 * 1024, 0x30))
  const env = { PARTICLE_ACCESS_TOKEN: sandbox.secret('zxqvkjwghpnrtmsy') }
  for (const file of ['truncated.der', 'binary.bin', 'huge.der']) {
    const restore = ['restore', file, '--yes', '--usbip', duo.address]
    assert.equal((await sandbox.run(restore)).status, 2, file)
    assert.equal((await sandbox.run([ID, file], { env })).status, 2, file)
  }
  assert.deepEqual(duo.duos()[0], before)
  assert.equal(sandbox.files().length, 3)
  sandbox.matches('bad-contents')
})

test('numbers out of range, and options of another command', async (t) => {
  const sandbox = new Sandbox(t)
  for (const args of [
    ['list', '--timeout', '3601'],
    [ID, '--product-id', '0'],
    [ID, '--product-id', 'many'],
    ['backup', '--leave'],
    ['list', '--path', 'hub'],
    ['list', '--usbip', '192.168.1.1:3240'],
    ['simulate', '--duos', '0'],
    ['simulate', '--fault', 'stall@7'],
    [ID, '--usbip', '127.0.0.1:1'],
  ]) {
    assert.equal((await sandbox.run(args)).status, 2, args.join(' '))
  }
  assert.deepEqual(sandbox.files(), [])
  sandbox.matches('bad-numbers')
})

test('folders that cannot be written to are refused before the Duo is asked', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const requests = duo.duos()[0]?.classRequests
  // Not even root can make a file in /proc.
  for (const args of [
    ['backup', '/proc/duo.der'],
    ['backup', 'nowhere/duo.der'],
    ['backup', '--archive', '/proc/archive'],
    ['reset', '--yes', '--archive', '/proc/archive'],
  ]) {
    assert.equal((await sandbox.run([...args, ...usbip])).status, 9, args.join(' '))
  }
  assert.equal(duo.duos()[0]?.classRequests, requests)
  sandbox.matches('bad-folders')
})

test('a device that is not there, and a machine without USB', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  assert.equal((await sandbox.run(['backup', '--path', '1-9', ...usbip])).status, 3)
  assert.equal((await sandbox.run(['backup', '--device', ID, ...usbip])).status, 3)
  assert.equal((await sandbox.run(['list', '--path', '1-9', ...usbip])).status, 3)
  await duo.stop()
  assert.equal((await sandbox.run(['list', ...usbip])).status, 4)
  sandbox.matches('no-device')
  // On a machine with USB there is no Duo either, at least none that a test may touch.
  const { status, stderr } = await sandbox.run(['backup', '--path', '99-1'])
  assert.ok(status === 3 || (status === 4 && stderr.includes('USB_UNAVAILABLE')), stderr)
  assert.deepEqual(sandbox.files(), [])
})

for (const [name, body] of /** @type {const} */ ([
  ['HTML', '<html>hello</html>'],
  ['nothing', ''],
  ['10 MB', 'x'.repeat(10_000_000)],
])) {
  test(`a server that answers ${name} is no success`, async (t) => {
    const sandbox = new Sandbox(t)
    const server = createServer((_, response) => response.end(body))
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
    t.after(() => server.close())
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    const env = { PARTICLE_ACCESS_TOKEN: sandbox.secret('zxqvkjwghpnrtmsy') }
    const ended = await sandbox.run([ID, '--api-url', `http://127.0.0.1:${port}`, '-vv'], { env })
    assert.equal(ended.status, 8)
    assert.doesNotMatch(ended.stdout, /Success/)
  })
}

test('a mistyped command is told from a device id', async (t) => {
  const sandbox = new Sandbox(t)
  for (const args of [['bakcup'], ['restroe', 'duo.der'], ['bakcup', '--json']]) {
    const { status, stdout, stderr } = await sandbox.run(args)
    assert.equal(status, 2)
    assert.match(stdout + stderr, /similar: (backup|restore)/)
  }
  sandbox.matches('mistyped-command')
})

test('names that move a cursor, that are not UTF-8, and that lead to what never ends', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const before = duo.duos()[0]
  const usbip = ['--usbip', duo.address]
  const moving = 'k\u001b[2J\u009b1m\u202e.der'
  const said = []
  for (const args of [
    ['inspect', moving],
    ['backup', moving, ...usbip],
    ['inspect', moving],
    ['list', `--${moving}`],
  ]) {
    const { stdout, stderr } = await sandbox.run(args)
    said.push(stdout + stderr)
  }
  assert.match(said.join('\n'), /k\ufffd\[2J/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
  assert.doesNotMatch(said.join('\n'), /[\u001b\u009b\u202e]/)

  // What Node makes of the byte FF in an argument.
  const broken = await sandbox.run(['backup', 'k\ufffd.der', ...usbip, '--json'])
  assert.equal(broken.status, 2)
  assert.match(broken.stdout, /"INVALID_ARGUMENT".*cannot be given/)

  if (process.platform === 'linux') {
    const endless = await sandbox.run(['restore', '/proc/kmsg', '--yes', ...usbip])
    assert.equal(endless.status, 9, endless.stderr)
  }
  assert.deepEqual(duo.duos()[0]?.fingerprint, before?.fingerprint)
  assert.ok(!sandbox.files().some((name) => name.includes('\ufffd')))
})
