/**
 * For `node --require duo-provision/particle-hook` and NODE_OPTIONS: adds `particle duo …` to a particle-cli that
 * is started in any way. Every other program of Node is left alone, at the price of one look at its name.
 */
'use strict'

const { basename } = require('node:path')
const { isMainThread } = require('node:worker_threads')

/** The script that Node was started with, if it is one. */
const script = process.argv[1]
if (isMainThread && script !== undefined && /^(particle|index\.js)$/.test(basename(script))) hook(script)

function hook(/** @type {string} */ path) {
  const { realpathSync } = require('node:fs')
  const { packageOf } = require('./particle/find.cjs')
  const { asksForDuo, cannotExtend, extend } = require('./particle/seam.cjs')
  const particle = packageOf(path)
  // Other scripts of the package are none of ours.
  if (!particle || realpathSync(path) !== particle.entry) return
  if (!particle.unfit) return extend(particle)
  if (asksForDuo(process.argv.slice(2))) process.stderr.write(cannotExtend(particle, particle.unfit))
}
