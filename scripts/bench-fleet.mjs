/**
 * `npm run bench:fleet`: measures how fast a list is sent to a local cloud, and compares it with `xargs -P8 curl` and
 * with a loop of the command line; the ways take turns. Then it sends 100,000 rows, and measures memory, whether the
 * last thousands take as long as the first, and how long the same command takes when all is done. Prints the tables of
 * docs/many.md. `-- --rows N` sends fewer rows. The command line is one file, as in the package. Needs the release
 * addon (`npm run build`), a quiet machine, and about eight minutes.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { idOf, publicPem, writeList } from '../__test__/keys.mjs'
import { PEAK } from '../__test__/memory.mjs'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' } } })
const MANY = Number(values.rows)
/** How many devices are sent in one round: by `fleet provision`, by curl, and by the loop, which is the slowest. */
const [SOME, FEWER, FEW] = [Math.min(2000, MANY), Math.min(200, MANY), Math.min(20, MANY)]
const ROUNDS = 3

/** The least size of an addon with debugging information. */
const DEBUG_BYTES = 30e6

ensureDependencies()
ensureAddon()
const addon = readdirSync(ROOT).find((file) => file.endsWith('.node')) ?? ''
if (statSync(join(ROOT, addon)).size > DEBUG_BYTES)
  throw new Error(`${addon} is made for debugging: npm run build`)
const { LocalCloud, newKey } = await import('../index.js')
const { PROGRAM } = await import('../__test__/program.mjs')
const folder = mkdtempSync(join(tmpdir(), 'duo-provision-bench-'))
const cloud = await LocalCloud.start()
const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, PARTICLE_ACCESS_TOKEN: cloud.token }
const to = ['--api-url', cloud.url, '--rate', 'none']
const said = (/** @type {string} */ what) =>
  process.stderr.write(`${what}   load ${loadavg()[0]?.toFixed(1)}\n`)
const row = (/** @type {string[]} */ ...cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
const number = (/** @type {number} */ count) => count.toLocaleString('en')
const short = (/** @type {number} */ figure) => `${Number(figure.toPrecision(figure < 100 ? 2 : 3))}`

try {
  await rates()
  await many()
} finally {
  await cloud.stop()
  rmSync(folder, { recursive: true })
}

/** Devices per second of each way; medians of rounds that take turns. */
async function rates() {
  const [publicKeys, privateKeys] = [listIn('public', SOME), await privateList()]
  /** @type {Record<string, () => Promise<number>>} */
  const ways = {
    '`fleet provision`, public key files': () => fleetRate(publicKeys),
    '`fleet provision`, private key files': () => fleetRate(privateKeys),
    '`xargs -P8 curl`': curlRate,
    'a loop over `duo-provision`': loopRate,
  }
  /** @type {Record<string, number[]>} */
  const figures = {}
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [way, rate] of Object.entries(ways)) {
      const figure = await rate()
      said(`${way}: ${figure.toFixed(1)} a second`)
      figures[way] = [...(figures[way] ?? []), figure]
    }
  }
  const middle = Object.entries(figures).map(([way, list]) => ({ way, rate: median(list) }))
  const [curl = Number.NaN, loop = Number.NaN] = middle.slice(-2).map(({ rate }) => rate)
  row(`8 at once, ${cpus().length} processors`, 'devices a second', 'of `xargs -P8 curl`', 'of the loop')
  row('---', '---', '---', '---')
  for (const { way, rate } of middle)
    row(way, short(rate), `${short(rate / curl)} ×`, `${short(rate / loop)} ×`)
  process.stdout.write('\n')
}

function median(/** @type {number[]} */ list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN
}

function listIn(/** @type {string} */ name, /** @type {number} */ count) {
  const place = join(folder, name)
  mkdirSync(place)
  return writeList(place, count)
}

/** Making a private key takes a while, so each of 50 keys is used for several devices. */
async function privateList() {
  const place = join(folder, 'private')
  mkdirSync(place)
  for (let nth = 0; nth < 50; nth += 1) await newKey({ file: join(place, `${nth}.der`) })
  const rows = Array.from({ length: SOME }, (_, number) => `${idOf(number)},${number % 50}.der`)
  const list = join(place, 'devices.csv')
  writeFileSync(list, `device_id,key_file\n${rows.join('\n')}\n`)
  return list
}

