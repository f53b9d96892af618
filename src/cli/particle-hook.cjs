/**
 * For `node --require duo-provision/particle-hook` and NODE_OPTIONS: adds `particle duo …` to a particle-cli that
 * is started in any way. Every other program of Node is left alone, at the price of one look at its name.
 *
 * Written for any Node, since it is loaded by whichever runs: below 20 it steps aside.
 */
'use strict'

const path = process.argv[1]
const isFit = parseInt(process.versions.node, 10) >= 20
if (isFit && path !== undefined && /(^|[\\/])(particle|index\.js)$/.test(path)) hook(path)

function hook(/** @type {string} */ script) {
  if (!require('node:worker_threads').isMainThread) return
  const sources = `${__dirname}/particle/hook.cjs`
  require(require('node:fs').existsSync(sources) ? sources : '../../dist/cli.cjs').particleHook(script)
}
