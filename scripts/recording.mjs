/**
 * `npm run recording`: runs a short story on a virtual Duo in a pseudo-terminal of 80 columns, and writes what is seen
 * there to docs/demo.svg, line by line as it appears. Needs Linux with util-linux's `script`. The key and the folder
 * are others every time; nothing else is.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

const STORY = ['list', 'backup duo.der', 'doctor', 'restore duo.der --dry-run']
const COLUMNS = 80
/** USB/IP's own port; what is typed names it. */
const PORT = 3240

/** Of a character, in pixels, and the space around them. */
const [WIDTH, HEIGHT, MARGIN] = [8.4, 19, 14]
/** Seconds between two lines of output, and before what is typed. */
const [PER_LINE, PER_COMMAND] = [0.08, 1.2]

/** Colours of a dark terminal, by their numbers in escape sequences. */
const STYLES = new Map([
  ['1', 'font-weight:bold'],
  ['2', 'opacity:.6'],
  ['31', 'fill:#ff7b72'],
  ['32', 'fill:#7ee787'],
  ['33', 'fill:#e3b341'],
  ['36', 'fill:#76e3ea'],
])

ensureDependencies()
ensureAddon()
const { VirtualDuo } = /** @type {typeof import('../index.js')} */ (
  createRequire(import.meta.url)('../index.js')
)
const folder = mkdtempSync(join(tmpdir(), 'duo-'))
const duo = await VirtualDuo.start({ usbipPort: PORT })
try {
  const shown = STORY.flatMap((words) => play(words))
  mkdirSync(join(ROOT, 'docs'), { recursive: true })
  writeFileSync(join(ROOT, 'docs/demo.svg'), draw(shown))
  process.stdout.write(`docs/demo.svg: ${shown.length} lines\n`)
} finally {
  await duo.stop()
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Runs a command; what is typed, and then what is left on the terminal.
 * @returns {{ text: string, wait: number }[]}
 */
function play(/** @type {string} */ words) {
  const typed = `${words} --usbip 127.0.0.1:${PORT}`
  const command = `stty cols ${COLUMNS} rows 40; exec '${process.execPath}' '${join(ROOT, 'src/cli/main.cjs')}' ${typed}`
  const env = { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm-256color' }
  const args = ['--quiet', '--return', '--command', command, '/dev/null']
  const { stdout, error } = spawnSync('script', args, { cwd: folder, env, encoding: 'utf8' })
  if (error) throw error
  const lines = stdout.split(/\r?\n/).map(settled).flatMap(broken)
  while (lines.at(-1) === '') lines.pop()
  return [
    { text: `\u001b[1m$ duo-provision ${typed}\u001b[0m`, wait: PER_COMMAND },
    ...lines.map((text, index) => ({ text, wait: index === 0 ? PER_COMMAND / 2 : PER_LINE })),
    { text: '', wait: 0 },
  ]
}

/** What is left of a line on which a spinner turned. */
function settled(/** @type {string} */ line) {
  return line.split('\r\u001b[K').at(-1) ?? ''
}

/** A line that is too long, as a terminal breaks it. */
function broken(/** @type {string} */ line) {
  const parts = []
  let [part, width] = ['', 0]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what is looked for.
  for (const [piece] of line.matchAll(/\u001b\[[\d;]*m|./gu)) {
    if (!piece.startsWith('\u001b') && ++width > COLUMNS) {
      parts.push(part)
      part = ''
      width = 1
    }
    part += piece
  }
  return [...parts, part]
}

function draw(/** @type {{ text: string, wait: number }[]} */ lines) {
  let [time, svg] = [0, '']
  for (const [index, { text, wait }] of lines.entries()) {
    time += wait
    if (text === '') continue
    const y = MARGIN + (index + 1) * HEIGHT - 5
    svg += `<text x="${MARGIN}" y="${y}" style="animation-delay:${time.toFixed(2)}s">${painted(text)}</text>\n`
  }
  const width = Math.ceil(COLUMNS * WIDTH + 2 * MARGIN)
  const height = (lines.length - 1) * HEIGHT + 2 * MARGIN
  // Without motion, or without these rules, all of it stands there from the start.
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escaped(`A terminal in which duo-provision is run on a virtual Duo: ${STORY.join(', ')}`)}</title>
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}
@media (prefers-reduced-motion:no-preference){text{opacity:0;animation:appear .01s forwards}}
@keyframes appear{to{opacity:1}}
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${svg}</svg>
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
    else shown += `<tspan style="${styles.join(';')}">${escaped(plain)}</tspan>`
  }
  return shown
}

function escaped(/** @type {string} */ text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
