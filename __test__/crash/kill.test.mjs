/**
 * SIGKILL before every call that has an effect, and after the last: the old key is never lost, what has a final
 * name is whole, and the same command again ends where it would have ended.
 *
 * A run that is only watched gives the list of calls; then each is aimed at in a run of its own, and the log shows
 * whether it was hit. "Before a call" is "after the one before it".
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { backupKey, LocalCloud, restoreKey, VirtualDuo } from '../../index.js'
import { again, fingerprintOf, Home, inDfuMode, leaves, stateOf, writesKey } from './bench.mjs'
import { trace } from './tracer.mjs'

/** @typedef {import('./tracer.mjs').Effect} Effect */
/** @typedef {import('./tracer.mjs').Traced} Traced */
/** @typedef {import('node:test').TestContext} TestContext */

/**
 * A command at its beginning, and what is to come of it.
 * @typedef {object} Stage
 * @property {VirtualDuo} duo
 * @property {(home: Home) => string[]} args
 * @property {Record<string, string>} [env]
 * @property {(home: Home, traced: Traced) => Promise<void>} safe what holds after a crash
 * @property {(home: Home) => Promise<void>} done what holds when the command has come to its end
 * @property {() => Promise<void>} [strike] takes down what else was set up
 * @property {{ status: number, code?: string }[]} [ends] how it may end after a crash; with 0 unless given
 */

/** How often a call is aimed at, until the blow lands on it. */
const AIMS = 3

describe('killed at any call', { concurrency: 3 }, () => {
  test('backup', (t) => strikeEverywhere(t, backingUp))
  test('backup FILE', (t) => strikeEverywhere(t, backingUpTo))
  test('restore', (t) => strikeEverywhere(t, restoring))
  test('reset', (t) => strikeEverywhere(t, resetting))
  test('provision', (t) => strikeEverywhere(t, provisioning))
})

/** @returns {Promise<Stage>} */
async function backingUp() {
  const duo = await VirtualDuo.start()
  const { fingerprint } = stateOf(duo)
  return {
    duo,
    args: () => ['backup', '--usbip', duo.address, '--json'],
    safe: async () => assert.equal(stateOf(duo).fingerprint, fingerprint),
    done: async (home) => assert.ok((await home.backupsOf(fingerprint)).length > 0),
  }
}

/**
 * A file that the user named is not written twice: once it has its name, the same command says that it exists.
 * @returns {Promise<Stage>}
 */
async function backingUpTo() {
  const stage = await backingUp()
  const { fingerprint } = stateOf(stage.duo)
  return {
    ...stage,
    args: () => ['backup', 'duo.der', '--usbip', stage.duo.address, '--json'],
    ends: [{ status: 0 }, { status: 9, code: 'FILE_EXISTS' }],
    done: async (home) => assert.deepEqual(await home.backupsOf(fingerprint), [join(home.cwd, 'duo.der')]),
  }
}

