#!/usr/bin/env node
/** `particle-duo`: runs the sources in a clone, and `dist/cli.cjs`, which is made from them, in the package. */
'use strict'

const sources = `${__dirname}/particle/wrapper.cjs`
require(require('node:fs').existsSync(sources) ? sources : '../../dist/cli.cjs').particleDuo()
