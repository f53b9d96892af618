/** What the addon has for the command line alone. Its types are made with it. */
'use strict'

module.exports = require('../../index.js')
