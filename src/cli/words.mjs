/**
 * Lays out text for a person in a number of columns. It finds the commands in the text: they are there to be copied, so
 * they are never changed or broken into lines.
 */
import { homedir } from 'node:os'

/** @typedef {{ isTTY?: boolean | undefined, columns?: number | undefined }} Stream */

/** The least room in which text is broken into lines; with less, the terminal does it. */
export const LEAST_ROOM = 20

/** What ends a command in a sentence, outside of quotes. */
const END = '(?=; |, | \\(|$)'

/** A piece of a command: text in quotes for a shell, or any character. */
const PIECE = `(?:\\$'(?:\\\\.|[^'])*'|'[^']*'|"[^"]*"|\\\\.|[^\\n])`

/** A command to be copied: at the beginning of a line, or after a colon. */
const COMMAND = new RegExp(
  `(?<=(?:^ *|: )(?:\\u001b\\[1m)?)(?:sudo|npx|openssl|duo-provision) ${PIECE}+?${END}`,
  'gm',
)

/** What is not changed: a command to be copied, and text between backticks. */
const AS_IT_IS = new RegExp(`${COMMAND.source}|\`[^\`\\n]+\``, 'gm')

/** How wide a stream is. Infinite if it is not a terminal, so that programs get unbroken lines. */
export function columnsOf(/** @type {Stream} */ stream) {
  return stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY
}

/** Whether fingerprints are shown in full. */
let whole = false

/** Shows fingerprints in full from now on. */
export function showWhole() {
  whole = true
}

/** The folder that `~` stands for; empty on Windows, whose shells do not know it. */
const home = process.platform === 'win32' ? '' : homedir().replace(/\/+$/, '')

/** Shortens prose: a fingerprint to its first eight digits, and the home folder to `~`. */
export function brief(/** @type {string} */ text) {
  return around(text, AS_IT_IS, (prose) => {
    const short = whole
      ? prose
      : prose.replaceAll(/(?<![0-9a-f])([0-9a-f]{8})[0-9a-f]{56}(?![0-9a-f])/g, '$1')
    return home === '' ? short : short.replaceAll(/(?<![\w./~-])\/[^\s,;:'")]*/g, belowHome)
  })
}

function belowHome(/** @type {string} */ path) {
  return path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}

/** Changes the text around the matches of a pattern; the matches are kept. */
function around(
  /** @type {string} */ text,
  /** @type {RegExp} */ pattern,
  /** @type {(prose: string) => string} */ change,
) {
  let done = ''
  let from = 0
  for (const match of text.matchAll(pattern)) {
    done += change(text.slice(from, match.index)) + match[0]
    from = match.index + match[0].length
  }
  return done + change(text.slice(from))
}

/** How many columns a text takes: colours take none. */
function widthOf(/** @type {string} */ text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  return text.replaceAll(/\u001b\[\d+m/g, '').length
}

/**
 * Breaks a text into lines of at most `room` columns, at spaces that are not between backticks. If `words` is true, a
 * word that is too long for a line is broken too.
 * @param {string} text
 * @param {number} room
 * @param {{ words: boolean }} may
 */
export function linesOf(text, room, { words }) {
  if (widthOf(text) <= room || room < LEAST_ROOM) return [text]
  /** @type {string[]} */
  const lines = []
  let line = ''
  for (const word of text.match(/(?:`[^`]*`|[^ ])+/g) ?? []) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
    while (words && line.length > room) {
      lines.push(line.slice(0, room))
      line = line.slice(room)
    }
  }
  return [...lines, line]
}

/** Text for after a label of `indent` columns; later lines are indented. A path in it stays in one piece. */
export function hanging(
  /** @type {string} */ text,
  /** @type {number} */ indent,
  /** @type {Stream} */ stream = process.stdout,
) {
  const room = columnsOf(stream) - indent
  return linesOf(brief(text), room, { words: false }).join(`\n${' '.repeat(indent)}`)
}

/** Breaks sentences into lines that fit; an indented line is laid out already, and stays as it is. */
export function sentences(/** @type {string} */ text, /** @type {Stream} */ stream) {
  const fit = (/** @type {string} */ line) =>
    /^( |$)/.test(line) || line.search(COMMAND) === 0
      ? [line]
      : linesOf(line, columnsOf(stream), { words: false })
  return text.split('\n').flatMap(fit).join('\n')
}

/**
 * Lays out a message after its label, in lines that fit. Each command to be copied is on a line of its own and is not
 * broken, even if it is too long.
 * @param {string} text
 * @param {{ stream: Stream, label?: string, bold?: (command: string) => string }} options
 */
export function laidOut(text, { stream, label = '', bold = (command) => command }) {
  const indent = label === '' ? 0 : widthOf(label) + 1
  const lines = text.split('\n').flatMap((line) => {
    const margin = line.length - line.trimStart().length
    const room = columnsOf(stream) - indent - margin
    return partsOf(line.trimStart()).flatMap(({ command, words }) => {
      if (!command)
        return linesOf(brief(words), room, { words: false }).map((one) => ' '.repeat(margin) + one)
      // Below its sentence, indented by two more columns; a command that has its own line already stays there.
      return (
        ' '.repeat(line.trimStart() === words && (margin > 0 || label === '') ? margin : margin + 2) +
        bold(words)
      )
    })
  })
  if (label === '') return lines.join('\n')
  const [first = '', ...more] = lines
  const below = more.map((line) => (line === '' ? '' : ' '.repeat(indent) + line))
  return [
    first.startsWith(' ') ? `${label}\n${' '.repeat(indent)}${first}` : `${label} ${first}`,
    ...below,
  ].join('\n')
}

/** The sentences of a line, and the commands between them. */
function partsOf(/** @type {string} */ line) {
  /** @type {{ command: boolean, words: string }[]} */
  const parts = []
  let from = 0
  const prose = (/** @type {number} */ to) => {
    const words = line
      .slice(from, to)
      .replace(/^[;,]? /, '')
      .trimEnd()
    if (words !== '') parts.push({ command: false, words })
  }
  for (const { 0: command, index } of line.matchAll(COMMAND)) {
    prose(index)
    parts.push({ command: true, words: command })
    from = index + command.length
  }
  prose(line.length)
  return parts.length > 0 ? parts : [{ command: false, words: line }]
}
