/**
 * Adds `particle duo …` to a particle-cli that is started in any way. For `node --require duo-provision/particle-hook`
 * and NODE_OPTIONS. For any other program of Node it checks the name and does nothing.
 *
 * The code runs on any version of Node, because any may load it. Below 20 it does nothing.
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
