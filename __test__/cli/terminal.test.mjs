/** What needs a terminal or a signal: the question, Ctrl-C, colours, and the commands that stay in front. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { KEYS, MAIN, ROOT, Sandbox, start } from './harness.mjs'

/** Runs the command line on a pseudo-terminal of util-linux's `script`, and types into it once it asks. */
async function onTerminal(
  /** @type {Sandbox} */ sandbox,
  /** @type {string[]} */ args,
  /** @type {string} */ typed,
) {
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ')
  const started = start('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { ...sandbox.env, TERM: 'xterm' },
    cwd: sandbox.cwd,
  })
  await started.says('stdout', /\[y\/N\] /)
  started.child.stdin.write(typed)
  const { status, stdout } = await started.end
  return { status, stdout }
}

for (const [name, typed, status] of /** @type {const} */ ([
  ['y', 'y\n', 0],
  ['n', 'n\n', 2],
  ['nothing', '\n', 2],
  ['Ctrl-C', '\u0003', 130],
])) {
  test(`on a terminal it asks: ${name} ends with ${status}`, {
    skip: process.platform !== 'linux',
  }, async (t) => {
    const sandbox = new Sandbox(t)
    const duo = await sandbox.duo()
    const before = duo.duos()[0]?.fingerprint
    const asked = await onTerminal(sandbox, ['reset', '--usbip', duo.address], typed)
    assert.equal(asked.status, status, asked.stdout)
    assert.ok(asked.stdout.includes(before ?? '?'), 'the question shows the whole fingerprint')
    assert.match(asked.stdout, /backup/)
    if (status !== 0) assert.equal(duo.duos()[0]?.fingerprint, before)
  })
}

test('the question shows the server key and the address of now and then', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const { stdout } = await sandbox.run(['server-key', 'show', '--json', ...usbip])
  const { fingerprint } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '').server
  duo.setServer(readFileSync(join(KEYS, 'rsa2048-spki.pem'), 'utf8'), '10.0.0.1:5684')
  const asked = await onTerminal(sandbox, ['server-key', 'restore', ...usbip], 'n\n')
  assert.equal(asked.status, 2, asked.stdout)
  assert.match(asked.stdout, /server key .*another cloud.*\r\n.*→ [0-9a-f]{64} \(Particle's own key\)/)
  assert.match(asked.stdout, /address .*10\.0\.0\.1:5684\r\n.*→ device\.spark\.io:5683/)
  assert.match(asked.stdout, /Write this server key and address to the Duo\? \[y\/N\]/)
  assert.ok(!asked.stdout.includes(fingerprint), 'of the cloud that it named before')
})

test('a passphrase is asked for twice, and once to open; it is not shown, and Ctrl-C ends it', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const passphrase = sandbox.secret('Sphinx of black quartz')
  /** Types an answer to each prompt once it is there. */
  const dialogue = async (/** @type {string[]} */ args, /** @type {[RegExp, string][]} */ answers) => {
    const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ')
    const started = start('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...sandbox.env, TERM: 'xterm' },
      cwd: sandbox.cwd,
    })
    for (const [prompt, answer] of answers) {
      await started.says('stdout', prompt)
      started.child.stdin.write(answer)
    }
    const { status, stdout } = await started.end
    assert.ok(!stdout.includes('quartz'), stdout)
    return { status, stdout }
  }
  const usbip = ['--usbip', duo.address]
  const made = await dialogue(
    ['backup', 'duo.pem', '--encrypt', ...usbip],
    [
      [/New passphrase: /, `${passphrase}\r`],
      [/The same again: /, 'something else\r'],
      [/these two differ[\s\S]*New passphrase: /, `${passphrase}\r`],
      [/these two differ[\s\S]*The same again: /, `${passphrase}\r`],
    ],
  )
  assert.equal(made.status, 0, made.stdout)
  const opened = await dialogue(
    ['restore', 'duo.pem', '--yes', ...usbip],
    [
      [/Passphrase of duo\.pem: /, 'something else\r'],
      [/does not open it[\s\S]*Passphrase of duo\.pem: /, `${passphrase}\r`],
    ],
  )
  assert.equal(opened.status, 0, opened.stdout)
  const requests = duo.duos()[0]?.classRequests
  const stopped = await dialogue(['backup', '--encrypt', ...usbip], [[/New passphrase: /, '\u0003']])
  assert.equal(stopped.status, 130, stopped.stdout)
  assert.equal(duo.duos()[0]?.classRequests, requests)
})

test('colours are for terminals, and obey NO_COLOR and FORCE_COLOR', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const list = ['list', '--usbip', duo.address]
  const plain = await sandbox.run(list)
  assert.ok(!plain.stdout.includes('\u001b'))
  const forced = await sandbox.run(list, { env: { FORCE_COLOR: '1' } })
  assert.ok(forced.stdout.includes('\u001b[1m'))
  const both = await sandbox.run(list, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
  assert.ok(!both.stdout.includes('\u001b'))
})

