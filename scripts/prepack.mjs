/**
 * Prepares the repository before npm packs it: makes the command line's one file, the completions and the man pages,
 * and lists the pages in package.json, because npm installs only the pages in that list. After the packing, `--undo`
 * removes the list again.
 */
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeBundle } from './bundle.mjs'
import { ownAddon, writePages } from './pages.mjs'
import { ROOT } from './prepare.mjs'

const MANIFEST = join(ROOT, 'package.json')

const { man: _, ...manifest } = JSON.parse(readFileSync(MANIFEST, 'utf8'))
if (process.argv.includes('--undo')) write(manifest)
else {
  const man = writePages(ROOT, ownAddon())
  writeBundle(ROOT)
  write(Object.fromEntries(Object.entries(manifest).flatMap((entry) => [entry, ...listed(entry[0], man)])))
}

/** The list goes after `bin`. */
function listed(/** @type {string} */ name, /** @type {string[]} */ man) {
  return name === 'bin' ? [['man', man]] : []
}

/** Keeps the file's time: the addon counts as out of date if package.json is newer. */
function write(/** @type {object} */ changed) {
  const { atime, mtime } = statSync(MANIFEST)
  writeFileSync(MANIFEST, `${JSON.stringify(changed, undefined, 2)}\n`)
  utimesSync(MANIFEST, atime, mtime)
}
