/** The DCT, a cloud's key and a file's contents, through the API. */
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { backupDct, inspectKey, listBackups, showDct, showServerKey } from '../../src/entry.cjs'
import { openLab } from './lab.mjs'

test('a DCT is saved in both forms, and each is known for what it is', async (t) => {
  const { usb, archive, writing, state } = await openLab(t)
  const section = await backupDct(writing)
  const whole = await backupDct({ ...writing, whole: true })
  assert.deepEqual([section.length, section.whole, whole.length, whole.whole], [8423, false, 32_768, true])
  for (const done of [section, whole]) {
    assert.equal(done.fingerprint, state().fingerprint)
    assert.equal(done.slot, 'key')
    assert.equal(readFileSync(done.file).length, done.length)
    if (process.platform !== 'win32') assert.equal(statSync(done.file).mode & 0o777, 0o600)
    const seen = await inspectKey({ file: done.file })
    assert.deepEqual([seen.kind, seen.private, seen.deviceId], ['dct', true, state().deviceId])
    assert.equal(seen.dct?.kind, done.whole ? 'whole' : 'section')
    assert.equal(seen.dct?.currentCopy, done.whole ? 0 : undefined)
    assert.equal(seen.firmwareReadsAsIs, true)
  }
  const { backups } = await listBackups({ archive })
  assert.deepEqual(
    backups.map(({ contents }) => contents),
    ['dct', 'whole-dct'],
  )

  const shown = await showDct(usb)
  const ofFile = await showDct({ file: whole.file })
  assert.deepEqual(ofFile.dct.fields, shown.dct.fields)
  assert.equal(shown.dct.fields.find(({ name }) => name === 'device-private-key')?.offset, 34)
})

test('a field is written to a new file', async (t) => {
  const { duo, folder, writing } = await openLab(t)
  const { file: path } = await backupDct(writing)
  const out = join(folder, 'taken.der')
  const taken = await inspectKey({ file: path, extract: 'device-private-key', out })
  assert.equal(taken.extracted, out)
  assert.deepEqual(readFileSync(out), duo.keySlot('1-1'))
  const again = inspectKey({ file: path, extract: 'device-private-key', out })
  await assert.rejects(again, { code: 'FILE_EXISTS', exitCode: 9 })
  const none = inspectKey({ file: path, extract: 'wifi-password' })
  await assert.rejects(none, { code: 'INVALID_ARGUMENT', hint: /device-private-key/ })
  await assert.rejects(inspectKey({ file: path, out }), { code: 'INVALID_ARGUMENT' })
})

test('a file and a Duo cannot both be meant', async (t) => {
  const { input } = await openLab(t)
  const file = input('x.bin', 'x')
  await assert.rejects(showDct({ file, path: '1-1' }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(showServerKey({ file, path: '1-1' }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(showDct({ file }), { code: 'KEY_UNRECOGNIZED' })
})

test('the cloud that a Duo names', async (t) => {
  const { usb } = await openLab(t)
  const { server, device } = await showServerKey(usb)
  assert.ok(device?.simulated)
  assert.deepEqual([server.host, server.port, server.namesAddress], ['device.spark.io', 5683, true])
  assert.match(server.fingerprint ?? '', /^[0-9a-f]{64}$/)
})
