/** What is offered on a terminal: the menu if no command was typed, and a choice among several Duos. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dialogue, KEYS, NO_TERMINAL, Sandbox } from './harness.mjs'

const skip = NO_TERMINAL

const MENU = /What do you want to do\?[\s\S]*6 {2}Something else/
const WHICH = /Which Duo\?[\s\S]*1-2/

/** A sandbox and Duos. */
async function bench(
  /** @type {import('node:test').TestContext} */ t,
  /** @type {import('../../index.js').VirtualDuoOptions} */ options = {},
) {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo(options)
  return { sandbox, duo, usbip: ['--usbip', duo.address] }
}

const DOWN = '\u001b[B'
const UP = '\u001b[A'

for (const [name, keys] of /** @type {const} */ ([
  ['its number', '1'],
  ['Enter', '\r'],
  ['the arrow keys, once around', `${DOWN}${UP}${UP}${DOWN}\r`],
])) {
  test(`the menu shows the command that it runs, and runs it: ${name}`, { skip }, async (t) => {
    const { sandbox, usbip } = await bench(t)
    const { status, stdout } = await dialogue(sandbox, usbip, [[MENU, keys]])
    assert.equal(status, 0, stdout)
    assert.match(stdout, /Found a virtual Duo 5649525455414c2d44554f01, key [0-9a-f]{8}, at 1-1\./)
    assert.ok(stdout.includes(`$ duo-provision backup ${usbip.join(' ')}`), stdout)
    assert.equal(sandbox.files().filter((file) => file.endsWith('.der')).length, 1)
  })
}

for (const [name, keys, status] of /** @type {const} */ ([
  ['Esc', '\u001b', 0],
  ['Ctrl-C', '\u0003', 130],
])) {
  test(`${name} ends the menu, and nothing was done`, { skip }, async (t) => {
    const { sandbox, usbip } = await bench(t)
    const ended = await dialogue(sandbox, usbip, [[MENU, keys]])
    assert.equal(ended.status, status, ended.stdout)
    assert.doesNotMatch(ended.stdout, /\$ duo-provision/)
    assert.deepEqual(sandbox.files(), [])
  })
}

test('the menu is no consent: a backup that is chosen is asked for once more', { skip }, async (t) => {
  const { sandbox, duo, usbip } = await bench(t)
  await sandbox.run(['backup', ...usbip])
  await sandbox.run(['restore', join(KEYS, 'rsa1024-pkcs8.pem'), '--allow-other-device', '--yes', ...usbip])
  const before = duo.duos()[0]?.fingerprint
  const { status, stdout } = await dialogue(sandbox, usbip, [
    [MENU, '5'],
    [/Which backup\?[\s\S]*1 {2}key/, '1'],
    [/Write this key to the Duo\? \[y\/N\] /, 'n\n'],
  ])
  assert.equal(status, 2, stdout)
  assert.match(stdout, /\$ duo-provision restore \/\S+\.der --usbip/)
  assert.equal(duo.duos()[0]?.fingerprint, before)
})

test('the menu offers a backup in another place than the archive', { skip }, async (t) => {
  const { sandbox, usbip } = await bench(t)
  await sandbox.run(['backup', 'mine.der', ...usbip])
  const { stdout } = await dialogue(sandbox, usbip, [
    [MENU, '5'],
    [/Which backup\?[\s\S]*1 {2}key/, '1'],
  ])
  assert.match(stdout, /\$ duo-provision restore \/\S+mine\.der --usbip/)
})

test('where there is no key to be saved, Enter looks for what is wrong', { skip }, async (t) => {
  const { sandbox, usbip } = await bench(t, { faults: ['read-zeros@dfu1+'] })
  const { stdout } = await dialogue(sandbox, usbip, [[MENU, '\r']])
  assert.match(stdout, /\$ duo-provision doctor --usbip/)
})

test('the menu offers help, and a new key that needs a token', { skip }, async (t) => {
  const { sandbox, usbip } = await bench(t)
  const help = await dialogue(sandbox, usbip, [[MENU, '6']])
  assert.equal(help.status, 0)
  assert.match(help.stdout, /Everyday +list, backup/)
  const rotate = await dialogue(sandbox, usbip, [[MENU, '4']])
  assert.equal(rotate.status, 2, rotate.stdout)
  assert.match(rotate.stdout, /TOKEN_MISSING/)
})

test('without a Duo in DFU mode the menu shows the buttons; one that runs is not restarted', {
  skip,
}, async (t) => {
  const { sandbox, duo, usbip } = await bench(t, { mode: 'normal' })
  const { status, stdout } = await dialogue(sandbox, usbip, [[/Waiting for up to 10 minutes/, '\u0003']])
  assert.equal(status, 130, stdout)
  assert.match(stdout, /release SETUP when the LED blinks yellow/)
  const [now] = duo.duos()
  assert.equal(now?.presence, 'normal')
})

test('no menu in a pipe, with --json, --yes or CI: what is missing is said', { skip }, async (t) => {
  const { sandbox, usbip } = await bench(t)
  const missing = /a command or a device id is needed/
  const piped = await sandbox.run(usbip)
  assert.equal(piped.status, 2)
  assert.match(piped.stderr, missing)
  for (const [args, env] of /** @type {[string[], Record<string, string>][]} */ ([
    [['--yes'], {}],
    [['--json'], {}],
    [[], { CI: 'true' }],
    [[], { TERM: 'dumb' }],
  ])) {
    const { status, stdout } = await dialogue(sandbox, [...args, ...usbip], [], env)
    assert.equal(status, 2, stdout)
    assert.match(stdout, missing)
  }
})

test('of several Duos one is chosen, and the command goes on with it', { skip }, async (t) => {
  const { sandbox, usbip } = await bench(t, { duos: 2 })
  const { status, stdout } = await dialogue(sandbox, ['backup', 'duo.der', ...usbip], [[WHICH, '2']])
  assert.equal(status, 0, stdout)
  assert.match(readFileSync(join(sandbox.cwd, 'duo.json'), 'utf8'), /"5649525455414c2d44554f02"/)
})

for (const [name, keys, status] of /** @type {const} */ ([
  ['Esc', '\u001b', 3],
  ['Ctrl-C', '\u0003', 130],
])) {
  test(`${name} chooses none of several Duos`, { skip }, async (t) => {
    const { sandbox, usbip } = await bench(t, { duos: 2 })
    const ended = await dialogue(sandbox, ['backup', ...usbip], [[WHICH, keys]])
    assert.equal(ended.status, status, ended.stdout)
    assert.deepEqual(sandbox.files(), [])
  })
}

test('list and doctor look at all Duos and ask nothing', { skip }, async (t) => {
  const { sandbox, usbip } = await bench(t, { duos: 2 })
  for (const command of ['list', 'doctor']) {
    const { stdout } = await dialogue(sandbox, [command, ...usbip], [])
    assert.match(stdout, /1-1[\s\S]*1-2/)
    assert.doesNotMatch(stdout, /Which Duo/)
  }
})
