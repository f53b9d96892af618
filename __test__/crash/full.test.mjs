/**
 * A disk that is full, broken or read-only, and a quota that is used up, at every call that touches a file or a folder:
 * without a backup and a journal, nothing is written to the Duo. The files that describe a backup that already exists
 * (its public key, its manifest) may fail. So may the journal of a command that does not write, or has already written.
 */
import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { after, describe, test } from 'node:test'
import { Sample } from '../sample.mjs'
import { writesKey } from './bench.mjs'
import { AT_ONCE, COMMANDS, staged } from './stages.mjs'
import { closing, failing } from './tracer.mjs'

/** @typedef {import('./bench.mjs').Home} Home */
/** @typedef {import('./stages.mjs').Stage} Stage */
/** @typedef {import('./tracer.mjs').Effect} Effect */
/** @typedef {import('./tracer.mjs').Traced} Traced */
/** @typedef {'refused' | 'refused, and the backup is kept' | 'goes on'} Outcome */

const ERRORS = /** @type {const} */ (['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'])

/** The command in which every call gets every error. The others share its code and get one error for each call. */
const WHOLE = 'reset'

describe('a disk that fails', () => {
  const sample = new Sample()
  after(() => sample.say('the calls that fail'))

  for (const name of /** @type {const} */ (['backup', 'backup FILE', 'restore', 'reset'])) {
    test(name, { concurrency: AT_ONCE }, async (t) => {
      const set = COMMANDS[name]
      const calls = await staged(set, 'watch', async (_stage, home, { effects }) => plan(effects, home))
      const runs = calls.flatMap(({ effect, expected, title }, index) => {
        const errors = name === WHOLE ? ERRORS : [ERRORS[index % ERRORS.length] ?? 'EIO']
        return errors
          .filter((error) => sample.takes(`${name} ${expected}`, `${name} ${error} ${title}`))
          .map((error) =>
            t.test(`${error} from ${title}: ${expected}`, () =>
              staged(set, failing(effect, error), (stage, home, traced) =>
                LOOK[expected](stage, home, traced, effect),
              ),
            ),
          )
      })
      await Promise.all(runs)
    })
  }
})

/**
 * The expected outcome of each call on a file or folder.
 * @returns {{ effect: Effect, expected: Outcome, title: string }[]}
 */
function plan(/** @type {Effect[]} */ effects, /** @type {Home} */ home) {
  const work = effects.filter((effect) => effect.class !== 'output')
  const at = (/** @type {(effect: Effect) => boolean} */ matches) => work.findIndex(matches)
  const named = at(({ to }) => to?.endsWith('.der') === true)
  const kept = named + 1
  // Before a write the section is kept first, and then the key; for both, first the bytes, then the files that describe
  // them.
  const section = at(({ to }) => to?.endsWith('.bin') === true)
  const sectionKept = section < 0 ? section : section + 1
  // The calls for the key begin after the last rename before it and the sync of the folder.
  const key = work.slice(0, named).findLastIndex(({ call }) => call === 'renameat2') + 2
  const write = at(writesKey)
  assert.ok(named > 0 && work[kept]?.call === 'fsync', 'a backup is made')
  // At first, the command tests that it can write: into the archive or the file's folder, then into the journal.
  const [shown, duo] = [at(({ call }) => call === 'unlinkat'), at((effect) => effect.class === 'socket')]
  const journal = dirname(home.journal)
  const isJournals = (/** @type {Effect} */ { path = '' }, /** @type {number} */ index) =>
    index > duo
      ? dirname(path) !== home.archive && path.startsWith(journal) && path !== home.archive
      : index > shown

  /** @returns {Outcome} */
  const outcome = (/** @type {Effect} */ effect, /** @type {number} */ index) => {
    if (effect.call === 'unlinkat') return 'goes on'
    if (write >= 0 && index > write) return 'goes on'
    // A command that writes nothing to a Duo works without a journal.
    if (isJournals(effect, index) && write < 0) return 'goes on'
    if (isJournals(effect, index)) return index > named ? 'refused, and the backup is kept' : 'refused'
    // The name exists, but may not survive a power cut.
    if (index === kept || index === sectionKept) return 'refused, and the backup is kept'
    if (index > kept) return 'goes on'
    if (section < 0 || index <= section) return 'refused'
    return index < key ? 'goes on' : 'refused, and the backup is kept'
  }
  return work
    .map((effect, index) => ({
      effect,
      expected: outcome(effect, index),
      title: `${effect.call} ${effect.index} ${home.nameless(effect.path ?? '')}`.trim(),
    }))
    .filter(({ effect }) => effect.class === 'file')
}

/** @type {Record<Outcome, (stage: Stage, home: Home, traced: Traced, effect: Effect) => Promise<void>>} */
const LOOK = {
  /** Nothing was written to the Duo, and no file is left, not even a temporary one. */
  async refused(stage, home, traced, effect) {
    await refusedWithPath(stage, home, traced, effect)
    assert.deepEqual([...home.files().keys()], [])
  },
  /** Nothing was written to the Duo, and every file that exists is whole. */
  async 'refused, and the backup is kept'(stage, home, traced, effect) {
    await refusedWithPath(stage, home, traced, effect)
    assert.deepEqual(home.files(), home.finals())
    assert.ok(home.finals().size > 0)
    await home.check()
  },
  /** A temporary file is left, or the journal or a file that describes the backup is missing. */
  async 'goes on'(stage, home, { code, struck, stdout }, effect) {
    assert.equal(struck?.call, effect.call)
    assert.equal(code, 0, stdout)
    await home.check()
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
  assert.equal(traced.code, 9, traced.stdout)
  assert.ok(['FILE_NOT_WRITABLE', 'JOURNAL_UNWRITABLE'].includes(code), traced.stdout)
  assert.ok(message.includes(home.folder), `no path in: ${message}`)
  assert.ok(!message.includes('.duo-provision-'), `a temporary name in: ${message}`)
  assert.equal(traced.effects.filter(writesKey).length, 0, 'a key goes out')
  await stage.safe(home, traced)
}
