/**
 * What happens to the output when its reader has gone, or its disk is full.
 */
'use strict'

/** The exit code for files and the system: missing, unreadable, exists, full. */
const SYSTEM = 9

/**
 * A reader that has gone (`… | head`) loses its output and nothing else: an operation that runs, a write among
 * them, comes to its own end and its own exit code. A disk that is full is an error of its own.
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
