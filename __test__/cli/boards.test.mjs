/** Boards with the layout of a Duo: the whole output about them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sandbox } from './harness.mjs'

test('a Photon is listed, backed up and restored; other commands say that it is no Duo', async (t) => {
  const sandbox = new Sandbox(t)
  const photon = await sandbox.duo({ board: 'photon' })
  const usbip = ['--usbip', photon.address]
  assert.equal((await sandbox.run(['list', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['backup', 'photon.der', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['restore', 'photon.der', '--dry-run', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['reset', '--yes', ...usbip])).status, 3)
  sandbox.matches('photon')
})
