/** Every Duo at once, through the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  backupAll,
  backupAllDcts,
  isDuoProvisionError,
  listDevices,
  provisionAll,
  VirtualDuo,
  verifyAll,
} from '../../src/entry.cjs'
import { openCloud, openLab } from './lab.mjs'

/** @typedef {import('../../index.js').ProgressEvent} ProgressEvent */
/** @typedef {import('../../index.js').SendPlan} SendPlan */

/** The error of a call that is to fail. */
const failure = (/** @type {Promise<unknown>} */ call) =>
  call.then(
    () => assert.fail('it succeeds'),
    (error) => error,
  )

test('every Duo is saved with its own key, and each has an event of its own', async (t) => {
  const { duo, writing } = await openLab(t, { duos: 4 })
  duo.setKeySlot('1-3', new Uint8Array(1216))
  /** @type {ProgressEvent[]} */
  const events = []
  const { counts, duos, stoppedBy } = await backupAll(writing, { onEvent: (event) => events.push(event) })
  assert.deepEqual(counts, { total: 4, done: 3, failed: 1, unknown: 0, notReached: 0 })
  assert.equal(stoppedBy, undefined)
  const states = duo.duos()
  for (const [nth, { path, deviceId, outcome, result, problem }] of duos.entries()) {
    assert.deepEqual([path, deviceId], [states[nth]?.path, states[nth]?.deviceId])
    if (path === '1-3') assert.deepEqual([outcome, problem?.code], ['failed', 'KEY_SLOT_ZEROED'])
    else assert.deepEqual([outcome, result?.fingerprint], ['done', states[nth]?.fingerprint])
  }
  const ended = events.flatMap((event) => (event.type === 'duo-ended' ? [event] : []))
  assert.deepEqual(ended.map(({ path }) => path).sort(), ['1-1', '1-2', '1-3', '1-4'])
  const others = events.filter(({ type }) => type !== 'duo-ended' && type !== 'of-duo')
  assert.deepEqual(others, [], 'each event says which Duo it is of')
})

test('what selects one Duo, and what no option is called, is refused before anything is touched', async (t) => {
  const { usb, requests, writing } = await openLab(t, { duos: 2 })
  for (const options of [
    { path: '1-1' },
    { deviceId: '30001a000347343432313031' },
    { file: 'duo.der' },
    { wait: true },
  ]) {
    const error = await failure(backupAll(/** @type {any} */ ({ ...writing, ...options })))
    assert.ok(isDuoProvisionError(error, 'INVALID_ARGUMENT'), error)
  }
  const unknown = await failure(backupAll(/** @type {any} */ ({ ...usb, pats: 'ports.csv' })))
  assert.match(unknown.message, /there is no option pats/)
  const wrong = await failure(verifyAll(/** @type {any} */ ({ ...usb, timeout: 'soon' })))
  assert.match(wrong.message, /timeout has to be a whole number/)
  const unsaid = await failure(provisionAll(/** @type {any} */ (usb)))
  assert.deepEqual([unsaid.code, unsaid.apiHint], ['INVALID_ARGUMENT', 'add fromDevice: true'])
  assert.equal(requests(), 0)
})

test('numbers and flags are read as those of one Duo are', async (t) => {
  const { writing } = await openLab(t, { duos: 2 })
  const { counts } = await backupAllDcts({ ...writing, whole: true, timeout: 20 })
  assert.equal(counts.done, 2)
})

test('it is asked once, with every key, and without a yes nothing is sent', async (t) => {
  const { duo, usb } = await openLab(t, { duos: 3 })
  const { cloud, credentials } = await openCloud(t)
  /** @type {{ fromDevice: true, allowOtherCloud: boolean }} */
  const own = { fromDevice: true, allowOtherCloud: true }
  /** @type {SendPlan[]} */
  const plans = []
  const confirmAll = (/** @type {SendPlan} */ plan) => {
    plans.push(plan)
    return plans.length > 1
  }
  const options = { ...usb, ...own, ...credentials }
  const refused = await failure(provisionAll(options, { confirmAll }))
  assert.equal(refused.code, 'CONFIRMATION_REFUSED')
  assert.equal(cloud.provisioned().length, 0)
  const { counts } = await provisionAll(options, { confirmAll })
  assert.equal(counts.done, 3)
  assert.deepEqual(
    plans[1]?.duos.map(({ deviceId, fingerprint }) => [deviceId, fingerprint]),
    duo.duos().map(({ deviceId, fingerprint }) => [deviceId, fingerprint]),
  )
  assert.equal(cloud.provisioned().length, 3)
})

test('a signal ends it: those that are begun end, and the others are named', async (t) => {
  const { writing } = await openLab(t, { duos: 3 })
  const stop = new AbortController()
  const onEvent = (/** @type {ProgressEvent} */ event) => event.type === 'of-duo' && stop.abort()
  const { counts, stoppedBy } = await backupAll(writing, { signal: stop.signal, onEvent })
  assert.equal(stoppedBy?.code, 'INTERRUPTED')
  assert.equal(counts.total, 3)
  assert.ok(counts.done < 3)
})

test('without a Duo it rejects', async (t) => {
  const { duo, usb } = await openLab(t)
  duo.unplug('1-1')
  assert.equal((await failure(backupAll(usb))).code, 'NO_DEVICE')
})

test('a list has those that run, with their ids', async (t) => {
  const duo = await VirtualDuo.start({ duos: 2, mode: 'normal' })
  t.after(() => duo.stop())
  duo.pressButtons('1-2')
  for (;;) {
    const { devices } = await listDevices({ usbip: duo.address })
    if (devices.length < 2 || devices[1]?.state !== 'sound') continue
    assert.deepEqual(
      devices.map(({ path, deviceId, state, device }) => [path, deviceId, state, device === undefined]),
      [
        ['1-1', duo.duos()[0]?.deviceId, 'running', true],
        ['1-2', duo.duos()[1]?.deviceId, 'sound', false],
      ],
    )
    return
  }
})
