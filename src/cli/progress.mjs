/**
 * Shows the current step: a spinner on a terminal; elsewhere a plain line for each step. The spinner stays on one line
 * and is erased at the end.
 */

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80

/**
 * @param {NodeJS.WriteStream} stream
 * @param {{ silent: boolean, paint: ReturnType<import('./output.mjs').painter> }} options
 */
export function createProgress(stream, { silent, paint }) {
  const animated = !silent && stream.isTTY === true && process.env['TERM'] !== 'dumb'
  let text = ''
  let frame = 0
  /** @type {NodeJS.Timeout | undefined} */
  let timer

  const draw = () => {
    frame = (frame + 1) % FRAMES.length
    const room = Math.max(10, (stream.columns || 80) - 4)
    const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text
    stream.write(`\r\u001b[K${paint('cyan', FRAMES[frame] ?? '')} ${shown}`)
  }

  const pause = () => {
    if (timer === undefined) return
    clearInterval(timer)
    timer = undefined
    stream.write('\r\u001b[K')
  }

  return {
    /** A step begins. */
    step(/** @type {string} */ description) {
      if (silent) return
      text = description
      if (!animated) {
        stream.write(`${description}\n`)
        return
      }
      pause()
      draw()
      timer = setInterval(draw, FRAME_MS)
      timer.unref()
    },
    /** Shows the progress of the step, only on a terminal. */
    update(/** @type {string} */ description) {
      if (!animated) return
      text = description
      if (timer !== undefined) return
      draw()
      timer = setInterval(draw, FRAME_MS)
      timer.unref()
    },
    /** Makes room for other lines; the next step draws again. */
    pause,
    /** All steps have ended. */
    stop: pause,
  }
}