/** Waits until a thread of a process reads from its standard input. What it is told by signals, it hears by then. */
async function reading(/** @type {number} */ pid) {
  // The number of the system call (read: 0 on x86-64, 63 on arm64) and its first argument.
  const reads = (/** @type {string} */ thread) => {
    try {
      return /^(0|63) 0x0 /.test(readFileSync(`/proc/${pid}/task/${thread}/syscall`, 'utf8'))
    } catch {
      return false // It has just ended.
    }
  }
  while (!readdirSync(`/proc/${pid}/task`).some(reads)) await new Promise((next) => setTimeout(next, 20))
}

test('SIGINT while it waits for a token ends it with 130', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const sandbox = new Sandbox(t)
  const started = sandbox.start(['30001a000347343432313031', '--token-file', '-', '--json'])
  // It reads from a pipe that nobody closes; the second signal does not wait for it.
  await reading(started.child.pid ?? 0)
  started.child.kill('SIGINT')
  started.child.kill('SIGINT')
  const { status, stdout } = await started.end
  assert.equal(status, 130)
  assert.equal(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').code, 'INTERRUPTED')
})

test('a second Ctrl-C in the middle of a write ends with 6, and says what is not known', async (t) => {
  const sandbox = new Sandbox(t)
  const module = (/** @type {string} */ name) =>
    JSON.stringify(pathToFileURL(join(ROOT, 'src/cli', name)).href)
  const script = `
    import { createOutput } from ${module('output.mjs')}
    import { interruptible } from ${module('signals.mjs')}
    const interrupt = interruptible(createOutput({ json: true, verbose: 0 }))
    interrupt.seen({ type: 'backed-up', path: '/backups/old.der', alreadyThere: false })
    interrupt.seen({ type: 'phase', phase: 'write', description: '' })
    process.kill(process.pid, 'SIGINT')
    setInterval(() => process.kill(process.pid, 'SIGINT'), 50)`
  const args = ['--input-type=module', '--eval', script]
  const { status, stdout } = await start(process.execPath, args, { env: sandbox.env, cwd: sandbox.cwd }).end
  assert.equal(status, 6)
  const error = JSON.parse(stdout)
  assert.deepEqual([error.code, error.keyState], ['KEY_STATE_UNKNOWN', 'unknown'])
  assert.match(error.hint, /duo-provision status; what was there is in \/backups\/old\.der$/)
})

test('without its compiled part it says so, in words', async (t) => {
  const sandbox = new Sandbox(t)
  cpSync(join(ROOT, 'src/cli'), join(sandbox.cwd, 'src/cli'), { recursive: true })
  for (const name of ['index.js', 'package.json', 'src/entry.cjs'])
    cpSync(join(ROOT, name), join(sandbox.cwd, name))
  const args = [join(sandbox.cwd, 'src/cli/main.cjs'), 'list']
  const { status, stdout, stderr } = await start(process.execPath, args, {
    env: sandbox.env,
    cwd: sandbox.cwd,
  }).end
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^error: there is no compiled part of duo-provision for \S+ here\n\nhint: /)
  assert.doesNotMatch(stderr, /^\s+at /m)
})

test('simulate announces, serves, and stops with its ports free', async (t) => {
  const sandbox = new Sandbox(t)
  const started = sandbox.start(['simulate', '--duos', '2', '--bootloader', 'r5'])
  const [, address = ''] = await started.says('stdout', /^usbip (127\.0\.0\.1:\d+)$/m)
  await started.says('stderr', /Ctrl-C stops/)
  const list = await sandbox.run(['list', '--usbip', address])
  assert.equal(list.stdout.match(/\(virtual\)/g)?.length, 2)
  started.child.kill('SIGINT')
  assert.equal((await started.end).status, 0)
  const refused = await new Promise((resolve) => {
    connect(Number(address.split(':')[1]), '127.0.0.1')
      .once('connect', () => resolve('still there'))
      .once('error', (error) => resolve(/** @type {NodeJS.ErrnoException} */ (error).code))
  })
  assert.equal(refused, 'ECONNREFUSED')
})

test('simulate arms its Duos with the faults that it is given', async (t) => {
  const sandbox = new Sandbox(t)
  const faults = ['--fault', 'read-zeros@dfu1+', '--fault', 'poll-timeout-0@1+']
  const started = sandbox.start(['simulate', ...faults])
  const [, address = ''] = await started.says('stdout', /^usbip (127\.0\.0\.1:\d+)$/m)
  const { status, stderr } = await sandbox.run(['backup', '--usbip', address])
  assert.equal(status, 5)
  assert.match(stderr, /DCT_UNREADABLE/)
  started.child.kill('SIGINT')
  const { stdout } = await started.end
  assert.match(stdout, /^fault read-zeros@dfu1\+ armed on each\nfault poll-timeout-0@1\+ armed on each$/m)
})

test('the demo tells the whole story, and ends with the key it began with', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(/\b[0-9a-f]{8}\b/g, '<short>')
  const { status } = await sandbox.run(['demo'])
  assert.equal(status, 0)
  assert.deepEqual(sandbox.files(), [])
  sandbox.matches('demo')
})
