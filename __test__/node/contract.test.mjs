/** What every function promises besides its result: options, errors, events, signals, questions, threads. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import * as imported from '../../src/entry.cjs'
import { keepValue } from '../secrets/keep.mjs'
import { openLab } from './lab.mjs'

const { backupKey, listDevices, provision, resetKey, restoreKey } = imported
const INDEX = fileURLToPath(new URL('../../src/entry.cjs', import.meta.url))

/** @param {Promise<unknown>} call @returns {Promise<import('../../index.js').DuoProvisionError>} */
const failure = (call) =>
  call.then(
    () => assert.fail('it should have failed'),
    (error) => {
      keepValue(`${error?.code}.error`, error)
      return error
    },
  )

test('an error is an Error with a code, a hint and an exit code', async () => {
  const error = await failure(provision({ deviceId: 'my-duo' }))
  assert.ok(error instanceof Error)
  assert.deepEqual([error.name, error.code, error.exitCode], ['DuoProvisionError', 'INVALID_DEVICE_ID', 2])
  assert.match(error.hint ?? '', /duo-provision list/)
})

test('errors and transfers have the names that particle-usb has for them', async (t) => {
  const { duo, usb, writing } = await openLab(t)
  const named = async (/** @type {string} */ fault, path = '1-1') => {
    if (fault) duo.arm('1-1', fault)
    const error = await failure(backupKey({ ...usb, path }))
    duo.clearFaults('1-1')
    return [error.name, error.code]
  }
  assert.deepEqual(await named('', '1-9'), ['NotFoundError', 'NO_DEVICE'])
  assert.deepEqual(await named('stall-before@dfu3+'), ['DeviceError', 'DEVICE_FAULT'])
  const gone = await failure(listDevices({ usbip: '127.0.0.1:1' }))
  assert.deepEqual([gone.name, gone.code], ['UsbError', 'USBIP_UNREACHABLE'])

  /** @type {string[]} */
  let seen = []
  /** @type {import('../../index.js').Control} */
  const watching = {
    onEvent: (event) => event.type === 'progress' && seen.push(`${event.event} ${event.bytes ?? ''}`),
  }
  duo.arm('1-1', 'write-silent@1+')
  assert.equal((await failure(resetKey(writing, watching))).code, 'WRITE_FAILED')
  assert.equal(seen.at(-1), 'failed-download ')
  duo.clearFaults('1-1')
  seen = []
  await resetKey(writing, watching)
  assert.deepEqual(seen, [
    'start-upload 8423',
    'uploaded 8423',
    'complete-upload 8423',
    'start-download 1216',
    'downloaded 1216',
    'complete-download 1216',
  ])
})

test('an error names its cause', async (t) => {
  const { folder } = await openLab(t)
  const error = await failure(imported.inspectKey({ file: join(folder, 'none') }))
  assert.equal(error.code, 'FILE_NOT_FOUND')
  assert.ok(error.cause instanceof Error)
})

const NONSENSE = [
  { dryRunn: true },
  { dryRun: 'yes' },
  { timeout: -1 },
  { timeout: 1.5 },
  { timeout: 2 ** 32 },
  { timeout: Number.NaN },
  { timeout: 0 },
  { path: 'hub' },
  { device: 'my-duo' },
  { usbip: '192.168.1.1:3240' },
]
for (const nonsense of NONSENSE) {
  test(`options ${JSON.stringify(nonsense)} are refused before anything is touched`, async (t) => {
    const { writing, state, files } = await openLab(t)
    const before = state().classRequests
    const error = await failure(resetKey(/** @type {any} */ ({ ...writing, ...nonsense })))
    assert.equal(error.exitCode, 2, `${error.code}: ${error.message}`)
    assert.equal(state().classRequests, before)
    assert.deepEqual(files(), [])
  })
}

/** Functions without options. */
const WITHOUT_OPTIONS = ['isDuoProvisionError', 'udevRule', 'version']

/** What an options object must have. */
const NEEDED = { deviceId: '0123456789abcdef01234567', file: 'no-such-file', manifest: 'no-such-file' }
/** @type {Record<string, Array<keyof NEEDED>>} */
const NEEDS = {
  inspectKey: ['file'],
  provision: ['deviceId'],
  provisionFleet: ['manifest'],
  publicKey: ['file'],
  restoreDct: ['file'],
  restoreKey: ['file'],
  setServerKey: ['file'],
  verifyFleet: ['manifest'],
}

