/** The whole output of the commands that write: reset, restore, provision of every kind, and `--json` for each. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, restarted, Sandbox } from './harness.mjs'

test('reset and restore write, verify and say what comes next', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const first = duo.duos()[0]?.fingerprint
  const boots = duo.duos()[0]?.boots ?? 0
  await sandbox.run(['backup', 'duo.der', ...usbip])
  assert.equal((await sandbox.run(['reset', '--yes', ...usbip])).status, 0)
  await restarted(duo, boots)
  assert.notEqual(duo.duos()[0]?.fingerprint, first)
  assert.equal((await sandbox.run(['restore', 'duo.der', '--yes', ...usbip])).status, 0)
  assert.equal(duo.duos()[0]?.fingerprint, first)
  assert.equal((await sandbox.run(['restore', 'duo.der', '--yes', ...usbip])).status, 0)
  sandbox.matches('reset-restore')
})

test('--json: events, and one result, for every command', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud()
  const usbip = ['--usbip', duo.address, '--json']
  sandbox.name(/-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----/gs, '<public key>')
  const id = duo.duos()[0]?.deviceId ?? ''
  const boots = duo.duos()[0]?.boots ?? 0
  for (const args of [
    ['list', ...usbip],
    ['backup', 'duo.der', ...usbip],
    ['inspect', 'duo.der', '--json'],
    [id, '--from-device', '--api-url', cloud.url, ...usbip],
    ['reset', '--yes', ...usbip],
  ]) {
    assert.equal((await sandbox.run(args)).status, 0, args.join(' '))
  }
  await restarted(duo, boots)
  const { stdout } = await sandbox.run(['restore', 'duo.der', '--yes', ...usbip])
  assert.equal(jsonLines(stdout).at(-1).written, true)
  await sandbox.run(['restore', '--json'])
  sandbox.matches('json')
})

test('an r4 Duo is chosen by its port, and its id is the user’s word', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ bootloader: 'r4', duos: 2 })
  const usbip = ['--usbip', duo.address]
  const [one, two] = duo.duos().map(({ deviceId }) => deviceId)
  await sandbox.run(['list', ...usbip])
  await sandbox.run(['backup', 'one.der', '--path', '1-1', '--device', one ?? '', ...usbip])
  const before = duo.duos()[1]?.fingerprint
  // The key is known as the first Duo's. The second one reports no id, so nothing shows that it is that Duo.
  assert.equal((await sandbox.run(['restore', 'one.der', '--path', '1-2', '--yes', ...usbip])).status, 3)
  const named = ['restore', 'one.der', '--path', '1-2', '--device', two ?? '', '--yes', ...usbip]
  assert.equal((await sandbox.run(named)).status, 3)
  assert.equal(duo.duos()[1]?.fingerprint, before)
  sandbox.matches('r4')
})

test('of a private key file only the public half goes to the cloud; a token comes from standard input', async (t) => {
  const sandbox = new Sandbox(t)
  const cloud = await sandbox.cloud()
  const token = sandbox.env['PARTICLE_ACCESS_TOKEN'] ?? ''
  delete sandbox.env['PARTICLE_ACCESS_TOKEN']
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  sandbox.file('key.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const args = ['30001a000347343432313031', 'key.pem', '--api-url', cloud.url, '--token-file', '-']
  const { stdout, status } = await sandbox.run(args, { stdin: `${token}\n` })
  assert.equal(status, 0)
  assert.equal(
    stdout,
    'attempting to add a new public key for device 30001a000347343432313031\nSuccess - Device Provisioned!\n',
  )
  const sent = cloud.provisioned()[0]?.publicKey.trim()
  assert.equal(sent, publicKey.export({ format: 'pem', type: 'spki' }).toString().trim())
  // The token that was typed in place of the file is not repeated.
  assert.equal((await sandbox.run([...args.slice(0, -1), token], {})).status, 9)
})

test('a wrong token and another’s device are refusals, with what to do', async (t) => {
  const sandbox = new Sandbox(t)
  const cloud = await sandbox.cloud()
  const args = ['30001a000347343432313031', '--api-url', cloud.url]
  const refused = await sandbox.run(args, {
    env: { PARTICLE_ACCESS_TOKEN: sandbox.secret('wqzjxkvgnphrsmty') },
  })
  assert.equal(refused.status, 7)
  sandbox.matches('refused')
})

test('a reader that goes away does not change what is done, nor the exit code', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const before = duo.duos()[0]?.fingerprint
  await sandbox.run(['backup', 'duo.der', ...usbip])
  for (const json of [[], ['--json']]) {
    const boots = duo.duos()[0]?.boots ?? 0
    const started = sandbox.start(['reset', '--yes', ...usbip, ...json], { stdin: '' })
    started.child.stdout.destroy()
    started.child.stderr.destroy()
    assert.equal((await started.end).status, 0)
    await restarted(duo, boots)
    assert.notEqual(duo.duos()[0]?.fingerprint, before)
  }
  assert.equal(readFileSync(join(sandbox.cwd, 'duo.der')).length, 1216)
})
