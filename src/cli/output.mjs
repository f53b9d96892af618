/**
 * Writes the output: data to standard output and everything else to standard error, or all of it as JSON lines to
 * standard output. It knows colours and terminals, but not what the text means.
 */
import { createProgress } from './progress.mjs'
import terminal from './terminal.cjs'
import { brief, laidOut, sentences, showWhole } from './words.mjs'

const { takesColor } = terminal

/** @typedef {ReturnType<typeof createOutput>} Output */
/** @typedef {import('./grammar.cjs').ParsedCommand} ParsedCommand */
/** @typedef {import('../../index.js').Problem} Problem */
/** @typedef {Pick<ParsedCommand, 'json' | 'verbose'> & Partial<Pick<ParsedCommand, 'quiet' | 'full'>>} OutputOptions */

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 }

/** Paints for one stream. */
export function painter(/** @type {boolean} */ colored) {
  return (/** @type {keyof typeof STYLES} */ style, /** @type {string} */ text) =>
    colored ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text
}

/**
 * Characters that a terminal acts on, except our own colours. File names and text from elsewhere may contain them: all
 * controls except tab and line feed, and marks that are invisible or change the direction of text.
 */
const ACTED_ON =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
  /(?!\u001b\[\d+m)[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g

const visible = (/** @type {string} */ text) => text.replace(ACTED_ON, '\ufffd')

export function createOutput(/** @type {OutputOptions} */ { json, verbose, quiet = false, full = false }) {
  const paintOut = painter(!json && takesColor(process.stdout))
  const paintErr = painter(takesColor(process.stderr))
  const progress = createProgress(process.stderr, { silent: json || quiet, paint: paintErr })
  if (full) showWhole()

  /** Writes one JSON object on a line. */
  const emit = (/** @type {object} */ value) => process.stdout.write(`${JSON.stringify(value)}\n`)

  /** Writes lines to standard error unchanged; removes the spinner first. */
  const write = (/** @type {string} */ text) => {
    progress.pause()
    process.stderr.write(`${visible(text)}\n`)
  }

  /** Writes a message to standard error, in lines that fit, after its label if it has one. */
  const say = (/** @type {string} */ text, label = '') =>
    write(laidOut(text, { stream: process.stderr, label, bold: (command) => paintErr('bold', command) }))

  /** Writes what to do next, after a blank line. */
  const hint = (/** @type {string} */ text) => {
    write('')
    say(text, paintErr('cyan', 'hint:'))
  }

  return {
    json,
    verbose,
    quiet,
    paint: paintOut,
    paintErr,
    progress,
    write,
    say: (/** @type {string} */ text) => say(text),
    hint,
    /** Writes to standard output what another program reads: nothing is shortened or broken into lines. */
    data(/** @type {string} */ text) {
      progress.pause()
      process.stdout.write(`${visible(text)}\n`)
    },
    /** Writes lines for a person to standard output. */
    print(/** @type {string} */ text) {
      progress.pause()
      process.stdout.write(`${visible(sentences(brief(text), process.stdout))}\n`)
    },
    event(/** @type {import('../../index.js').ProgressEvent} */ event) {
      if (json && !quiet) emit({ ...event })
    },
    note(/** @type {string} */ message) {
      if (!json && !quiet) say(message, paintErr('yellow', 'note:'))
    },
    result(/** @type {string} */ command, /** @type {object} */ result) {
      progress.stop()
      if (json) emit({ type: 'result', command, ...result })
    },
    /** Writes an error and, after a blank line, what to do about it. */
    error(/** @type {Problem & { causes?: string[] }} */ problem) {
      progress.stop()
      const { causes = [], ...plain } = problem
      if (json) return void emit({ type: 'error', ...plain })
      say(`${problem.message} ${paintErr('dim', `[${problem.code}]`)}`, paintErr('red', 'error:'))
      if (verbose > 0) for (const cause of causes) say(`  caused by: ${cause}`)
      if (problem.hint) hint(problem.hint)
    },
  }
}
