/** How things are laid out on a terminal: names, tables, named values. */

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DuoInfo} DuoInfo */

/** @type {Record<import('../../index.js').BoardName, string>} */
export const BOARDS = { duo: 'Duo', photon: 'Photon', p1: 'P1', electron: 'Electron' }

/** `Duo 5649…4f01 at 1-1`, and that it is virtual where it is. */
export function nameOf(/** @type {DuoInfo} */ device) {
  const board = BOARDS[device.board]
  const id = device.deviceId ? `${board} ${device.deviceId}` : `${board} (id unknown)`
  return `${device.simulated ? 'virtual ' : ''}${id} at ${device.path}`
}

/** A file may have any name; none moves the cursor. */
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
 * @param {string[]} head
 * @param {string[][]} rows
 * @param {Output} output
 */
export function table(head, rows, output) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => (cells[column] ?? '').length)),
  )
  const line = (/** @type {string[]} */ cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [output.paint('bold', line(head)), ...rows.map(line)].join('\n')
}

/** Named values, one a line; what is not there is left out. */
export function facts(/** @type {Record<string, string | undefined>} */ values) {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(12)}${value}`)
    .join('\n')
}
