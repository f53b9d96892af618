/** Performs one operation: shows its events, asks its question, handles signals, and returns the exit code. */
import { exitOfAll, isOfAll, sayOfAll } from './all.mjs'
import { INTERRUPTED } from './choose.mjs'
import { exitOfFleet } from './fleet.mjs'
import { askPassphrase } from './passphrase.mjs'
import { ask, askAll, canAsk } from './prompt.mjs'
import { describeResult, sayEvent } from './render.mjs'
import { report } from './report.mjs'
import { interruptible } from './signals.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').Control} Control */

/** The exit code after Ctrl-C. */
const STOPPED = 130

/** The commands that look at all Duos. */
const OF_ALL = new Set(['list', 'doctor'])

/**
 * The port of the Duo that the user chooses, if there are several and the options do not select one.
 * @param {string} command
 * @param {any} error
 * @param {any} options
 * @param {Output} output
 */
async function pathInstead(command, error, options, output) {
  if (error?.code !== 'SEVERAL_DEVICES' || OF_ALL.has(command)) return undefined
  const { choosePath } = await import('./which-duo.mjs')
  return choosePath(options, output)
}

/**
 * @param {string} command
 * @param {(options: any, control: Control) => Promise<object>} operation
 * @param {object} options
 * @param {boolean} asks
 * @param {Output} output
 */
export async function perform(command, operation, options, asks, output) {
  const interrupt = interruptible(output)
  /** @type {Control} */
  const control = {
    signal: interrupt.signal,
    onEvent(event) {
      output.event(event)
      // If the backup is the result, its path is shown there.
      const isResult = event.type === 'backed-up' && /^(dct )?backup$/.test(command)
      if (!output.json && !isResult && !sayOfAll(event, command, output)) sayEvent(event, output)
      interrupt.seen(event)
    },
  }
  if (!output.json && canAsk()) control.passphrase = (request) => askPassphrase(request, output, interrupt)
  if (asks) {
    control.confirm = (plan) => ask(plan, output, interrupt)
    control.confirmAll = (plan) => askAll(plan, output, interrupt)
  }
  try {
    const result = await operation(options, control)
    output.result(command, result)
    if (!output.json) describeResult(command, result, output, options)
    return isOfAll(command) ? exitOfAll(result) : exitOfFleet(command, result)
  } catch (error) {
    const path = await pathInstead(command, error, options, output)
    if (path === INTERRUPTED) return STOPPED
    if (path === undefined) return report(error, output)
    interrupt.end()
    return perform(command, operation, { ...options, path }, asks, output)
  } finally {
    interrupt.end()
  }
}
