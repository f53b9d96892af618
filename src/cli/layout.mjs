/** Lays out names, tables and named values on a terminal. */
import { brief, columnsOf, hanging, LEAST_ROOM, linesOf } from './words.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DuoInfo} DuoInfo */

/** @type {Record<import('../../index.js').BoardName, string>} */
export const BOARDS = { duo: 'Duo', photon: 'Photon', p1: 'P1', electron: 'Electron' }

/** `Duo 5649…4f01 at 1-1`, with `virtual` before it if it is. */
export function nameOf(/** @type {DuoInfo} */ device) {
  const board = BOARDS[device.board]
  const id = device.deviceId ? `${board} ${device.deviceId}` : `${board} (id unknown)`
  return `${device.simulated ? 'virtual ' : ''}${id} at ${device.path}`
}

/** A text with its control characters escaped: a file may have any name, and none may move the cursor. */
export function printable(/** @type {string} */ text) {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (hidden) => {
    const code = (hidden.codePointAt(0) ?? 0).toString(16)
    return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, '0')}`
  })
}

/** Whether the firmware reads a key, in words. */
export function firmware(/** @type {boolean | undefined} */ readsAsIs) {
  if (readsAsIs === undefined) return undefined
  return readsAsIs
    ? 'reads these bytes as this key'
    : 'misreads these bytes; `restore` writes the form it reads'
}

/**
 * Rows under their titles. On a narrow terminal the last column is broken into lines. If there is no room for that,
 * each row is a list of named values. If the output is not a terminal, every row is one line, of any length.
 * @param {string[]} head
 * @param {string[][]} whole
 * @param {Output} output
 */
export function table(head, whole, output) {
  const rows = whole.map((cells) => cells.map(brief))
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => (cells[column] ?? '').length)),
  )
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const room = columnsOf(process.stdout) - before
  if (room < Math.min(widths.at(-1) ?? 0, LEAST_ROOM)) return list(head, rows, output)
  const line = (/** @type {string[]} */ cells) => {
    const [first = '', ...more] = linesOf(cells.at(-1) ?? '', room, { words: true })
    const row = [...cells.slice(0, -1).map((cell, column) => cell.padEnd(widths[column] ?? 0)), first]
    return [row.join('  ').trimEnd(), ...more.map((part) => ' '.repeat(before) + part)].join('\n')
  }
  return [output.paint('bold', line(head)), ...rows.map(line)].join('\n')
}

/**
 * The rows of a table, each as named values.
 * @param {string[]} head
 * @param {string[][]} rows
 * @param {Output} output
 */
function list(head, rows, output) {
  const indent = Math.max(...head.map((title) => title.length)) + 2
  const cell = (/** @type {string} */ text, /** @type {number} */ column) => {
    const lines = linesOf(text, columnsOf(process.stdout) - indent, { words: true })
    return output.paint('bold', (head[column] ?? '').padEnd(indent)) + lines.join(`\n${' '.repeat(indent)}`)
  }
  return rows.map((cells) => cells.map(cell).join('\n')).join('\n\n')
}

/** Named values, one on each line; those that are `undefined` are left out. */
export function facts(/** @type {Record<string, string | undefined>} */ values) {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(12)}${hanging(value ?? '', 14)}`)
    .join('\n')
}

/** Whether the old key and the cloud's were a pair. @type {Record<import('../../index.js').PairBefore, string>} */
export const PAIR_BEFORE = {
  proven: 'proven',
  refused: 'the cloud did not take the old key',
  'not-tried': 'not tried: there was no key to prove, or the cloud may have the new one already',
}
