/** The addon, with the functions for the command line alone. `npm run build:debug` makes its types. */
'use strict'

require('../entry.cjs') // If the addon cannot be loaded, this throws an error that says why.
module.exports = require('../../index.js')
