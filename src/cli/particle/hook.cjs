/** Adds `duo` if the script is particle-cli's. */
'use strict'

const { realpathSync } = require('node:fs')
const { packageOf } = require('./find.cjs')

function particleHook(/** @type {string} */ script) {
  const particle = packageOf(script)
  // Other scripts of the package are left alone.
  if (!particle || realpathSync(script) !== particle.entry) return
  const { asksForDuo, cannotExtend, extend } = require('./seam.cjs')
  if (!particle.unfit) return extend(particle)
  if (asksForDuo(process.argv.slice(2))) process.stderr.write(cannotExtend(particle, particle.unfit))
}

module.exports = { particleHook }
