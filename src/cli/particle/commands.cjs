/**
 * Adds our commands to particle-cli. Names, help and examples come from the addon, so that nothing is written twice.
 * Our own parser reads the arguments; particle-cli's parser gives the help and its own error messages.
 */
'use strict'

/** Commands that are of no use inside another program. */
const LEFT_OUT = new Set(['completions', 'man', 'shell-init'])

/** @typedef {import('../grammar.cjs').CommandDescription} CommandDescription */
/** @typedef {import('../grammar.cjs').OptionDescription} OptionDescription */

/** Adds the category `duo`. */
function addDuo(/** @type {any} */ processor, /** @type {any} */ root) {
  const { about, commands, notes } = require('../grammar.cjs').describeCommandLine()
  const duo = processor.createCategory(root, 'duo', about, { epilogue: renamed(notes) })
  for (const command of commands) {
    if (!LEFT_OUT.has(command.name)) add(processor, duo, command, `duo ${command.name}`)
  }
}

/**
 * @param {any} processor
 * @param {any} parent
 * @param {CommandDescription} command
 * @param {string} path
 */
function add(processor, parent, command, path) {
  if (command.commands.length > 0) {
    const group = processor.createCategory(parent, command.name, command.about)
    for (const inner of command.commands) add(processor, group, inner, `${path} ${inner.name}`)
    return
  }
  processor.createCommand(parent, command.name, command.about, {
    params: command.arguments.replaceAll(/[A-Z_]+/g, (name) => name.toLowerCase()),
    options: Object.fromEntries([...command.options.flatMap(options), ...EVERYWHERE]),
    examples: Object.fromEntries(
      command.examples.map(({ arguments: typed, text }) => [`$0 duo ${typed}`, text]),
    ),
    epilogue: renamed(command.notes),
    handler: async () => {
      const { act } = await import('./act.mjs')
      await act(process.argv.slice(2))
    },
  })
}

/** A text in which our commands have the names that they have in particle-cli. */
function renamed(/** @type {string} */ text) {
  return text.replaceAll('`duo-provision ', '`particle duo ')
}

/** The options of every command; `-v` and `-q` are particle-cli's own. */
const EVERYWHERE = [
  ['json', { boolean: true, description: 'Output in JSON format instead of human friendly' }],
  ['yes', { boolean: true, alias: 'y', description: 'Do not ask before a write' }],
]

/** @returns {[string, object][]} */
function options(/** @type {OptionDescription} */ { name, help, short, value, choices }) {
  const among = choices.length > 0 ? ` (${choices.join(', ')})` : ''
  const described = { description: help + among, ...(short ? { alias: short } : {}) }
  if (value !== undefined) return [[name, { ...described, nargs: 1 }]]
  // Its parser reads `--no-backup` as `backup: false`, so it needs an option `backup`. Our parser refuses `--backup`.
  const negated = name.startsWith('no-') ? name.slice(3) : undefined
  const hidden = negated === undefined ? [] : [[negated, { hidden: true, boolean: true }]]
  return /** @type {[string, object][]} */ ([[name, { ...described, boolean: true }], ...hidden])
}

module.exports = { addDuo }
