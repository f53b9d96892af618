/** `status` after a crash: what was in progress, what to type, and what the archive holds. */
import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { reopen, upTo } from '../journal.mjs'
import { jsonLines, Sandbox } from './harness.mjs'

/** A sandbox whose transcript shows neither times nor the names of operations. */
function open(/** @type {import('node:test').TestContext} */ t) {
  const sandbox = new Sandbox(t)
  sandbox.name(/"id":"[0-9a-f]{16}"/g, '"id":"<id>"')
  sandbox.name(/\b\d{8}\.[0-9a-f]{16}\b/g, '<operation>')
  sandbox.name(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<YYYY-MM-DDTHH:MM:SSZ>')
  return { sandbox, journal: join(sandbox.home, '.local/share/duo-provision/journal') }
}

test('status names what was cut short and what to type, until that is done', async (t) => {
  const { sandbox, journal } = open(t)
  assert.equal((await sandbox.run(['status'])).status, 0)
  assert.deepEqual(sandbox.files(), [], 'asking changes nothing')
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  await sandbox.start(['backup', 'duo.der', ...usbip], { stdin: '' }).end
  const boots = duo.duos()[0]?.boots ?? 0
  await sandbox.start(['reset', '--yes', ...usbip], { stdin: '' }).end
  while (!duo.duos().every(({ presence, boots: now }) => presence === 'dfu' && now > boots)) {
    await new Promise((next) => setTimeout(next, 20))
  }
  await sandbox.start(['restore', 'duo.der', '--yes', ...usbip], { stdin: '' }).end
  sandbox.remark('after a backup, a reset and a restore')
  await sandbox.run(['status'])
  await sandbox.run(['history'])

  // As a crash in the middle of the write would have left it, with the last line torn.
  reopen(journal, upTo('writing'), { torn: '{"v":1,"id":"01' })
  sandbox.remark('after a crash in the middle of the restore')
  await sandbox.run(['status'])
  const { stdout } = await sandbox.run(['status', '--json'])
  const [operation] = jsonLines(stdout).at(-1).inFlight
  await sandbox.run(['status', '--device', '30001a000347343432313031'])

  /** @type {{ purpose: string, command: string }[]} */
  const next = operation.next
  for (const { command } of next.slice(0, 2)) {
    const [program, ...args] = command.split(' ')
    assert.equal(program, 'duo-provision')
    assert.equal((await sandbox.start([...args, '--yes'], { stdin: '' }).end).status, 0, command)
  }
  sandbox.remark('after what it said was typed')
  const settled = await sandbox.run(['status'])
  assert.match(settled.stdout, /^Nothing is in flight/)
  await sandbox.run(['history', '--limit', '3'])
  await sandbox.run(['history', '--device', '30001a000347343432313031'])
  const listed = await sandbox.run(['history', '--limit', '1', '--json'])
  assert.equal(jsonLines(listed.stdout).at(-1).operations[0].operation, 'restore')
  assert.equal((await sandbox.run(['history', '--limit', '0'])).status, 2)
  sandbox.matches('status')
})

test('a doubt about a cloud is one, and is dismissed by its id', async (t) => {
  const { sandbox } = open(t)
  sandbox.name(/\b[0-9a-f]{16}\b/g, '<operation>')
  const silent = createServer((request) => request.socket.destroy())
  await new Promise((listening) => silent.listen(0, '127.0.0.1', () => listening(undefined)))
  t.after(() => silent.close())
  const { port } = /** @type {import('node:net').AddressInfo} */ (silent.address())
  sandbox.name(`127.0.0.1:${port}`, '127.0.0.1:<silent>')
  sandbox.env['PARTICLE_ACCESS_TOKEN'] = sandbox.secret('x'.repeat(40))
  const id = '30001a000347343432313031'
  const send = [id, '--api-url', `http://127.0.0.1:${port}`]
  for (const _ of [1, 2]) assert.equal((await sandbox.start(send).end).status, 8)
  await sandbox.run(['status'])
  const { stdout } = await sandbox.start(['status', '--json']).end
  const [only, ...more] = jsonLines(stdout).at(-1).inFlight
  assert.equal(more.length, 0)
  assert.equal((await sandbox.run(['status', '--dismiss', only.id])).status, 0)
  assert.equal((await sandbox.run(['status', '--dismiss', only.id])).status, 2)
  await sandbox.run(['history'])
  sandbox.matches('status-dismiss')
})

test('what left a key wrong is not dismissed', async (t) => {
  const { sandbox, journal } = open(t)
  sandbox.name(/\b[0-9a-f]{16}\b/g, '<operation>')
  sandbox.name(/01-[0-9a-f]{8}-/g, '01-<key>-')
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  await sandbox.start(['backup', 'duo.der', ...usbip], { stdin: '' }).end
  await sandbox.start(['reset', '--yes', ...usbip], { stdin: '' }).end
  reopen(journal, upTo('writing'))
  const { stdout } = await sandbox.start(['status', '--json']).end
  const [operation] = jsonLines(stdout).at(-1).inFlight
  const refused = await sandbox.run(['status', '--dismiss', operation.id])
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /CANNOT_DISMISS/)
  sandbox.matches('status-dismiss-refused')
})

test('a journal that is none is refused by line, and no write is', async (t) => {
  const { sandbox, journal } = open(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  await sandbox.start(['backup', 'duo.der', ...usbip], { stdin: '' }).end
  const file = reopen(journal, upTo('started'), { torn: 'nonsense\n{}\n' })
  const inIt = readFileSync(file, 'utf8')
  assert.equal((await sandbox.run(['status'])).status, 9)
  assert.equal((await sandbox.run(['status', '--json'])).status, 9)
  assert.equal((await sandbox.run(['history'])).status, 9)
  assert.equal((await sandbox.run(['backup', ...usbip])).status, 0)
  assert.equal(readFileSync(file, 'utf8'), inIt)
  rmSync(file)
  const history = join(journal, 'history')
  for (const name of readdirSync(history)) appendFileSync(join(history, name), 'nonsense\n{}\n')
  assert.equal((await sandbox.run(['status'])).status, 0)
  assert.equal((await sandbox.run(['history'])).status, 0)
  sandbox.matches('bad-journal')
})

test('backups lists the archive', async (t) => {
  const { sandbox } = open(t)
  await sandbox.run(['backups'])
  const duo = await sandbox.duo({ duos: 2 })
  for (const path of ['1-1', '1-2']) {
    await sandbox.start(['backup', '--path', path, '--usbip', duo.address], { stdin: '' }).end
  }
  await sandbox.run(['backups'])
  const { stdout } = await sandbox.run(['backups', '--json'])
  const [first, second] = jsonLines(stdout).at(-1).backups
  rmSync(first.file.replace('.der', '.json'))
  writeFileSync(second.file.replace('.der', '.json'), 'nonsense')
  await sandbox.run(['backups'])
  await sandbox.run(['backups', '--device', second.deviceId])
  await sandbox.run(['backups', '--device', 'my-duo'])
  assert.equal((await sandbox.run(['backups', '--archive', join(sandbox.folder, 'none')])).status, 9)
  sandbox.matches('backups')
})
