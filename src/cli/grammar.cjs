/** What the addon has for the command line alone. Its types are made with it. */
'use strict'

require('../entry.cjs') // It says why, if the addon cannot be loaded.
module.exports = require('../../index.js')
