/**
 * Runs one command: its function, its events, its question, its signals, and the exit code that comes of it.
 */
import * as api from '../../index.js'
import { askPassphrase } from './passphrase.mjs'
import { ask, canAsk } from './prompt.mjs'
import { describeResult, sayEvent } from './render.mjs'
import { report } from './report.mjs'
import { interruptible } from './signals.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').ParsedCommand} ParsedCommand */
/** @typedef {import('../../index.js').Control} Control */

/** @type {Record<string, (options: any, control: Control) => Promise<object>>} */
const FUNCTIONS = {
  list: api.listDevices,
  dfu: api.enterDfu,
  backup: api.backupKey,
  restore: api.restoreKey,
  reset: api.resetKey,
  rotate: api.rotateKey,
  provision: api.provision,
  'dct backup': api.backupDct,
  'dct show': api.showDct,
  'dct restore': api.restoreDct,
  'server-key show': api.showServerKey,
  'server-key set': api.setServerKey,
  'server-key restore': api.restoreServerKey,
  inspect: api.inspectKey,
  'key new': api.newKey,
  'key public': api.publicKey,
  verify: api.verifyPairing,
  backups: api.listBackups,
  status: api.status,
  history: api.history,
  'udev print': async () => api.udevRule(),
  'udev install': api.installUdevRule,
}

/** The commands that write to a Duo, and therefore ask. */
const ASKING = new Set(['restore', 'reset', 'rotate', 'dct restore', 'server-key set', 'server-key restore'])

/** @returns {Promise<number>} the exit code */
export async function run(/** @type {ParsedCommand} */ parsed, /** @type {Output} */ output) {
  const command = parsed.command ?? ''
  if (command === 'demo') return (await import('./demo.mjs')).demo(output)
  if (command === 'doctor') return (await import('./doctor.mjs')).doctor(parsed, output)
  if (command === 'simulate') return (await import('./simulate.mjs')).simulate(parsed.options, output)
  const operation = FUNCTIONS[command]
  if (!operation) throw new Error(`no function for ${command}`)

  const asks = ASKING.has(command) && !parsed.yes && !parsed.options.dryRun
  if (asks && (parsed.json || !canAsk())) {
    output.error(needsConfirmation(command))
    return 2
  }
  return perform(command, operation, parsed.options, asks, output)
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
    return 0
  } catch (error) {
    return report(error, output)
  } finally {
    interrupt.end()
  }
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
