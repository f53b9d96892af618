/**
 * Runs the command line: arguments in, an exit code out. The grammar in the addon parses the arguments, and the addon's
 * functions do the work. The code here does only what needs a terminal.
 *
 * It is a CommonJS module, and it loads late what is not needed to print a text: so `--version` costs little more than
 * Node itself.
 */
'use strict'

const { keepGoingWithoutReaders } = require('./streams.cjs')
const { takesColor } = require('./terminal.cjs')

function main() {
  keepGoingWithoutReaders()
  const addon = load()
  if (addon) act(addon.parseCommandLine(process.argv.slice(2), layout())).catch(fail)
}

/** How a text is laid out on this terminal. */
function layout() {
  const { columns, isTTY } = process.stdout
  return { color: takesColor(process.stdout), ...(isTTY && columns ? { columns } : {}) }
}

function load() {
  try {
    return require('./grammar.cjs')
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
    return undefined
  }
}

async function act(/** @type {import('./grammar.cjs').ParsedCommand} */ parsed) {
  if (parsed.kind === 'print') {
    const { command, text: printed = '' } = parsed
    const text = command === 'version' && parsed.verbose > 0 ? `${printed}${machine()}` : printed
    process.stdout.write(parsed.json ? `${JSON.stringify({ type: 'result', command, text })}\n` : text)
    return
  }
  const { createOutput } = await import('./output.mjs')
  const output = createOutput(parsed)
  if (parsed.problem) {
    if (parsed.options && !parsed.yes) {
      const { canChoose } = await import('./choose.mjs')
      if (canChoose(output)) {
        process.exitCode = await (await import('./menu.mjs')).menu(parsed.options, output)
        return
      }
    }
    output.error(parsed.problem)
    process.exitCode = parsed.exitCode
    return
  }
  const { run } = await import('./run.mjs')
  process.exitCode = await run(parsed, output)
}

/** The facts about the machine that a bug report needs. */
function machine() {
  const { arch, platform, release } = require('node:os')
  return `node ${process.versions.node}\nplatform ${platform()} ${arch()} (${release()})\n`
}

function fail(/** @type {unknown} */ error) {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`error: ${message} [INTERNAL]\n\nhint: this is a defect; please report it\n`)
  process.exitCode = 1
}

module.exports = { main }
