/** Tests of that pipeline, with `node --test`: a virtual Duo and a local cloud, both real servers on loopback. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LocalCloud, VirtualDuo } from 'duo-provision'
import { enroll } from './enroll.mjs'

/** A Duo, a cloud and an archive of the test's own; all gone when it ends. */
async function bench(t) {
  const archive = mkdtempSync(join(tmpdir(), 'enroll-'))
  t.after(() => rmSync(archive, { recursive: true, force: true }))
  const duo = await VirtualDuo.start()
  t.after(() => duo.stop())
  const cloud = await LocalCloud.start()
  t.after(() => cloud.stop())
  const where = { usbip: duo.address, archive, apiUrl: cloud.url, token: cloud.token }
  return { duo, cloud, archive, where }
}

test('the cloud gets the public half of the key that was kept', async (t) => {
  const { duo, cloud, archive, where } = await bench(t)
  const { deviceId, fingerprint } = await enroll(where)
  assert.equal(fingerprint, duo.duos()[0].fingerprint)
  assert.deepEqual(
    cloud.provisioned().map((known) => known.deviceId),
    [deviceId],
  )
  assert.equal(readdirSync(archive).length, 3, 'the key, its public half, the manifest')
})

test('a Duo that cannot be read is not enrolled, and its key is as it was', async (t) => {
  const { duo, cloud, where } = await bench(t)
  const before = duo.keySlot('1-1')
  duo.arm('1-1', 'read-zeros@dfu1+') // from the first DFU request on
  await assert.rejects(enroll(where), { code: 'DCT_UNREADABLE', exitCode: 5 })
  duo.clearFaults('1-1')
  assert.deepEqual(duo.keySlot('1-1'), before)
  assert.deepEqual(cloud.provisioned(), [])
})

test('a cloud that refuses does not cost the backup', async (t) => {
  const { archive, where } = await bench(t)
  await assert.rejects(enroll({ ...where, token: 'not-the-token' }), { exitCode: 7 })
  assert.equal(readdirSync(archive).length, 3)
})
