#!/usr/bin/env node
/**
 * The command line: arguments in, an exit code out. What the arguments mean is settled by the grammar in the
 * addon, what is done by its functions; here is only what needs a terminal.
 *
 * A CommonJS module, and everything that is not needed to print a text is loaded later: `--version` then costs
 * little more than Node itself.
 */
'use strict'

/** The exit code for files and the system: missing, unreadable, exists, full. */
const SYSTEM = 9

keepGoingWithoutReaders()
const addon = load()
if (addon) act(addon.parseCommandLine(process.argv.slice(2))).catch(fail)

/**
 * A reader that has gone (`… | head`) loses its output and nothing else: an operation that runs, a write among
 * them, comes to its own end and its own exit code. A disk that is full is an error of its own.
 */
function keepGoingWithoutReaders() {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || stream === process.stderr) return
      process.once('exit', () => {
        process.exitCode ||= SYSTEM
      })
      process.stderr.write(`error: the output cannot be written: ${error.message}\n`)
    })
  }
}

function load() {
  try {
    return require('../entry.cjs')
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
    return undefined
  }
}

async function act(/** @type {import('../../index.js').ParsedCommand} */ parsed) {
  if (parsed.kind === 'print') {
    process.stdout.write(parsed.text ?? '')
    return
  }
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

function fail(/** @type {unknown} */ error) {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`error: ${message} [INTERNAL]\n\nhint: this is a defect; please report it\n`)
  process.exitCode = 1
}
