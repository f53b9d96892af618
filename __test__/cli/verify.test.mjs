/** `verify`: the proof of pairing, and every case in which there is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sandbox } from './harness.mjs'

/** A virtual Duo that is meant for a local cloud. */
async function together(
  /** @type {Sandbox} */ sandbox,
  /** @type {import('../../index.js').CloudFlavor} */ flavor,
) {
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud({ devicePort: 0, flavor })
  sandbox.name(cloud.deviceAddress ?? '', '127.0.0.1:<devices>')
  duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  return { duo, cloud, id: duo.duos()[0]?.deviceId ?? '', usbip: ['--usbip', duo.address] }
}

test('verify succeeds once the cloud knows the key, and says what it has proven', async (t) => {
  const sandbox = new Sandbox(t)
  const { cloud, id, usbip } = await together(sandbox, 'particle')
  assert.equal((await sandbox.run(['verify', ...usbip])).status, 7)
  await sandbox.run([id, '--from-device', '--api-url', cloud.url, ...usbip])
  assert.equal((await sandbox.run(['verify', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['verify', '--json', ...usbip])).status, 0)
  sandbox.matches('verify')
})

test('provision --verify is a success only if the pair is proven', async (t) => {
  const sandbox = new Sandbox(t)
  const { duo, cloud, id, usbip } = await together(sandbox, 'brewskey')
  const wanted = [id, '--from-device', '--verify', '--api-url', cloud.url, ...usbip]
  assert.equal((await sandbox.run([...wanted, '--dry-run'])).status, 0)
  assert.equal((await sandbox.run(wanted)).status, 0)
  assert.equal((await sandbox.run([id, '--verify', '--api-url', cloud.url])).status, 2)
  sandbox.remark("The device port is another cloud's.")
  const other = await sandbox.cloud({ devicePort: 0 })
  sandbox.name(other.deviceAddress ?? '', '127.0.0.1:<other devices>')
  duo.setServer(other.serverKey ?? '', other.deviceAddress ?? '')
  const token = ['--token-file', sandbox.file('token', sandbox.secret(cloud.token))]
  const { status, stdout } = await sandbox.run([...wanted, ...token])
  assert.deepEqual([status, stdout.includes('Success')], [8, false])
  sandbox.matches('provision-verify')
})

test('a key file is proven without a Duo', async (t) => {
  const sandbox = new Sandbox(t)
  const { cloud, id, usbip } = await together(sandbox, 'brewskey')
  await sandbox.run(['backup', 'duo.der', ...usbip])
  await sandbox.run([id, 'duo.der', '--api-url', cloud.url])
  sandbox.file('server.pem', cloud.serverKey ?? '')
  const [host = '', port = ''] = (cloud.deviceAddress ?? '').split(':')
  const at = ['--server-key', 'server.pem', '--host', host, '--port', port]
  sandbox.name(` ${port}`, ' <devices>')
  assert.equal((await sandbox.run(['verify', '--key', 'duo.der', ...at])).status, 0)
  sandbox.remark('Without its manifest nothing says whose key it is.')
  sandbox.move('duo.json', 'elsewhere.json')
  assert.equal((await sandbox.run(['verify', '--key', 'duo.der', ...at])).status, 2)
  assert.equal((await sandbox.run(['verify', '--key', 'duo.der', '--device', id, ...at])).status, 0)
  sandbox.matches('verify-file')
})

test('a key that the cloud does not pair with, and a cloud that is another, are told apart', async (t) => {
  const sandbox = new Sandbox(t)
  const { cloud, id, usbip } = await together(sandbox, 'spark')
  sandbox.remark('This cloud answers by the key that it has, and does not look at the Duo’s.')
  await sandbox.run([id, '--api-url', cloud.url])
  assert.equal((await sandbox.run(['verify', ...usbip])).status, 7)
  sandbox.remark('The API’s port is not the one for devices.')
  const api = new URL(cloud.url).port
  sandbox.name(`--port ${api}`, '--port <cloud>')
  const wrongPort = ['verify', '--port', api, '--timeout', '2', ...usbip]
  assert.equal((await sandbox.run(wrongPort)).status, 8)
  sandbox.matches('verify-refused')
})

test('what cannot be used is refused before anything is sent', async (t) => {
  const sandbox = new Sandbox(t)
  const { usbip } = await together(sandbox, 'particle')
  sandbox.file('short.pem', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')
  assert.equal((await sandbox.run(['verify', '--server-key', 'short.pem', ...usbip])).status, 2)
  assert.equal((await sandbox.run(['verify', '--server-key', 'none.pem', ...usbip])).status, 9)
  assert.equal((await sandbox.run(['verify', '--host', 'a b', ...usbip])).status, 2)
  assert.equal((await sandbox.run(['verify', '--port', '65536', ...usbip])).status, 2)
  assert.equal((await sandbox.run(['verify', '--key', 'x.der', '--path', '1-1'])).status, 2)
  sandbox.matches('verify-bad-input')
})
