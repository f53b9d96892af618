/** Another cloud in a Duo, and fields of a dump, through the API. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { backupDct, restoreDct, restoreServerKey, setServerKey, showServerKey } from '../../index.js'
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
  assert.equal(readFileSync(done.backupPath ?? '').length, 8423)

  const back = await restoreServerKey(writing)
  assert.deepEqual([back.server.particle, back.server.host], [true, 'device.spark.io'])
  assert.equal((await restoreServerKey(writing)).written, false)
  assert.equal(state().fingerprint, key, 'the Duo’s own key is as it was')
  await assert.rejects(setServerKey({ ...writing, file, port: 0 }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(setServerKey({ ...writing, file: input('x', 'x') }), { code: 'SERVER_KEY_INVALID' })
})

test('fields come back from a dump', async (t) => {
  const { duo, writing, input, state } = await openLab(t)
  const { path } = await backupDct(writing)
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
