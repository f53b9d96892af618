/**
 * Runs every command and function at its most verbose, in success and in failure, for `scan.mjs` to scan. Also checks
 * that no command starts a process: then nothing can leak into the arguments and environments of children. The one
 * exception is `udev install`, which starts only udevadm, and passes on nothing of its own environment.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as api from '../../src/entry.cjs'
import { KEYS, Sandbox } from '../cli/harness.mjs'
import { openCloud, openLab } from '../node/lab.mjs'
import { canaryText, keepText, keepValue } from './keep.mjs'

const PROBE = fileURLToPath(new URL('./probe.cjs', import.meta.url))
const ID = '30001a000347343432313031'
const TOKEN = 'qzvkxwjgphtnrmsyqjxzkwvgnhptyrsmzqkvxjwg'
const PASSPHRASE = 'Pack my box with five dozen liquor jugs'
const LOUD = { RUST_BACKTRACE: 'full', RUST_LOG: 'trace', NODE_DEBUG: 'child_process' }

const WORDS = ['-v', '-v']
const JSON_LINES = ['-v', '--json']

/**
 * Runs a command with text output and as JSON, both at their most verbose, or only in the given ways.
 * @param {Sandbox} sandbox
 * @param {string[]} args
 * @param {import('../cli/harness.mjs').RunOptions} [options]
 * @param {string[][]} [ways]
 */
async function loudly(sandbox, args, options = {}, ways = [WORDS, JSON_LINES]) {
  const probe = join(sandbox.folder, 'probe.json')
  const probed =
    process.platform === 'linux' ? { NODE_OPTIONS: `--require ${PROBE}`, DUO_PROVISION_PROBE: probe } : {}
  for (const loudness of ways) {
    /** @type {Record<string, string>} */
    const env = { ...LOUD, ...probed, ...options.env }
    /** @type {import('../cli/harness.mjs').Ended} */
    const { signal } = await sandbox.start([...args, ...loudness], { stdin: '', ...options, env }).end
    assert.equal(signal, null, args.join(' '))
    if (process.platform !== 'linux') continue
    assert.deepEqual(JSON.parse(readFileSync(probe, 'utf8')), { ended: 0, living: [] }, args.join(' '))
  }
}

