/** Shows a list to choose from on a terminal, by arrow keys and Enter, or by number; Esc chooses nothing. */
import { emitKeypressEvents } from 'node:readline'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {{ text: string, aside?: string }} Choice */

/** Ctrl-C was pressed. */
export const INTERRUPTED = -1

const UP = new Set(['up', 'k'])
const DOWN = new Set(['down', 'j'])
const ENOUGH = new Set(['escape', 'q'])

/** Whether a person can choose: the program runs on a terminal that can be drawn on, and not in a script. */
export function canChoose(/** @type {Output} */ { json }, env = process.env) {
  const terminals =
    process.stdin.isTTY === true && process.stdout.isTTY === true && process.stderr.isTTY === true
  return terminals && !json && env['TERM'] !== 'dumb' && !env['CI']
}

/**
 * Shows the choices below each other and waits for one.
 * @param {string} title
 * @param {Choice[]} choices the first nine have a number
 * @param {Output} output
 * @param {number} first the choice that is marked at the start
 * @returns {Promise<number | undefined>} which one; `undefined` after Esc, `INTERRUPTED` after Ctrl-C
 */
export async function choose(title, choices, output, first = 0) {
  const { stdin, stderr } = process
  output.say(title)
  let at = first
  const draw = () => stderr.write(`\r\u001b[J${linesOf(choices, at, output)}\u001b[${choices.length}A`)
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.resume()
  draw()
  try {
    return await new Promise((resolve) => {
      stdin.on('keypress', onKey)
      stdin.once('end', () => resolve(undefined))
      function onKey(
        /** @type {string | undefined} */ typed,
        /** @type {import('node:readline').Key} */ key,
      ) {
        const { name = '', ctrl } = key
        if (ctrl && name === 'c') return resolve(INTERRUPTED)
        if (ENOUGH.has(name) || (ctrl && name === 'd')) return resolve(undefined)
        if (name === 'return' || name === 'enter') return resolve(at)
        if (UP.has(name)) at = (at + choices.length - 1) % choices.length
        if (DOWN.has(name)) at = (at + 1) % choices.length
        const number = Number(typed)
        if (number >= 1 && number <= choices.length) {
          at = number - 1
          resolve(at)
        }
        draw()
      }
    })
  } finally {
    stdin.removeAllListeners('keypress')
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write(`\u001b[${choices.length}B\r`)
  }
}

/** The lines of the choices. A long choice is cut to one line: the cursor moves back up by the number of choices. */
function linesOf(
  /** @type {Choice[]} */ choices,
  /** @type {number} */ at,
  /** @type {Output} */ { paintErr },
) {
  const room = (process.stderr.columns || 80) - 6
  const width = Math.max(...choices.map(({ text }) => text.length))
  const line = (/** @type {Choice} */ { text, aside = '' }, /** @type {number} */ index) => {
    const whole = `${text.padEnd(width)}  ${aside}`.trimEnd()
    const shown = whole.length > room ? `${whole.slice(0, room - 1)}…` : whole
    const number = index < 9 ? `${index + 1}` : ' '
    return index === at ? paintErr('cyan', `> ${number}  ${shown}`) : `  ${number}  ${shown}`
  }
  return choices.map((choice, index) => `${line(choice, index)}\n`).join('')
}
