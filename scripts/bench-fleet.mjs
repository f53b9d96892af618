/**
 * `npm run bench:fleet`: what sending a list costs, in turn with `xargs -P8 curl` and with a loop of the command line: the
 * same devices, the same local cloud. Then 100,000 rows: memory, whether the last thousand cost as the first, and how long
 * the same command takes when all is done. `-- --rows N` for less. It needs the addon as it is shipped (`npm run build`),
 * and says how busy the machine is.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { idOf, publicPem, writeList } from '../__test__/keys.mjs'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' } } })
const MANY = Number(values.rows)
const SOME = 2000
const FEW = 20
const ROUNDS = 3

ensureDependencies()
ensureAddon()
const { LocalCloud, newKey } = await import('../index.js')
const folder = mkdtempSync(join(tmpdir(), 'duo-provision-bench-'))
const cloud = await LocalCloud.start()
const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, PARTICLE_ACCESS_TOKEN: cloud.token }
const to = ['--api-url', cloud.url, '--rate', 'none']
const MAIN = join(ROOT, 'src/cli/main.cjs')
const say = (/** @type {string} */ what, /** @type {string} */ figure) =>
  process.stdout.write(`${what.padEnd(58)} ${figure.padStart(16)}   load ${loadavg()[0]?.toFixed(1)}\n`)

try {
  say(`this machine: ${cpus().length} processors`, '')
  const lists = { 'public keys': listOf('public'), 'private keys': await privateList() }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, list] of Object.entries(lists))
      say(`fleet, ${name}, ${SOME} devices`, await fleetRate(list))
    say(`xargs -P8 curl, ${SOME / 10} devices`, await curlRate())
    say(`a loop of the command line, ${FEW} devices`, await loopRate())
  }
  await many()
} finally {
  await cloud.stop()
  rmSync(folder, { recursive: true })
}

function listOf(/** @type {string} */ name) {
  const place = join(folder, name)
  mkdirSync(place)
  return writeList(place, SOME)
}

/** Making a private key takes a while, so some are used for several devices. */
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
  const child = spawn(program, args, { env, cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', (text) => {
    printed += text
  })
  child.stdin.end(input)
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${printed}`)
  return printed
}

async function fleetRate(/** @type {string} */ list) {
  rmSync(list.replace('.csv', '.provision.jsonl'), { force: true })
  const took = await seconds(() =>
    run(process.execPath, [MAIN, 'fleet', 'provision', list, '--allow-shared-keys', ...to]),
  )
  return `${(SOME / took).toFixed(0)} a second`
}

async function curlRate() {
  if (spawnSync('curl', ['--version']).status !== 0) return 'no curl'
  const key = join(folder, 'key.pem')
  writeFileSync(key, publicPem())
  const ids = Array.from({ length: SOME / 10 }, (_, number) => idOf(number)).join('\n')
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
  return `${(SOME / 10 / took).toFixed(0)} a second`
}

async function loopRate() {
  const key = join(folder, 'key.pem')
  writeFileSync(key, publicPem())
  const took = await seconds(async () => {
    for (let number = 0; number < FEW; number += 1) {
      await run(process.execPath, [MAIN, idOf(number), key, '--api-url', cloud.url])
    }
  })
  return `${(FEW / took).toFixed(1)} a second`
}

/** A long list: what it costs in memory, and in time at its beginning and its end. */
async function many() {
  const place = join(folder, 'many')
  mkdirSync(place)
  const list = writeList(place, MANY)
  const report = 'process.on("exit", () => console.log("rss", process.resourceUsage().maxRSS))'
  const preload = ['--import', `data:text/javascript,${encodeURIComponent(report)}`]
  const fleet = [...preload, MAIN, 'fleet', 'provision', list, ...to]
  let printed = ''
  const took = await seconds(async () => {
    printed = await run(process.execPath, fleet)
  })
  const resident = (/** @type {string} */ text) => (Number(/rss (\d+)/.exec(text)?.[1]) * 1024) / 1e6
  const rows = MANY.toLocaleString('en')
  say(`${rows} rows: check and send`, `${took.toFixed(0)} s`)
  say(`${rows} rows: peak memory, Node included`, `${resident(printed).toFixed(0)} MB`)
  const ends = readFileSync(list.replace('.csv', '.provision.jsonl'), 'utf8').trim().split('\n')
  const done = ends.map((line) => JSON.parse(line)).filter(({ record }) => record === 'done')
  const spread = (/** @type {{ at: string }[]} */ some) =>
    (Date.parse(some.at(-1)?.at ?? '') - Date.parse(some[0]?.at ?? '')) / 1000
  const part = Math.floor(MANY / 10)
  say(
    `the first ${part.toLocaleString('en')}, and the last`,
    `${spread(done.slice(0, part))} s, ${spread(done.slice(-part))} s`,
  )
  const before = cloud.provisioned().length
  const again = await seconds(async () => {
    printed = await run(process.execPath, fleet)
  })
  say(
    `${rows} rows done: the same command`,
    `${again.toFixed(1)} s, ${cloud.provisioned().length - before} sent`,
  )
  say(`${rows} rows done: peak memory, Node included`, `${resident(printed).toFixed(0)} MB`)
}
