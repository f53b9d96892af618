#!/usr/bin/env node
/**
 * The command line: arguments in, an exit code out. What the arguments mean is settled by the grammar in the
 * addon, what is done by its functions; here is only what needs a terminal.
 */
import { parseCommandLine } from '../../index.js'
import { createOutput } from './output.mjs'

const parsed = parseCommandLine(process.argv.slice(2))
const output = createOutput(parsed)

// A reader that has gone (`… | head`) is no error of ours.
process.stdout.on('error', (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE') process.exit()
  throw error
})

if (parsed.kind === 'print') {
  process.stdout.write(parsed.text ?? '')
} else if (parsed.kind === 'error') {
  output.usageError(parsed.text ?? '')
  process.exitCode = parsed.exitCode
} else {
  const { run } = await import('./run.mjs')
  process.exitCode = await run(parsed, output)
}
