/**
 * Every kind of fault that a Duo can show over USB/IP, with the shipped addon, libusb and the kernel: what the command
 * says afterwards is true of the flash, the old key can be restored, and nothing hangs.
 *
 * The same faults at every single transfer are tested in-process, on a clock that jumps (`__test__/rust`). The sample
 * here shows that the real stack adds no faults of its own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualDuo } from '../../index.js'
import { Bench } from './bench.mjs'
import { KernelLog } from './kernel-log.mjs'
import { FAULTS_LIMIT, TEST_LIMIT } from './limits.mjs'
import { Operator } from './operator.mjs'
import { Port } from './port.mjs'
import { GENERATIONS, schedules } from './schedules.mjs'

/** @typedef {import('./schedules.mjs').Schedule} Schedule */
/** @typedef {{ schedule: Schedule, code: string, acted: number }} Outcome */

/** Any other number draws another sample. */
const SEED = 3
const FEWEST = 300

/**
 * So many Duos of each bootloader run at once, each on a bench of its own; in all, as many as the kernel's hub has
 * ports. Most of a case is waiting, for a Duo that starts or for an answer that never comes.
 */
const DUOS = 4

/**
 * The outcomes that any fault may have: on a slow machine, a step may time out. `PLAUSIBLE` adds those of each kind.
 */
const ANY = ['done', 'DEVICE_FAULT', 'KEY_STATE_UNKNOWN', 'LEAVE_FAILED']
/** The bytes read are not the bytes stored, or come from another address. */
const MISREAD = ['READ_UNSTABLE', 'DCT_UNREADABLE', 'ADDRESS_UNPROVEN']
const GONE = ['NO_DEVICE', 'USB_ERROR', 'WRITE_FAILED', 'KEY_WRONG']
/** @type {[RegExp, string[]][]} */
const PLAUSIBLE = [
  [/^(stall|timeout|protocol)-/, ['WRITE_FAILED', 'USB_ERROR', 'NO_DEVICE']],
  [/^(disconnect|unplug|reenumerate|power-cut)-/, GONE],
  [/^swap-/, [...GONE, 'WRONG_DEVICE']],
  [/^(short|babble)/, ['NOT_A_DUO', 'WRITE_FAILED']],
  [/^read-/, [...MISREAD, 'KEY_WRONG', 'WRITE_FAILED', 'KEY_SLOT_GARBAGE', 'KEY_SLOT_ZEROED']],
  [/^write-/, ['WRITE_FAILED', 'KEY_WRONG']],
  [/^address-/, MISREAD],
  [/^(state-|busy|poll-timeout-)/, [...MISREAD, 'WRITE_FAILED', 'NO_DEVICE']],
  [/^leave-/, []],
  [/^(descriptor|alt-name|serial|transfer-size)/, ['NOT_A_DUO', 'NO_DEVICE', 'USB_ERROR', 'WRONG_DEVICE']],
  [/^(denied|taken)$/, ['NO_DEVICE']],
]

