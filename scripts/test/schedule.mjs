/** Steps side by side: each as soon as what it needs is done and there is a place for it. */

/** @typedef {import('./run.mjs').Outcome} Outcome */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} [needs] steps that have to have passed
 * @property {string} [lock] of the steps with the same lock one runs at a time
 * @property {boolean} [last] after all others, whatever became of them
 * @property {() => Promise<Outcome>} run
 */

/**
 * Runs all of them. A step whose need has failed is not run, and has failed.
 * @param {Step[]} steps in the order in which they are wanted
 * @param {number} places how many run at a time
 * @param {{ begins: (name: string) => void, ends: (name: string, outcome: Outcome) => void }} watcher
 */
export async function sideBySide(steps, places, watcher) {
  const waiting = [...steps]
  /** @type {Map<Step, Promise<void>>} */
  const running = new Map()
  /** @type {Map<string, Outcome>} */
  const ended = new Map()

  const end = (/** @type {Step} */ step, /** @type {Outcome} */ outcome) => {
    ended.set(step.name, outcome)
    running.delete(step)
    watcher.ends(step.name, outcome)
  }
  const begin = (/** @type {Step} */ step) => {
    waiting.splice(waiting.indexOf(step), 1)
    const failed = step.needs?.filter((name) => (ended.get(name)?.failed ?? 0) > 0) ?? []
    watcher.begins(step.name)
    if (failed.length > 0) return end(step, { passed: 0, failed: 1, note: `it needs ${failed.join(', ')}` })
    const outcome = step.run().catch(crash)
    running.set(
      step,
      outcome.then((done) => end(step, done)),
    )
  }
  const mayBegin = (/** @type {Step} */ step) => {
    const needed = step.last ? steps.filter((other) => other !== step).map(({ name }) => name) : step.needs
    const locked = step.lock && [...running.keys()].some(({ lock }) => lock === step.lock)
    return running.size < places && !locked && (needed ?? []).every((name) => ended.has(name))
  }

  while (ended.size < steps.length) {
    for (const step of [...waiting]) if (mayBegin(step)) begin(step)
    if (running.size > 0) await Promise.race(running.values())
  }
}

/**
 * A step that could not even be run counts as one failure.
 * @returns {Outcome}
 */
function crash(/** @type {unknown} */ error) {
  const output = error instanceof Error ? (error.stack ?? error.message) : `${error}`
  return { passed: 0, failed: 1, output }
}
