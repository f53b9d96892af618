/**
 * `particle-duo`: runs the particle-cli that npm has installed, with `particle duo …` added. Everything else is
 * particle-cli's own: what it does, what it prints and its exit code.
 */
'use strict'

const { VARIABLE, findParticleCli } = require('./find.cjs')
const { asksForDuo, cannotExtend, extend } = require('./seam.cjs')

/** The exit code if particle-cli is missing. */
const SYSTEM = 9

function particleDuo() {
  const { found, places } = findParticleCli()
  if (!found) return notFound(places)
  if (!found.unfit) extend(found)
  else if (asksForDuo(process.argv.slice(2))) {
    process.stderr.write(cannotExtend(found, found.unfit))
    process.exitCode = 1
    return
  }
  // It runs as the main module, as if it were started directly. This works for CommonJS and for ES modules.
  process.argv[1] = found.entry
  require('node:module').runMain()
}

function notFound(/** @type {string[]} */ places) {
  const looked = process.env[VARIABLE]
    ? `not in ${VARIABLE}=${places[0]}`
    : 'not on the PATH, nor in node_modules'
  process.stderr.write(
    `particle-duo: particle-cli as a Node module was not found (${looked})\n\n` +
      `hint: npm install -g particle-cli, or name its folder in ${VARIABLE}; beside a particle-cli that is no Node\n` +
      'module, `duo-provision shell-init bash` prints a shell function; `npx duo-provision` needs none of them\n',
  )
  process.exitCode = SYSTEM
}

module.exports = { particleDuo }
