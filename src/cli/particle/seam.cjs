/**
 * Puts `duo` among particle-cli's commands. particle-cli has no way to add some; but its `src/app/cli.js` requires
 * `../cli`, whose export registers all commands on `{ commandProcessor, root, app }`. Here stands another
 * module in the cache in its place, which loads the real one when it is asked for, and registers ours after its
 * own. The order in which particle-cli loads its modules stays what it is.
 *
 * Whatever is not as it is known to be leaves particle-cli as it was, and `particle duo` says why there is none.
 */
'use strict'

/** @typedef {import('./find.cjs').ParticleCli} ParticleCli */

/** Whether these arguments ask for `duo`; flags may stand before it. */
function asksForDuo(/** @type {string[]} */ args) {
  return asked(args) === 'duo'
}

/** The command that is asked for, or that help is asked for; none where it is the list of all. */
function asked(/** @type {string[]} */ args) {
  const [first, second] = args.filter((argument) => !argument.startsWith('-'))
  return first === 'help' ? second : first
}

/** What is said where `duo` cannot be added. */
function cannotExtend(/** @type {ParticleCli} */ { folder, version }, /** @type {string} */ why) {
  // Not above: particle-cli's own commands do not load the addon.
  const { quoteWord } = require('../grammar.cjs')
  const args = process.argv.slice(2)
  const typed = ['npx', 'duo-provision', ...args.toSpliced(args.indexOf('duo'), 1).map(quoteWord)].join(' ')
  return (
    `particle duo cannot be added to particle-cli ${version} (${folder}): ${why}\n\n` +
    `hint: type instead: ${typed}\n`
  )
}

/**
 * Has `duo` registered when particle-cli registers its own commands; not where another command is asked for, which
 * may have a `duo` among its own words.
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
 * A module in the cache whose exports are made when they are asked for.
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
 * @param {any} context what particle-cli gives to those that register commands
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
