#!/usr/bin/env node
/** `particle-duo`: the sources in a clone, and in the package the file that was made of them. */
'use strict'

const sources = `${__dirname}/particle/wrapper.cjs`
require(require('node:fs').existsSync(sources) ? sources : '../../dist/cli.cjs').particleDuo()
