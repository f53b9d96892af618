/** Many devices from a list, through the API; and a process that is killed while it sends. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  fleetManifest,
  fleetReport,
  isDuoProvisionError,
  newKey,
  provisionFleet,
  verifyFleet,
} from '../../src/entry.cjs'
import { idOf, writeList } from '../keys.mjs'
import { PEAK } from '../memory.mjs'
import { ALL } from '../sample.mjs'
import { canaryText, keepText, keepValue } from '../secrets/keep.mjs'
import { newHome } from './home.mjs'
import { openCloud, openLab } from './lab.mjs'

const ENTRY = fileURLToPath(new URL('../../src/entry.cjs', import.meta.url))

test('a list is sent, asked about and reported, and every event comes before the promise settles', async (t) => {
  const { folder } = await openLab(t)
  const { cloud, credentials } = await openCloud(t)
  const manifest = writeList(folder, 18)
  // Two devices with their private keys, which must not be in any ledger or report.
  for (const number of [18, 19]) {
    await newKey({ file: join(folder, `${number}.der`) })
    appendFileSync(manifest, `${idOf(number)},${number}.der,S${number}\n`)
  }
  /** @type {import('../../index.js').ProgressEvent[]} */
  const events = []
  const onEvent = (/** @type {import('../../index.js').ProgressEvent} */ event) => events.push(event)
  const sent = await provisionFleet({ manifest, rate: 'none', ...credentials }, { onEvent })
  assert.deepEqual(sent.counts, {
    total: 20,
    done: 20,
    alreadyDone: 0,
    failed: 0,
    unknown: 0,
    notReached: 0,
    leftOut: 0,
  })
  assert.equal(sent.stoppedBy, undefined)
  assert.equal(cloud.provisioned().length, 20)
  const told = events.flatMap((event) => (event.type === 'device' ? [event.deviceId] : []))
  assert.equal(new Set(told).size, 20)
  events.length = 0
  const again = await provisionFleet({ manifest, rate: 'none', ...credentials }, { onEvent })
  assert.equal(again.counts.alreadyDone, 20)
  const counted = { done: 0, alreadyDone: 20, failed: 0, unknown: 0, notReached: 0, rate: 0 }
  assert.deepEqual(
    events.filter(({ type }) => type !== 'phase'),
    [{ type: 'fleet-progress', ...counted }],
    'what was done before is counted, and has no event of its own',
  )
  const asked = await verifyFleet({ manifest, rate: 'none', ...credentials })
  assert.equal(asked.counts.known + asked.counts.notTold, 20)
  const ledgers = [sent.ledger ?? '']
  for (const format of ['text', 'csv', 'jsonl', 'manifest'])
    assert.ok((await fleetReport({ ledgers, format, output: join(folder, `report.${format}`) })).complete)
  const report = await fleetReport({ ledgers, format: 'jsonl' })
  keepValue('report', report)
  const lines = (report.report ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(lines.map(({ device_id, outcome, serial }) => [device_id, outcome, serial])[7], [
    idOf(7),
    'done',
    'S7',
  ])
})

test('what is wrong with a list is an error with all of it, and a signal ends a run softly', async (t) => {
  const { folder, input } = await openLab(t)
  const { cloud, credentials } = await openCloud(t)
  const wrong = input('wrong.csv', 'device_id;key_file\r\n3,0001E+23;a.der\r\n')
  await assert.rejects(provisionFleet({ manifest: wrong, ...credentials }), (error) => {
    assert.ok(isDuoProvisionError(error, 'FLEET_MANIFEST_INVALID'))
    assert.match(String(error), /line 2: .*spreadsheet/)
    return true
  })
  assert.equal(cloud.provisioned().length, 0)
  const controller = new AbortController()
  const stopped = await provisionFleet(
    { manifest: writeList(folder, 200), rate: '100', ...credentials },
    { signal: controller.signal, onEvent: ({ type }) => type === 'device' && controller.abort() },
  )
  assert.equal(stopped.stoppedBy?.code, 'INTERRUPTED')
  assert.equal(stopped.counts.done, cloud.provisioned().length)
  assert.ok(stopped.counts.notReached > 100)
})

test('the list of an archive is a list, and so is what the schema calls one', async (t) => {
  // The Duos of the tests before have the same id and other keys.
  newHome()
  const { archive, writing, input } = await openLab(t)
  const { backupKey } = await import('../../src/entry.cjs')
  const { device } = await backupKey(writing)
  const { manifest, devices, problems } = await fleetManifest({ archive })
  assert.deepEqual([devices, problems], [1, 0])
  const { credentials } = await openCloud(t)
  const sent = await provisionFleet({ manifest: input('archive.csv', manifest), ...credentials })
  assert.equal(sent.counts.done, 1)

  const schema = JSON.parse(
    readFileSync(new URL('../../schema/manifest.schema.json', import.meta.url), 'utf8'),
  )
  const fits = new Ajv2020({ strict: false }).compile(schema)
  const row = { device_id: device.deviceId, key_file: 'a.der', product_id: 88, note: 'x' }
  assert.ok(fits([row]), JSON.stringify(fits.errors))
  assert.ok(!fits([{ key_file: 'a.der' }]) && !fits([{ ...row, device_id: '3.0001E+23' }]))
})

const TOKEN = 'ghjkmnpqghjkmnpq'

