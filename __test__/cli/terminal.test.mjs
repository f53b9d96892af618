/** What needs a terminal or a signal: the question, Ctrl-C, colours, and the commands that stay in the foreground. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { dialogue, IS_WINDOWS, KEYS, NO_TERMINAL, ROOT, Sandbox, start } from './harness.mjs'

/** Joins the lines of each text that was broken because it is longer than the terminal is wide. */
const oneLineEach = (/** @type {string} */ said) => said.replaceAll(/\r\n {3,}(?=[^→\s])/g, ' ')

/** Runs a command on a terminal, with one question before a write. */
function onTerminal(
  /** @type {Sandbox} */ sandbox,
  /** @type {string[]} */ args,
  /** @type {string} */ typed,
) {
  return dialogue(sandbox, args, [[/\[y\/N\] /, typed]])
}

for (const [name, typed, status] of /** @type {const} */ ([
  ['y', 'y\n', 0],
  ['n', 'n\n', 2],
  ['nothing', '\n', 2],
  ['Ctrl-C', '\u0003', 130],
])) {
  test(`on a terminal it asks: ${name} ends with ${status}`, {
    skip: NO_TERMINAL,
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
  skip: NO_TERMINAL,
}, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const { stdout } = await sandbox.run(['server-key', 'show', '--json', ...usbip])
  const { fingerprint } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '').server
  duo.setServer(readFileSync(join(KEYS, 'rsa2048-spki.pem'), 'utf8'), '10.0.0.1:5684')
  const asked = await onTerminal(sandbox, ['server-key', 'restore', ...usbip], 'n\n')
  assert.equal(asked.status, 2, asked.stdout)
  assert.match(
    oneLineEach(asked.stdout),
    /server key .*another cloud.*\r\n.*→ [0-9a-f]{64} \(Particle's own key\)/,
  )
  assert.match(asked.stdout, /address .*10\.0\.0\.1:5684\r\n.*→ device\.spark\.io:5683/)
  assert.match(asked.stdout, /Write this server key and address to the Duo\? \[y\/N\]/)
  assert.ok(!asked.stdout.includes(fingerprint), 'of the cloud that it named before')
})

test('the question before a whole DCT shows both keys, and says what is lost', {
  skip: NO_TERMINAL,
}, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const saved = duo.duos()[0]?.fingerprint ?? '?'
  await sandbox.run(['dct', 'backup', 'both.bin', '--whole', ...usbip])
  await sandbox.run(['key', 'new', 'other.der'])
  await sandbox.run(['restore', 'other.der', '--yes', ...usbip])
  const now = duo.duos()[0]?.fingerprint ?? '?'
  const asked = await onTerminal(sandbox, ['dct', 'restore', 'both.bin', '--whole', ...usbip], 'n\n')
  assert.equal(asked.status, 2, asked.stdout)
  assert.ok(asked.stdout.includes(saved) && asked.stdout.includes(now), asked.stdout)
  assert.match(oneLineEach(asked.stdout), /caution:.*is lost: keys, the claim code, Wi-Fi/)
  assert.match(oneLineEach(asked.stdout), /caution:.*power is cut/)
  assert.match(asked.stdout, /Write all of this DCT to the Duo\? \[y\/N\]/)
  assert.equal(duo.duos()[0]?.fingerprint, now)
})

/** A Duo whose key is in the archive, and whose slot holds zeros. */
async function broken(/** @type {import('node:test').TestContext} */ t) {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  const before = duo.duos()[0]?.fingerprint
  await sandbox.start(['backup', ...usbip], { stdin: '' }).end
  duo.setKeySlot('1-1', new Uint8Array(1216))
  const fix = (/** @type {[RegExp, string][]} */ answers) =>
    dialogue(sandbox, ['doctor', '--fix', ...usbip], answers)
  return { sandbox, duo, before, fix, key: () => duo.duos()[0]?.fingerprint }
}

const RUN = /Run `duo-provision restore .*`\? \[y\/N\] /
const WRITE = /Write this key to the Duo\? \[y\/N\] /