/** @type {[string, (options: any) => Promise<unknown>][]} */
const TAKING_OPTIONS = [
  ...Object.entries(/** @type {Record<string, any>} */ (imported))
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .filter(([name]) => !WITHOUT_OPTIONS.includes(name)),
  ['VirtualDuo.start', imported.VirtualDuo.start],
  ['LocalCloud.start', imported.LocalCloud.start],
]

for (const [name, call] of TAKING_OPTIONS) {
  test(`${name} refuses an option that it does not have, by name`, async () => {
    const needed = Object.fromEntries((NEEDS[name] ?? []).map((option) => [option, NEEDED[option]]))
    // The others are the names of option groups in Rust, and of the options in them.
    for (const unknown of ['nonsense', 'which', 'before', 'Timeout', 'allow_http', 'enter_dfu']) {
      const error = await failure(call({ ...needed, [unknown]: {} }))
      assert.equal(error.code, 'INVALID_ARGUMENT', error.message)
      assert.match(error.message, new RegExp(`^the options cannot be used: .*\\b${unknown}\\b`))
    }
  })
}

test('options and controls of a wrong type are refused', async () => {
  for (const options of [1, 'text', [], () => {}]) {
    const error = await failure(listDevices(/** @type {any} */ (options)))
    assert.equal(error.code, 'INVALID_ARGUMENT', String(options))
  }
  for (const control of [{ sigal: 1 }, { onEvent: 1 }, { confirm: {} }, { signal: 1 }]) {
    const error = await failure(listDevices({ usbip: '127.0.0.1:1' }, /** @type {any} */ (control)))
    assert.equal(error.code, 'INVALID_ARGUMENT', JSON.stringify(control))
  }
})

test('only what stands in the options themselves counts', async (t) => {
  const { writing, files } = await openLab(t)
  const everywhere = /** @type {any} */ (Object.prototype)
  const theirs = { noBackup: true, thrown: 'no', aborted: true, confirm: () => false }
  Object.assign(everywhere, theirs)
  const done = await resetKey(writing).finally(() => {
    for (const name of Object.keys(theirs)) delete everywhere[name]
  })
  assert.equal(done.written, true)
  assert.ok(
    files().some((name) => done.backupFile?.endsWith(`${name}`)),
    'backed up all the same',
  )
})

const THROWING = {
  get device() {
    throw new Error('a getter’s own')
  },
}
const NOT_UTF_8 = ['k\ufffd.der', 'k\ud800.der']
test('what cannot be read is refused, and never thrown', async () => {
  /** @type {[object, object | undefined, RegExp][]} */
  const cases = [
    [THROWING, undefined, /a getter’s own/],
    [new Proxy({}, { ownKeys: () => assert.fail('a trap’s own') }), undefined, /a trap’s own/],
    [
      {},
      {
        get signal() {
          throw new Error('a getter’s own')
        },
      },
      /a getter’s own/,
    ],
    [{}, { signal: {} }, /not an AbortSignal/],
    [
      {},
      {
        signal: {
          get aborted() {
            throw new Error('no')
          },
        },
      },
      /not an AbortSignal/,
    ],
    [{}, { signal: { addEventListener: 1, removeEventListener() {} } }, /not an AbortSignal/],
    [
      {},
      {
        signal: {
          addEventListener() {
            throw new Error('no')
          },
          removeEventListener() {},
        },
      },
      /not an AbortSignal/,
    ],
    [{}, /** @type {any} */ (5), /control object/],
    ...NOT_UTF_8.map(
      (archive) =>
        /** @type {[object, undefined, RegExp]} */ ([{ archive }, undefined, /archive is not UTF-8/]),
    ),
  ]
  for (const [options, control, message] of cases) {
    /** @type {any} */
    let call
    assert.doesNotThrow(() => {
      call = backupKey(/** @type {any} */ (options), /** @type {any} */ (control))
    })
    const error = await failure(call)
    assert.equal(error.code, 'INVALID_ARGUMENT', `${message}: ${error.message}`)
    assert.match(error.message, message)
  }
})

test('a signal that cannot be let go of does not keep the call from settling', async (t) => {
  const { usb } = await openLab(t)
  const warned = new Promise((resolve) => process.once('warning', resolve))
  const signal = /** @type {any} */ ({
    addEventListener() {},
    removeEventListener() {
      throw new Error('a signal’s own')
    },
  })
  assert.equal((await listDevices(usb, { signal })).devices.length, 1)
  assert.match(`${await warned}`, /a signal’s own/)
})

