/** `rotate`: a new key, every refusal, and what to type after it was interrupted. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { reopen, upTo } from '../journal.mjs'
import { Sandbox } from './harness.mjs'

/** A virtual Duo that is meant for a local cloud. */
async function together(/** @type {import('node:test').TestContext} */ t) {
  const sandbox = new Sandbox(t)
  sandbox.name(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<YYYY-MM-DDTHH:MM:SSZ>')
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud({ devicePort: 0 })
  sandbox.name(cloud.deviceAddress ?? '', '127.0.0.1:<devices>')
  duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  const usbip = ['--usbip', duo.address]
  const state = () => {
    const [state] = duo.duos()
    assert.ok(state)
    return state
  }
  const { boots } = state()
  /** Waits until the Duo has started that many more times, and is in DFU mode again. */
  const restarted = async (times = 1) => {
    while (state().presence !== 'dfu' || state().boots < boots + times) {
      await new Promise((next) => setTimeout(next, 20))
    }
  }
  return { sandbox, duo, cloud, state, restarted, usbip, all: ['--api-url', cloud.url, ...usbip] }
}

test('the API of another cloud does not cut off a Duo that is paired with its own', async (t) => {
  const { sandbox, cloud, state, usbip, all } = await together(t)
  const id = state().deviceId
  assert.equal((await sandbox.run([id, '--from-device', ...all])).status, 0)
  const other = await sandbox.cloud()
  sandbox.name(/new key kept: .*/g, 'new key kept: <file>')
  const token = ['--token-file', sandbox.file('token', sandbox.secret(other.token))]
  const { fingerprint } = state()
  assert.equal((await sandbox.run(['rotate', '--yes', ...token, '--api-url', other.url, ...usbip])).status, 8)
  assert.equal(state().fingerprint, fingerprint)
  const [mine, theirs] = [cloud, other].map((one) => one.provisioned()[0]?.publicKey)
  assert.equal(mine, theirs)
  assert.equal((await sandbox.run(['verify', ...usbip])).status, 0)
  await sandbox.run(['status'])
  sandbox.matches('rotate-two-clouds')
})

test("a Duo that names another cloud than the API's is told nothing of", async (t) => {
  const { sandbox, cloud, state, usbip, all } = await together(t)
  const id = state().deviceId
  sandbox.remark("The API is Particle's, which is the usual one.")
  assert.equal((await sandbox.run(['rotate', '--dry-run', ...usbip])).status, 2)
  assert.equal((await sandbox.run([id, '--from-device', '--dry-run', ...usbip])).status, 2)
  sandbox.remark("The Duo is to go to Particle's cloud.")
  assert.equal((await sandbox.run(['server-key', 'restore', '--yes', ...usbip])).status, 0)
  assert.equal((await sandbox.run([id, '--from-device', ...all])).status, 2)
  assert.equal((await sandbox.run(['rotate', '--yes', '--json', ...all])).status, 2)
  assert.equal((await sandbox.run(['doctor', '--cloud', ...all])).status, 5)
  assert.equal(cloud.provisioned().length, 0)
  sandbox.remark('All the same.')
  assert.equal((await sandbox.run([id, '--from-device', '--allow-other-cloud', ...all])).status, 0)
  sandbox.matches('other-cloud')
})

test('rotate gives the cloud and the Duo a new key, and verify proves it', async (t) => {
  const { sandbox, cloud, state, restarted, usbip, all } = await together(t)
  const { fingerprint } = state()
  assert.equal((await sandbox.run(['rotate', '--dry-run', ...all])).status, 0)
  assert.equal(cloud.provisioned().length, 0)
  assert.equal((await sandbox.run(['rotate', ...all])).status, 2)
  assert.equal((await sandbox.run(['rotate', '--yes', ...all])).status, 0)
  await restarted()
  assert.notEqual(state().fingerprint, fingerprint)
  assert.equal((await sandbox.run(['verify', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['rotate', '--yes', '--json', ...all])).status, 0)
  await restarted(2)
  assert.equal((await sandbox.run(['verify', ...usbip])).status, 0)
  sandbox.matches('rotate')
})

test('a rotation that fails says where the cloud and the Duo are, and is taken up', async (t) => {
  const { sandbox, duo, cloud, state, restarted, usbip, all } = await together(t)
  const { fingerprint } = state()
  const token = ['--token-file', sandbox.file('token', sandbox.secret('x'.repeat(40)))]
  sandbox.remark('The cloud refuses.')
  assert.equal((await sandbox.run(['rotate', '--yes', ...token, ...all])).status, 7)
  assert.equal(state().fingerprint, fingerprint)
  sandbox.remark('The cloud has no port for devices.')
  const nowhere = ['--host', '127.0.0.1', '--port', '1']
  assert.equal((await sandbox.run(['rotate', '--yes', ...nowhere, ...all])).status, 8)
  sandbox.remark('The Duo does not write.')
  duo.arm('1-1', 'write-silent@1')
  assert.equal((await sandbox.run(['rotate', '--yes', ...all])).status, 5)
  assert.equal(cloud.provisioned().length, 1)
  assert.equal(state().fingerprint, fingerprint)
  await sandbox.run(['status'])
  await sandbox.run(['doctor', ...usbip])
  duo.clearFaults('1-1')
  assert.equal((await sandbox.run(['rotate', '--yes', ...all])).status, 0)
  await restarted()
  assert.equal((await sandbox.run(['verify', ...usbip])).status, 0)
  await sandbox.run(['status'])
  sandbox.matches('rotate-fails')
})

test('cut short after the cloud was told, it is finished with the same key', async (t) => {
  const { sandbox, state, restarted, all } = await together(t)
  await sandbox.start(['rotate', '--yes', ...all], { stdin: '' }).end
  await restarted()
  const { fingerprint } = state()
  reopen(join(sandbox.home, '.local/share/duo-provision/journal'), upTo('writing'))
  await sandbox.run(['status'])
  assert.equal((await sandbox.run(['rotate', '--yes', ...all])).status, 0)
  await restarted(2)
  assert.equal(state().fingerprint, fingerprint)
  sandbox.matches('rotate-taken-up')
})