for (const [name, answers, status] of /** @type {[string, [RegExp, string][], number][]} */ ([
  ['no', [[RUN, 'n\n']], 5],
  ['nothing', [[RUN, '\n']], 5],
  ['the end of the input', [[RUN, '\u0004']], 5],
  ['Ctrl-C', [[RUN, '\u0003']], 130],
  [
    'yes, and then no',
    [
      [RUN, 'y\n'],
      [WRITE, 'n\n'],
    ],
    2,
  ],
  [
    'yes, and then Ctrl-C',
    [
      [RUN, 'y\n'],
      [WRITE, '\u0003'],
    ],
    130,
  ],
])) {
  test(`doctor --fix offers a fix: ${name} ends with ${status}, and nothing is written`, {
    skip: NO_TERMINAL,
  }, async (t) => {
    const { fix, key } = await broken(t)
    const ended = await fix(answers)
    assert.equal(ended.status, status, ended.stdout)
    assert.match(ended.stdout, /KEY_SLOT_ZEROED/)
    assert.equal(key(), undefined)
  })
}

test('doctor --fix puts right what is answered with yes, twice', {
  skip: NO_TERMINAL,
}, async (t) => {
  const { fix, key, before } = await broken(t)
  const mended = await fix([
    [RUN, 'y\n'],
    [WRITE, 'y\n'],
  ])
  assert.equal(mended.status, 0, mended.stdout)
  assert.ok(mended.stdout.includes(before ?? '?'), 'the question shows the whole fingerprint')
  assert.equal(key(), before)
})

test('doctor --fix ends with Ctrl-C at the first of two questions', {
  skip: NO_TERMINAL,
}, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ duos: 2 })
  const ended = await dialogue(
    sandbox,
    ['doctor', '--fix', '--usbip', duo.address],
    [[/\[y\/N\] /, '\u0003']],
  )
  assert.equal(ended.status, 130, ended.stdout)
  assert.equal(ended.stdout.match(/\[y\/N\]/g)?.length, 1, ended.stdout)
  assert.ok(!sandbox.files().some((file) => file.endsWith('.der')))
})

for (const [name, typed, status] of /** @type {const} */ ([
  ['yes', 'yes\n', 0],
  ['no', 'n\n', 2],
  ['Ctrl-C', '\u0003', 130],
])) {
  test(`rotate asks before the cloud is told: ${name} ends with ${status}`, {
    skip: NO_TERMINAL,
  }, async (t) => {
    const sandbox = new Sandbox(t)
    const duo = await sandbox.duo()
    const cloud = await sandbox.cloud({ devicePort: 0 })
    duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
    const before = duo.duos()[0]?.fingerprint
    const rotate = ['rotate', '--no-verify', '--api-url', cloud.url, '--usbip', duo.address]
    const asked = await onTerminal(sandbox, rotate, typed)
    assert.equal(asked.status, status, asked.stdout)
    assert.match(asked.stdout, /Give this Duo and the cloud the new key\? \[y\/N\] /)
    assert.ok(asked.stdout.includes(before ?? '?'), 'the question shows the key of now')
    assert.match(asked.stdout, /cloud .*is told the new key before it is written/)
    assert.equal(cloud.provisioned().length, status === 0 ? 1 : 0)
    if (status !== 0) assert.equal(duo.duos()[0]?.fingerprint, before)
    else assert.notEqual(duo.duos()[0]?.fingerprint, before)
  })
}