test('a question that is never answered is ended by the signal, and the Duo is free', async (t) => {
  const { writing, usb, state, folder } = await openLab(t)
  const before = state().fingerprint
  const never = () => new Promise(() => {})
  const stop = new AbortController()
  const asked = resetKey(writing, {
    signal: stop.signal,
    confirm: () => {
      setImmediate(() => stop.abort())
      return /** @type {Promise<boolean>} */ (never())
    },
  })
  const error = await failure(asked)
  assert.deepEqual([error.code, error.keyState, state().fingerprint], ['INTERRUPTED', 'unchanged', before])
  assert.equal((await listDevices(usb)).devices[0]?.key?.fingerprint, before)

  const stopSecret = new AbortController()
  const file = join(folder, 'duo.pem')
  const secret = backupKey(
    { ...usb, file, encrypt: true },
    {
      signal: stopSecret.signal,
      passphrase: () => {
        setImmediate(() => stopSecret.abort())
        return /** @type {Promise<undefined>} */ (never())
      },
    },
  )
  assert.equal((await failure(secret)).code, 'INTERRUPTED')
})

test('all events come in order, before the promise settles', async (t) => {
  const { usb, folder } = await openLab(t)
  /** @type {string[]} */
  const seen = []
  await backupKey(
    { ...usb, file: join(folder, 'duo.der') },
    { onEvent: (e) => seen.push('phase' in e ? e.phase : 'event' in e ? e.event : e.type) },
  )
  const settled = [...seen]
  await new Promise((next) => setTimeout(next, 50))
  assert.deepEqual(seen, settled)
  const uploaded = ['start-upload', 'uploaded', 'complete-upload']
  assert.deepEqual(settled, ['find', 'found', 'read', ...uploaded, 'backup', 'backed-up'])
})

test('a listener that throws becomes a warning, and the operation goes on', async (t) => {
  const { writing, folder, usb, state } = await openLab(t)
  const file = join(folder, 'duo.der')
  await backupKey({ ...usb, file })
  const warned = new Promise((resolve) => process.once('warning', resolve))
  const done = await resetKey(writing, {
    onEvent() {
      throw new Error('a listener’s own')
    },
  })
  assert.equal(done.written, true)
  assert.match(`${await warned}`, /a listener’s own/)
  assert.ok(state().boots >= 0)
})

/** @type {[string, (plan: any) => any, boolean][]} */
const ANSWERS = [
  ['true', () => true, true],
  ['a promise of true', async () => true, true],
  ['false', () => false, false],
  ['1', () => 1, false],
  ['"yes"', () => 'yes', false],
  ['nothing', () => undefined, false],
  ['a promise of 1', async () => 1, false],
  [
    'a throw',
    () => {
      throw new Error('no')
    },
    false,
  ],
  ['a rejection', () => Promise.reject(new Error('no')), false],
]
for (const [name, answer, writes] of ANSWERS) {
  test(`the question answered with ${name} ${writes ? 'writes' : 'writes nothing'}`, async (t) => {
    const { writing, state, files } = await openLab(t)
    const before = state().fingerprint
    /** @type {import('../../index.js').WritePlan | undefined} */
    let plan
    const confirm = (/** @type {import('../../index.js').WritePlan} */ asked) => {
      plan = asked
      return answer(asked)
    }
    const call = resetKey(writing, { confirm })
    if (writes) assert.equal((await call).written, true)
    else {
      const error = await failure(call)
      assert.deepEqual([error.code, error.keyState], ['CONFIRMATION_REFUSED', 'unchanged'])
      assert.equal(state().fingerprint, before)
    }
    assert.deepEqual([plan?.action, plan?.currentFingerprint], ['reset', before])
    assert.ok(
      files().some((name) => plan?.backupFile?.endsWith(`${name}`)),
      'backed up before the question',
    )
  })
}

test('a signal that is aborted already stops before the Duo is touched', async (t) => {
  const { writing, state } = await openLab(t)
  const before = state().classRequests
  const error = await failure(resetKey(writing, { signal: AbortSignal.abort() }))
  assert.deepEqual([error.code, error.exitCode], ['INTERRUPTED', 130])
  assert.equal(state().classRequests, before)
})

