/**
 * SIGKILL before every call that has an effect, and after the last: the old key is never lost, what has a final
 * name is whole, and the same command again ends where it would have ended.
 *
 * A run that is only watched gives the list of calls; then each is aimed at in a run of its own, and the log shows
 * whether it was hit. "Before a call" is "after the one before it".
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { again, leaves } from './bench.mjs'
import { COMMANDS, staged } from './stages.mjs'

/** @typedef {import('./bench.mjs').Home} Home */
/** @typedef {import('./stages.mjs').Stage} Stage */
/** @typedef {import('./tracer.mjs').Effect} Effect */
/** @typedef {import('./tracer.mjs').Traced} Traced */
/** @typedef {import('node:test').TestContext} TestContext */

/** How often a call is aimed at, until the blow lands on it. */
const AIMS = 3

describe('killed at any call', { concurrency: 3 }, () => {
  for (const [name, set] of Object.entries(COMMANDS)) test(name, (t) => strikeEverywhere(t, set))
})

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
