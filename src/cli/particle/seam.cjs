/**
 * Adds `duo` to particle-cli's commands. particle-cli has no way to add commands, but its `src/app/cli.js` requires
 * `../cli`, whose export registers all commands on `{ commandProcessor, root, app }`. This module puts a placeholder
 * for `../cli` into the module cache. When its exports are read, the placeholder loads the real module, and registers
 * our commands after particle-cli's own. The order in which particle-cli loads its modules does not change.
 *
 * If anything is not as expected, particle-cli stays unchanged, and `particle duo` says why it is not there.
 */
'use strict'

/** @typedef {import('./find.cjs').ParticleCli} ParticleCli */

/** Whether these arguments ask for `duo`; flags may come before it. */
function asksForDuo(/** @type {string[]} */ args) {
  return asked(args) === 'duo'
}

/** The command to run or to show help for; `undefined` for the list of all commands. */
function asked(/** @type {string[]} */ args) {
  const [first, second] = args.filter((argument) => !argument.startsWith('-'))
  return first === 'help' ? second : first
}

/** The message if `duo` cannot be added. */
function cannotExtend(/** @type {ParticleCli} */ { folder, version }, /** @type {string} */ why) {
  // Required here and not above: particle-cli's own commands must not load the addon.
  const { quoteWord } = require('../grammar.cjs')
  const args = process.argv.slice(2)
  const typed = ['npx', 'duo-provision', ...args.toSpliced(args.indexOf('duo'), 1).map(quoteWord)].join(' ')
  return (
    `particle duo cannot be added to particle-cli ${version} (${folder}): ${why}\n\n` +
    `hint: type instead: ${typed}\n`
  )
}

/**
 * Registers `duo` when particle-cli registers its own commands. It does nothing if another command is asked for: that
 * may have a `duo` among its own arguments.
 */
function extend(/** @type {ParticleCli} */ particle) {
  if (!['duo', undefined].includes(asked(process.argv.slice(2)))) return
  /** @type {string | undefined} */
  let obstacle = 'it never asked for its commands where they are known to be'
  const load = () => {
    delete require.cache[particle.commands]
    const registerAll = require(particle.commands)
    if (typeof registerAll !== 'function') {
      obstacle = 'its src/cli does not export a function'
      return registerAll
    }
    const registerWithDuo = (/** @type {any} */ context) => {
      const result = registerAll(context)
      obstacle = register(context)
      return result
    }
    const module = require.cache[particle.commands]
    if (module) module.exports = registerWithDuo
    return registerWithDuo
  }
  require.cache[particle.commands] = placeholder(particle.commands, load)
  if (!asksForDuo(process.argv.slice(2))) return
  process.once('exit', (code) => {
    if (obstacle === undefined) return
    process.stderr.write(cannotExtend(particle, obstacle))
    process.exitCode = code || 1
  })
}

/**
 * A module for the cache; its exports are loaded when they are read.
 * @returns {NodeJS.Module}
 */
function placeholder(/** @type {string} */ filename, /** @type {() => unknown} */ load) {
  const Module = require('node:module')
  const module = new Module(filename)
  module.filename = filename
  module.loaded = true
  Object.defineProperty(module, 'exports', { get: load })
  return module
}

/**
 * @param {any} context what particle-cli passes to its own registration
 * @returns {string | undefined} why it could not be done
 */
function register(context) {
  const { commandProcessor, root } = context ?? {}
  const fit =
    typeof commandProcessor?.createCategory === 'function' &&
    typeof commandProcessor?.createCommand === 'function'
  if (!fit || typeof root?.commands !== 'object') {
    return 'its command processor is another than the one that is known'
  }
  if (root.commands.duo) return 'it has a command of that name'
  try {
    require('./commands.cjs').addDuo(commandProcessor, root)
    return undefined
  } catch (error) {
    delete root.commands.duo
    return error instanceof Error ? error.message : String(error)
  }
}

module.exports = { asksForDuo, cannotExtend, extend }
