/** The links of the documentation lead somewhere, and its index leads to every page. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../cli/harness.mjs'

const DOCS = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...DOCS.map((name) => `docs/${name}`),
]

/** The text without blocks of code. */
function prose(/** @type {string} */ path) {
  return readFileSync(path, 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '')
}

/** The anchors of a page, made from its headings as GitHub makes them: a repeated one gets a number. */
function anchors(/** @type {string} */ path) {
  const headings = [...prose(path).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text ?? '')
  const plain = headings.map((text) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, ''))
  /** @type {Map<string, number>} */
  const met = new Map()
  return new Set(
    plain.map((text) => {
      const anchor = text.trim().replaceAll(/\s/g, '-')
      const before = met.get(anchor) ?? 0
      met.set(anchor, before + 1)
      return before === 0 ? anchor : `${anchor}-${before}`
    }),
  )
}

for (const page of PAGES) {
  test(`the links of ${page} lead somewhere`, () => {
    const links = [...prose(join(ROOT, page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '')
    for (const link of links.filter((target) => !/^[a-z]+:/.test(target))) {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? join(ROOT, page) : join(ROOT, dirname(page), file)
      assert.ok(existsSync(target), `${page}: ${link}: there is no such file`)
      if (anchor !== undefined) assert.ok(anchors(target).has(anchor), `${page}: ${link}: no such heading`)
    }
  })
}

test('the index leads to every page', () => {
  const index = readFileSync(join(ROOT, 'docs/README.md'), 'utf8')
  for (const name of DOCS) assert.ok(name === 'README.md' || index.includes(`(${name})`), name)
})
