/** Runs one command: finds its function, and decides whether to ask first. */
import * as api from '../../index.js'
import hints from '../hint.cjs'
import { perform } from './perform.mjs'
import { canAsk } from './prompt.mjs'
import { report } from './report.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('./grammar.cjs').ParsedCommand} ParsedCommand */

/** The commands that ask, because they write to a Duo. */
const ASKING = new Set(['restore', 'reset', 'rotate', 'dct restore', 'server-key set', 'server-key restore'])

/** @returns {Promise<number>} the exit code */
export async function run(/** @type {ParsedCommand} */ parsed, /** @type {Output} */ output) {
  const command = parsed.command ?? ''
  if (command === 'demo') return (await import('./demo.mjs')).demo(output)
  if (command === 'doctor') return (await import('./doctor.mjs')).doctor(parsed, output)
  if (command === 'simulate') return (await import('./simulate.mjs')).simulate(parsed.options, output)
  const { all, ...rest } = parsed.options ?? {}
  if (all) return runAll(`${command} --all`, rest, parsed, output)
  const operation = functionOf(command)
  const asks = ASKING.has(command) && !parsed.yes && !parsed.options.dryRun
  if (asks && (parsed.json || !canAsk())) return refuseUnasked(command, operation, parsed.options, output)
  return perform(command, operation, parsed.options, asks, output)
}

/** Runs the command on all Duos. Asks once before keys are sent, if there is a terminal to ask on. */
function runAll(
  /** @type {string} */ command,
  /** @type {any} */ options,
  /** @type {ParsedCommand} */ { yes, json },
  /** @type {Output} */ output,
) {
  const asks = command === 'provision --all' && !yes && !json && !options.dryRun && canAsk()
  return perform(command, functionOf(command), options, asks, output)
}

function functionOf(/** @type {string} */ command) {
  const name = hints.FUNCTIONS[/** @type {keyof typeof hints.FUNCTIONS} */ (command)]
  const operation = /** @type {Record<string, any>} */ (api)[name]
  if (!operation) throw new Error(`no function for ${command}`)
  return operation
}

/**
 * Refuses, because there is no terminal to ask on. If the arguments are wrong, it reports that instead: a dry run
 * checks them, and stops before it looks for the Duo.
 * @param {string} command
 * @param {(options: any, control: import('../../index.js').Control) => Promise<object>} operation
 * @param {any} options
 * @param {Output} output
 */
async function refuseUnasked(command, operation, { enterDfu, wait, ...options }, output) {
  const looked = new AbortController()
  try {
    await operation(
      { ...options, dryRun: true },
      { signal: looked.signal, onEvent: (event) => event.type === 'phase' && looked.abort() },
    )
  } catch (error) {
    if (!looked.signal.aborted) return report(error, output)
  }
  const problem = needsConfirmation(command)
  output.error(problem)
  return problem.exitCode
}

/** @returns {import('../../index.js').Problem} */
function needsConfirmation(/** @type {string} */ command) {
  return {
    code: 'CONFIRMATION_REQUIRED',
    message: `${command} writes to the Duo, and there is no terminal to ask on`,
    hint: 'add --yes to say yes beforehand, or --dry-run to see what would be done; nothing was touched',
    exitCode: 2,
  }
}
