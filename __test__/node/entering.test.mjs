/** Getting a Duo into DFU mode without its buttons, through the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backupKey, enterDfu, listDevices, provision, restoreKey } from '../../src/entry.cjs'
import { openLab } from './lab.mjs'

test('a Duo that runs comes into DFU mode; one that is there is left alone', async (t) => {
  const { usb, duo, state } = await openLab(t, { mode: 'normal' })
  assert.equal(state().presence, 'normal')
  const listed = (await listDevices(usb)).devices.map(({ state, deviceId }) => [state, deviceId])
  assert.deepEqual(listed, [['running', duo.duos()[0]?.deviceId]])
  await assert.rejects(backupKey(usb), { code: 'NO_DEVICE', hint: /^add --enter-dfu/ })

  /** @type {string[]} */
  const steps = []
  const onEvent = (/** @type {import('../../index.js').ProgressEvent} */ event) => {
    if (event.type === 'phase') steps.push(event.phase)
  }
  const { device, wasAlready } = await enterDfu(usb, { onEvent })
  assert.deepEqual(steps, ['find', 'enter-dfu', 'find'])
  assert.deepEqual([device.deviceId, device.path, wasAlready], [duo.duos()[0]?.deviceId, '1-1', false])
  assert.equal(state().presence, 'dfu')
  assert.equal((await enterDfu(usb)).wasAlready, true)
})

test('out by leave, and in again by enterDfu of every operation', async (t) => {
  const { writing, state, folder } = await openLab(t, { mode: 'normal', bootloader: 'r4' })
  const { file: path } = await backupKey({ ...writing, file: `${folder}/duo.der`, enterDfu: true })
  const { left } = await restoreKey({ ...writing, file: path, leave: true })
  assert.ok(left)
  while (state().presence !== 'normal') await new Promise((next) => setTimeout(next, 20))
  const { devices } = await listDevices({ usbip: writing.usbip, enterDfu: true })
  assert.equal(devices[0]?.key?.fingerprint, state().fingerprint)
})

test('somebody who presses the buttons is waited for, and can be given up', async (t) => {
  const { usb, duo } = await openLab(t, { mode: 'normal' })
  /** @type {import('../../index.js').ProgressEvent[]} */
  const waits = []
  const onEvent = (/** @type {import('../../index.js').ProgressEvent} */ event) => {
    if (event.type !== 'waiting') return
    waits.push(event)
    duo.pressButtons('1-1')
  }
  const { devices } = await listDevices({ ...usb, wait: true }, { onEvent })
  assert.equal(devices.length, 1)
  assert.deepEqual(waits, [{ type: 'waiting', withinMs: 600_000, enterDfu: false }])

  duo.unplug('1-1')
  const stop = new AbortController()
  const given = enterDfu({ ...usb, wait: true }, { signal: stop.signal, onEvent: () => stop.abort() })
  await assert.rejects(given, { code: 'INTERRUPTED' })
})

test('bringing a Duo that is not needed is refused', async () => {
  const refused = { code: 'INVALID_ARGUMENT', message: /--from-device/ }
  await assert.rejects(provision({ deviceId: '30001a000347343432313031', enterDfu: true }), refused)
})
