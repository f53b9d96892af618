#!/usr/bin/env node
/** `duo-provision`: the sources in a clone, and in the package the file that was made of them. */
'use strict'

const sources = `${__dirname}/command-line.cjs`
require(require('node:fs').existsSync(sources) ? sources : '../../dist/cli.cjs').main()
