#!/usr/bin/env node
/**
 * The command line: arguments in, an exit code out. What the arguments mean is settled by the grammar in the
 * addon, what is done by its functions; here is only what needs a terminal.
 *
 * A CommonJS module, and everything that is not needed to print a text is loaded later: `--version` then costs
 * little more than Node itself.
 */
'use strict'

const { parseCommandLine } = require('../../index.js')

// A reader that has gone (`… | head`) is no error of ours.
process.stdout.on('error', (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE') process.exit()
  throw error
})

const parsed = parseCommandLine(process.argv.slice(2))
if (parsed.kind === 'print') process.stdout.write(parsed.text ?? '')
else act()

async function act() {
  const { createOutput } = await import('./output.mjs')
  const output = createOutput(parsed)
  if (parsed.kind === 'error') {
    output.usageError(parsed.text ?? '')
    process.exitCode = parsed.exitCode
    return
  }
  const { run } = await import('./run.mjs')
  process.exitCode = await run(parsed, output)
}
