/**
 * Every kind of fault that a Duo over USB/IP can have, met by the shipped addon through libusb and the kernel:
 * whatever is said afterwards is true of the flash, the old key can be had back, and nothing hangs.
 */
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { VirtualDuo } from '../../index.js'
import { Bench } from './bench.mjs'
import { KernelLog } from './port.mjs'
import { schedules } from './schedules.mjs'

const SEED = 3
const LIMIT = 1_700_000

/** Several at once, since most of a case is waiting: for a Duo that starts, for an answer that never comes. */
const BENCHES = /** @type {const} */ (['r4', 'r6', 'r4', 'r6'])

test('faults', { timeout: LIMIT, concurrency: BENCHES.length }, async (t) => {
  const started = performance.now()
  const log = new KernelLog()
  const benches = await Promise.all(BENCHES.map((generation, number) => Bench.open(number, generation, log)))
  t.after(() => Promise.all(benches.map((bench) => bench.close())))
  console.log(
    benches.map((b) => b.requests),
    ((performance.now() - started) / 1000).toFixed(1),
  )
  const all = schedules(VirtualDuo.faults(), /** @type {Bench} */ (benches[1]).requests, SEED)
  console.log(all.length)
  const left = [...all].sort(
    (a, b) =>
      Number(/^(swap|state|desc|alt|serial|transfer|denied|taken|leave|busy|poll)/.test(b.kind)) -
      Number(/^(swap|state|desc|alt|serial|transfer|denied|taken|leave|busy|poll)/.test(a.kind)),
  )
  await Promise.all(
    benches.map(async (bench) => {
      for (;;) {
        const index = left.findIndex(({ generation }) => generation === bench.generation)
        const [schedule] = index < 0 ? [] : left.splice(index, 1)
        if (!schedule) return
        const name = `${schedule.generation} ${schedule.workflow} ${schedule.fault.slice(0, 60)}${schedule.cold ? ' cold' : ''}`
        await t.test(name, async () => {
          const s = performance.now()
          const r = await bench.hold(schedule)
          console.log(
            ((performance.now() - started) / 1000).toFixed(1),
            ((performance.now() - s) / 1000).toFixed(1),
            bench.port.number,
            name,
            r.acted,
            r.code,
            r.problem ? `${r.problem.exitCode} ${r.problem.message} | ${r.problem.cause}` : '',
          )
        })
      }
    }),
  )
  console.log(
    ((performance.now() - started) / 1000).toFixed(1),
    process.cpuUsage(),
    benches.map((b) => b.seconds()),
  )
  console.log(
    readFileSync('/proc/stat', 'utf8').split('\n')[0],
    log.lines().filter((l) => /WARN|BUG|Oops|Call Trace|hung/.test(l)),
  )
})
