/** Keys encrypted with a passphrase, and key files, through the API. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  backupKey,
  inspectKey,
  listBackups,
  newKey,
  publicKey,
  resetKey,
  restoreKey,
} from '../../src/entry.cjs'
import { canaryText } from '../secrets/keep.mjs'
import { openLab } from './lab.mjs'

const passphrase = 'Fix, Schwyz! quäkt Jürgen blöd'
canaryText('a passphrase', passphrase)

test('a key goes behind a passphrase and comes back', async (t) => {
  const { writing, archive, state } = await openLab(t)
  const { fingerprint } = state()
  const backup = await backupKey({ ...writing, encrypt: true, passphrase })
  assert.deepEqual([backup.encrypted, backup.fingerprint, backup.alreadyThere], [true, fingerprint, false])
  assert.equal((await backupKey({ ...writing, encrypt: true, passphrase })).alreadyThere, true)
  const opened = createPrivateKey({ key: readFileSync(backup.file), passphrase })
  const spki = createPublicKey(opened).export({ type: 'spki', format: 'pem' })
  const inspected = await inspectKey({ file: backup.file, passphrase })
  assert.deepEqual([inspected.fingerprint, inspected.publicKey], [fingerprint, spki])
  const outside = await inspectKey({ file: backup.file })
  assert.equal(outside.fingerprint, undefined)
  assert.equal(outside.manifestFingerprint, fingerprint)
  assert.match(outside.encryption ?? '', /600000 rounds/)
  const { backups } = await listBackups({ archive })
  assert.deepEqual(
    backups.map(({ encrypted, fingerprint }) => ({ encrypted, fingerprint })),
    [{ encrypted: true, fingerprint }],
  )

  await resetKey({ ...writing, encrypt: true, passphrase })
  await assert.rejects(restoreKey({ ...writing, file: backup.file }), { code: 'KEY_ENCRYPTED', exitCode: 2 })
  await assert.rejects(restoreKey({ ...writing, file: backup.file, passphrase: 'x' }), {
    code: 'PASSPHRASE_WRONG',
  })
})

test('the control is asked for a passphrase, and none of its answers harms', async (t) => {
  const { usb, folder, writing, state } = await openLab(t)
  const { fingerprint } = state()
  const file = join(folder, 'duo.pem')
  /** @type {import('../../index.js').PassphraseRequest[]} */
  const asked = []
  const answers = ['x', passphrase]
  await backupKey({ ...usb, file, encrypt: true }, { passphrase: async () => passphrase })
  const restored = await restoreKey(
    { ...writing, file },
    {
      passphrase: (request) => {
        asked.push(request)
        return answers.shift()
      },
    },
  )
  assert.equal(restored.fingerprint, fingerprint)
  assert.deepEqual(
    asked.map(({ purpose, again }) => [purpose, again]),
    [
      ['open', false],
      ['open', true],
    ],
  )
  for (const answer of [
    undefined,
    null,
    1,
    () => {
      throw new Error('no')
    },
  ]) {
    const control = /** @type {any} */ ({
      passphrase: () => (typeof answer === 'function' ? answer() : answer),
    })
    await assert.rejects(restoreKey({ ...writing, file }, control), { code: 'KEY_ENCRYPTED' })
    await assert.rejects(backupKey({ ...writing, encrypt: true }, control), { code: 'PASSPHRASE_MISSING' })
  }
  await assert.rejects(
    backupKey({ ...writing, encrypt: true }, /** @type {any} */ ({ passphrase: 'text' })),
    {
      code: 'INVALID_ARGUMENT',
    },
  )
})

test('key files are made, and their public keys taken out', async (t) => {
  const { folder } = await openLab(t)
  const file = join(folder, 'new.der')
  const made = await newKey({ file })
  assert.deepEqual([made.file, made.encrypted], [file, false])
  assert.equal(readFileSync(made.publicKeyFile ?? '', 'utf8'), made.publicKey)
  const out = join(folder, 'copy.pem')
  const taken = await publicKey({ file, out })
  assert.deepEqual([taken.publicKey, taken.fingerprint, taken.out], [made.publicKey, made.fingerprint, out])
  assert.equal((await inspectKey({ file })).firmwareReadsAsIs, true)
  await assert.rejects(newKey({ file }), { code: 'FILE_EXISTS', exitCode: 9 })
  const encrypted = await newKey({ file: join(folder, 'other.pem'), encrypt: true, passphrase })
  assert.equal((await publicKey({ file: encrypted.file, passphrase })).fingerprint, encrypted.fingerprint)
})
