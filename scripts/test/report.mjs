/** Prints the progress of a run: a line when a step ends, and in between the steps that still run. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OUTPUT } from './run.mjs'

/** @typedef {import('./run.mjs').Outcome} Outcome */

/** How often it prints which steps run, in milliseconds. On a terminal the line is replaced. */
const EVERY = process.stdout.isTTY ? 1_000 : 30_000

const CLEAR = '\r\u001b[K'

export class Report {
  #begun = performance.now()
  /** The start times of the running steps. @type {Map<string, number>} */
  #running = new Map()
  #total = { passed: 0, failed: 0 }
  /** @type {string[]} */
  #failed = []
  #timer = setInterval(() => this.#sign(), EVERY)

  begins(/** @type {string} */ name) {
    this.#running.set(name, performance.now())
    if (process.stdout.isTTY) this.#sign()
  }

  /** Prints the step's line; its whole output follows if it failed. */
  ends(/** @type {string} */ name, /** @type {Outcome} */ outcome) {
    const seconds = (performance.now() - (this.#running.get(name) ?? 0)) / 1000
    this.#running.delete(name)
    this.#total.passed += outcome.passed
    this.#total.failed += outcome.failed
    if (outcome.failed > 0) this.#failed.push(name)
    keepOutput(name, outcome.output)
    const output = outcome.failed > 0 ? (outcome.output ?? '').trimEnd() : ''
    const below = output && `${output.replace(/^/gm, '    ')}\n`
    process.stdout.write(`${process.stdout.isTTY ? CLEAR : ''}${line(name, outcome, seconds)}\n${below}`)
    if (process.stdout.isTTY && this.#running.size > 0) this.#sign()
  }

  /** Prints the closing lines and returns the exit status. */
  close() {
    clearInterval(this.#timer)
    const { passed, failed } = this.#total
    if (this.#failed.length > 0) process.stdout.write(`\nfailed: ${this.#failed.join(', ')}`)
    process.stdout.write(
      `\n${minutes(performance.now() - this.#begun)}\n${passed} passed, ${failed} failed\n`,
    )
    return failed > 0 ? 1 : 0
  }

  #sign() {
    const seconds = Math.round((performance.now() - this.#begun) / 1000)
    const sign = `… ${[...this.#running.keys()].join(', ')} running, ${seconds} s`
    const columns = process.stdout.columns ?? 80
    process.stdout.write(process.stdout.isTTY ? `${CLEAR}${sign.slice(0, columns - 1)}` : `${sign}\n`)
  }
}

function line(/** @type {string} */ name, /** @type {Outcome} */ outcome, /** @type {number} */ seconds) {
  const { passed, failed, skipped = 0, note, output = '' } = outcome
  const verdict = failed > 0 ? 'FAILED' : passed > 0 ? 'ok' : 'skipped'
  const counts = [`${passed} passed`]
  if (failed > 0) counts.push(`${failed} failed`)
  if (skipped > 0) counts.push(`${skipped} skipped`)
  const notes = [note, sampled(output)].filter(Boolean).join('; ')
  return [
    `${name.padEnd(12)} ${verdict.padEnd(7)} ${seconds.toFixed(1).padStart(6)} s`,
    passed + failed > 0 ? counts.join(', ') : '',
    notes && `(${notes})`,
  ]
    .filter(Boolean)
    .join('  ')
}

/** The tables of which the tests tried a sample; the parts of a table are added up. */
function sampled(/** @type {string} */ output) {
  /** @type {Map<string, { tried: number, of: number }>} */
  const tables = new Map()
  for (const [, name = '', tried, of] of output.matchAll(/^sample: (.+), (\d+) of (\d+) cases\s*$/gm)) {
    const table = tables.get(name) ?? { tried: 0, of: 0 }
    tables.set(name, { tried: table.tried + Number(tried), of: table.of + Number(of) })
  }
  const words = [...tables].map(([name, { tried, of }]) => `${count(tried)} of ${count(of)} cases of ${name}`)
  return words.length > 0 ? `a sample: ${words.join(', ')}` : undefined
}

function count(/** @type {number} */ number) {
  return number.toLocaleString('en')
}

function minutes(/** @type {number} */ milliseconds) {
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Keeps the output of a step, because it is searched for secrets too. */
function keepOutput(/** @type {string} */ name, /** @type {string | undefined} */ output) {
  mkdirSync(OUTPUT, { recursive: true })
  if (name !== 'secrets' && output) writeFileSync(join(OUTPUT, `${name}.step.txt`), output)
}