/** A cloud that repeats its callers' tokens in several forms. Its URL ends in the status that it answers with. */
async function startEcho(/** @type {import('node:test').TestContext} */ t) {
  const server = createServer((request, response) => {
    const token = `${request.headers.authorization}`
    const forms = [
      token,
      Buffer.from(token).toString('hex'),
      Buffer.from(token).toString('base64'),
      escape(token),
    ]
    const status = Number(request.url?.match(/^\/(\d{3})\//)?.[1] ?? 401)
    response.writeHead(status, {
      location: `http://127.0.0.1:1/${encodeURIComponent(token)}`,
      'x-token': token,
    })
    response.end(status % 2 === 0 ? JSON.stringify({ error: forms.join(' ') }) : forms.join('\n'))
    request.resume()
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  t.after(() => server.close())
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  return `http://127.0.0.1:${address.port}`
}

test('a probe sees children, those that have ended and those that have not', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const sandbox = new Sandbox(t)
  const { start } = await import('../cli/harness.mjs')
  const probe = join(sandbox.folder, 'probe.json')
  const seen = async (/** @type {string} */ script) => {
    const env = { ...sandbox.env, DUO_PROVISION_PROBE: probe }
    await start(process.execPath, ['--require', PROBE, '--eval', script], { env, cwd: sandbox.cwd }).end
    return JSON.parse(readFileSync(probe, 'utf8'))
  }
  assert.ok((await seen('require("node:child_process").spawnSync("true")')).ended > 0)
  const living = await seen('require("node:child_process").spawn("sleep", ["5"]); process.exit()')
  assert.equal(living.living.length, 1)
  assert.deepEqual(await seen(''), { ended: 0, living: [] })
})

test('udev install starts udevadm, and tells it no secret', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const sandbox = new Sandbox(t)
  const root = join(sandbox.folder, 'root')
  for (const folder of ['etc/udev/rules.d', 'usr/bin']) mkdirSync(join(root, folder), { recursive: true })
  // The scan at the end looks through its arguments and its whole environment.
  const script = '#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ >>"$(dirname $0)/told"\n'
  writeFileSync(join(root, 'usr/bin/udevadm'), script, { mode: 0o755 })
  const probe = join(sandbox.folder, 'probe.json')
  const env = {
    ...LOUD,
    NODE_OPTIONS: `--require ${PROBE}`,
    DUO_PROVISION_PROBE: probe,
    PARTICLE_ACCESS_TOKEN: sandbox.secret(TOKEN),
    DUO_PROVISION_PASSPHRASE: sandbox.secret(PASSPHRASE),
  }
  const { status } = await sandbox.start(['udev', 'install', '--root', root, ...WORDS], { stdin: '', env })
    .end
  assert.equal(status, 0)
  const { ended, living } = JSON.parse(readFileSync(probe, 'utf8'))
  assert.ok(ended > 0, 'it is seen')
  assert.deepEqual(living, [], 'it was waited for')
  const told = readFileSync(join(root, 'usr/bin/told'), 'latin1').split('\0').filter(Boolean)
  assert.deepEqual(
    told.filter((text) => text.includes('=') && !text.startsWith('--')),
    ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
  )
})

test('commands about a Duo', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const two = await sandbox.duo({ duos: 2, bootloader: 'r4' })
  const running = await sandbox.duo({ mode: 'normal' })
  const usbip = ['--usbip', duo.address]
  canaryText('the Wi-Fi settings of a virtual Duo', 'ssid=VirtualNetwork;pass=letmein')
  const garbage = sandbox.file('garbage.der', Buffer.alloc(1216, 'garbage '))
  for (const args of [
    ['udev', 'print'],
    ['man', 'list'],
    ['list', ...usbip],
    ['list', '--usbip', two.address],
    ['backup', ...usbip],
    ['backup', 'duo.der', ...usbip],
    ['backup', '--raw', ...usbip],
    ['dfu', ...usbip],
    ['backup', '--enter-dfu', '--wait', '--usbip', running.address],
    ['backup', '--usbip', two.address],
    ['inspect', 'duo.der'],
    ['dct', 'show', ...usbip],
    ['dct', 'show', '--usbip', two.address],
    ['dct', 'backup', ...usbip],
    ['dct', 'backup', 'dct.bin', '--whole', ...usbip],
    ['dct', 'show', 'dct.bin'],
    ['server-key', 'show', ...usbip],
    ['inspect', 'dct.bin'],
    ['inspect', 'dct.json'],
    ['inspect', 'dct.bin', '--extract', 'device-private-key'],
    ['server-key', 'set', 'duo.der', '--yes', ...usbip],
    ['server-key', 'restore', ...usbip],
    ['server-key', 'restore', '--yes', ...usbip],
    ['dct', 'restore', 'dct.bin', '--yes', ...usbip],
    ['dct', 'restore', 'dct.bin', '--whole', '--yes', ...usbip],
    ['dct', 'restore', 'dct.bin', '--fields', 'device-private-key,server-public-key', '--yes', ...usbip],
    ['dct', 'restore', 'dct.bin', '--fields', 'claim-code', '--dry-run', '--usbip', two.address],
    ['doctor', ...usbip],
    ['reset', ...usbip],
    ['reset', '--dry-run', ...usbip],
    ['restore', garbage, '--yes', ...usbip],
    ['restore', 'duo.der', '--yes', ...usbip],
    ['restore', 'duo.der', '--path', '1-1', '--device', ID, '--yes', '--usbip', two.address],
    ['reset', '--yes', ...usbip],
  ]) {
    await loudly(sandbox, args)
  }
})

test('commands about files with keys', async (t) => {
  const sandbox = new Sandbox(t)
  for (const [index, name] of readdirSync(KEYS).entries()) {
    await loudly(sandbox, ['inspect', join(KEYS, name)], {}, [index % 2 === 0 ? WORDS : JSON_LINES])
  }
})

test('commands with a passphrase', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  canaryText('a passphrase', PASSPHRASE)
  const known = ['--passphrase-file', sandbox.file('passphrase', `${PASSPHRASE}\n`)]
  const asInput = { stdin: `${PASSPHRASE}\n` }
  const env = { DUO_PROVISION_PASSPHRASE: PASSPHRASE }
  await loudly(sandbox, ['backup', 'duo.pem', '--encrypt', ...known, ...usbip])
  await loudly(sandbox, ['backup', '--encrypt', '--passphrase-file', '-', ...usbip], asInput)
  await loudly(sandbox, ['backup', ...known, ...usbip])
  await loudly(sandbox, ['backup', '--encrypt', '--passphrase-file', PASSPHRASE, ...usbip])
  await loudly(sandbox, ['backup', '--all', '--encrypt', '--passphrase-file', '-', ...usbip], asInput)
  await loudly(sandbox, ['backup', '--all', '--paths', 'passphrase', ...usbip])
  await loudly(sandbox, ['dct', 'backup', '--all', ...usbip])
  await loudly(sandbox, ['verify', '--all', '--timeout', '1', ...usbip])
  await loudly(sandbox, ['inspect', 'duo.pem', ...known])
  await loudly(sandbox, ['reset', '--encrypt', '--yes', ...usbip], { env })
  await loudly(sandbox, ['restore', 'duo.pem', '--encrypt', '--yes', ...usbip], { env })
  await loudly(sandbox, ['restore', 'duo.pem', '--yes', ...usbip], {
    env: { DUO_PROVISION_PASSPHRASE: `${PASSPHRASE} and more` },
  })
  await loudly(sandbox, ['restore', 'duo.pem', '--yes', ...usbip], {
    env: { DUO_PROVISION_PASSPHRASE: `${PASSPHRASE}\t` },
  })
  await loudly(sandbox, ['key', 'new', '--encrypt', ...known])
  await loudly(sandbox, ['key', 'public', 'duo.pem', '--passphrase-file', '-'], asInput)
  await loudly(sandbox, ['verify', '--key', 'duo.pem', '--timeout', '1', ...known])
  await loudly(sandbox, [ID, 'duo.pem', ...known, '--dry-run'], { env: { PARTICLE_ACCESS_TOKEN: 'none' } })
  await loudly(sandbox, ['status'])
  await loudly(sandbox, ['history'])
})

