/** What the package exports, and its errors, as those who call it see them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import * as api from '../../src/entry.cjs'
import { openLab } from './lab.mjs'

const { backupKey, DuoProvisionError, isDuoProvisionError, listDevices, VirtualDuo } = api
const NOWHERE = { usbip: '127.0.0.1:1' }

/** @param {Promise<unknown>} call @returns {Promise<any>} what it rejects with */
const failure = (call) =>
  call.then(
    () => assert.fail('it should have failed'),
    (error) => error,
  )

test('what is exported is what the types declare', () => {
  const types = readFileSync(fileURLToPath(new URL('../../index.d.ts', import.meta.url)), 'utf8')
  const declared = [...types.matchAll(/^export declare (?:function|class|const) (\w+)/gm)].map(
    ([, name = '']) => name,
  )
  const exported = Object.keys(api).filter((name) => name !== 'default' && name !== 'module.exports')
  assert.deepEqual(exported.sort(), declared.sort())
})

test('an error is of one class, whatever its name', async () => {
  const error = await failure(backupKey(NOWHERE))
  assert.ok(error instanceof DuoProvisionError)
  assert.ok(error instanceof Error)
  assert.deepEqual([error.name, error.code], ['UsbError', 'USBIP_UNREACHABLE'])
  assert.ok(isDuoProvisionError(error))
  assert.ok(isDuoProvisionError(error, 'USBIP_UNREACHABLE'))
  assert.ok(!isDuoProvisionError(error, 'NO_DEVICE'))
  for (const other of [new Error('x'), undefined, null, 'NO_DEVICE', { code: 'NO_DEVICE' }])
    assert.ok(!isDuoProvisionError(other), String(other))
  assert.deepEqual(Object.keys(error), ['code', 'hint', 'exitCode', 'phase'])
  assert.ok(/** @type {Error} */ (error).cause instanceof Error)
})

test('an error of a second copy, in another realm, is told by isDuoProvisionError', async () => {
  const realm = createContext({})
  const source = readFileSync(fileURLToPath(new URL('../../src/error.cjs', import.meta.url)), 'utf8')
  const script = `const module = {}; ${source}; module.exports`
  const error = await failure(backupKey(NOWHERE))
  const there = runInContext(script, realm)
  assert.ok(!(error instanceof there.DuoProvisionError))
  assert.ok(there.isDuoProvisionError(error, 'USBIP_UNREACHABLE'))
})

test('the stack of an error begins at the call that failed', async () => {
  async function mine() {
    await null
    return backupKey(NOWHERE)
  }
  const { stack, message, name } = await failure(mine())
  const [head, first] = stack.split('\n    at ')
  assert.equal(head, `${name}: ${message}`)
  assert.match(first, /^mine .*surface\.test\.mjs/)
})

test('what is thrown at once, by a method, is of the class too', async (t) => {
  const { duo } = await openLab(t)
  assert.ok(duo instanceof VirtualDuo)
  assert.throws(
    () => duo.arm('1-1', 'no-fault'),
    (/** @type {any} */ error) =>
      error instanceof DuoProvisionError &&
      error.code === 'INVALID_ARGUMENT' &&
      /surface\.test/.test(error.stack ?? ''),
  )
})

test('virtual Duos and a cloud stop at the end of their scope', async () => {
  for (const made of [await VirtualDuo.start(), await api.LocalCloud.start()]) {
    await made[Symbol.asyncDispose]()
    await made[Symbol.asyncDispose]()
  }
})

test('a listener whose promise rejects warns, and harms nothing', async (t) => {
  const { usb } = await openLab(t)
  /** @type {string[]} */
  const warned = []
  const warns = (/** @type {Error} */ { message }) => warned.push(message)
  process.on('warning', warns)
  t.after(() => process.off('warning', warns))
  const { devices } = await listDevices(usb, {
    onEvent: async ({ type }) => assert.notEqual(type, 'phase', 'no'),
  })
  assert.equal(devices.length, 1)
  await new Promise(setImmediate)
  assert.ok(warned.includes('no'), warned.join())
})

test('events come while it happens: what a listener does stops the operation', async (t) => {
  const { duo, usb } = await openLab(t)
  const stop = new AbortController()
  /** @type {number[]} */
  const after = []
  const error = await failure(
    backupKey(usb, {
      signal: stop.signal,
      onEvent() {
        after.push(duo.duos()[0]?.classRequests ?? 0)
        stop.abort()
      },
    }),
  )
  assert.equal(error.code, 'INTERRUPTED')
  assert.equal(after[0], 0, 'the first event came before the first transfer')
})
