#!/usr/bin/env node
/** `duo-provision`: the sources in a clone, and in the package the file that was made of them. */
'use strict'

const { existsSync, writeSync } = require('node:fs')

const [word, ...more] = process.argv.slice(2)
const asksForVersion = more.length === 0 && (word === '--version' || word === '-V')
if (!asksForVersion || !printsVersion()) {
  require(existsSync(`${__dirname}/command-line.cjs`) ? './command-line.cjs' : '../../dist/cli.cjs').main()
}

/** At once, since the addon and a stream take longer than all else; false if whoever reads is not there. */
function printsVersion() {
  const { name, version } = require('../../package.json')
  try {
    writeSync(1, `${name} ${version}\n`)
    return true
  } catch {
    return false
  }
}
