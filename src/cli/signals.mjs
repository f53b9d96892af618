/**
 * Ctrl-C: the first stops the operation between two transfers, once a write that has begun is finished and read
 * back; the second ends the process at once and says what is not known.
 */

/** Steps during which the state of the key is open. */
const WRITING = new Set(['write', 'verify', 'reconcile'])

/** @typedef {ReturnType<typeof interruptible>} Interrupt */

export function interruptible(/** @type {import('./output.mjs').Output} */ output) {
  const controller = new AbortController()
  let current = ''

  const onSignal = () => {
    if (!controller.signal.aborted) {
      controller.abort()
      if (WRITING.has(current)) {
        output.say('stopping when the write has been read back (Ctrl-C again to stop at once)')
      }
      return
    }
    output.progress.stop()
    if (WRITING.has(current)) {
      output.say('stopped in the middle of a write: which key the Duo has is not known')
      output.say('put it into DFU mode again and see with: duo-provision list')
      process.exit(6)
    }
    process.exit(130)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)

  return {
    signal: controller.signal,
    /** Asks to stop, as a first Ctrl-C does. */
    request: onSignal,
    /** The operation has come to this step. */
    phase(/** @type {string} */ name) {
      current = name
    },
    /** The operation has ended; signals do what they always do. */
    end() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
