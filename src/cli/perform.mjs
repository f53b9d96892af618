/** Performs one operation: its events, its question, its signals, and the exit code that comes of it. */

import { exitOfFleet } from './fleet.mjs'
import { askPassphrase } from './passphrase.mjs'
import { ask, canAsk } from './prompt.mjs'
import { describeResult, sayEvent } from './render.mjs'
import { report } from './report.mjs'
import { interruptible } from './signals.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').Control} Control */

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
      if (!output.json) sayEvent(event, output)
      interrupt.seen(event)
    },
  }
  if (!output.json && canAsk()) control.passphrase = (request) => askPassphrase(request, output, interrupt)
  if (asks) control.confirm = (plan) => ask(plan, output, interrupt)
  try {
    const result = await operation(options, control)
    output.result(command, result)
    if (!output.json) describeResult(command, result, output, options)
    return exitOfFleet(command, result)
  } catch (error) {
    return report(error, output)
  } finally {
    interrupt.end()
  }
}
