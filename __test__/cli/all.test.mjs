/** `--all`: a line for each Duo when it ends, the summary of all, and the exit code. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { jsonLines, Sandbox } from './harness.mjs'

const ids = [1, 2, 3].map((number) => `5649525455414c2d44554f0${number}`)
const [, SECOND = '', THIRD = ''] = ids

/** The path of the Duo that a line is about, if any. */
function pathIn(/** @type {string} */ line) {
  const [path] = /^\d+-\d+(?= )/.exec(line) ?? []
  if (path || !line.startsWith('{')) return path
  const { type, path: told } = JSON.parse(line)
  return type === 'of-duo' || type === 'duo-ended' ? told : undefined
}

/** Sorts the lines of several Duos, which come in any order, by Duo. */
function inOrder(/** @type {string} */ stdout) {
  const lines = stdout.split('\n').map((line) => ({ line, path: pathIn(line) }))
  const places = lines.flatMap(({ path }, at) => (path === undefined ? [] : [at]))
  const sorted = places.map((at) => lines[at]).sort((one, other) => order(one?.path) - order(other?.path))
  for (const [nth, at] of places.entries()) lines[at] = sorted[nth] ?? { line: '', path: undefined }
  return lines.map(({ line }) => line).join('\n')
}

const order = (/** @type {string | undefined} */ path) => Number(path?.split('-')[1])

async function run(/** @type {Sandbox} */ sandbox, /** @type {string[]} */ args) {
  const ended = await sandbox.start(args, { stdin: '' }).end
  const stdout = inOrder(ended.stdout)
  sandbox.note(args, { ...ended, stdout })
  return { ...ended, stdout }
}

test('every Duo is saved, and what is wrong with one stops no other', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ duos: 3 })
  const usbip = ['--usbip', duo.address]
  assert.equal((await run(sandbox, ['backup', '--all', ...usbip])).status, 0)
  sandbox.remark('Once more, with an empty key slot in the second.')
  duo.setKeySlot('1-2', new Uint8Array(1216))
  assert.equal((await run(sandbox, ['backup', '--all', ...usbip])).status, 10)
  const { status, stdout } = await run(sandbox, ['backup', '--all', '--json', ...usbip])
  assert.equal(status, 10)
  const lines = jsonLines(stdout)
  assert.deepEqual(
    lines.filter(({ type }) => type === 'duo-ended').map(({ path, outcome }) => [path, outcome]),
    [
      ['1-1', 'done'],
      ['1-2', 'failed'],
      ['1-3', 'done'],
    ],
  )
  assert.deepEqual(lines.at(-1).counts, { total: 3, done: 2, failed: 1, unknown: 0, notReached: 0 })
  assert.equal((await run(sandbox, ['dct', 'backup', '--all', '-q', ...usbip])).status, 0)
  sandbox.matches('all-backup')
})

test('what names one Duo does not go with all, and what writes to one has no --all', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ duos: 2 })
  const usbip = ['--usbip', duo.address]
  const requests = () => duo.duos().reduce((sum, { classRequests }) => sum + classRequests, 0)
  const before = requests()
  sandbox.file('twice.csv', `1-1,${SECOND}\n1-2,${SECOND}\n`)
  for (const args of [
    ['backup', '--all', 'duo.der'],
    ['backup', '--all', '--path', '1-1'],
    ['backup', '--all', '--device', SECOND],
    ['backup', '--all', '--wait'],
    ['backup', '--paths', 'twice.csv'],
    ['backup', '--all', '--paths', 'twice.csv'],
    ['dct', 'backup', '--all', 'dct.bin'],
    ['verify', '--all', '--key', 'duo.der'],
    ['provision', '--from-device'],
    ['provision', '--all'],
    ['provision', SECOND, '--all', '--from-device'],
    ['--all', '--from-device'],
    ['restore', 'duo.der', '--all'],
    ['reset', '--all'],
    ['rotate', '--all'],
    ['server-key', 'restore', '--all'],
    ['dct', 'restore', 'dct.bin', '--all'],
  ])
    assert.equal((await sandbox.run([...args, ...usbip])).status, 2, args.join(' '))
  assert.equal(requests(), before)
  sandbox.matches('all-usage')
})

