/**
 * Takes a page of the documentation apart: its shell blocks, the output shown below them, and the comments above them
 * that say how to run them. A reader of the page on a website does not see these comments.
 *
 *   <!-- world: duos=2 -->        from here on: two virtual Duos, a new cloud, a new home (see world.mjs)
 *   <!-- before: … -->            shell, run first: what the reader already has
 *   <!-- fails: 7 -->             the block below ends with that exit code
 *   <!-- typed: y -->             it is run on a terminal; these answers, split at commas, go to the questions in order
 *   <!-- stays: … -->             it stays in the foreground: the next one is run once it has printed this
 *   <!-- in the repository -->    it is run in the root folder of the repository
 *   <!-- not run: … -->           it is not run, and why
 *
 * A ```sh block without such a comment is run, and must succeed. A ```text block right below one is what it prints.
 */
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Block
 * @property {'run'} kind
 * @property {number} line of the page
 * @property {string} script
 * @property {string | undefined} shown what the page says that it prints
 * @property {number} fails the exit code that is expected
 * @property {string[] | undefined} typed
 * @property {string | undefined} stays
 * @property {boolean} inRepository
 * @property {string | undefined} notRun
 */
/** @typedef {Block | { kind: 'world' | 'before', line: number, text: string }} Step */

/** The languages that a block may have. Shell is always `sh`, so that no shell block is missed under another name. */
const LANGUAGES = new Set(['sh', 'text', 'js', 'ts', 'json', 'yaml', 'jsonc', 'powershell'])

const DIRECTIVE = /^(world|before|fails|typed|stays|in the repository|not run)(?::\s*([\s\S]*))?$/

/**
 * The steps on a page, in order.
 * @returns {Step[]}
 */
export function readPage(/** @type {string} */ path) {
  /** @type {Step[]} */
  const steps = []
  /** @type {Map<string, string>} */
  let said = new Map()
  /** The previous block, if only blank lines follow it. @type {Block | undefined} */
  let above
  for (const { line, language, comment, text } of parts(readFileSync(path, 'utf8'), path)) {
    if (comment !== undefined) {
      const [, word = '', value = ''] = comment.match(DIRECTIVE) ?? []
      if (word === 'world' || word === 'before') steps.push({ kind: word, line, text: value.trim() })
      else if (word !== '') said.set(word, value.trim())
      continue
    }
    if (language !== undefined && !LANGUAGES.has(language)) {
      throw new Error(`${path}:${line}: a block has to be one of ${[...LANGUAGES].join(', ')}`)
    }
    if (language === 'text' && /^\$ /m.test(text)) {
      throw new Error(`${path}:${line}: what is typed goes into a block of sh, without the $`)
    }
    if (language !== 'sh' && said.size > 0) throw new Error(`${path}:${line}: a comment about no block`)
    if (language === 'text' && above) above.shown = text
    above = language === 'sh' ? block(line, text, said) : undefined
    if (above) steps.push(above)
    said = new Map()
  }
  return steps
}

/** @returns {Block} */
function block(
  /** @type {number} */ line,
  /** @type {string} */ script,
  /** @type {Map<string, string>} */ said,
) {
  return {
    kind: 'run',
    line,
    script,
    shown: undefined,
    fails: Number(said.get('fails') ?? 0),
    typed: said.get('typed')?.split(/,\s*/),
    stays: said.get('stays'),
    inRepository: said.has('in the repository'),
    notRun: said.get('not run'),
  }
}

/**
 * Fenced blocks, comments, and all other lines that are not blank.
 * @returns {Generator<{ line: number, language?: string, comment?: string, text: string }>}
 */
function* parts(/** @type {string} */ page, /** @type {string} */ path) {
  const lines = page.split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1
    const text = /** @type {string} */ (lines[at])
    const [, indent, language] = text.match(/^(\s*)```(\w*)\s*$/) ?? []
    if (indent !== undefined) {
      const end = lines.findIndex((candidate, index) => index > at && candidate.trim() === '```')
      if (end < 0) throw new Error(`${path}:${line}: this block has no end`)
      const inside = lines.slice(at + 1, end).map((inner) => inner.slice(indent.length))
      yield { line, language: language ?? '', text: `${inside.join('\n')}\n` }
      at = end
    } else if (text.trim().startsWith('<!--')) {
      const end = lines.findIndex((candidate, index) => index >= at && candidate.trimEnd().endsWith('-->'))
      if (end < 0) throw new Error(`${path}:${line}: this comment has no end`)
      const whole = lines.slice(at, end + 1).join('\n')
      yield { line, comment: whole.trim().slice(4, -3).trim(), text: whole }
      at = end
    } else if (/^\s*(```|~~~)/.test(text))
      throw new Error(`${path}:${line}: a block of which nothing is known`)
    else if (text.trim() !== '') yield { line, text }
  }
}
