/**
 * Decides whether a stream gets colours.
 */
'use strict'

/** Whether a stream takes colours: NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM and whether it is a terminal. */
function takesColor(/** @type {{ isTTY?: boolean | undefined }} */ stream, env = process.env) {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0'
  if (env['CLICOLOR_FORCE']) return env['CLICOLOR_FORCE'] !== '0'
  return stream.isTTY === true && env['TERM'] !== 'dumb' && env['CLICOLOR'] !== '0'
}

module.exports = { takesColor }
