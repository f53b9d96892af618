/**
 * A disk that is full, broken or read-only, and a quota that is used up, at every call that touches a file or a
 * folder: no backup, no write. What only describes a backup that is kept already (its public key, its manifest) may
 * fail, and is said to be missing.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { writesKey } from './bench.mjs'
import { COMMANDS, staged } from './stages.mjs'
import { closing, failing } from './tracer.mjs'

/** @typedef {import('./bench.mjs').Home} Home */
/** @typedef {import('./stages.mjs').Stage} Stage */
/** @typedef {import('./tracer.mjs').Effect} Effect */
/** @typedef {import('./tracer.mjs').Traced} Traced */
/** @typedef {'refused' | 'kept' | 'ignored'} Outcome */

const ERRORS = /** @type {const} */ (['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'])

/** The command for which every call gets every error; the others, which share its code, get one error a call. */
const WHOLE = 'reset'

describe('a disk that fails', { concurrency: 3 }, () => {
  for (const name of /** @type {const} */ (['backup', 'backup FILE', 'restore', 'reset'])) {
    test(name, async (t) => {
      const set = COMMANDS[name]
      const calls = await staged(set, 'watch', async (_stage, home, { effects }) => plan(effects, home))
      for (const [index, { effect, expected, title }] of calls.entries()) {
        const errors = name === WHOLE ? ERRORS : [ERRORS[index % ERRORS.length] ?? 'EIO']
        for (const error of errors) {
          await t.test(`${error} from ${title}: ${expected}`, () =>
            staged(set, failing(effect, error), (stage, home, traced) =>
              LOOK[expected](stage, home, traced, effect),
            ),
          )
        }
      }
    })
  }
})

/**
 * What is to become of each call on a file before a key is written.
 * @returns {{ effect: Effect, expected: Outcome, title: string }[]}
 */
function plan(/** @type {Effect[]} */ effects, /** @type {Home} */ home) {
  const write = effects.findIndex(writesKey)
  const before = effects.slice(0, write < 0 ? undefined : write)
  const named = before.findIndex(({ to }) => to?.endsWith('.der'))
  const kept = before.findIndex(({ call }, index) => call === 'fsync' && index > named)
  assert.ok(named > 0 && kept > named, 'a backup is made')
  return before
    .map((effect, index) => ({ effect, index }))
    .filter(({ effect }) => effect.class === 'work' && !effect.socket)
    .map(({ effect, index }) => ({
      effect,
      expected: index > kept || effect.call === 'unlink' ? 'ignored' : index === kept ? 'kept' : 'refused',
      title: `${effect.call} ${effect.index} ${home.nameless(effect.path ?? '')}`.trim(),
    }))
}

/** @type {Record<Outcome, (stage: Stage, home: Home, traced: Traced, effect: Effect) => Promise<void>>} */
const LOOK = {
  /** Nothing was written to the Duo, and no file is left, whatever its name. */
  async refused(stage, home, traced, effect) {
    await refusedWithPath(stage, home, traced, effect)
    assert.deepEqual([...home.files().keys()], [])
  },
  /** The name is there and may not survive a power cut: refused, and what is there is whole. */
  async kept(stage, home, traced, effect) {
    await refusedWithPath(stage, home, traced, effect)
    assert.equal(home.files().size, 1)
    await home.check(new Map())
  },
  /** A temporary file stays behind, or what describes the backup is missing; the rest goes on. */
  async ignored(stage, home, { code, struck, stdout }, effect) {
    assert.equal(struck?.call, effect.call)
    assert.equal(code, 0, stdout)
    await home.check(new Map())
    await stage.done(home)
  },
}

async function refusedWithPath(
  /** @type {Stage} */ stage,
  /** @type {Home} */ home,
  /** @type {Traced} */ traced,
  /** @type {Effect} */ effect,
) {
  assert.equal(traced.struck?.call, effect.call, 'the blow lands elsewhere')
  const { code, message } = closing(traced.stdout)
  assert.deepEqual([traced.code, code], [9, 'FILE_NOT_WRITABLE'], traced.stdout)
  assert.ok(message.includes(home.folder), `no path in: ${message}`)
  assert.ok(!message.includes('.duo-provision-'), `a temporary name in: ${message}`)
  assert.equal(traced.effects.filter(writesKey).length, 0, 'a key goes out')
  await stage.safe(home, traced)
}
