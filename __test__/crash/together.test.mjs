/**
 * Two processes at once: on one Duo, in one archive, for one file. Both are held at their first call that matters and
 * released together. For one file, one process is also held at each of its calls while the other runs to its end.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspectKey, LocalCloud } from '../../index.js'
import { ALL, Sample } from '../sample.mjs'
import { Home, startDuo, stateOf } from './bench.mjs'
import { closing, run, startTraced, trace } from './tracer.mjs'

/** @typedef {import('./tracer.mjs').Effect} Effect */
/** @typedef {import('../../index.js').VirtualDuo} VirtualDuo */
/** @typedef {import('node:test').TestContext} TestContext */

/** How often each is tried. */
const ROUNDS = ALL ? 10 : 1

describe('two at once', { concurrency: 2 }, () => {
  test('two restores on one Duo: one after the other, or one is told that it is busy', async (t) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { duo, home } = await bench(t, 1)
      const first = stateOf(duo).fingerprint
      const files = await Promise.all(['a', 'b'].map((name) => newKey(home, name)))
      const before = home.kept()
      const commands = files.map(({ path }) => ['restore', path, '--yes', '--usbip', duo.address, '--json'])
      const ended = await together(commands, home, ({ call }) => call === 'connect')
      const winners = oneAtLeast(ended)
      const holds = stateOf(duo).fingerprint
      assert.ok(winners.some((winner) => files[winner]?.fingerprint === holds))
      // Every overwritten key is in a backup: the first key, and if both commands succeeded, the key of the earlier
      // one.
      const overwritten = [first, ...winners.map((winner) => files[winner]?.fingerprint)]
      for (const fingerprint of overwritten.filter((key) => key !== holds)) {
        assert.ok((await home.backupsOf(fingerprint)).length > 0, 'a key is lost')
      }
      await home.check(before)
    }
  })

  test('two backups of one Duo into one archive: one after the other, or one is told that it is busy', async (t) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { duo, home } = await bench(t, 1)
      const command = ['backup', '--usbip', duo.address, '--json']
      oneAtLeast(await together([command, command], home, ({ call }) => call === 'connect'))
      assert.equal((await home.backupsOf(stateOf(duo).fingerprint)).length, 1)
      await home.check()
    }
  })

  test('backups of two Duos into one archive that is not there yet: both', async (t) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { duo, home } = await bench(t, 2)
      const commands = duo.duos().map(({ path }) => backup(duo, path))
      const ended = await together(commands, home, ({ call }) => call === 'mkdirat')
      assert.deepEqual(
        ended.map(({ code }) => code),
        [0, 0],
      )
      for (const { fingerprint } of duo.duos()) {
        assert.equal((await home.backupsOf(fingerprint)).length, 1)
      }
      assert.deepEqual([home.records().size, home.open()], [2, []], 'both are written down, and settled')
      await home.check()
    }
  })

  test('two backups to one file: one has it, the other says that it exists', async (t) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { duo, home } = await bench(t, 2)
      const commands = duo.duos().map(({ path }) => backup(duo, path, 'duo.der'))
      const ended = await together(commands, home, ({ call }) => call === 'openat')
      await oneHasIt(duo, home, ended)
    }
  })

  test('a backup to a file, held at each of its calls while another takes the same name', async (t) => {
    const { duo, home } = await bench(t, 2)
    const [one, two] = duo.duos().map(({ path }) => backup(duo, path, 'duo.der'))
    assert.ok(one && two)
    const { effects } = await trace(one, home)
    const calls = effects.filter((effect) => effect.class === 'file')
    const sample = new Sample()
    for (const { call, index } of calls.filter(({ call, index }) => sample.takes(call, `${call} ${index}`))) {
      await t.test(`${call} ${index}`, async () => {
        const own = new Home()
        const release = join(own.folder, 'go')
        const held = startTraced(one, own, `hold:file:${index}:${release}`)
        await held.holding()
        const other = await run(two, own)
        writeFileSync(release, '')
        const { code, stdout } = await held.end
        rmSync(release)
        await oneHasIt(duo, own, [
          { code, result: closing(stdout) },
          { code: other.status, result: closing(other.stdout) },
        ])
        own.remove()
      })
    }
    sample.say('the calls that are held')
  })

  test('an operation, held at each of its calls on the journal while another is done to the same Duo', {
    concurrency: 4,
  }, async (t) => {
    const cloud = await LocalCloud.start()
    t.after(() => cloud.stop())
    const home = () => {
      const made = new Home({ PARTICLE_ACCESS_TOKEN: cloud.token })
      t.after(() => made.remove())
      return made
    }
    const first = home()
    const { path } = await newKey(first, 'key')
    const command = ['30001a000347343432313031', path, '--api-url', cloud.url, '--json']
    const { effects } = await trace(command, first)
    const calls = effects.filter(
      ({ class: kind, path = '' }) => kind === 'file' && path.startsWith(first.journal),
    )
    assert.ok(calls.length > 10, 'the journal is kept')
    const sample = new Sample()
    const chosen = calls.filter(({ call, index }) => sample.takes(call, `${call} ${index}`))
    const runs = chosen.map(({ call, index }) =>
      t.test(`${call} ${index}`, async () => {
        const own = home()
        const release = join(own.folder, 'go')
        const held = startTraced(command, own, `hold:file:${index}:${release}`)
        await held.holding()
        // If the held process has the lock, the other continues without the journal, and says so.
        const other = await run(command, own)
        writeFileSync(release, '')
        assert.deepEqual([other.status, (await held.end).code], [0, 0], other.stdout)
        rmSync(release)
        await own.check()
        for (const records of own.records().values()) assert.match(records.at(-1) ?? '', /"ended"/)
        const { inFlight, running } = await own.status()
        assert.deepEqual([inFlight, running], [[], []])
        const before = own.records().size
        assert.equal((await run(command, own)).status, 0)
        assert.deepEqual([own.records().size, own.open()], [before + 1, []], 'all of them are settled')
      }),
    )
    await Promise.all(runs)
    sample.say('the calls on the journal that are held')
  })
})