async function seconds(/** @type {() => Promise<unknown>} */ work) {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

async function run(/** @type {string} */ program, /** @type {string[]} */ args, input = '') {
  const child = spawn(program, args, { env, cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
  let [printed, complained] = ['', '']
  child.stdout.on('data', (text) => {
    printed += text
  })
  child.stderr.on('data', (text) => {
    complained += text
  })
  child.stdin.end(input)
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${printed}${complained}`)
  return printed
}

function ledgerOf(/** @type {string} */ list) {
  return list.replace('.csv', '.provision.jsonl')
}

async function fleetRate(/** @type {string} */ list) {
  rmSync(ledgerOf(list), { force: true })
  const took = await seconds(() =>
    run(process.execPath, [PROGRAM, 'fleet', 'provision', list, '--allow-shared-keys', ...to]),
  )
  return SOME / took
}

async function curlRate() {
  if (spawnSync('curl', ['--version']).status !== 0) return Number.NaN
  const key = join(folder, 'key.pem')
  writeFileSync(key, publicPem())
  const ids = Array.from({ length: FEWER }, (_, number) => idOf(number)).join('\n')
  const form = [
    '--data-urlencode',
    'deviceID={}',
    '--data-urlencode',
    `publicKey@${key}`,
    '-d',
    'product_id=88',
  ]
  const header = ['-H', `Authorization: Bearer ${cloud.token}`]
  const each = ['curl', '-sf', '-o', '/dev/null', ...header, ...form, `${cloud.url}/v1/provisioning/{}`]
  const took = await seconds(() => run('xargs', ['-P8', '-I{}', ...each], ids))
  return FEWER / took
}

async function loopRate() {
  const key = join(folder, 'key.pem')
  writeFileSync(key, publicPem())
  const took = await seconds(async () => {
    for (let number = 0; number < FEW; number += 1)
      await run(process.execPath, [PROGRAM, idOf(number), key, '--api-url', cloud.url])
  })
  return FEW / took
}

/** Sends a long list: measures memory, and time at its beginning and its end. */
async function many() {
  const list = listIn('many', MANY)
  const report = `import { readFileSync } from 'node:fs'
    process.on('exit', () => console.log('rss', (${PEAK})(readFileSync)))`
  const measured = ['--import', `data:text/javascript,${encodeURIComponent(report)}`]
  const resident = (/** @type {string} */ text) =>
    `${((Number(/rss (\d+)/.exec(text)?.[1]) * 1024) / 1e6).toFixed(0)} MB`
  const fleet = (/** @type {string} */ from) =>
    run(process.execPath, [...measured, PROGRAM, 'fleet', 'provision', from, ...to])
  let printed = ''
  row(`${number(MANY)} rows, public key files`, '')
  row('---', '---')
  const growth = watched(ledgerOf(list))
  const took = await seconds(async () => {
    printed = await fleet(list)
  })
  row('checked and sent', `${took.toFixed(0)} s`)
  row('peak memory', resident(printed))
  row('the same with one row', resident(await fleet(listIn('one', 1))))
  row('Node by itself', resident(await run(process.execPath, [...measured, '--eval', '0'])))
  row('a thousand of the last ten thousand took as long as one of the first', `${growth.end().toFixed(2)} ×`)
  const before = cloud.provisioned().length
  const again = await seconds(async () => {
    printed = await fleet(list)
  })
  row('the same command again', `${again.toFixed(1)} s`)
  row('requests that it sent', number(cloud.provisioned().length - before))
  row('its peak memory', resident(printed))
  said('done')
}

/**
 * Checks the length of a ledger every 5 ms, because the times in its lines are in whole seconds. `end` returns the time
 * of a thousand of the last devices, over that of the first: medians of ten, because a disk is busy now and then.
 */
function watched(/** @type {string} */ ledger) {
  /** @type {{ time: number, size: number }[]} */
  const seen = []
  const timer = setInterval(() => {
    const size = statSync(ledger, { throwIfNoEntry: false })?.size ?? 0
    if (size > 0) seen.push({ time: performance.now(), size })
  }, 5)
  return {
    end() {
      clearInterval(timer)
      const part = Math.min(1000, Math.floor(MANY / 20))
      /** How long the ledger was after each device. @type {number[]} */
      const sizes = []
      let size = 0
      for (const line of readFileSync(ledger, 'utf8').trim().split('\n')) {
        size += Buffer.byteLength(line) + 1
        if (line.startsWith('{"record":"done"')) sizes.push(size)
      }
      const when = (/** @type {number} */ nth) =>
        seen.find(({ size }) => size >= (sizes[nth] ?? 0))?.time ?? Number.NaN
      /** The median of the ten parts that begin with this device. */
      const typical = (/** @type {number} */ from) =>
        median(
          Array.from({ length: 10 }, (_, nth) => when(from + (nth + 1) * part) - when(from + nth * part)),
        )
      return typical(sizes.length - 1 - 10 * part) / typical(0)
    },
  }
}
