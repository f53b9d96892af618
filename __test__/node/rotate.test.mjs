/** A new key, and a diagnosis with `doctor`, through the API. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  backupKey,
  doctor,
  LocalCloud,
  provision,
  restoreKey,
  rotateKey,
  status,
  verifyPairing,
} from '../../src/entry.cjs'
import { openCloud, openLab } from './lab.mjs'

/** @param {import('node:test').TestContext} t */
async function together(t) {
  const lab = await openLab(t)
  const cloud = await LocalCloud.start({ devicePort: 0 })
  t.after(() => cloud.stop())
  lab.duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  return { ...lab, cloud, rotating: { ...lab.writing, apiUrl: cloud.url, token: cloud.token } }
}

test('the cloud and the Duo get a key that was made here', async (t) => {
  const { cloud, rotating, usb, state } = await together(t)
  const before = state()
  /** @type {import('../../index.js').ProgressEvent[]} */
  const events = []
  /** @type {import('../../index.js').WritePlan[]} */
  const plans = []
  const rotated = await rotateKey(rotating, {
    onEvent: (event) => events.push(event),
    confirm: (plan) => plans.push(plan) > 0 && cloud.provisioned().length === 0,
  })
  assert.equal(rotated.previousFingerprint, before.fingerprint)
  assert.notEqual(rotated.fingerprint, before.fingerprint)
  assert.equal(rotated.server, cloud.deviceAddress)
  assert.deepEqual(
    plans.map(({ action, newFingerprint, cloud: api }) => [action, newFingerprint, api]),
    [['rotate', rotated.fingerprint, cloud.url]],
  )
  const made = events.find((event) => event.type === 'new-key')
  assert.deepEqual(made, { type: 'new-key', file: rotated.newKeyFile, alreadyThere: false })
  assert.ok(!JSON.stringify([events, plans, rotated]).includes(cloud.token))
  const manifest = JSON.parse(readFileSync((rotated.newKeyFile ?? '').replace(/der$/, 'json'), 'utf8'))
  assert.equal(manifest.origin, 'new-key')
  while (state().presence !== 'dfu' || state().boots === before.boots) {
    await new Promise((next) => setTimeout(next, 20))
  }
  assert.equal(state().fingerprint, rotated.fingerprint)
  assert.equal((await verifyPairing(usb)).fingerprint, rotated.fingerprint)
  assert.deepEqual((await status({ deviceId: before.deviceId })).inFlight, [])
})

test('a refusal, by whoever is asked, leaves everything as it was', async (t) => {
  const { cloud, rotating, state } = await together(t)
  const { fingerprint } = state()
  await assert.rejects(rotateKey(rotating, { confirm: () => false }), {
    code: 'CONFIRMATION_REFUSED',
    keyState: 'unchanged',
  })
  await assert.rejects(rotateKey({ ...rotating, token: 'x'.repeat(40) }), {
    code: 'CLOUD_TOKEN_INVALID',
    exitCode: 7,
    keyState: 'unchanged',
  })
  await assert.rejects(rotateKey({ ...rotating, noVerify: true, host: 'cloud.lan' }), {
    code: 'INVALID_ARGUMENT',
  })
  // @ts-expect-error: it is not offered
  await assert.rejects(rotateKey({ ...rotating, noBackup: true }), { code: 'INVALID_ARGUMENT' })
  assert.deepEqual([state().fingerprint, cloud.provisioned().length], [fingerprint, 0])
})

test('what doctor offers as a fix is a call of the API', async (t) => {
  const { duo, writing, state, rotating } = await together(t)
  await rotateKey({ ...rotating, dryRun: true })
  const { fingerprint } = state()
  const look = () => doctor(writing)
  const sound = await look()
  assert.deepEqual([sound.problems, sound.duos.length], [0, 1])
  const slot = duo.keySlot('1-1')
  const offered = sound.duos[0]?.findings.find(({ fix }) => fix)?.fix
  assert.equal(offered?.operation, 'backup')
  const { backupKey } = await import('../../index.js')
  await backupKey(offered?.options)
  duo.setKeySlot('1-1', new Uint8Array(slot.length))
  const found = await look()
  assert.equal(found.problems, 1)
  const problem = found.duos[0]?.findings.find(({ severity }) => severity === 'problem')
  assert.equal(problem?.code, 'KEY_SLOT_ZEROED')
  assert.equal(problem?.fix?.operation, 'restore')
  await restoreKey({ file: '', ...problem?.fix?.options })
  assert.equal(state().fingerprint, fingerprint)
  assert.equal((await look()).problems, 0)
})

test('a restore that breaks the pair is noted where nobody is asked', async (t) => {
  const { usb, writing, state } = await openLab(t)
  const { credentials } = await openCloud(t)
  const { deviceId, fingerprint = '' } = state()
  await provision({ ...usb, ...credentials, deviceId, fromDevice: true })
  const { duo: other } = await openLab(t)
  /** @type {string[]} */
  const notes = []
  await restoreKey(
    { ...writing, key: other.keySlot('1-1'), allowOtherDevice: true },
    { onEvent: (event) => event.type === 'note' && notes.push(event.message) },
  )
  const warning = notes.find((note) => note.includes('the cloud has another key of this Duo')) ?? ''
  assert.ok(warning.includes(fingerprint.slice(0, 8)), notes.join('\n'))
  assert.ok(warning.includes(`duo-provision doctor --device ${deviceId}`), warning)
})

test('a new virtual Duo is not judged by the key of an earlier one with the same id', async (t) => {
  const earlier = await openLab(t)
  const archive = { archive: earlier.archive }
  await backupKey({ ...earlier.usb, ...archive })
  const newer = (/** @type {import('../../index.js').DoctorResult} */ { duos }) =>
    duos[0]?.findings.some(({ code }) => code === 'NEWER_KEY_KNOWN')
  const { duo, usb } = await openLab(t)
  assert.equal(newer(await doctor({ ...usb, ...archive })), false)
  // Its own backup counts.
  await backupKey({ ...usb, ...archive })
  duo.setKeySlot('1-1', earlier.duo.keySlot('1-1'))
  assert.equal(newer(await doctor({ ...usb, ...archive })), true)
})

test('doctor asks the cloud that it is given a token for, and fails with none', async (t) => {
  const { writing, rotating, state } = await together(t)
  const { apiUrl, token } = rotating
  const { boots } = state()
  const codes = async (/** @type {import('../../index.js').DoctorOptions} */ options) => {
    const { duos, general } = await doctor({ ...writing, ...options })
    const all = [...duos.flatMap(({ findings }) => findings), ...general]
    return all.map(({ code }) => code).filter((code) => code.startsWith('CLOUD'))
  }
  assert.deepEqual(await codes({ cloud: false }), ['CLOUD_NOT_ASKED'])
  assert.deepEqual(await codes({ apiUrl, token }), ['CLOUD_DEVICE_UNKNOWN'])
  await rotateKey(rotating)
  while (state().presence !== 'dfu' || state().boots === boots) {
    await new Promise((next) => setTimeout(next, 20))
  }
  const known = await codes({ apiUrl, token })
  assert.deepEqual(known.slice(0, 2), ['CLOUD_DEVICE', 'CLOUD_CONNECTION'])
  await assert.rejects(doctor({ ...writing, cloud: false, token }), { code: 'INVALID_ARGUMENT' })
  // @ts-expect-error: a word is no flag
  await assert.rejects(doctor({ ...writing, cloud: 'yes' }), { code: 'INVALID_ARGUMENT' })
})
