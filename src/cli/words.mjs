/**
 * Words for a person: how they are laid out in so many columns, and which of them are a command, which is copied and
 * therefore never changed or broken.
 */
import { homedir } from 'node:os'

/** @typedef {{ isTTY?: boolean | undefined, columns?: number | undefined }} Stream */

/** The least room in which text is broken into lines; where there is less, that is left to the terminal. */
export const LEAST_ROOM = 20

/** What ends a command that stands in a sentence, outside of quotes. */
const END = '(?=; |, | \\(|$)'

/** A piece of a command: what is quoted for a shell, or any character. */
const PIECE = `(?:\\$'(?:\\\\.|[^'])*'|'[^']*'|"[^"]*"|\\\\.|[^\\n])`

/** A command to be copied: at the beginning of a line, or behind a colon. */
const COMMAND = new RegExp(
  `(?<=(?:^ *|: )(?:\\u001b\\[1m)?)(?:sudo|npx|openssl|duo-provision) ${PIECE}+?${END}`,
  'gm',
)

/** What is left as it is: a command to be copied, and what stands between backticks. */
const AS_IT_IS = new RegExp(`${COMMAND.source}|\`[^\`\\n]+\``, 'gm')

/** How wide a stream is; without an end where it is no terminal, so that a line is a line to a program. */
export function columnsOf(/** @type {Stream} */ stream) {
  return stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY
}

/** Whether fingerprints are shown whole. */
let whole = false

/** Shows fingerprints whole from now on. */
export function showWhole() {
  whole = true
}

/** The folder that `~` stands for; nothing where a shell does not know it. */
const home = process.platform === 'win32' ? '' : homedir().replace(/\/+$/, '')

/** Prose as short as it is shown: a fingerprint's first eight digits, and `~` for the home folder. */
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

/** What stands around the matches of a pattern, changed; the matches are kept. */
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
 * The lines of a text in so much room: broken at spaces, but not between backticks; and a word that is too long for any
 * line wherever it has to be, if `words` may be broken.
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

/** Text behind what stands at the beginning of its first line, as wide as that; a path in it stays in one piece. */
export function hanging(
  /** @type {string} */ text,
  /** @type {number} */ indent,
  /** @type {Stream} */ stream = process.stdout,
) {
  const room = columnsOf(stream) - indent
  return linesOf(brief(text), room, { words: false }).join(`\n${' '.repeat(indent)}`)
}

/** Text whose sentences are broken into lines that fit; what is indented has been laid out, and stays as it is. */
export function sentences(/** @type {string} */ text, /** @type {Stream} */ stream) {
  const fit = (/** @type {string} */ line) =>
    /^( |$)/.test(line) || line.search(COMMAND) === 0
      ? [line]
      : linesOf(line, columnsOf(stream), { words: false })
  return text.split('\n').flatMap(fit).join('\n')
}

/**
 * A message for a stream, behind its label: in lines that fit, and each command that is to be copied on a line of its own,
 * whole, however long it is.
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
      // Below its sentence, a little further in; where it has a line of its own already, it stays there.
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