/** @returns {Promise<Stage>} */
async function restoring() {
  const duo = await VirtualDuo.start()
  const kept = new Home()
  const saved = join(kept.cwd, 'saved.der')
  const { fingerprint: wanted } = await backupKey({ usbip: duo.address, file: saved })
  const pem = join(kept.cwd, 'other.pem')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  writeFileSync(pem, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  const { fingerprint: old } = await restoreKey({ usbip: duo.address, file: pem, archive: kept.archive })
  return {
    duo,
    args: () => ['restore', saved, '--yes', '--usbip', duo.address, '--json'],
    async safe(home, traced) {
      const { fingerprint } = stateOf(duo)
      assert.ok(fingerprint === old || fingerprint === wanted, 'the slot is torn')
      await backedUpFirst(home, traced, old, fingerprint)
    },
    async done(home) {
      assert.equal(stateOf(duo).fingerprint, wanted)
      assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
    },
    strike: async () => kept.remove(),
  }
}

/** @returns {Promise<Stage>} */
async function resetting() {
  const duo = await VirtualDuo.start()
  const { fingerprint: old } = stateOf(duo)
  return {
    duo,
    args: () => ['reset', '--yes', '--usbip', duo.address, '--json'],
    // A slot that holds no key is the reset image's, or the Duo has made a new key by now.
    safe: (home, traced) => backedUpFirst(home, traced, old, stateOf(duo).fingerprint),
    async done(home) {
      await inDfuMode(duo, 1)
      assert.notEqual(stateOf(duo).fingerprint, old)
      assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
    },
  }
}

/** @returns {Promise<Stage>} */
async function provisioning() {
  const [duo, cloud] = await Promise.all([VirtualDuo.start(), LocalCloud.start()])
  const { deviceId, fingerprint } = stateOf(duo)
  const held = () => cloud.provisioned().map((known) => [known.deviceId, fingerprintOf(known.publicKey)])
  return {
    duo,
    args: () => [deviceId, '--from-device', '--api-url', cloud.url, '--usbip', duo.address, '--json'],
    env: { PARTICLE_ACCESS_TOKEN: cloud.token },
    async safe() {
      assert.equal(stateOf(duo).fingerprint, fingerprint)
      for (const known of held()) assert.deepEqual(known, [deviceId, fingerprint])
    },
    done: async () => assert.deepEqual(held(), [[deviceId, fingerprint]]),
    strike: () => cloud.stop(),
  }
}

/** Where the old key is no longer in the Duo, or its successor may have gone out, there is a backup of it. */
async function backedUpFirst(
  /** @type {Home} */ home,
  /** @type {Traced} */ { effects },
  /** @type {string | undefined} */ old,
  /** @type {string | undefined} */ now,
) {
  // What was struck was not sent; what has a result, or was under way, may have been.
  const sent = effects.some((effect) => writesKey(effect) && effect.result !== undefined)
  if (sent || now !== old) assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
}

/** Watches a command once, then kills it at each of its calls, each time from its beginning. */
async function strikeEverywhere(/** @type {TestContext} */ t, /** @type {() => Promise<Stage>} */ set) {
  const plan = await staged(set, 'watch', async (stage, home, traced) => {
    assert.equal(traced.code, 0, traced.stdout)
    await home.check(new Map())
    await stage.done(home)
    return traced.effects.map((effect) => ({ effect, name: signature(effect, home) }))
  })
  for (const kind of /** @type {const} */ (['work', 'output'])) {
    const ofKind = plan.filter(({ effect }) => effect.class === kind)
    for (const { effect, name } of ofKind) {
      await t.test(`${kind} ${effect.index}, before ${name}`, () => kill(set, 'kill', effect, name))
    }
    const last = ofKind.at(-1)
    assert.ok(last, `there is no ${kind}`)
    await t.test(`${kind}, after the last`, () => kill(set, 'kill-after', last.effect, last.name))
  }
}

async function kill(
  /** @type {() => Promise<Stage>} */ set,
  /** @type {'kill' | 'kill-after'} */ deed,
  /** @type {Effect} */ effect,
  /** @type {string} */ name,
) {
  for (let aim = 1; ; aim += 1) {
    const action = `${deed}:${effect.class}:${effect.index}`
    const hit = await staged(set, action, async (stage, home, traced) => {
      if (!traced.struck || signature(traced.struck, home) !== name) return false
      assert.equal(traced.signal, 'SIGKILL')
      if (deed === 'kill') assert.equal(traced.struck.result, undefined, 'the call happened')
      await home.check(new Map())
      await stage.safe(home, traced)
      await recover(stage, home, traced)
      return true
    })
    if (hit) return
    assert.ok(aim < AIMS, `the blow lands elsewhere than on ${name}`)
  }
}

/** The same command again: it ends as it should, and leaves alone what has a final name. */
async function recover(/** @type {Stage} */ stage, /** @type {Home} */ home, /** @type {Traced} */ traced) {
  const before = home.finals()
  const leaving = traced.effects.some(leaves)
  const { status, code, stdout } = await again(stage.args(home), home, stage.duo, { leaving })
  const ends = stage.ends ?? [{ status: 0 }]
  assert.ok(
    ends.some((end) => end.status === status && end.code === code),
    stdout,
  )
  await home.check(before)
  await stage.done(home)
}

/**
 * One traced run from the beginning, in a new home, and what is to be looked at afterwards.
 * @template T
 * @param {() => Promise<Stage>} set
 * @param {string} action
 * @param {(stage: Stage, home: Home, traced: Traced) => Promise<T>} look
 */
async function staged(set, action, look) {
  const stage = await set()
  const home = new Home(stage.env)
  try {
    return await look(stage, home, await trace(stage.args(home), home, action))
  } finally {
    home.remove()
    await Promise.all([stage.duo.stop(), stage.strike?.()])
  }
}

/** What a call is, without what differs from run to run. */
function signature(
  /** @type {Effect} */ { call, path, to, bytes, setup, class: kind },
  /** @type {Home} */ home,
) {
  if (kind === 'output') return call
  const words = [call, path && home.nameless(path), to && `to ${home.nameless(to)}`, setup]
  // A file's manifest and a request of the cloud's may be a few bytes longer or shorter.
  if (setup && bytes) words.push(`${bytes} bytes`)
  return words.filter(Boolean).join(' ')
}
