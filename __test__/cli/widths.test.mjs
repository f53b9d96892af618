/** What fits a narrow terminal, and what stays as it is for programs. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { restoreKey } from '../../index.js'
import { describePlan } from '../../src/cli/prompt.mjs'
import { atWidth, KEYS, MAIN, NO_TERMINAL, Sandbox, start } from './harness.mjs'

const ESCAPE = '\u001b'

const skip = NO_TERMINAL

test('a command in a warning before a question is in one piece on a narrow terminal', (t) => {
  for (const [name, value] of /** @type {const} */ ([
    ['isTTY', true],
    ['columns', 40],
  ])) {
    const before = Object.getOwnPropertyDescriptor(process.stderr, name)
    Object.defineProperty(process.stderr, name, { value, configurable: true })
    t.after(() =>
      before ? Object.defineProperty(process.stderr, name, before) : delete process.stderr[name],
    )
  }
  const command = `duo-provision doctor --device ${'30001a00'.repeat(3)} --usbip 127.0.0.1:3240`
  const cautions = [`the cloud has another key of this Duo; both ways out are shown by: ${command}`]
  const device = /** @type {any} */ ({ board: 'duo', path: '1-1', simulated: true })
  const plan = /** @type {any} */ ({ action: 'restore-dct', device, changes: [], cautions })
  const lines = describePlan(plan, { paintErr: (_, text) => text }).split('\n')
  assert.ok(lines.some((line) => line.trim() === command))
  const prose = lines.slice(
    lines.findIndex((line) => line.startsWith('caution:')),
    -1,
  )
  assert.ok(prose.length > 1 && prose.every((line) => line.length <= 40))
})

/** A sandbox and a Duo with a key that is always the same. */
async function known(/** @type {import('node:test').TestContext} */ t) {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  await restoreKey({
    usbip: duo.address,
    file: join(KEYS, 'rsa1024-pkcs8.pem'),
    archive: sandbox.archive,
    allowOtherDevice: true,
  })
  return { sandbox, usbip: ['--usbip', duo.address] }
}

for (const [name, args] of /** @type {[string, string[]][]} */ ([
  ['list', ['list']],
  ['dct-show', ['dct', 'show']],
])) {
  test(`${args.join(' ')} fits terminals of 40, 60, 80 and 120 columns, and is one line a row in a pipe`, {
    skip,
  }, async (t) => {
    const { sandbox, usbip } = await known(t)
    const piped = await sandbox.run([...args, ...usbip])
    for (const columns of [40, 60, 80, 120]) {
      const shown = await atWidth(sandbox, columns, [...args, ...usbip])
      const table = shown.slice(shown.search(/^(PATH|FIELD)/m))
      for (const line of table.split('\n')) assert.ok(line.length <= columns, `${columns}: ${line}`)
      assert.ok(!shown.includes('\u001b'))
      // Nothing is left out.
      const bare = (/** @type {string} */ text) => text.replaceAll(/\s/g, '')
      for (const row of piped.stdout.trim().split('\n').slice(-3)) {
        const last = row.split(/ {2,}/).at(-1) ?? ''
        assert.ok(bare(table).includes(bare(last)), `${columns}: ${last}`)
      }
    }
    // What a Duo knows of its cloud is different in every run, and broken into lines.
    if (name === 'list') sandbox.matches('width-list')
  })
}

test('what doctor advises is broken at spaces, and a command is never broken', { skip }, async (t) => {
  const { sandbox, usbip } = await known(t)
  const shown = await atWidth(sandbox, 50, ['doctor', ...usbip])
  assert.match(shown, /^ {10}duo-provision server-key restore .*--usbip 127\.0\.0\.1:\d+$/m)
  for (const line of shown.split('\n')) {
    const whole = /^ {10}(?: {2})?duo-provision |^ {10}\S+$/.test(line)
    assert.ok(whole || line.length <= 50, line)
  }
})

test('nothing moves and nothing is coloured on a dumb terminal; NO_COLOR and CLICOLOR take colours alone', {
  skip,
}, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const run = async (/** @type {Record<string, string>} */ env) => {
    const command = `'${process.execPath}' '${MAIN}' list --usbip ${duo.address}`
    const { stdout } = await start('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...sandbox.env, ...env },
      cwd: sandbox.cwd,
    }).end
    return stdout
  }
  const colour = new RegExp(`${ESCAPE}\\[\\d+m`)
  // An escape sequence, or the spinner's dots.
  const moves = new RegExp(`${ESCAPE}|[\u2800-\u28ff]`)
  assert.doesNotMatch(await run({ TERM: 'dumb' }), moves)
  assert.match(await run({ TERM: 'xterm' }), colour)
  assert.doesNotMatch(await run({ TERM: 'xterm', NO_COLOR: '1' }), colour)
  assert.doesNotMatch(await run({ TERM: 'xterm', CLICOLOR: '0' }), colour)
  const piped = await sandbox.run(['list', '--usbip', duo.address], { env: { CLICOLOR_FORCE: '1' } })
  assert.match(piped.stdout, colour)
  const plain = await sandbox.run(['list', '--usbip', duo.address], { env: { TERM: 'xterm' } })
  assert.doesNotMatch(plain.stdout + plain.stderr, moves)
})

/** Text to copy stays on one line, at any length: a command, or a path. */
const IN_ONE_PIECE = /^ *((sudo|npx|openssl|duo-provision) |\S+$)|^ {2}\w[\w ]* +\S+$/

for (const columns of [60, 80, 120]) {
  test(`help, errors, notes and hints fit ${columns} columns`, { skip }, async (t) => {
    const sandbox = new Sandbox(t)
    const duo = await sandbox.duo({ duos: 2 })
    sandbox.file('not-a-key.der', 'hello')
    const usbip = ['--usbip', duo.address]
    const lines = async (/** @type {string[]} */ ...args) => {
      const shown = await atWidth(sandbox, columns, args, { both: true })
      for (const line of shown.split('\n')) {
        assert.ok(line.length <= columns || IN_ONE_PIECE.test(line), `${args.join(' ')}: ${line}`)
      }
    }
    await lines('-h')
    await lines('--help')
    await lines('restore', '--help')
    await lines('rotate', '--help')
    await lines('keys', 'doctor')
    await lines('my-duo')
    await lines('list', '--timeout', 'x')
    await lines('list', '--path', '1-9', ...usbip)
    await lines('30001a000347343432313031', '--api-url', 'http://192.168.1.20:8080')
    await lines('restore', 'not-a-key.der', ...usbip)
    await lines('dct', 'restore', 'not-a-key.der', '--fields', 'nothing', ...usbip)
    await lines('backup', '--path', '1-1', ...usbip)
    await lines('udev', 'install', '--root', '/there/is/no/such/folder')
    sandbox.matches(`width-${columns}`)
  })
}
