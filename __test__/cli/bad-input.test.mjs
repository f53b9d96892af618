/** What people get wrong: an exit code, a message to act on, nothing touched and nothing left behind. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { KEYS, Sandbox } from './harness.mjs'

const ID = '30001a000347343432313031'

test('key files that are none of a Duo', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.file('empty.der', '')
  const files = ['ec-sec1.der', 'rsa2048-pkcs8.pem', 'rsa1024-e3.pem', 'encrypted-pkcs8.pem'].map((name) =>
    join(KEYS, name),
  )
  for (const file of [...files, 'empty.der']) {
    assert.equal((await sandbox.run(['inspect', file])).status, 2)
  }
  for (const file of ['.', 'nowhere.der']) assert.equal((await sandbox.run(['inspect', file])).status, 9)
  assert.deepEqual(sandbox.files(), ['work/empty.der'])
  sandbox.matches('bad-key-files')
})

test('arguments, tokens and URLs', async (t) => {
  const sandbox = new Sandbox(t)
  for (const args of [
    ['list', '--jsn'],
    ['my-duo'],
    ['list', '--timeout', '0'],
    [ID],
    ['list', '--bogus', '--json'],
  ]) {
    assert.equal((await sandbox.run(args)).status, 2)
  }
  const env = { PARTICLE_ACCESS_TOKEN: 'abc' }
  assert.equal((await sandbox.run([ID, '--api-url', 'http://192.168.1.20:8080'], { env })).status, 2)
  assert.equal((await sandbox.run([ID], { env: { PARTICLE_ACCESS_TOKEN: 'ab\nc' } })).status, 2)
  assert.deepEqual(sandbox.files(), [])
  sandbox.matches('bad-arguments')
})

test('a server that answers HTML is no success', async (t) => {
  const sandbox = new Sandbox(t)
  const server = createServer((_, response) => response.end('<html>hello</html>'))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  t.after(() => server.close())
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const env = { PARTICLE_ACCESS_TOKEN: sandbox.secret('abcdef0123456789') }
  const ended = await sandbox.run([ID, '--api-url', `http://127.0.0.1:${port}`, '-vv'], { env })
  assert.equal(ended.status, 8)
  assert.doesNotMatch(ended.stdout, /Success/)
})

test('a mistyped command is told from a device id', async (t) => {
  const sandbox = new Sandbox(t)
  for (const args of [['bakcup'], ['restroe', 'duo.der'], ['bakcup', '--json']]) {
    const { status, stdout, stderr } = await sandbox.run(args)
    assert.equal(status, 2)
    assert.match(stdout + stderr, /a similar command exists: '(backup|restore)'/)
  }
  sandbox.matches('mistyped-command')
})
