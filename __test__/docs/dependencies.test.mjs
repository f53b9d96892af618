/** Every direct dependency has its reason in docs/dependencies.md, and the page names nothing else. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../scripts/prepare.mjs'

const read = (/** @type {string} */ name) => readFileSync(join(ROOT, name), 'utf8')

/** The first cells of a chapter's table, split at commas, without text in brackets. */
function named(/** @type {string} */ chapter) {
  const [, text = ''] = read('docs/dependencies.md').split(`\n## ${chapter}\n`)
  const [table = ''] = text.split('\n## ')
  const cells = [...table.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell = '']) => cell).slice(1)
  return cells.flatMap((cell) => cell.replaceAll(/ \([^)]*\)/g, '').split(', ')).sort()
}

/** The names in all tables of dependencies of Cargo.toml, of every kind. */
function crates() {
  const tables = read('Cargo.toml').split(/^(?=\[)/m)
  const wanted = tables.filter((table) => /^\[(?:target\..*\.)?(?:dev-|build-)?dependencies\]\n/.test(table))
  const names = wanted.flatMap((table) => [...table.matchAll(/^([\w-]+)\s*=/gm)].map(([, name = '']) => name))
  return [...new Set(names)].sort()
}

test('every crate has its reason', () => {
  assert.ok(crates().length > 20)
  assert.deepEqual(named('Crates'), crates())
})

test('every JavaScript package has its reason', () => {
  const { devDependencies, dependencies } = JSON.parse(read('package.json'))
  assert.equal(dependencies, undefined)
  assert.deepEqual(named('JavaScript'), Object.keys(devDependencies).sort())
})
