/**
 * Makes the completions and man pages of the package from the grammar, when a package is packed. `npm run pages` writes
 * them into the repository, to look at.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

/** @typedef {Pick<typeof import('../src/cli/grammar.cjs'), 'parseCommandLine'>} Addon */

/** The folders of the completions and man pages. */
export const FOLDERS = ['completions', 'man']

/** The file name for each shell: the name that the shell looks for, if it has a rule. */
const COMPLETIONS = {
  bash: 'duo-provision.bash',
  zsh: '_duo-provision',
  fish: 'duo-provision.fish',
  powershell: 'duo-provision.ps1',
  elvish: 'duo-provision.elv',
}

/**
 * All pages and completions, by path.
 * @returns {Record<string, string>}
 */
export function pages(/** @type {Addon} */ addon) {
  const completions = Object.entries(COMPLETIONS).map(([shell, name]) => [
    `completions/${name}`,
    printed(addon, ['completions', shell]),
  ])
  return { ...Object.fromEntries(completions), ...manPages(addon) }
}

/** Writes them into a folder, and deletes the old ones. Returns the man pages, as package.json lists them. */
export function writePages(/** @type {string} */ folder, /** @type {Addon} */ addon) {
  const files = pages(addon)
  for (const name of FOLDERS) rmSync(join(folder, name), { recursive: true, force: true })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return Object.keys(files)
    .filter((name) => name.startsWith('man/'))
    .sort()
}

/**
 * The addon of the repository. It is compiled first if it is missing or out of date.
 * @returns {Addon}
 */
export function ownAddon() {
  ensureDependencies()
  ensureAddon()
  return createRequire(import.meta.url)('../index.js')
}

function printed(/** @type {Addon} */ { parseCommandLine }, /** @type {string[]} */ words) {
  const { kind, text = '' } = parseCommandLine(words)
  if (kind !== 'print') throw new Error(`${words.join(' ')}: ${text}`)
  return text
}

/** The page of the program, and those of the commands that it names, and so on. */
function manPages(/** @type {Addon} */ addon, /** @type {string[]} */ words = []) {
  const name = ['duo-provision', ...words].join('-')
  const page = printed(addon, ['man', ...words])
  /** @type {Record<string, string>} */
  let found = { [`man/${name}.1`]: page }
  for (const [, named = ''] of page.matchAll(/^duo\\-provision\\-([\w\\-]+)\(1\)$/gm)) {
    const command = named.replaceAll('\\', '').slice(words.map((word) => `${word}-`).join('').length)
    found = { ...found, ...manPages(addon, [...words, command]) }
  }
  return found
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writePages(ROOT, ownAddon())
  process.stdout.write(`written: ${FOLDERS.join(', ')}\n`)
}
