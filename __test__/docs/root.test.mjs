/** The files in the root that people look for, and what an issue form asks for. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/prepare.mjs'

const FORMS = '.github/ISSUE_TEMPLATE'

test('CONTRIBUTING.md and SECURITY.md are short, and lead to the pages', () => {
  for (const [name, page] of Object.entries({
    'CONTRIBUTING.md': 'docs/contributing.md',
    'SECURITY.md': 'docs/security.md',
  })) {
    const text = readFileSync(join(ROOT, name), 'utf8')
    assert.ok(text.includes(`(${page})`), name)
    assert.ok(text.split('\n').length <= 25, name)
  }
})

test('each issue form asks for what is needed, and for no key', () => {
  const forms = readdirSync(join(ROOT, FORMS)).filter((name) => name !== 'config.yml')
  assert.deepEqual(forms, ['problem.yml', 'real-duo.yml'])
  for (const name of forms) {
    const text = readFileSync(join(ROOT, FORMS, name), 'utf8')
    const { name: title, description, body } = parse(text)
    assert.ok(title && description, name)
    const labels = body.map((/** @type {any} */ { attributes }) => attributes.label ?? '')
    for (const command of ['doctor --json', '--version --verbose']) {
      assert.ok(
        labels.some((/** @type {string} */ label) => label.includes(`duo-provision ${command}`)),
        `${name} does not ask for ${command}`,
      )
    }
    assert.match(text, /\*\*Never (?:paste|attach) .*`\.der` or `\.bin` file/, name)
    const ids = body.flatMap((/** @type {any} */ { id }) => id ?? [])
    assert.equal(new Set(ids).size, ids.length, name)
  }
})

test('the form for a real Duo has the steps of the check list', () => {
  const page = readFileSync(join(ROOT, 'docs/real-duo.md'), 'utf8')
  const steps = [...page.matchAll(/^(\d+)\. /gm)].map(([, number]) => number)
  const { body } = parse(readFileSync(join(ROOT, FORMS, 'real-duo.yml'), 'utf8'))
  const { attributes } = body.find((/** @type {any} */ { id }) => id === 'steps')
  const boxes = attributes.options.map((/** @type {any} */ { label }) => label.split('.')[0])
  assert.deepEqual(boxes, steps)
})

test('nothing in the check list writes to a Duo', () => {
  const [, list = ''] = readFileSync(join(ROOT, 'docs/real-duo.md'), 'utf8').split(/^## Check it/m)
  const commands = [...list.matchAll(/^ +npx duo-provision (.*)$/gm)].map(([, words = '']) => words)
  assert.ok(commands.length >= 8)
  const LOOKS =
    /^(?:list|backup|dct backup|dct show|doctor --json|--version)\b|^restore \S+ --dry-run$|^--version/
  for (const words of commands) assert.match(words, LOOKS)
})
