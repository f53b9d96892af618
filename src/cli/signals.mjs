/**
 * Handles Ctrl-C. The first one stops the operation between two transfers; a write that has begun is finished and read
 * back first. The second one ends the process at once and says what is not known. A closed terminal counts as Ctrl-C.
 */
import { printable } from './layout.mjs'

/** Steps during which the state of the key is not known. */
const WRITING = new Set(['write', 'verify', 'reconcile'])

const ANSWERS = 'the answers that are due have come'

/** Steps that end soon without help, and what they wait for. @type {Record<string, string | undefined>} */
const IN_FLIGHT = {
  'send-list': ANSWERS,
  'ask-list': ANSWERS,
  'of-duo': 'those Duos have ended that are begun',
}

/** How long an operation that writes nothing may take to stop, in milliseconds: it may wait for an input. */
const GRACE = 3000

/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** @typedef {ReturnType<typeof interruptible>} Interrupt */

export function interruptible(/** @type {import('./output.mjs').Output} */ output) {
  const controller = new AbortController()
  let current = ''
  let backup = ''
  /** @type {NodeJS.Timeout | undefined} */
  let grace

  const endNow = () => {
    const problem = WRITING.has(current) ? unknownKey(backup) : INTERRUPTED
    output.error(problem)
    process.exit(problem.exitCode)
  }

  const onSignal = () => {
    if (controller.signal.aborted) return endNow()
    controller.abort()
    if (!output.json && WRITING.has(current)) {
      output.say('stopping when the write has been read back (Ctrl-C again to stop at once)')
    }
    const due = IN_FLIGHT[current]
    if (due) {
      if (!output.json) output.say(`stopping when ${due} (Ctrl-C again to stop at once)`)
      return
    }
    grace = setTimeout(() => WRITING.has(current) || endNow(), GRACE)
    grace.unref()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)

  return {
    signal: controller.signal,
    /** Asks to stop, as a first Ctrl-C does. */
    request: onSignal,
    /** A question is open: Ctrl-C waits for no step. */
    asking() {
      current = ''
    },
    /** Notes the step and the backup from an event. */
    seen(/** @type {import('../../index.js').ProgressEvent} */ event) {
      if (event.type === 'phase') current = event.phase
      if (event.type === 'of-duo') current = event.type
      if (event.type === 'backed-up') backup = event.file
    },
    /** The operation has ended: signals have their default effect again. */
    end() {
      clearTimeout(grace)
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}

/** @type {import('../../index.js').Problem} */
const INTERRUPTED = { code: 'INTERRUPTED', message: 'stopped at once', exitCode: 130 }

/** @returns {import('../../index.js').Problem} */
function unknownKey(/** @type {string} */ backup) {
  const kept = backup ? `what was there is in ${printable(backup)}` : 'no backup of what was there was made'
  return {
    code: 'KEY_STATE_UNKNOWN',
    message: 'stopped in the middle of a write: what the Duo holds is not known',
    hint: `what to type, to finish or to go back, says: duo-provision status; ${kept}`,
    exitCode: 6,
    keyState: 'unknown',
  }
}
