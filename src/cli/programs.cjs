/**
 * Exports what the scripts `main.cjs`, `particle-duo.cjs` and `particle-hook.cjs` run. In the package all of it is one
 * file, `dist/cli.cjs`, which `scripts/bundle.mjs` makes from this one. One file starts faster than many, and it also
 * starts from yarn's archives.
 */
'use strict'

module.exports = {
  main: () => require('./command-line.cjs').main(),
  particleDuo: () => require('./particle/wrapper.cjs').particleDuo(),
  particleHook: (/** @type {string} */ script) => require('./particle/hook.cjs').particleHook(script),
}
