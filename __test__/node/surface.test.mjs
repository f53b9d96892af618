/** What the package exports, and its errors, as callers see them. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import * as api from '../../src/entry.cjs'
import { FUNCTIONS, forTheApi } from '../../src/hint.cjs'
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
  const realm = createContext({ require: () => ({}) })
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

test('what was started runs on where nobody holds it', async () => {
  const script = `
    const { VirtualDuo, listDevices } = require(${JSON.stringify(fileURLToPath(new URL('../../src/entry.cjs', import.meta.url)))})
    const address = () => VirtualDuo.start().then((duo) => duo.address)
    address().then(async (usbip) => {
      for (let turn = 0; turn < 5; turn += 1) {
        gc()
        await new Promise(setImmediate)
      }
      console.log((await listDevices({ usbip })).devices.length)
      process.exit()
    })`
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '-e', script])
  assert.equal(stdout, '1\n')
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
  duo.arm('1-1', 'timeout-before@dfu1+')
  const stop = new AbortController()
  const error = await failure(backupKey(usb, { signal: stop.signal, onEvent: () => stop.abort() }))
  assert.equal(error.code, 'INTERRUPTED', 'the event came while the Duo was waited for')
})

for (const [hint, expected] of /** @type {[string, string][]} */ ([
  ['choose one: add --path 1-1, --path 1-2', "choose one: add path: '1-1', path: '1-2'"],
  ['say which one it is: add --device ID --path 1-2', "say which one it is: add deviceId: 'ID', path: '1-2'"],
  ['if you really mean it, add --allow-other-device', 'if you really mean it, add allowOtherDevice: true'],
  ['leave --timeout out for 30 seconds a step', 'leave timeout out for 30 seconds a step'],
  ['name it: --fields a-b,c-d; or --whole', "name it: fields: [ 'a-b', 'c-d' ]; or whole"],
  ['see: duo-provision list', 'see: listDevices()'],
  ['`duo-provision udev print` prints it', '`udevRule()` prints it'],
  [
    "to finish: duo-provision restore '/a b/it'\\''s.der' --leave; to go back: duo-provision restore /x.der --path 1-1",
    "to finish: restoreKey({ file: \"/a b/it's.der\", leave: true }); to go back: restoreKey({ file: '/x.der', path: '1-1' })",
  ],
  ["duo-provision restore $'/a\\x1b\\'.der'", 'restoreKey({ file: "/a\\x1B\'.der" })'],
  [
    'duo-provision restore "C:\\a b\\duo.der" --leave',
    "restoreKey({ file: 'C:\\\\a b\\\\duo.der', leave: true })",
  ],
  [
    "duo-provision restore 'C:\\it''s.der'; if ($?) { duo-provision restore C:\\b.der }",
    "restoreKey({ file: \"C:\\\\it's.der\" }); if ($?) { restoreKey({ file: 'C:\\\\b.der' }) }",
  ],
  ['start one: duo-provision simulate --usbip 3240', 'start one: duo-provision simulate --usbip 3240'],
  ['add --yes to say yes beforehand', 'add --yes to say yes beforehand'],
]))
  test(`for the API, "${hint}" is "${expected}"`, () => {
    assert.equal(forTheApi(hint), expected)
  })

test('every function that a hint may name is exported', () => {
  for (const name of Object.values(FUNCTIONS))
    assert.equal(typeof (/** @type {any} */ (api)[name]), 'function', name)
})

test('an error has its hint in both forms', async (t) => {
  const { usb } = await openLab(t, { duos: 2 })
  const error = await failure(backupKey(usb))
  assert.match(error.hint, /--path 1-1/)
  assert.match(error.apiHint, /path: '1-1'/)
})

for (const [options, reason] of /** @type {[any, string][]} */ ([
  [1, 'they have to be an object'],
  [[], 'they have to be an object'],
  [{ nonsense: 1 }, 'there is no option nonsense'],
  [{ timeout: 'x' }, 'timeout has to be a whole number from 0 to 4294967295'],
  [{ path: '1-1', timeout: 1.5 }, 'timeout has to be a whole number from 0 to 4294967295'],
  [{ deviceId: 5 }, 'deviceId has to be a text'],
  [{ dryRun: true, enterDfu: 'yes' }, 'enterDfu has to be true or false'],
  [{ path: {} }, 'path has to be a text'],
  [{ path: Symbol('x') }, 'path is of a type that no option has'],
  [{ path() {} }, 'path is of a type that no option has'],
]))
  test(`options are refused in words: ${reason}, ${String(options?.timeout ?? typeof options)}`, async () => {
    const { message, code } = await failure(api.resetKey(options))
    assert.equal(message, `the options cannot be used: ${reason}`)
    assert.equal(code, 'INVALID_ARGUMENT')
  })

test('what is missing, and the words of a closed list, are named', async () => {
  const message = async (/** @type {Promise<unknown>} */ call) => (await failure(call)).message.slice(28)
  const { inspectKey, restoreDct } = /** @type {any} */ (api)
  assert.equal(await message(restoreDct({})), 'the option file is missing')
  assert.equal(await message(restoreDct({ file: 'x', fields: 'a' })), 'fields has to be a list')
  assert.equal(await message(inspectKey({ file: 'x', copy: 'third' })), "copy has to be 'first' or 'second'")
  const { start } = /** @type {any} */ (VirtualDuo)
  assert.equal(
    await message(start({ board: 'x' })),
    "board has to be one of 'duo', 'photon', 'p1', 'electron'",
  )
  assert.equal(await message(start({ mode: 4 })), 'mode is of a type that no option has')
})
