/** `fleet`: what it prints for a list, and how it ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { IS_WINDOWS, KEYS, Sandbox, start } from './harness.mjs'

const [FIRST, SECOND, THIRD] = ['1', '2', '3'].map((last) => `30001a00034734343231303${last}`)

const TOKEN = 'ghjkmnpqghjkmnpqghjkmnpqghjkmnpqghjkmnpq'

/** A cloud that refuses one device, and any other token. It records the other devices that it gets. */
async function refusing(/** @type {import('node:test').TestContext} */ t, /** @type {string} */ refused) {
  /** @type {string[]} */
  const told = []
  const server = createServer((request, response) => {
    const id = request.url?.split('/').at(-1) ?? ''
    request.resume().on('end', () => {
      const answer = (/** @type {number} */ status, /** @type {object} */ body) =>
        response.writeHead(status).end(JSON.stringify(body))
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(401, { error: 'invalid_token' })
      if (id === refused) return answer(403, { error: 'Permission Denied' })
      told.push(id)
      return answer(200, { id })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://127.0.0.1:${port}`, provisioned: () => told }
}

/** A cloud that refuses the third device, and a list of three with a key each. */
async function place(/** @type {import('node:test').TestContext} */ t) {
  const sandbox = new Sandbox(t)
  const cloud = await refusing(t, THIRD ?? '')
  sandbox.name(cloud.url, 'http://127.0.0.1:<cloud>')
  sandbox.name(/(?<="run":")[0-9a-f]{16}/g, '<run>')
  sandbox.name(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
  sandbox.env['PARTICLE_ACCESS_TOKEN'] = sandbox.secret(TOKEN)
  const keys = readFileSync(join(KEYS, '../device-keys.jsonl'), 'utf8').split('\n')
  for (const [nth, name] of ['a', 'b', 'c'].entries()) {
    sandbox.file(`${name}.der`, Buffer.from(JSON.parse(keys[nth] ?? '').spki, 'hex'))
  }
  const rows = [`${FIRST},a.der,one`, `${SECOND},b.der,two`, `${THIRD},c.der,=three`]
  sandbox.file('devices.csv', `device_id,key_file,note\n${rows.join('\n')}\n`)
  const to = ['--api-url', cloud.url, '--rate', 'none', '--concurrency', '1']
  return { sandbox, cloud, to, rows }
}

test('a list is checked, sent, gone on with and reported', async (t) => {
  const { sandbox, to } = await place(t)
  assert.equal((await sandbox.run(['fleet', 'provision', 'devices.csv', '--dry-run', ...to])).status, 0)
  assert.equal((await sandbox.run(['fleet', 'provision', 'devices.csv', ...to])).status, 10)
  sandbox.remark('The same command goes on.')
  assert.equal((await sandbox.run(['fleet', 'provision', 'devices.csv', '--json', ...to])).status, 10)
  const ledger = 'devices.provision.jsonl'
  assert.equal((await sandbox.run(['fleet', 'report', ledger])).status, 10)
  assert.equal((await sandbox.run(['fleet', 'report', ledger, '--format', 'csv'])).status, 10)
  const again = ['fleet', 'report', ledger, '--format', 'manifest', '--only', 'failed']
  assert.equal((await sandbox.run([...again, '--output', 'again.csv'])).status, 10)
  sandbox.remark('Nothing is ever overwritten.')
  assert.equal((await sandbox.run([...again, '--output', 'again.csv'])).status, 9)
  sandbox.matches('fleet')
})

test('what is wrong with a list is told by line, and nothing is sent', async (t) => {
  const { sandbox, cloud, to, rows } = await place(t)
  const lists = {
    'eaten.csv': 'device_id;key_file\r\n3,0001E+23;a.der\r\n',
    'twice.csv': `device_id,key_file\n${FIRST},a.der\n${FIRST},b.der\n${SECOND},b.der\n${THIRD},b.der\n`,
    'missing.csv': `device_id,key_file\n${FIRST},none.der\n${SECOND},\n${THIRD},c.der,x\n`,
    'named.csv': `deviceid,key_file\n${FIRST},a.der\n`,
    'headless.csv': `${rows.join('\n')}\n`,
    'empty.csv': '',
    'broken.json': '[{"device_id": "x"',
  }
  for (const [name, text] of Object.entries(lists)) {
    sandbox.file(name, text)
    assert.equal((await sandbox.run(['fleet', 'provision', name, ...to])).status, 2, name)
  }
  assert.equal(cloud.provisioned().length, 0)
  sandbox.remark('The rest of it.')
  assert.equal((await sandbox.run(['fleet', 'provision', 'missing.csv', '--skip-invalid', ...to])).status, 10)
  sandbox.matches('fleet-wrong')
})

test('a cloud that is asked, and a list that is made', async (t) => {
  const { sandbox, to } = await place(t)
  sandbox.file('ids.txt', `${FIRST}\n${SECOND}\n`)
  assert.equal((await sandbox.run(['fleet', 'manifest', '--ids', 'ids.txt'])).status, 0)
  assert.equal((await sandbox.run(['fleet', 'manifest'])).status, 0)
  await sandbox.run(['fleet', 'provision', 'devices.csv', ...to])
  assert.equal((await sandbox.run(['fleet', 'verify', 'devices.csv', ...to])).status, 10)
  sandbox.matches('fleet-asked')
})

test('a refused token is what it is for one device, and the rest of the list was not reached', async (t) => {
  const { sandbox, cloud, to } = await place(t)
  sandbox.env['PARTICLE_ACCESS_TOKEN'] = sandbox.secret('qpnmkjhgqpnmkjhgqpnmkjhgqpnmkjhgqpnmkjhg')
  assert.equal((await sandbox.run([FIRST ?? '', 'a.der', '--api-url', cloud.url])).status, 7)
  assert.equal((await sandbox.run(['fleet', 'provision', 'devices.csv', ...to])).status, 7)
  assert.equal((await sandbox.run(['fleet', 'verify', 'devices.csv', ...to])).status, 7)
  sandbox.matches('fleet-token')
})

test('a shard that is missing is a failure', async (t) => {
  const { sandbox, to } = await place(t)
  for (const shard of ['1/2', '2/2'])
    await sandbox.run(['fleet', 'provision', 'devices.csv', '--shard', shard, ...to])
  const [one, two] = ['1', '2'].map((index) => `devices.provision.${index}-of-2.jsonl`)
  await sandbox.run(['fleet', 'report', one ?? '', two ?? ''])
  assert.equal((await sandbox.run(['fleet', 'report', two ?? ''])).status, 10)
  assert.equal((await sandbox.run(['fleet', 'report', 'devices.csv'])).status, 9)
  sandbox.matches('fleet-shards')
})

test('Ctrl-C lets what is on its way end, and the command that goes on is printed', {
  skip: IS_WINDOWS && 'there is no Ctrl-C to send',
}, async (t) => {
  const { sandbox, cloud } = await place(t)
  rmSync(join(sandbox.cwd, 'c.der'))
  sandbox.file('two.csv', `device_id,key_file\n${FIRST},a.der\n${SECOND},b.der\n`)
  const main = join(KEYS, '../../../src/cli/main.cjs')
  const slow = [
    'fleet',
    'provision',
    'two.csv',
    '--api-url',
    cloud.url,
    '--rate',
    '1/m',
    '--concurrency',
    '1',
    '-v',
  ]
  const { child, end, says } = start(process.execPath, [main, ...slow], sandbox)
  await says('stderr', /done {2}30001a/)
  child.kill('SIGINT')
  const { status, stderr } = await end
  assert.equal(status, 130)
  assert.match(stderr, /to go on:\s+duo-provision fleet provision \/.*two\.csv .*--rate 1\/m/)
  assert.equal(cloud.provisioned().length, 1)
})
