/**
 * `npm run bench:journal`: measures how long an operation takes after 0, 3,000 and 100,000 others, on one Duo or on a
 * Duo each. The figures are medians; the journals take turns. On a disk an operation takes as long as five syncs;
 * `TMPDIR=/dev/shm` shows the rest. The exit status is 1 if past operations make a command slower. The past operations
 * are copies of a real one.
 */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureAddon, ensureDependencies } from './prepare.mjs'

const ROUNDS = 31
const COUNTS = [0, 3000, 100_000]
const ID = '30001a000347343432313031'

/** The limit, from the time without past operations. A busy disk delays a sync by as much as this allows. */
const limit = (/** @type {number} */ ms) => 1.5 * ms + 1

ensureDependencies()
ensureAddon()
const { history, LocalCloud, newKey, provision, status } = await import('../index.js')
const folder = mkdtempSync(join(tmpdir(), 'duo-provision-bench-'))
const cloud = await LocalCloud.start()
try {
  const keyFile = join(folder, 'duo.der')
  await newKey({ file: keyFile })
  const sending = { deviceId: ID, keyFile, apiUrl: cloud.url, token: cloud.token }
  const line = await settled(() => provision(sending))
  const homes = COUNTS.flatMap((count) =>
    ['one Duo', 'a Duo each'].map((to) => ({ count, to, home: filled(line, count, to === 'one Duo') })),
  )
  /** @type {Record<string, () => Promise<unknown>>} */
  const commands = {
    provision: () => provision(sending),
    status: () => status(),
    'history --device': () => history({ deviceId: ID }),
  }
  let within = true
  for (const [name, command] of Object.entries(commands)) {
    const figures = await inTurn(homes, command)
    for (const [index, { count, to }] of homes.entries()) {
      const figure = figures[index] ?? Number.NaN
      const what = `${name} after ${count.toLocaleString('en')} operations, ${to}`
      process.stdout.write(`${what.padEnd(58)} ${figure.toFixed(1).padStart(7)} ms\n`)
      within &&= name.startsWith('history') || figure <= limit(figures[0] ?? 0)
    }
  }
  process.stdout.write(within ? 'the past costs nothing\n' : 'the past makes a command slower\n')
  process.exitCode = within ? 0 : 1
} finally {
  await cloud.stop()
  rmSync(folder, { recursive: true })
}

/** Sets the home folder of this process. */
function goTo(/** @type {string} */ home) {
  for (const name of ['HOME', 'XDG_DATA_HOME', 'LOCALAPPDATA']) process.env[name] = home
}

/** The line that an operation leaves in the history. */
async function settled(/** @type {() => Promise<unknown>} */ work) {
  const home = mkdtempSync(join(folder, 'home-'))
  goTo(home)
  await work()
  return readFileSync(join((await status()).journal, 'history', `${ID}.jsonl`), 'utf8')
}

/** Makes a home folder with `count` operations in its history. */
function filled(/** @type {string} */ line, /** @type {number} */ count, /** @type {boolean} */ ofOne) {
  const home = mkdtempSync(join(folder, 'home-'))
  const history = join(home, 'duo-provision/journal/history')
  mkdirSync(history, { recursive: true, mode: 0o700 })
  const id = /"id":"([0-9a-f]{16})"/.exec(line)?.[1] ?? ''
  const nth = (/** @type {number} */ number) => line.replaceAll(id, number.toString(16).padStart(16, '0'))
  if (ofOne) {
    const file = openSync(join(history, `${ID}.jsonl`), 'w', 0o600)
    for (let number = 0; number < count; number += 1) writeSync(file, nth(number))
    closeSync(file)
    return home
  }
  for (let number = 0; number < count; number += 1) {
    const other = `40${number.toString(16).padStart(22, '0')}`
    writeFileSync(join(history, `${other}.jsonl`), nth(number).replaceAll(ID, other), { mode: 0o600 })
  }
  return home
}

/** The time of a command in each home, in milliseconds: medians of runs that take turns. */
async function inTurn(
  /** @type {{ home: string }[]} */ homes,
  /** @type {() => Promise<unknown>} */ command,
) {
  /** @type {number[][]} */
  const times = homes.map(() => [])
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, { home }] of homes.entries()) {
      goTo(home)
      const started = performance.now()
      await command()
      times[index]?.push(performance.now() - started)
    }
  }
  return times.map((figures) => figures.sort((a, b) => a - b)[ROUNDS >> 1])
}
