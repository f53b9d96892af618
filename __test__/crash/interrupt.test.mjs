/**
 * Ctrl-C in the middle of a write. Once: the write is finished, read back and judged, and then the command ends with
 * 130. If the write failed, it ends with what it found out. Twice: it ends at once and says what is not known, and the
 * command that it suggests brings the old key back.
 *
 * The thread that talks to the Duo is held before a call while the signal is sent, so that nothing depends on time.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { stateOf, writesKey } from './bench.mjs'
import { COMMANDS, onStage, staged } from './stages.mjs'
import { run, startTraced } from './tracer.mjs'

/** @typedef {import('./stages.mjs').Stage} Stage */
/** @typedef {import('./bench.mjs').Home} Home */
/** @typedef {import('./tracer.mjs').Effect} Effect */

const ONCE = /stopping when the write has been read back/

describe('Ctrl-C in a write', { concurrency: 2 }, () => {
  test('once, at each of its transfers: it is read back, and ends with 130', async (t) => {
    for (const { setup, index } of await transfers()) {
      await t.test(`restore, before ${setup}`, () =>
        onStage(COMMANDS.restore, async (stage, home) => {
          const { code, stderr } = await interrupted(stage, home, [`hold:socket:${index}`])
          assert.equal(code, 130, stderr)
          assert.match(stderr, /\[INTERRUPTED\]/)
          assert.match(stderr, /what was asked for is in place and verified/)
          await stage.done(home)
        }),
      )
    }
  })

  test('once, in a reset: it is read back, the Duo stays where it is, and it ends with 130', () =>
    onStage(COMMANDS.reset, async (stage, home) => {
      const write = await written('reset')
      const { code, stderr } = await interrupted(stage, home, [`hold:socket:${write.index + 1}`])
      assert.equal(code, 130, stderr)
      assert.match(stderr, /press RESET/)
      const { fingerprint, presence, boots } = stateOf(stage.duo)
      assert.deepEqual([fingerprint, presence, boots], [undefined, 'dfu', 0])
    }))

  for (const { polls, name, status, says } of [
    { polls: 1, name: 'not written', status: 5, says: /the old bytes are still there/ },
    { polls: 2, name: 'written', status: 130, says: /what was asked for is in place and verified/ },
  ]) {
    // The first poll commits the block (redbear/firmware usbd_dfu_mal.c). The connection is lost instead of that poll,
    // or instead of the second.
    test(`once, while the Duo is asked what became of the write: ${name}, and ends with ${status}`, () =>
      onStage(COMMANDS.restore, async (stage, home) => {
        const { index } = await written('restore')
        const lost = `fail:socket:${index + polls}:${constants.errno.ECONNRESET}`
        const plan = await staged(COMMANDS.restore, lost, async (_stage, _home, { effects }) => effects)
        const reconnect = plan.find((effect) => effect.call === 'connect' && effect.index > index)
        assert.ok(reconnect, 'the Duo is not looked for')
        const { code, stderr } = await interrupted(stage, home, [lost, `hold:socket:${reconnect.index}`])
        assert.equal(code, status, stderr)
        assert.match(stderr, says)
      }))
  }

  test('twice: it ends at once with 6, and what `status` then says brings the old key back', () =>
    onStage(COMMANDS.restore, async (stage, home) => {
      const { index } = await written('restore')
      const old = stateOf(stage.duo).fingerprint
      const { held, pid } = await hold(stage, home, [`hold:socket:${index + 1}`])
      process.kill(pid, 'SIGINT')
      await held.says(ONCE)
      process.kill(pid, 'SIGINT')
      const { code, stderr } = await held.end
      assert.equal(code, 6, stderr)
      assert.match(stderr, /\[KEY_STATE_UNKNOWN\]/)
      const [, shown] = stderr.match(/what was there is in (\S+)/) ?? []
      const backup = shown?.replace(/^~/, home.folder)
      // The key, and the section that contains it.
      const kept = await home.backupsOf(old)
      assert.ok(backup?.endsWith('.der') && kept.length === 2 && kept.includes(backup), `${backup}, ${kept}`)
      const { stdout } = await run(['status', '--json'], home)
      const { inFlight } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
      const [program, ...args] = inFlight[0].next.at(-1).command.split(' ')
      assert.deepEqual([program, args[0], args[1]], ['duo-provision', 'restore', backup])
      const recovered = await run([...args, '--yes'], home)
      assert.equal(recovered.status, 0, recovered.stderr)
      assert.equal(stateOf(stage.duo).fingerprint, old)
    }))
})

/** The transfers of a restore's write and read-back, from the first to the last. */
async function transfers() {
  return staged(COMMANDS.restore, 'watch', async (_stage, _home, { effects }) => {
    const usb = effects.filter(({ setup }) => setup)
    const block = usb.findIndex(writesKey)
    // SET_ADDRESS and its two polls come before the block.
    return usb.slice(block - 3)
  })
}

/** The transfer that carries the key. */
async function written(/** @type {'restore' | 'reset'} */ command) {
  const write = await staged(COMMANDS[command], 'watch', async (_stage, _home, { effects }) =>
    effects.find(writesKey),
  )
  assert.ok(write, 'nothing is written')
  return write
}

/**
 * Interrupts a command once while one of its calls is held, then lets it continue.
 * @param {Stage} stage
 * @param {Home} home
 * @param {string[]} strikes the last of them is the hold
 */
async function interrupted(stage, home, strikes) {
  const { held, pid, release } = await hold(stage, home, strikes)
  process.kill(pid, 'SIGINT')
  await held.says(ONCE)
  release()
  return held.end
}

/**
 * Starts a command that stops before one of its calls. Returns when it has stopped there and has said that it writes.
 * @param {Stage} stage
 * @param {Home} home
 * @param {string[]} strikes
 */
async function hold(stage, home, strikes) {
  const file = join(home.folder, 'go')
  const args = stage.args(home).filter((word) => word !== '--json')
  const held = startTraced(args, home, `${strikes.join(',')}:${file}`)
  const pid = await held.pid()
  await held.holding()
  await held.says(/writing to the Duo/)
  return { held, pid, release: () => writeFileSync(file, '') }
}
