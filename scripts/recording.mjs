/**
 * `npm run recording`: runs a few commands on a virtual Duo in a pseudo-terminal of 80 columns, and writes the output
 * to docs/demo.svg. The picture is a terminal of 15 rows: the first command is shown from the start, and the rest
 * scrolls in. Needs Linux with util-linux's `script`.
 *
 * The world is that of the documentation (__test__/docs/world.mjs): the Duo belongs to Particle's cloud, and the local
 * cloud is shown under that cloud's names. The key and the id are new every time.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { World } from '../__test__/docs/world.mjs'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

const WORLD = 'cloud=particle'
const ARCHIVE = 'export DUO_PROVISION_ARCHIVE=/home/you/keys'
const SAYS =
  'A terminal. "duo-provision doctor" finds one problem with a Duo: zeros are in the place of its key. It prints the ' +
  'command that writes the key back from a backup. That command is typed, it asks, and it writes the key and reads it ' +
  'back. Then "duo-provision verify" proves that the key in the Duo and the one in the cloud are a pair.'
const [COLUMNS, ROWS] = [80, 15]

/** The size of a character and the margin, in pixels. */
const [WIDTH, HEIGHT, MARGIN] = [8.4, 19, 14]
/** Seconds between two lines of output, before a command, and before the first line of its output. */
const [PER_LINE, PER_COMMAND, PER_ANSWER] = [0.15, 3, 1]

/** CSS classes, by the numbers in escape sequences. */
const STYLES = new Map([
  ['1', 'b'],
  ['2', 'd'],
  ['31', 'r'],
  ['32', 'g'],
  ['33', 'y'],
  ['36', 'c'],
])

ensureDependencies()
ensureAddon()
const world = await World.open(WORLD)
try {
  await world.run(
    block(`${ARCHIVE}; npx duo-provision backup; npx duo-provision 30001a000347343432313031 --from-device`),
  )
  world.nameCloud('particle')
  world.duo.setKeySlot('1-1', Buffer.alloc(1216))
  const found = await play('doctor')
  const [, restore = ''] = found.printed.match(/duo-provision (restore \S+ --device \w+)/) ?? []
  const mended = await play(restore, ['y'])
  // Particle's cloud is not here: the local cloud proves the pair, under the name of Particle's.
  world.nameCloud('local')
  const proven = await play('verify')
  const lines = [...found.lines.map(({ text }) => ({ text, wait: 0 })), ...mended.lines, ...proven.lines]
  lines.pop()
  writeFileSync(join(ROOT, 'docs/demo.svg'), draw(lines))
  process.stdout.write(`docs/demo.svg: ${lines.length} lines\n`)
} finally {
  await world.close()
}

/** @typedef {{ text: string, wait: number }} Line how long it waits for after the one before */

function block(/** @type {string} */ script, /** @type {string[]} */ typed = []) {
  return { script, typed, stays: undefined, inRepository: false }
}

/** Runs a command. Returns its line, and then what remains on the terminal. */
async function play(/** @type {string} */ words, /** @type {string[]} */ answers = []) {
  const script = `${ARCHIVE}; stty cols ${COLUMNS} rows 40; npx duo-provision ${words} || true`
  const printed = world.shown((await world.run(block(script, answers))).stdout)
  const left = printed.split('\n').map(settled).flatMap(broken)
  while (left.at(-1) === '') left.pop()
  const [typed = '', ...more] = broken(`$ duo-provision ${words}`)
  /** @type {Line[]} */
  const lines = [
    { text: bold(typed), wait: PER_COMMAND },
    ...more.map((text) => ({ text: bold(text), wait: 0 })),
    ...left.map((text, at) => ({ text, wait: at === 0 ? PER_ANSWER : PER_LINE })),
    { text: '', wait: 0 },
  ]
  return { printed, lines }
}

function bold(/** @type {string} */ text) {
  return `\u001b[1m${text}\u001b[0m`
}

/** What remains of a line after its spinner. */
function settled(/** @type {string} */ line) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what moves the cursor before a question is left out.
  return (line.split('\r\u001b[K').at(-1) ?? '').replaceAll(/\r|\u001b\[\d*[GJK]/g, '')
}

/** Breaks a line that is too long, as a terminal does; the style goes on in the next part. */
function broken(/** @type {string} */ line) {
  const parts = []
  let [part, width, style] = ['', 0, '']
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what is looked for.
  for (const [piece] of line.matchAll(/\u001b\[[\d;]*m|./gu)) {
    if (piece.startsWith('\u001b')) style = piece
    else if (++width > COLUMNS) {
      parts.push(part)
      part = style
      width = 1
    }
    part += piece
  }
  return [...parts, part]
}

function draw(/** @type {Line[]} */ lines) {
  let [time, text] = [0, '']
  /** @type {[number, number][]} */
  const scrolls = []
  for (const [row, line] of lines.entries()) {
    time += line.wait
    if (row >= ROWS) scrolls.push([time, row - ROWS + 1])
    if (line.text === '') continue
    const delay = time > 0 ? ` class="later" style="animation-delay:${time.toFixed(2)}s"` : ''
    text += `<text x="${MARGIN}" y="${MARGIN + (row + 1) * HEIGHT - 5}"${delay}>${painted(line.text)}</text>\n`
  }
  const width = Math.ceil(COLUMNS * WIDTH + 2 * MARGIN)
  const height = ROWS * HEIGHT + 2 * MARGIN
  const stops = scrolls.map(
    ([at, rows]) => `${((100 * at) / time).toFixed(2)}%{transform:translateY(-${rows * HEIGHT}px)}`,
  )
  // With reduced motion the viewer sees the first screen; `desc` has the text.
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">duo-provision finds out why a Duo does not connect, and puts it right</title>
<desc id="desc">${escaped(SAYS)}</desc>
<style>
.screen{fill:#f6f8fa;stroke:#d1d9e0}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328;white-space:pre}
.b{font-weight:bold}.d{opacity:.7}.r{fill:#cf222e}.g{fill:#116329}.y{fill:#7d4e00}.c{fill:#1b7c83}
.later{opacity:0}
@media (prefers-color-scheme:dark){
.screen{fill:#0d1117;stroke:#3d444d}
text{fill:#e6edf3}
.r{fill:#ff7b72}.g{fill:#7ee787}.y{fill:#e3b341}.c{fill:#76e3ea}
}
@media (prefers-reduced-motion:no-preference){
.later{animation:appear .01s forwards}
.all{animation:scroll ${time.toFixed(2)}s step-end forwards}
}
@keyframes appear{to{opacity:1}}
@keyframes scroll{${stops.join('')}}
</style>
<clipPath id="rows"><rect x="0" y="${MARGIN}" width="${width}" height="${ROWS * HEIGHT}"/></clipPath>
<rect class="screen" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
<g clip-path="url(#rows)"><g class="all">
${text}</g></g></svg>
`
}

/** A line with its colours. */
function painted(/** @type {string} */ text) {
  /** @type {string[]} */
  let styles = []
  let shown = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what is looked for.
  for (const [, code, plain = ''] of text.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
    if (code !== undefined) styles = code === '0' || code === '' ? [] : [...styles, STYLES.get(code) ?? '']
    else if (styles.length === 0) shown += escaped(plain)
    else shown += `<tspan class="${styles.join(' ')}">${escaped(plain)}</tspan>`
  }
  return shown
}

function escaped(/** @type {string} */ text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
