/**
 * Compares what a page shows with what was printed. Keys, times and ports differ from run to run: the same thing must
 * be in the same places throughout a page. A line `…` stands for any lines.
 */

/** Things that differ, by kind. */
const DIFFERING = {
  time: /\b\d{8}T\d{6}Z(?:-\d+)?\b|\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/,
  key: /\b[0-9a-f]{64}\b/,
  short: /\b[0-9a-f]{8}\b/,
  version: /\b\d+\.\d+\.\d+\b/,
}
const PIECES = new RegExp(
  Object.entries(DIFFERING)
    .map(([kind, { source }]) => `(?<${kind}>${source})`)
    .join('|'),
  'g',
)

/** The names of things on a page, and what they are in this run. */
export class Names {
  /** @type {Map<string, string>} */
  #met

  constructor(/** @type {Map<string, string>} */ met = new Map()) {
    this.#met = met
  }

  copy() {
    return new Names(new Map(this.#met))
  }

  /** Whether the two may be the same thing. If so, this is remembered. */
  same(/** @type {string} */ kind, /** @type {string} */ shown, /** @type {string} */ printed) {
    if (kind === 'time' || kind === 'version') return true
    // In names of files, the first digits of a fingerprint stand for all of it.
    const [left, right] = [shown.slice(0, 8), printed.slice(0, 8)]
    for (const [from, to] of [
      [`shown ${left}`, right],
      [`printed ${right}`, left],
    ]) {
      if ((this.#met.get(/** @type {string} */ (from)) ?? to) !== to) return false
      this.#met.set(/** @type {string} */ (from), /** @type {string} */ (to))
    }
    return true
  }
}

/**
 * The known names after the comparison; `undefined` if the two texts do not match.
 * @param {string} shown
 * @param {string} printed
 * @param {Names} names
 * @returns {Names | undefined}
 */
export function matches(shown, printed, names) {
  const lines = (/** @type {string} */ text) =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
  return matchLines(lines(shown), lines(printed), names)
}

/**
 * @param {string[]} shown
 * @param {string[]} printed
 * @param {Names} names
 * @returns {Names | undefined}
 */
function matchLines([first, ...shown], printed, names) {
  if (first === undefined) return printed.length === 0 ? names : undefined
  if (first.trim() === '…') {
    for (let skipped = 0; skipped <= printed.length; skipped += 1) {
      const found = matchLines(shown, printed.slice(skipped), names.copy())
      if (found) return found
    }
    return undefined
  }
  const [line, ...rest] = printed
  if (line === undefined || !matchLine(first, line, names)) return undefined
  return matchLines(shown, rest, names)
}

function matchLine(/** @type {string} */ shown, /** @type {string} */ printed, /** @type {Names} */ names) {
  const [left, right] = [[...shown.matchAll(PIECES)], [...printed.matchAll(PIECES)]]
  if (shown.replaceAll(PIECES, '\0') !== printed.replaceAll(PIECES, '\0')) return false
  return left.every((piece, index) => {
    const [kind] = Object.entries(piece.groups ?? {}).find(([, text]) => text !== undefined) ?? []
    const other = right[index]
    return kind !== undefined && other?.groups?.[kind] !== undefined && names.same(kind, piece[0], other[0])
  })
}
