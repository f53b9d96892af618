/** Prints what was thrown as an error, and returns its exit code. */

/** @typedef {import('../../index.js').DuoProvisionError} DuoProvisionError */

/** Shows an error of the addon. Anything else is a defect; it is shown without a stack. */
export function report(/** @type {unknown} */ thrown, /** @type {import('./output.mjs').Output} */ output) {
  const error = /** @type {DuoProvisionError} */ (thrown)
  if (typeof error?.code !== 'string' || typeof error.exitCode !== 'number') {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    output.error({ code: 'INTERNAL', message, hint: 'this is a defect; please report it', exitCode: 1 })
    return 1
  }
  const { code, message, hint, exitCode, phase, device, keyState } = error
  const problem = { code, message, hint, exitCode, phase, device, keyState }
  output.error(/** @type {any} */ ({ ...problem, causes: causes(error) }))
  return exitCode
}

function causes(/** @type {Error} */ error) {
  const found = []
  for (let cause = error.cause; cause instanceof Error && found.length < 10; cause = cause.cause) {
    // A cause that the message contains is not repeated.
    if (!error.message.includes(cause.message)) found.push(cause.message)
  }
  return found
}
