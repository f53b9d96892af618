/** Keys as bytes, for code that stores them itself: `readKey`, and `restoreKey` with a `key`. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { backupKey, history, listBackups, readKey, restoreKey, status } from '../../src/entry.cjs'
import { openLab } from './lab.mjs'

/** @param {Promise<unknown>} call @returns {Promise<any>} what it rejects with */
const failure = (call) =>
  call.then(
    () => assert.fail('it should have failed'),
    (error) => error,
  )

/** A new key that was never in a Duo, in the given form. */
const made = (/** @type {any} */ form) =>
  Buffer.from(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(form))

test('a key that is read is the one in the Duo, and nothing is left on the disk', async (t) => {
  const { usb, state, files } = await openLab(t)
  const { key, fingerprint, device } = await readKey(usb)
  assert.equal(fingerprint, state().fingerprint)
  assert.equal(device.deviceId, state().deviceId)
  const read = createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs1' })
  assert.equal(createPublicKey(read).asymmetricKeyDetails?.modulusLength, 1024)
  assert.deepEqual(files(), [])
})

test('a slot without a key is an error', async (t) => {
  const { usb, duo } = await openLab(t)
  duo.setKeySlot('1-1', new Uint8Array(1216).fill(0xff))
  assert.equal((await failure(readKey(usb))).code, 'KEY_SLOT_BLANK')
})

test('bytes are restored as a file would be, and what was there is backed up', async (t) => {
  const { writing, usb, state } = await openLab(t)
  const first = await readKey(usb)
  for (const key of [
    made({ type: 'pkcs1', format: 'der' }),
    new Uint8Array(made({ type: 'pkcs8', format: 'der' })),
    Buffer.from(made({ type: 'pkcs8', format: 'pem' })),
  ]) {
    const restored = await restoreKey({ ...writing, key })
    assert.equal(restored.written, true)
    assert.equal(state().fingerprint, restored.fingerprint)
    assert.ok(restored.backupFile)
  }
  const back = await restoreKey({ ...writing, key: first.key })
  assert.deepEqual([back.evidence, state().fingerprint], ['archive', first.fingerprint])
  const { backups } = await listBackups({ archive: writing.archive })
  assert.ok(backups.some(({ fingerprint }) => fingerprint === first.fingerprint))
})

test('a file or a key, and one of them alone', async (t) => {
  const { writing, requests } = await openLab(t)
  const key = made({ type: 'pkcs1', format: 'der' })
  for (const options of [{}, { key, file: 'x.der' }]) {
    const { code, message } = await failure(restoreKey(/** @type {any} */ ({ ...writing, ...options })))
    assert.deepEqual([code, message], ['INVALID_ARGUMENT', 'restoreKey needs a file, or a key, and not both'])
  }
  assert.equal(requests(), 0)
})

test('bytes that are no key are refused before the Duo is touched', async (t) => {
  const { writing, requests } = await openLab(t)
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const wrong = /** @type {[any, string][]} */ ([
    [new Uint8Array(0), 'KEY_EMPTY'],
    [new Uint8Array(1216), 'KEY_UNRECOGNIZED'],
    [new Uint8Array(2 ** 21), 'KEY_UNRECOGNIZED'],
    [other.export({ type: 'pkcs1', format: 'der' }), 'KEY_WRONG_SIZE'],
    ['text', 'INVALID_ARGUMENT'],
    [[1, 2], 'KEY_UNRECOGNIZED'],
    [{}, 'INVALID_ARGUMENT'],
  ])
  for (const [key, code] of wrong) {
    const error = await failure(restoreKey({ ...writing, key }))
    assert.equal(error.code, code, error.message)
  }
  assert.equal(requests(), 0)
})

test('a write of bytes that fails says to call again, and the way back is a command', async (t) => {
  const { writing, duo, state } = await openLab(t)
  const key = made({ type: 'pkcs1', format: 'der' })
  const { fingerprint } = state()
  duo.arm('1-1', 'write-half-600@1+')
  const error = await failure(restoreKey({ ...writing, key }))
  assert.equal(error.code, 'KEY_WRONG')
  assert.match(
    error.hint,
    /^to finish: call restoreKey again with the key of fingerprint [0-9a-f]{64}; to go back/,
  )
  duo.clearFaults('1-1')
  const { operations } = await history({ deviceId: state().deviceId })
  assert.equal(operations[0]?.operation, 'restore')
  await restoreKey({ ...writing, key })
  assert.notEqual(state().fingerprint, fingerprint)
  assert.deepEqual((await status()).inFlight, [])
})

test('an encrypted key is opened with the passphrase', async (t) => {
  const { writing, state } = await openLab(t)
  const key = Buffer.from(made({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }))
  assert.equal((await failure(restoreKey({ ...writing, key }))).code, 'KEY_ENCRYPTED')
  const { fingerprint } = await restoreKey({ ...writing, key, passphrase: 'secret' })
  assert.equal(state().fingerprint, fingerprint)
})

test('what backupKey saved and what readKey returns are one key', async (t) => {
  const { usb, folder } = await openLab(t)
  const saved = await backupKey({ ...usb, file: `${folder}/duo.der` })
  assert.equal((await readKey(usb)).fingerprint, saved.fingerprint)
})