test('commands about the cloud', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud()
  const echo = await startEcho(t)
  const id = duo.duos()[0]?.deviceId ?? ''
  const to = (/** @type {string} */ url) => ['--api-url', url]
  const key = join(KEYS, 'rsa1024-pkcs8.pem')
  const token = sandbox.file('token', `${sandbox.secret(TOKEN)}\n`)
  await loudly(sandbox, ['doctor', '--usbip', duo.address, ...to(cloud.url)])
  await loudly(sandbox, [id, '--from-device', '--usbip', duo.address, ...to(cloud.url)])
  await loudly(sandbox, ['doctor', '--usbip', duo.address, ...to(cloud.url)])
  await loudly(sandbox, ['rotate', '--yes', '--no-verify', '--usbip', duo.address, ...to(`${echo}/400`)])
  await loudly(sandbox, [id, ...to(cloud.url)])
  await loudly(sandbox, [id, key, ...to(cloud.url)])
  await loudly(sandbox, [id, '--token-file', '-', ...to(cloud.url)], { stdin: `${TOKEN}\n` })
  await loudly(sandbox, [id, '--token-file', token, ...to(cloud.url)])
  await loudly(sandbox, [id, '--token-file', token, ...to('http://127.0.0.1:1'), '--timeout', '1'])
  const login = { access_token: TOKEN, apiUrl: echo, username: 'somebody' }
  sandbox.file('../home/.particle/particle.config.json', JSON.stringify(login), 0o600)
  await loudly(sandbox, [id], { env: { PARTICLE_ACCESS_TOKEN: '' } })
  for (const status of [200, 201, 302, 400, 401, 403, 404, 409, 429, 503]) {
    await loudly(sandbox, [id, '--token-file', token, ...to(`${echo}/${status}`), '--timeout', '1'])
  }
  for (const status of [200, 302, 401, 403, 404, 500]) {
    const asking = ['doctor', '--token-file', token, '--usbip', duo.address, '--timeout', '1']
    await loudly(sandbox, [...asking, ...to(`${echo}/${status}`)])
  }
  // Values that are not a token, or not the name of a file.
  const env = { PARTICLE_ACCESS_TOKEN: `${TOKEN} ${TOKEN}` }
  await loudly(sandbox, [id, ...to(cloud.url)], { env })
  await loudly(sandbox, [id, '--token-file', '-', ...to(cloud.url)], { stdin: `${TOKEN}\n${TOKEN}\n` })
})

