/** The error that every function of the package throws. */
'use strict'

const { forTheApi } = require('./hint.cjs')

/** Marks the error for every copy of this package, in other realms too: worker, `vm` context, second installation. */
const BRAND = Symbol.for('duo-provision.error')

class DuoProvisionError extends Error {
  /**
   * The error of the addon, with the stack of the call that failed.
   *
   * @param {any} thrown by the addon
   * @param {{ stack?: string }} at where the stack was taken
   */
  constructor({ name, message, cause, ...members }, at) {
    super(message)
    Object.assign(this, members)
    const frames = (at.stack ?? '').split('\n    at ').slice(1)
    const stack = [`${name}: ${message}`, ...frames].join('\n    at ')
    // Not enumerable, as in any error.
    const hidden = Object.entries({ name, stack, ...(cause === undefined ? {} : { cause }) })
    for (const [member, value] of hidden)
      Object.defineProperty(this, member, { value, writable: true, configurable: true, enumerable: false })
  }

  get [BRAND]() {
    return true
  }

  get apiHint() {
    return forTheApi(/** @type {{ hint?: string }} */ (this).hint)
  }
}

/**
 * @param {any} error anything
 * @param {string} [code]
 */
function isDuoProvisionError(error, code) {
  return error?.[BRAND] === true && (code === undefined || error.code === code)
}

/**
 * The same function, but it throws errors of the class above, with the stack of its caller. Any other error is passed
 * on.
 */
function guarded(/** @type {any} */ run) {
  /** @this {unknown} */
  function guard(/** @type {unknown[]} */ ...given) {
    // Taken now: the caller is not on the stack any more when a promise rejects.
    const at = {}
    Error.captureStackTrace(at, guard)
    const own = (/** @type {any} */ error) => {
      throw error?.exitCode === undefined ? error : new DuoProvisionError(error, at)
    }
    try {
      const outcome = run.apply(this, given)
      return outcome instanceof Promise ? outcome.catch(own) : outcome
    } catch (error) {
      return own(error)
    }
  }
  return Object.defineProperty(guard, 'name', { value: run.name })
}

/** The same class with guarded methods. Both share one prototype, so `instanceof` is true for both. */
function guardedClass(/** @type {any} */ made, /** @type {string[]} */ statics) {
  const { prototype } = made
  prototype[Symbol.asyncDispose] = function dispose() {
    return this.stop()
  }
  // What was started runs until it is stopped, even if no variable refers to it any more.
  const running = new Set()
  const { stop } = prototype
  prototype.stop = function stopped() {
    return stop.call(this).then((/** @type {unknown} */ done) => {
      running.delete(this)
      return done
    })
  }
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
    if (typeof value === 'function' && name !== 'constructor') prototype[name] = guarded(value)
  const start = async (/** @type {unknown[]} */ ...given) => {
    const one = await made.start(...given)
    running.add(one)
    return one
  }
  // The addon's own constructor throws; its static functions cannot be replaced in place.
  const guard = Object.defineProperty(() => {}, 'name', { value: made.name })
  for (const name of statics)
    Object.defineProperty(guard, name, { value: guarded(name === 'start' ? start : made[name]) })
  guard.prototype = prototype
  return guard
}

module.exports = { DuoProvisionError, isDuoProvisionError, guarded, guardedClass }
