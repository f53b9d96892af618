/**
 * Looks for pieces of secrets in the output of programs. A piece is eight bytes in a row: fewer are found by chance,
 * and eight are enough to see that something leaks.
 *
 * The secrets are not encoded; the text is decoded instead: as it is, percent-encoded and escaped (`%2f`, `\x2f`,
 * `\u002f`), hexadecimal in either case, in one run or in pairs (`2f6e`, `2f:6e`, `0x2f, 0x6e`), as a list of numbers
 * (this is how Rust and Node show bytes), and base64 of either alphabet at any alignment. So one set of pieces works
 * for all of them, whatever text is around it.
 */

/** Bytes in a row that make a piece. */
export const PIECE = 8

/** How many base64 characters are needed to determine eight bytes, at the worst alignment. */
const BASE64_RUN = 11

/**
 * @typedef {{ secret: string, encoding: string, offset: number }} Finding where in the text, counted in bytes
 * @typedef {{ encoding: string, bytes: Uint8Array, offset: number }} View bytes that a text stands for
 */

/** All secrets to look for. */
export class Canaries {
  /** Whether a piece begins with these three bytes: for most places of a text, this one look is enough. */
  #begins = new Uint8Array(1 << 24)
  /** @type {Map<number, Map<number, string>>} the secret's name by the piece's two halves */
  #pieces = new Map()
  /** The number of pieces. */
  size = 0

  /**
   * Adds every piece of a secret, except those that occur in `known`, which is public.
   * @param {string} name shown if the secret is found
   * @param {Uint8Array} secret
   * @param {Uint8Array} [known]
   */
  add(name, secret, known = new Uint8Array()) {
    const open = new Set(windows(known).map(({ high, low }) => `${high} ${low}`))
    for (const { high, low, at } of windows(secret)) {
      if (open.has(`${high} ${low}`) || isMonotonous(secret.subarray(at, at + PIECE))) continue
      this.#begins[high >>> 8] = 1
      const lows = this.#pieces.get(high) ?? new Map()
      this.#pieces.set(high, lows)
      if (!lows.has(low)) this.size += 1
      lows.set(low, name)
    }
  }

  /**
   * Finds all secrets: the first piece of each, in each encoding.
   * @param {Uint8Array} text
   * @returns {Finding[]}
   */
  find(text) {
    /** @type {Map<string, Finding>} */
    const found = new Map()
    for (const { encoding, bytes, offset } of views(text)) {
      for (const secret of this.#search(bytes)) {
        const key = `${secret} ${encoding}`
        if (!found.has(key)) found.set(key, { secret, encoding, offset })
      }
    }
    return [...found.values()]
  }

  /** The secrets that have a piece in the bytes. @param {Uint8Array} bytes */
  *#search(bytes) {
    const begins = this.#begins
    const end = bytes.length - PIECE
    for (let at = 0; at <= end; at += 1) {
      const begin = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2)
      if (begins[begin] === 0) continue
      const secret = this.#pieces.get(word(bytes, at))?.get(word(bytes, at + 4))
      if (secret !== undefined) yield secret
    }
  }
}

function byteAt(/** @type {Uint8Array} */ bytes, /** @type {number} */ index) {
  return /** @type {number} */ (bytes[index])
}

/** Four bytes as a number. */
function word(/** @type {Uint8Array} */ bytes, /** @type {number} */ at) {
  const high = (byteAt(bytes, at) << 24) | (byteAt(bytes, at + 1) << 16)
  return (high | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3)) >>> 0
}

function windows(/** @type {Uint8Array} */ bytes) {
  return Array.from({ length: Math.max(bytes.length - PIECE + 1, 0) }, (_, at) => ({
    high: word(bytes, at),
    low: word(bytes, at + 4),
    at,
  }))
}

/** Padding and similar bytes are in every text. */
function isMonotonous(/** @type {Uint8Array} */ piece) {
  return new Set(piece).size < 4
}

/**
 * Everything that a text may mean, in all encodings.
 * @param {Uint8Array} text
 * @returns {Generator<View>}
 */
function* views(text) {
  yield { encoding: 'as it is', bytes: text, offset: 0 }
  yield { encoding: 'escaped', bytes: unescaped(text), offset: 0 }
  yield* runs(text, HEX, 2 * PIECE, 'hexadecimal', 2, fromHex)
  yield* runs(text, BASE64, BASE64_RUN, 'base64', 4, fromBase64)
  yield* lists(text, 'hexadecimal pairs', hexPair)
  yield* lists(text, 'numbers', decimal)
}

