/**
 * `npm run generate`: writes what is shipped beside the program and comes from its grammar, completions and man pages;
 * with `--check` it compares instead, and says what differs. Needs the compiled addon.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

/** The name of each shell's file: the one under which the shell looks for it, where it has a rule. */
const COMPLETIONS = {
  bash: 'duo-provision.bash',
  zsh: '_duo-provision',
  fish: 'duo-provision.fish',
  powershell: 'duo-provision.ps1',
  elvish: 'duo-provision.elv',
}

const FOLDERS = ['completions', 'man']

const check = process.argv.includes('--check')
if (!check) {
  ensureDependencies()
  ensureAddon()
}
/** @type {typeof import('../index.js')} */
const { parseCommandLine } = createRequire(import.meta.url)('../index.js')
const files = { ...completions(), ...manPages() }
process.exitCode = check ? compare() : write()

function printed(/** @type {string[]} */ words) {
  const { kind, text = '' } = parseCommandLine(words)
  if (kind !== 'print') throw new Error(`${words.join(' ')}: ${text}`)
  return text
}

function completions() {
  return Object.fromEntries(
    Object.entries(COMPLETIONS).map(([shell, name]) => [
      `completions/${name}`,
      printed(['completions', shell]),
    ]),
  )
}

/** The page of the program, and those of the commands that it names, and so on. */
function manPages(/** @type {string[]} */ words = []) {
  const name = ['duo-provision', ...words].join('-')
  const page = printed(['man', ...words])
  /** @type {Record<string, string>} */
  let pages = { [`man/${name}.1`]: page }
  for (const [, named = ''] of page.matchAll(/^duo\\-provision\\-([\w\\-]+)\(1\)$/gm)) {
    const command = named.replaceAll('\\', '').slice(words.map((word) => `${word}-`).join('').length)
    pages = { ...pages, ...manPages([...words, command]) }
  }
  return pages
}

function write() {
  for (const folder of FOLDERS) {
    rmSync(join(ROOT, folder), { recursive: true, force: true })
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(ROOT, name)), { recursive: true })
    writeFileSync(join(ROOT, name), text)
  }
  process.stdout.write(`${Object.keys(files).length} files written\n`)
  return 0
}

function compare() {
  const there = FOLDERS.flatMap(listed)
  const wrong = Object.entries(files).filter(([name, text]) => read(name) !== text)
  for (const [name] of wrong) process.stdout.write(`${name} is not what the grammar gives\n`)
  const extra = there.filter((name) => !(name in files))
  for (const name of extra) process.stdout.write(`${name} is of no command\n`)
  const differ = wrong.length + extra.length
  if (differ > 0) process.stdout.write('run `npm run generate` and commit the folders completions and man\n')
  return differ > 0 ? 1 : 0
}

function listed(/** @type {string} */ folder) {
  try {
    return readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)
  } catch {
    return []
  }
}

function read(/** @type {string} */ name) {
  try {
    return readFileSync(join(ROOT, name), 'utf8')
  } catch {
    return undefined
  }
}
