/** The proof of pairing, through the API. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { LocalCloud, provision, resetKey, verifyPairing } from '../../src/entry.cjs'
import { openLab } from './lab.mjs'

/** @param {import('node:test').TestContext} t */
async function openDeviceCloud(t) {
  const cloud = await LocalCloud.start({ devicePort: 0 })
  t.after(() => cloud.stop())
  const { serverKey, deviceAddress } = cloud
  assert.ok(serverKey && deviceAddress)
  return { cloud, serverKey, deviceAddress, credentials: { apiUrl: cloud.url, token: cloud.token } }
}

test('a pairing is proven, is lost with a reset, and is proven again', async (t) => {
  const { duo, usb, writing, state } = await openLab(t)
  const { serverKey, deviceAddress, credentials } = await openDeviceCloud(t)
  duo.setServer(serverKey, deviceAddress)
  const tell = () => provision({ deviceId: state().deviceId, fromDevice: true, ...usb, ...credentials })

  await tell()
  const proven = await verifyPairing(usb)
  assert.equal(proven.deviceId, state().deviceId)
  assert.equal(proven.fingerprint, state().fingerprint)
  assert.equal(proven.server, deviceAddress)
  assert.equal(proven.particle, false)

  const { boots } = state()
  await resetKey(writing)
  for (;;) {
    const now = state()
    if (now.presence === 'dfu' && now.boots > boots) break
    await new Promise((next) => setTimeout(next, 20))
  }
  await assert.rejects(verifyPairing(usb), { code: 'PAIRING_REFUSED', exitCode: 7, keyState: 'unchanged' })
  await tell()
  assert.equal((await verifyPairing(usb)).fingerprint, state().fingerprint)
})

test('a Duo that is meant for nobody, and a cloud that serves no devices', async (t) => {
  const { duo, usb } = await openLab(t)
  const cloud = await LocalCloud.start()
  t.after(() => cloud.stop())
  assert.equal(cloud.serverKey, null)
  assert.equal(cloud.deviceAddress, null)
  await assert.rejects(verifyPairing({ ...usb, host: 'a b' }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(verifyPairing({ ...usb, port: 0 }), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => duo.setServer('no key', '127.0.0.1:1'), { code: 'INVALID_ARGUMENT' })
})

test('the cloud’s own key is RSA-2048, new at every start', async (t) => {
  const [one, two] = [await openDeviceCloud(t), await openDeviceCloud(t)]
  assert.equal(createPublicKey(one.serverKey).asymmetricKeyDetails?.modulusLength, 2048)
  assert.notEqual(one.serverKey, two.serverKey)
})
