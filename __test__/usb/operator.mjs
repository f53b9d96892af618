/**
 * The process under test, from both of its sides. If run as a program, it is the shipped addon and nothing else: its
 * channel says which function to call, and it answers with the result. `Operator` starts it, asks it, and ends it if it
 * does not answer: a case that hangs does not stop the other cases.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { keepText } from '../secrets/keep.mjs'
import { WATCHDOG } from './limits.mjs'

const SELF = fileURLToPath(import.meta.url)

/** @typedef {{ code: string, exitCode: number, message: string, hint?: string, keyState?: string, cause?: string }} Problem */
/** @typedef {{ result?: any, problem?: Problem }} Answer */

export class Operator {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child

  /**
   * Calls a function of the addon. A process that does not answer in time is killed, and the next call gets a
   * new one.
   * @param {string} name
   * @param {object} options
   * @returns {Promise<Answer>}
   */
  async call(name, options) {
    this.#child ??= fork(SELF, ['operate'])
    const child = this.#child
    const over = new AbortController()
    const { signal } = over
    try {
      const answered = once(child, 'message', { signal }).then(([answer]) => answer)
      const ended = once(child, 'exit', { signal }).then(([code, by]) => {
        throw new Error(`the process ended in the middle of ${name}: ${by ?? `status ${code}`}`)
      })
      const late = pause(WATCHDOG, undefined, { signal }).then(() => {
        throw new Error(`the watchdog ended ${name}: no answer within ${WATCHDOG / 1000} s`)
      })
      for (const loser of [answered, ended, late]) loser.catch(() => {})
      child.send({ name, options })
      const answer = await Promise.race([answered, ended, late])
      keepText(`lane-${name}`, JSON.stringify({ options, answer }))
      return answer
    } catch (error) {
      await this.end()
      throw error
    } finally {
      over.abort()
    }
  }

  /** The USB devices that the process has open. */
  devices() {
    const folder = `/proc/${this.#child?.pid}/fd`
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(`${folder}/${name}`)].filter((target) => target.startsWith('/dev/bus/usb/'))
      } catch {
        return [] // Closed after it was listed.
      }
    })
  }

  /** Ends the process, whatever it is doing. */
  async end() {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}

if (process.argv[2] === 'operate' && process.argv[1] === SELF) await operate()

async function operate() {
  /** @type {Record<string, any>} */
  const addon = await import('../../index.js')
  process.on('message', async (/** @type {{ name: string, options: object }} */ { name, options }) => {
    /** @type {Answer} */
    const answer = await addon[name](options).then(
      (/** @type {unknown} */ result) => ({ result }),
      (/** @type {unknown} */ error) => ({ problem: problem(error) }),
    )
    process.send?.(answer)
  })
}

/** A channel does not transfer a whole error. @returns {Problem} */
function problem(/** @type {any} */ { code, exitCode, message, hint, keyState, cause }) {
  return { code, exitCode, message, hint, keyState, cause: cause?.message }
}
