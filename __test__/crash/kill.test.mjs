/**
 * SIGKILL before every call that has an effect, and after the last one: the old key is never lost, files with a final
 * name are whole, and the same command, run again, ends as it would have ended.
 *
 * A first run, which is only watched, gives the list of calls. Then each call is struck in a run of its own, and the
 * log shows whether the kill hit that call. "Before a call" is the same as "after the previous call".
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, describe, test } from 'node:test'
import { Sample } from '../sample.mjs'
import { again, leaves, writesKey } from './bench.mjs'
import { AT_ONCE, COMMANDS, staged } from './stages.mjs'
import { failing } from './tracer.mjs'

/** @typedef {import('./bench.mjs').Home} Home */
/** @typedef {import('./stages.mjs').Stage} Stage */
/** @typedef {import('./tracer.mjs').Effect} Effect */
/** @typedef {import('./tracer.mjs').Traced} Traced */
/** @typedef {import('node:test').TestContext} TestContext */

/**
 * The commands in which every call is struck. The others send the Duo the same requests, so some of those are left out.
 */
const WHOLE = new Set([COMMANDS.backup, COMMANDS.provision])

/**
 * The commands that do the same as `restore` up to their first write: of the calls before that write, every third is
 * struck. A restore of a whole DCT makes two hundred requests after it: of these, every seventh is struck. Seven shares
 * no factor with the nine requests of a block.
 * @type {Map<() => Promise<Stage>, { before: number, requests: number }>}
 */
const THINNED = new Map([
  [COMMANDS.rotate, { before: 3, requests: 1 }],
  [COMMANDS['server-key set'], { before: 3, requests: 1 }],
  [COMMANDS['dct restore --fields'], { before: 3, requests: 1 }],
  [COMMANDS['dct restore --whole'], { before: 3, requests: 7 }],
])

/** When the kill happens. @type {Record<string, string>} */
const WHEN = { kill: 'before', 'kill-after': 'after' }

/** How many runs may aim at a call until the kill hits it. */
const AIMS = 3

const options = { concurrency: AT_ONCE }

describe('killed at any call', () => {
  const sample = new Sample(20)
  after(() => sample.say('the kills'))

  for (const [name, set] of Object.entries(COMMANDS))
    test(name, options, (t) => strikeEverywhere(t, { name, set, sample }))

  // The first poll after the block commits it. The connection is lost instead of the second poll.
  test('restore, while it asks what became of the write', options, async (t) => {
    const { effects } = await watch(COMMANDS.restore)
    const requests = effects.filter((effect) => effect.class === 'socket')
    const poll = requests[requests.findIndex(writesKey) + 2]
    assert.ok(poll?.setup?.startsWith('a103'), 'the second poll')
    await strikeEverywhere(t, { name: 'restore, asking', set: COMMANDS.restore, lost: poll, sample })
  })
})

/**
 * Watches a command once. Then runs it from its start for each of its calls, or for a sample of them, and kills it
 * there.
 * @param {TestContext} t
 * @param {{ name: string, set: () => Promise<Stage>, sample: Sample, lost?: Effect | undefined }} what `lost`: a call at which the
 *   connection is lost in each run; then only the calls after it are struck
 */
async function strikeEverywhere(t, { name: command, set, sample, lost }) {
  const first = lost && failing(lost, 'ECONNRESET')
  const { calls } = await watch(set, first)
  const begin = lost ? calls.findIndex(({ effect }) => isSame(effect, lost)) + 1 : 0
  /** @type {Effect['class'][]} */
  const kinds = lost ? ['file', 'socket'] : ['file', 'socket', 'output']
  const runs = kinds.flatMap((kind) => {
    const ofKind = calls.slice(begin).filter(({ effect }) => effect.class === kind)
    const aims = kind === 'socket' ? numberedAlike(ofKind) : ofKind
    const last = aims.at(-1)
    assert.ok(last, `there is no ${kind}`)
    const chosen = WHOLE.has(set) ? aims : thinned(fewerReads(aims), set)
    const blows = [
      ...chosen.map(({ effect, name, before }) => ({ deed: 'kill', effect, name, before })),
      { ...last, deed: 'kill-after' },
    ]
    return blows
      .map((blow) => ({ ...blow, title: `${kind} ${blow.effect.index}, ${WHEN[blow.deed]} ${blow.name}` }))
      .filter(({ before, title }) => sample.takes(`${command} ${before}`, `${command} ${title}`))
      .map(({ deed, effect, name, title }) =>
        t.test(title, () => kill(set, strikes(first, deed, effect), name)),
      )
  })
  await Promise.all(runs)
}

function isSame(/** @type {Effect} */ one, /** @type {Effect} */ other) {
  return one.class === other.class && one.index === other.index
}

/**
 * The calls on sockets that have the same number in every run. After a Duo is told to leave DFU mode, the command looks
 * for it until it is gone. The number of looks varies, and each opens a new connection: from the second look on, no
 * call is struck. The calls after those looks are on files, which are counted separately.
 * @template {{ effect: Effect }} Aim
 * @param {Aim[]} aims
 */