/** Every function that takes a control object, with options that it takes. */
const EVERY = {
  backupAll: {},
  backupAllDcts: {},
  backupDct: {},
  backupKey: {},
  doctor: {},
  enterDfu: {},
  fleetManifest: {},
  fleetReport: { ledgers: ['none.jsonl'] },
  history: {},
  inspectKey: { file: 'duo.der' },
  installUdevRule: {},
  listBackups: {},
  listDevices: {},
  newKey: { file: 'never.der' },
  provision: { deviceId: '30001a000347343432313031' },
  provisionAll: { fromDevice: true },
  provisionFleet: { manifest: 'none.csv' },
  publicKey: { file: 'duo.der' },
  readKey: {},
  resetKey: {},
  restoreDct: { file: 'dct.bin', fields: ['server-address'] },
  restoreKey: { file: 'duo.der' },
  restoreServerKey: {},
  rotateKey: {},
  setServerKey: { file: 'server.pem', host: 'cloud.example' },
  showDct: {},
  showServerKey: {},
  status: {},
  verifyAll: {},
  verifyFleet: { manifest: 'none.csv' },
  verifyPairing: {},
}

test('a signal that is aborted already rejects before any work, in every function', async () => {
  const types = readFileSync(join(INDEX, '../../index.d.ts'), 'utf8')
  const taking = [...types.matchAll(/^export declare function (\w+)\(.*control\?: Control/gm)].map(
    ([, name]) => name,
  )
  assert.deepEqual(taking.sort(), Object.keys(EVERY))
  const reason = new Error('enough')
  for (const [name, options] of Object.entries(EVERY)) {
    /** @type {unknown[]} */
    const events = []
    const call = /** @type {Record<string, any>} */ (imported)[name]
    const control = {
      signal: AbortSignal.abort(reason),
      onEvent: (/** @type {unknown} */ event) => events.push(event),
    }
    const error = await failure(call(options, control))
    assert.deepEqual(
      [name, error.name, error.code, events],
      [name, 'AbortError', 'INTERRUPTED', []],
      error.message,
    )
    assert.equal(error.cause, reason, name)
  }
})

test('whatever a signal gives as its reason is the cause of what it stopped', async (t) => {
  const { duo, usb } = await openLab(t)
  // The call waits for the Duo, so that there is something to stop.
  duo.unplug('1-1')
  for (const reason of [undefined, 'a text', new Error('an error'), { an: 'object' }]) {
    const stop = new AbortController()
    const onEvent = () => stop.abort(reason)
    const error = await failure(backupKey({ ...usb, wait: true }, { signal: stop.signal, onEvent }))
    assert.deepEqual([error.name, error.code], ['AbortError', 'INTERRUPTED'])
    assert.equal(error.cause, stop.signal.reason)
  }
  duo.plugIn('1-1')
  const other = await failure(listDevices({ usbip: '127.0.0.1:1' }, { signal: new AbortController().signal }))
  assert.equal(other.name, 'UsbError')
})

test('aborted while it asks, nothing is written; aborted while it writes, the write is finished', async (t) => {
  const { writing, state } = await openLab(t)
  const before = state().fingerprint
  const asking = new AbortController()
  const confirm = () => {
    asking.abort()
    return true
  }
  const unchanged = await failure(resetKey(writing, { signal: asking.signal, confirm }))
  assert.deepEqual(
    [unchanged.code, unchanged.keyState, state().fingerprint],
    ['INTERRUPTED', 'unchanged', before],
  )

  const writingNow = new AbortController()
  /** @type {(e: import('../../index.js').ProgressEvent) => void} */
  const onEvent = (e) => {
    if (e.type === 'phase' && e.phase === 'write') writingNow.abort()
  }
  const finished = await failure(resetKey(writing, { signal: writingNow.signal, onEvent }))
  assert.deepEqual([finished.code, finished.keyState], ['INTERRUPTED', 'written'])
  assert.equal(state().fingerprint, undefined)
})

test('a signal serves several calls, and keeps no listener', async (t) => {
  const { usb } = await openLab(t)
  const { signal } = new AbortController()
  const own = () => {}
  signal.onabort = own
  const before = getEventListeners(signal, 'abort').length
  await listDevices(usb, { signal })
  await listDevices({ ...usb, timeout: 5 }, { signal })
  await failure(listDevices({ usbip: 'nowhere' }, { signal }))
  assert.equal(signal.onabort, own)
  assert.equal(getEventListeners(signal, 'abort').length, before)
})

test('the event loop runs on while an operation runs', async (t) => {
  const { usb, archive } = await openLab(t)
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
  }, 1)
  await backupKey({ ...usb, archive })
  clearInterval(timer)
  assert.ok(ticks > 0, `${ticks} ticks`)
})

