/** Runs steps in parallel: each starts when the steps that it needs are done and a place is free. */

/** @typedef {import('./run.mjs').Outcome} Outcome */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} [needs] steps that must pass first
 * @property {string} [lock] only one step with the same lock runs at a time
 * @property {boolean} [last] runs after all others, even if they failed
 * @property {() => Promise<Outcome>} run
 */

/**
 * Runs all steps. If a step that it needs has failed, a step does not run and counts as failed.
 * @param {Step[]} steps in the order in which they should start
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
 * A step that throws counts as one failure.
 * @returns {Outcome}
 */
function crash(/** @type {unknown} */ error) {
  const output = error instanceof Error ? (error.stack ?? error.message) : `${error}`
  return { passed: 0, failed: 1, output }
}
