/** Mistakes of users: an exit code, a message that says what to do, nothing changed and nothing left behind. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { IS_WINDOWS, KEYS, Sandbox } from './harness.mjs'

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
    // A letter for a digit.
    [`${ID.slice(0, -1)}z`],
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

test('folders that cannot be written to are refused before the Duo is asked', {
  skip: IS_WINDOWS && 'there is no folder in which nobody may write',
}, async (t) => {
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
  // A machine with USB has no Duo at this path either, at least none that a test may touch.
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

test('words of particle-cli are answered with what they are here', async (t) => {
  const sandbox = new Sandbox(t)
  for (const [words, answer] of /** @type {const} */ ([
    ['keys save x.der', 'duo-provision backup x.der'],
    ['keys load x.der', 'duo-provision restore x.der'],
    ['keys new', 'duo-provision key new FILE'],
    [`keys send ${ID} x.pub.pem`, `duo-provision ${ID} x.pub.pem`],
    ['keys doctor', 'duo-provision rotate'],
    ['keys server', 'duo-provision server-key restore'],
    ['keys server own.der', 'duo-provision server-key set own.der --host NAME'],
    ['key save x.der --json', 'duo-provision backup x.der'],
    ['save x.der', 'duo-provision backup x.der'],
    ['login', '--token-file'],
    ['version', 'duo-provision --version'],
    ['update', 'npx duo-provision@latest'],
  ])) {
    const { status, stdout, stderr } = await sandbox.run(words.split(' '))
    assert.equal(status, 2)
    assert.ok((stdout + stderr).includes(answer), `${words}: ${stdout}${stderr}`)
  }
  sandbox.matches('particle-words')
})

test('only what may be a device id is taken for one', async (t) => {
  const sandbox = new Sandbox(t)
  for (const [word, code] of /** @type {const} */ ([
    ['deadbeef', 'INVALID_ARGUMENT'],
    ['0123456789abcdef012', 'INVALID_ARGUMENT'],
    ['0123456789abcdef0123', 'INVALID_DEVICE_ID'],
    ['0123456789abcdef0123456789ab', 'INVALID_DEVICE_ID'],
    ['0123456789abcdef0123456789abc', 'INVALID_ARGUMENT'],
    ['2b04:d058', 'INVALID_DEVICE_ID'],
    ['YOUR_DEVICE_ID', 'INVALID_DEVICE_ID'],
  ])) {
    const { stderr } = await sandbox.run([word])
    assert.match(stderr, new RegExp(`\\[${code}\\]`), word)
  }
})

test('arguments are looked at before --yes is asked for, and the Duo is not', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const before = duo.duos()[0]?.boots
  for (const [args, code] of /** @type {[string[], string][]} */ ([
    [['restore', 'none.der'], 'FILE_NOT_FOUND'],
    [['reset', '--timeout', '0'], 'INVALID_ARGUMENT'],
    [['reset', '--device', 'my-duo'], 'INVALID_DEVICE_ID'],
    [['rotate'], 'TOKEN_MISSING'],
    [['server-key', 'set', 'none.pem'], 'FILE_NOT_FOUND'],
    [['reset', '--enter-dfu', '--wait'], 'CONFIRMATION_REQUIRED'],
    [['server-key', 'restore'], 'CONFIRMATION_REQUIRED'],
  ])) {
    const { stdout } = await sandbox.run([...args, '--json', ...usbip])
    assert.equal(JSON.parse(stdout).code, code, args.join(' '))
  }
  assert.equal(duo.duos()[0]?.boots, before)
  assert.deepEqual(sandbox.files(), [])
})

test('-q leaves results and errors, --full fingerprints as they are', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const { fingerprint = '?' } = duo.duos()[0] ?? {}
  const quiet = await sandbox.run(['backup', 'duo.der', '-q', ...usbip])
  assert.equal(quiet.stderr, '')
  assert.match(quiet.stdout, new RegExp(`fingerprint ${fingerprint.slice(0, 8)}$`, 'm'))
  const full = await sandbox.run(['list', '--full', ...usbip])
  assert.ok(full.stdout.includes(fingerprint))
  const json = await sandbox.run(['list', '-q', '--json', ...usbip])
  assert.equal(json.stdout.trimEnd().split('\n').length, 1)
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