test('without a Duo it is no success; one that runs is not passed over', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ duos: 2, mode: 'normal' })
  const usbip = ['--usbip', duo.address]
  assert.equal((await sandbox.run(['backup', '--all', ...usbip])).status, 3)
  await sandbox.run(['dfu', '--path', '1-2', ...usbip])
  assert.equal((await sandbox.run(['list', ...usbip])).status, 0)
  assert.equal((await run(sandbox, ['backup', '--all', ...usbip])).status, 10)
  assert.equal((await run(sandbox, ['backup', '--all', '--enter-dfu', ...usbip])).status, 0)
  for (const path of ['1-1', '1-2']) duo.unplug(path)
  assert.equal((await sandbox.run(['backup', '--all', ...usbip])).status, 3)
  sandbox.matches('all-none')
})

/** A cloud that refuses one device. */
async function refusing(/** @type {import('node:test').TestContext} */ t, /** @type {string} */ refused) {
  const server = createServer((request, response) => {
    const no = request.url?.endsWith(refused)
    request.resume().on('end', () => {
      response.statusCode = no ? 403 : 200
      response.end(JSON.stringify(no ? { error: 'Permission Denied' } : { ok: true }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return `http://127.0.0.1:${port}`
}

test('the own key of each Duo is sent, and a refusal is of one alone', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ duos: 3 })
  const url = await refusing(t, THIRD)
  sandbox.name(url, 'http://127.0.0.1:<cloud>')
  sandbox.env['PARTICLE_ACCESS_TOKEN'] = sandbox.secret('ghjkmnpqghjkmnpqghjkmnpqghjkmnpqghjkmnpq')
  const to = ['--from-device', '--api-url', url, '--allow-other-cloud', '--usbip', duo.address]
  assert.equal((await run(sandbox, ['provision', '--all', '--dry-run', ...to])).status, 0)
  assert.equal((await run(sandbox, ['provision', '--all', ...to])).status, 10)
  sandbox.matches('all-provision')
})

test('Duos that tell no id are sent by the list of their ports', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ duos: 2, bootloader: 'r4' })
  const cloud = await sandbox.cloud()
  const to = ['--from-device', '--api-url', cloud.url, '--allow-other-cloud', '--usbip', duo.address]
  assert.equal((await run(sandbox, ['provision', '--all', ...to])).status, 10)
  sandbox.file('ports.csv', `1-2,${SECOND}\n`)
  assert.equal((await run(sandbox, ['provision', '--all', '--paths', 'ports.csv', ...to])).status, 10)
  assert.deepEqual(
    cloud.provisioned().map(({ deviceId }) => deviceId),
    [SECOND],
  )
  assert.equal((await run(sandbox, ['backup', '--all', '--usbip', duo.address])).status, 0)
  sandbox.matches('all-ports')
})

test('each pair is proven by its own handshake', async (t) => {
  const sandbox = new Sandbox(t)
  const cloud = await sandbox.cloud({ devicePort: 0 })
  const duo = await sandbox.duo({ duos: 2 })
  duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  sandbox.name(cloud.deviceAddress ?? '', '127.0.0.1:<devices>')
  const usbip = ['--usbip', duo.address]
  await sandbox.run(['provision', ids[0] ?? '', '--from-device', '--api-url', cloud.url, ...usbip])
  assert.equal((await run(sandbox, ['verify', '--all', ...usbip])).status, 10)
  assert.equal(
    (
      await run(sandbox, [
        'provision',
        '--all',
        '--from-device',
        '--verify',
        '--api-url',
        cloud.url,
        ...usbip,
      ])
    ).status,
    0,
  )
  assert.equal((await run(sandbox, ['verify', '--all', ...usbip])).status, 0)
  sandbox.matches('all-verify')
})

test('Ctrl-C: those that are begun end, and the others are named as not reached', {
  skip: process.platform === 'win32' && 'there is no Ctrl-C to send',
}, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ duos: 3, faults: ['timeout-before@dfu3+'] })
  const args = ['backup', '--all', '--json', '--timeout', '20', '--usbip', duo.address]
  const started = sandbox.start(args, { stdin: '' })
  await started.says('stdout', /"path":"1-3".*"phase":"read"/)
  started.child.kill('SIGINT')
  const { status, stdout } = await started.end
  assert.equal(status, 130)
  const { duos, counts, stoppedBy } = jsonLines(stdout).at(-1)
  assert.equal(stoppedBy.code, 'INTERRUPTED')
  assert.equal(counts.total, 3)
  for (const { problem } of duos) assert.equal(problem.code, 'INTERRUPTED')
})