test('commands about a list of devices', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud()
  const echo = await startEcho(t)
  const id = duo.duos()[0]?.deviceId ?? ''
  const to = (/** @type {string} */ url) => ['--api-url', url, '--rate', 'none', '--timeout', '1']
  await sandbox.run(['backup', 'duo.der', '--usbip', duo.address])
  const key = join(KEYS, 'rsa1024-pkcs8.pem')
  sandbox.file('list.csv', `device_id,key_file\n${id},duo.der\n30001a000347343432313099,${key}\n`)
  sandbox.file('wrong.csv', `device_id,key_file\n${id},none.der\n`)
  const token = sandbox.file('token', `${sandbox.secret(TOKEN)}\n`)
  const list = ['fleet', 'provision', 'list.csv']
  await loudly(sandbox, [...list, ...to(cloud.url)])
  await loudly(sandbox, ['fleet', 'provision', 'wrong.csv', ...to(cloud.url)])
  for (const status of [200, 302, 400, 401, 403, 500]) {
    await loudly(sandbox, [...list, '--token-file', token, ...to(`${echo}/${status}`)])
    await loudly(sandbox, ['fleet', 'verify', 'list.csv', '--token-file', token, ...to(`${echo}/${status}`)])
  }
  for (const format of ['text', 'csv', 'jsonl', 'manifest']) {
    await loudly(sandbox, ['fleet', 'report', 'list.provision.jsonl', '--format', format])
  }
  await loudly(sandbox, ['fleet', 'manifest'])
  const [host = '', port = ''] = new URL(echo).host.split(':')
  sandbox.file('server.pem', readFileSync(join(KEYS, 'particle-cloud.pub.pem')))
  const at = ['--server-key', 'server.pem', '--host', host, '--port', port, '--timeout', '1']
  await loudly(sandbox, ['fleet', 'verify', 'list.csv', '--handshake', ...at])
})

test('functions: results, events and errors, with everything that hangs on them', async (t) => {
  const { usb, writing, folder, input, state } = await openLab(t)
  const { credentials } = await openCloud(t)
  const echo = await startEcho(t)
  canaryText('a token', TOKEN)
  const file = join(folder, 'duo.der')
  const garbage = input('garbage.der', Buffer.alloc(1216, 'garbage '))
  const deviceId = state().deviceId
  /** @type {import('../../index.js').Control} */
  const control = {
    onEvent: (event) => keepValue('event', event),
    confirm: (plan) => {
      keepValue('plan', plan)
      return true
    },
  }
  /** @type {[string, () => Promise<unknown>][]} */
  const calls = [
    ['list', () => api.listDevices(usb, control)],
    ['enter', () => api.enterDfu(usb, control)],
    ['backup', () => api.backupKey({ ...usb, file }, control)],
    ['backup twice', () => api.backupKey({ ...usb, file }, control)],
    ['backup of nobody', () => api.backupKey({ usbip: '127.0.0.1:1', file }, control)],
    ['backup of all', () => api.backupAll(writing, control)],
    ['dct backup of all', () => api.backupAllDcts({ ...writing, whole: true }, control)],
    ['verify of all', () => api.verifyAll({ ...usb, timeout: 1 }, control)],
    [
      'provision of all',
      () => api.provisionAll({ ...usb, fromDevice: true, allowOtherCloud: true, ...credentials }, control),
    ],
    ['inspect', () => api.inspectKey({ file })],
    ['dct backup', () => api.backupDct({ ...writing, whole: true }, control)],
    ['dct show', () => api.showDct(usb, control)],
    ['server-key show', () => api.showServerKey(usb, control)],
    ['server-key set, a private key', () => api.setServerKey({ ...writing, file }, control)],
    ['server-key restore', () => api.restoreServerKey(writing, control)],
    [
      'dct restore garbage',
      () => api.restoreDct({ ...writing, file: garbage, fields: ['claim-code'] }, control),
    ],
    ['inspect garbage', () => api.inspectKey({ file: garbage })],
    ['restore garbage', () => api.restoreKey({ ...writing, file: garbage }, control)],
    ['restore', () => api.restoreKey({ ...writing, file }, control)],
    ['reset refused', () => api.resetKey(writing, { ...control, confirm: () => false })],
    ['reset', () => api.resetKey(writing, control)],
    ['provision', () => api.provision({ deviceId, ...credentials }, control)],
    [
      'provision, no token',
      () => api.provision({ deviceId, ...credentials, token: `${TOKEN} ${TOKEN}` }, control),
    ],
    ...[200, 302, 401, 403, 500].map(
      (status) =>
        /** @type {[string, () => Promise<unknown>]} */ ([
          `provision ${status}`,
          () => api.provision({ deviceId, apiUrl: `${echo}/${status}`, token: TOKEN, timeout: 1 }, control),
        ]),
    ),
  ]
  let failed = 0
  for (const [name, call] of calls) {
    const told = await call().catch((error) => {
      failed += 1
      return error
    })
    keepValue(name, told)
  }
  assert.equal(failed, 13)
  keepText('files', readdirSync(folder, { recursive: true }).join('\n'))
})