/** A process that sends a list and says nothing. */
const SENDER = `
  const { provisionFleet } = require(${JSON.stringify(ENTRY)})
  const [manifest, apiUrl] = process.argv.slice(1)
  provisionFleet({ manifest, apiUrl, token: '${TOKEN}', rate: 'none', allowSharedKeys: true }).then(
    ({ counts }) => console.log(JSON.stringify(counts)),
    (error) => { console.error(error.code); process.exitCode = 1 },
  )`

/** A cloud that counts requests by device, and answers a moment later if the client is still there. */
async function countingCloud(/** @type {import('node:test').TestContext} */ t) {
  /** @type {Map<string, number>} */
  const asked = new Map()
  /** @type {Set<string>} */
  const answered = new Set()
  const server = createServer((request, response) => {
    const id = request.url?.split('/').at(-1) ?? ''
    request.resume().on('end', async () => {
      asked.set(id, (asked.get(id) ?? 0) + 1)
      await pause(1)
      answered.add(id)
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ id }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://127.0.0.1:${port}`, asked, answered }
}

test('killed at random it does nothing twice beyond what was in flight, and calls nothing done that is not', async (t) => {
  const [rows, kills] = ALL ? [2000, 50] : [300, 4]
  canaryText('a token', TOKEN)
  const { folder } = await openLab(t)
  const { url, asked, answered } = await countingCloud(t)
  const manifest = writeList(folder, rows)
  const ledger = join(folder, 'devices.provision.jsonl')
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_DATA_HOME: folder, LOCALAPPDATA: folder }
  for (let kill = 0; kill < kills; kill += 1) {
    const before = asked.size
    const child = spawn(process.execPath, ['--eval', SENDER, manifest, url], { env, stdio: 'inherit' })
    const ended = once(child, 'exit')
    // The process is killed at a random point after it has begun to send again.
    const until = before + Math.ceil(Math.random() * (rows / kills / 1.5))
    while (asked.size < until && child.exitCode === null && asked.size < rows) await pause(1)
    child.kill('SIGKILL')
    await ended
    for (const line of readFileSync(ledger, 'utf8').split('\n').slice(0, -1)) {
      if (!line.startsWith('{"record":"done"')) continue
      assert.ok(answered.has(JSON.parse(line).id), 'called done, and the cloud never answered')
    }
  }
  const child = spawn(process.execPath, ['--eval', SENDER, manifest, url], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let counts = ''
  child.stdout.on('data', (text) => {
    counts += text
  })
  await once(child, 'close')
  const { done, alreadyDone, total } = JSON.parse(counts)
  assert.deepEqual([done + alreadyDone, total, asked.size], [rows, rows, rows])
  const twice = [...asked.values()].reduce((sum, times) => sum + times - 1, 0)
  assert.ok(twice <= 8 * kills, `${twice} requests too many after ${kills} kills`)
  const report = await fleetReport({ ledgers: [ledger], format: 'csv', output: join(folder, 'report.csv') })
  assert.deepEqual([report.complete, report.counts.done], [true, rows])
})

/** Reads a list and sends nothing; prints what is wrong with it, and how much memory that took, in MB. */
const LOOKER = `
  const { provisionFleet } = require(${JSON.stringify(ENTRY)})
  const [manifest] = process.argv.slice(1)
  const options = { manifest, dryRun: true, allowGeneric: true, apiUrl: 'http://127.0.0.1:9', token: '${TOKEN}' }
  provisionFleet(options).then(console.log, (error) => {
    console.log(JSON.stringify({ code: error.code, message: error.message, rss: (${PEAK})(require('node:fs').readFileSync) / 1024 }))
  })`

/** How a list is written: the text before the rows, a row, the text between rows, and the text after them. */
const FORMS = {
  csv: {
    head: 'device_id,note\n',
    row: (/** @type {string} */ id, /** @type {string} */ note) => `${id},"${note}"`,
    between: '\r\n',
    end: '\r\n',
  },
  json: {
    head: '[\n',
    row: (/** @type {string} */ id, /** @type {string} */ note) =>
      `{"device_id": "${id}",\n"note": ${JSON.stringify(note)}}`,
    between: ',\n',
    end: '\n]\n',
  },
}

for (const [form, { head, row, between, end }] of Object.entries(FORMS)) {
  test(`a list of ${ALL ? 100 : 2} MB as ${form} is read whole, and what is wrong at its end is told by its line`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'duo-provision-test-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const manifest = join(folder, `long.${form}`)
    // Each row has two lines.
    const rows = ALL ? 20_000 : 400
    const note = `two\n${'lines '.repeat(850)}`
    const wrong = [row('3.0001E+23', note), row(idOf(0), note)]
    function* text() {
      yield head
      for (let number = 0; number < rows; number += 1) yield row(idOf(number), note) + between
      yield wrong.join(between) + end
    }
    await pipeline(Readable.from(text()), createWriteStream(manifest))
    const child = spawn(process.execPath, ['--eval', LOOKER, manifest], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_DATA_HOME: folder, LOCALAPPDATA: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (bytes) => {
      said += bytes
    })
    await once(child, 'close')
    keepText(`long.${form}`, said)
    const { code, message, rss } = JSON.parse(said)
    const last = 2 + 2 * rows
    assert.equal(code, 'FLEET_MANIFEST_INVALID')
    assert.match(message, new RegExp(`line ${last}: .*spreadsheet`))
    assert.match(message, new RegExp(`line ${last + 2}: ${idOf(0)} is in line 2, too`))
    // Node itself takes half of that, and a list held in memory would take the same again.
    if (ALL) assert.ok(rss < 150, `${rss} MB`)
  })
}
