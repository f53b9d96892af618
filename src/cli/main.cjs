#!/usr/bin/env node
/** `duo-provision`: runs the sources in a clone, and `dist/cli.cjs`, which is made from them, in the package. */
'use strict'

const { existsSync, writeSync } = require('node:fs')

const [word, ...more] = process.argv.slice(2)
const asksForVersion = more.length === 0 && (word === '--version' || word === '-V')
if (!asksForVersion || !printsVersion()) {
  require(existsSync(`${__dirname}/command-line.cjs`) ? './command-line.cjs' : '../../dist/cli.cjs').main()
}

/** Prints the version without the addon and without a stream, which take most of the time; false if that fails. */
function printsVersion() {
  const { name, version } = require('../../package.json')
  try {
    writeSync(1, `${name} ${version}\n`)
    return true
  } catch {
    return false
  }
}
