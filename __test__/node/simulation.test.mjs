/** What a pipeline's own tests can do to a virtual Duo: arm faults, pull cables, look into the flash. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backupKey, listDevices, resetKey, VirtualDuo } from '../../src/entry.cjs'
import { openLab } from './lab.mjs'

/** @typedef {Awaited<ReturnType<typeof openLab>>} Lab */

/** Waits until the Duo is on the bus again, in DFU mode. */
async function back(/** @type {Lab} */ { state }, number = 0) {
  while (state(number).presence !== 'dfu') await new Promise((next) => setTimeout(next, 20))
}

test('an armed fault strikes at its time, once, and is counted; mending ends it', async (t) => {
  const { duo, usb, archive, state } = await openLab(t)
  duo.arm('1-1', 'stall-before@dfu3+')
  await assert.rejects(backupKey({ ...usb, archive, timeout: 5 }), {
    code: 'DEVICE_FAULT',
    keyState: 'unchanged',
  })
  assert.ok(state().faultsActed > 1)

  duo.clearFaults('1-1')
  assert.equal(state().faultsActed, 0)
  await backupKey({ ...usb, archive })

  duo.arm('1-1', 'stall-before@dfu4')
  await backupKey({ ...usb, archive })
  assert.equal(state().faultsActed, 1, 'a read that fails once is tried again')
})

test('Duos start with the faults that the options name, every one of them', async (t) => {
  const { usb, state } = await openLab(t, { duos: 2, faults: ['read-zeros@1+', 'poll-timeout-0@1+'] })
  const { devices } = await listDevices(usb)
  assert.deepEqual(
    devices.map(({ problem }) => problem?.code),
    ['DCT_UNREADABLE', 'DCT_UNREADABLE'],
  )
  assert.ok([0, 1].every((number) => state(number).faultsActed > 0))
})

test('every name of the catalogue can be armed at any time, and no name is there twice', async (t) => {
  const { duo } = await openLab(t)
  const names = VirtualDuo.faults()
  assert.ok(names.length > 50 && names.length === new Set(names).size, `${names.length}`)
  for (const name of names) for (const at of ['1', '7+', 'dfu1', 'dfu9+']) duo.arm('1-1', `${name}@${at}`)
})

test('a fault, a port or a slot that is none is refused, and the kinds are named', async (t) => {
  const { duo, state } = await openLab(t)
  const refused = { name: 'DuoProvisionError', code: 'INVALID_ARGUMENT', exitCode: 2 }
  for (const name of [
    '',
    'stall-before',
    'stall@7',
    'stall-before@x',
    'stall-before@-1',
    'state-256@1',
    '@1',
  ]) {
    assert.throws(
      () => duo.arm('1-1', name),
      { ...refused, hint: /stall-before, .*short-read-N, .*denied/ },
      name,
    )
    await assert.rejects(VirtualDuo.start({ faults: [name] }), refused, name)
  }
  assert.throws(() => duo.arm('1-2', 'stall-before@1'), { ...refused, message: /1-2.*the ports are 1-1/ })
  assert.throws(() => duo.setKeySlot('1-1', Buffer.alloc(1215)), {
    ...refused,
    message: /1216 bytes, not 1215/,
  })
  assert.equal(state().faultsActed, 0)
  await duo.stop()
  assert.throws(() => duo.clearFaults('1-1'), refused)
})

test('a cable that is pulled in a read is a Duo that is gone, until it is plugged in again', async (t) => {
  const lab = await openLab(t)
  const { duo, usb, archive, state } = lab
  duo.arm('1-1', 'unplug-before@dfu5')
  const failed = await backupKey({ ...usb, archive, timeout: 5 }).catch((error) => error)
  assert.equal(failed.keyState, 'unchanged', failed.message)
  assert.equal(state().presence, 'absent')
  duo.plugIn('1-1')
  await back(lab)
  await backupKey({ ...usb, archive })
  duo.unplug('1-1')
  await assert.rejects(backupKey({ ...usb, archive }), { code: 'NO_DEVICE' })
})

test('RESET makes a Duo with a blank slot generate a key', async (t) => {
  const lab = await openLab(t)
  const { duo, state } = lab
  const before = state().fingerprint
  duo.setKeySlot('1-1', Buffer.alloc(1216, 0xff))
  assert.equal(state().fingerprint, undefined)
  duo.pressReset('1-1')
  await back(lab)
  assert.equal(state().keysMade, 2)
  assert.ok(state().fingerprint && state().fingerprint !== before)
})

test('a key slot can be looked into and put back', async (t) => {
  const { duo, writing, state } = await openLab(t)
  const slot = duo.keySlot('1-1')
  const before = state().fingerprint
  duo.arm('1-1', 'leave-stalls@1')
  await assert.rejects(resetKey(writing), { code: 'LEAVE_FAILED' })
  assert.ok(duo.keySlot('1-1').subarray(0, 4).equals(Buffer.alloc(4, 0xff)))
  duo.setKeySlot('1-1', slot)
  assert.equal(state().fingerprint, before)
})

test('another Duo in the same port has an id and a key of its own; swapped back, the first one is there', async (t) => {
  const lab = await openLab(t)
  const { duo, usb, state } = lab
  const first = state()
  duo.swap('1-1')
  await back(lab)
  assert.notEqual(state().deviceId, first.deviceId)
  assert.notEqual(state().fingerprint, first.fingerprint)
  const { devices } = await listDevices(usb)
  assert.equal(devices[0]?.device?.deviceId, state().deviceId)
  duo.swap('1-1')
  await back(lab)
  assert.deepEqual([state().deviceId, state().fingerprint], [first.deviceId, first.fingerprint])
})