const NONE = 0xff
const HEX = table('0123456789abcdef', (index) => index)
for (const [index, digit] of [...'ABCDEF'].entries()) HEX[digit.charCodeAt(0)] = 10 + index
const BASE64 = table('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (index) => index)
BASE64['-'.charCodeAt(0)] = 62
BASE64['_'.charCodeAt(0)] = 63
/** What may stand between the pairs and numbers of a list. */
const BETWEEN = table(' \t\r\n,:;-\\xX0"', () => 1)

function table(/** @type {string} */ characters, /** @type {(index: number) => number} */ value) {
  const values = new Uint8Array(256).fill(NONE)
  for (const [index, character] of [...characters].entries()) values[character.charCodeAt(0)] = value(index)
  return values
}

/**
 * Decodes the runs of an alphabet's characters, starting at each of their first `alignments` characters.
 * @param {Uint8Array} text
 * @param {Uint8Array} values
 * @param {number} least the length of the shortest run that can hold a piece
 * @param {string} encoding
 * @param {number} alignments
 * @param {(text: Uint8Array, from: number, to: number) => Uint8Array} decode
 * @returns {Generator<View>}
 */
function* runs(text, values, least, encoding, alignments, decode) {
  let from = 0
  for (let at = 0; at <= text.length; at += 1) {
    if (at < text.length && values[byteAt(text, at)] !== NONE) continue
    for (let skipped = 0; skipped < alignments && at - from - skipped >= least; skipped += 1) {
      yield { encoding, bytes: decode(text, from + skipped, at), offset: from }
    }
    from = at + 1
  }
}

function fromHex(/** @type {Uint8Array} */ text, /** @type {number} */ from, /** @type {number} */ to) {
  const bytes = new Uint8Array((to - from) >> 1)
  for (let at = 0; at < bytes.length; at += 1) {
    const place = from + 2 * at
    bytes[at] = (byteAt(HEX, byteAt(text, place)) << 4) | byteAt(HEX, byteAt(text, place + 1))
  }
  return bytes
}

function fromBase64(/** @type {Uint8Array} */ text, /** @type {number} */ from, /** @type {number} */ to) {
  const bytes = new Uint8Array(Math.floor(((to - from) * 6) / 8))
  let [bits, count, length] = [0, 0, 0]
  for (let at = from; at < to; at += 1) {
    bits = ((bits << 6) | byteAt(BASE64, byteAt(text, at))) & 0xffff
    count += 6
    if (count >= 8) {
      count -= 8
      bytes[length] = (bits >> count) & 0xff
      length += 1
    }
  }
  return bytes
}

/** `%2f`, `\x2f` and `\u002f` as the bytes that they stand for, everything else as it is. */
function unescaped(/** @type {Uint8Array} */ text) {
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; length += 1) {
    const digits = escapeAt(text, at)
    const value = digits === 0 ? byteAt(text, at) : pair(text, at + digits)
    bytes[length] = value === NONE + 1 ? byteAt(text, at) : value
    at += digits === 0 || value === NONE + 1 ? 1 : digits + 2
  }
  return bytes.subarray(0, length)
}

/** The number of bytes before the two digits of an escape that begins here; 0 if none begins here. */
function escapeAt(/** @type {Uint8Array} */ text, /** @type {number} */ at) {
  if (text[at] === 0x25) return 1
  if (text[at] !== 0x5c) return 0
  if (text[at + 1] === 0x78) return 2
  return text[at + 1] === 0x75 && text[at + 2] === 0x30 && text[at + 3] === 0x30 ? 4 : 0
}

/** The value of two hexadecimal digits; 256 if these are not digits. */
function pair(/** @type {Uint8Array} */ text, /** @type {number} */ at) {
  const [high = NONE, low = NONE] = [HEX[text[at] ?? 0], HEX[text[at + 1] ?? 0]]
  return high === NONE || low === NONE ? NONE + 1 : (high << 4) | low
}

/**
 * The bytes of lists of at least eight items with little between them.
 * @param {Uint8Array} text
 * @param {string} encoding
 * @param {(text: Uint8Array, at: number) => { value: number, length: number } | undefined} item
 * @returns {Generator<View>}
 */
function* lists(text, encoding, item) {
  const farthest = 40
  /** @type {number[]} */
  let values = []
  let [offset, gap] = [0, 0]
  for (let at = 0; at <= text.length; ) {
    const found = at < text.length ? item(text, at) : undefined
    if (found) {
      if (values.length === 0) offset = at
      values.push(found.value)
      at += found.length
      gap = 0
      continue
    }
    gap += 1
    if (at === text.length || gap > farthest || BETWEEN[byteAt(text, at)] === NONE) {
      if (values.length >= PIECE) yield { encoding, bytes: Uint8Array.from(values), offset }
      if (values.length > 0) values = []
    }
    at += 1
  }
}

/** Two hexadecimal digits that stand alone, or after `x`. */
function hexPair(/** @type {Uint8Array} */ text, /** @type {number} */ at) {
  const value = pair(text, at)
  if (value > NONE || isHex(text[at - 1]) || isHex(text[at + 2])) return undefined
  return { value, length: 2 }
}

function isHex(/** @type {number | undefined} */ byte) {
  return byte !== undefined && HEX[byte] !== NONE
}

/** A number of at most 255 that stands alone. */
function decimal(/** @type {Uint8Array} */ text, /** @type {number} */ at) {
  if (!isDigit(text[at]) || isDigit(text[at - 1])) return undefined
  let [value, length] = [0, 0]
  while (length < 4 && isDigit(text[at + length])) {
    value = value * 10 + byteAt(text, at + length) - 0x30
    length += 1
  }
  return value <= 255 ? { value, length } : undefined
}

function isDigit(/** @type {number | undefined} */ byte) {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