test('works in a worker thread, and a worker that is ended in the middle harms nobody', async (t) => {
  const { usb, state } = await openLab(t)
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { listDevices } = require(workerData.index)
    parentPort.postMessage('started')
    listDevices(workerData.usb).then((result) => parentPort.postMessage(result))`
  const start = () => new Worker(source, { eval: true, workerData: { index: INDEX, usb } })
  const whole = start()
  /** @type {any[]} */
  const messages = []
  whole.on('message', (message) => messages.push(message))
  assert.equal(await new Promise((resolve) => whole.once('exit', resolve)), 0)
  assert.equal(messages[1]?.devices[0].key.fingerprint, state().fingerprint)

  const ended = start()
  await new Promise((resolve) => ended.once('message', resolve))
  await ended.terminate()
  assert.equal((await listDevices(usb)).devices.length, 1)
})

test('an address that nothing proves is accepted by every function that has the option', async (t) => {
  const { duo, input, usb, writing } = await openLab(t, { bootloader: 'r4' })
  const blank = readFileSync((await imported.backupDct(writing)).file).fill(0xff, 2082, 2082 + 768)
  const file = input('blank.bin', blank)
  const fields = ['server-public-key', 'device-private-key']
  await imported.restoreDct({ ...writing, file, fields, allowOtherDevice: true })
  const key = duo.keySlot('1-1')
  const cloudKey = input(
    'cloud.pem',
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }),
  )
  const of = { ...writing, path: '1-1' }
  const { deviceId = '' } = duo.duos()[0] ?? {}
  const named = { ...usb, path: '1-1', deviceId }
  const cloud = { apiUrl: 'http://127.0.0.1:1', token: 'none', timeout: 1 }
  /** @type {Record<string, (allow: { allowUnprovenAddress?: boolean }) => Promise<unknown>>} */
  const calls = {
    backupKey: (allow) => backupKey({ ...of, ...allow }),
    readKey: (allow) => imported.readKey({ ...usb, ...allow }),
    restoreKey: (allow) => restoreKey({ ...of, key, ...allow }),
    resetKey: (allow) => resetKey({ ...of, dryRun: true, ...allow }),
    rotateKey: (allow) => imported.rotateKey({ ...named, ...cloud, dryRun: true, ...allow }),
    verifyPairing: (allow) => imported.verifyPairing({ ...named, ...allow }),
    provision: (allow) => provision({ ...named, ...cloud, fromDevice: true, dryRun: true, ...allow }),
    backupDct: (allow) => imported.backupDct({ ...of, ...allow }),
    restoreDct: (allow) => imported.restoreDct({ ...of, file, fields, ...allow }),
    setServerKey: (allow) =>
      imported.setServerKey({ ...of, file: cloudKey, host: 'a.example', dryRun: true, ...allow }),
    restoreServerKey: (allow) => imported.restoreServerKey({ ...of, dryRun: true, ...allow }),
  }
  const typed = readFileSync(join(INDEX, '../../index.d.ts'), 'utf8')
  assert.equal(typed.match(/^ {2}allowUnprovenAddress\?: boolean$/gm)?.length, Object.keys(calls).length)
  for (const [name, call] of Object.entries(calls)) {
    assert.equal((await failure(call({}))).code, 'ADDRESS_UNPROVEN', name)
    const code = await call({ allowUnprovenAddress: true }).then(
      () => 'done',
      (error) => error.code,
    )
    assert.notEqual(code, 'ADDRESS_UNPROVEN', name)
  }
})

test('a process ends by itself when its operations have', () => {
  const script = `
    const { VirtualDuo, listDevices } = require(${JSON.stringify(INDEX)})
    VirtualDuo.start().then(async (duo) => {
      const { devices } = await listDevices({ usbip: duo.address }, { onEvent() {}, confirm: () => true })
      await duo.stop()
      console.log(devices.length)
    })`
  assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 60_000 }), '1\n')
})

test('require and import give the same functions', () => {
  const required = createRequire(import.meta.url)('../../src/entry.cjs')
  for (const name of [
    'listDevices',
    'backupKey',
    'restoreKey',
    'resetKey',
    'inspectKey',
    'newKey',
    'publicKey',
    'provision',
    'VirtualDuo',
    'LocalCloud',
  ])
    assert.equal(/** @type {any} */ (imported)[name], required[name], name)
})

test('without USB on the machine the USB functions say so', {
  skip: process.platform !== 'linux' && 'only on Linux is there a machine without USB to be had',
}, async () => {
  const outcome = await restoreKey({ file: 'none.der' }).catch((error) => error)
  assert.equal(outcome.code, 'FILE_NOT_FOUND', 'a file is looked at before a device')
  const listed = await listDevices().catch((error) => error)
  assert.ok(Array.isArray(listed.devices) || listed.code === 'USB_UNAVAILABLE', `${listed.code}`)
})