test('faults', { timeout: FAULTS_LIMIT, concurrency: 2 * DUOS }, async (t) => {
  const log = new KernelLog()
  const duos = await Promise.all(
    GENERATIONS.map((bootloader) => VirtualDuo.start({ bootloader, duos: DUOS })),
  )
  const benches = duos.flatMap((duo, server) =>
    duo.duos().map(({ path: busid }, number) => {
      return new Bench({ number: server * DUOS + number, duo, busid, log })
    }),
  )
  t.after(async () => {
    await Promise.all(benches.map((bench) => bench.close()))
    await Promise.all(duos.map((duo) => duo.stop()))
    log.close()
  })
  // The first bench prepares alone: undisturbed also means that the hub is not busy with another Duo.
  const [first, ...others] = /** @type {[Bench, ...Bench[]]} */ (benches)
  await first.prepare()
  await all(others.map((bench) => bench.prepare()))
  const { requests } = first
  const left = schedules(VirtualDuo.faults(), requests, SEED)
  const wanted = left.length
  const kinds = [...new Set(left.map(({ kind }) => kind))]
  assert.ok(wanted >= FEWEST, `${wanted}`)

  /** @type {Outcome[]} */
  const outcomes = []
  const work = async (/** @type {Bench} */ bench, /** @type {number} */ number) => {
    const generation = GENERATIONS[Math.floor(number / DUOS)]
    for (;;) {
      const next = left.findIndex((schedule) => schedule.generation === generation)
      const [schedule] = next < 0 ? [] : left.splice(next, 1)
      if (!schedule) return
      await t.test(nameOf(schedule), async () => {
        const { code, acted, message } = await bench.hold(schedule)
        const [, codes = []] = PLAUSIBLE.find(([kinds]) => kinds.test(schedule.kind)) ?? []
        assert.ok([...ANY, ...codes].includes(code), `${code}: ${message}`)
        outcomes.push({ schedule, code, acted })
      })
    }
  }
  await all(benches.map(work))

  for (const line of table(outcomes)) t.diagnostic(line)
  const longest = Math.max(...benches.map((bench) => bench.longest))
  t.diagnostic(`the longest call took ${(longest / 1000).toFixed(1)} s`)
  const repeated = benches.reduce((sum, bench) => sum + bench.repeated, 0)
  if (repeated > 0) t.diagnostic(`the machine was too slow: ${repeated} runs without faults were repeated`)
  assert.equal(outcomes.length, wanted)
  const idle = kinds.filter((kind) => !outcomes.some(actedOf(kind)))
  assert.deepEqual(idle, [], 'every kind has acted at least once')
  assert.deepEqual(log.complaints(), [], 'the kernel has nothing to complain of')
})

test('of two Duos with one serial number none is chosen by it', { timeout: TEST_LIMIT }, async (t) => {
  const duo = await VirtualDuo.start()
  const { deviceId } = /** @type {import('../../index.js').VirtualDuoInfo} */ (duo.duos()[0])
  duo.arm('1-1', 'twin@0')
  const ports = ['1-1', '1-2'].map((busid, number) => new Port(number, duo.address, busid))
  const operator = new Operator()
  t.after(async () => {
    await operator.end()
    for (const port of ports) await port.pull()
    await duo.stop()
  })
  for (const port of ports) port.plugIn()
  for (const port of ports) await port.whenUsable()
  const { problem } = await operator.call('backupKey', { deviceId, archive: '/nowhere' })
  assert.equal(problem?.code, 'SEVERAL_DEVICES', JSON.stringify(problem))
  for (const { path } of ports) assert.ok(problem?.message.includes(path), problem?.message)
  assert.deepEqual(operator.devices(), [])
})

/** Waits for all of them, also if one fails: a bench is not closed while something runs on it. */
async function all(/** @type {Promise<void>[]} */ running) {
  await Promise.allSettled(running)
  await Promise.all(running)
}

function nameOf(/** @type {Schedule} */ { generation, workflow, fault, cold }) {
  return `${generation} ${workflow} ${cold ? 'plugged in with ' : ''}${fault}`
}

function actedOf(/** @type {string} */ kind) {
  return (/** @type {Outcome} */ { schedule, acted }) => schedule.kind === kind && acted > 0
}

/** One line for each family of kinds: how many cases, in how many the fault acted, and the outcomes. */
function table(/** @type {Outcome[]} */ outcomes) {
  const families = groups(outcomes, ({ schedule: { kind } }) =>
    kind.replace(/[-=](\d.*|before|in|after|[^-]*=.*)$|=.*$/, ''),
  )
  return [...families].map(([family, cases]) => {
    const codes = groups(cases, ({ code }) => code)
    const counts = [...codes].map(([code, { length }]) => `${code} ${length}`).sort()
    const acted = cases.filter((one) => one.acted > 0).length
    return `${family}: ${cases.length} cases, acted in ${acted}: ${counts.join(', ')}`
  })
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 */
function groups(items, keyOf) {
  /** @type {Map<string, T[]>} */
  const found = new Map()
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item])
  return found
}
