/** Each function does what it says, on a virtual Duo over USB/IP and against a local cloud. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  backupKey,
  history,
  inspectKey,
  listBackups,
  listDevices,
  provision,
  resetKey,
  restoreKey,
  status,
  VirtualDuo,
  version,
} from '../../src/entry.cjs'
import { reopen } from '../journal.mjs'
import { openCloud, openLab } from './lab.mjs'

test('the version is the one of the package', () => {
  const { version: declared } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  assert.equal(version(), declared)
})

test('lists every Duo with its id and its key', async (t) => {
  const { duo, usb } = await openLab(t, { duos: 2 })
  const { devices } = await listDevices(usb)
  assert.deepEqual(
    devices.map(({ path, device, key }) => [
      path,
      device?.deviceId,
      device?.simulated,
      key?.slot,
      key?.fingerprint,
    ]),
    duo.duos().map(({ path, deviceId, fingerprint }) => [path, deviceId, true, 'key', fingerprint]),
  )
})

test('an r4 Duo tells no id, and one that is given is the caller’s word', async (t) => {
  const { usb, state, archive } = await openLab(t, { bootloader: 'r4' })
  const { devices } = await listDevices(usb)
  assert.equal(devices[0]?.device?.deviceId, undefined)
  const { deviceId, path } = state()
  await assert.rejects(backupKey({ ...usb, archive, deviceId: deviceId }), {
    code: 'DEVICE_ID_UNVERIFIABLE',
    exitCode: 3,
  })
  const { device } = await backupKey({ ...usb, archive, deviceId: deviceId, path })
  assert.deepEqual([device.deviceId, device.deviceIdSource], [deviceId, 'user'])
})

test('a backup is three files of the owner’s, and is never overwritten', async (t) => {
  const { usb, folder, files, state } = await openLab(t)
  const file = join(folder, 'duo.der')
  const done = await backupKey({ ...usb, file })
  assert.equal(done.fingerprint, state().fingerprint)
  assert.deepEqual(files(), ['duo.der', 'duo.json', 'duo.pub.pem'])
  assert.equal(statSync(file).size, 1216)
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  const before = readFileSync(file)
  await assert.rejects(backupKey({ ...usb, file }), { code: 'FILE_EXISTS', exitCode: 9 })
  assert.deepEqual(readFileSync(file), before)
})

test('reset makes the Duo generate a key, and restore brings the old one back', async (t) => {
  const { usb, writing, folder, state } = await openLab(t)
  const first = state().fingerprint
  const file = join(folder, 'duo.der')
  await backupKey({ ...usb, file })
  const erased = await resetKey(writing)
  assert.deepEqual([erased.written, erased.previousFingerprint], [true, first])
  while (state().keysMade < 2 || state().presence !== 'dfu') await new Promise((next) => setTimeout(next, 20))
  const second = state().fingerprint
  assert.notEqual(second, first)

  const restored = await restoreKey({ ...writing, file })
  assert.deepEqual(
    [restored.written, restored.previousFingerprint, restored.fingerprint],
    [true, second, first],
  )
  assert.equal(restored.evidence, 'manifest')
  assert.equal(state().fingerprint, first)
  const kept = await inspectKey({ file: restored.backupFile ?? '' })
  assert.equal(kept.fingerprint, second)
})

test('a dry run writes nothing anywhere', async (t) => {
  const { usb, writing, folder, state, files } = await openLab(t)
  const file = join(folder, 'duo.der')
  await backupKey({ ...usb, file })
  const before = [state().fingerprint, files()]
  assert.equal((await resetKey({ ...writing, dryRun: true })).written, false)
  assert.equal((await restoreKey({ ...writing, file, dryRun: true })).written, false)
  assert.deepEqual([state().fingerprint, files()], before)
})

test('a key of Node’s own making is converted, and told from the old one', async (t) => {
  const { writing, input, state } = await openLab(t)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const file = input('new.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const { fingerprint, evidence } = await restoreKey({ ...writing, file })
  assert.equal(state().fingerprint, fingerprint)
  assert.equal(evidence, 'none')
})

test('several Duos are not chosen from', async (t) => {
  const { usb, archive, state } = await openLab(t, { duos: 2 })
  await assert.rejects(backupKey({ ...usb, archive }), { code: 'SEVERAL_DEVICES', exitCode: 3 })
  const { fingerprint } = await backupKey({ ...usb, archive, path: '1-2' })
  assert.equal(fingerprint, state(1).fingerprint)
  const byId = await backupKey({ ...usb, archive, deviceId: state(0).deviceId.toUpperCase() })
  assert.equal(byId.fingerprint, state(0).fingerprint)
})

test('provisions with the key of the attached Duo, and of no other', async (t) => {
  const { usb, state } = await openLab(t)
  const { cloud, credentials } = await openCloud(t)
  const { deviceId, fingerprint } = state()
  const sent = await provision({ deviceId, fromDevice: true, ...usb, ...credentials })
  assert.deepEqual([sent.source, sent.productId, sent.fingerprint], ['device', 88, fingerprint])
  const [known] = cloud.provisioned()
  assert.equal(known?.deviceId, deviceId)
  assert.match(known?.publicKey ?? '', /^-----BEGIN PUBLIC KEY-----/)
  const other = '30001a000347343432313031'
  await assert.rejects(provision({ deviceId: other, fromDevice: true, ...usb, ...credentials }), {
    code: 'WRONG_DEVICE',
  })
})

test('of a private key file only the public half is sent', async (t) => {
  const { input } = await openLab(t)
  const { cloud, credentials } = await openCloud(t)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const keyFile = input('key.pem', privateKey.export({ format: 'pem', type: 'pkcs1' }))
  await provision({ deviceId: '30001A000347343432313031', keyFile, ...credentials })
  const [known] = cloud.provisioned()
  assert.equal(known?.deviceId, '30001a000347343432313031')
  assert.equal(known?.publicKey.trim(), publicKey.export({ format: 'pem', type: 'spki' }).toString().trim())
})

test('a wrong token is refused by the cloud, and appears nowhere', async (t) => {
  const { cloud } = await openCloud(t)
  const token = 'canary0123456789'
  const failure = await provision({ deviceId: '30001a000347343432313031', apiUrl: cloud.url, token }).catch(
    (e) => e,
  )
  assert.deepEqual([failure.code, failure.exitCode], ['CLOUD_TOKEN_INVALID', 7])
  assert.ok(
    !JSON.stringify([failure.message, failure.hint, failure.stack, `${failure.cause}`]).includes(token),
  )
})

test('a virtual Duo that was stopped is no device, and stopping twice does nothing', async () => {
  const duo = await VirtualDuo.start()
  const usbip = duo.address
  await duo.stop()
  await duo.stop()
  assert.deepEqual(duo.duos(), [])
  await assert.rejects(listDevices({ usbip }), { code: 'USBIP_UNREACHABLE', exitCode: 4 })
})

test('the archive is listed with the device, the key and the manifest of each backup', async (t) => {
  const { usb, archive, state } = await openLab(t)
  await assert.rejects(listBackups({ archive }), { code: 'FILE_NOT_FOUND', exitCode: 9 })
  mkdirSync(archive)
  const empty = await listBackups({ archive })
  assert.deepEqual([empty.folder, empty.backups, empty.unreadable], [archive, [], []])
  const { file: path, manifestFile } = await backupKey({ ...usb, archive })
  const { deviceId, fingerprint } = state()
  const [listed] = (await listBackups({ archive })).backups
  assert.deepEqual(
    [listed?.file, listed?.deviceId, listed?.fingerprint, listed?.simulated, listed?.manifest],
    [path, deviceId, fingerprint, true, 'sound'],
  )
  assert.match(listed?.createdAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const other = await listBackups({ archive, deviceId: '30001a000347343432313031' })
  assert.deepEqual(other.backups, [])

  rmSync(manifestFile ?? '')
  mkdirSync(join(archive, 'not-a-backup.der'))
  const { backups, unreadable } = await listBackups({ archive, deviceId: deviceId })
  assert.deepEqual(
    [backups[0]?.manifest, backups[0]?.fingerprint, backups[0]?.createdAt],
    ['missing', fingerprint, listed?.createdAt],
  )
  assert.equal(unreadable.length, 1)
  writeFileSync(manifestFile ?? '', '{"format":')
  assert.equal((await listBackups({ archive })).backups[0]?.manifest, 'invalid')
})

test('status says what was cut short, and that it is settled once it was done again', async (t) => {
  const { usb, writing, folder, state } = await openLab(t)
  const file = join(folder, 'duo.der')
  await backupKey({ ...usb, file })
  await restoreKey({ ...writing, file })
  const { journal, inFlight } = await status()
  const { deviceId } = state()
  assert.deepEqual(inFlight, [])
  const { operations, more, unreadable } = await history({ deviceId: deviceId, limit: 1 })
  assert.deepEqual([operations[0]?.operation, operations[0]?.outcome], ['restore', 'done'])
  assert.deepEqual([operations.length, more, unreadable], [1, true, 0])
  // As if the process had ended in the middle of the restore.
  reopen(journal, (records) => records.slice(0, 1), { torn: '{"v":1,"id', deviceId })
  const cut = (await status({ deviceId: deviceId })).inFlight[0]
  assert.deepEqual([cut?.operation, cut?.reached, cut?.keyState], ['restore', 'started', 'unchanged'])
  assert.match(cut?.next[0]?.command ?? '', /^duo-provision restore \S*duo\.der /)
  await restoreKey({ ...writing, file })
  assert.deepEqual((await status()).inFlight, [])

  const past = await history({ deviceId: deviceId, limit: 3 })
  const outcomes = past.operations.map(({ operation, outcome }) => `${operation} ${outcome}`)
  assert.deepEqual(outcomes, ['restore done', 'restore cut-short', 'backup done'])

  const open = reopen(journal, (records) => records.slice(0, 1), { torn: 'nonsense\n{}\n', deviceId })
  await assert.rejects(status(), { code: 'JOURNAL_INVALID', exitCode: 9, message: /line 2: / })
  rmSync(open)
  const [last] = (await history({ deviceId: deviceId, limit: 1 })).operations
  assert.equal(last?.outcome, 'cut-short', 'what was settled before stands as it was')
  rmSync(journal, { recursive: true })
  assert.deepEqual((await history()).operations, [])
})
