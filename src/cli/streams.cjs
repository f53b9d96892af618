/**
 * Handles output whose reader has gone, or whose disk is full.
 */
'use strict'

/** The exit code for files and the system: missing, unreadable, exists, full. */
const SYSTEM = 9

/**
 * If the reader has gone (`… | head`), only the output is lost: a running operation, a write too, goes on to its end
 * and keeps its exit code. A full disk is reported as an error.
 */
function keepGoingWithoutReaders() {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || stream === process.stderr) return
      process.once('exit', () => {
        process.exitCode ||= SYSTEM
      })
      process.stderr.write(`error: the output cannot be written: ${error.message}\n`)
    })
  }
}

module.exports = { keepGoingWithoutReaders }
