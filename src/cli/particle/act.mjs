/**
 * Runs `particle duo …` with our parser, functions and exit codes. The output looks like particle-cli's.
 */
import { parseCommandLine } from '../grammar.cjs'
import { createOutput, painter } from '../output.mjs'
import { run } from '../run.mjs'
import streams from '../streams.cjs'
import terminal from '../terminal.cjs'
import { laidOut } from '../words.mjs'

/** @typedef {import('../output.mjs').Output} Output */
/** @typedef {import('../output.mjs').Problem} Problem */

/** The version of particle-cli's envelope (its `src/lib/json-result.js`). */
const META = { version: '1.0.0' }

/** Runs the arguments after `duo`. */
export async function act(/** @type {string[]} */ args) {
  streams.keepGoingWithoutReaders()
  const at = args.indexOf('duo')
  const [before, typed] = [args.slice(0, at), args.slice(at + 1)]
  const isQuiet = (/** @type {string} */ argument) => /^(-q+|--quiet)$/.test(argument)
  const words = beforeDashes(typed)
  const quiet = [...before, ...words].some(isQuiet)
  const kept = [
    ...words.filter((argument) => !isQuiet(argument)),
    ...before.filter((argument) => /^(-v+|--verbose)$/.test(argument)),
    ...typed.slice(words.length),
  ]
  const parsed = parseCommandLine(kept)
  const output = asParticle(createOutput(parsed), quiet)
  if (parsed.kind === 'run') process.exitCode = await run(parsed, output)
  else if (parsed.kind === 'print') output.print((parsed.text ?? '').trimEnd())
  else if (parsed.problem && parsed.json) {
    output.error(parsed.problem)
    process.exitCode = parsed.exitCode
  } else throw usageError(parsed.problem?.message ?? '')
}

/** The arguments that may be options. */
function beforeDashes(/** @type {string[]} */ args) {
  const end = args.indexOf('--')
  return end < 0 ? args : args.slice(0, end)
}

/** An error that particle-cli shows below the help of the command, like the mistakes that it finds itself. */
function usageError(/** @type {string} */ message) {
  return Object.assign(new Error(message), { isUsageError: true })
}

/**
 * An output in particle-cli's form: an error is a red line on standard output; with `--json` the whole output is one
 * object, `{ meta, data }` or `{ meta, error }`.
 * @param {Output} output
 * @param {boolean} quiet
 * @returns {Output}
 */
function asParticle(output, quiet) {
  const paint = painter(terminal.takesColor(process.stdout))
  const document = (/** @type {object} */ body) =>
    process.stdout.write(`${JSON.stringify({ meta: META, ...body }, undefined, 4)}\n`)
  const silent = () => {}
  if (quiet) output.progress.step = silent
  return {
    ...output,
    event(event) {
      if (output.json && !quiet && event.type === 'note') output.say(`note: ${event.message}`)
    },
    note: quiet ? silent : output.note,
    result(_command, result) {
      output.progress.stop()
      if (output.json) document({ data: result })
    },
    error({ causes = [], ...problem }) {
      output.progress.stop()
      if (output.json) return void document({ error: problem })
      output.print(paint('red', problem.message))
      if (output.verbose > 0) {
        for (const cause of causes) output.print(`  caused by: ${cause}`)
        output.print(`  code: ${problem.code}`)
      }
      if (problem.hint) output.print(laidOut(problem.hint, { stream: process.stdout, label: ' ' }))
    },
  }
}
