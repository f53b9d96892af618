/** The whole output of the commands on virtual Duos and a local cloud. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sandbox } from './harness.mjs'

test('list, backup, reset and restore on one Duo', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  for (const args of [
    ['list'],
    ['backup', 'duo.der'],
    ['backup', 'duo.der'],
    ['backup'],
    ['restore', 'duo.der', '--dry-run'],
  ]) {
    await sandbox.run([...args, ...usbip])
  }
  const refused = await sandbox.run(['restore', 'duo.der', ...usbip])
  assert.equal(refused.status, 2)
  assert.equal((await sandbox.run(['restore', 'duo.der', '--yes', '--leave', ...usbip])).status, 0)
  sandbox.matches('one-duo')
})

test('two Duos and no choice are an error that lists them', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ duos: 2 })
  await sandbox.run(['list', '--usbip', duo.address])
  const { status } = await sandbox.run(['backup', '--usbip', duo.address])
  assert.equal(status, 3)
  assert.deepEqual(sandbox.files(), [])
  sandbox.matches('two-duos')
})

test("provision prints the old script's lines, letter for letter", async (t) => {
  const sandbox = new Sandbox(t)
  const cloud = await sandbox.cloud()
  const id = '30001a000347343432313031'
  const { status, stdout } = await sandbox.run([id.toUpperCase(), '--api-url', cloud.url])
  assert.equal(status, 0)
  assert.equal(
    stdout,
    `using generic public key\nattempting to add a new public key for device ${id}\nSuccess - Device Provisioned!\n`,
  )
  const missing = await sandbox.run([id, 'nowhere.pem', '--api-url', cloud.url, '-vv'])
  assert.equal(missing.status, 9)
  assert.equal(cloud.provisioned().length, 1)
  sandbox.matches('provision')
})