function numberedAlike(aims) {
  const told = aims.findIndex(({ effect }) => leaves(effect))
  if (told < 0) return aims
  const isLook = (/** @type {number} */ index) => index > told && aims[index]?.effect.call === 'connect'
  const [, second = aims.length] = [...aims.keys()].filter(isLook)
  return aims.slice(0, second)
}

/**
 * Leaves out most of the read requests before the write: of each row of them, it keeps the first, the last, and every
 * fifth in between.
 * @template {{ effect: Effect }} Aim
 * @param {Aim[]} aims
 */
function fewerReads(aims) {
  const write = aims.findIndex(({ effect }) => writesKey(effect))
  const asks = (/** @type {number} */ index) => index < write && aims[index]?.effect.class === 'socket'
  return aims.filter((_, index) => !asks(index - 1) || !asks(index) || !asks(index + 1) || index % 5 === 0)
}

/**
 * Leaves out the calls of one class that are not struck in this command.
 * @template {{ effect: Effect, before: boolean }} Aim
 * @param {Aim[]} aims
 * @param {() => Promise<Stage>} set
 */
function thinned(aims, set) {
  const { before, requests } = THINNED.get(set) ?? { before: 1, requests: 1 }
  const every = (/** @type {Aim} */ aim) =>
    aim.before ? before : aim.effect.class === 'socket' ? requests : 1
  return aims.filter((aim, index) => index % every(aim) === 0)
}

function strikes(
  /** @type {string | undefined} */ first,
  /** @type {string} */ deed,
  /** @type {Effect} */ effect,
) {
  return [first, `${deed}:${effect.class}:${effect.index}`].filter(Boolean).join(',')
}

/** The calls of a whole run, with a name for each. */
async function watch(/** @type {() => Promise<Stage>} */ set, action = 'watch') {
  return staged(set, action, async (stage, home, traced) => {
    assert.equal(traced.code, 0, traced.stdout)
    await home.check()
    await stage.done(home)
    const { effects } = traced
    const write = effects.findIndex(writesKey)
    const calls = effects.map((effect, index) => {
      return { effect, name: signature(effect, home), before: index < write }
    })
    return { effects, calls }
  })
}

async function kill(
  /** @type {() => Promise<Stage>} */ set,
  /** @type {string} */ action,
  /** @type {string} */ name,
) {
  for (let aim = 1; ; aim += 1) {
    const hit = await staged(set, action, async (stage, home, traced) => {
      if (!traced.struck || signature(traced.struck, home) !== name) return false
      assert.equal(traced.signal, 'SIGKILL')
      if (!action.includes('kill-after')) assert.equal(traced.struck.result, undefined, 'the call happened')
      await home.check()
      await stage.safe(home, traced)
      await recover(stage, home, traced)
      return true
    })
    if (hit) return
    assert.ok(aim < AIMS, `the blow lands elsewhere than on ${name}`)
  }
}

/** Runs the same command again: it ends as it should, and does not change files with a final name. */
async function recover(/** @type {Stage} */ stage, /** @type {Home} */ home, /** @type {Traced} */ traced) {
  const before = home.kept()
  const { path } = traced.struck ?? {}
  const open = traced.effects.some(writesKey) || path?.startsWith(dirname(home.journal)) === true
  if (open) await saysWhatIsOpen(home, traced)
  const leaving = traced.effects.some(leaves)
  const { status, code, stdout } = await again(stage.args(home), home, stage.duo, { leaving })
  const ends = stage.ends ?? [{ status: 0 }]
  assert.ok(
    ends.some((end) => end.status === status && end.code === code),
    stdout,
  )
  await home.check(before)
  await stage.done(home)
  if (open && status === 0) {
    assert.deepEqual((await home.status()).inFlight, [], 'something is said to be open still')
    assert.deepEqual(home.open(), [], 'what is settled is not in the history')
  }
}

/** If a key may have been sent and no end is recorded, `status` names the operation and its backup. */
async function saysWhatIsOpen(/** @type {Home} */ home, /** @type {Traced} */ traced) {
  const { inFlight, running } = await home.status()
  assert.deepEqual(running, [], 'a process that was killed is said to run')
  const sent = traced.effects.some((effect) => writesKey(effect) && effect.result !== undefined)
  // An operation is not open if it is verified and has nothing left to do, or if it has ended.
  if (!sent || /"(verified|ended)"/.test([...home.records().values()].join())) return
  assert.equal(inFlight.length, 1)
  const [open] = inFlight
  assert.ok(open?.backupFile && existsSync(open.backupFile), 'the backup is not named')
  assert.ok(open.next.length > 0, 'nothing is said to be typed')
}

/** The name of a call, without what differs from run to run. */
function signature(
  /** @type {Effect} */ { call, path, to, bytes, setup, class: kind },
  /** @type {Home} */ home,
) {
  if (kind === 'output') return call
  const words = [call, path && home.nameless(path), to && `to ${home.nameless(to)}`, setup]
  // The length of a file's manifest, or of a request to the cloud, may differ by a few bytes.
  if (setup && bytes) words.push(`${bytes} bytes`)
  return words.filter(Boolean).join(' ')
}
