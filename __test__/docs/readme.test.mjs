/** README.md is short enough to be read: longer text has a page of its own. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../scripts/prepare.mjs'

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8').replaceAll('\r\n', '\n')
/** The text as readers see it: a comment that fills its line is removed with the line. */
const seen = readme.replaceAll(/^<!--[\s\S]*?-->\n|<!--[\s\S]*?-->/gm, '')

test('README.md has at most 120 lines and 7 KB', () => {
  const lines = seen.trimEnd().split('\n').length
  const bytes = Buffer.byteLength(seen)
  assert.ok(lines <= 120, `${lines} lines`)
  assert.ok(bytes <= 7 * 1024, `${bytes} bytes`)
})

test('README.md has its chapters in the order in which they are needed', () => {
  const chapters = [...seen.matchAll(/^## (.*)$/gm)].map(([, title]) => title)
  assert.deepEqual(chapters, [
    'What it does',
    'Install',
    'DFU mode',
    'Back up your key',
    'My Duo does not connect',
    'Tell the cloud',
    'New key, lost key, several Duos',
    'Without hardware',
    'From Node',
    'Is it safe?',
    'More',
  ])
})

test('each picture says in words what it shows, and follows the light or dark of the system', () => {
  const pictures = [...readme.matchAll(/!\[([^\]]*)\]\(([^)]*)\)/g)]
  assert.ok(pictures.length >= 3)
  for (const [, words = '', file = ''] of pictures) {
    assert.ok(words.length > 40, `${file}: ${words}`)
    const svg = readFileSync(join(ROOT, file), 'utf8')
    for (const part of ['<title', 'role="img"', 'prefers-color-scheme']) {
      assert.ok(svg.includes(part), `${file} has no ${part}`)
    }
  }
})