test('a passphrase is asked for twice, and once to open; it is not shown, and Ctrl-C ends it', {
  skip: NO_TERMINAL,
}, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const passphrase = sandbox.secret('Sphinx of black quartz')
  const unseen = async (/** @type {string[]} */ args, /** @type {[RegExp, string][]} */ answers) => {
    const ended = await dialogue(sandbox, args, answers)
    assert.ok(!ended.stdout.includes('quartz'), ended.stdout)
    return ended
  }
  const usbip = ['--usbip', duo.address]
  const made = await unseen(
    ['backup', 'duo.pem', '--encrypt', ...usbip],
    [
      [/New passphrase: /, `${passphrase}\r`],
      [/The same again: /, 'something else\r'],
      [/these two differ[\s\S]*New passphrase: /, `${passphrase}\r`],
      [/these two differ[\s\S]*The same again: /, `${passphrase}\r`],
    ],
  )
  assert.equal(made.status, 0, made.stdout)
  const opened = await unseen(
    ['restore', 'duo.pem', '--yes', ...usbip],
    [
      [/Passphrase of duo\.pem: /, 'something else\r'],
      [/does not open it[\s\S]*Passphrase of duo\.pem: /, `${passphrase}\r`],
    ],
  )
  assert.equal(opened.status, 0, opened.stdout)
  const requests = duo.duos()[0]?.classRequests
  const stopped = await unseen(['backup', '--encrypt', ...usbip], [[/New passphrase: /, '\u0003']])
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

/** Waits until a thread of a process reads from its standard input. From then on, the process handles signals. */
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
  skip: process.platform !== 'linux' && 'it needs /proc',
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

test('a second Ctrl-C in the middle of a write ends with 6, and says what is not known', {
  skip: IS_WINDOWS && 'there is no Ctrl-C to send',
}, async (t) => {
  const sandbox = new Sandbox(t)
  const module = (/** @type {string} */ name) =>
    JSON.stringify(pathToFileURL(join(ROOT, 'src/cli', name)).href)
  const script = `
    import { createOutput } from ${module('output.mjs')}
    import { interruptible } from ${module('signals.mjs')}
    const interrupt = interruptible(createOutput({ json: true, verbose: 0 }))
    interrupt.seen({ type: 'backed-up', file: '/backups/old.der', alreadyThere: false })
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

test('simulate announces, serves, and stops with its ports free', {
  skip: IS_WINDOWS && 'there is no Ctrl-C to send',
}, async (t) => {
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

for (const options of [
  ['--duos', '1'],
  ['--bootloader', 'r4', '--device-port', '0', '--duos', '2'],
  ['--mode', 'normal'],
  ['--board', 'photon'],
]) {
  test(`what simulate ${options.join(' ')} proposes works as it is printed`, async (t) => {
    const sandbox = new Sandbox(t)
    const started = sandbox.start(['simulate', '--shell', 'posix', ...options])
    const [said = ''] = await started.says('stderr', /In another terminal:\n(?: {2}.*\n)+/)
    const proposed = said.matchAll(/^ {2}(?:PARTICLE_ACCESS_TOKEN=(\w+) )?duo-provision (.*)$/gm)
    const commands = [...proposed].map(([, token, words = '']) => ({ token, args: words.split(' ') }))
    assert.equal(commands.length, options.includes('photon') ? 2 : 3, said)
    for (const { token, args } of commands) {
      const env = token === undefined ? {} : { PARTICLE_ACCESS_TOKEN: token }
      const { status, stderr } = await sandbox.run(args, { env })
      assert.equal(status, 0, `${args.join(' ')}\n${stderr}`)
    }
    started.child.kill('SIGINT')
    await started.end
  })
}

for (const [shell, form] of /** @type {const} */ ([
  ['posix', /^ {2}PARTICLE_ACCESS_TOKEN=\w+ duo-provision [0-9a-f]{24} --from-device /m],
  ['cmd', /^ {2}set "PARTICLE_ACCESS_TOKEN=\w+" && duo-provision [0-9a-f]{24} --from-device /m],
  ['powershell', /^ {2}\$env:PARTICLE_ACCESS_TOKEN = '\w+'; duo-provision [0-9a-f]{24} --from-device /m],
])) {
  test(`simulate --shell ${shell} prints what is typed into that shell`, async (t) => {
    const started = new Sandbox(t).start(['simulate', '--shell', shell])
    const [said = ''] = await started.says('stderr', /In another terminal:\n[\s\S]*Ctrl-C stops/)
    assert.match(said, form)
    assert.equal(
      said.includes('sudo modprobe'),
      shell === 'posix',
      'a Linux kernel is not where the others are',
    )
    started.child.kill('SIGINT')
    await started.end
  })
}

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
