/** The API through the loader: results, errors, control. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { backupKey, listDevices, resetKey, VirtualDuo } from '../../src/entry.cjs'
import './home.mjs'

test('unknown, wrong and out-of-range options are INVALID_ARGUMENT', async () => {
  /** @type {any[]} */
  const wrong = [
    { usbpi: '' },
    { usbip: 5 },
    { timeout: -1 },
    { timeout: 1.5 },
    { timeout: 2 ** 32 },
    { timeout: Number.NaN },
  ]
  for (const options of wrong) {
    await assert.rejects(listDevices(options), {
      name: 'DuoProvisionError',
      code: 'INVALID_ARGUMENT',
      exitCode: 2,
    })
  }
  await assert.rejects(listDevices({}, /** @type {any} */ ({ sinal: 1 })), { code: 'INVALID_ARGUMENT' })
})

test('only true is consent, and a refusal writes nothing', async (t) => {
  const duo = await VirtualDuo.start()
  const archive = mkdtempSync(join(tmpdir(), 'duo-provision-test-'))
  t.after(async () => {
    await duo.stop()
    rmSync(archive, { recursive: true })
  })
  const before = duo.duos()[0]?.fingerprint
  /** @type {any[]} */
  const answers = [
    () => false,
    () => 1,
    () => {
      throw new Error('no')
    },
    async () => 'yes',
    () => Promise.reject(new Error('no')),
  ]
  for (const confirm of answers) {
    await assert.rejects(resetKey({ usbip: duo.address, archive }, { confirm }), {
      code: 'CONFIRMATION_REFUSED',
    })
    assert.equal(duo.duos()[0]?.fingerprint, before)
  }
  assert.equal(
    readdirSync(archive, { recursive: true }).filter((name) => `${name}`.endsWith('.der')).length,
    1,
  )
})

test('an aborted signal stops before anything is done', async (t) => {
  const duo = await VirtualDuo.start()
  t.after(() => duo.stop())
  const options = { usbip: duo.address, file: join(tmpdir(), 'never.der') }
  await assert.rejects(backupKey(options, { signal: AbortSignal.abort() }), {
    code: 'INTERRUPTED',
    exitCode: 130,
  })
})
