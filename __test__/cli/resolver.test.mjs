/**
 * A name server that receives every question and answers none. A look-up by the system's resolver cannot be cancelled,
 * so it hangs. A command still ends at its own deadline, and its process does not wait for the look-up.
 *
 * The test is real: in a mount namespace, `/etc/resolv.conf` names a socket that stays silent. The resolver would ask
 * it again after 30 seconds, five times. If it has not asked twice when the process is gone, then nobody waited for it.
 * This check needs no clock.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { jsonLines, KEYS, MAIN, ROOT, Sandbox, start } from './harness.mjs'

/** On the loopback interface, where no other name server listens. */
const SILENT = '127.0.153.53'

/** Binds the files in `$1` over the system's files that say how names are looked up, then runs the rest. */
const WITH_SILENT_RESOLVER =
  'for name in resolv.conf nsswitch.conf; do [ ! -e "/etc/$name" ] || mount --bind "$1/$name" "/etc/$name" || exit 99;' +
  ' done; shift; exec "$@"'

/** A mount namespace. A user who is not root gets it inside a user namespace. */
const UNSHARE = [
  'unshare',
  process.getuid?.() === 0 ? '-m' : '-Urm',
  '--',
  '/bin/sh',
  '-c',
  WITH_SILENT_RESOLVER,
  'sh',
]

const ID = '30001b000c47353330300ab1'

const SCRIPT = `
const [, , root, deviceId] = process.argv
const { provision } = await import(root)
const call = provision({ deviceId, apiUrl: 'https://cloud.example', timeout: 2 })
await call.catch((error) => console.log(error.code))
`

test('a name server that never answers holds up neither the command nor the end of its process', async (t) => {
  const sandbox = new Sandbox(t)
  const server = await silentServer(t)
  sandbox.file('resolv.conf', `nameserver ${SILENT}\noptions timeout:30 attempts:5\n`)
  sandbox.file('nsswitch.conf', 'hosts: files dns\n')
  const within = [...UNSHARE, sandbox.cwd]
  const tried = spawnSync(within[0] ?? '', [...within.slice(1), 'true'], { encoding: 'utf8' })
  if (!server) return t.skip('this user may not be a name server')
  if (tried.status !== 0) return t.skip(`no mount namespace: ${tried.error?.message ?? tried.stderr.trim()}`)
  sandbox.env['PARTICLE_ACCESS_TOKEN'] = sandbox.secret('jwvzkxqgtphnsrmyvxqjzwkgyhmtnprskxzvwqjg')
  const run = async (/** @type {string[]} */ ...command) => {
    const [program = '', ...args] = [...within, process.execPath, ...command]
    const { child, end } = start(program, args, sandbox)
    child.stdin.end()
    const ended = await end
    assert.ok(server.questions.length > 0, `nobody was asked: ${JSON.stringify(ended)}`)
    assert.equal(new Set(server.questions).size, server.questions.length, 'the look-up was waited for')
    server.questions.length = 0
    return ended
  }
  const unreached = (/** @type {Awaited<ReturnType<typeof run>>} */ { status, stdout }) => {
    assert.equal(status, 8, stdout)
    assert.equal(jsonLines(stdout).at(-1).code, 'CLOUD_UNREACHABLE')
  }

  unreached(await run(MAIN, ID, '--api-url', 'https://cloud.example', '--timeout', '2', '--json'))
  const key = ['--key', join(KEYS, 'rsa1024-pkcs1.der'), '--server-key', join(KEYS, 'rsa2048-spki.pem')]
  const host = ['--device', ID, '--host', 'devices.example', '--timeout', '2', '--json']
  unreached(await run(MAIN, 'verify', ...key, ...host))

  // A script that calls the API ends after its last line, not by process.exit.
  const script = sandbox.file('script.mjs', SCRIPT)
  const { stdout, status } = await run(script, join(ROOT, 'index.js'), ID)
  assert.deepEqual({ stdout, status }, { stdout: 'CLOUD_UNREACHABLE\n', status: 0 })
})

/** The questions, until the test ends; undefined if this user may not be a name server. */
async function silentServer(/** @type {import('node:test').TestContext} */ t) {
  const socket = createSocket('udp4')
  /** @type {string[]} */
  const questions = []
  // Without the header of 12 bytes: two of them differ when the same question is asked again.
  socket.on('message', (message) => questions.push(message.subarray(12).toString('latin1')))
  socket.bind(53, SILENT)
  try {
    await once(socket, 'listening')
  } catch {
    return undefined
  }
  t.after(() => socket.close())
  return { questions }
}
