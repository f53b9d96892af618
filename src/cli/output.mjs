/**
 * Where words go: data to standard output, everything else to standard error, or all of it as JSON lines to
 * standard output. Knows colours and terminals; knows nothing of what the words mean.
 */
import { createProgress } from './progress.mjs'

/** @typedef {ReturnType<typeof createOutput>} Output */
/** @typedef {import('./grammar.cjs').ParsedCommand} ParsedCommand */
/** @typedef {import('../../index.js').Problem} Problem */

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 }

/** Whether a stream takes colours: NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM and whether it is a terminal. */
export function takesColor(/** @type {{ isTTY?: boolean | undefined }} */ stream, env = process.env) {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0'
  if (env['CLICOLOR_FORCE']) return env['CLICOLOR_FORCE'] !== '0'
  return stream.isTTY === true && env['TERM'] !== 'dumb' && env['CLICOLOR'] !== '0'
}

/** Paints for one stream. */
export function painter(/** @type {boolean} */ colored) {
  return (/** @type {keyof typeof STYLES} */ style, /** @type {string} */ text) =>
    colored ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text
}

/**
 * What a terminal would act on, other than our own colours: file names and other people's words may hold it.
 * Controls but tab and line feed, and marks that are invisible or change direction.
 */
const ACTED_ON =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
  /(?!\u001b\[\d+m)[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g

const visible = (/** @type {string} */ text) => text.replace(ACTED_ON, '\ufffd')

export function createOutput(/** @type {Pick<ParsedCommand, 'json' | 'verbose'>} */ { json, verbose }) {
  const paintOut = painter(!json && takesColor(process.stdout))
  const paintErr = painter(takesColor(process.stderr))
  const progress = createProgress(process.stderr, { silent: json, paint: paintErr })

  /** One JSON object a line. */
  const emit = (/** @type {object} */ value) => process.stdout.write(`${JSON.stringify(value)}\n`)

  /** Lines to standard error, clear of a spinner. */
  const say = (/** @type {string} */ text) => {
    progress.pause()
    process.stderr.write(`${visible(text)}\n`)
  }

  return {
    json,
    verbose,
    paint: paintOut,
    paintErr,
    progress,
    say,
    /** Lines of data to standard output. */
    print(/** @type {string} */ text) {
      progress.pause()
      process.stdout.write(`${visible(text)}\n`)
    },
    event(/** @type {import('../../index.js').ProgressEvent} */ event) {
      if (json) emit({ ...event })
    },
    note(/** @type {string} */ message) {
      if (!json) say(`${paintErr('yellow', 'note:')} ${message}`)
    },
    result(/** @type {string} */ command, /** @type {object} */ result) {
      progress.stop()
      if (json) emit({ type: 'result', command, ...result })
    },
    /** An error and, behind a blank line, what to do about it. */
    error(/** @type {Problem & { causes?: string[] }} */ problem) {
      progress.stop()
      const { causes = [], ...plain } = problem
      if (json) return emit({ type: 'error', ...plain })
      say(`${paintErr('red', 'error:')} ${problem.message} ${paintErr('dim', `[${problem.code}]`)}`)
      if (verbose > 0) for (const cause of causes) say(`  caused by: ${cause}`)
      if (problem.hint) say(`\n${paintErr('cyan', 'hint:')} ${problem.hint}`)
    },
    usageError(/** @type {string} */ text) {
      if (!json) return say(`${paintErr('red', 'error:')} ${text}`)
      const [message, ...rest] = text.split('\n\n')
      const tip = rest
        .find((paragraph) => paragraph.includes('tip: '))
        ?.trim()
        .replace('tip: ', '')
      const hint = tip ?? 'see: duo-provision --help'
      emit({ type: 'error', code: 'INVALID_ARGUMENT', message, hint, exitCode: 2 })
    },
  }
}