async function bench(/** @type {TestContext} */ t, /** @type {number} */ duos) {
  const duo = await startDuo(t, { duos })
  const home = new Home()
  t.after(() => home.remove())
  return { duo, home }
}

function backup(/** @type {VirtualDuo} */ duo, /** @type {string} */ path, /** @type {string[]} */ ...file) {
  return ['backup', ...file, '--path', path, '--usbip', duo.address, '--json']
}

/** A key that no Duo has, in a file. */
async function newKey(/** @type {Home} */ home, /** @type {string} */ name) {
  const path = join(home.cwd, `${name}.pem`)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  return { path, fingerprint: (await inspectKey({ file: path })).fingerprint }
}

/**
 * Runs two commands. Each is held before its first call that matches, until both are there.
 * @param {string[][]} commands
 * @param {Home} home
 * @param {(effect: Effect) => boolean} matches
 */
async function together(commands, home, matches) {
  const release = join(home.folder, 'go')
  const held = await Promise.all(
    commands.map(async (args) => {
      const started = startTraced(args, home, `hold:${await nameOf(args, matches)}:${release}`)
      await started.holding()
      return started
    }),
  )
  writeFileSync(release, '')
  const ended = await Promise.all(held.map(({ end }) => end))
  rmSync(release)
  return ended.map(({ code, stdout }) => ({ code, result: closing(stdout) }))
}

/** Class and number of the first call in a command's run that matches. A dry run in a home of its own shows them. */
async function nameOf(/** @type {string[]} */ args, /** @type {(effect: Effect) => boolean} */ matches) {
  const kind = `${args[0]}, ${args.length} words, ${matches}`
  const known = NAMES.get(kind)
  if (known !== undefined) return known
  const elsewhere = new Home()
  // The other process may have the Duo at this time. The calls before the search for it are the same without it.
  const nowhere = args.map((word) => (/^127\.0\.0\.1:\d+$/.test(word) ? '127.0.0.1:1' : word))
  const { effects } = await trace(nowhere, elsewhere)
  elsewhere.remove()
  const found = effects.find((effect) => effect.class !== 'output' && matches(effect))
  assert.ok(found, `no such call in ${args.join(' ')}`)
  const name = `${found.class}:${found.index}`
  NAMES.set(kind, name)
  return name
}

/** @type {Map<string, string>} */
const NAMES = new Map()

/** Which commands succeeded: one or both. The other failed because the Duo was busy. */
function oneAtLeast(/** @type {{ code: number | undefined, result: any }[]} */ ended) {
  for (const { code, result } of ended) {
    if (code !== 0) assert.deepEqual([code, result.code], [4, 'USB_BUSY'])
  }
  const winners = [0, 1].filter((number) => ended[number]?.code === 0)
  assert.ok(winners.length > 0, 'neither')
  return winners
}

/** Exactly one has the file, with all three parts of it. The other says that the file exists, and leaves nothing. */
async function oneHasIt(
  /** @type {VirtualDuo} */ duo,
  /** @type {Home} */ home,
  /** @type {{ code: number | null | undefined, result: any }[]} */ ended,
) {
  const codes = ended.map(({ code, result }) => (code === 0 ? 0 : `${code} ${result.code}`))
  assert.deepEqual([...codes].sort(), [0, '9 FILE_EXISTS'])
  const winner = codes.indexOf(0)
  const file = join(home.cwd, 'duo.der')
  assert.equal((await inspectKey({ file })).fingerprint, stateOf(duo, winner).fingerprint)
  assert.deepEqual(
    [...home.files().keys()],
    ['duo.der', 'duo.json', 'duo.pub.pem'].map((name) => join(home.cwd, name)),
  )
  assert.ok(existsSync(ended[winner]?.result.manifestFile))
  await home.check()
}
