/** Setting another cloud in a Duo, and restoring fields of a dump, through the API. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  backupDct,
  restoreDct,
  restoreKey,
  restoreServerKey,
  setServerKey,
  showServerKey,
} from '../../src/entry.cjs'
import { openLab } from './lab.mjs'

const OWN = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
  type: 'spki',
  format: 'der',
})

test('a cloud’s key and address are asked for, written and read back', async (t) => {
  const { usb, writing, input, state } = await openLab(t)
  const key = state().fingerprint
  const file = input('own.der', OWN)
  /** @type {import('../../index.js').WritePlan[]} */
  const plans = []
  const confirm = (/** @type {import('../../index.js').WritePlan} */ plan) => plans.push(plan) > 0
  const done = await setServerKey({ ...writing, file, host: 'cloud.local', port: 1234 }, { confirm })
  assert.deepEqual(
    [done.written, done.addressSource, done.server.host, done.server.port],
    [true, 'options', 'cloud.local', 1234],
  )
  assert.deepEqual((await showServerKey(usb)).server, done.server)
  assert.deepEqual(
    plans.map(({ action, changes, newFingerprint }) => [
      action,
      changes.map(({ what }) => what),
      newFingerprint,
    ]),
    [['set-server-key', ['server key', 'address'], undefined]],
  )
  assert.equal(readFileSync(done.backupFile ?? '').length, 8423)

  const back = await restoreServerKey(writing)
  assert.deepEqual([back.server.particle, back.server.host], [true, 'device.spark.io'])
  assert.equal((await restoreServerKey(writing)).written, false)
  assert.equal(state().fingerprint, key, 'the Duo’s own key is as it was')
  await assert.rejects(setServerKey({ ...writing, file, port: 0 }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(setServerKey({ ...writing, file: input('x', 'x') }), { code: 'SERVER_KEY_INVALID' })
})

test('fields come back from a dump', async (t) => {
  const { duo, writing, input, state } = await openLab(t)
  const { file: path } = await backupDct(writing)
  const { fingerprint } = state()
  await setServerKey({ ...writing, file: input('own.der', OWN) })
  duo.setKeySlot('1-1', new Uint8Array(1216))
  const fields = ['device-private-key', 'server-public-key', 'claim-code']
  const dry = await restoreDct({ ...writing, file: path, fields, dryRun: true })
  assert.deepEqual([dry.dryRun, dry.fields.length, state().fingerprint], [true, 3, undefined])
  const done = await restoreDct({ ...writing, file: path, fields })
  assert.deepEqual(
    done.fields.map(({ name, written }) => [name, written]),
    [
      ['claim-code', false],
      ['server-public-key', true],
      ['device-private-key', true],
    ],
  )
  assert.deepEqual(
    [done.fingerprint, done.evidence, state().fingerprint],
    [fingerprint, 'manifest', fingerprint],
  )
  await assert.rejects(restoreDct({ ...writing, file: path }), {
    code: 'INVALID_ARGUMENT',
    message: /claim-code/,
  })
  await assert.rejects(restoreDct({ ...writing, file: input('x', 'x'), fields }), { code: 'DUMP_UNUSABLE' })
})

test('a whole DCT comes back, byte for byte, and the plan says what is lost', async (t) => {
  const { usb, writing, folder, input, state } = await openLab(t)
  const { file: path, fingerprint } = await backupDct({ ...writing, whole: true })
  const pair = generateKeyPairSync('rsa', { modulusLength: 1024 })
  await restoreKey({ ...writing, file: input('k', pair.privateKey.export({ type: 'pkcs1', format: 'der' })) })
  const now = state().fingerprint
  /** @type {import('../../index.js').WritePlan[]} */
  const plans = []
  const asked = (/** @type {boolean} */ answer) => ({
    confirm: (/** @type {import('../../index.js').WritePlan} */ plan) => {
      plans.push(plan)
      return answer
    },
  })
  const options = { ...writing, file: path, whole: true }
  await assert.rejects(restoreDct(options, asked(false)), { code: 'CONFIRMATION_REFUSED' })
  assert.equal(state().fingerprint, now)
  const done = await restoreDct(options, asked(true))
  const [plan] = plans
  assert.deepEqual(
    [plan?.action, plan?.currentFingerprint, plan?.newFingerprint],
    ['restore-whole-dct', now, fingerprint],
  )
  assert.match(plan?.cautions.join(' ') ?? '', /is lost.*power is cut/)
  assert.deepEqual(
    [done.whole, done.written, done.fingerprint, done.previousFingerprint, state().fingerprint],
    [true, true, fingerprint, now, fingerprint],
  )
  assert.deepEqual(
    done.fields.map(({ name, written }) => [name, written]),
    [['device-private-key', true]],
  )
  assert.equal(readFileSync(done.backupFile ?? '').length, 32_768)
  const after = await backupDct({ ...usb, whole: true, file: join(folder, 'after.bin') })
  assert.ok(readFileSync(after.file).equals(readFileSync(path)))
  assert.equal((await restoreDct(options)).written, false)
  await assert.rejects(restoreDct({ ...options, fields: ['claim-code'] }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(restoreDct({ ...options, file: input('x', 'x') }), { code: 'DUMP_UNUSABLE' })
})
