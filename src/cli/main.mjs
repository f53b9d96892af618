#!/usr/bin/env node
/**
 * The command line: arguments in, an exit code out. What the arguments mean is settled by the grammar in the
 * addon, what is done by its functions; here is only what needs a terminal.
 */
import { createRequire } from 'node:module'

// Not `import`: Node would scan the loader for its exports, which costs more time and memory than all the rest
// of `--version`.
/** @type {typeof import('../../index.js')} */
const { parseCommandLine } = createRequire(import.meta.url)('../../index.js')

// A reader that has gone (`… | head`) is no error of ours.
process.stdout.on('error', (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE') process.exit()
  throw error
})

const parsed = parseCommandLine(process.argv.slice(2))
if (parsed.kind === 'print') {
  process.stdout.write(parsed.text ?? '')
} else {
  const { createOutput } = await import('./output.mjs')
  const output = createOutput(parsed)
  if (parsed.kind === 'error') {
    output.usageError(parsed.text ?? '')
    process.exitCode = parsed.exitCode
  } else {
    const { run } = await import('./run.mjs')
    process.exitCode = await run(parsed, output)
  }
}
